"""The root of a function that rises, from a start at or below it."""

from __future__ import annotations

from collections.abc import Callable

from trialwright.design.boundaries import LARGEST_DRIFT, ROUND_OFF

__all__ = ["rising_root"]

FIRST_STEP = 0.1


def rising_root(excess: Callable[[float], float], start: float, least: float = 0.0) -> float:
    """Return the root above ``least`` of a rising function of the drift, by Brent's method upward from ``start``.

    The drift of a design with one look is a good start: with more looks the same power takes more.
    """
    from scipy.optimize import brentq

    low = max(start, least)
    if excess(low) > 0:
        return float(brentq(excess, least, low, xtol=ROUND_OFF))
    high, step = low + FIRST_STEP, FIRST_STEP
    while high < LARGEST_DRIFT and excess(high) < 0:
        low, step = high, 2 * step
        high = min(low + step, LARGEST_DRIFT)
    return float(brentq(excess, low, high, xtol=ROUND_OFF))
