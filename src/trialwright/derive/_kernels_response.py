"""The order-dependent part of RECIST 1.1 over all patients: sums, nadirs, new lesions seen in doubt first.

The readable reference is ``response.patient_by_patient``. Codes are those of ``response_columns``; -1 stands for
nothing. Importing this module imports numba.
"""

# ruff: noqa: PLR0912, PLR0915, PLR0917 - kernels take scalars and arrays, and walk them in one pass
from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.stats import kernel

Array = Any
MEASURED, TOO_SMALL, MERGED, PRESENT, ABSENT, PROGRESSED, EQUIVOCAL, UNEQUIVOCAL, NOT_EVALUABLE = range(9)
TARGET, NONTARGET, NEW = range(3)
NOTHING, CR, PR, SD, PD, NE, NON = range(7)


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
def _longer(array: Array, length: int) -> Array:
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
                scans = _longer(scans, n)
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
def _diameter(state: int, diameter: int, too_small: int) -> int:
    if state in (-1, NOT_EVALUABLE):
        return -1
    if state == TOO_SMALL and diameter < 0:
        return too_small
    return 0 if state == ABSENT else diameter


@kernel
def _is_gone(diameter: int, node: bool, normal_node: int) -> bool:
    return diameter == 0 or (node and diameter < normal_node)


@kernel
def _has_progressed(total: int, nadir: int, limits: Array) -> Any:
    return limits[3] * total >= limits[2] * nadir and total - nadir >= limits[1]


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


@kernel
def _shown(
    lesion: int, role: int, state: Array, diameter: Array, into: Array, lesions: int, too_small: int
) -> tuple[int, int]:  # fmt: skip
    """Return state and diameter of a lesion, those of the whole where it has merged."""
    if state[lesion] != MERGED:
        return state[lesion], diameter[lesion]
    whole = lesion
    for _ in range(lesions):
        whole = into[whole]
        if whole < 0 or state[whole] != MERGED:
            break
    if whole < 0 or state[whole] in (-1, MERGED, NOT_EVALUABLE):
        return NOT_EVALUABLE, -1
    if role != TARGET:
        return state[whole], diameter[whole]
    measured = _diameter(state[whole], diameter[whole], too_small) >= 0
    return (MEASURED, 0) if measured else (NOT_EVALUABLE, -1)


