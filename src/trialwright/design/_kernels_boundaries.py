"""Kernels: a Brownian motion watched at a few looks between two bounds. Importing this module imports numba.

Armitage, McPherson, Rowe (1969, JRSS A 132:235-244, eq. 2.1), with the normal increments and the quadrature of
Jennison and Turnbull (2000, chapter 19). The score S has variance equal to the information and drift theta per unit
of it; a density is kept as nodes ``score`` [n] and ``mass`` [n], density times weight. Bounds are on z = S / sqrt(I).
"""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

import math
from typing import Any

import numpy as np

from trialwright.stats import kernel

Array = Any
ROOT_HALF = 0.7071067811865476
DENSITY_AT_0 = 0.3989422804014327
STEP = 1e-9
"""Newton's steps end here: the next, its square, would be below round-off."""
MOST_STEPS = 200


@kernel
def cross(
    information: Array, lower: Array, upper: Array, theta: float, reach: float, x: Array, w: Array, above: Array,
    below: Array,
) -> None:  # fmt: skip
    """Fill ``above`` and ``below`` [looks], the chances to leave at each look by the upper and the lower bound."""
    score, mass = np.zeros(len(x)), np.zeros(len(x))
    mass[0] = 1.0
    n, before = 1, 0.0
    for k in range(len(information)):
        now = information[k]
        above[k], _ = tail(score, mass, n, before, now, theta, upper[k], 1.0)
        below[k], _ = tail(score, mass, n, before, now, theta, lower[k], -1.0)
        if k + 1 < len(information):
            n = advance(score, mass, n, before, now, theta, lower[k], upper[k], reach, x, w)
        before = now


@kernel
def find_bounds(
    information: Array, theta: float, alpha: Array, beta: Array, two_sided: bool, binding: bool, reach: float,
    x: Array, w: Array, lower: Array, upper: Array,
) -> float:  # fmt: skip
    """Replace NaN in ``upper`` [looks] by the bound that spends ``alpha`` under 0, in ``lower`` ``beta`` under theta.

    With ``two_sided`` lower = -upper. Unless ``binding``, the upper bounds are found as if there were no lower ones.
    Where fewer trials go on than are to be spent, all of them stop: upper = -infinity, or lower = upper. Returns the
    chance under theta to leave below, at the last look below the upper bound; 0 where nothing is asked of theta.
    """
    score, mass = np.zeros((2, len(x))), np.zeros((2, len(x)))
    mass[:, 0] = 1.0
    n, before = 1, 0.0
    supposed, wanted, futile = (theta != 0.0 or np.isnan(lower).any()) and not two_sided, np.isnan(upper).any(), 0.0
    for k in range(len(information)):
        now = information[k]
        if np.isnan(upper[k]):
            upper[k] = -np.inf
            if mass[0, :n].sum() > alpha[k]:
                upper[k] = solve(score[0], mass[0], n, before, now, 0.0, alpha[k], 1.0)
        if two_sided:
            lower[k] = -upper[k]
        elif np.isnan(lower[k]):
            lower[k] = upper[k]
            if tail(score[1], mass[1], n, before, now, theta, upper[k], -1.0)[0] > beta[k]:
                lower[k] = solve(score[1], mass[1], n, before, now, theta, beta[k], -1.0)
        if supposed:
            end = upper[k] if k + 1 == len(information) else lower[k]
            futile += tail(score[1], mass[1], n, before, now, theta, end, -1.0)[0]
        if k + 1 == len(information):
            break
        if wanted:
            bottom = lower[k] if binding or two_sided else -np.inf
            advance(score[0], mass[0], n, before, now, 0.0, bottom, upper[k], reach, x, w)
        if supposed:
            advance(score[1], mass[1], n, before, now, theta, lower[k], upper[k], reach, x, w)
        n, before = len(x), now
    return futile


@kernel
def solve(
    score: Array, mass: Array, n: int, before: float, now: float, theta: float, target: float, side: float
) -> float:
    """Return the bound whose tail is ``target``, by Newton's method on the logarithm of the tail.

    That logarithm is concave, so after one step every further one comes from the same side; steps are limited to 1.
    The start is the normal quantile of ``target`` to the first order (Abramowitz and Stegun 1964, 26.2.23 at large t).
    """
    t = math.sqrt(-2.0 * math.log(target))
    z = theta * math.sqrt(now) + side * max(0.0, t - math.log(2.5 * max(t, 1.0)) / max(t, 1.0))
    for _ in range(MOST_STEPS):
        chance, density = tail(score, mass, n, before, now, theta, z, side)
        step = -1.0
        if chance > 0.0 and density > 0.0:
            step = min(1.0, max(-1.0, math.log(chance / target) * chance / density))
        z += side * step
        if abs(step) < STEP:
            return z
    return np.nan


@kernel
def tail(
    score: Array, mass: Array, n: int, before: float, now: float, theta: float, z: float, side: float
) -> tuple[float, float]:
    """Return P(side S > side z sqrt(I)) of the next look, and its density in z; ``side`` is 1 or -1."""
    if math.isinf(z):
        return (0.0, 0.0) if z * side > 0 else (mass[:n].sum(), 0.0)
    gap = now - before
    scale = 1.0 / math.sqrt(gap)
    limit = z * math.sqrt(now) - theta * gap
    chance, density = 0.0, 0.0
    for i in range(n):
        u = side * (limit - score[i]) * scale
        chance += mass[i] * 0.5 * math.erfc(u * ROOT_HALF)
        density += mass[i] * math.exp(-0.5 * u * u)
    return chance, density * DENSITY_AT_0 * scale * math.sqrt(now)


@kernel
def advance(
    score: Array, mass: Array, n: int, before: float, now: float, theta: float, lower: float, upper: float,
    reach: float, x: Array, w: Array,
) -> int:  # fmt: skip
    """Replace the density by that of the next look between its bounds; return its number of nodes.

    What lies farther than ``reach`` standard deviations from the mean is left out.
    """
    mean = theta * math.sqrt(now)
    fresh_score, fresh_mass = np.empty(len(x)), np.empty(len(x))
    low, high = max(lower, mean - reach), min(upper, mean + reach)
    spread(score, mass, n, before, now, theta, low, high, reach, x, w, fresh_score, fresh_mass)
    score[: len(x)], mass[: len(x)] = fresh_score, fresh_mass
    return len(x)


@kernel
def spread(
    score: Array, mass: Array, n: int, before: float, now: float, theta: float, low: float, high: float, reach: float,
    x: Array, w: Array, to_score: Array, to_mass: Array,
) -> None:  # fmt: skip
    """Write the density of the next look on nodes [x] between two finite z; no mass where low is above high."""
    root, gap = math.sqrt(now), now - before
    half, middle = max(high - low, 0.0) / 2 * root, (high + low) / 2 * root
    scale = 1.0 / math.sqrt(gap)
    for j in range(len(x)):
        to_score[j] = middle + half * x[j]
        y = to_score[j] - theta * gap
        total = 0.0
        for i in range(n):
            u = (y - score[i]) * scale
            if abs(u) < reach + 4.0:
                total += mass[i] * math.exp(-0.5 * u * u)
        to_mass[j] = w[j] * half * total * scale * DENSITY_AT_0
