"""The risk of an adverse event: cumulative incidence beside the two shortcuts it corrects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trialwright.stats.aalen_johansen import aalen_johansen
from trialwright.stats.competing import CompetingTimes, display
from trialwright.stats.curve import Beyond
from trialwright.stats.estimates import Estimate
from trialwright.stats.intervals import Interval
from trialwright.stats.kaplan_meier import kaplan_meier
from trialwright.stats.proportions import clopper_pearson
from trialwright.stats.simple_times import require_simple

Estimator = Literal["incidence proportion", "Aalen-Johansen", "1 - Kaplan-Meier"]
BIAS: dict[Estimator, str] = {
    "incidence proportion": "too low where follow-up is cut short before the day",
    "Aalen-Johansen": "none by censoring or competing events",
    "1 - Kaplan-Meier": "too high: competing events count as censorings, as if the adverse event could still come",
}


@dataclass(frozen=True)
class LabelledRisk:
    """An estimate with its estimator and the direction of its bias."""

    estimator: Estimator
    estimate: Estimate
    bias: str


@dataclass(frozen=True)
class AdverseEventRisk:
    """The risk of an adverse event in an arm up to a day, by three estimators."""

    arm: str
    event: str
    day: float
    subjects: int
    events: int
    """First adverse events up to the day."""
    competing: int
    """Subjects whose risk ended by a competing event up to the day."""
    censored: int
    """Subjects whose follow-up ended before the day without either."""
    aalen_johansen: LabelledRisk
    proportion: LabelledRisk
    one_minus_kaplan_meier: LabelledRisk

    @property
    def all(self) -> tuple[LabelledRisk, LabelledRisk, LabelledRisk]:
        """Return the three, the reference first."""
        return self.aalen_johansen, self.proportion, self.one_minus_kaplan_meier


def adverse_event_risk(
    times: CompetingTimes,
    event: str,
    day: float,
    *,
    level: float = 0.95,
    interval: Interval = "log-log",
    beyond: Beyond = "not estimable",
) -> dict[str, AdverseEventRisk]:
    """Return the risk of an adverse event up to a day in each arm that has subjects, by name.

    ``times`` holds the time to the first of the adverse event, death and other ends of being at risk. The reference is
    Aalen-Johansen; the incidence proportion has limits by Clopper and Pearson; one minus Kaplan-Meier is shown for
    comparison and not meant for reporting (Stegherr, Schmoor, Beyersmann and others 2021, SAVVY). Raises ValueError on
    delayed entry and case weights.

    >>> times = CompetingTimes.of([2, 4, 6, 8], [1, 2, 1, 0], causes=["nausea", "death"])
    >>> found = adverse_event_risk(times, "nausea", 6)["all"]
    >>> [round(risk.estimate.value, 4) for risk in found.all]
    [0.5, 0.5, 0.625]
    """
    require_simple(times.ended, "the risk of an adverse event")
    incidences = aalen_johansen(times, event, level=level, interval=interval)
    curves = kaplan_meier(times.of_cause(event).unstratified(), level=level, interval=interval)
    ends, found = display(times, times.day), {}
    for name, incidence in incidences.items():
        own = times.arm == times.arms.index(name)
        up_to = own & (ends <= day)
        subjects, events = int(own.sum()), int((up_to & (times.cause == times.code(event))).sum())
        competing = int((up_to & (times.cause > 0)).sum()) - events
        censored = int((own & (ends < day) & (times.cause == 0)).sum())
        found[name] = AdverseEventRisk(
            name,
            event,
            day,
            subjects,
            events,
            competing,
            censored,
            _labelled("Aalen-Johansen", incidence.at(day, beyond=beyond)),
            _labelled("incidence proportion", clopper_pearson(events, subjects, level=level)),
            _labelled("1 - Kaplan-Meier", _one_less(curves[name].at(day, beyond=beyond))),
        )
    return found


def _labelled(estimator: Estimator, estimate: Estimate) -> LabelledRisk:
    return LabelledRisk(estimator, estimate, BIAS[estimator])


def _one_less(survival: Estimate) -> Estimate:
    value, lower, upper = (None if x is None else 1 - x for x in (survival.value, survival.upper, survival.lower))
    return Estimate(value, lower, upper, survival.level, survival.se, survival.problem)
