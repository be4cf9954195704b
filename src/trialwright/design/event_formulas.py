"""The events a log-rank comparison needs, by every formula in use, side by side.

Three need the hazard ratio alone: Schoenfeld (1981, 1983), Freedman (Statistics in Medicine 1982;1:121-129, equation 7)
and Hsieh and Freedman (Hsieh, Statistics in Medicine 1992;11:891-898). The others need to know who enters when: their
patients are N = (z_alpha sqrt(V0) + z_beta sqrt(Va))^2 / theta^2, with Va = 1/(p1 P1) + 1/(p2 P2) the variance of the
log hazard ratio times N, P the chance of an event by the analysis, and V0 the same under no effect as each supposes it:

- Rubinstein, Gail, Santner (Journal of Chronic Diseases 1981;34:469-479): V0 = Va;
- Bernstein and Lagakos (Journal of Statistical Computation and Simulation 1978;8:65-73): both arms at the control's
  hazard;
- Lachin and Foulkes (Biometrics 1986;42:507-519), on the log scale: both arms at the hazard averaged over patients;
- average hazard ratio (as gsDesign2 has it): both arms with the chance of an event averaged over patients.

With a margin the effect is the log of hazard ratio over margin, and hazards under no effect have the margin as ratio.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from trialwright.design.event_probability import (
    ArmRates,
    ExpectedEvents,
    Steps,
    Stratum,
    SupposedTrial,
    expected_events,
    uniform_accrual,
)
from trialwright.design.size import check_effect, check_share, check_test

__all__ = ["EventNumber", "FixedPlan", "event_numbers"]


_NOBODY = Steps((0.0,), (0.0,))


@dataclass(frozen=True)
class FixedPlan:
    """When patients enter and the one analysis is made, and what is supposed of the control arm.

    ``accrual`` and ``follow_up`` are durations: the analysis comes at their sum. Hazards are per the same unit.
    ``dropout`` holds for both arms, unless the experimental arm has its own; ``longest`` ends follow-up of a patient.

    >>> FixedPlan(accrual=42, follow_up=6, control=Steps.of(0.19)).time
    48
    """

    accrual: float
    follow_up: float
    control: Steps
    dropout: Steps = _NOBODY
    dropout_experimental: Steps | None = None
    longest: float = math.inf

    def __post_init__(self) -> None:
        if not 0 <= self.follow_up < math.inf:
            raise ValueError(f"follow_up must be a finite number of at least 0; got {self.follow_up}")

    @property
    def time(self) -> float:
        """The analysis, counted from the first entry."""
        return self.accrual + self.follow_up

    def trial(self, hazard_ratio: float, *, ratio: float, patients: float = 1.0) -> SupposedTrial:
        """Return the trial under a constant hazard ratio."""
        leaving = self.dropout if self.dropout_experimental is None else self.dropout_experimental
        arms = Stratum(ArmRates(self.control.times(hazard_ratio), leaving), ArmRates(self.control, self.dropout))
        return SupposedTrial(uniform_accrual(patients, self.accrual), (arms,), ratio, self.longest)

    def expected(self, hazard_ratio: float, *, ratio: float, patients: float = 1.0) -> ExpectedEvents:
        """Return the events expected at the analysis."""
        return expected_events(self.trial(hazard_ratio, ratio=ratio, patients=patients), self.time)

    def scaled(self, factor: float) -> FixedPlan:
        """Return the plan with the control arm's hazard multiplied."""
        return FixedPlan(
            self.accrual,
            self.follow_up,
            self.control.times(factor),
            self.dropout,
            self.dropout_experimental,
            self.longest,
        )


@dataclass(frozen=True)
class EventNumber:
    """What one formula asks for, not rounded; ``problem`` says why it has no answer.

    >>> EventNumber("Schoenfeld", 126.9, None).problem is None
    True
    """

    formula: str
    events: float | None
    patients: float | None
    problem: str | None = None


@dataclass(frozen=True)
class _Test:
    hazard_ratio: float
    alpha: float
    power: float
    ratio: float
    margin: float

    @property
    def effect(self) -> float:
        return math.log(self.hazard_ratio / self.margin)


_Null = Callable[[_Test, FixedPlan], float]


