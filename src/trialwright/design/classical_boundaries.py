"""Boundaries of the classical families, each fixed by one constant.

Wang and Tsiatis (1987, Biometrics 43:193-199), with O'Brien-Fleming (1979) and Pocock (1977) among them; Haybittle
(1971) and Peto et al. (1976).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from trialwright.design.boundaries import ROUND_OFF, Boundaries, Sides, check_level, floats
from trialwright.design.recursion import check_rising, cross_at

__all__ = ["haybittle_peto_boundaries", "wang_tsiatis_boundaries"]

Array = Any


def wang_tsiatis_boundaries(information: Sequence[float], delta: float, *, alpha: float, sides: Sides) -> Boundaries:
    """Return the bounds c t^(delta - 1/2): O'Brien-Fleming for delta 0, Pocock for delta 1/2; t are the fractions.

    >>> found = wang_tsiatis_boundaries([1 / 3, 2 / 3, 1], 0.5, alpha=0.025, sides=1)
    >>> [round(bound, 8) for bound in found.upper]
    [2.28947845, 2.28947845, 2.28947845]
    """
    check_delta(delta)
    t = planned(information)
    return _by_constant(t, lambda c: c * t ** (delta - 0.5), alpha, sides)


def haybittle_peto_boundaries(
    information: Sequence[float], interim: float, *, alpha: float, sides: Sides
) -> Boundaries:
    """Return the bounds ``interim`` (often 3) at every look but the last, which gets what is left of alpha.

    >>> found = haybittle_peto_boundaries([0.5, 1], 3.0, alpha=0.025, sides=1)
    >>> [round(bound, 4) for bound in found.upper]
    [3.0, 1.9673]
    """
    if not interim > 0:
        raise ValueError(f"interim must be a bound on z greater than 0, such as 3; got {interim}")
    t = planned(information)
    return _by_constant(t, lambda c: np.append(np.full(len(t) - 1, float(interim)), c), alpha, sides)


def check_delta(delta: float) -> None:
    """Raise ValueError unless delta is a shape of the family."""
    if not -1 <= delta <= 1:
        raise ValueError(f"delta must be in [-1, 1]; got {delta}. O'Brien-Fleming is 0, Pocock 0.5.")


def planned(information: Sequence[float]) -> Array:
    """Return the fractions [looks] of planned looks; ValueError unless they rise to 1."""
    t = np.array(information, float)
    check_rising(t)
    if t[-1] != 1:
        raise ValueError(f"fractions of the information must lie in (0, 1] and end with 1; got {t.tolist()}")
    return t


def _by_constant(t: Array, bounds: Callable[[float], Array], alpha: float, sides: Sides) -> Boundaries:
    from scipy.optimize import brentq

    check_level(alpha, sides)

    def excess(c: float) -> float:
        return float(_rejected(t, bounds(c), sides).sum()) - alpha

    low, high = 1e-3, 100.0
    if not excess(low) > 0 > excess(high):
        raise ValueError(f"the looks before the last already spend all of alpha = {alpha}; raise their bounds")
    upper = bounds(brentq(excess, low, high, xtol=ROUND_OFF))
    spent = np.cumsum(_rejected(t, upper, sides))
    lower = -upper if sides == 2 else np.full(len(t), -np.inf)
    return Boundaries(floats(t), floats(lower), floats(upper), alpha, sides, sides == 2, floats(spent))


def _rejected(t: Array, upper: Array, sides: Sides) -> Array:
    lower = -upper if sides == 2 else np.full(len(t), -np.inf)
    above, below = cross_at(t, lower, upper, 0.0)
    return above + below if sides == 2 else above
