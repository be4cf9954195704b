"""What boundaries promise: power, size, expected information, and the outlook from an interim look.

Jennison and Turnbull (2000, chapters 7 and 10). The drift is the mean of z when all planned information is in:
-log(hazard ratio) sqrt(d p1 p2) for a log-rank test with d planned events and shares p1, p2 of the arms (Schoenfeld
1981).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from trialwright.design.boundaries import LARGEST_DRIFT, ROUND_OFF, Boundaries
from trialwright.design.recursion import Crossing, cross_at, crossing_probabilities

__all__ = [
    "conditional_power", "drift_for_power", "expected_information", "group_sequential_power", "inflation_factor",
    "predictive_power",
]  # fmt: skip

FARTHEST = 9.0
"""Standard deviations of the drift over which predictive power is averaged."""
Array = Any


def group_sequential_power(boundaries: Boundaries, drift: float) -> Crossing:
    """Return the chances to stop at each look under this drift, futility bounds being kept; power is their sum above.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> found = group_sequential_power(plan, 2.8)
    >>> round(sum(found.above), 4)
    0.7962
    """
    return crossing_probabilities(boundaries.information, boundaries.lower, boundaries.upper, drift=drift)


def drift_for_power(boundaries: Boundaries, power: float) -> float:
    """Return the drift under which the chance of success, on the side of the effect, is ``power``.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(drift_for_power(plan, 0.8) ** 2, 6)
    7.915184
    """
    at_null = sum(group_sequential_power(boundaries, 0.0).above)
    if not at_null < power < 1:
        raise ValueError(f"power must be in ({at_null:.4g}, 1), above the type I error; got {power}")
    return _root(lambda drift: sum(group_sequential_power(boundaries, drift).above) - power, 0.0, LARGEST_DRIFT)


def inflation_factor(boundaries: Boundaries, power: float) -> float:
    """Return the planned information relative to that of a trial of the same level and power with one look.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(inflation_factor(plan, 0.8), 8)
    1.00844764
    """
    from scipy.special import ndtri

    fixed = float(ndtri(1 - boundaries.alpha / boundaries.sides) + ndtri(power))
    return (drift_for_power(boundaries, power) / fixed) ** 2


def expected_information(boundaries: Boundaries, drift: float) -> float:
    """Return the mean fraction of the planned information at which the trial stops.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(expected_information(plan, 0.0), 6)
    0.998489
    """
    found = group_sequential_power(boundaries, drift)
    t = np.array(boundaries.information)
    stops = np.array(found.above[:-1]) + np.array(found.below[:-1])
    return float(t[-1] - stops @ (t[-1] - t[:-1]))


def conditional_power(boundaries: Boundaries, look: int, z: float, *, drift: float) -> float:
    """Return the chance of success at a later look, given z at this one (1 is the first) and a drift from here on.

    The rest of the path starts from z sqrt(t) (Lan, Simon, Halperin 1982); later futility bounds are kept. Under the
    trend seen so far the drift is z / sqrt(t).

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(conditional_power(plan, 1, 1.2, drift=2.8), 4)
    0.5452
    """
    rest, lower, upper = _rest(boundaries, look, z)
    return min(1.0, float(cross_at(rest, lower, upper, drift)[0].sum()))


def predictive_power(boundaries: Boundaries, look: int, z: float) -> float:
    """Return conditional power averaged over the drift given z at this look, with a flat prior (Spiegelhalter 1986).

    The drift is then normal with mean z / sqrt(t) and variance 1 / t.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(predictive_power(plan, 1, 1.2), 4)
    0.3
    """
    rest, lower, upper = _rest(boundaries, look, z)
    t = boundaries.information[look - 1]
    x, w = np.polynomial.legendre.leggauss(64)
    units = FARTHEST * x
    chances = [cross_at(rest, lower, upper, (z + unit) / math.sqrt(t))[0].sum() for unit in units]
    density = np.exp(-(units**2) / 2) / math.sqrt(2 * math.pi)
    return min(1.0, float(FARTHEST * (w * density) @ np.array(chances)))


def _rest(boundaries: Boundaries, look: int, z: float) -> tuple[Array, Array, Array]:
    """Return information, lower and upper bounds of the path that starts at this look, as one of its own."""
    looks = len(boundaries.information)
    if not 1 <= look < looks:
        raise ValueError(f"look must be before the last of {looks}, from 1 to {looks - 1}; got {look}")
    if not math.isfinite(z):
        raise ValueError(f"z must be a finite number; got {z}")
    t, a, b = (np.array(v) for v in (boundaries.information, boundaries.lower, boundaries.upper))
    rest = t[look:] - t[look - 1]
    start = z * math.sqrt(t[look - 1])
    return rest, *((bound[look:] * np.sqrt(t[look:]) - start) / np.sqrt(rest) for bound in (a, b))


def _root(excess: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(excess, low, high, xtol=ROUND_OFF))
