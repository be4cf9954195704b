"""Boundaries of one shape for success and for futility, each fixed by one constant.

Pampallona and Tsiatis (1994, J Stat Plan Inference 42:19-35), the power family: on one side a lower bound, on two an
inner wedge; both bounds meet at the last look. Also Jennison and Turnbull (2000, sections 4.2 and 5.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trialwright.design.boundaries import LARGEST_DRIFT, ROUND_OFF, Boundaries, Sides, check_error, check_level, floats
from trialwright.design.classical_boundaries import check_delta, planned, wang_tsiatis_boundaries
from trialwright.design.futility import futile_chance
from trialwright.design.recursion import leave_at
from trialwright.design.rising_root import rising_root

__all__ = ["pampallona_tsiatis_boundaries"]

LEAST_DRIFT = 1e-3
Array = Any


def pampallona_tsiatis_boundaries(
    information: Sequence[float], delta: float, *, alpha: float, beta: float, sides: Sides, binding: bool
) -> Boundaries:
    """Return upper bounds c1 t^(delta - 1/2) and futility bounds drift sqrt(t) - c2 t^(delta - 1/2).

    On two sides the futility bounds are the inner ones, none below 0. The drift c1 + c2 has the power 1 - ``beta``; on
    two sides success counts on either. Non-binding futility leaves the upper bounds as they are without it (Wang and
    Tsiatis 1987).

    >>> found = pampallona_tsiatis_boundaries([0.5, 1], 0.0, alpha=0.025, beta=0.1, sides=1, binding=True)
    >>> [round(bound, 6) for bound in (*found.upper, *found.lower)]
    [2.767445, 1.956879, 0.437717, 1.956879]
    """
    check_level(alpha, sides)
    check_error("beta", beta, 1.0)
    check_delta(delta)
    t = planned(information)
    family = _Family(t, t ** (delta - 0.5), alpha, beta, sides, binding)
    c1 = family.binding_constant() if binding else wang_tsiatis_boundaries(t, delta, alpha=alpha, sides=sides).upper[-1]
    drift = family.drift(c1)
    if drift == LEAST_DRIFT:
        raise ValueError(f"alpha = {alpha} and beta = {beta} are met without any effect; lower one of them")
    futile, upper = family.bounds(c1, drift)
    spent = floats(np.cumsum(family.rejected(futile, upper)))
    if sides == 1:
        return Boundaries(floats(t), floats(futile), floats(upper), alpha, 1, binding, spent, drift)
    return Boundaries(floats(t), floats(-upper), floats(upper), alpha, 2, binding, spent, drift, floats(futile))


@dataclass(frozen=True)
class _Family:
    t: Array
    shape: Array
    alpha: float
    beta: float
    sides: Sides
    binding: bool

    def bounds(self, c1: float, drift: float) -> tuple[Array, Array]:
        """Return futility and upper bounds, equal at the last look."""
        upper = c1 * self.shape
        futile = drift * np.sqrt(self.t) - (drift - c1) * self.shape
        futile[-1] = upper[-1]
        return (futile if self.sides == 1 else np.maximum(futile, 0.0)), upper

    def drift(self, c1: float) -> float:
        """Return the drift under which the chance to stop for futility is beta, the least there is if it is lower."""
        from scipy.special import ndtri

        def excess(drift: float) -> float:
            return self.beta - futile_chance(self.t, self.sides, *self.bounds(c1, drift), drift)

        return rising_root(excess, c1 - ndtri(self.beta), LEAST_DRIFT) if excess(LEAST_DRIFT) < 0 else LEAST_DRIFT

    def binding_constant(self) -> float:
        """Return the c1 under which futility that surely stops leaves the chance alpha of a success."""
        return _root(
            lambda c1: float(self.rejected(*self.bounds(c1, self.drift(c1))).sum()) - self.alpha, 0.2, LARGEST_DRIFT / 2
        )

    def rejected(self, futile: Array, upper: Array) -> Array:
        """Return the chance [looks] of a success without an effect."""
        kept = futile if self.binding else np.full(len(futile), -np.inf if self.sides == 1 else 0.0)
        if self.sides == 1:
            return leave_at(self.t, kept, upper, None, 0.0)[0]
        above, below, _ = leave_at(self.t, -upper, upper, (-kept, kept), 0.0)
        return above + below


def _root(excess: Any, low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(excess, low, high, xtol=ROUND_OFF))
