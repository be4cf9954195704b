"""Until when an answer holds, as some anchors move forward day by day.

Each part of a rule tells how many days it certainly keeps what it is; the rule is looked at again on that day, until
its answer differs. A difference of days moves by one a day, so the day it crosses a limit is known without trying the
days between; a count of calendar months keeps its value until the month is complete.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from trialwright.errors import DataError
from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.calendar import completed_months, day_number, day_of
from trialwright.protocol.rules.compiled import Compiled
from trialwright.protocol.rules.interpreter import Patient, base, interpreter

__all__ = ["HORIZON_DAYS", "valid_until"]

HORIZON_DAYS: Final = 3653
"""A flip more than ten years ahead is not looked for."""

_INF: Final = math.inf


@dataclass(frozen=True, slots=True)
class Motion:
    """How a measure moves: by ``slope`` a day, for the next ``keeps`` days."""

    slope: float
    keeps: float


def valid_until(rule: Compiled, patient: Patient, value: object, moving: frozenset[str]) -> date | None:
    """Return the first date of the earliest moving anchor on which the value is another; None: within ten years never.

    All moving anchors move together, one day a day.
    """
    concerned = moving & rule.anchors & patient.anchors.keys()
    if not concerned:
        return None
    days = 0.0
    while days <= HORIZON_DAYS:
        days += keeps(rule.node, _after(patient, moving, days), moving)
        if days > HORIZON_DAYS:
            return None
        if rule.step(_after(patient, moving, days))[0] != value:
            return min(patient.anchors[name] for name in concerned) + timedelta(days=int(days))
    return None


def _after(patient: Patient, moving: frozenset[str], days: float) -> Patient:
    step = timedelta(days=int(days))
    try:
        anchors = {name: day + step if name in moving else day for name, day in patient.anchors.items()}
    except OverflowError:
        raise DataError("an anchor lies too near the end of the calendar to be moved ten years forward") from None
    return Patient(patient.values, anchors, patient.record, patient.prefix)


def keeps(node: n.Node, patient: Patient, moving: frozenset[str]) -> float:
    """Return for how many days from now the node certainly keeps its value."""
    special = _KEEPS.get(type(node))
    if special:
        return special(node, patient, moving)
    return min((keeps(part, patient, moving) for part in _parts(node)), default=_INF)


def _parts(node: n.Node) -> list[n.Node]:
    found: list[n.Node] = []
    for name in node.__dataclass_fields__:  # type: ignore[attr-defined]
        value = getattr(node, name)
        found += [p for p in (value if isinstance(value, tuple) else (value,)) if isinstance(p, n.Node)]
    return found


def _compare(node: n.Compare, patient: Patient, moving: frozenset[str]) -> float:
    left, right = motion(node.left, patient, moving), motion(node.right, patient, moving)
    one, two = interpreter(node.left)(patient), interpreter(node.right)(patient)
    slope = left.slope - right.slope
    crossings = [_crossing(a - b, slope) for a, b in ((one[0], two[1]), (one[1], two[0])) if math.isfinite(a - b)]
    return min(left.keeps, right.keeps, *crossings, _INF)


def _crossing(gap: float, slope: float) -> float:
    if slope == 0 or gap * slope > 0:
        return _INF
    return 1 if gap == 0 else max(1.0, math.ceil(-gap / slope))


def motion(node: n.Node, patient: Patient, moving: frozenset[str]) -> Motion:
    """Return how a measure moves from now on."""
    special = _MOTIONS.get(type(node))
    return special(node, patient, moving) if special else Motion(0, keeps(node, patient, moving))


def _anchor(node: n.Anchor, patient: Patient, moving: frozenset[str]) -> Motion:
    return Motion(1 if node.name in moving else 0, _INF)


def _two(sign: int) -> Callable[[Any, Patient, frozenset[str]], Motion]:
    def moves(node: Any, patient: Patient, moving: frozenset[str]) -> Motion:
        first, second = _parts(node)
        one, two = motion(first, patient, moving), motion(second, patient, moving)
        return Motion(one.slope + sign * two.slope, min(one.keeps, two.keeps))

    return moves


def _days(node: n.Days, patient: Patient, moving: frozenset[str]) -> Motion:
    start, end = motion(node.start, patient, moving), motion(node.end, patient, moving)
    return Motion(end.slope - start.slope, min(start.keeps, end.keeps))


def _if(node: n.If, patient: Patient, moving: frozenset[str]) -> Motion:
    condition = keeps(node.condition, patient, moving)
    state = interpreter(node.condition)(patient)[0]
    branches = [motion(b, patient, moving) for b, s in ((node.then, True), (node.other, False)) if state in {s, None}]
    together = min(condition, *(branch.keeps for branch in branches))
    alike = len({branch.slope for branch in branches}) == 1
    return Motion(branches[0].slope, together) if alike else Motion(0, 1)


def _months(node: n.Months, patient: Patient, moving: frozenset[str]) -> float:
    start, end = motion(node.start, patient, moving), motion(node.end, patient, moving)
    bounds = [(a[0], b[0]) for a, b in _ends(node, patient)]
    if start.slope == end.slope == 0:
        return min(start.keeps, end.keeps)
    days = [_next_month(a, b, start.slope, end.slope) for a, b in bounds if math.isfinite(a) and math.isfinite(b)]
    return min(start.keeps, end.keeps, *days, _INF)


def _ends(node: n.Months, patient: Patient) -> list[tuple[tuple[float], tuple[float]]]:
    a, b = interpreter(node.start)(patient), interpreter(node.end)(patient)
    return [((a[1],), (b[0],)), ((a[0],), (b[1],))]


def _next_month(start: float, end: float, start_slope: float, end_slope: float) -> float:
    now = completed_months(day_of(start), day_of(end))
    for days in range(1, 63):
        if completed_months(day_of(start + start_slope * days), day_of(end + end_slope * days)) != now:
            return days
    return 62.0


def _over_records(node: Any, patient: Patient, moving: frozenset[str]) -> float:
    rows = patient.values.get(node.records) or ()
    inner = (Patient(patient.values, patient.anchors, row, f"{node.records}[{i}]") for i, row in enumerate(rows, 1))
    where = node.where
    return min((keeps(where, row, moving) for row in inner), default=_INF) if where else _INF


def _latest(node: n.Latest, patient: Patient, moving: frozenset[str]) -> float:
    anchor = patient.anchors.get(node.before.name)
    if node.before.name not in moving or anchor is None:
        return _INF
    end, width = day_number(anchor), base(node.window)
    dates = [day_number(row["date"]) for row in patient.values.get(node.records) or () if row.get("date") is not None]
    enters = [day - end for day in dates if day > end]
    leaves = [math.floor(day + width) + 1 - end for day in dates if day + width >= end]
    return min([*enters, *leaves], default=_INF)


_KEEPS: Final[dict[type[n.Node], Callable[[Any, Patient, frozenset[str]], float]]] = {
    n.Compare: _compare,
    n.Months: _months,
    n.Latest: _latest,
    n.AnyRecord: _over_records,
    n.AllRecords: _over_records,
    n.Count: _over_records,
    n.Extreme: _over_records,
}
_MOTIONS: Final[dict[type[n.Node], Callable[[Any, Patient, frozenset[str]], Motion]]] = {
    n.Anchor: _anchor,
    n.Sum: _two(1),
    n.Difference: _two(-1),
    n.Days: _days,
    n.If: _if,
}
