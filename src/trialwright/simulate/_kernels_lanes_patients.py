"""The patients of eight designed trials at once: when they enter, in which arm, and what happens to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.simulate._kernels_draws import ALLOCATION, DROPOUT, ENTRY, EVENT, PLACES
from trialwright.simulate._kernels_lanes_draws import exponential_lanes, uniform_lanes
from trialwright.simulate._kernels_lanes_vectors import (
    anywhere,
    float_of,
    lane_numbers,
    larger,
    load,
    select,
    select_words,
    smaller,
    splat,
    store,
    word_of,
)
from trialwright.stats import kernel

Array = Any
UNIFORM, SPACED, POISSON = range(3)
ARM, CENSORED, FLAGS = 1, 2, 3
"""Bits of an observed time: experimental arm, no event. So an event comes before what is censored at the same time."""
NEVER = 2.0**1000
"""A time after all others, without flags: no event, or not enrolled."""
ENTRIES, EVENTS, CALENDAR, LEAVE, ARMS, KEYS = range(6)
"""Rows of the working space: calendar times of entry, times to the event, calendar times of events, ends of follow-up
without one, arms, and observed times with their flags."""


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
            store(entry, i, splat((i + 1) / n * plan.span))
        return
    total = splat(0.0)
    for i in range(n + 1):
        total = total + exponential_lanes(key, place(ENTRY, i))
        store(entry, i, total)
    scale = plan.span / total if plan.entering == UNIFORM else splat(plan.spacing)
    for i in range(n):
        store(entry, i, load(entry, i) * scale)


@kernel
def allocate(plan: Any, key: Any, arms: Array) -> None:
    """Write the arms, 1 for experimental: a place of a block is drawn from those that remain of it."""
    if plan.simple:
        for i in range(plan.patients):
            u = uniform_lanes(key, place(ALLOCATION, i))
            store(arms, i, select(u * plan.whole < plan.experimental, splat(1.0), splat(0.0)))
    elif len(plan.sizes) == 1:
        _one_size(plan, key, arms)
    else:
        _several_sizes(plan, key, arms)


@kernel
def _one_size(plan: Any, key: Any, arms: Array) -> None:
    size = plan.sizes[0]
    left = splat(0.0)
    for i in range(plan.patients):
        places = size - i % size
        if places == size:
            left = splat(size // plan.whole * plan.experimental)
        arm = uniform_lanes(key, place(ALLOCATION, i)) * places < left
        left = select(arm, left - 1.0, left)
        store(arms, i, select(arm, splat(1.0), splat(0.0)))


@kernel
def _several_sizes(plan: Any, key: Any, arms: Array) -> None:
    """Allocate in blocks that end at different patients in each lane, so that the words drawn differ too."""
    places, left, drawn = splat(0.0), splat(0.0), lane_numbers() * np.uint64(0) + place(ALLOCATION, 0)
    one, none = lane_numbers() * np.uint64(0) + np.uint64(1), lane_numbers() * np.uint64(0)
    for i in range(plan.patients):
        ended = places < 0.5
        if anywhere(ended):
            which = uniform_lanes(key, drawn) * len(plan.sizes)
            size = splat(plan.sizes[0])
            for s in range(1, len(plan.sizes)):
                size = select(which >= np.float64(s), splat(plan.sizes[s]), size)
            places = select(ended, size, places)
            left = select(ended, size / np.float64(plan.whole) * np.float64(plan.experimental), left)
            drawn = drawn + select_words(ended, one, none)
        arm = uniform_lanes(key, drawn) * places < left
        drawn = drawn + one
        places = places - 1.0
        left = select(arm, left - 1.0, left)
        store(arms, i, select(arm, splat(1.0), splat(0.0)))


@kernel
def befall(plan: Any, key: Any, work: Array) -> Any:
    """Write times to the event, with the arm in their bits, those on the calendar, and the end of follow-up.

    Return the last event on the calendar and the number that can be seen at all.
    """
    entry, event, calendar, leave, arms = work[ENTRIES], work[EVENTS], work[CALENDAR], work[LEAVE], work[ARMS]
    latest, most = splat(0.0), splat(0.0)
    none, one = lane_numbers() * np.uint64(0), lane_numbers() * np.uint64(0) + np.uint64(ARM)
    for i in range(plan.patients):
        arm = load(arms, i) > 0.5
        time = exponential_lanes(key, place(EVENT, i)) * select(
            arm, splat(plan.mean_experimental), splat(plan.mean_control)
        )
        on = load(entry, i) + time
        seen = on > -1.0
        if plan.ends:
            end = splat(plan.longest)
            if plan.leaving:
                mean = select(arm, splat(plan.leaving_experimental), splat(plan.leaving_control))
                end = smaller(exponential_lanes(key, place(DROPOUT, i)) * mean, end)
            store(leave, i, end)
            seen = time <= end
        latest = select(seen, larger(on, latest), latest)
        most = select(seen, most + 1.0, most)
        store(calendar, i, select(seen, on, splat(NEVER)))
        unflagged = word_of(time) & ~np.uint64(FLAGS)
        store(event, i, float_of(unflagged | select_words(arm, one, none)))
    return latest, most
