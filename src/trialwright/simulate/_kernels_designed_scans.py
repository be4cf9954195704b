"""What scheduled scans show of events: the first scan taken after an event, and the last one taken before a time."""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

import math
from typing import Any

import numpy as np

from trialwright.simulate._kernels_designed_patients import place
from trialwright.simulate._kernels_draws import MISSED, SCAN, uniform
from trialwright.stats import kernel

Array = Any
MOST_SCANS = 2**12


@kernel
def _taken(planned: Array, window: float, grid: float, key: Any, patient: int, number: int) -> Any:
    """Return the time at which a scan is taken, if it is not missed: within its window, on the grid."""
    time = planned[number]
    if window > 0:
        time += (2.0 * uniform(key, place(SCAN, patient * MOST_SCANS + number)) - 1.0) * window
        if grid > 0:
            time = np.floor(time / grid + 0.5) * grid
    return time


@kernel
def _is_missed(missed: float, key: Any, patient: int, number: int) -> Any:
    return missed > 0 and uniform(key, place(MISSED, patient * MOST_SCANS + number)) < missed


@kernel
def _first_from(
    planned: Array, shortest: float, window: float, grid: float, key: Any, patient: int, time: float
) -> Any:  # fmt: skip
    """Return the number of the first scan at or after a time, missed or not; MOST_SCANS when there is none.

    No two scans are planned closer than ``shortest``, so that the first guess is rarely too early.
    """
    if not time < planned[MOST_SCANS - 1] - window:
        return MOST_SCANS
    number = min(int(time / shortest), MOST_SCANS - 1)
    while number > 0 and _taken(planned, window, grid, key, patient, number - 1) >= time:
        number -= 1
    while number < MOST_SCANS and _taken(planned, window, grid, key, patient, number) < time:
        number += 1
    return number


@kernel
def last_scan(scans: Any, grid: float, key: Any, patient: int, time: float) -> Any:
    """Return the time of the last scan taken at or before a time; 0, randomization, when there is none."""
    planned, window, missed = scans.planned, scans.window, scans.missed
    number = _first_from(planned, scans.shortest, window, grid, key, patient, time)
    while number < MOST_SCANS and _taken(planned, window, grid, key, patient, number) == time:
        number += 1
    return _last_taken_before(planned, window, missed, grid, key, patient, number)


@kernel
def _last_taken_before(
    planned: Array, window: float, missed: float, grid: float, key: Any, patient: int, number: int
) -> Any:  # fmt: skip
    for earlier in range(number - 1, -1, -1):
        if not _is_missed(missed, key, patient, earlier):
            return _taken(planned, window, grid, key, patient, earlier)
    return 0.0


@kernel
def detect(scans: Any, grid: float, key: Any, event: Array, stop: Array) -> None:
    """Replace times of events by those at which they are seen; infinite for events unseen or not counted.

    Without scans an event is seen as it comes, up to the end of follow-up ``stop``; with them at the next scan taken up
    to then. After ``gap`` missed scans in a row it does not count, and follow-up ends with the scan before them.
    """
    planned, window, missed = scans.planned, scans.window, scans.missed
    for i in range(len(event)):
        if event[i] > stop[i]:
            event[i] = math.inf
        elif scans.scanned:
            first = number = _first_from(planned, scans.shortest, window, grid, key, i, event[i])
            while number < MOST_SCANS and _is_missed(missed, key, i, number):
                number += 1
            seen = _taken(planned, window, grid, key, i, number) if number < MOST_SCANS else math.inf
            event[i] = seen if seen <= stop[i] else math.inf
            if scans.gap > 0 and event[i] < math.inf and _missed_before(missed, key, i, number, first) >= scans.gap:
                event[i] = math.inf
                stop[i] = _last_taken_before(planned, window, missed, grid, key, i, number)


@kernel
def _missed_before(missed: float, key: Any, patient: int, number: int, first: int) -> Any:
    """Return how many scans in a row were missed before one; those from ``first`` on are known to have been."""
    while first > 0 and _is_missed(missed, key, patient, first - 1):
        first -= 1
    return number - first
