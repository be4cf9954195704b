"""Scans in order, parts of lesions, and new lesions seen in doubt first, over all patients.

Codes are those of ``response_columns``; -1 stands for nothing. Importing this module imports numba.
"""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, and walk them in one pass
from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.stats import kernel

Array = Any
MEASURED, TOO_SMALL, MERGED, PRESENT, ABSENT, PROGRESSED, EQUIVOCAL, UNEQUIVOCAL, NOT_EVALUABLE = range(9)
TARGET, NONTARGET, NEW = range(3)


@kernel
def by_scan(m_scan: Array, scans: int) -> tuple[Array, Array]:
    """Return the start of each scan's measurements and their order; of one scan they keep their order."""
    start = np.zeros(scans + 1, np.int64)
    for scan in m_scan:
        start[scan + 1] += 1
    for scan in range(scans):
        start[scan + 1] += start[scan]
    place = start[:-1].copy()
    order = np.empty(len(m_scan), np.int64)
    for row in range(len(m_scan)):
        order[place[m_scan[row]]] = row
        place[m_scan[row]] += 1
    return start, order


@kernel
def longer(array: Array, length: int) -> Array:
    """Return the array, twice as long where ``length`` rows fill it."""
    if length < len(array):
        return array
    longer = np.empty((2 * len(array), array.shape[1]), array.dtype)
    longer[:length] = array
    return longer


@kernel
def scans_of(subject: Array, number: Array, on: Array, subjects: int) -> tuple[Array, Array]:
    """Return the scans (subject, number, latest day) in order of subject, day and number, and the scan of each row.

    A patient has few scans, most rows follow one of the same scan: a search among the patient's own is the fastest.
    """
    start, order = by_scan(subject, subjects)
    scans = np.empty((1024, 3), np.int64)
    place = np.empty(len(subject), np.int64)
    n = 0
    for patient in range(subjects):
        first = n
        at = n
        for k in range(start[patient], start[patient + 1]):
            row = order[k]
            if at == n or scans[at, 1] != number[row]:
                at = first
                while at < n and scans[at, 1] != number[row]:
                    at += 1
            if at == n:
                scans = longer(scans, n)
                scans[n, 0], scans[n, 1], scans[n, 2] = patient, number[row], on[row]
                n += 1
            scans[at, 2] = max(scans[at, 2], on[row])
            place[row] = at
        new = _in_order(scans, first, n)
        for k in range(start[patient], start[patient + 1]):
            place[order[k]] = first + new[place[order[k]] - first]
    return scans[:n], place


@kernel
def _in_order(scans: Array, first: int, last: int) -> Array:
    """Sort the rows of one patient by day and number; return where each went."""
    old = np.arange(last - first)
    new = np.empty(last - first, np.int64)
    for at in range(first + 1, last):
        subject, number, on, own = scans[at, 0], scans[at, 1], scans[at, 2], old[at - first]
        to = at
        while to > first and (scans[to - 1, 2] > on or (scans[to - 1, 2] == on and scans[to - 1, 1] > number)):
            scans[to] = scans[to - 1]
            old[to - first] = old[to - 1 - first]
            to -= 1
        scans[to, 0], scans[to, 1], scans[to, 2] = subject, number, on
        old[to - first] = own
    for at in range(last - first):
        new[old[at]] = at
    return new


@kernel
def wholes(parent: Array, role: Array, first: Array) -> Array:
    """Give each part the lesion it comes from in the end, and its role; parts of each other are none."""
    whole = np.full(len(parent), -1, np.int64)
    for subject in range(len(first) - 1):
        lesions = range(first[subject], first[subject + 1])
        for lesion in lesions:
            at = lesion
            for _ in lesions:
                at = parent[at] if parent[at] >= 0 else at
            whole[lesion] = -1 if parent[at] >= 0 or at == lesion else at
    for lesion in range(len(parent)):
        if whole[lesion] >= 0:
            role[lesion] = role[whole[lesion]]
    return whole


@kernel
def sightings(
    first_scan: Array, role: Array, start: Array, m_lesion: Array, m_state: Array, m_on: Array,
    sighted: Array, on: Array, known_on: Array,
) -> None:  # fmt: skip
    """Fill, for each scan, the earliest certain new lesion; of one day the first by name."""
    confirmed = np.zeros(len(role), np.bool_)
    waiting = np.full(len(role), -1, np.int64)
    for subject in range(len(first_scan) - 1):
        for scan in range(first_scan[subject], first_scan[subject + 1]):
            for row in range(start[scan], start[scan + 1]):
                lesion, state = m_lesion[row], m_state[row]
                if role[lesion] != NEW or state in (NOT_EVALUABLE, MERGED):
                    continue
                if state == ABSENT:
                    waiting[lesion] = -1
                    continue
                if waiting[lesion] < 0:
                    waiting[lesion] = scan
                confirmed[lesion] = confirmed[lesion] or state != EQUIVOCAL
                if not confirmed[lesion]:
                    continue
                for earlier in range(waiting[lesion], scan + 1):
                    for other in range(start[earlier], start[earlier + 1]):
                        if m_lesion[other] != lesion or m_state[other] in (NOT_EVALUABLE, MERGED):
                            continue
                        best = sighted[earlier]
                        if best < 0 or m_on[other] < on[earlier] or (m_on[other] == on[earlier] and lesion < best):
                            sighted[earlier], on[earlier], known_on[earlier] = lesion, m_on[other], m_on[row]
                waiting[lesion] = -1
