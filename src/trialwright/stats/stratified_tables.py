"""Two-by-two tables in strata: tests of no association, common odds ratio and risk ratio, and their homogeneity.

In stratum k group 1 has x1 events among n1 subjects, group 2 x2 among n2; N = n1 + n2, C = x1 + x2. A stratum with an
empty group tells nothing of the groups' difference and counts for nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray
from trialwright.stats.counts import check_count
from trialwright.stats.estimates import Estimate, Test, two_sided_z
from trialwright.stats.noncentral import Conditional, conditional
from trialwright.stats.odds import fitted_shares

NO_STRATUM = "no stratum has subjects in both groups"
UNINFORMATIVE = "no stratum has both groups and both outcomes"


@dataclass(frozen=True)
class TwoByTwoTables:
    """Events and subjects of two groups in K strata, made and checked once by ``of``."""

    x1: tuple[int, ...]
    """[K] events in group 1."""
    n1: tuple[int, ...]
    """[K] subjects in group 1."""
    x2: tuple[int, ...]
    n2: tuple[int, ...]

    @classmethod
    def of(cls, x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike) -> TwoByTwoTables:
        """Return the tables of counts [K] each; ValueError unless events are whole numbers from 0 to the subjects.

        >>> TwoByTwoTables.of([20, 9], [50, 12], [8, 2], [23, 6]).rows
        ((20, 50, 8, 23), (9, 12, 2, 6))
        """
        columns = [np.atleast_1d(np.asarray(column)).tolist() for column in (x1, n1, x2, n2)]
        if len({len(column) for column in columns}) != 1 or not columns[0]:
            raise ValueError(f"counts must be of the same strata, at least one; got {[len(c) for c in columns]} strata")
        for events, subjects in (*zip(*columns[:2], strict=True), *zip(*columns[2:], strict=True)):
            check_count(events, subjects)
        return cls(*(tuple(int(count) for count in column) for column in columns))

    @property
    def rows(self) -> tuple[tuple[int, int, int, int], ...]:
        """Return the tables one after the other as (x1, n1, x2, n2)."""
        return tuple(zip(self.x1, self.n1, self.x2, self.n2, strict=True))

    @property
    def comparable(self) -> TwoByTwoTables:
        """Return the tables with subjects in both groups; the others hold no comparison."""
        kept = [row for row in self.rows if row[1] and row[3]]
        return TwoByTwoTables(*(zip(*kept, strict=True) if kept else ((),) * 4))

    @property
    def informative(self) -> TwoByTwoTables:
        """Return the tables with subjects in both groups, with and without the event."""
        kept = [row for row in self.comparable.rows if 0 < row[0] + row[2] < row[1] + row[3]]
        return TwoByTwoTables(*(zip(*kept, strict=True) if kept else ((),) * 4))

    @property
    def columns(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return x1, n1, x2, n2, each [K]."""
        x1, n1, x2, n2 = (np.array(column, np.float64) for column in (self.x1, self.n1, self.x2, self.n2))
        return x1, n1, x2, n2

    def __len__(self) -> int:
        return len(self.x1)


def cochran_mantel_haenszel(tables: TwoByTwoTables, *, corrected: bool = False) -> Test:
    """Return the chi-square test of no association within strata (Cochran 1954; Mantel and Haenszel 1959).

    ``corrected`` takes a half off the absolute difference of observed and expected events, at most all of it (R leaves
    a difference below a half uncorrected).

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> found = cochran_mantel_haenszel(tables)
    >>> f"{found.statistic:.6f} {found.p:.6f}"
    '2.963650 0.085156'
    """
    kept = tables.informative
    if not len(kept):
        return Test.impossible(UNINFORMATIVE)
    x1, n1, x2, n2 = kept.columns
    total, events = n1 + n2, x1 + x2
    distance = abs(float((x1 - n1 * events / total).sum()))
    distance = max(0.0, distance - 0.5) if corrected else distance
    variance = float((n1 * n2 * events * (total - events) / (total**2 * (total - 1))).sum())
    return Test.chi_square(distance**2 / variance, 1)


def exact_stratified_test(tables: TwoByTwoTables) -> Test:
    """Return the exact two-sided P value of no association within strata, given all margins (Gart 1970).

    The sum over totals of events in group 1 no likelier than the observed one, as R's ``mantelhaen.test(exact=TRUE)``.

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> f"{exact_stratified_test(tables).p:.6f}"
    '0.089068'
    """
    kept = tables.informative
    return Test(None, 0, _conditional(kept).p()) if len(kept) else Test.impossible(UNINFORMATIVE)


