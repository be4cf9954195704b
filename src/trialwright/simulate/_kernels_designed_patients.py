"""The patients of one designed trial: when they enter, in which stratum and arm, and what happens to them."""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.simulate._kernels_draws import (
    ALLOCATION,
    DROPOUT,
    ENTRY,
    EVENT,
    PLACES,
    STRATUM,
    exponential,
    uniform,
)
from trialwright.stats import kernel

Array = Any
UNIFORM, SPACED = 0, 1
BLOCKS, SIMPLE = 0, 1
LIST = 2**20
"""Words of one list of allocation."""


@kernel
def place(purpose: Any, number: Any) -> Any:
    """Return the counter of a draw; every patient's number is below 2**32."""
    return np.uint64(purpose) * np.uint64(PLACES) + np.uint64(number)


@kernel
def fill_exponentials(key: Any, purpose: Any, count: int, out: Array) -> None:
    """Write the exponentials of the first places of a purpose."""
    for i in range(count):
        out[i] = exponential(key, place(purpose, i))


@kernel
def enter(accrual: Any, grid: float, key: Any, entry: Array) -> None:
    """Write the calendar times of entry, ascending; ``entry`` has one place more than there are patients."""
    n = len(entry) - 1
    if accrual.entering == SPACED:
        for i in range(n):
            entry[i] = accrual.accrued * ((i + 1) / n)
    else:
        fill_exponentials(key, ENTRY, n + 1, entry)
        for i in range(1, n + 1):
            entry[i] += entry[i - 1]
        if accrual.entering == UNIFORM:
            for i in range(n):
                entry[i] = entry[i] / entry[n] * accrual.accrued
    _to_calendar(accrual, grid, entry)


@kernel
def _to_calendar(accrual: Any, grid: float, entry: Array) -> None:
    """Replace the patients expected by the time at which so many are."""
    piece, last = 0, len(accrual.starts) - 1
    for i in range(len(entry) - 1):
        while piece < last and entry[i] >= accrual.until[piece + 1]:
            piece += 1
        time = accrual.starts[piece] + (entry[i] - accrual.until[piece]) / accrual.rates[piece]
        entry[i] = np.floor(time / grid) * grid if grid > 0 else time


@kernel
def place_in_strata(shares: Array, key: Any, stratum: Array) -> None:
    """Write the stratum of each patient, in order of entry."""
    inner = len(shares) - 1
    stratum[:] = 0
    if inner:
        for i in range(len(stratum)):
            u = uniform(key, place(STRATUM, i))
            found = 0
            for k in range(inner):
                found += u >= shares[k]
            stratum[i] = found


@kernel
def allocate(plan: Any, key: Any, stratum: Array, arm: Array, work: Array) -> None:
    """Write the arm of each patient, 1 for experimental; ``work`` is [strata, at least 3 and one for each copy]."""
    if plan.method == BLOCKS:
        _permuted_blocks(plan, key, stratum, arm, work)
    elif plan.method == SIMPLE:
        whole = plan.experimental + plan.control
        for i in range(len(stratum)):
            arm[i] = uniform(key, place(ALLOCATION, i)) * whole < plan.experimental
    else:
        _minimized(plan, key, stratum, arm, work)


@kernel
def _permuted_blocks(plan: Any, key: Any, stratum: Array, arm: Array, work: Array) -> None:
    """Fill blocks place by place; work: places left in the block, those of them experimental, words drawn."""
    whole, sizes = plan.experimental + plan.control, len(plan.sizes)
    work[:, :3] = 0
    for i in range(len(stratum)):
        s = stratum[i] if plan.by_stratum else 0
        words = s * LIST + work[s, 2]
        if work[s, 0] == 0:
            size = plan.sizes[0]
            if sizes > 1:
                size = plan.sizes[int(uniform(key, place(ALLOCATION, words)) * sizes)]
                words += 1
            work[s, 0], work[s, 1] = size, size // whole * plan.experimental
        experimental = int(uniform(key, place(ALLOCATION, words)) * work[s, 0] < work[s, 1])
        work[s, 0] -= 1
        work[s, 1] -= experimental
        work[s, 2] = words + 1 - s * LIST
        arm[i] = experimental


@kernel
def _minimized(plan: Any, key: Any, stratum: Array, arm: Array, work: Array) -> None:
    """Minimize the range of the copies within the stratum (trialwright.randomize.Minimization, one factor)."""
    copies = plan.experimental + plan.control
    work[:, :copies] = 0
    for i in range(len(stratum)):
        s = stratum[i] if plan.by_stratum else 0
        least, tied = _best_range(work[s], copies)
        other = (1.0 - plan.p_best) / (copies - 1)
        best = (plan.p_best + (tied - 1) * other) / tied
        u, chosen, upto = uniform(key, place(ALLOCATION, i)), copies - 1, 0.0
        for copy in range(copies - 1):
            upto += best if _range_after(work[s], copies, copy) == least else other
            if u < upto:
                chosen = copy
                break
        work[s, chosen] += 1
        arm[i] = chosen < plan.experimental


@kernel
def _best_range(counts: Array, copies: int) -> Any:
    """Return the least range that one more allocation can leave, and how many copies leave it."""
    least, tied = np.int64(2**62), 0
    for copy in range(copies):
        after = _range_after(counts, copies, copy)
        if after < least:
            least, tied = after, 0
        tied += after == least
    return least, tied


@kernel
def _range_after(counts: Array, copies: int, copy: int) -> Any:
    low, high = np.int64(2**62), np.int64(0)
    for k in range(copies):
        count = counts[k] + (k == copy)
        low, high = min(low, count), max(high, count)
    return high - low


@kernel
def befall(plan: Any, grid: float, key: Any, stratum: Array, arm: Array, event: Array, stop: Array) -> None:
    """Write the times from entry to the event and to the end of follow-up without it, as nature has them."""
    n = len(event)
    fill_exponentials(key, EVENT, n, event)
    if plan.constant:
        for i in range(n):
            event[i] /= plan.rates[plan.pieces[(stratum[i] * 2 + arm[i]) * 2]]
    else:
        _invert(plan, stratum, arm, 0, event)
    if plan.leaving:
        fill_exponentials(key, DROPOUT, n, stop)
        _invert(plan, stratum, arm, 1, stop)
        _round_up(grid, stop)
        for i in range(n):
            stop[i] = min(stop[i], plan.longest)
    else:
        stop[:n] = plan.longest
    _round_up(grid, event)


@kernel
def _invert(plan: Any, stratum: Array, arm: Array, kind: int, times: Array) -> None:
    """Replace exponentials by the times at which the cumulative hazard reaches them, infinite where it never does."""
    for i in range(len(stratum)):
        cell = (stratum[i] * 2 + arm[i]) * 2 + kind
        piece, last = plan.pieces[cell], plan.pieces[cell + 1] - 1
        while piece < last and times[i] >= plan.until[piece + 1]:
            piece += 1
        times[i] = plan.starts[piece] + (times[i] - plan.until[piece]) / plan.rates[piece]


@kernel
def _round_up(grid: float, times: Array) -> None:
    if grid > 0:
        for i in range(len(times)):
            times[i] = np.ceil(times[i] / grid) * grid
