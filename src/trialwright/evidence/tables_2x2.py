"""Trials with counted events: Mantel-Haenszel and Peto across trials, and each trial as a study.

Mantel and Haenszel 1959 with the variances of Robins, Breslow and Greenland 1986 (odds ratio), Greenland and Robins
1985 (risk ratio), Sato, Greenland and Robins 1989 (difference); Peto's one-step odds ratio of Yusuf and others 1985
(Prog Cardiovasc Dis 27:335). Trials without any event inform the common difference, but no ratio.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from trialwright.evidence.quantiles import chi_square_tail, limit, two_sided_p
from trialwright.evidence.studies import Study
from trialwright.stats import (
    Estimate,
    Test,
    TwoByTwoTables,
    mantel_haenszel_difference,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_ratio,
)

__all__ = ["Measure", "PooledTables", "pool_mantel_haenszel", "pool_peto", "studies_of_tables"]

Measure = Literal["odds ratio", "risk ratio", "risk difference"]
Row = tuple[int, int, int, int]


@dataclass(frozen=True)
class PooledTables:
    """A common effect of counted trials."""

    measure: Measure
    method: Literal["Mantel-Haenszel", "Peto"]
    estimate: Estimate
    """Ratios as ratios; ``se`` is of their logarithm."""
    z: float
    p: float
    """Two-sided, of no effect."""
    heterogeneity: Test
    """Q of the trials' own estimates about the common one."""


def pool_mantel_haenszel(tables: TwoByTwoTables, measure: Measure, *, level: float = 0.95) -> PooledTables:
    """Return the Mantel-Haenszel estimate over trials; no event count is changed in it, zeros are no obstacle.

    Each trial's own estimate, needed for Q alone, has one half added to its cells where one of them is 0. ValueError
    where the events of all trials together allow no estimate.

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> found = pool_mantel_haenszel(tables, "odds ratio")
    >>> f"{found.estimate.value:.4f} {found.p:.4f} {found.heterogeneity.statistic:.4f}"
    '1.7320 0.0865 1.6898'
    """
    if measure not in get_args(Measure):
        raise ValueError(f"measure must be one of {', '.join(get_args(Measure))}; got {measure!r}")
    found = _mantel_haenszel(tables, measure, level)
    if found.problem or found.value is None or not found.se:
        raise ValueError(f"the trials allow no common {measure}: {found.problem or 'no events, or nothing but events'}")
    center = found.value if measure == "risk difference" else math.log(found.value)
    labels = [str(i) for i in range(1, len(tables) + 1)]
    own = studies_of_tables(tables, labels, measure)
    return _tested(measure, "Mantel-Haenszel", found, center, [(s.estimate, s.variance) for s in own])


def pool_peto(tables: TwoByTwoTables, *, level: float = 0.95) -> PooledTables:
    """Return Peto's odds ratio: exp(sum (O - E) / sum V), V hypergeometric; for small effects and similar arms.

    >>> tables = TwoByTwoTables.of([20, 9, 30, 4], [50, 12, 60, 14], [8, 2, 10, 1], [23, 6, 28, 5])
    >>> f"{pool_peto(tables).estimate.value:.4f}"
    '1.7088'
    """
    kept = [_peto(row) for row in tables.informative.rows]
    if not kept:
        raise ValueError("the trials allow no common odds ratio: none has both groups and both outcomes")
    total = sum(v for _, v in kept)
    center, se = sum(o for o, _ in kept) / total, 1 / math.sqrt(total)
    half = limit(level, None) * se
    found = Estimate(math.exp(center), math.exp(center - half), math.exp(center + half), level, se=se)
    return _tested("odds ratio", "Peto", found, center, [(o / v, 1 / v) for o, v in kept])


def studies_of_tables(tables: TwoByTwoTables, labels: Sequence[str], measure: Measure) -> list[Study]:
    """Return each trial as a study, ratios as logarithms; a half is added to the cells of a trial with an empty one.

    A trial with nobody in a group, without any event or with nothing but events is left out, for a difference too: its
    variance would be that of the added half alone, and so small that it outweighs the trials that saw something.

    >>> tables = TwoByTwoTables.of([3, 0], [20, 25], [6, 4], [20, 25])
    >>> [f"{s.label} {s.estimate:.3f} {s.se:.3f}" for s in studies_of_tables(tables, ["a", "b"], "odds ratio")]
    ['a -0.887 0.794', 'b -2.368 1.519']
    """
    if measure not in get_args(Measure):
        raise ValueError(f"measure must be one of {', '.join(get_args(Measure))}; got {measure!r}")
    pairs = zip(labels, tables.rows, strict=True)
    return [_study(label, row, measure) for label, row in pairs if _informative(row)]


def _informative(row: Row) -> bool:
    x1, n1, x2, n2 = row
    return bool(n1 and n2) and 0 < x1 + x2 < n1 + n2


def _study(label: str, row: Row, measure: Measure) -> Study:
    x1, n1, x2, n2 = row
    cells = (x1, n1 - x1, x2, n2 - x2)
    a, b, c, d = (cell + (0 if all(cells) else 0.5) for cell in cells)
    m1, m2 = a + b, c + d
    if measure == "odds ratio":
        return Study(label, math.log(a * d / (b * c)), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d))
    if measure == "risk ratio":
        return Study(label, math.log(a * m2 / (c * m1)), math.sqrt(1 / a - 1 / m1 + 1 / c - 1 / m2))
    return Study(label, a / m1 - c / m2, math.sqrt(a * b / m1**3 + c * d / m2**3))


def _peto(row: Row) -> tuple[float, float]:
    """Return observed less expected events in group 1, and their variance given all margins."""
    x1, n1, x2, n2 = row
    total, events = n1 + n2, x1 + x2
    return x1 - n1 * events / total, n1 * n2 * events * (total - events) / (total**2 * (total - 1))


def _mantel_haenszel(tables: TwoByTwoTables, measure: Measure, level: float) -> Estimate:
    if measure == "odds ratio":
        return mantel_haenszel_odds_ratio(tables, level=level)
    if measure == "risk ratio":
        return mantel_haenszel_risk_ratio(tables, level=level)
    return mantel_haenszel_difference(tables, variance="sato", level=level)


def _tested(
    measure: Measure,
    method: Literal["Mantel-Haenszel", "Peto"],
    found: Estimate,
    center: float,
    own: Sequence[tuple[float, float]],
) -> PooledTables:
    z = center / (found.se or math.nan)
    q, df = sum((y - center) ** 2 / v for y, v in own), len(own) - 1
    p = chi_square_tail(q, df) if df else None
    spread = Test(q, df, p) if df else Test.impossible("one trial alone")
    return PooledTables(measure, method, found, z, two_sided_p(z, None), spread)
