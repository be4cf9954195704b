"""Scans written down as lesions and diameters, so that RECIST derivation finds the course again.

Between progression and response the sum of diameters stays within a band of 15 percent: growth from its own nadir can
then never reach 20 percent, and shrinkage never 30 percent unless the course says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trialwright.simulate.case import Case
from trialwright.simulate.course import EMPTY, MISSED, READ
from trialwright.simulate.hazards import NEVER

__all__ = ["write_scans"]

MAX_TARGETS = 5
LEAST_NODE, NORMAL_NODE, HEALED_NODE = 150, 100, 80
"""Short axes in tenths of a millimetre: measurable from, normal below, and that of a healed node."""
BAND = 0.15


@dataclass(frozen=True)
class _Lesion:
    name: str
    role: str
    organ: str
    node: bool
    diameter: int


@dataclass(frozen=True)
class _Look:
    """One scan: its number, planned and real day, and what it can show."""

    number: int
    planned: int
    day: int
    state: int


def write_scans(case: Case) -> None:
    """Write lesions, assessments and measurements of one patient, baseline first, for every evaluator."""
    for evaluator in case.protocol.assessments.evaluators:
        _write(case, evaluator)


def _write(case: Case, evaluator: str) -> None:
    lesions = _baseline(case)
    first = max(case.screened, -case.protocol.assessments.baseline_within_days)
    _assessment(case, evaluator, _Look(0, first, first, READ))
    for lesion in lesions:
        _lesion(case, evaluator, lesion, first)
        _measured(case, evaluator, _Look(0, first, first, READ), lesion, lesion.diameter)
    base = sum(lesion.diameter for lesion in lesions if lesion.role == "target")
    nadir = base
    for look in _looks(case):
        _assessment(case, evaluator, look)
        if look.state == MISSED:
            continue
        if look.day == int(case.course.scans.found[case.row]):
            _progression(case, evaluator, look, lesions, base, nadir)
        else:
            nadir = min(nadir, _quiet(case, evaluator, look, lesions))


def _looks(case: Case) -> Iterator[_Look]:
    scans, row = case.course.scans, case.row
    taken = np.flatnonzero(scans.day[row] >= 0)
    for column in taken:
        yield _Look(int(column) + 1, int(scans.planned[column]), int(scans.day[row, column]), int(scans.state[row, column]))
    found = int(scans.found[row])
    if scans.unscheduled[row] and found < NEVER:
        yield _Look(len(taken) + 1, found, found, READ)


def _baseline(case: Case) -> list[_Lesion]:
    plan = case.scenario.lesions
    low, high = (round(10 * mm) for mm in plan.diameter_mm)
    lesions: list[_Lesion] = []
    sizes = case.uniforms("diameters", len(case.organs))
    for (organ, measurable), uniform in zip(case.organs, sizes, strict=True):
        node, size = plan.organs[organ].node, low + int(uniform * (high - low))
        targets = sum(lesion.role == "target" for lesion in lesions)
        if measurable and targets < MAX_TARGETS:
            lesions.append(_Lesion(f"T{targets + 1:02}", "target", organ, node, max(size, LEAST_NODE) if node else size))
        else:
            lesions.append(_Lesion(f"N{len(lesions) - targets + 1:02}", "non-target", organ, node, 0))
    return lesions


def _quiet(case: Case, evaluator: str, look: _Look, lesions: list[_Lesion]) -> int:
    """Write a scan without progression and return its sum of diameters."""
    if look.state == EMPTY:
        for lesion in lesions:
            _measured(case, evaluator, look, lesion, None)
        return NEVER
    responded = look.number >= case.own("responds_at")
    healed = responded and bool(case.course.complete[case.row])
    factor = _factor(case, look.number, responded)
    total = 0
    for lesion in lesions:
        diameter = _healed(lesion) if healed else _scaled(lesion, factor)
        total += diameter
        _measured(case, evaluator, look, lesion, diameter, "absent" if healed else "present")
    return total


def _factor(case: Case, number: int, responded: bool) -> float:
    """Return the sum of diameters relative to the baseline."""
    depth, *wobble = case.uniforms("shrinkage", 1 + number)
    floor = 0.45 + 0.13 * depth if responded else 0.80 + 0.20 * depth
    return float(floor * (1 + BAND * wobble[-1]))


def _scaled(lesion: _Lesion, factor: float) -> int:
    size = round(lesion.diameter * factor)
    return max(size, NORMAL_NODE) if lesion.node and lesion.role == "target" else size


def _healed(lesion: _Lesion) -> int:
    return HEALED_NODE if lesion.node and lesion.role == "target" else 0


def _progression(case: Case, evaluator: str, look: _Look, lesions: list[_Lesion], base: int, nadir: int) -> None:
    """Write the scan that shows progression: growth, a new lesion, or unequivocal growth of non-targets."""
    kind = _kind(case, lesions)
    healed = look.number > case.own("responds_at") and bool(case.course.complete[case.row])
    before = _factor(case, look.number, look.number >= case.own("responds_at"))
    grown = (1.35 * nadir + 60) / base if base else 0.0
    worst = next((lesion.name for lesion in lesions if lesion.role == "non-target"), None)
    for lesion in lesions:
        diameter = _scaled(lesion, grown) if kind == "growth" else _healed(lesion) if healed else _scaled(lesion, before)
        left = "absent" if healed else "present"
        state = "progressed" if kind == "non-target" and lesion.name == worst else left
        _measured(case, evaluator, look, lesion, diameter, state)
    if kind == "new":
        new = _Lesion("NEW01", "new", _new_organ(case), False, 0)
        _lesion(case, evaluator, new, look.day)
        _measured(case, evaluator, look, new, None, "unequivocal")


def _kind(case: Case, lesions: list[_Lesion]) -> str:
    chosen = case.uniforms("progression", 1)[0]
    roles = {lesion.role for lesion in lesions}
    if "target" in roles and chosen < 0.5:
        return "growth"
    return "non-target" if "non-target" in roles and chosen > 0.8 else "new"


def _new_organ(case: Case) -> str:
    taken = {organ for organ, _ in case.organs}
    return next((organ for organ in case.scenario.lesions.organs if organ not in taken), case.organs[0][0])


def _assessment(case: Case, evaluator: str, look: _Look) -> None:
    taken = None if look.state == MISSED else case.on(look.day)
    case.write(
        "assessments", evaluator=evaluator, number=look.number, planned_on=case.on(look.planned), assessed_on=taken
    )


def _lesion(case: Case, evaluator: str, lesion: _Lesion, day: int) -> None:
    case.write(
        "lesions",
        evaluator=evaluator,
        lesion=lesion.name,
        role=lesion.role,
        organ=lesion.organ,
        node=lesion.node,
        found_on=case.on(day),
    )


def _measured(
    case: Case, evaluator: str, look: _Look, lesion: _Lesion, diameter: int | None, state: str = "present"
) -> None:
    empty = look.state == EMPTY
    target = lesion.role == "target"
    case.write(
        "measurements",
        evaluator=evaluator,
        number=look.number,
        lesion=lesion.name,
        assessed_on=case.on(look.day),
        diameter=diameter if target and not empty else None,
        state="not evaluable" if empty else "measured" if target else state,
    )
