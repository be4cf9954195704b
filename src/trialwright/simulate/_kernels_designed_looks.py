"""One look at a designed trial: when it is taken, and the rows of events and numbers at risk that it shows."""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

import math
from typing import Any

import numpy as np

from trialwright.simulate._kernels_designed_scans import last_scan
from trialwright.simulate._kernels_draws import bits_float, float_bits
from trialwright.simulate._kernels_selection import kth_smallest
from trialwright.stats import kernel

Array = Any
EVENT_BIT, ARM_BIT, FLAG_BITS = 1, 2, 2
"""Event and arm travel in the two lowest bits of the time, a change of less than 1e-15 of it."""
CROWDED = 64
"""Keys in one bucket from which plain insertion may take too long."""
NEAR = 1e-9
"""Of a step of the grid: round-off of a difference of two of its multiples is less."""


@kernel
def look_time(looks: Any, look: int, before: float, entry: Array, calendar: Array, work: Array) -> Any:
    """Return when a look's conditions have come, not before the look taken at ``before``; infinity when never."""
    n = len(calendar)
    latest, earliest = -math.inf, math.inf
    if looks.events[look] > 0:
        found = kth_smallest(calendar, n, looks.events[look], work)
        latest, earliest = max(latest, found), min(earliest, found)
    for given in (looks.time[look], entry[n - 1] + looks.follow_up[look]):
        if not math.isnan(given):
            latest, earliest = max(latest, given), min(earliest, given)
    if looks.enrolled[look] > 0:
        found = entry[looks.enrolled[look] - 1]
        latest, earliest = max(latest, found), min(earliest, found)
    return max(earliest if looks.first[look] else latest, before)


@kernel
def observe(
    scans: Any,
    grid: float,
    key: Any,
    cut: float,
    entry: Array,
    event: Array,
    calendar: Array,
    stop: Array,
    arm: Array,
    keys: Array,
) -> Any:
    """Write the observed time of everybody entered by the cut, with its flags; return how many they are, and events.

    Whether an event has come is asked of the calendar: entry + time may exceed the cut by round-off only.
    """
    enrolled, events = 0, 0
    while enrolled < len(calendar) and entry[enrolled] <= cut:
        i = enrolled
        seen = calendar[i] <= cut
        time = event[i] if seen else min(stop[i], cut - entry[i])
        if scans.scanned and not seen:
            time = last_scan(scans, grid, key, i, time)
        elif grid > 0 and not seen:
            time = np.floor(time / grid + NEAR) * grid
        flags = seen * EVENT_BIT + arm[i] * ARM_BIT
        keys[i] = (float_bits(time) >> FLAG_BITS << FLAG_BITS) | flags
        events += seen
        enrolled += 1
    return enrolled, events


@kernel
def sort_by_group(keys: Array, group: Array, count: int, groups: int, out: Array, edges: Array, work: Array) -> None:
    """Write the keys to ``out``, each group's in ascending order between its ``edges`` [groups + 1].

    Buckets of equal width first, which leaves little to the insertion that follows; where times crowd, insertion at
    falling distances (Shell 1959, with the distances of Ciura 2001).
    """
    most = np.int64(0)
    for i in range(count):
        most = max(most, keys[i])
    buckets = count // groups + 1
    scale = buckets / (bits_float(most) * (1.0 + 1e-9) + 1e-300)
    work[: groups * buckets + 1] = 0
    for i in range(count):
        work[group[i] * buckets + int(bits_float(keys[i]) * scale) + 1] += 1
    largest = np.int64(0)
    for b in range(1, groups * buckets + 1):
        largest = max(largest, work[b])
        work[b] += work[b - 1]
    for g in range(groups + 1):
        edges[g] = work[g * buckets]
    for i in range(count):
        b = group[i] * buckets + int(bits_float(keys[i]) * scale)
        out[work[b]] = keys[i]
        work[b] += 1
    for g in range(groups):
        if largest > CROWDED:
            for gap in (1750, 701, 301, 132, 57, 23, 10, 4):
                _insert(out, edges[g], edges[g + 1], gap)
        _insert(out, edges[g], edges[g + 1], 1)


@kernel
def _insert(keys: Array, low: int, high: int, gap: int) -> None:
    """Sort by insertion at a distance; equal times, whatever their flags, stay where they are."""
    for i in range(low + gap, high):
        key, j = keys[i], i
        time = key >> FLAG_BITS
        while j >= low + gap and keys[j - gap] >> FLAG_BITS > time:
            keys[j] = keys[j - gap]
            j -= gap
        keys[j] = key


@kernel
def count_rows(keys: Array, edges: Array, groups: int, rows: Array, first_row: Array, last: Array) -> None:
    """Write one row for each group and time with an event: events and at risk, in all and experimental, and the time.

    ``rows`` [5, n]; the rows of group g are ``first_row[g]`` to ``first_row[g + 1]``; ``last`` [groups, 2, 2] holds
    subjects and last time of each arm.
    """
    r = 0
    for g in range(groups):
        low, high = edges[g], edges[g + 1]
        first_row[g] = r
        experimental = 0
        for i in range(low, high):
            experimental += (keys[i] >> 1) & 1
        last[g, 0, 0], last[g, 1, 0] = high - low - experimental, experimental
        i = low
        while i < high:
            time, at_risk1, at_risk = keys[i] >> FLAG_BITS, experimental, high - i
            d, d1 = 0, 0
            while i < high and keys[i] >> FLAG_BITS == time:
                e, a = keys[i] & 1, (keys[i] >> 1) & 1
                d += e
                d1 += e & a
                experimental -= a
                i += 1
            rows[0, r], rows[1, r], rows[2, r], rows[3, r] = d, d1, at_risk, at_risk1
            rows[4, r] = bits_float(time << FLAG_BITS)
            r += d > 0
        first_row[g + 1] = r
        last[g, 0, 1], last[g, 1, 1] = _last_times(keys, low, high)


@kernel
def _last_times(keys: Array, low: int, high: int) -> Any:
    """Return the last time of the control and of the experimental arm."""
    found0, found1 = 0.0, 0.0
    i = high - 1
    while i >= low and (found0 == 0.0 or found1 == 0.0):
        time = bits_float(keys[i] >> FLAG_BITS << FLAG_BITS)
        if keys[i] & ARM_BIT:
            found1 = max(found1, time)
        else:
            found0 = max(found0, time)
        i -= 1
    return found0, found1
