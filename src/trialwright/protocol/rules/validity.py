"""Until when an answer holds, as some anchors move forward day by day.

Each part of a rule tells how many days it certainly keeps what it is; the rule is looked at again on that day, until
its answer differs. A difference of days moves by one a day, so the day it crosses a limit is known without trying the
days between; a count of calendar months keeps its value until the month is complete. Like the interpreter, the parts
become functions of a patient once; a part without anchor costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.calendar import completed_months, day_number, day_of, month_reached
from trialwright.protocol.rules.interpreter import interpreter
from trialwright.protocol.rules.steps import Patient, base

if TYPE_CHECKING:
    from trialwright.protocol.rules.compiled import Compiled

__all__ = ["HORIZON_DAYS", "Keeper", "keeper", "valid_until"]

HORIZON_DAYS: Final = 3653
"""A flip more than ten years ahead is not looked for."""

Moving = frozenset[str]
Keeper = Callable[[Patient, Moving], float]
"""For how many days from now a part certainly keeps its value."""
Mover = Callable[[Patient, Moving], tuple[float, float]]
"""By how much a measure moves a day, and for how many days it moves so."""

_INF: Final = math.inf


def valid_until(rule: Compiled, patient: Patient, value: object, moving: Moving) -> date | None:
    """Return the first date of the earliest moving anchor on which the value is another; None: within ten years never.

    All moving anchors move together, one day a day.
    """
    concerned = moving & rule.anchors & patient.anchors.keys()
    if not concerned:
        return None
    days = rule.keeper(patient, moving)
    while days <= HORIZON_DAYS:
        later = _after(patient, moving, days)
        if rule.step(later)[0] != value:
            return min(patient.anchors[name] for name in concerned) + timedelta(days=int(days))
        days += rule.keeper(later, moving)
    return None


def _after(patient: Patient, moving: Moving, days: float) -> Patient:
    step = timedelta(days=int(days))
    anchors = {name: day + step if name in moving else day for name, day in patient.anchors.items()}
    return Patient(patient.values, anchors, patient.record, patient.prefix)


def keeper(node: n.Node) -> Keeper:
    """Return the function that tells for how many days a node keeps its value."""
    if not _is_dated(node):
        return lambda patient, moving: _INF
    special = _KEEPERS.get(type(node))
    return special(node) if special else _least([keeper(part) for part in _parts(node) if _is_dated(part)])


def _is_dated(node: n.Node) -> bool:
    return any(isinstance(part, n.Anchor) for part in n.walk(node))


def _least(keepers: list[Keeper]) -> Keeper:
    if len(keepers) == 1:
        return keepers[0]
    return lambda patient, moving: min(keeps(patient, moving) for keeps in keepers)


def _parts(node: n.Node) -> list[n.Node]:
    found: list[n.Node] = []
    for name in node.__dataclass_fields__:  # type: ignore[attr-defined]
        value = getattr(node, name)
        found += [p for p in (value if isinstance(value, tuple) else (value,)) if isinstance(p, n.Node)]
    return found


def _compare(node: n.Compare) -> Keeper:
    left, right = _mover(node.left), _mover(node.right)
    one, two = interpreter(node.left), interpreter(node.right)
    in_months = _months_compared(node)

    def keeps(patient: Patient, moving: Moving) -> float:
        a, b = one(patient), two(patient)
        if in_months and (known := in_months(patient, moving, a, b)):
            return known
        (up, for_), (down, until) = left(patient, moving), right(patient, moving)
        gaps = (a[0] - b[1], a[1] - b[0])
        return min(for_, until, *(_crossing(gap, up - down) for gap in gaps))

    return keeps


def _crossing(gap: float, slope: float) -> float:
    if slope == 0 or gap * slope > 0 or not math.isfinite(gap):
        return _INF
    return 1 if gap == 0 else max(1.0, math.ceil(-gap / slope))


def _months_compared(node: n.Compare) -> Callable[[Patient, Moving, Any, Any], float] | None:
    """For months(date, anchor) against a limit: the day the limit is reached, without trying each month.

    Gives 0 where this short cut does not hold.
    """
    months, limit = (node.left, node.right) if isinstance(node.left, n.Months) else (node.right, node.left)
    if not isinstance(months, n.Months) or not isinstance(months.end, n.Anchor) or _is_dated(limit):
        return None
    turned, start, anchor = months is node.right, interpreter(months.start), months.end.name
    fixed = not _is_dated(months.start)

    def days(patient: Patient, moving: Moving, left: Any, right: Any) -> float:
        count, wanted = (right, left) if turned else (left, right)
        begin, end = start(patient), patient.anchors.get(anchor)
        known = end is not None and begin[0] == begin[1] and wanted[0] == wanted[1]
        if not (fixed and known and anchor in moving and end is not None and begin[0] <= day_number(end)):
            return 0
        return _reached(day_of(begin[0]), end, count[0], wanted[0])

    return days


def _reached(start: date, end: date, months: float, limit: float) -> float:
    if months > limit or limit > HORIZON_DAYS:
        return _INF
    wanted = int(limit) + 1 if months == limit else math.ceil(limit)
    day = month_reached(start, wanted)
    return _INF if day is None else (day - end).days


def _mover(node: n.Node) -> Mover:
    special = _MOVERS.get(type(node)) if _is_dated(node) else None
    if special:
        return special(node)
    keeps = keeper(node)
    return lambda patient, moving: (0.0, keeps(patient, moving))


def _anchor(node: n.Anchor) -> Mover:
    return lambda patient, moving: (1.0 if node.name in moving else 0.0, _INF)


def _two(node: n.Sum | n.Difference | n.Days) -> Mover:
    first, second = (node.end, node.start) if isinstance(node, n.Days) else (node.left, node.right)
    sign = 1 if isinstance(node, n.Sum) else -1
    one, two = _mover(first), _mover(second)

    def moves(patient: Patient, moving: Moving) -> tuple[float, float]:
        (up, for_), (down, until) = one(patient, moving), two(patient, moving)
        return up + sign * down, min(for_, until)

    return moves


def _if(node: n.If) -> Mover:
    holds, keeps = interpreter(node.condition), keeper(node.condition)
    then, other = _mover(node.then), _mover(node.other)

    def moves(patient: Patient, moving: Moving) -> tuple[float, float]:
        state = holds(patient)[0]
        branches = [branch(patient, moving) for branch, s in ((then, True), (other, False)) if state in {s, None}]
        slopes = {slope for slope, _ in branches}
        together = min(keeps(patient, moving), *(for_ for _, for_ in branches))
        return (slopes.pop(), together) if len(slopes) == 1 else (0.0, 1.0)

    return moves


def _months(node: n.Months) -> Keeper:
    first, second = _mover(node.start), _mover(node.end)
    start, end = interpreter(node.start), interpreter(node.end)

    def keeps(patient: Patient, moving: Moving) -> float:
        (early, for_), (late, until) = first(patient, moving), second(patient, moving)
        if early == late == 0:
            return min(for_, until)
        a, b = start(patient), end(patient)
        ends = [(a[1], b[0]), (a[0], b[1])]
        days = [_next_month(x, y, early, late) for x, y in ends if math.isfinite(x) and math.isfinite(y)]
        return min(for_, until, *days, _INF)

    return keeps


def _next_month(start: float, end: float, start_slope: float, end_slope: float) -> float:
    now = completed_months(day_of(start), day_of(end))
    for days in range(1, 63):
        if completed_months(day_of(start + start_slope * days), day_of(end + end_slope * days)) != now:
            return days
    return 62.0


def _over_records(node: n.AnyRecord | n.AllRecords | n.Count | n.Extreme) -> Keeper:
    assert node.where is not None  # a node over records is dated through its condition only
    name, keeps = node.records, keeper(node.where)

    def least(patient: Patient, moving: Moving) -> float:
        rows = patient.values.get(name) or ()
        inner = (Patient(patient.values, patient.anchors, row, f"{name}[{i}]") for i, row in enumerate(rows, 1))
        return min((keeps(row, moving) for row in inner), default=_INF)

    return least


def _latest(node: n.Latest) -> Keeper:
    width = base(node.window)

    def keeps(patient: Patient, moving: Moving) -> float:
        anchor = patient.anchors.get(node.before.name)
        if node.before.name not in moving or anchor is None:
            return _INF
        end = day_number(anchor)
        dates = [day_number(row["date"]) for row in patient.values.get(node.records) or () if "date" in row]
        enters = [day - end for day in dates if day > end]
        leaves = [math.floor(day + width) + 1 - end for day in dates if day + width >= end]
        return min([*enters, *leaves], default=_INF)

    return keeps


_KEEPERS: Final[dict[type[n.Node], Callable[[Any], Keeper]]] = {
    n.Compare: _compare,
    n.Months: _months,
    n.Latest: _latest,
    n.AnyRecord: _over_records,
    n.AllRecords: _over_records,
    n.Count: _over_records,
    n.Extreme: _over_records,
}
_MOVERS: Final[dict[type[n.Node], Callable[[Any], Mover]]] = {
    n.Anchor: _anchor,
    n.Sum: _two,
    n.Difference: _two,
    n.Days: _two,
    n.If: _if,
}
