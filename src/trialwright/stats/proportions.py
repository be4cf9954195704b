"""One proportion: exact, score, Bayesian and Wald limits, and the exact test of a given value.

Limits of a share are within 0 and 1. With no event the lower limit is 0, with events in all subjects the upper is 1.
With no subject at all nothing is estimable, and the problem says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from trialwright.stats.counts import NOBODY, boundary, check_count, check_level
from trialwright.stats.estimates import Estimate, Test, two_sided_z

_Limits = tuple[float, float]


def clopper_pearson(events: int, subjects: int, *, level: float = 0.95) -> Estimate:
    """Return a proportion with its exact interval: quantiles of beta distributions (Clopper and Pearson 1934).

    >>> found = clopper_pearson(7, 10)
    >>> f"{found.value} {found.lower:.6f} {found.upper:.6f}"
    '0.7 0.347547 0.933260'
    """
    return _proportion(events, subjects, level, lambda x, n: exact_limits(x, n, (1 - level) / 2))


def wilson(events: int, subjects: int, *, level: float = 0.95, corrected: bool = False) -> Estimate:
    """Return a proportion with its score interval (Wilson 1927), if wanted continuity-corrected (Newcombe 1998).

    >>> found = wilson(7, 10)
    >>> f"{found.lower:.6f} {found.upper:.6f}"
    '0.396778 0.892209'
    """
    return _proportion(events, subjects, level, lambda x, n: score_limits(x, n, two_sided_z(level), corrected))


def jeffreys(events: int, subjects: int, *, level: float = 0.95) -> Estimate:
    """Return a proportion with quantiles of beta(x + 1/2, n - x + 1/2) (Brown, Cai and DasGupta 2001, section 3.1.3).

    The ends are 0 at x = 0 and 1 at x = n, as proposed there.

    >>> found = jeffreys(7, 10)
    >>> f"{found.lower:.6f} {found.upper:.6f}"
    '0.394182 0.907305'
    """
    return _proportion(events, subjects, level, lambda x, n: _jeffreys(x, n, (1 - level) / 2))


def mid_p(events: int, subjects: int, *, level: float = 0.95) -> Estimate:
    """Return a proportion with mid-P limits (Lancaster 1961; Berry and Armitage 1995).

    At a limit the tail beyond the observed count with half the probability of the count itself is (1 - level) / 2.

    >>> found = mid_p(7, 10)
    >>> f"{found.lower:.6f} {found.upper:.6f}"
    '0.380081 0.917400'
    """
    return _proportion(events, subjects, level, lambda x, n: _mid_p(x, n, (1 - level) / 2))


def agresti_coull(events: int, subjects: int, *, level: float = 0.95, clipped: bool = True) -> Estimate:
    """Return a proportion with Wald limits around the center of Wilson's interval (Agresti and Coull 1998).

    Without ``clipped`` the limits may lie outside 0 to 1.

    >>> found = agresti_coull(7, 10)
    >>> f"{found.value} {found.lower:.6f} {found.upper:.6f}"
    '0.7 0.392325 0.896662'
    """
    z = two_sided_z(level)
    return _proportion(events, subjects, level, lambda x, n: _wald(x + z * z / 2, n + z * z, z, clipped))


def wald(events: int, subjects: int, *, level: float = 0.95, clipped: bool = True) -> Estimate:
    """Return a proportion with limits p -+ z sqrt(p (1 - p) / n), for comparison with older tables.

    The limits collapse to a point at x = 0 and x = n, and cover far less than ``level`` near them. Without
    ``clipped`` they may lie outside 0 to 1.

    >>> found = wald(7, 10)
    >>> f"{found.lower:.6f} {found.upper:.6f}"
    '0.415974 0.984026'
    """
    return _proportion(events, subjects, level, lambda x, n: _wald(x, n, two_sided_z(level), clipped))


def exact_binomial_test(events: int, subjects: int, *, share: float) -> Test:
    """Return the exact two-sided P value of a share: the sum over all counts no likelier than the observed one.

    Probabilities within a relative 1e-7 count as equal, as in R. There is no statistic and no degree of freedom.

    >>> round(exact_binomial_test(7, 10, share=0.3).p, 6)
    0.010592
    """
    if not 0 < share < 1:
        raise ValueError(f"share must be in (0, 1); got {share}. It is the probability under the null hypothesis.")
    if check_count(events, subjects) == 0:
        return Test.impossible(NOBODY)
    from scipy.special import gammaln

    k = np.arange(subjects + 1)
    logs = k * math.log(share) + (subjects - k) * math.log1p(-share) - gammaln(k + 1) - gammaln(subjects - k + 1)
    return Test(None, 0, no_likelier(np.exp(logs - logs.max()), events))


def no_likelier(density: np.ndarray[tuple[int], np.dtype[np.float64]], observed: int) -> float:
    """Return the share of a density [k], of any total, at the points no likelier than the one observed."""
    return min(1.0, float(density[density <= density[observed] * (1 + 1e-7)].sum() / density.sum()))


def exact_limits(x: int, n: int, tail: float) -> _Limits:
    """Return Clopper-Pearson limits with ``tail`` on each side."""
    from scipy.special import betaincinv

    lower = float(betaincinv(x, n - x + 1, tail)) if x > 0 else 0.0
    upper = float(betaincinv(x + 1, n - x, 1 - tail)) if x < n else 1.0
    return lower, upper


def score_limits(x: float, n: float, z: float, corrected: bool) -> _Limits:
    """Return Wilson limits; with ``corrected`` the count is moved by a half towards the outside first."""
    shift = 0.5 if corrected else 0.0
    lower = 0.0 if x == 0 else max(0.0, _score_limit(x - shift, n, z, -1))
    upper = 1.0 if x == n else min(1.0, _score_limit(x + shift, n, z, 1))
    return lower, upper


def _proportion(events: int, subjects: int, level: float, limits: Callable[[int, int], _Limits]) -> Estimate:
    check_level(level)
    if check_count(events, subjects) == 0:
        return Estimate(None, None, None, level, problem=NOBODY)
    lower, upper = limits(int(events), int(subjects))
    return Estimate(events / subjects, lower, upper, level)


def _score_limit(x: float, n: float, z: float, side: int) -> float:
    return (x + z * z / 2 + side * z * math.sqrt(x * (n - x) / n + z * z / 4)) / (n + z * z)


def _jeffreys(x: int, n: int, tail: float) -> _Limits:
    from scipy.special import betaincinv

    lower = float(betaincinv(x + 0.5, n - x + 0.5, tail)) if x > 0 else 0.0
    upper = float(betaincinv(x + 0.5, n - x + 0.5, 1 - tail)) if x < n else 1.0
    return lower, upper


def _mid_p(x: int, n: int, tail: float) -> _Limits:
    estimate = x / n
    lower = boundary(estimate, 0.0, lambda p: _mid_tail(x, n, p) >= tail) if x > 0 else 0.0
    upper = boundary(estimate, 1.0, lambda p: 1 - _mid_tail(x, n, p) >= tail) if x < n else 1.0
    return lower, upper


def _mid_tail(x: int, n: int, p: float) -> float:
    """Return P(X > x) + P(X = x) / 2."""
    from scipy.special import betainc

    at_least = float(betainc(x, n - x + 1, p)) if x > 0 else 1.0
    return (at_least + (float(betainc(x + 1, n - x, p)) if x < n else 0.0)) / 2


def _wald(x: float, n: float, z: float, clipped: bool) -> _Limits:
    p = x / n
    half = z * math.sqrt(p * (1 - p) / n)
    return (max(0.0, p - half), min(1.0, p + half)) if clipped else (p - half, p + half)
