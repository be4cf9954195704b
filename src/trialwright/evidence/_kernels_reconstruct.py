"""Kernels: patients of one arm drawn along its curve by a particle filter. Importing this module imports numba."""

# ruff: noqa: PLR0912, PLR0915, PLR0917 - kernels take scalars and arrays, and one loop over the particles
from __future__ import annotations

from math import exp, inf, lgamma, log, sqrt
from typing import Any

import numpy as np

from trialwright.stats import kernel

Array = Any

WIDEST = 400
"""Numbers of deaths looked at in one cell."""


@kernel
def _normal_quantile(u: float) -> float:
    """Return the normal quantile to 4.5e-4 (Hastings 1955, sheet 68; Abramowitz and Stegun 1964, 26.2.23)."""
    t = sqrt(-2.0 * log(min(max(u, 1e-300), 1.0 - u if u < 1.0 else 1e-16)))
    top, bottom = 2.515517 + t * (0.802853 + 0.010328 * t), 1.0 + t * (1.432788 + t * (0.189269 + 0.001308 * t))
    z = t - top / bottom
    return z if u > 0.5 else -z


@kernel
def _binomial(n: int, p: float, u: float) -> int:
    """Return a binomial draw by inversion; by its normal limit where more than 50 are expected."""
    if n <= 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    if n * p > 50.0:
        drawn = round(n * p + sqrt(n * p * (1.0 - p)) * _normal_quantile(u))
        return max(0, min(n, drawn))
    share = exp(n * log(1.0 - p))
    reached, k = share, 0
    while u > reached and k < n:
        share *= (n - k) / (k + 1.0) * p / (1.0 - p)
        k += 1
        reached += share
    return k


