"""The order-dependent part of RECIST 1.1 over all patients: sums, nadirs, responses and the days that decide them.

The readable reference is ``response.patient_by_patient``. Codes are those of ``response_columns``; -1 stands for
nothing. Importing this module imports numba.
"""

# ruff: noqa: PLR0917 - kernels take scalars and arrays
from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.derive._kernels_response import (
    ABSENT,
    MEASURED,
    MERGED,
    NEW,
    NOT_EVALUABLE,
    PROGRESSED,
    TARGET,
    TOO_SMALL,
    longer,
)
from trialwright.stats import kernel

Array = Any
NOTHING, CR, PR, SD, PD, NE, NON = range(7)
SMALL_MARK, MERGED_MARK, PART_MARK = range(3)


ROLE, NODE, WHOLE, INTO, STATE, DIAMETER, ON, SEEN_PART, IS_SPLIT, COUNTED, GAP, MARK = range(12)
"""Of each lesion what stays so, and what the scan at hand shows; -1 is no or nothing.

``WHOLE``: the lesion it is a part of; ``INTO``: the one it merges into; ``SEEN_PART``: it is a part that was seen;
``IS_SPLIT``: a part of it was; ``COUNTED``: millimetres that count for a target; ``GAP``: 0 for a target that cannot be
measured; ``MARK``: why a target's diameter is not simply the one measured. It is one array because references to every
array that a kernel hands on are counted: twelve arrays in a tuple take eight times as long.
"""


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
    seen = _unseen(role, node, whole, into)
    missing, marks = np.empty((1024, 3), np.int64), np.empty((1024, 3), np.int64)
    n_missing, n_marks = 0, 0
    for subject in range(len(first_scan) - 1):
        a, b = first_lesion[subject], first_lesion[subject + 1]
        baseline, nadir = -1, -1
        for scan in range(first_scan[subject], first_scan[subject + 1]):
            _look(seen, start[scan], start[scan + 1], m_lesion, m_diameter, m_state, m_on)
            total, targets, complete, all_gone = _targets(a, b, seen, limits)
            nontarget, progressed_on = _nontargets(a, b, seen, limits)
            target, rule, earliest = NOTHING, -1, -1
            flags[scan, 0], flags[scan, 1] = complete, False
            if number[scan] == 0:
                baseline = total if complete and targets else -1
                nontarget = NOTHING
                sums[scan, 2] = -1
                response_on[scan] = known_on[scan] = scan_on[scan]
            else:
                target = _target_response(targets, complete, all_gone, total, baseline, nadir, limits)
                rule = rule_of[target, nontarget, 1 if sighted[scan] >= 0 else 0]
                earliest = progressed_on
                if target == PD:
                    flags[scan, 1] = not complete
                    earliest = _earlier(earliest, _grown_on(a, b, seen, nadir, limits))
                sums[scan, 2] = nadir
                new_on = sighted_on[scan] if sighted[scan] >= 0 else -1
                new_known_on = sighted_known_on[scan] if sighted[scan] >= 0 else -1
                response_on[scan] = _day(earliest, new_on, scan_on[scan])
                known_on[scan] = _day(earliest, new_known_on, scan_on[scan])
            sums[scan, 0], sums[scan, 1] = total if targets else -1, baseline
            codes[scan, 0], codes[scan, 1], codes[scan, 2] = target, nontarget, rule
            if number[scan] == 0 or target == NE:
                missing, n_missing = _listed(missing, n_missing, scan, a, b, seen, GAP)
            marks, n_marks = _listed(marks, n_marks, scan, a, b, seen, MARK)
            if complete and targets and (nadir < 0 or total < nadir):
                nadir = total
            _forget(seen, start[scan], start[scan + 1], m_lesion)
    return missing[:n_missing, :2], marks[:n_marks]


@kernel
def _unseen(role: Array, node: Array, whole: Array, into: Array) -> Array:
    seen = np.full((len(role), 12), -1, np.int64)
    seen[:, ROLE], seen[:, NODE], seen[:, WHOLE], seen[:, INTO] = role, node, whole, into
    return seen


@kernel
def _look(seen: Array, first: int, last: int, m_lesion: Array, m_diameter: Array, m_state: Array, m_on: Array) -> None:
    """Take over the measurements of one scan."""
    for row in range(first, last):
        lesion = m_lesion[row]
        seen[lesion, STATE], seen[lesion, DIAMETER], seen[lesion, ON] = m_state[row], m_diameter[row], m_on[row]
        if seen[lesion, WHOLE] >= 0:
            seen[lesion, SEEN_PART] = 1
            seen[seen[lesion, WHOLE], IS_SPLIT] = 1


@kernel
def _forget(seen: Array, first: int, last: int, m_lesion: Array) -> None:
    for row in range(first, last):
        seen[m_lesion[row], STATE] = -1
        seen[m_lesion[row], DIAMETER] = -1


@kernel
def _is_followed(lesion: int, seen: Array) -> Any:
    """Say whether a lesion counts: new ones do not, nor parts not yet seen, nor wholes that came apart."""
    if seen[lesion, ROLE] == NEW or (seen[lesion, WHOLE] >= 0 and seen[lesion, SEEN_PART] < 0):
        return False
    return seen[lesion, IS_SPLIT] < 0 or seen[lesion, STATE] >= 0


