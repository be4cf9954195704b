"""One proportion, two proportions, and the difference between them."""

from __future__ import annotations

import math

import numpy as np

from trialwright.stats.estimates import Estimate, Test, two_sided_z

NOBODY = "no subject"


def clopper_pearson(events: int, subjects: int, *, level: float = 0.95) -> Estimate:
    """Return a proportion with its exact interval: quantiles of beta distributions (Clopper and Pearson 1934).

    >>> found = clopper_pearson(7, 10)
    >>> f"{found.value} {found.lower:.6f} {found.upper:.6f}"
    '0.7 0.347547 0.933260'
    """
    tail = (1 - _level(level)) / 2
    if _count(events, subjects) == 0:
        return Estimate(None, None, None, level, problem=NOBODY)
    from scipy.special import betaincinv

    lower = float(betaincinv(events, subjects - events + 1, tail)) if events > 0 else 0.0
    upper = float(betaincinv(events + 1, subjects - events, 1 - tail)) if events < subjects else 1.0
    return Estimate(events / subjects, lower, upper, level)


def wilson(events: int, subjects: int, *, level: float = 0.95, corrected: bool = False) -> Estimate:
    """Return a proportion with its score interval (Wilson 1927), if wanted continuity-corrected (Newcombe 1998).

    >>> found = wilson(7, 10)
    >>> f"{found.lower:.6f} {found.upper:.6f}"
    '0.396778 0.892209'
    """
    z = two_sided_z(level)
    if _count(events, subjects) == 0:
        return Estimate(None, None, None, level, problem=NOBODY)
    lower, upper = _score_limits(events, subjects, z, corrected)
    return Estimate(events / subjects, lower, upper, level)


def newcombe(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95, corrected: bool = False) -> Estimate:
    """Return the difference x1/n1 - x2/n2 with limits built from the two Wilson intervals (Newcombe 1998, method 10).

    ``corrected`` takes the continuity-corrected Wilson limits (method 11).

    >>> found = newcombe(56, 70, 48, 80)
    >>> f"{found.value:.2f} {found.lower:.6f} {found.upper:.6f}"
    '0.20 0.052431 0.333873'
    """
    z = two_sided_z(level)
    if _count(x1, n1) == 0 or _count(x2, n2) == 0:
        return Estimate(None, None, None, level, problem=NOBODY)
    p1, p2 = x1 / n1, x2 / n2
    (l1, u1), (l2, u2) = (_score_limits(x, n, z, corrected) for x, n in ((x1, n1), (x2, n2)))
    lower = p1 - p2 - math.hypot(p1 - l1, u2 - p2)
    upper = p1 - p2 + math.hypot(u1 - p1, p2 - l2)
    return Estimate(p1 - p2, lower, upper, level)


def pearson_chi_square(x1: int, n1: int, x2: int, n2: int, *, corrected: bool = False) -> Test:
    """Return the chi-square test of two proportions (Pearson 1900), if wanted with Yates's correction (1934).

    Not possible, with the reason in ``problem``, when a group is empty or all outcomes are alike.

    >>> round(pearson_chi_square(56, 70, 48, 80).statistic, 6)
    7.023411
    """
    problem = _degenerate(x1, n1, x2, n2)
    if problem:
        return Test.impossible(problem)
    n, x = n1 + n2, x1 + x2
    distance: float = abs(x1 * (n2 - x2) - x2 * (n1 - x1))
    distance = max(0.0, distance - n / 2) if corrected else distance
    return Test.chi_square(n * distance**2 / (n1 * n2 * x * (n - x)), 1)


def fisher_exact(x1: int, n1: int, x2: int, n2: int) -> Test:
    """Return Fisher's exact two-sided P value: the sum of all tables with these margins no likelier than the observed.

    Probabilities within a relative 1e-7 count as equal, as in R. There is no statistic and no degree of freedom.

    >>> f"{fisher_exact(56, 70, 48, 80).p:.9f}"
    '0.012521130'
    """
    if _count(x1, n1) == 0 or _count(x2, n2) == 0:
        return Test.impossible(NOBODY)
    x = x1 + x2
    first = max(0, x - n2)
    logs = np.array([_log_table(k, n1, x - k, n2) for k in range(first, min(n1, x) + 1)])
    probabilities = np.exp(logs - logs.max())
    observed = probabilities[x1 - first]
    p = probabilities[probabilities <= observed * (1 + 1e-7)].sum() / probabilities.sum()
    return Test(None, 0, min(1.0, float(p)))


def _count(events: int, subjects: int) -> int:
    if not (0 <= events <= subjects) or events != int(events) or subjects != int(subjects):
        raise ValueError(f"events must be a whole number from 0 to the number of subjects; got {events} of {subjects}")
    return int(subjects)


def _level(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}. For 95 % limits write level=0.95.")
    return level


def _score_limits(x: int, n: int, z: float, corrected: bool) -> tuple[float, float]:
    shift = 0.5 if corrected else 0.0
    lower = 0.0 if x == 0 else max(0.0, _score_limit(x - shift, n, z, -1))
    upper = 1.0 if x == n else min(1.0, _score_limit(x + shift, n, z, 1))
    return lower, upper


def _score_limit(x: float, n: int, z: float, side: int) -> float:
    return (x + z * z / 2 + side * z * math.sqrt(x * (n - x) / n + z * z / 4)) / (n + z * z)


def _degenerate(x1: int, n1: int, x2: int, n2: int) -> str | None:
    if _count(x1, n1) == 0 or _count(x2, n2) == 0:
        return NOBODY
    return "every outcome is the same: nothing to compare" if x1 + x2 in (0, n1 + n2) else None


def _log_table(x1: int, n1: int, x2: int, n2: int) -> float:
    return _log_choose(n1, x1) + _log_choose(n2, x2)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
