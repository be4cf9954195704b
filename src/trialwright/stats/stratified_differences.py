"""The common difference of two proportions in strata; the weights of the strata are named, never chosen silently.

``mantel-haenszel`` weighs stratum k by n1 n2 / (n1 + n2), ``sample size`` by n1 + n2; weights add up to 1. Strata with
an empty group are left out.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.differences import OneSidedTest, restricted_variance, score_bounds
from trialwright.stats.estimates import Estimate, two_sided_z
from trialwright.stats.proportions import score_limits
from trialwright.stats.stratified_tables import NO_STRATUM, TwoByTwoTables

Weights = Literal["mantel-haenszel", "sample size"]
DifferenceVariance = Literal["sato", "greenland-robins"]


def mantel_haenszel_difference(
    tables: TwoByTwoTables, *, variance: DifferenceVariance, level: float = 0.95
) -> Estimate:
    """Return the common difference with Mantel-Haenszel weights and Wald limits, not clipped.

    ``variance``: "sato" holds for many small and for few large strata (Sato, Greenland and Robins 1989),
    "greenland-robins" for few large strata (Greenland and Robins 1985, eq. 15).

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> found = mantel_haenszel_difference(tables, variance="sato")
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '0.130069 -0.013843 0.273982'
    """
    z, kept = two_sided_z(level), tables.comparable
    if variance not in get_args(DifferenceVariance):
        raise ValueError(f"variance must be one of {', '.join(get_args(DifferenceVariance))}; got {variance!r}")
    if not len(kept):
        return Estimate(None, None, None, level, problem=NO_STRATUM)
    x1, n1, x2, n2 = kept.columns
    weight = n1 * n2 / (n1 + n2)
    found = float((weight * (x1 / n1 - x2 / n2)).sum() / weight.sum())
    parts = _sato(kept, found) if variance == "sato" else _greenland_robins(kept)
    se = math.sqrt(max(0.0, float(parts.sum()))) / float(weight.sum())
    return Estimate(found, found - z * se, found + z * se, level, se=se)


def stratified_miettinen_nurminen(tables: TwoByTwoTables, *, weights: Weights, level: float = 0.95) -> Estimate:
    """Return the common difference with score limits at fixed weights (Miettinen and Nurminen 1985, section 5).

    The difference delta is accepted while |sum W (d - delta)| <= z sqrt(sum W^2 V(delta)), V being the variance of each
    stratum at its most likely proportions, times N / (N - 1). The analysis plan must name the weights.

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> found = stratified_miettinen_nurminen(tables, weights="mantel-haenszel")
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '0.130069 -0.018348 0.266744'
    """
    z, kept = two_sided_z(level), tables.comparable
    share = difference_weights(kept, weights)
    if not len(kept):
        return Estimate(None, None, None, level, problem=NO_STRATUM)
    found = _weighted(kept, share)

    def accepted(delta: float) -> bool:
        return (found - delta) ** 2 <= z * z * _score_variance(kept, share, delta)

    return Estimate(found, *score_bounds(found, accepted), level)


def stratified_score_test(tables: TwoByTwoTables, *, weights: Weights, null: float = 0.0) -> OneSidedTest:
    """Return the test of a common difference <= ``null`` against a larger one, by the same score statistic.

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> f"{stratified_score_test(tables, weights='mantel-haenszel').z:.6f}"
    '1.721525'
    """
    if not -1 < null < 1:
        raise ValueError(f"null must be a difference of shares in (-1, 1); got {null}")
    kept = tables.comparable
    share = difference_weights(kept, weights)
    if not len(kept):
        return OneSidedTest(None, None, NO_STRATUM)
    variance = _score_variance(kept, share, null)
    if variance <= 0:
        return OneSidedTest(None, None, "every outcome is the same: the difference has no variance")
    return OneSidedTest.of((_weighted(kept, share) - null) / math.sqrt(variance))


def stratified_newcombe(
    tables: TwoByTwoTables, *, weights: Weights, level: float = 0.95, corrected: bool = False
) -> Estimate:
    """Return the common difference with limits built from stratified Wilson intervals (Yan and Su 2010).

    Each group has a weighted Wilson interval whose strata share one normal quantile, chosen so that the whole has the
    level; ``corrected`` takes continuity-corrected Wilson limits. Where no stratum of a group shows variation the
    quantile is that of equal proportions in its strata.

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> found = stratified_newcombe(tables, weights="mantel-haenszel")
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '0.130069 -0.018727 0.265039'
    """
    z, kept = two_sided_z(level), tables.comparable
    share = difference_weights(kept, weights)
    if not len(kept):
        return Estimate(None, None, None, level, problem=NO_STRATUM)
    x1, n1, x2, n2 = kept.columns
    (l1, u1), (l2, u2) = (_wilson(x, n, share, z, corrected) for x, n in ((x1, n1), (x2, n2)))
    m1, m2 = (float((share**2 / n).sum()) for n in (n1, n2))
    found = _weighted(kept, share)
    below = z * math.sqrt(m1 * l1 * (1 - l1) + m2 * u2 * (1 - u2))
    above = z * math.sqrt(m1 * u1 * (1 - u1) + m2 * l2 * (1 - l2))
    return Estimate(found, max(-1.0, found - below), min(1.0, found + above), level)


def difference_weights(tables: TwoByTwoTables, weights: Weights) -> FloatArray:
    """Return the weights [K] of the strata, which add up to 1; ValueError when the name is not known.

    >>> tables = TwoByTwoTables.of([1, 1], [10, 30], [1, 1], [10, 10])
    >>> difference_weights(tables, "mantel-haenszel").tolist()
    [0.4, 0.6]
    """
    if weights not in get_args(Weights):
        raise ValueError(f"weights must be one of {', '.join(get_args(Weights))}; got {weights!r}")
    _, n1, _, n2 = tables.columns
    raw = n1 * n2 / (n1 + n2) if weights == "mantel-haenszel" else n1 + n2
    return np.asarray(raw / raw.sum())


def _weighted(tables: TwoByTwoTables, share: FloatArray) -> float:
    x1, n1, x2, n2 = tables.columns
    return float((share * (x1 / n1 - x2 / n2)).sum())


def _sato(tables: TwoByTwoTables, difference: float) -> FloatArray:
    x1, n1, x2, n2 = tables.columns
    total = n1 + n2
    p = (n1**2 * x2 - n2**2 * x1 + n1 * n2 * (n2 - n1) / 2) / total**2
    return np.asarray(difference * p + (x1 * (n2 - x2) + x2 * (n1 - x1)) / (2 * total))


def _greenland_robins(tables: TwoByTwoTables) -> FloatArray:
    x1, n1, x2, n2 = tables.columns
    return np.asarray((x1 * (n1 - x1) * n2**3 + x2 * (n2 - x2) * n1**3) / (n1 * n2 * (n1 + n2) ** 2))


def _score_variance(tables: TwoByTwoTables, share: FloatArray, delta: float) -> float:
    total = 0.0
    for row, weight in zip(tables.rows, share.tolist(), strict=True):
        n = row[1] + row[3]
        total += weight**2 * n / (n - 1) * restricted_variance(*row, delta)
    return total


def _wilson(x: FloatArray, n: FloatArray, share: FloatArray, z: float, corrected: bool) -> tuple[float, float]:
    """Return the weighted Wilson limits of one group."""
    variance = x / n * (1 - x / n) / n
    spread = variance if variance.any() else 1 / n
    own = z * math.sqrt(float((share**2 * spread).sum())) / float((share * np.sqrt(spread)).sum())
    limits = np.array([score_limits(xk, nk, own, corrected) for xk, nk in zip(x.tolist(), n.tolist(), strict=True)])
    lower, upper = (share @ limits).tolist()
    return lower, upper