def exact_stratified_odds_ratio(tables: TwoByTwoTables, *, level: float = 0.95) -> Estimate:
    """Return the common odds ratio most likely given all margins, with exact limits (Gart 1970).

    0 or infinite where the observed total is at an end of what the margins allow.

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> found = exact_stratified_odds_ratio(tables)
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '1.732476 0.887378 3.455674'
    """
    two_sided_z(level)
    kept = tables.informative
    if not len(kept):
        return Estimate(None, 0.0, math.inf, level, problem=UNINFORMATIVE)
    exact = _conditional(kept)
    return Estimate(exact.odds_ratio(), *exact.limits(level), level)


def mantel_haenszel_odds_ratio(tables: TwoByTwoTables, *, level: float = 0.95) -> Estimate:
    """Return the common odds ratio (Mantel and Haenszel 1959) with the variance of Robins, Breslow, Greenland (1986).

    ``se`` is of the logarithm. Where the ratio is 0 or infinite the limits are None, and the problem says so.

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> found = mantel_haenszel_odds_ratio(tables)
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '1.732047 0.924209 3.246004'
    """
    x1, n1, x2, n2 = tables.comparable.columns
    total = n1 + n2
    r, s = x1 * (n2 - x2) / total, x2 * (n1 - x1) / total
    p, q = (x1 + n2 - x2) / total, (x2 + n1 - x1) / total
    up, down = float(r.sum()), float(s.sum())
    if up == 0 or down == 0:
        return _unbounded(up, down, level)
    variance = (p * r).sum() / (2 * up**2) + (p * s + q * r).sum() / (2 * up * down) + (q * s).sum() / (2 * down**2)
    return _logarithmic(up / down, math.sqrt(variance), level)


def mantel_haenszel_risk_ratio(tables: TwoByTwoTables, *, level: float = 0.95) -> Estimate:
    """Return the common ratio of proportions with the variance of Greenland and Robins (1985, eq. 13).

    ``se`` is of the logarithm. Where the ratio is 0 or infinite the limits are None, and the problem says so.

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> found = mantel_haenszel_risk_ratio(tables)
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '1.385003 0.937690 2.045700'
    """
    x1, n1, x2, n2 = tables.comparable.columns
    total = n1 + n2
    up, down = float((x1 * n2 / total).sum()), float((x2 * n1 / total).sum())
    if up == 0 or down == 0:
        return _unbounded(up, down, level)
    parts = float(((n1 * n2 * (x1 + x2) - x1 * x2 * total) / total**2).sum())
    return _logarithmic(up / down, math.sqrt(parts / (up * down)), level)


def breslow_day(tables: TwoByTwoTables, *, tarone: bool = True) -> Test:
    """Return the test that the odds ratio is the same in all strata (Breslow and Day 1980, eq. 4.32).

    Cells are fitted at the Mantel-Haenszel odds ratio; ``tarone`` takes off the correction that this estimate asks for
    (Tarone 1985). Degrees of freedom: strata with both groups and both outcomes, less one.

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> found = breslow_day(tables)
    >>> f"{found.statistic:.6f} {found.df}"
    '1.741668 3'
    """
    kept = tables.informative
    if len(kept) < 2:
        return Test.impossible("fewer than two strata have both groups and both outcomes")
    common = mantel_haenszel_odds_ratio(kept).value
    if common is None or not 0 < common < math.inf:
        return Test.impossible("the common odds ratio is 0 or infinite")
    p1, q1, p2, q2 = np.array([fitted_shares(*row, common) for row in kept.rows]).T
    x1, n1, _, n2 = kept.columns
    residual = x1 - n1 * p1
    variance = 1 / (1 / (n1 * p1 * q1) + 1 / (n2 * p2 * q2))
    correction = float(residual.sum()) ** 2 / float(variance.sum()) if tarone else 0.0
    return Test.chi_square(float((residual**2 / variance).sum()) - correction, len(kept) - 1)


def _conditional(tables: TwoByTwoTables) -> Conditional:
    return conditional(tables.rows)


def _unbounded(up: float, down: float, level: float) -> Estimate:
    two_sided_z(level)
    if up == down:
        return Estimate(None, None, None, level, problem=UNINFORMATIVE)
    problem = "no limits: the ratio is infinite" if up else "no limits: the ratio is 0"
    return Estimate(math.inf if up else 0.0, None, None, level, problem=problem)


def _logarithmic(ratio: float, se: float, level: float) -> Estimate:
    z = two_sided_z(level)
    return Estimate(ratio, ratio * math.exp(-z * se), ratio * math.exp(z * se), level, se=se)
