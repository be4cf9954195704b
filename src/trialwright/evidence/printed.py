"""What a printed figure stands for: the range of numbers that print so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from trialwright.evidence.claims import Claim, PrintedP, decimals

__all__ = ["Range", "figure", "hazard_ratio", "interval", "limits", "p_value", "quantile", "rounded", "span"]

SMALLEST = 1e-300
"""Stands for a limit that rounds down to nothing, so that its logarithm exists."""


@dataclass(frozen=True)
class Range:
    """All numbers from low to high, both included.

    >>> Range(0.645, 0.655).meets(Range(0.655, 0.665))
    True
    """

    low: float
    high: float

    def meets(self, other: Range) -> bool:
        """Return whether some number lies in both."""
        return self.low <= other.high and other.low <= self.high

    def __truediv__(self, other: Range) -> Range:
        """Return the ratios of positive numbers; infinity where the other range reaches 0."""
        return Range(self.low / other.high, self.high / other.low if other.low else math.inf)


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
    if claim.number is None:
        raise ValueError(f"claim {claim.id} must print a number; it prints {claim.value!r}")
    return _positive(rounded(claim.number, claim.printed_decimals))


def limits(claim: Claim) -> tuple[Range, Range]:
    """Return what the printed lower and upper limits of a ratio stand for."""
    lower, upper = _both(claim)
    places = claim.printed_decimals
    return _positive(rounded(lower, places)), _positive(rounded(upper, places))


@cache
def quantile(level: float) -> float:
    """Return the normal quantile of a two-sided interval of that level.

    >>> round(quantile(0.95), 6)
    1.959964
    """
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def standard_error(claim: Claim, level: float) -> Range:
    """Return the standard errors of the log hazard ratio that the printed interval allows, read at a level.

    SE = (ln U - ln L) / 2z with z the normal quantile of the level (Parmar, Torri, Stewart 1998, Stat Med 17:2815).
    """
    width = 2 * quantile(level)
    lower, upper = limits(claim)
    narrow = max(0.0, math.log(upper.low) - math.log(lower.high))
    return Range(narrow / width, (math.log(upper.high) - math.log(lower.low)) / width)


def printed_error(claim: Claim, level: float) -> float:
    """Return the standard error of the limits as they stand, without their rounding; 0 where they are equal."""
    lower, upper = _both(claim)
    return math.log(max(upper, SMALLEST) / max(lower, SMALLEST)) / (2 * quantile(level))


def figure(claim: Claim, value: object) -> str:
    """Return a number with the claim's decimals, or a text as it is."""
    return f"{value:.{claim.printed_decimals}f}" if isinstance(value, int | float) else str(value)


def interval(claim: Claim) -> str:
    """Return the limits as they are printed."""
    return f"{figure(claim, claim.lower)}-{figure(claim, claim.upper)}"


def span(numbers: Range, form: str) -> str:
    """Return a range in words."""
    low = format(numbers.low, form)
    high = "any number of" if math.isinf(numbers.high) else format(numbers.high, form)
    return f"{low} to {high}"


def _both(claim: Claim) -> tuple[float, float]:
    if claim.lower is None or claim.upper is None:
        raise ValueError(f"claim {claim.id} must print an interval; it prints none")
    return claim.lower, claim.upper


def _positive(numbers: Range) -> Range:
    return Range(max(numbers.low, SMALLEST), max(numbers.high, SMALLEST))
