"""MaxCombo: the largest of several weighted log-rank statistics, with a P value that is the same on every run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.estimates import normal_tail
from trialwright.stats.event_times import EventTimes
from trialwright.stats.log_rank import (
    NO_FINITE_WEIGHT,
    NO_INFORMATION,
    require_arms,
    spread_of_ties,
    tie_weights,
    uninformative_strata,
)
from trialwright.stats.normal import MOST_DIMENSIONS, any_beyond
from trialwright.stats.risk_table import RiskTable, as_table
from trialwright.stats.weights import FlemingHarrington, Weight

THREE = (FlemingHarrington(0, 0), FlemingHarrington(0, 1), FlemingHarrington(1, 0))
"""Proportional, late and early differences."""
FOUR = (*THREE, FlemingHarrington(1, 1))
"""Differences in the middle too (Lin et al. 2020)."""


@dataclass(frozen=True, eq=False)
class MaxCombo:
    """A MaxCombo test with its m parts; z below zero = fewer events than expected in the second arm."""

    arms: tuple[str, str]
    weights: tuple[str, ...]
    """The names of the m weights."""
    difference: FloatArray
    """[m] weighted observed - expected of the second arm."""
    covariance: FloatArray
    """[m, m] of the differences: sum of w_a w_b times the hypergeometric variance."""
    z: FloatArray
    """[m]; NaN where there is no information."""
    p_parts: FloatArray
    """[m] two-sided P values of the parts, not adjusted for their number."""
    statistic: float | None
    """The largest z in size."""
    largest: str | None
    """The weight it belongs to."""
    p: float | None
    """Two-sided: probability of a larger |z| in any part under the null hypothesis."""
    p_one_sided: float | None
    """Probability of a z below the smallest one in any part, small when the second arm does better."""
    problem: str | None
    uninformative_strata: tuple[str, ...]

    @property
    def correlation(self) -> FloatArray:
        """Return the correlation [m, m] of the parts."""
        scale = np.sqrt(np.diag(self.covariance))
        with np.errstate(invalid="ignore"):
            return np.asarray(self.covariance / np.outer(scale, scale))


def max_combo(times: EventTimes | RiskTable, weights: Sequence[Weight] = THREE) -> MaxCombo:
    """Return the MaxCombo test of two arms over one to four weights, stratified by the strata of ``times``.

    The largest |z| of the weighted log-rank tests, referred to the normal distribution with their joint covariance
    (Karrison 2016; Lin et al. 2020). The probability is by quadrature (see ``normal.py``), so it does not change from
    run to run as it does with quasi-Monte-Carlo in other systems. Where a weight leaves no information, there is no
    answer and the problem names it. Raises ValueError unless there are two arms, both with subjects.

    >>> times = EventTimes.of([3, 5, 7, 9, 4, 8], [1, 1, 1, 1, 1, 0], list("AABBAB"))
    >>> found = max_combo(times)
    >>> round(found.statistic, 6), found.largest, round(found.p, 6)
    (-2.24759, 'Fleming-Harrington(0, 0)', 0.044993)
    """
    table = _checked(as_table(times), weights)
    ties, w = table.ties, np.array([tie_weights(table, weight) for weight in weights])
    share = ties.at_risk[:, 1] / ties.at_risk.sum(axis=1)
    names = tuple(str(weight) for weight in weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = w @ (ties.events[:, 1] - ties.events.sum(axis=1) * share)
        covariance = (w * (spread_of_ties(ties) * share * (1 - share))) @ w.T
        z = difference / np.sqrt(np.diag(covariance))
    problem = _problem(np.diag(covariance), names)
    largest = None if problem else int(np.abs(z).argmax())
    two, one = (None, None) if problem else _p_values(z, covariance)
    return MaxCombo(
        arms=(table.arms[0], table.arms[1]),
        weights=names,
        difference=difference,
        covariance=covariance,
        z=z,
        p_parts=np.array([2 * normal_tail(-abs(value)) for value in z]),
        statistic=None if largest is None else float(z[largest]),
        largest=None if largest is None else names[largest],
        p=two,
        p_one_sided=one,
        problem=problem,
        uninformative_strata=uninformative_strata(table),
    )


def _checked(table: RiskTable, weights: Sequence[Weight]) -> RiskTable:
    if not 1 <= len(weights) <= MOST_DIMENSIONS:
        raise ValueError(f"weights must be 1 to {MOST_DIMENSIONS}; got {len(weights)}. Name the ones of the plan.")
    if len(table.arms) != 2:
        raise ValueError(f"MaxCombo compares two arms; got {', '.join(table.arms)}. Make event times of two.")
    require_arms(table)
    return table


def _problem(variances: FloatArray, names: tuple[str, ...]) -> str | None:
    if not variances.any():
        return NO_INFORMATION
    infinite = [name for name, v in zip(names, variances, strict=True) if not np.isfinite(v)]
    if infinite:
        return f"{infinite[0]}: {NO_FINITE_WEIGHT}"
    empty = [name for name, v in zip(names, variances, strict=True) if v == 0]
    return f"{NO_INFORMATION} to which {empty[0]} gives weight" if empty else None


def _p_values(z: FloatArray, covariance: FloatArray) -> tuple[float, float]:
    scale = np.sqrt(np.diag(covariance))
    r = covariance / np.outer(scale, scale)
    return (
        any_beyond(float(np.abs(z).max()), r, two_sided=True),
        any_beyond(float(-z.min()), r, two_sided=False),
    )
