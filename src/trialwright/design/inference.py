"""What a trial that may stop early has shown: P value, estimate and limits that know of the looks.

Stage-wise ordering (Tsiatis, Rosner, Mehta 1984, Biometrics 40:797-803; Jennison and Turnbull 2000, section 8.4): to
stop above at an early look is more extreme than at a later one. Median-unbiased estimate: Kim 1989. Repeated intervals
and P values: Jennison and Turnbull (1989, JRSS B 51:305-361).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trialwright.design.boundaries import ROUND_OFF, Boundaries
from trialwright.design.recursion import leave_at

__all__ = ["FinalInference", "final_inference", "repeated_interval", "repeated_p"]

FARTHEST = 12.0
"""Standard deviations of the estimate without adjustment within which the adjusted one and its limits lie."""
LEAST_P = 1e-12
Array = Any


@dataclass(frozen=True)
class FinalInference:
    """Stage-wise P value on one side, median-unbiased drift and its limits at the level of the boundaries.

    A drift divided by -sqrt(d p1 p2), with d the planned events, is a log hazard ratio.
    """

    p_one_sided: float
    drift: float
    lower: float
    upper: float


def final_inference(boundaries: Boundaries, look: int, z: float) -> FinalInference:
    """Return what is shown by a trial that ended at this look (1 is the first) with this z.

    Lower bounds count only where the type I error relies on them. Limits hold alpha / sides on each side, so 95 % for
    0.025 on one side.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([0.6, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> round(final_inference(plan, 2, 2.4).p_one_sided, 6)
    0.010329
    """
    _check(boundaries, look, z)
    t, lower, upper = _path(boundaries, look)
    last = np.append(upper[:-1], z)
    lower[-1] = -math.inf
    inner = np.array(boundaries.inner_under_null[:look])

    def tail(drift: float) -> float:
        return min(1.0, float(leave_at(t, lower, last, (-inner, inner) if len(inner) else None, drift)[0].sum()))

    side = boundaries.alpha / boundaries.sides
    limits = [_drift_at(tail, share, z, t) for share in (0.5, side, 1 - side)]
    return FinalInference(tail(0.0), *limits)


def repeated_interval(boundaries: Boundaries, look: int, z: float) -> tuple[float, float]:
    """Return limits of the drift at this look that hold together with those of all other looks, whatever is decided.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = spending_boundaries([0.6, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> [round(limit, 3) for limit in repeated_interval(plan, 2, 2.4)]
    [0.419, 4.381]
    """
    _check(boundaries, look, z)
    root, bound = math.sqrt(boundaries.information[look - 1]), boundaries.upper[look - 1]
    return (z - bound) / root, (z + bound) / root


def repeated_p(boundaries_at: Callable[[float], Boundaries], look: int, z: float) -> float:
    """Return the smallest alpha at which z would cross the upper bound of this look; on the sides of the boundaries.

    ``boundaries_at`` makes the boundaries for an alpha; the answer lies between 1e-12 and the largest alpha it takes.

    >>> from trialwright.design import Spending, spending_boundaries
    >>> plan = lambda alpha: spending_boundaries([0.6, 1], Spending("obrien-fleming"), alpha=alpha, sides=1)
    >>> round(repeated_p(plan, 2, 2.4), 6)
    0.008419
    """
    from scipy.optimize import brentq

    most = 0.5 * boundaries_at(LEAST_P).sides - 1e-6
    _check(boundaries_at(most), look, z)

    def excess(log_alpha: float) -> float:
        return boundaries_at(math.exp(log_alpha)).upper[look - 1] - z

    low, high = math.log(LEAST_P), math.log(most)
    if excess(low) <= 0:
        return LEAST_P
    return most if excess(high) > 0 else math.exp(brentq(excess, low, high, xtol=ROUND_OFF))


def _path(boundaries: Boundaries, look: int) -> tuple[Array, Array, Array]:
    kept = (boundaries.information, boundaries.lower_under_null, boundaries.upper)
    return tuple(np.array(values[:look], float) for values in kept)  # type: ignore[return-value]


def _drift_at(tail: Callable[[float], float], share: float, z: float, t: Array) -> float:
    """Return the drift under which something as extreme has this chance; the tail rises with the drift."""
    from scipy.optimize import brentq

    center, width = z / math.sqrt(t[-1]), FARTHEST / math.sqrt(t[0])
    return float(brentq(lambda drift: tail(drift) - share, center - width, center + width, xtol=ROUND_OFF))


def _check(boundaries: Boundaries, look: int, z: float) -> None:
    looks = len(boundaries.information)
    if not 1 <= look <= looks:
        raise ValueError(f"look must be from 1 to {looks}; got {look}")
    if not math.isfinite(z):
        raise ValueError(f"z must be a finite number; got {z}")
