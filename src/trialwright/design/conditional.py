"""The outlook from an interim look: the chance of success in the end, given z now and what is supposed of the rest.

Conditional power: Lan, Simon, Halperin (1982, Commun Stat C 1:207-219); Lachin (2005, Stat Med 24:2747-2764).
Predictive power: Spiegelhalter, Freedman, Blackburn (1986, Control Clin Trials 7:8-17). The rest of a path is a path of
its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from trialwright.design.boundaries import Boundaries, Supposing
from trialwright.design.priors import NormalPrior
from trialwright.design.recursion import leave_at

__all__ = ["Outlook", "conditional_power", "outlook", "predictive_power"]

Array = Any
Path = tuple[Array, Array, Array, tuple[Array, Array] | None]


@dataclass(frozen=True)
class Outlook:
    """The chance of success in the end, as seen from one look.

    Conditional power ``null``: if there is no effect from here on; ``trend``: if the effect is the one seen so far;
    ``design``: if it is the one supposed. ``predictive``: averaged over what is known of it now.

    >>> Outlook(1, 1.2, 0.01, 0.2, 0.5, 0.3).trend
    0.2
    """

    look: int
    z: float
    null: float
    trend: float
    design: float
    predictive: float


def outlook(boundaries: Boundaries, look: int, z: float, *, drift: float, prior: NormalPrior | None = None) -> Outlook:
    """Return conditional power under no effect, the trend and the ``drift`` supposed, and predictive power.

    ``prior`` is what was known of the drift before the trial; without it the prior is flat.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> seen = outlook(plan, 1, 1.2, drift=2.8)
    >>> [round(chance, 4) for chance in (seen.null, seen.trend, seen.design, seen.predictive)]
    [0.0484, 0.249, 0.5452, 0.3]
    """
    rest = _rest(boundaries, look, z)
    trend = z / math.sqrt(boundaries.information[look - 1])
    null, seen, design = (_success(rest, supposed) for supposed in (0.0, trend, drift))
    return Outlook(look, z, null, seen, design, predictive_power(boundaries, look, z, prior))


def conditional_power(boundaries: Boundaries, look: int, z: float, *, drift: float) -> float:
    """Return the chance of success at a later look, given z at this one (1 is the first) and a drift from here on.

    The rest of the path starts from z sqrt(t); later futility bounds are kept. Under the trend seen so far the drift
    is z / sqrt(t).

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(conditional_power(plan, 1, 1.2, drift=2.8), 4)
    0.5452
    """
    return _success(_rest(boundaries, look, z), drift)


def predictive_power(boundaries: Boundaries, look: int, z: float, prior: NormalPrior | None = None) -> float:
    """Return conditional power averaged over the drift given z at this look; the prior is flat unless told.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(predictive_power(plan, 1, 1.2), 4)
    0.3
    >>> round(predictive_power(plan, 1, 1.2, NormalPrior(mean=2.8, sd=1.0)), 4)
    0.4351
    """
    rest = _rest(boundaries, look, z)
    known = (prior or NormalPrior.flat()).after(boundaries.information[look - 1], z)
    return _success(known.averaged(*rest), 0.0)


def chance_of_success(boundaries: Boundaries, look: int, z: float, supposing: Supposing) -> float:
    """Return conditional power under a drift or the trend, or predictive power with a flat prior."""
    if supposing == "flat prior":
        return predictive_power(boundaries, look, z)
    drift = z / math.sqrt(boundaries.information[look - 1]) if supposing == "trend" else float(supposing)
    return conditional_power(boundaries, look, z, drift=drift)


def _success(rest: Path, drift: float) -> float:
    return min(1.0, float(leave_at(*rest, drift)[0].sum()))


def _rest(boundaries: Boundaries, look: int, z: float) -> Path:
    """Return information, lower, upper and inner bounds of the path that starts at this look, as one of its own."""
    looks = len(boundaries.information)
    if not 1 <= look < looks:
        raise ValueError(f"look must be before the last of {looks}, from 1 to {looks - 1}; got {look}")
    if not math.isfinite(z):
        raise ValueError(f"z must be a finite number; got {z}")
    t = np.array(boundaries.information)
    rest, start = t[look:] - t[look - 1], z * math.sqrt(t[look - 1])

    def onward(bounds: Array) -> Array:
        return (bounds[look:] * np.sqrt(t[look:]) - start) / np.sqrt(rest)

    inner = np.array(boundaries.inner)
    wedge = (onward(-inner), onward(inner)) if len(inner) else None
    return rest, onward(np.array(boundaries.lower)), onward(np.array(boundaries.upper)), wedge
