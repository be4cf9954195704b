"""Kernels that analyze many small trials of two arms; the readable references are the functions for one trial.

Columns of steps: 0 and 1 are the arms, 2 both together. Importing this module imports numba.
"""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.stats.compiled import kernel

HALF = 0.5
TOLERANCE = 1.4901161193847656e-08
STEP = 1e-11
MOST_STEPS = 100
FARTHEST = 5.0
Array = Any


@kernel
def analyze_trials(
    day: Array, event: Array, arm: Array, stratum: Array, included: Array, strata: int, at_days: Array, carry: bool,
    flat_to_end: bool, counts: Array, medians: Array, follow_up: Array, survival: Array, tests: Array,
) -> None:  # fmt: skip
    """Fill the answers of each trial [t]; inputs [t, patients], ``at_days`` increasing.

    ``counts`` [t, 2, 2]: subjects, events by arm; ``medians`` [t, 2]; ``follow_up`` [t, 3]; ``survival`` [t, 2, k];
    ``tests`` [t, 3]: log-rank z, log hazard ratio, its standard error.
    """
    patients = day.shape[1]
    keys = np.empty(patients, np.int64)
    spare = np.empty(patients, np.int64)
    digits = np.empty(256, np.int64)
    at_risk = np.empty((strata, 2), np.int64)
    ties = np.empty((patients, 4), np.float64)
    steps = np.empty((3, 4, patients), np.int64)
    length = np.empty(3, np.int64)
    for t in range(day.shape[0]):
        n = _keys(day[t], event[t], arm[t], stratum[t], included[t], strata, keys)
        in_order = _sort(keys, spare, n, digits)
        cells = _count(in_order, n, strata, at_risk, steps, length, ties)
        for a in range(2):
            counts[t, a, 0] = at_risk[:, a].sum()
            counts[t, a, 1] = steps[a, 1, : length[a]].sum()
            medians[t, a] = _curve(steps[a], length[a], 1, at_days, carry, flat_to_end, survival[t, a])
        for a in range(3):
            follow_up[t, a] = _curve(steps[a], length[a], 2, at_days[:0], carry, flat_to_end, survival[t, 0])
        tests[t, 0] = _log_rank(ties, cells)
        tests[t, 1], tests[t, 2] = _cox(ties, cells)


@kernel
def _keys(
    day: Array, event: Array, arm: Array, stratum: Array, included: Array, strata: int, keys: Array
) -> int:  # fmt: skip
    """Pack day, stratum, arm and event of the included patients into one number each; return how many."""
    n = 0
    for p in range(len(day)):
        if included[p]:
            place = np.int64(day[p]) * strata + stratum[p]
            keys[n] = (place << 2) | (np.int64(arm[p]) << 1) | np.int64(event[p])
            n += 1
    return n


@kernel
def _sort(keys: Array, spare: Array, n: int, digits: Array) -> Array:
    """Return the first n keys in increasing order of day and stratum: radix sort by bytes, above the two low bits."""
    top = np.int64(0)
    for i in range(n):
        top = max(top, keys[i])
    source, target = keys, spare
    shift = 2
    while top >> shift:
        digits[:] = 0
        for i in range(n):
            digits[(source[i] >> shift) & 255] += 1
        start = 0
        for value in range(256):
            size = digits[value]
            digits[value] = start
            start += size
        for i in range(n):
            value = (source[i] >> shift) & 255
            target[digits[value]] = source[i]
            digits[value] += 1
        source, target = target, source
        shift += 8
    return source


@kernel
def _count(
    keys: Array, n: int, strata: int, at_risk: Array, steps: Array, length: Array, ties: Array
) -> int:  # fmt: skip
    """Walk back from the last day: steps of each arm (day, events, censored, at risk) and the informative ties.

    Return the number of ties: stratum and day with an event while both arms are at risk (d1, d, Y1, Y0).
    """
    at_risk[:] = 0
    length[:] = 0
    cells = 0
    i = n - 1
    while i >= 0:
        place = keys[i] >> 2
        day, s = place // strata, place % strata
        censored0, events0, censored1, events1 = 0, 0, 0, 0
        while i >= 0 and keys[i] >> 2 == place:
            kind = keys[i] & 3
            censored0 += kind == 0
            events0 += kind == 1
            censored1 += kind == 2
            events1 += kind == 3
            i -= 1
        at_risk[s, 0] += censored0 + events0
        at_risk[s, 1] += censored1 + events1
        if censored0 + events0:
            _add_step(steps[0], length, 0, day, events0, censored0)
        if censored1 + events1:
            _add_step(steps[1], length, 1, day, events1, censored1)
        _add_step(steps[2], length, 2, day, events0 + events1, censored0 + censored1)
        if events0 + events1 and at_risk[s, 0] and at_risk[s, 1]:
            ties[cells, 0] = events1
            ties[cells, 1] = events0 + events1
            ties[cells, 2] = at_risk[s, 1]
            ties[cells, 3] = at_risk[s, 0]
            cells += 1
    return cells


