"""Lesions over time: every diameter scan by scan, the response that follows from them, and the one recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from trialwright.conduct.snapshot import subject_data
from trialwright.errors import DataError

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject
    from trialwright.protocol import Protocol

__all__ = ["Assessed", "Course", "LesionLine", "tumor_courses"]


@dataclass(frozen=True)
class LesionLine:
    """One lesion and what each scan showed of it."""

    lesion: str
    role: str
    organ: str
    found_on: date
    seen: Mapping[int, str]
    """By number of the assessment: the diameter in mm, or the state."""


@dataclass(frozen=True)
class Assessed:
    """One assessment: the sum of targets, the response that follows, and the one somebody recorded."""

    number: int
    on: date | None
    sum_mm: float | None
    response: str | None
    """Derived; None at baseline, or where it cannot be derived."""
    why: str
    recorded: str | None

    @property
    def differs(self) -> bool:
        """Return whether the recorded response is another than the derived one."""
        return self.recorded is not None and self.response is not None and self.recorded != self.response


@dataclass(frozen=True)
class Course:
    """What one evaluator saw."""

    evaluator: str
    lesions: tuple[LesionLine, ...]
    assessments: tuple[Assessed, ...]
    problem: str | None = None
    """Why no response can be derived."""


def tumor_courses(state: State, protocol: Protocol, record: Subject) -> list[Course]:
    """Return the course by evaluator; the response is that of ``trialwright.derive``, as in the analysis."""
    derived, problem = _derived(state, protocol, record)
    return [_course(state, record, name, derived, problem) for name in protocol.assessments.evaluators]


def _derived(
    state: State, protocol: Protocol, record: Subject
) -> tuple[dict[tuple[str, int], dict[str, Any]], str | None]:
    from trialwright.derive import response

    if record.allocated is None:
        return {}, "response counts from randomization"
    try:
        found = response(subject_data(state, protocol, record), protocol)
    except DataError as error:
        return {}, str(error)
    return {(row["evaluator"], row["number"]): row for row in found.iter_rows(named=True)}, None


def _course(
    state: State,
    record: Subject,
    evaluator: str,
    derived: Mapping[tuple[str, int], Mapping[str, Any]],
    problem: str | None,
) -> Course:
    def own(table: str) -> list[dict[str, Any]]:
        return [row.values for row in state.rows.of(record.id, table) if row.values["evaluator"] == evaluator]

    measured = own("measurements")
    lines = tuple(_line(lesion, measured) for lesion in sorted(own("lesions"), key=_order))
    recorded = {row["number"]: row["response"] for row in own("recorded_responses") if row["kind"] == "overall"}
    scans = sorted(own("assessments"), key=lambda one: one["number"])
    assessed = tuple(_assessed(scan, derived.get((evaluator, scan["number"])), recorded) for scan in scans)
    return Course(evaluator, lines, assessed, problem)


def _order(lesion: Mapping[str, Any]) -> tuple[int, str]:
    return ("target", "non-target", "new").index(lesion["role"]), lesion["lesion"]


def _line(lesion: Mapping[str, Any], measured: list[dict[str, Any]]) -> LesionLine:
    seen = {row["number"]: _told(row) for row in measured if row["lesion"] == lesion["lesion"]}
    found = date.fromisoformat(lesion["found_on"])
    return LesionLine(lesion["lesion"], lesion["role"], lesion["organ"], found, seen)


def _told(row: Mapping[str, Any]) -> str:
    return row["state"] if row["diameter"] is None else f"{row['diameter'] / 10:g} mm"


def _assessed(
    scan: Mapping[str, Any], found: Mapping[str, Any] | None, recorded: Mapping[int | None, str]
) -> Assessed:  # fmt: skip
    on = date.fromisoformat(scan["assessed_on"]) if scan["assessed_on"] else None
    told = recorded.get(scan["number"])
    if found is None:
        return Assessed(scan["number"], on, None, None, "", told)
    total = found["sum"] / 10 if found["sum"] is not None else None
    return Assessed(scan["number"], on, total, found["response"], found["why"] or "", told)
