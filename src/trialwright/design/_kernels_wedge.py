"""Kernels: a Brownian motion that also stops inside, between two inner bounds. Importing this module imports numba.

The path goes on where lower < z < low or high < z < upper: two stretches of nodes, one on either side of the wedge
(Pampallona and Tsiatis 1994, section 3). Nodes, information and drift are those of the kernels without a wedge.
"""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

import math
from typing import Any

import numpy as np

from trialwright.design._kernels_boundaries import MOST_STEPS, ROOT_HALF, STEP, solve, spread, tail
from trialwright.stats import kernel

Array = Any
FARTHEST = 40.0
"""Beyond this many standard deviations no chance is left, where there is no upper bound."""


@kernel
def cross_wedge(
    information: Array, lower: Array, low: Array, high: Array, upper: Array, theta: float, reach: float, x: Array,
    w: Array, above: Array, below: Array, within: Array,
) -> None:  # fmt: skip
    """Fill the chances [looks] to leave above ``upper``, below ``lower`` and between ``low`` and ``high``."""
    score, mass = np.zeros(2 * len(x)), np.zeros(2 * len(x))
    mass[0] = 1.0
    n, before = 1, 0.0
    for k in range(len(information)):
        now = information[k]
        above[k], _ = tail(score, mass, n, before, now, theta, upper[k], 1.0)
        below[k], _ = tail(score, mass, n, before, now, theta, lower[k], -1.0)
        within[k] = inside(score, mass, n, before, now, theta, max(low[k], lower[k]), min(high[k], upper[k]))
        if k + 1 < len(information):
            n = around(score, mass, n, before, now, theta, lower[k], low[k], high[k], upper[k], reach, x, w)
        before = now


@kernel
def find_wedge(
    information: Array, theta: float, alpha: Array, beta: Array, binding: bool, reach: float, x: Array, w: Array,
    inner: Array, upper: Array,
) -> float:  # fmt: skip
    """Replace NaN in ``upper`` [looks] by the bound that spends ``alpha`` on each side under 0, in ``inner`` ``beta``.

    The paths are symmetric: they leave above upper, below -upper, and between -inner and inner, which is spent under
    theta. Unless ``binding`` the upper bounds are found as if there were no wedge. Where fewer trials go on than are
    to be spent, all of them stop: upper = -infinity, or inner = upper. Returns the chance under theta to stop between
    the inner bounds, at the last look between the upper ones; 0 where nothing is asked of theta.
    """
    score, mass = np.zeros((2, 2 * len(x))), np.zeros((2, 2 * len(x)))
    mass[:, 0] = 1.0
    n, before = 1, 0.0
    supposed, wanted, futile = theta != 0.0 or np.isnan(inner).any(), np.isnan(upper).any(), 0.0
    for k in range(len(information)):
        now = information[k]
        if np.isnan(upper[k]):
            upper[k] = -np.inf
            if mass[0, :n].sum() > 2 * alpha[k]:
                upper[k] = solve(score[0], mass[0], n, before, now, 0.0, alpha[k], 1.0)
        if np.isnan(inner[k]):
            inner[k] = solve_inside(score[1], mass[1], n, before, now, theta, beta[k], upper[k])
        if supposed:
            end = upper[k] if k + 1 == len(information) else inner[k]
            futile += inside(score[1], mass[1], n, before, now, theta, -end, end)
        if k + 1 == len(information):
            break
        if wanted:
            hole = inner[k] if binding else 0.0
            around(score[0], mass[0], n, before, now, 0.0, -upper[k], -hole, hole, upper[k], reach, x, w)
        if supposed:
            around(score[1], mass[1], n, before, now, theta, -upper[k], -inner[k], inner[k], upper[k], reach, x, w)
        n, before = 2 * len(x), now
    return futile


@kernel
def around(
    score: Array, mass: Array, n: int, before: float, now: float, theta: float, lower: float, low: float, high: float,
    upper: float, reach: float, x: Array, w: Array,
) -> int:  # fmt: skip
    """Replace the density by that of the next look on both sides of the wedge; return its number of nodes."""
    m, mean = len(x), theta * math.sqrt(now)
    bottom, top = max(lower, mean - reach), min(upper, mean + reach)
    left, right = min(max(low, bottom), top), max(min(high, top), bottom)
    fresh_score, fresh_mass = np.empty(2 * m), np.empty(2 * m)
    spread(score, mass, n, before, now, theta, bottom, left, reach, x, w, fresh_score[:m], fresh_mass[:m])
    spread(score, mass, n, before, now, theta, right, top, reach, x, w, fresh_score[m:], fresh_mass[m:])
    score[: 2 * m], mass[: 2 * m] = fresh_score, fresh_mass
    return 2 * m


@kernel
def inside(
    score: Array, mass: Array, n: int, before: float, now: float, theta: float, low: float, high: float
) -> float:
    """Return the chance that z of the next look lies between two bounds; 0 where they have changed places."""
    if low >= high:
        return 0.0
    gap, root = now - before, math.sqrt(now)
    scale, chance = ROOT_HALF / math.sqrt(gap), 0.0
    for i in range(n):
        middle = score[i] + theta * gap
        a, b = (low * root - middle) * scale, (high * root - middle) * scale
        if a > 0:
            a, b = -b, -a  # the lower tail keeps its digits
        chance += mass[i] * 0.5 * (math.erfc(-b) - math.erfc(-a))
    return chance


@kernel
def solve_inside(
    score: Array, mass: Array, n: int, before: float, now: float, theta: float, target: float, most: float
) -> float:
    """Return the c up to ``most`` for which -c < z < c has the chance ``target``: Newton's method kept in a bracket."""
    low, high = 0.0, min(most, abs(theta) * math.sqrt(now) + FARTHEST)
    if high <= 0.0 or inside(score, mass, n, before, now, theta, -high, high) <= target:
        return most
    c = high / 2
    for _ in range(MOST_STEPS):
        excess = inside(score, mass, n, before, now, theta, -c, c) - target
        low, high = (low, c) if excess > 0 else (c, high)
        slope = (
            tail(score, mass, n, before, now, theta, c, 1.0)[1] + tail(score, mass, n, before, now, theta, -c, 1.0)[1]
        )
        step = excess / slope if slope > 0.0 else np.inf
        after = c - step if low < c - step < high else (low + high) / 2
        if abs(after - c) < STEP * 1e-3:
            return after
        c = after
    return c
