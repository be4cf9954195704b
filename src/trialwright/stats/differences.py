"""The difference of two proportions, p1 - p2: limits by Wald, Newcombe and score methods; non-inferiority.

Score methods compare the difference with its variance at the hypothesis: the two proportions are those most likely
among pairs whose difference is delta (Farrington and Manning 1990, in closed form).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from trialwright.stats.counts import NOBODY, boundary, check_level, empty
from trialwright.stats.estimates import Estimate, normal_tail, two_sided_z
from trialwright.stats.proportions import score_limits

_Counts = tuple[int, int, int, int]
"""x1, n1, x2, n2: events and subjects of both groups."""


@dataclass(frozen=True)
class OneSidedTest:
    """A standard normal statistic and the one-sided P value of values as large, or the problem that prevents it."""

    z: float | None
    p: float | None
    problem: str | None = None

    @classmethod
    def of(cls, z: float) -> OneSidedTest:
        """Return the test of a statistic that is standard normal under the null hypothesis.

        >>> round(OneSidedTest.of(1.959963984540054).p, 12)
        0.025
        """
        return cls(z, normal_tail(-z))


def wald_difference(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Return the difference with limits d -+ z sqrt(p1 (1 - p1) / n1 + p2 (1 - p2) / n2), not clipped.

    >>> found = wald_difference(56, 70, 48, 80)
    >>> f"{found.value:.2f} {found.lower:.6f} {found.upper:.6f}"
    '0.20 0.057505 0.342495'
    """
    z = two_sided_z(level)
    if empty(x1, n1, x2, n2):
        return Estimate(None, None, None, level, problem=NOBODY)
    p1, p2 = x1 / n1, x2 / n2
    se = math.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
    return Estimate(p1 - p2, p1 - p2 - z * se, p1 - p2 + z * se, level, se=se)


def newcombe(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95, corrected: bool = False) -> Estimate:
    """Return the difference x1/n1 - x2/n2 with limits built from the two Wilson intervals (Newcombe 1998, method 10).

    ``corrected`` takes the continuity-corrected Wilson limits (method 11).

    >>> found = newcombe(56, 70, 48, 80)
    >>> f"{found.value:.2f} {found.lower:.6f} {found.upper:.6f}"
    '0.20 0.052431 0.333873'
    """
    z = two_sided_z(level)
    if empty(x1, n1, x2, n2):
        return Estimate(None, None, None, level, problem=NOBODY)
    p1, p2 = x1 / n1, x2 / n2
    (l1, u1), (l2, u2) = (score_limits(x, n, z, corrected) for x, n in ((x1, n1), (x2, n2)))
    lower = p1 - p2 - math.hypot(p1 - l1, u2 - p2)
    upper = p1 - p2 + math.hypot(u1 - p1, p2 - l2)
    return Estimate(p1 - p2, max(-1.0, lower), min(1.0, upper), level)


def miettinen_nurminen(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Return the difference with score limits, variance times N / (N - 1) (Miettinen and Nurminen 1985, eq. 8 and 9).

    >>> found = miettinen_nurminen(56, 70, 48, 80)
    >>> f"{found.value:.2f} {found.lower:.6f} {found.upper:.6f}"
    '0.20 0.052830 0.338173'
    """
    return _score((x1, n1, x2, n2), level, (n1 + n2) / (n1 + n2 - 1) if n1 + n2 > 1 else 1.0)


def mee(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Return the difference with score limits without the factor N / (N - 1) (Mee 1984).

    >>> found = mee(56, 70, 48, 80)
    >>> f"{found.lower:.6f} {found.upper:.6f}"
    '0.053334 0.337729'
    """
    return _score((x1, n1, x2, n2), level, 1.0)


def farrington_manning(x1: int, n1: int, x2: int, n2: int, *, null: float) -> OneSidedTest:
    """Return the score test of p1 - p2 <= ``null`` against p1 - p2 > ``null`` (Farrington and Manning 1990).

    For non-inferiority of group 1 with a margin of 10 percentage points write ``null=-0.1``; where events are harms,
    exchange the groups. Variance without the factor N / (N - 1).

    >>> found = farrington_manning(56, 70, 48, 80, null=-0.1)
    >>> f"{found.z:.6f} {found.p:.7f}"
    '3.934206 0.0000417'
    """
    if not -1 < null < 1:
        raise ValueError(f"null must be a difference of shares in (-1, 1); got {null}")
    if empty(x1, n1, x2, n2):
        return OneSidedTest(None, None, NOBODY)
    variance = restricted_variance(x1, n1, x2, n2, null)
    if variance <= 0:
        return OneSidedTest(None, None, "every outcome is the same: the difference has no variance")
    return OneSidedTest.of((x1 / n1 - x2 / n2 - null) / math.sqrt(variance))


def restricted_variance(x1: int, n1: int, x2: int, n2: int, delta: float) -> float:
    """Return the variance of the difference at the most likely proportions whose difference is ``delta``."""
    p1, p2 = restricted_proportions(x1, n1, x2, n2, delta)
    return p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2


def restricted_proportions(x1: int, n1: int, x2: int, n2: int, delta: float) -> tuple[float, float]:
    """Return the most likely p1 and p2 with p1 - p2 = delta: the middle root of a cubic, by cosines.

    Farrington and Manning 1990, appendix; the same as Miettinen and Nurminen 1985, appendix I.

    >>> p1, p2 = restricted_proportions(56, 70, 48, 80, 0.0)
    >>> abs(p1 - 104 / 150) < 1e-12 and p1 == p2
    True
    """
    total, events = n1 + n2, x1 + x2
    l2 = (n1 + 2 * n2) * delta - total - events
    l1 = (n2 * delta - total - 2 * x2) * delta + events
    l0 = x2 * delta * (1 - delta)
    third = l2 / (3 * total)
    q = third**3 - l1 * l2 / (6 * total**2) + l0 / (2 * total)
    p = math.copysign(math.sqrt(max(0.0, third**2 - l1 / (3 * total))), q)
    angle = (math.pi + math.acos(max(-1.0, min(1.0, q / p**3)))) / 3 if p**3 != 0 else 0.0
    p2 = max(0.0, -delta, min(1.0, 1 - delta, 2 * p * math.cos(angle) - third))
    return min(1.0, max(0.0, p2 + delta)), p2


def score_bounds(estimate: float, accepted: Callable[[float], bool]) -> tuple[float, float]:
    """Return the ends of the differences accepted by a score test, -1 and 1 where the estimate is there already."""
    lower = -1.0 if estimate <= -1 else boundary(estimate, -1.0, accepted)
    upper = 1.0 if estimate >= 1 else boundary(estimate, 1.0, accepted)
    return lower, upper


def _score(counts: _Counts, level: float, factor: float) -> Estimate:
    check_level(level)
    if empty(*counts):
        return Estimate(None, None, None, level, problem=NOBODY)
    x1, n1, x2, n2 = counts
    difference, critical = x1 / n1 - x2 / n2, factor * two_sided_z(level) ** 2

    def accepted(delta: float) -> bool:
        return (difference - delta) ** 2 <= critical * restricted_variance(*counts, delta)

    return Estimate(difference, *score_bounds(difference, accepted), level)
