"""How uneven the allocations at the levels of one patient would be: exact, so that ties are ties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isqrt

from trialwright.randomize.methods import Counts

__all__ = ["MEASURES", "score"]

MEASURES = ("range", "standard deviation", "variance")
DIGITS = 40
"""Decimals of a square root; equal sums of roots are equal before any rounding."""


def score(measure: str, levels: Sequence[tuple[int, Counts]]) -> int:
    """Return the weighted sum of one measure over the levels of a patient, as a whole number, lower being more even.

    ``levels`` holds, for each factor, its weight and the allocations of each copy at the patient's level. The measures
    are those of Pocock & Simon (1975, section 3.2). Each is multiplied by the same number throughout: the variance of
    k copies by k squared, the standard deviation by k times 10 to the 40th.

    >>> score("range", [(1, (3, 1)), (2, (0, 1))]), score("variance", [(1, (3, 1))])
    (4, 4)
    """
    if measure == "range":
        return sum(weight * (max(counts) - min(counts)) for weight, counts in levels)
    if measure == "variance":
        return sum(weight * _squares(counts) for weight, counts in levels)
    return _roots([(weight, _squares(counts)) for weight, counts in levels])


def _squares(counts: Counts) -> int:
    """Return k squared times the variance (divisor k)."""
    return len(counts) * sum(count * count for count in counts) - sum(counts) ** 2


def _roots(terms: Sequence[tuple[int, int]]) -> int:
    # sqrt(8) and sqrt(2) + sqrt(2) must tie, so each root is first written as a whole number times the root of a
    # number without square factors: such roots are linearly independent over the rationals.
    total: Counter[int] = Counter()
    for weight, square in terms:
        outside, inside = _simplest(square)
        total[inside] += weight * outside
    return sum(times * isqrt(inside * 10 ** (2 * DIGITS)) for inside, times in total.items())


def _simplest(square: int) -> tuple[int, int]:
    """Return a and b with a * sqrt(b) the root and b without square factors; (0, 1) for 0."""
    outside, inside, factor = int(square > 0), square or 1, 2
    while factor * factor <= inside:
        while inside % (factor * factor) == 0:
            outside, inside = outside * factor, inside // (factor * factor)
        factor += 1
    return outside, inside
