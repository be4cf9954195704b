"""The ratio of two proportions, p1 / p2: limits by Katz's logarithm and by score methods.

With no event in the second group the ratio is infinite: its upper limit is infinite too, and the lower one says how
small it may be. With no event in either it is not determined, and the limits are 0 and infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from trialwright.stats.counts import NOBODY, boundary, check_level, empty
from trialwright.stats.estimates import Estimate, two_sided_z

NO_EVENT = "no event in either group: the ratio is not determined"
FAR = 100.0
"""Logarithm beyond which a ratio is not looked for: products of shares next to it are still ordinary doubles."""


def katz(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Return the ratio with Wald limits of its logarithm (Katz, Baptista, Azen and Pike 1978).

    Limits need an event in both groups; otherwise they are None and the problem says so. ``se`` is of the logarithm.

    >>> found = katz(56, 70, 48, 80)
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '1.333333 1.076626 1.651249'
    """
    z = two_sided_z(level)
    if empty(x1, n1, x2, n2):
        return Estimate(None, None, None, level, problem=NOBODY)
    if x1 == 0 or x2 == 0:
        return Estimate(_ratio(x1, n1, x2, n2), None, None, level, problem="limits of Katz need events in both groups")
    ratio, se = x1 / n1 / (x2 / n2), math.sqrt(1 / x1 - 1 / n1 + 1 / x2 - 1 / n2)
    return Estimate(ratio, ratio * math.exp(-z * se), ratio * math.exp(z * se), level, se=se)


def koopman(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Return the ratio with score limits (Koopman 1984).

    >>> found = koopman(56, 70, 48, 80)
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '1.333333 1.079822 1.670806'
    """
    return _score((x1, n1, x2, n2), level, 1.0)


def miettinen_nurminen_ratio(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Return the ratio with score limits, variance times N / (N - 1) (Miettinen and Nurminen 1985, eq. 10 and 11).

    >>> found = miettinen_nurminen_ratio(56, 70, 48, 80)
    >>> f"{found.lower:.6f} {found.upper:.6f}"
    '1.079047 1.672145'
    """
    return _score((x1, n1, x2, n2), level, (n1 + n2) / (n1 + n2 - 1) if n1 + n2 > 1 else 1.0)


def logarithmic_bounds(estimate: float | None, accepted: Callable[[float], bool]) -> tuple[float, float]:
    """Return the ends of the ratios accepted by a test; 0 and infinite where the estimate is there, or is None."""
    if estimate is None:
        return 0.0, math.inf
    near = math.log(estimate) if 0 < estimate < math.inf else math.copysign(FAR, estimate - 1)

    def end(outside: float) -> float:
        return math.exp(boundary(near, outside, lambda log: accepted(math.exp(log))))

    lower = 0.0 if estimate == 0 else end(-FAR)
    upper = math.inf if estimate == math.inf else end(FAR)
    return lower, upper


def _ratio(x1: int, n1: int, x2: int, n2: int) -> float | None:
    if x2 == 0:
        return math.inf if x1 else None
    return (x1 / n1) / (x2 / n2)


def _score(counts: tuple[int, int, int, int], level: float, factor: float) -> Estimate:
    x1, n1, x2, n2 = counts
    critical = factor * two_sided_z(check_level(level)) ** 2
    if empty(x1, n1, x2, n2):
        return Estimate(None, None, None, level, problem=NOBODY)

    def accepted(ratio: float) -> bool:
        p, q = _restricted(x1, n1, x2, n2, ratio)
        variance = p * (1 - p) / n1 + ratio**2 * q * (1 - q) / n2
        return (x1 / n1 - ratio * x2 / n2) ** 2 <= critical * variance

    found = _ratio(x1, n1, x2, n2)
    return Estimate(found, *logarithmic_bounds(found, accepted), level, problem=NO_EVENT if found is None else None)


def _restricted(x1: int, n1: int, x2: int, n2: int, ratio: float) -> tuple[float, float]:
    """Return the most likely p1 and p2 with p1 = ratio p2 (Koopman 1984): the smaller root, free of cancellation."""
    a, b, c = (n1 + n2) * ratio, n1 * ratio + x1 + n2 + x2 * ratio, x1 + x2
    q = 2 * c / (b + math.sqrt(max(0.0, b * b - 4 * a * c)))
    return min(1.0, ratio * q), min(1.0, q)
