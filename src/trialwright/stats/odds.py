"""The odds ratio of a two-by-two table: Woolf's limits, score limits, and the exact conditional estimate.

An odds ratio is infinite when group 1 has only events or group 2 has none, 0 the other way around, and not determined
(limits 0 and infinite) when all outcomes are alike.
"""

from __future__ import annotations

import math

from trialwright.stats.counts import ALIKE, NOBODY, check_level, empty
from trialwright.stats.estimates import Estimate, two_sided_z
from trialwright.stats.noncentral import conditional
from trialwright.stats.ratios import logarithmic_bounds


def woolf(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Return the odds ratio with Wald limits of its logarithm (Woolf 1955).

    Limits need all four cells above zero; otherwise they are None and the problem says so. ``se`` is of the logarithm.

    >>> found = woolf(56, 70, 48, 80)
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '2.666667 1.276218 5.572020'
    """
    z = two_sided_z(level)
    if empty(x1, n1, x2, n2):
        return Estimate(None, None, None, level, problem=NOBODY)
    ratio, cells = _odds_ratio(x1, n1, x2, n2), (x1, n1 - x1, x2, n2 - x2)
    if ratio is None or 0 in cells:
        return Estimate(ratio, None, None, level, problem="limits of Woolf need events and no events in both groups")
    se = math.sqrt(sum(1 / cell for cell in cells))
    return Estimate(ratio, ratio * math.exp(-z * se), ratio * math.exp(z * se), level, se=se)


def conditional_odds_ratio(x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95) -> Estimate:
    """Return the odds ratio most likely given the margins, with exact limits (Fisher 1935; Cornfield 1956).

    It differs from the ratio of the odds in the sample; the interval has half of 1 - level on each side, while the
    P value of ``fisher_exact`` orders tables by probability: the two may disagree.

    >>> found = conditional_odds_ratio(56, 70, 48, 80)
    >>> f"{found.value:.6f} {found.lower:.6f} {found.upper:.6f}"
    '2.649187 1.209115 6.039873'
    """
    check_level(level)
    if empty(x1, n1, x2, n2):
        return Estimate(None, None, None, level, problem=NOBODY)
    exact = conditional([(x1, n1, x2, n2)])
    found = exact.odds_ratio()
    return Estimate(found, *exact.limits(level), level, problem=ALIKE if found is None else None)


def miettinen_nurminen_odds_ratio(
    x1: int, n1: int, x2: int, n2: int, *, level: float = 0.95, bias_corrected: bool = False
) -> Estimate:
    """Return the odds ratio with score limits, variance times N / (N - 1) (Miettinen and Nurminen 1985, eq. 13).

    ``bias_corrected`` takes the bias of the score off it (Gart 1985; Laud 2018), as R's ratesci does unasked.

    >>> found = miettinen_nurminen_odds_ratio(56, 70, 48, 80)
    >>> f"{found.lower:.6f} {found.upper:.6f}"
    '1.281573 5.540202'
    """
    z = two_sided_z(level)
    if empty(x1, n1, x2, n2):
        return Estimate(None, None, None, level, problem=NOBODY)
    critical = z * z * (n1 + n2) / (n1 + n2 - 1)

    def accepted(ratio: float) -> bool:
        p1, q1, p2, q2 = fitted_shares(x1, n1, x2, n2, ratio)
        v1, v2 = n1 * p1 * q1, n2 * p2 * q2
        bias = (p1 - p2) * v1 * v2 / (v1 + v2) if bias_corrected else 0.0
        excess = _excess(((x1, n1 * p1), (n1 - x1, n1 * q1), (x2, n2 * p2), (n2 - x2, n2 * q2)))
        return (excess * (v1 + v2) - bias) ** 2 < critical * v1 * v2 * (v1 + v2)

    found = _odds_ratio(x1, n1, x2, n2)
    return Estimate(found, *logarithmic_bounds(found, accepted), level, problem=ALIKE if found is None else None)


def fitted_shares(x1: int, n1: int, x2: int, n2: int, odds_ratio: float) -> tuple[float, float, float, float]:
    """Return p1, 1 - p1, p2 and 1 - p2 most likely with that odds ratio; both margins of the table are kept.

    Roots of a quadratic (Miettinen and Nurminen 1985, appendix I). Exchanging groups and outcomes gives each of the
    four by itself, so that none loses digits when it is next to 0.

    >>> p1, q1, p2, q2 = fitted_shares(56, 70, 48, 80, 1.0)
    >>> abs(p1 - 104 / 150) < 1e-15 and p1 == p2
    True
    """
    events, others = x1 + x2, n1 + n2 - x1 - x2
    return (
        _share(events, n2, n1, 1 / odds_ratio),
        _share(others, n2, n1, odds_ratio),
        _share(events, n1, n2, odds_ratio),
        _share(others, n1, n2, 1 / odds_ratio),
    )


def _share(events: int, other: int, own: int, odds_ratio: float) -> float:
    """Return the share of events in a group, the odds ratio being that of the other group against it."""
    excess = odds_ratio - 1
    a, b = own * excess, other * odds_ratio + own - events * excess
    root = math.sqrt(max(0.0, b * b + 4 * a * events))
    return min(1.0, 2 * events / (b + root) if b > 0 else (root - b) / (2 * a))


def _excess(cells: tuple[tuple[int, float], ...]) -> float:
    """Return observed less fitted events of group 1, by the cell with the smallest fit: there the fewest digits go."""
    signs = (1, -1, -1, 1)
    sign, (observed, fitted) = min(zip(signs, cells, strict=True), key=lambda cell: cell[1][1])
    return sign * (observed - fitted)


def _odds_ratio(x1: int, n1: int, x2: int, n2: int) -> float | None:
    one, two = x1 * (n2 - x2), x2 * (n1 - x1)
    if two == 0:
        return math.inf if one else None
    return one / two