@kernel
def _drawn_deaths(
    at_risk: int, most: int, level: float, mean: float, read: float, weight: float, u: float, scratch: Array
) -> tuple[int, float]:
    """Return deaths d <= most drawn by Poisson(mean) exp(-weight (S - read)^2), S = level (1 - d / at_risk), and the
    logarithm of what these add up to. Far from both centers nothing is looked at.
    """  # fmt: skip
    near = mean
    if weight > 0.0:
        near = at_risk * (1.0 - read / level)
    spread = 6.0 * sqrt(mean + 1.0) + 3.0
    low = max(0, int(min(mean, near) - spread))
    high = min(most, int(max(mean, near) + spread))
    low = min(low, high)
    if high - low >= WIDEST:
        low = max(0, min(high - WIDEST + 1, int(near) - WIDEST // 2))
        high = min(high, low + WIDEST - 1)
    part, best = low * log(mean) - mean - lgamma(low + 1.0), -inf
    for d in range(low, high + 1):
        if d > low:
            part += log(mean / d)
        value = part
        if weight > 0.0:
            value -= weight * (level * (1.0 - d / at_risk) - read) ** 2
        scratch[d - low] = value
        best = max(best, value)
    total = 0.0
    for i in range(high - low + 1):
        scratch[i] = exp(scratch[i] - best)
        total += scratch[i]
    reached, chosen = 0.0, high
    for i in range(high - low + 1):
        reached += scratch[i]
        if reached >= u * total:
            chosen = low + i
            break
    return chosen, best + log(total)


@kernel
def _deaths_to_come(n: int, level: float, goal: int, smooth: Array, to_come: Array, j: int) -> float:
    """Return the deaths expected from cell j on within its interval; a curve above the smooth one has to catch up."""
    before = smooth[j - 1] if j > 0 else 1.0
    staying = to_come[j, 0] * min(2.0, before / level if level > 0.0 else 1.0)
    leaving = max(0.0, n * staying - goal) / to_come[j, 1]
    expected: float = max(0.0, n - goal - leaving)
    return expected


@kernel
def filter_arm(
    patients: int, read: Array, weight: Array, hazard: Array,
    target: Array, closes: Array, smooth: Array, to_come: Array, share: Array, marked: Array, still_marked: Array,
    later: Array,
    shape: Array, leaving: Array, dying: Array, events: int, uniforms: Array, offsets: Array,
    deaths: Array, censored: Array, order: Array, ancestor: Array, left: Array,
) -> float:  # fmt: skip
    """Fill the histories of the particles and return the logarithm of the evidence; -inf when none of them survives.

    For m cells and N particles. ``read`` [m] survival at the end of a cell and ``weight`` [m] 1 / (2 sd^2), 0 where
    nothing was read; ``hazard`` [m] expected deaths per patient at risk.
    ``target`` [m] patients at risk when the printed interval of the cell ends, -1 without numbers at risk;
    ``closes`` [m] whether the cell is the last of its interval; ``smooth`` [m] survival expected when the cell ends;
    ``to_come`` [shapes, m, 2] what it promises from the cell on within the interval: A and B of ``Cells.ahead``;
    ``share`` [shapes, m] of the interval's censorings still to come, those of this cell; ``marked`` and
    ``still_marked`` [m] censorings that must be in the cell, and in those after it within the interval; ``later`` [m]
    deaths expected after the interval. Without numbers at risk: ``shape`` [N] the censoring law of a particle,
    ``leaving`` and ``dying`` [laws, m] its probability to leave in a cell and the deaths per patient expected after.
    ``events`` deaths in all, -1 where they are not given. ``uniforms`` [m, N, 4] and ``offsets`` [m] chance.
    ``deaths``, ``censored``, ``order`` [m, N]; ``ancestor`` [m + 1, N]; ``left`` [N] at risk after the last cell.
    """
    cells, particles = len(read), len(shape)
    at_risk, level = np.full(particles, patients), np.ones(particles)
    dead, law, weights = np.zeros(particles, np.int64), shape.copy(), np.zeros(particles)
    ahead, scratch, habit = np.zeros(particles), np.zeros(WIDEST), np.zeros(particles, np.int64)
    kept_at_risk, kept_level, kept_dead = at_risk.copy(), level.copy(), dead.copy()
    kept_law, kept_ahead, kept_habit = law.copy(), ahead.copy(), habit.copy()
    evidence = 0.0
    for j in range(cells):
        bridging, last = target[j] >= 0, j == cells - 1
        goal = max(target[j], 0)
        best = -inf
        for i in range(particles):
            if weights[i] == -inf:
                continue
            n, s = at_risk[i], level[i]
            if bridging:
                gone = n - goal
                if j == 0 or closes[j - 1]:
                    habit[i] = min(int(uniforms[j, i, 3] * len(share)), len(share) - 1)
                expected = _deaths_to_come(n, s, goal, smooth, to_come[habit[i]], j)
                free = gone - marked[j] - still_marked[j]
                extra = max(free - expected, 0.0)
                c = marked[j] + (
                    _binomial(free, share[habit[i], j] * extra / free, uniforms[j, i, 0]) if free > 0 else 0
                )
            else:
                c = _binomial(n, leaving[law[i], j], uniforms[j, i, 0])
            # Censorings before or after the deaths of a cell: the curve does not tell, so either may be.
            before = uniforms[j, i, 1] < 0.5
            if bridging and closes[j]:
                c, before = marked[j], False
            most = n - c - goal - (still_marked[j] if bridging else 0)
            if events >= 0:
                most = min(most, events - dead[i])
            if most < 0:
                weights[i] = -inf
                continue
            facing = n - c if before else n
            d = 0
            if facing > 0 and s > 0.0:
                d, gained = _drawn_deaths(
                    facing, most, s, max(facing * hazard[j], 0.003), read[j], weight[j], uniforms[j, i, 2], scratch
                )
                weights[i] += gained
                s *= 1.0 - d / facing
            elif weight[j] > 0.0:
                weights[i] -= weight[j] * (s - read[j]) ** 2
            n -= d + c
            if bridging and closes[j]:
                c, n = c + n - goal, goal
            at_risk[i], level[i] = n, s
            dead[i] += d
            deaths[j, i], censored[j, i], order[j, i] = d, c, before
            # What is still to come steers the particles early; the last cell takes the steering back.
            if events >= 0:
                promise = 0.0
                if not last:
                    if bridging:
                        rest = later[j]
                        if not closes[j]:
                            rest += _deaths_to_come(n, s, goal, smooth, to_come[habit[i]], j + 1)
                    else:
                        rest = n * dying[law[i], j]
                    promise = -0.5 * (events - dead[i] - rest) ** 2 / (0.5 * rest + 0.3)
                elif dead[i] != events:
                    promise = -inf
                weights[i] += promise - ahead[i]
                ahead[i] = promise
            best = max(best, weights[i])
        if best == -inf:
            return -inf
        total, squares = 0.0, 0.0
        for i in range(particles):
            value = exp(weights[i] - best)
            total += value
            squares += value * value
        if total * total >= 0.5 * particles * squares and not last:
            for i in range(particles):
                ancestor[j + 1, i] = i
            continue
        # Systematic resampling (Kitagawa 1996).
        evidence += best + log(total / particles)
        step = total / particles
        mark, reached, k = offsets[j] * step, exp(weights[0] - best), 0
        for i in range(particles):
            while reached < mark and k < particles - 1:
                k += 1
                reached += exp(weights[k] - best)
            ancestor[j + 1, i] = k
            mark += step
            kept_at_risk[i], kept_level[i], kept_dead[i] = at_risk[k], level[k], dead[k]
            kept_law[i], kept_ahead[i], kept_habit[i] = law[k], ahead[k], habit[k]
        at_risk[:], level[:], dead[:] = kept_at_risk, kept_level, kept_dead
        law[:], ahead[:], habit[:], weights[:] = kept_law, kept_ahead, kept_habit, 0.0
    left[:] = at_risk
    shape[:] = law
    return evidence


@kernel
def trace(
    chosen: Array, ancestor: Array, deaths: Array, censored: Array, order: Array,
    own_deaths: Array, own_censored: Array, own_order: Array,
) -> None:  # fmt: skip
    """Fill the histories [q, m] of chosen particles [q] by following their ancestors back."""
    for q in range(len(chosen)):
        i = ancestor[len(deaths), chosen[q]]
        for j in range(len(deaths) - 1, -1, -1):
            own_deaths[q, j], own_censored[q, j], own_order[q, j] = deaths[j, i], censored[j, i], order[j, i]
            i = ancestor[j, i]
