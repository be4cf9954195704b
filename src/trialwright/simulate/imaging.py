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
GROWS, GROWS_ELSEWHERE = 0.5, 0.2
"""Shares of the progressions of patients with such lesions that are growth of targets, or of non-targets."""


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
        _Reader(case, evaluator, _baseline(case)).read()


def _baseline(case: Case) -> list[_Lesion]:
    plan = case.scenario.lesions
    low, high = (round(10 * mm) for mm in plan.diameter_mm)
    lesions: list[_Lesion] = []
    sizes = case.uniforms("diameters", len(case.organs))
    for (organ, measurable), uniform in zip(case.organs, sizes, strict=True):
        node, size = plan.organs[organ].node, low + int(uniform * (high - low))
        targets = sum(lesion.role == "target" for lesion in lesions)
        if measurable and targets < MAX_TARGETS:
            diameter = max(size, LEAST_NODE) if node else size
            lesions.append(_Lesion(f"T{targets + 1:02}", "target", organ, node, diameter))
        else:
            lesions.append(_Lesion(f"N{len(lesions) - targets + 1:02}", "non-target", organ, node, 0))
    return lesions


@dataclass
class _Reader:
    """One evaluator reading the scans of one patient."""

    case: Case
    evaluator: str
    lesions: list[_Lesion]

    def read(self) -> None:
        """Write the baseline and every later scan."""
        plan = self.case.protocol.assessments
        first = max(self.case.screened, -plan.baseline_within_days)
        look = _Look(0, first, first, READ)
        self._assess(look)
        for lesion in self.lesions:
            self._find(lesion, first)
            self._measure(look, lesion, lesion.diameter)
        nadir = self._sum(1.0)
        for look in self._looks():
            self._assess(look)
            if look.state == EMPTY:
                self._quiet(look)
            elif look.state == READ and look.day == self.case.found:
                self._progression(look, nadir)
            elif look.state == READ:
                nadir = min(nadir, self._quiet(look))

    def _looks(self) -> Iterator[_Look]:
        scans, row = self.case.course.scans, self.case.row
        taken = np.flatnonzero(scans.day[row] >= 0)
        for column in taken:
            day, state = int(scans.day[row, column]), int(scans.state[row, column])
            yield _Look(int(column) + 1, int(scans.planned[column]), day, state)
        if scans.unscheduled[row] and self.case.found < NEVER:
            yield _Look(len(taken) + 1, self.case.found, self.case.found, READ)

    def _quiet(self, look: _Look) -> int:
        """Write a scan without progression and return its sum of diameters."""
        responded = look.number >= self.case.own("responds_at")
        healed = responded and bool(self.case.course.complete[self.case.row])
        factor = self._factor(look.number, responded)
        for lesion in self.lesions:
            diameter = _healed(lesion) if healed else _scaled(lesion, factor)
            self._measure(look, lesion, diameter, "absent" if healed else "present")
        return sum(_healed(lesion) for lesion in self.lesions) if healed else self._sum(factor)

    def _progression(self, look: _Look, nadir: int) -> None:
        """Write the scan that shows progression: growth, a new lesion, or unequivocal growth of a non-target."""
        kind, base = self._kind(), self._sum(1.0)
        factor = (1.35 * nadir + 60) / base if kind == "growth" else self._factor(look.number, responded=False)
        worst = next((lesion for lesion in self.lesions if lesion.role == "non-target"), None)
        for lesion in self.lesions:
            state = "progressed" if kind == "non-target" and lesion is worst else "present"
            self._measure(look, lesion, _scaled(lesion, factor), state)
        if kind == "new":
            new = _Lesion("NEW01", "new", self._new_organ(), False, 0)
            self._find(new, look.day)
            self._measure(look, new, None, "unequivocal")

    def _kind(self) -> str:
        chosen = self.case.uniforms("progression", 1)[0]
        roles = {lesion.role for lesion in self.lesions}
        if "target" in roles and chosen < GROWS:
            return "growth"
        return "non-target" if "non-target" in roles and chosen > 1 - GROWS_ELSEWHERE else "new"

    def _factor(self, number: int, responded: bool) -> float:
        """Return the sum of diameters relative to the baseline."""
        depth, *wobble = self.case.uniforms("shrinkage", 1 + number)
        floor = 0.45 + 0.13 * depth if responded else 0.80 + 0.20 * depth
        return float(floor * (1 + BAND * wobble[-1]))

    def _sum(self, factor: float) -> int:
        return sum(_scaled(lesion, factor) for lesion in self.lesions if lesion.role == "target")

    def _new_organ(self) -> str:
        taken = {organ for organ, _ in self.case.organs}
        others = (organ for organ in self.case.scenario.lesions.organs if organ not in taken)
        return next(others, self.case.organs[0][0])

    def _assess(self, look: _Look) -> None:
        taken = None if look.state == MISSED else self.case.on(look.day)
        self.case.write(
            "assessments",
            evaluator=self.evaluator,
            number=look.number,
            planned_on=self.case.on(look.planned),
            assessed_on=taken,
        )

    def _find(self, lesion: _Lesion, day: int) -> None:
        self.case.write(
            "lesions",
            evaluator=self.evaluator,
            lesion=lesion.name,
            role=lesion.role,
            organ=lesion.organ,
            node=lesion.node,
            found_on=self.case.on(day),
            # Bone is measured only by a part of soft tissue, so a target there has one.
            soft_tissue=True if lesion.role == "target" and lesion.organ == "bone" else None,
        )

    def _measure(self, look: _Look, lesion: _Lesion, diameter: int | None, state: str = "present") -> None:
        empty, target = look.state == EMPTY, lesion.role == "target"
        self.case.write(
            "measurements",
            evaluator=self.evaluator,
            number=look.number,
            lesion=lesion.name,
            assessed_on=self.case.on(look.day),
            diameter=diameter if target and not empty else None,
            state="not evaluable" if empty else "measured" if target else state,
        )


def _scaled(lesion: _Lesion, factor: float) -> int:
    size = round(lesion.diameter * factor)
    return max(size, NORMAL_NODE) if lesion.node and lesion.role == "target" else size


def _healed(lesion: _Lesion) -> int:
    return HEALED_NODE if lesion.node and lesion.role == "target" else 0