@kernel
def respond(
    first_scan: Array, first_lesion: Array, number: Array, scan_on: Array, role: Array, node: Array, whole: Array,
    into: Array, start: Array, m_lesion: Array, m_diameter: Array, m_state: Array, m_on: Array, sighted: Array,
    sighted_on: Array, sighted_known_on: Array, limits: Array, rule_of: Array, sums: Array, flags: Array, codes: Array,
    response_on: Array, known_on: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Fill the answers of every scan; return the pairs (scan, lesion) without a measurement, and the marks.

    ``limits``: normal node, least growth, growth (two), shrinkage (two), too small. ``rule_of`` [target, nontarget,
    new]: line of the table of overall responses. ``sums`` [scan, 3]: sum, baseline, nadir; ``flags`` [scan, 2]:
    complete, growth called from an incomplete set; ``codes`` [scan, 3]: target, nontarget, rule (-1: baseline). A mark
    is (scan, lesion, kind): 0 too small, 1 merged, 2 part.
    """
    lesions = len(role)
    state = np.full(lesions, -1, np.int64)
    diameter = np.full(lesions, -1, np.int64)
    on = np.zeros(lesions, np.int64)
    seen_part = np.zeros(lesions, np.bool_)
    is_split = np.zeros(lesions, np.bool_)
    value = np.full(lesions, -1, np.int64)
    missing = np.empty((1024, 2), np.int64)
    marks = np.empty((1024, 3), np.int64)
    n_missing = 0
    n_marks = 0
    for subject in range(len(first_scan) - 1):
        a, b = first_lesion[subject], first_lesion[subject + 1]
        baseline, nadir = -1, -1
        for scan in range(first_scan[subject], first_scan[subject + 1]):
            for row in range(start[scan], start[scan + 1]):
                lesion = m_lesion[row]
                state[lesion], diameter[lesion], on[lesion] = m_state[row], m_diameter[row], m_on[row]
                if whole[lesion] >= 0:
                    seen_part[lesion] = True
                    is_split[whole[lesion]] = True
            total, targets, known, all_gone = 0, 0, 0, True
            others, left, unclear = 0, False, False
            progressed_on = -1
            missing_before = n_missing
            for lesion in range(a, b):
                value[lesion] = -1
                if role[lesion] == NEW or (whole[lesion] >= 0 and not seen_part[lesion]):
                    continue
                if is_split[lesion] and state[lesion] < 0:
                    continue
                st, mm = _shown(lesion, role[lesion], state, diameter, into, b - a, limits[6])
                mm_counted = _diameter(st, mm, limits[6])
                if role[lesion] == TARGET:
                    targets += 1
                    value[lesion] = mm_counted
                    if mm_counted < 0:
                        missing = _longer(missing, n_missing)
                        missing[n_missing, 0], missing[n_missing, 1] = scan, lesion
                        n_missing += 1
                    else:
                        known += 1
                        total += mm_counted
                        all_gone = all_gone and _is_gone(mm_counted, node[lesion], limits[0])
                    kind = -1
                    if state[lesion] == MERGED:
                        kind = 1
                    elif st == TOO_SMALL and mm < 0:
                        kind = 0
                    elif whole[lesion] >= 0:
                        kind = 2
                    if kind >= 0:
                        marks = _longer(marks, n_marks)
                        marks[n_marks, 0], marks[n_marks, 1], marks[n_marks, 2] = scan, lesion, kind
                        n_marks += 1
                else:
                    others += 1
                    if st in (-1, NOT_EVALUABLE):
                        unclear = True
                    elif st in (MEASURED, TOO_SMALL) and mm_counted >= 0:
                        left = left or not _is_gone(mm_counted, node[lesion], limits[0])
                    else:
                        left = left or st != ABSENT
                    if st == PROGRESSED and (progressed_on < 0 or on[lesion] < progressed_on):
                        progressed_on = on[lesion]
            complete = known == targets
            flags[scan, 0] = complete
            flags[scan, 1] = False
            sums[scan, 0] = total if targets else -1
            response_on[scan] = known_on[scan] = scan_on[scan]
            if number[scan] == 0:
                baseline = total if complete and targets else -1
                sums[scan, 1], sums[scan, 2] = baseline, -1
                codes[scan, 0], codes[scan, 1], codes[scan, 2] = NOTHING, NOTHING, -1
            else:
                sums[scan, 1], sums[scan, 2] = baseline, nadir
                target = NOTHING
                if targets and complete and all_gone:
                    target = CR
                elif targets and nadir >= 0 and _has_progressed(total, nadir, limits):
                    target = PD
                elif targets and (not complete or baseline < 0):
                    target = NE
                elif targets:
                    target = PR if limits[5] * total <= limits[4] * baseline else SD
                nontarget = NOTHING
                if others:
                    nontarget = PD if progressed_on >= 0 else NON if left else NE if unclear else CR
                rule = rule_of[target, nontarget, 1 if sighted[scan] >= 0 else 0]
                codes[scan, 0], codes[scan, 1], codes[scan, 2] = target, nontarget, rule
                earliest = progressed_on
                if target == PD:
                    flags[scan, 1] = not complete
                    grown_on = -1
                    for lesion in range(a, b):
                        if value[lesion] < 0 or (grown_on >= 0 and on[lesion] >= grown_on):
                            continue
                        by_then = 0
                        for other in range(a, b):
                            if value[other] >= 0 and on[other] <= on[lesion]:
                                by_then += value[other]
                        if _has_progressed(by_then, nadir, limits):
                            grown_on = on[lesion]
                    earliest = grown_on if earliest < 0 else min(earliest, grown_on)
                if sighted[scan] >= 0:
                    response_on[scan] = sighted_on[scan] if earliest < 0 else min(earliest, sighted_on[scan])
                    known_on[scan] = sighted_known_on[scan] if earliest < 0 else min(earliest, sighted_known_on[scan])
                elif earliest >= 0:
                    response_on[scan] = known_on[scan] = earliest
                if target != NE:
                    n_missing = missing_before
            if complete and targets and (nadir < 0 or total < nadir):
                nadir = total
            for row in range(start[scan], start[scan + 1]):
                state[m_lesion[row]] = -1
                diameter[m_lesion[row]] = -1
    return missing[:n_missing], marks[:n_marks]
