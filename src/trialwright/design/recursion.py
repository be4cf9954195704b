"""The chances to cross given bounds at given looks, by recursive integration.

Armitage, McPherson, Rowe (1969); Jennison and Turnbull (2000, Group Sequential Methods, chapter 19). The density
between the bounds is carried from look to look on Gauss-Legendre nodes: 64, and more where two looks are close.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

__all__ = ["Crossing", "crossing_probabilities"]

REACH = 8.5
"""Standard deviations on either side of the mean that are kept: 1e-17 lies beyond."""
NODES_PER_SD = 2.0
"""Nodes within the standard deviation of the narrower increment: at 0.8 of it between nodes, in the middle of a rule,
a sum over a normal density errs by about 2 exp(-2 pi^2 / 0.8^2) = 1e-13."""
FEWEST, STEP, ONE_RULE, MOST = 64, 32, 192, 4096
Array = Any


@dataclass(frozen=True)
class Crossing:
    """The chances to leave at each look by the upper and by the lower bound, under one drift."""

    drift: float
    """Mean of the test statistic z when all planned information is in."""
    above: tuple[float, ...]
    below: tuple[float, ...]
    within: tuple[float, ...] = ()
    """The chances to stop at each look between the inner bounds, where there are any."""


def crossing_probabilities(
    information: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    *,
    drift: float,
    inner: Sequence[float] = (),
) -> Crossing:
    """Return the chances that z first leaves at each look: above ``upper``, below ``lower``, or within +-``inner``.

    ``information`` are rising fractions of the planned information, the bounds are on z, infinite where there is
    none; ``inner`` is empty, or 0 at a look without a wedge; z has mean drift sqrt(fraction) and independent
    increments. Raises ValueError for looks out of order, bounds that are crossed over, and a drift that is not finite.

    >>> found = crossing_probabilities([1.0], [-math.inf], [1.959963984540054], drift=0)
    >>> f"{found.above[0]:.12f}"
    '0.025000000000'
    """
    t, a, b = (np.array(values, float) for values in (information, lower, upper))
    check_rising(t)
    if not len(t) == len(a) == len(b):
        raise ValueError(f"each look needs one lower and one upper bound; got {len(t)} looks, {len(a)} and {len(b)}")
    if np.isnan(a).any() or np.isnan(b).any() or (a > b).any():
        raise ValueError(f"lower bounds must not exceed upper bounds; got {list(lower)} and {list(upper)}")
    if not math.isfinite(drift):
        raise ValueError(f"drift must be a finite number; got {drift}")
    found = leave_at(t, a, b, _wedge(inner, len(t)), drift)
    return Crossing(float(drift), *(tuple(chances.tolist()) for chances in found))


def _wedge(inner: Sequence[float], looks: int) -> tuple[Array, Array] | None:
    if not len(inner):
        return None
    c = np.array(inner, float)
    if len(c) != looks or not (c >= 0).all():
        raise ValueError(f"inner needs one bound of at least 0 for each of {looks} looks; got {list(inner)}")
    return -c, c


def leave_at(
    t: Array, lower: Array, upper: Array, wedge: tuple[Array, Array] | None, drift: float
) -> tuple[Array, ...]:
    """Return the chances [looks] above, below and, with a wedge between two bounds, within; without checks."""
    if wedge is None:
        return cross_at(t, lower, upper, drift)
    from trialwright.design._kernels_wedge import cross_wedge

    found = tuple(np.empty(len(t)) for _ in range(3))
    cross_wedge(t, lower, *wedge, upper, float(drift), REACH, *_nodes_about(t, lower, upper, drift), *found)
    return found


def cross_at(t: Array, lower: Array, upper: Array, drift: float) -> tuple[Array, Array]:
    """Return the chances [looks] above and below, without checks."""
    from trialwright.design._kernels_boundaries import cross

    above, below = np.empty(len(t)), np.empty(len(t))
    cross(t, lower, upper, float(drift), REACH, *_nodes_about(t, lower, upper, drift), above, below)
    return above, below


def _nodes_about(t: Array, lower: Array, upper: Array, drift: float) -> tuple[Array, Array]:
    mean = drift * np.sqrt(t)
    return nodes(t, np.maximum(lower, mean - REACH), np.minimum(upper, mean + REACH))


def check_rising(t: Array) -> None:
    """Raise ValueError unless the looks have information above 0 that rises."""
    if t.ndim != 1 or not len(t):
        raise ValueError("information must name at least one look, such as 0.6, 1")
    if not (np.isfinite(t).all() and (t > 0).all()):
        raise ValueError(f"information must be finite and greater than 0 at every look; got {t.tolist()}")
    if (np.diff(t) <= 0).any():
        raise ValueError(f"information must rise from look to look; got {t.tolist()}. Put the looks in order of time.")


def nodes(t: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Return nodes [n] and weights [n] on (-1, 1), enough for each look between these bounds, in units of z."""
    gaps = np.diff(t, prepend=0.0)
    narrowest = np.sqrt(np.minimum(gaps[:-1], gaps[1:]) / t[:-1])
    needed = NODES_PER_SD * (np.maximum(upper - lower, 0.0)[:-1] / narrowest).max(initial=0.0)
    count = max(FEWEST, STEP * math.ceil(needed / STEP))
    if count > MOST:
        look = int(np.argmin(gaps / t))
        raise ValueError(
            f"looks {look} and {look + 1} are too close together to tell apart: {t.tolist()}; leave one of them out"
        )
    return _rule(count)


@cache
def _rule(count: int) -> tuple[Array, Array]:
    """Return one Gauss-Legendre rule, or beyond 192 nodes, where that takes long to make, a row of smaller ones."""
    panels = math.ceil(count / FEWEST) if count > ONE_RULE else 1
    x, w = np.polynomial.legendre.leggauss(count if panels == 1 else FEWEST)
    starts = -1 + 2 * np.arange(panels)[:, None] / panels
    return np.ascontiguousarray((starts + (x + 1) / panels).ravel()), np.tile(w / panels, panels)
