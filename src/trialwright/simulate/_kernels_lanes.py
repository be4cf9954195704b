"""Eight designed trials at a time, one in each lane: patients, looks at an event count, log-rank test.

A look needs no sort of calendar times: the day of the d-th event is found by counting those up to a guess. It needs one
sort of the observed times, which carry arm and event in the two lowest bits of their mantissa (a change below 1e-15).
"""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

import math
from typing import Any

import numpy as np

from trialwright.simulate._kernels_draws import trial_key
from trialwright.simulate._kernels_lanes_network import TILE, sort_lanes
from trialwright.simulate._kernels_lanes_patients import (
    ARM,
    ARMS,
    CALENDAR,
    CENSORED,
    ENTRIES,
    EVENTS,
    FLAGS,
    KEYS,
    LEAVE,
    NEVER,
    allocate,
    befall,
    enter,
)
from trialwright.simulate._kernels_lanes_tests import log_hazard_ratio, log_rank
from trialwright.simulate._kernels_lanes_vectors import (
    LANES,
    anywhere,
    both,
    either,
    float_of,
    is_set,
    lane_numbers,
    larger,
    load,
    plus_one_where,
    rounded,
    select,
    smaller,
    splat,
    store,
    unless,
    word_of,
)
from trialwright.stats import kernel

Array = Any
MEASURES = 4
"""Vectors of a look: time, enrolled, z, log hazard ratio."""
GUESSED = 2
"""Probes for the d-th event that go by the usual pace of events, before those that interpolate."""
PACE = 1.3
"""Events per unit of time at a look, as a multiple of the mean up to it: a guess."""