@kernel
def _targets(a: int, b: int, seen: Array, limits: Array) -> tuple[int, int, bool, bool]:
    """Return the sum, the number of targets, whether all were measured, and whether all of those are gone."""
    total, targets, measured, all_gone = 0, 0, 0, True
    for lesion in range(a, b):
        seen[lesion, COUNTED], seen[lesion, GAP], seen[lesion, MARK] = -1, -1, -1
        if seen[lesion, ROLE] != TARGET or not _is_followed(lesion, seen):
            continue
        state, diameter = _shown(lesion, seen, b - a, limits[6])
        counted = _diameter(state, diameter, limits[6])
        targets += 1
        seen[lesion, COUNTED] = counted
        seen[lesion, MARK] = _mark(seen[lesion, STATE], state, diameter, seen[lesion, WHOLE])
        if counted < 0:
            seen[lesion, GAP] = 0
            continue
        measured += 1
        total += counted
        all_gone = all_gone and _is_gone(counted, seen[lesion, NODE], limits[0])
    return total, targets, measured == targets, all_gone


@kernel
def _nontargets(a: int, b: int, seen: Array, limits: Array) -> tuple[int, int]:
    """Return the response of the nontarget lesions, and the first day on which one had progressed."""
    others, left, unclear, progressed_on = 0, False, False, -1
    for lesion in range(a, b):
        if seen[lesion, ROLE] == TARGET or not _is_followed(lesion, seen):
            continue
        others += 1
        state, diameter = _shown(lesion, seen, b - a, limits[6])
        counted = _diameter(state, diameter, limits[6])
        if state in (-1, NOT_EVALUABLE):
            unclear = True
        elif state in (MEASURED, TOO_SMALL) and counted >= 0:
            left = left or not _is_gone(counted, seen[lesion, NODE], limits[0])
        else:
            left = left or state != ABSENT
        if state == PROGRESSED:
            progressed_on = _earlier(progressed_on, seen[lesion, ON])
    if not others:
        return NOTHING, -1
    return PD if progressed_on >= 0 else NON if left else NE if unclear else CR, progressed_on


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
def _shown(lesion: int, seen: Array, lesions: int, too_small: int) -> tuple[int, int]:
    """Return state and diameter of a lesion, those of the whole where it has merged."""
    if seen[lesion, STATE] != MERGED:
        return seen[lesion, STATE], seen[lesion, DIAMETER]
    whole = lesion
    for _ in range(lesions):
        whole = seen[whole, INTO]
        if whole < 0 or seen[whole, STATE] != MERGED:
            break
    if whole < 0 or seen[whole, STATE] in (-1, MERGED, NOT_EVALUABLE):
        return NOT_EVALUABLE, -1
    if seen[lesion, ROLE] != TARGET:
        return seen[whole, STATE], seen[whole, DIAMETER]
    measured = _diameter(seen[whole, STATE], seen[whole, DIAMETER], too_small) >= 0
    return (MEASURED, 0) if measured else (NOT_EVALUABLE, -1)


@kernel
def _mark(own: int, shown: int, diameter: int, whole: int) -> int:
    """Return why the diameter of a target is not simply the one measured."""
    if own == MERGED:
        return MERGED_MARK
    if shown == TOO_SMALL and diameter < 0:
        return SMALL_MARK
    return PART_MARK if whole >= 0 else -1


@kernel
def _target_response(
    targets: int, complete: bool, all_gone: bool, total: int, baseline: int, nadir: int, limits: Array
) -> int:
    if not targets:
        return NOTHING
    if complete and all_gone:
        return CR
    if nadir >= 0 and _has_progressed(total, nadir, limits):
        return PD
    if not complete or baseline < 0:
        return NE
    return PR if limits[5] * total <= limits[4] * baseline else SD


@kernel
def _grown_on(a: int, b: int, seen: Array, nadir: int, limits: Array) -> int:
    """Return the first day by which the targets measured had grown by enough."""
    grown_on = -1
    for lesion in range(a, b):
        if seen[lesion, COUNTED] < 0 or (grown_on >= 0 and seen[lesion, ON] >= grown_on):
            continue
        by_then = 0
        for other in range(a, b):
            if seen[other, COUNTED] >= 0 and seen[other, ON] <= seen[lesion, ON]:
                by_then += seen[other, COUNTED]
        if _has_progressed(by_then, nadir, limits):
            grown_on = seen[lesion, ON]
    return grown_on


@kernel
def _earlier(one: int, other: int) -> int:
    """Return the earlier of two days, either of which may be none."""
    if one < 0 or other < 0:
        return max(one, other)
    return min(one, other)


@kernel
def _day(progressed_on: int, sighted_on: int, scan_on: int) -> int:
    """Return the day of a response: of progression if there is any, else of the scan."""
    first = _earlier(progressed_on, sighted_on)
    return first if first >= 0 else scan_on


@kernel
def _listed(rows: Array, n: int, scan: int, a: int, b: int, seen: Array, what: int) -> tuple[Array, int]:
    """Add a row (scan, lesion, what is said of it) for each lesion of which something is said."""
    for lesion in range(a, b):
        if seen[lesion, what] >= 0:
            rows = longer(rows, n)
            rows[n, 0], rows[n, 1], rows[n, 2] = scan, lesion, seen[lesion, what]
            n += 1
    return rows, n