def event_numbers(
    hazard_ratio: float,
    *,
    power: float,
    alpha: float,
    sides: Literal[1, 2],
    ratio: float,
    margin: float = 1.0,
    plan: FixedPlan | None = None,
) -> tuple[EventNumber, ...]:
    """Return the events and, with a plan, the patients that each formula asks for.

    ``margin`` is the hazard ratio that non-inferiority must exclude, 1 for superiority; Freedman's two formulas have
    none. Without a plan the last four formulas have no answer, and no formula says patients. Patients of the first
    three are their events over the chance of an event. ValueError for a wrong argument.

    >>> for row in event_numbers(0.59, power=0.8, alpha=0.05, sides=2, ratio=2)[:3]:
    ...     print(row.formula, round(row.events, 3))
    Schoenfeld 126.869
    Freedman 110.949
    Hsieh-Freedman 132.797
    """
    check_test(hazard_ratio, alpha, sides, ratio)
    check_share("power", power)
    check_effect(hazard_ratio, margin)
    test = _Test(hazard_ratio, alpha / sides, power, ratio, margin)
    return (*_of_the_ratio(test, plan), *(_of_the_plan(name, null, test, plan) for name, null in _NULLS.items()))


def _of_the_ratio(test: _Test, plan: FixedPlan | None) -> tuple[EventNumber, ...]:
    h, r = test.hazard_ratio, test.ratio
    z = (_z(1 - test.alpha) + _z(test.power)) ** 2
    rows = [("Schoenfeld", z * (1 + r) ** 2 / (r * test.effect**2))]
    if test.margin == 1:
        rows.append(("Freedman", z * (1 + r * h) ** 2 / (r * (1 - h) ** 2)))
        rows.append(("Hsieh-Freedman", z * ((1 + h) / (1 - h)) ** 2 * (1 + r) ** 2 / (4 * r)))
        return tuple(_row(name, events, test, plan) for name, events in rows)
    problem = "has no margin other than 1"
    without = tuple(EventNumber(name, None, None, problem) for name in ("Freedman", "Hsieh-Freedman"))
    return (_row(*rows[0], test, plan), *without)


def _row(name: str, events: float, test: _Test, plan: FixedPlan | None) -> EventNumber:
    if plan is None:
        return EventNumber(name, events, None)
    chance = plan.expected(test.hazard_ratio, ratio=test.ratio).events
    return EventNumber(name, events, events / chance)


def _of_the_plan(name: str, null: _Null, test: _Test, plan: FixedPlan | None) -> EventNumber:
    if plan is None:
        return EventNumber(name, None, None, "needs accrual, follow-up and the control arm's hazard")
    found = plan.expected(test.hazard_ratio, ratio=test.ratio)
    spread = _z(1 - test.alpha) * math.sqrt(null(test, plan)) + _z(test.power) * math.sqrt(_variance(found))
    patients = spread**2 / test.effect**2
    return EventNumber(name, patients * found.events, patients)


def _variance(found: ExpectedEvents) -> float:
    """Return the variance of the log hazard ratio for one patient's worth of events."""
    return 1 / found.experimental[0] + 1 / found.control[0]


def _rubinstein(test: _Test, plan: FixedPlan) -> float:
    return _variance(plan.expected(test.hazard_ratio, ratio=test.ratio))


def _bernstein(test: _Test, plan: FixedPlan) -> float:
    return _variance(plan.expected(test.margin, ratio=test.ratio))


def _lachin(test: _Test, plan: FixedPlan) -> float:
    """Under no effect the hazard averaged over patients is what it is under the effect."""
    factor = (1 + test.ratio * test.hazard_ratio) / (1 + test.ratio * test.margin)
    return _variance(plan.scaled(factor).expected(test.margin, ratio=test.ratio))


def _average(test: _Test, plan: FixedPlan) -> float:
    events = plan.expected(test.hazard_ratio, ratio=test.ratio).events
    return (1 + test.ratio) ** 2 / test.ratio / events


_NULLS: dict[str, _Null] = {
    "Rubinstein-Gail-Santner": _rubinstein,
    "Bernstein-Lagakos": _bernstein,
    "Lachin-Foulkes": _lachin,
    "Average hazard ratio": _average,
}


def _z(probability: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(probability))