@kernel
def _add_step(steps: Array, length: Array, a: int, day: int, events: int, censored: int) -> None:
    last = length[a] - 1
    if last < 0 or steps[0, last] != day:
        before = steps[3, last] if last >= 0 else 0
        last += 1
        length[a] += 1
        steps[0, last] = day
        steps[1, last] = 0
        steps[2, last] = 0
        steps[3, last] = before
    steps[1, last] += events
    steps[2, last] += censored
    steps[3, last] += events + censored


@kernel
def _curve(
    steps: Array, length: int, what: int, at_days: Array, carry: bool, flat_to_end: bool, survival: Array
) -> float:  # fmt: skip
    """Return the median and fill survival at days: Kaplan-Meier of column ``what``, 1 events or 2 censorings."""
    s, median, flat_from = 1.0, np.nan, -1.0
    k = 0
    for i in range(length - 1, -1, -1):
        while k < len(at_days) and at_days[k] < steps[0, i]:
            survival[k] = s
            k += 1
        s *= 1.0 - steps[what, i] / steps[3, i]
        if np.isnan(median) and s <= HALF + TOLERANCE:
            if s < HALF - TOLERANCE:
                median = steps[0, i] if flat_from < 0 else (flat_from + steps[0, i]) / 2
            elif flat_from < 0:
                flat_from = steps[0, i]
    while k < len(at_days):
        known = length > 0 and (carry or s == 0.0 or at_days[k] == steps[0, 0])
        survival[k] = s if known else np.nan
        k += 1
    if np.isnan(median) and flat_from >= 0 and flat_to_end:
        median = (flat_from + steps[0, 0]) / 2
    return median


@kernel
def _log_rank(ties: Array, cells: int) -> float:
    difference, variance = 0.0, 0.0
    for i in range(cells):
        d1, d, y1, y0 = ties[i, 0], ties[i, 1], ties[i, 2], ties[i, 3]
        y = y1 + y0
        difference += d1 - d * y1 / y
        variance += d * (y1 / y) * (y0 / y) * (y - d) / (y - 1.0)
    return difference / np.sqrt(variance) if variance > 0.0 else np.nan


@kernel
def _cox(ties: Array, cells: int) -> tuple[float, float]:
    """Return log hazard ratio and standard error, Efron; +-inf and NaN where the likelihood has no maximum."""
    events1, events0 = 0.0, 0.0
    for i in range(cells):
        events1 += ties[i, 0]
        events0 += ties[i, 1] - ties[i, 0]
    if events1 == 0.0 or events0 == 0.0:
        return (np.nan if events1 == events0 else (np.inf if events0 == 0.0 else -np.inf)), np.nan
    b, low, high = 0.0, -np.inf, np.inf
    for _ in range(MOST_STEPS):
        score, information = _efron(ties, cells, b)
        low, high = (b, high) if score > 0.0 else (low, b)
        step = max(-FARTHEST, min(FARTHEST, score / information))
        if abs(step) > STEP and not low < b + step < high:  # beyond what is known of the maximum
            step = (low + high) / 2 - b
        b += step
        if abs(step) <= STEP:
            return b, 1.0 / np.sqrt(information)
    return np.nan, np.nan


@kernel
def _efron(ties: Array, cells: int, b: float) -> tuple[float, float]:
    w = np.exp(b)
    score, information = 0.0, 0.0
    for i in range(cells):
        d1, d, y1, y0 = ties[i, 0], ties[i, 1], ties[i, 2], ties[i, 3]
        one, total = w * y1, w * y1 + y0
        one_step, total_step = w * d1 / d, (w * d1 + d - d1) / d
        score += d1
        for passed in range(int(d)):
            p = (one - one_step * passed) / (total - total_step * passed)
            score -= p
            information += p * (1.0 - p)
    return score, information
