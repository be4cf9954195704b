"""Events and patients by the tests themselves: what each finds in the trial supposed, and so how many it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trialwright.design.average_hazard_ratio import expected_hazard_ratio
from trialwright.design.event_formulas import EventNumber
from trialwright.design.event_probability import SupposedTrial
from trialwright.design.expected_test import Benefit, ExpectedTest
from trialwright.design.milestone_design import expected_milestone
from trialwright.design.rmst_design import expected_restricted_mean
from trialwright.design.weighted_log_rank import expected_log_rank

if TYPE_CHECKING:
    from trialwright.stats import Weight

__all__ = ["sizes_by_test"]

_Named = tuple[str, ExpectedTest]
_Asked = tuple[float, float, Literal[1, 2], Benefit]


def sizes_by_test(
    trial: SupposedTrial,
    time: float,
    *,
    power: float,
    alpha: float,
    sides: Literal[1, 2],
    margin: float = 1.0,
    benefit: Benefit = "fewer events",
    weight: Weight | None = None,
    tau: float | None = None,
    milestone: float | None = None,
) -> tuple[EventNumber, ...]:
    """Return events and patients, not rounded, with whom each test has the power at a calendar time.

    The log-rank test with its own variance, with the one it has (Yung and Liu 2020) and with the estimate it is divided
    by; its weighted form likewise; the average hazard ratio; restricted means to ``tau``; survival at ``milestone`` on
    both scales. ``margin`` is a hazard ratio; the last two take none. The patients of ``trial`` are scaled, their
    accrual and time are not.

    >>> from trialwright.design import FixedPlan, Steps
    >>> trial = FixedPlan(42, 6, Steps.of(0.1925)).trial(0.59, ratio=2)
    >>> for row in sizes_by_test(trial, 48, power=0.8, alpha=0.05, sides=2):
    ...     print(row.formula, round(row.events, 1))
    Log-rank, variance of the test 125.9
    Log-rank, Yung and Liu 116.2
    Log-rank, studentized 123.1
    Average hazard ratio of strata and periods 126.0
    """
    asked = (power, alpha, sides, benefit)
    named = _log_rank(trial, time, None, margin, "Log-rank")
    if weight is not None:
        named += _log_rank(trial, time, weight, margin, f"{weight}")
    named.append(("Average hazard ratio of strata and periods", expected_hazard_ratio(trial, time).test(margin=margin)))
    rows = [_row(name, test, asked) for name, test in named]
    others = _without_margin(trial, time, tau, milestone)
    if margin != 1:
        return (*rows, *(EventNumber(name, None, None, "has no hazard ratio as margin") for name, _ in others))
    return (*rows, *(_row(name, test, asked) for name, test in others))


def _log_rank(trial: SupposedTrial, time: float, weight: Weight | None, margin: float, name: str) -> list[_Named]:
    found = expected_log_rank(trial, time, weight=weight, margin=margin)
    return [
        (f"{name}, variance of the test", found.test("of the test")),
        (f"{name}, Yung and Liu", found.test("alternative")),
        (f"{name}, studentized", found.test("studentized")),
    ]


def _without_margin(trial: SupposedTrial, time: float, tau: float | None, milestone: float | None) -> list[_Named]:
    named: list[_Named] = []
    if tau is not None:
        named.append((f"Restricted mean to {tau:g}", expected_restricted_mean(trial, time, tau).test()))
    if milestone is not None:
        found = expected_milestone(trial, time, milestone)
        named.append((f"Survival at {milestone:g}, plain", found.test("plain")))
        named.append((f"Survival at {milestone:g}, cloglog", found.test("cloglog")))
    return named


def _row(name: str, test: ExpectedTest, asked: _Asked) -> EventNumber:
    power, alpha, sides, benefit = asked
    patients = test.patients_for(power, alpha=alpha, sides=sides, benefit=benefit)
    return EventNumber(name, test.events * patients / test.patients, patients)
