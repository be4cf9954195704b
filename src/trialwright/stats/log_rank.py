"""The log-rank test and its weighted relatives, stratified, for two or more arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.estimates import Test, normal_tail
from trialwright.stats.event_times import EventTimes
from trialwright.stats.risk_table import RiskTable, Ties, as_table
from trialwright.stats.weights import LOG_RANK, PooledTies, Weight

NO_INFORMATION = "no information: there is no event while subjects of two arms are at risk"
NO_WEIGHT = "no information: the weight is zero at every event while subjects of two arms are at risk"
NO_FINITE_WEIGHT = "a weight is infinite: pooled survival reaches zero while subjects are still to enter"


@dataclass(frozen=True, eq=False)
class LogRank:
    """A log-rank test with what it compares; with a weight, every count but ``events`` is of weighted events."""

    weight: str
    """The name of the weight; ``Fleming-Harrington(0, 0)`` is none."""
    arms: tuple[str, ...]
    subjects: IntArray
    """[arms]"""
    events: IntArray | FloatArray
    """[arms], without the weight of the test."""
    observed: FloatArray
    """[arms] events, each times its weight."""
    expected: FloatArray
    """[arms] the same under equal hazards, summed over strata."""
    observed_by_stratum: FloatArray
    """[strata, arms]"""
    expected_by_stratum: FloatArray
    """[strata, arms]"""
    variance: FloatArray
    """[arms, arms] hypergeometric covariance of observed - expected."""
    test: Test
    """Two-sided."""
    z: float | None
    """With two arms: (observed - expected) / SE of the second; below zero = fewer events than expected there."""
    p_one_sided: float | None
    """With two arms: probability of such a z or a smaller one, small when the second arm does better."""
    uninformative_strata: tuple[str, ...]
    """Strata without an event while subjects of two arms are at risk; they contribute nothing."""


def log_rank(times: EventTimes | RiskTable, weight: Weight = LOG_RANK) -> LogRank:
    """Return the (weighted) log-rank test of the arms, stratified by the strata of ``times``.

    Per stratum and day: expected d Y_a / Y, covariance d (Y_a / Y)(1[a=b] - Y_b / Y)(Y - d) / (Y - 1) (Mantel 1966),
    times the weight and its square (Tarone and Ware 1977); both are summed over days and strata before the quotient,
    which uses the generalized inverse. Weights are found within each stratum, arms pooled. Whole case weights count
    subjects that are alike (SAS LIFETEST ``FREQ``; R survdiff has none). Raises ValueError when fewer than two arms
    have subjects, and for fractional case weights: (Y - d) / (Y - 1) would depend on the unit of the weight.

    >>> times = EventTimes.of([3, 5, 7, 9], [1, 1, 1, 1], ["A", "A", "B", "B"])
    >>> round(log_rank(times).z, 6)
    -1.697749
    >>> from trialwright.stats import Gehan
    >>> round(log_rank(times, Gehan()).z, 6)
    -1.632993
    """
    table = as_table(times)
    require_arms(table)
    if table.weighted:
        raise ValueError("the log-rank test needs whole weights, which count subjects; got fractional ones. Use cox.")
    ties, weights = table.ties, tie_weights(table, weight)
    with np.errstate(invalid="ignore"):  # an infinite weight is refused below
        expected = _sum_by_stratum(ties, _expected(ties) * weights[:, None], len(table.strata))
        observed = _sum_by_stratum(ties, ties.events * weights[:, None], len(table.strata))
        variance = _covariance(ties, weights)
        difference = observed.sum(axis=0) - expected.sum(axis=0)
    test = _test(difference, variance, weights, ties)
    z = _z(difference, variance) if test.problem is None and len(table.arms) == 2 else None
    return LogRank(
        weight=str(weight),
        arms=table.arms,
        subjects=table.subjects.sum(axis=0),
        events=table.events.sum(axis=(0, 1)),
        observed=observed.sum(axis=0),
        expected=expected.sum(axis=0),
        observed_by_stratum=observed,
        expected_by_stratum=expected,
        variance=variance,
        test=test,
        z=z,
        p_one_sided=None if z is None else normal_tail(z),
        uninformative_strata=uninformative_strata(table),
    )


def tie_weights(table: RiskTable, weight: Weight) -> FloatArray:
    """Return the weight [C] of each of the table's ties; without a sum over days where all are alike."""
    return np.ones(len(table.ties.stratum)) if weight == LOG_RANK else weight.at(PooledTies.of(table))


def require_arms(table: RiskTable) -> None:
    """Raise ValueError unless two arms have subjects."""
    present = [name for name, n in zip(table.arms, table.subjects.sum(axis=0), strict=True) if n > 0]
    if len(present) < 2:
        raise ValueError(f"a comparison needs subjects in at least two arms; got {' and '.join(present)} only")


def uninformative_strata(table: RiskTable) -> tuple[str, ...]:
    """Return the strata without an event while subjects of two arms are at risk."""
    ties = table.ties
    informative = np.bincount(ties.stratum[ties.meeting], minlength=len(table.strata)) > 0
    return tuple(name for name, told in zip(table.strata, informative, strict=True) if not told)


def quadratic_form(difference: FloatArray, variance: FloatArray) -> Test:
    """Return the chi-square test u' V^- u with as many degrees of freedom as V has rank."""
    values, vectors = np.linalg.eigh(variance)
    kept = values > 1e-10 * max(values[-1], 0.0)
    if not kept.any():
        return Test.impossible(NO_INFORMATION)
    projected = vectors[:, kept].T @ difference
    return Test.chi_square(float(projected**2 @ (1 / values[kept])), int(kept.sum()))


def _test(difference: FloatArray, variance: FloatArray, weights: FloatArray, ties: Ties) -> Test:
    if not np.isfinite(weights).all():
        return Test.impossible(NO_FINITE_WEIGHT)
    if not (weights[ties.meeting] ** 2 * spread_of_ties(ties)[ties.meeting]).any():  # round-off may hide it below
        unweighted = ties.meeting.any() and not weights[ties.meeting].any()
        return Test.impossible(NO_WEIGHT if unweighted else NO_INFORMATION)
    return quadratic_form(difference, variance)


def _z(difference: FloatArray, variance: FloatArray) -> float:
    return float(difference[1] / np.sqrt(variance[1, 1]))


def _expected(ties: Ties) -> FloatArray:
    expected: FloatArray = ties.all_events[:, None] * ties.at_risk / ties.all_at_risk[:, None]
    return expected


def _sum_by_stratum(ties: Ties, values: FloatArray, strata: int) -> FloatArray:
    """Return the sums [strata, arms] of values [C, arms], whose strata lie one after the other."""
    starts = np.searchsorted(ties.stratum, np.arange(strata + 1))
    held = np.flatnonzero(starts[1:] > starts[:-1])
    sums = np.zeros((strata, values.shape[1]))
    sums[held] = np.add.reduceat(values.T, starts[held], axis=1).T
    return sums


def _covariance(ties: Ties, weights: FloatArray) -> FloatArray:
    share = ties.at_risk / ties.all_at_risk[:, None]
    spread = weights**2 * spread_of_ties(ties)
    covariance: FloatArray = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return covariance


def spread_of_ties(ties: Ties) -> FloatArray:
    """Return d (Y - d) / (Y - 1) of each tie [C], 0 where Y is 1: hypergeometric variance but for the shares."""
    d, y = ties.all_events, ties.all_at_risk
    spread: FloatArray = d * (y - d) / np.maximum(y - 1, 1)
    return spread
