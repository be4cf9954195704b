"""One designed trial after the other, by the steps of the lanes: what runs where the processor has no wide registers.

Draws and arithmetic are those of ``_kernels_lanes``, operation by operation, so that both give the same bits; they
differ in how they find the d-th event and how they sort, which has one right answer. Steps are kept apart where that
lets the compiler turn a loop over patients into vector instructions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.simulate._kernels_draws import (
    ALLOCATION,
    DROPOUT,
    ENTRY,
    EVENT,
    PLACES,
    bits_float,
    exponential,
    float_bits,
    trial_key,
    uniform,
)
from trialwright.simulate._kernels_fused_tests import ARM, CENSORED, FLAGS, log_hazard_ratio, log_rank
from trialwright.simulate._kernels_selection import kth_smallest
from trialwright.stats import kernel

Array = Any
UNIFORM, SPACED, POISSON = range(3)
NEVER = 2.0**1000
ENTRIES, EVENTS, CALENDAR, LEAVE, SPARE = range(5)
"""Rows of the working space: calendar times of entry, times to the event, calendar times of events, ends of follow-up
without one, and values in passing."""
MEASURES = 4
"""Numbers of a look: time, enrolled, z, log hazard ratio."""
CROWDED = 24
"""Keys in one bucket from which insertion begins with gaps."""


@kernel
def run_fused_kernel(plan: Any, stream: Any, found: Array) -> None:
    """Fill ``found`` [trials, looks, MEASURES] of consecutive trials; looks not taken stay as they are.

    ``stream``: seed, digest of the design, number of the first trial, unsigned.
    """
    n = plan.patients
    work, arms = np.empty((5, n + 1)), np.empty(n, np.int64)
    keys, order, buckets = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n + 2, np.int64)
    seed, scenario, first = stream
    for t in range(len(found)):
        key = np.uint64(trial_key(seed, scenario, first + np.uint64(t)))
        allocate(plan, key, work[SPARE], arms)
        enter(plan, key, work[ENTRIES])
        most = befall(plan, key, arms, work)
        for look in range(len(plan.look_events)):
            if most < plan.look_events[look]:
                break
            cut = kth_smallest(work[CALENDAR], n, plan.look_events[look], work[SPARE])
            m, m1 = observe(plan, cut, work, keys)
            sort_keys(keys, m, order, buckets)
            z = log_rank(order, m, m1)
            found[t, look, 0], found[t, look, 1], found[t, look, 2] = cut, m, z
            if plan.ratios:
                found[t, look, 3] = log_hazard_ratio(order, m, m1)
            if not plan.every_look and (z >= plan.upper[look] or z <= plan.lower[look]):
                break


@kernel
def place(purpose: Any, number: Any) -> Any:
    """Return the counter of a draw."""
    return np.uint64(purpose) * np.uint64(PLACES) + np.uint64(number)


@kernel
def enter(plan: Any, key: Any, entry: Array) -> None:
    """Write the calendar times of entry, ascending."""
    n = plan.patients
    if plan.entering == SPACED:
        for i in range(n):
            entry[i] = (i + 1) / n * plan.span
        return
    for i in range(n + 1):
        entry[i] = exponential(key, place(ENTRY, i))
    for i in range(1, n + 1):
        entry[i] += entry[i - 1]
    scale = plan.span / entry[n] if plan.entering == UNIFORM else plan.spacing
    for i in range(n):
        entry[i] *= scale


@kernel
def allocate(plan: Any, key: Any, uniforms: Array, arms: Array) -> None:
    """Write the arms, 1 for experimental: a place of a block is drawn from those that remain of it."""
    n, sizes = plan.patients, len(plan.sizes)
    for i in range(n):
        uniforms[i] = uniform(key, place(ALLOCATION, i))
    if plan.simple:
        for i in range(n):
            arms[i] = uniforms[i] * plan.whole < plan.experimental
        return
    places, left, word = 0, 0, 0
    for i in range(n):
        if places == 0:
            places = plan.sizes[0]
            if sizes > 1:
                places = plan.sizes[int(uniform(key, place(ALLOCATION, word)) * sizes)]
                word += 1
            left = places // plan.whole * plan.experimental
        u = uniforms[i] if sizes == 1 else uniform(key, place(ALLOCATION, word))
        arm = int(u * places < left)
        word += 1
        places -= 1
        left -= arm
        arms[i] = arm


@kernel
def befall(plan: Any, key: Any, arms: Array, work: Array) -> Any:
    """Write times to the event, with the arm in their bits, those on the calendar, and the end of follow-up.

    Return the number of events that can be seen at all.
    """
    n, entry, event, calendar, leave = plan.patients, work[ENTRIES], work[EVENTS], work[CALENDAR], work[LEAVE]
    for i in range(n):
        event[i] = exponential(key, place(EVENT, i))
    for i in range(n):
        event[i] *= plan.mean_experimental if arms[i] else plan.mean_control
    for i in range(n):
        calendar[i] = entry[i] + event[i]
    most = n
    if plan.ends:
        _end(plan, key, arms, leave)
        most = 0
        for i in range(n):
            seen = event[i] <= leave[i]
            calendar[i] = calendar[i] if seen else NEVER
            most += seen
    for i in range(n):
        event[i] = bits_float(float_bits(event[i]) & ~FLAGS | arms[i])
    return most


@kernel
def _end(plan: Any, key: Any, arms: Array, leave: Array) -> None:
    """Write the times at which follow-up ends, by dropout or as planned."""
    for i in range(plan.patients):
        leave[i] = plan.longest
        if plan.leaving:
            mean = plan.leaving_experimental if arms[i] else plan.leaving_control
            leave[i] = min(exponential(key, place(DROPOUT, i)) * mean, plan.longest)


@kernel
def observe(plan: Any, cut: float, work: Array, keys: Array) -> Any:
    """Write observed times with their flags at a cut; return enrolled, and experimental of them.

    Whether an event is seen is asked of the calendar: cut - entry may fall short of the time to it by round-off.
    """
    entry, event, calendar, leave = work[ENTRIES], work[EVENTS], work[CALENDAR], work[LEAVE]
    m = 0
    while m < plan.patients and entry[m] <= cut:
        m += 1
    m1 = 0
    for i in range(m):
        bits = float_bits(event[i])
        followed = cut - entry[i]
        if plan.ends:
            followed = leave[i] if leave[i] < followed else followed
        censored = float_bits(followed) & ~FLAGS | (bits & ARM) | CENSORED
        keys[i] = bits if calendar[i] <= cut else censored
        m1 += bits & ARM
    return m, m1


@kernel
def sort_keys(keys: Array, count: int, out: Array, buckets: Array) -> None:
    """Write the keys in ascending order: buckets of equal width, then insertion; with gaps (Shell 1959) in a crowd."""
    most = np.int64(0)
    for i in range(count):
        most = max(most, keys[i])
    scale = count / (bits_float(most) * (1.0 + 1e-9) + 1e-300)
    for b in range(count + 1):
        buckets[b] = 0
    for i in range(count):
        buckets[int(bits_float(keys[i]) * scale) + 1] += 1
    largest = np.int64(0)
    for b in range(1, count + 1):
        largest = max(largest, buckets[b])
        buckets[b] += buckets[b - 1]
    for i in range(count):
        b = int(bits_float(keys[i]) * scale)
        out[buckets[b]] = keys[i]
        buckets[b] += 1
    gap = count // 3 if largest > CROWDED else 1
    while gap > 0:
        for i in range(gap, count):
            key, j = out[i], i
            while j >= gap and out[j - gap] > key:
                out[j] = out[j - gap]
                j -= gap
            out[j] = key
        gap = gap // 3 if gap > 3 else gap - 1
