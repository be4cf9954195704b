"""The tests of a designed trial by the estimators of ``trialwright.stats``, on event times."""

from __future__ import annotations

import math

from trialwright.simulate.designed import Comparison
from trialwright.stats import (
    EventTimes,
    FlemingHarrington,
    compare_restricted_means,
    cox,
    kaplan_meier,
    log_rank,
    max_combo,
    survival_difference,
)

__all__ = ["ARMS", "log_hazard_ratio", "statistic"]

ARMS = ("control", "experimental")
"""In the order of their numbers; the first is the reference."""


def statistic(times: EventTimes, test: Comparison) -> float:
    """Return z of a test by the estimators of ``trialwright.stats``, above 0 where the experimental arm does better."""
    if not _meet(times):
        return math.nan
    if test.statistic == "cox":
        z = cox(times).effect.z
        return math.nan if z is None else -z
    if test.statistic == "restricted mean":
        difference = compare_restricted_means(times, tau=float(test.at or 0)).difference
        return _quotient(difference.value, difference.se)
    if test.statistic == "milestone":
        curves = kaplan_meier(times)
        z = survival_difference(curves[ARMS[1]], curves[ARMS[0]], float(test.at or 0)).plain.z
        return math.nan if z is None else z
    if test.statistic == "max-combo":
        from scipy.special import ndtri

        p = max_combo(times, [FlemingHarrington(*pair) for pair in test.weights]).p_one_sided
        return math.nan if p is None else -float(ndtri(p))
    weight = FlemingHarrington(*(test.weights[0] if test.weights else (0.0, 0.0)))
    z = log_rank(times, weight).z
    return math.nan if z is None else -z


def _meet(times: EventTimes) -> bool:
    """Say whether some stratum holds subjects of both arms."""
    cells = set(zip(times.stratum.tolist(), times.arm.tolist(), strict=True))
    return any((s, 0) in cells and (s, 1) in cells for s, _ in cells)


def _quotient(value: float | None, se: float | None) -> float:
    return math.nan if value is None or not se else value / se


def log_hazard_ratio(times: EventTimes) -> float:
    """Return the log hazard ratio by Efron's rule; infinite where an arm has no event, NaN where neither has one."""
    if len(set(times.arm.tolist())) < 2:
        return math.nan
    coef = cox(times).effect.coef
    return math.nan if coef is None else coef
