"""Adverse events against time: rates per patient-year, and the risk up to a day with death as a competing event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from trialwright.analyze.proportions import Compared, limits_of
from trialwright.analyze.study import Finding, Group, Place, Study
from trialwright.derive import first_adverse_events, safety_follow_up
from trialwright.stats import CompetingTimes, adverse_event_risk, days, poisson_rate, rate_ratio

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisPlan
    from trialwright.stats import LabelledRisk

__all__ = ["ANY", "Harms", "Kind", "rate_ratio_of", "risks"]

SOURCE = "derive.safety_follow_up"
DAYS_PER_YEAR = 12 * days(1)
ANY = "any"
"""Item of the events of all terms together."""
EVENT, DEATH = "adverse event", "death"
CAUSES = (EVENT, DEATH)

Kind = tuple[str, str, int]
"""Term (``any``: every term), name of the grades, least grade."""


class _AtRisk(NamedTuple):
    first_dose: int
    until: int
    died: bool


class _Time(NamedTuple):
    """Days at risk, the first day counted as 1, and how they ended: 0 censored, 1 the event, 2 death."""

    days: int
    cause: int


@dataclass(frozen=True)
class Harms:
    """The treated patients' time at risk, and when each term came first at each grade."""

    study: Study
    at_risk: Mapping[str, _AtRisk]
    started: Mapping[str, Mapping[str, Sequence[tuple[int, int]]]]
    """Grade and first day of it, by term and subject."""

    @classmethod
    def of(cls, study: Study) -> Harms:
        """Return the times of the data of a study."""
        follow_up = safety_follow_up(study.data, study.protocol)
        names = ("subject", "first_dose", "until", "died")
        rows = zip(*(follow_up[name].to_physical().to_list() for name in names), strict=True)
        return cls(study, {subject: _AtRisk(*row) for subject, *row in rows}, _started(study))

    def times(self, subjects: Sequence[str], kind: Kind) -> dict[str, _Time]:
        """Return the time to the first event of a kind of each of the subjects who were treated."""
        return {subject: self._time(subject, kind) for subject in subjects if subject in self.at_risk}

    def _time(self, subject: str, kind: Kind) -> _Time:
        term, _, least = kind
        first = min((on for grade, on in self._events(subject, term) if grade >= least), default=None)
        own = self.at_risk[subject]
        if first is not None:
            return _Time(first - own.first_dose + 1, 1)
        return _Time(own.until - own.first_dose + 1, 2 if own.died else 0)

    def _events(self, subject: str, term: str) -> Iterator[tuple[int, int]]:
        terms = self.started.values() if term == ANY else (self.started.get(term, {}),)
        for found in terms:
            yield from found.get(subject, ())


@dataclass(frozen=True)
class _Arm:
    """One kind of event in one arm."""

    plan: AnalysisPlan
    place: Place
    group: Group
    own: Group
    """Those with the event."""
    kind: Kind
    times: Sequence[_Time]

    @classmethod
    def of(cls, timed: Harms, place: Place, group: Group, kind: Kind) -> _Arm:
        found = timed.times(group.subjects, kind)
        had = [subject for subject, time in found.items() if time.cause == 1]
        own = group.of_endpoint(place.endpoint).only(f"{kind[0]}/{kind[1]}, timed", had)
        return cls(timed.study.protocol.analysis, place, group, own, kind, list(found.values()))

    @property
    def untreated(self) -> str:
        """Say how many of the group have no time at risk because they were never treated."""
        missing = len(self.group) - len(self.times)
        return f"; {missing} never treated" if missing else ""

    def found(self, statistic: str, value: float | None, **more: Any) -> Finding:
        return self.place.found(self.group, statistic, value, self.own, item=self.kind[0], source=SOURCE, **more)


def risks(timed: Harms, place: Place, arm: Group, kind: Kind, at_months: Sequence[float]) -> Iterator[Finding]:
    """Return the rate per patient-year of one kind of event in an arm, and its risks at the landmarks."""
    own = _Arm.of(timed, place, arm, kind)
    yield _rate(own)
    for month in at_months:
        yield from _at(own, round(days(month)))


def rate_ratio_of(timed: Harms, compared: Compared, kind: Kind) -> Finding:
    """Return the ratio of the rates of two arms."""
    (x1, t1), (x2, t2) = (
        _counted(list(timed.times(arm.subjects, kind).values())) for arm in (compared.experimental, compared.control)
    )
    found = rate_ratio(x1, t1, x2, t2, level=timed.study.protocol.analysis.confidence_level)
    infinite = found.value == float("inf")
    more = limits_of(found) | ({"problem": "the ratio is infinite"} if infinite else {})
    fields: dict[str, Any] = {"unit": "ratio", "method": "rate-ratio", "conventions": "exact given all events"}
    return compared.found("rate ratio", None if infinite else found.value, **more | fields | {"source": SOURCE})


def _started(study: Study) -> dict[str, dict[str, list[tuple[int, int]]]]:
    frame = first_adverse_events(study.data, study.protocol)
    found: dict[str, dict[str, list[tuple[int, int]]]] = {}
    names = ("subject", "term", "grade", "started_on")
    for subject, term, grade, on in zip(*(frame[name].to_physical().to_list() for name in names), strict=True):
        found.setdefault(term, {}).setdefault(subject, []).append((grade, on))
    return found


def _counted(times: Sequence[_Time]) -> tuple[int, float]:
    """Return patients with the event and patient-years at risk."""
    return sum(time.cause == 1 for time in times), sum(time.days for time in times) / DAYS_PER_YEAR


def _rate(arm: _Arm) -> Finding:
    events, years = _counted(arm.times)
    found = poisson_rate(events, years, level=arm.plan.confidence_level)
    named = f"{years:.2f} patient-years at risk, each to the first such event; exact limits{arm.untreated}"
    more = limits_of(found) | {"events": events, "unit": "per patient-year", "method": "incidence-rate"}
    return arm.found(f"rate per patient-year, {arm.kind[1]}", found.value, **more | {"conventions": named})


def _at(arm: _Arm, day: int) -> Iterator[Finding]:
    names = {"aalen-johansen": f"risk, {arm.kind[1]}", "incidence-proportion": f"share by the day, {arm.kind[1]}"}
    fields: dict[str, Any] = {"at": float(day), "unit": "share"}
    if not arm.times:
        for method, statistic in names.items():
            yield arm.found(statistic, None, **fields | {"method": method, "problem": "no treated patient"})
        return
    ends = CompetingTimes.of([time.days for time in arm.times], [time.cause for time in arm.times], causes=CAUSES)
    plan = arm.plan
    found = adverse_event_risk(ends, EVENT, day, level=plan.confidence_level, interval=plan.interval)["all"]
    competing = f"{found.competing} competing deaths, {found.censored} censored before the day{arm.untreated}"
    for risk, method in ((found.aalen_johansen, "aalen-johansen"), (found.proportion, "incidence-proportion")):
        named = {"conventions": f"{competing}; {_limits(risk, plan.interval)}", "method": method}
        more = limits_of(risk.estimate) | fields | named | {"events": found.events}
        yield arm.found(names[method], risk.estimate.value, **more)


def _limits(risk: LabelledRisk, interval: str) -> str:
    """Return in words how the limits are made and where the estimate is biased."""
    how = f"limits by the {interval} transform" if risk.estimator == "Aalen-Johansen" else "limits: clopper-pearson"
    return f"{how}; bias: {risk.bias}"
