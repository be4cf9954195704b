"""What a printed figure stands for: the range of numbers that print so."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trialwright.evidence.claims import Claim, PrintedP, decimals

__all__ = ["Range", "hazard_ratio", "p_value", "rounded", "standard_error"]

SMALLEST = 1e-300
"""Stands for a limit that rounds down to nothing, so that its logarithm exists."""


@dataclass(frozen=True)
class Range:
    """All numbers from low to high, both included."""

    low: float
    high: float

    def meets(self, other: Range) -> bool:
        """Return whether some number lies in both."""
        return self.low <= other.high and other.low <= self.high


def rounded(value: float, places: int) -> Range:
    """Return the numbers that print as ``value`` with so many decimals, whichever way a half is rounded.

    >>> rounded(0.25, 2)
    Range(low=0.245, high=0.255)
    """
    half = 0.5 * 10.0**-places
    return Range(value - half, value + half)


def p_value(printed: PrintedP) -> Range:
    """Return the P values that a printed one allows, its operator included."""
    if printed.operator == "<":
        return Range(0, printed.value)
    if printed.operator == ">":
        return Range(printed.value, 1)
    return rounded(printed.value, decimals(printed.value) if printed.decimals is None else printed.decimals)


def hazard_ratio(claim: Claim) -> Range:
    """Return the hazard ratios that print as the claim's."""
    if not isinstance(claim.value, int | float):
        raise ValueError(f"claim {claim.id} must print a number; it prints {claim.value!r}")
    return _positive(rounded(claim.value, claim.printed_decimals))


def limits(claim: Claim) -> tuple[Range, Range]:
    """Return what the printed lower and upper limits of a ratio stand for."""
    if claim.lower is None or claim.upper is None:
        raise ValueError(f"claim {claim.id} must print an interval; it prints none")
    places = claim.printed_decimals
    return _positive(rounded(claim.lower, places)), _positive(rounded(claim.upper, places))


def standard_error(claim: Claim, level: float) -> Range:
    """Return the standard errors of the log hazard ratio that the printed interval allows, read at a level.

    SE = (ln U - ln L) / 2z with z the normal quantile of the level (Parmar, Torri, Stewart 1998, Stat Med 17:2815).
    """
    from scipy.special import ndtri

    width = 2 * float(ndtri(0.5 + level / 2))
    lower, upper = limits(claim)
    narrow = max(0.0, math.log(upper.low) - math.log(lower.high))
    return Range(narrow / width, (math.log(upper.high) - math.log(lower.low)) / width)


def _positive(numbers: Range) -> Range:
    return Range(max(numbers.low, SMALLEST), max(numbers.high, SMALLEST))