@kernel
def run_lanes_kernel(plan: Any, stream: Any, work: Array, found: Array) -> None:
    """Fill ``found`` [groups * looks * MEASURES * LANES] of consecutive trials; looks not taken stay as they are.

    ``stream``: seed, digest of the design, number of the first trial, unsigned. ``work``: ROWS of (patients + 1 + TILE)
    vectors.
    """
    looks = len(plan.look_events)
    seed, scenario, first = stream
    usual = np.zeros(looks)
    for group in range(len(found) // (looks * MEASURES * LANES)):
        key = trial_key(seed, scenario, lane_numbers() + (first + np.uint64(group * LANES)))
        allocate(plan, key, work[ARMS])
        enter(plan, key, work[ENTRIES])
        latest, most = befall(plan, key, work)
        active = latest > -1.0
        for look in range(looks):
            active = both(active, most >= np.float64(plan.look_events[look]))
            if not anywhere(active):
                break
            at = (group * looks + look) * MEASURES
            z = take_look(plan, look, active, latest, usual[look], work, found[at * LANES :])
            usual[look] = _mean(found, at, usual[look])
            if not plan.every_look:
                active = both(active, unless(either(z >= plan.upper[look], z <= plan.lower[look])))


@kernel
def take_look(
    plan: Any, look: int, active: Any, latest: Any, usual: float, work: Array, found: Array
) -> Any:  # fmt: skip
    """Write the measures of a look at the lanes that are active, NaN for the others; return z."""
    guess = usual if usual > 0.0 else 0.5 * plan.span
    cut = nth_smallest(work[CALENDAR], plan.patients, plan.look_events[look], active, guess, latest)
    m, n, n1 = observe(plan, cut, work)
    sort_lanes(work[KEYS], m)
    z, nothing = log_rank(work[KEYS], m, n, n1), splat(math.nan)
    store(found, 0, select(active, cut, nothing))
    store(found, 1, select(active, n, nothing))
    store(found, 2, select(active, z, nothing))
    if plan.ratios:
        store(found, 3, select(active, log_hazard_ratio(work[KEYS], m, n, n1), nothing))
    return z


@kernel
def _mean(found: Array, at: int, otherwise: float) -> Any:
    """Return the mean of the lanes that have a number."""
    total, count = 0.0, 0
    for lane in range(LANES):
        value = found[at * LANES + lane]
        if not math.isnan(value):
            total += value
            count += 1
    return total / count if count else otherwise


@kernel
def nth_smallest(values: Array, n: int, nth: int, wanted: Any, guess: float, latest: Any) -> Any:
    """Return the nth smallest of n values in each lane where it is wanted, -1 elsewhere.

    ``latest`` is the largest value of each lane, values that are NEVER left out; the guess only saves time.

    A probe counts the values up to it. The bracket's ends become a probe below and the value next to one above, so that
    it shrinks even where interpolation would not; equal values end it too.
    """
    probe, pace, target = splat(guess), guess / (PACE * nth), np.float64(nth - 0.5)
    for _ in range(GUESSED):
        probe = larger(probe + (target - _count(values, n, probe)) * pace, splat(0.0))
    # Nothing is known below 0 yet, not even that no value is there: one less than none.
    low, high, after = splat(-1.0), latest, splat(-1.0)
    below, above = splat(-1.0), splat(np.float64(n))
    step = 0
    while True:
        count, down, up = _around(values, n, probe)
        enough = count > target
        high, above = select(enough, down, high), select(enough, count, above)
        low, below, after = select(enough, low, probe), select(enough, below, count), select(enough, after, up)
        next_after = below >= np.float64(nth - 1)
        is_found = either(either(next_after, after >= high), above <= np.float64(nth))
        if not anywhere(both(wanted, unless(is_found))):
            return select(wanted, select(next_after, after, high), splat(-1.0))
        step += 1
        if step < GUESSED:
            probe = probe + (target - count) * pace
        else:
            share = splat(0.5) if step % 4 == 0 else (target - below) / (above - below)
            probe = low + (high - low) * share
        # A probe outside the bracket, or by round-off at its upper end, would teach nothing.
        probe = select(both(probe > low, probe < high), probe, low + (high - low) * 0.5)


@kernel
def _count(values: Array, n: int, probe: Any) -> Any:
    """Return how many values are at most the probe."""
    count = lane_numbers() * np.uint64(0)
    for i in range(n):
        count = plus_one_where(count, load(values, i) <= probe)
    return rounded(count)


@kernel
def _around(values: Array, n: int, probe: Any) -> Any:
    """Return how many values are at most the probe, the largest of them, and the smallest above it."""
    count, down, up = lane_numbers() * np.uint64(0), splat(-1.0), splat(NEVER)
    for i in range(n):
        value = load(values, i)
        under = value <= probe
        count = plus_one_where(count, under)
        down = larger(select(under, value, down), down)
        up = smaller(select(under, up, value), up)
    return rounded(count), down, up


@kernel
def observe(plan: Any, cut: Any, work: Array) -> Any:
    """Write observed times with their flags at a cut; return vectors to sort, enrolled, and experimental of them.

    Whether an event is seen is asked of the calendar: cut - entry may fall short of the time to it by round-off.
    """
    entry, event, calendar, leave, keys = work[ENTRIES], work[EVENTS], work[CALENDAR], work[LEAVE], work[KEYS]
    n, n1, never = splat(0.0), splat(0.0), float_of(word_of(splat(NEVER)) | np.uint64(CENSORED))
    m = 0
    while m < plan.patients:
        entered = load(entry, m)
        inside = entered <= cut
        if not anywhere(inside):
            break
        time, followed = load(event, m), cut - entered
        if plan.ends:
            followed = smaller(load(leave, m), followed)
        flag = word_of(time) & np.uint64(ARM)
        censored = float_of(word_of(followed) & ~np.uint64(FLAGS) | flag | np.uint64(CENSORED))
        key = select(load(calendar, m) <= cut, time, censored)
        store(keys, m, select(inside, key, never))
        n = select(inside, n + 1.0, n)
        n1 = select(both(inside, is_set(flag)), n1 + 1.0, n1)
        m += 1
    while m % TILE:
        store(keys, m, never)
        m += 1
    return m, n, n1
