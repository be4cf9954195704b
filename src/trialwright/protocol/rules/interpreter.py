"""One patient, one rule: strong Kleene logic with reasons. The readable reference for the column-wise evaluation.

Every part of a rule becomes a step, a function of a patient. A measure (number or date) is known as an interval, so a
maximum with one unknown record can still decide; an unknown measure is the whole line. The value of a step is one of

* measure ``(low, high, data, missing)``
* truth, choice or set ``(value or None, data, missing)``

``data`` are pairs (datum, value) that were looked at, ``missing`` the names of those without value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.calendar import completed_months, day_number, day_of
from trialwright.protocol.rules.types import DateType, Number, Type
from trialwright.protocol.rules.units import tidy, unit_of

__all__ = ["Patient", "Step", "interpreter", "is_measure"]

Step = Callable[["Patient"], Any]
Data = tuple[tuple[str, Any], ...]
Names = tuple[str, ...]
Measure = tuple[float, float, Data, Names]


@dataclass(slots=True)
class Patient:
    """What a rule looks at: checked answers, anchors and, inside ``where``, one record."""

    values: Mapping[str, Any]
    anchors: Mapping[str, date]
    record: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""


def interpreter(node: n.Node) -> Step:
    """Return the step of a node."""
    return _MAKERS[type(node)](node)


def is_measure(kind: Type) -> bool:
    """Whether values of the type can be ordered."""
    return isinstance(kind, Number | DateType)


_INF: Final = math.inf


def _constant(value: Any) -> Step:
    return lambda patient: value


def _quantity(node: n.Quantity) -> Step:
    value = base(node)
    return _constant((value, value, (), ()))


def base(node: n.Quantity) -> float:
    """Return a literal in the base unit of its dimension."""
    scale = unit_of(node.unit).scale
    return node.value if scale == 1 else tidy(node.value * scale)


def _day(node: n.Day) -> Step:
    value = float(day_number(node.value))
    return _constant((value, value, (), ()))


def _parameter(node: n.Parameter) -> Step:
    if node.value is None:
        return _constant((-_INF, _INF, (), (node.name,)))
    return _constant((node.value, node.value, ((node.name, node.value),), ()))


def _anchor(node: n.Anchor) -> Step:
    name, absent = node.name, (-_INF, _INF, (), (node.name,))

    def step(patient: Patient) -> Measure:
        day = patient.anchors.get(name)
        if day is None:
            return absent
        value = float(day_number(day))
        return value, value, ((name, day),), ()

    return step


def _datum(node: n.Datum) -> Step:
    name = node.name
    absent, shape = _absent(node.kind, name), _shape(node.kind, node.scale)

    def step(patient: Patient) -> Any:
        value = patient.values.get(name)
        return absent if value is None else shape(name, value)

    return step


def _field(node: n.Field) -> Step:
    name, kind = node.name, node.kind
    shape = _shape(kind, node.scale)

    def step(patient: Patient) -> Any:
        value, full = patient.record.get(name), f"{patient.prefix}.{name}"
        return _absent(kind, full) if value is None else shape(full, value)

    return step


def _absent(kind: Type, *names: str) -> Any:
    return (-_INF, _INF, (), names) if is_measure(kind) else (None, (), names)


def _shape(kind: Type, scale: int) -> Callable[[str, Any], Any]:
    def number(name: str, value: float) -> Measure:
        low = value if scale == 1 else tidy(value * scale)
        return low, low, ((name, value),), ()

    def day(name: str, value: date) -> Measure:
        low = float(day_number(value))
        return low, low, ((name, value),), ()

    def other(name: str, value: Any) -> tuple[Any, Data, Names]:
        return value, ((name, value),), ()

    return number if isinstance(kind, Number) else day if isinstance(kind, DateType) else other


def _pair(node: n.Sum | n.Difference | n.Days | n.Months, low_high: Callable[..., tuple[float, float]]) -> Step:
    first, second = (node.start, node.end) if isinstance(node, n.Days | n.Months) else (node.left, node.right)
    one, two = interpreter(first), interpreter(second)

    def step(patient: Patient) -> Measure:
        a, b = one(patient), two(patient)
        low, high = low_high(a[0], a[1], b[0], b[1])
        return low, high, a[2] + b[2], a[3] + b[3]

    return step


def _sum(node: n.Sum) -> Step:
    return _pair(node, lambda a, b, c, d: (tidy(a + c), tidy(b + d)))


def _difference(node: n.Difference) -> Step:
    return _pair(node, lambda a, b, c, d: (tidy(a - d), tidy(b - c)))


def _days(node: n.Days) -> Step:
    return _pair(node, lambda a, b, c, d: (c - b, d - a))


def _months(node: n.Months) -> Step:
    return _pair(node, lambda a, b, c, d: (_months_between(b, c, -_INF), _months_between(a, d, _INF)))


def _months_between(start: float, end: float, otherwise: float) -> float:
    known = math.isfinite(start) and math.isfinite(end)
    return float(completed_months(day_of(start), day_of(end))) if known else otherwise


def _if(node: n.If) -> Step:
    then, condition, other = interpreter(node.then), interpreter(node.condition), interpreter(node.other)
    join = _hull if is_measure(node.type) else _agreement

    def step(patient: Patient) -> Any:
        state, data, missing = condition(patient)
        if state is None:
            return join(then(patient), other(patient), missing)
        *value, seen, lacking = then(patient) if state else other(patient)
        return (*value, data + seen, lacking)

    return step


def _hull(one: Measure, two: Measure, missing: Names) -> Measure:
    return min(one[0], two[0]), max(one[1], two[1]), one[2] + two[2], missing + one[3] + two[3]


def _agreement(one: Any, two: Any, missing: Names) -> Any:
    if one[0] is not None and one[0] == two[0]:
        return one[0], one[1] + two[1], ()
    return None, (), missing + one[2] + two[2]


def _less(strict: bool) -> Callable[[float, float, float, float], bool | None]:
    def holds(a: float, b: float, c: float, d: float) -> bool | None:
        if (b < c) if strict else (b <= c):
            return True
        return False if ((a >= d) if strict else (a > d)) else None

    return holds


def _equal(a: float, b: float, c: float, d: float) -> bool | None:
    if a == b == c == d:
        return True
    return False if b < c or a > d else None


def _compare(node: n.Compare) -> Step:
    turned = node.operator in {">", ">="}
    one, two = interpreter(node.left), interpreter(node.right)
    first, second = (two, one) if turned else (one, two)
    negated = node.operator == "!="
    holds = _equal if node.operator in {"==", "!="} else _less(strict=len(node.operator) == 1)

    def step(patient: Patient) -> Any:
        a, b = first(patient), second(patient)
        state = holds(a[0], a[1], b[0], b[1])
        if state is None:
            return None, (), a[3] + b[3]
        return state is not negated, (b[2] + a[2] if turned else a[2] + b[2]), ()

    return step


def _same_level(node: n.SameLevel) -> Step:
    one, two = interpreter(node.left), interpreter(node.right)

    def step(patient: Patient) -> Any:
        a, b = one(patient), two(patient)
        if a[0] is None or b[0] is None:
            return None, (), a[2] + b[2]
        return a[0] == b[0], a[1] + b[1], ()

    return step


def _one_of(node: n.OneOf) -> Step:
    levels = frozenset(node.levels)
    return _judged(interpreter(node.choice), levels.__contains__)


def _any_of(node: n.AnyOf) -> Step:
    levels = frozenset(node.levels)
    return _judged(interpreter(node.set), lambda value: not levels.isdisjoint(value))


def _not(node: n.Not) -> Step:
    return _judged(interpreter(node.part), lambda state: not state)


def _judged(part: Step, judge: Callable[[Any], bool]) -> Step:
    def step(patient: Patient) -> Any:
        value, data, missing = part(patient)
        return (None, (), missing) if value is None else (judge(value), data, ())

    return step


def _and(node: n.And) -> Step:
    steps = tuple(interpreter(part) for part in node.parts)
    return lambda patient: _joined(False, (step(patient) for step in steps))


def _or(node: n.Or) -> Step:
    steps = tuple(interpreter(part) for part in node.parts)
    return lambda patient: _joined(True, (step(patient) for step in steps))


def _joined(decides: bool, outcomes: Any) -> Any:
    """One part with the deciding value is enough; otherwise all parts must be known."""
    decided = unknown = False
    for_, against, lacking = (), (), ()
    for state, data, missing in outcomes:
        if state is None:
            unknown = True
            lacking += missing
        elif state is decides:
            decided = True
            for_ += data
        else:
            against += data
    if decided:
        return decides, for_, ()
    return (None, (), lacking) if unknown else (not decides, against, ())


def _each(records: str, where: Step | None) -> Callable[[Patient], list[tuple[Patient, Any]] | None]:
    def each(patient: Patient) -> list[tuple[Patient, Any]] | None:
        rows = patient.values.get(records)
        if rows is None:
            return None
        inner = (Patient(patient.values, patient.anchors, r, f"{records}[{i}]") for i, r in enumerate(rows, 1))
        return [(p, where(p) if where else (True, (), ())) for p in inner]

    return each


def _quantifier(node: n.AnyRecord | n.AllRecords) -> Step:
    name, decides = node.records, isinstance(node, n.AnyRecord)
    each = _each(name, interpreter(node.where))

    def step(patient: Patient) -> Any:
        rows = each(patient)
        if rows is None:
            return None, (), (name,)
        state, data, missing = _joined(decides, (outcome for _, outcome in rows))
        one_is_named = state is decides and any(datum.startswith(f"{name}[") for datum, _ in data)
        return state, data if state is None or one_is_named else _list(name, rows) + data, missing

    return step


def _list(name: str, rows: list[Any]) -> Data:
    """The list as a datum: that there are no more records has decided too."""
    return ((name, f"{len(rows) or 'no'} record{'' if len(rows) == 1 else 's'}"),)


def _count(node: n.Count) -> Step:
    name = node.records
    each = _each(name, interpreter(node.where))

    def step(patient: Patient) -> Measure:
        rows = each(patient)
        if rows is None:
            return 0.0, _INF, (), (name,)
        outcomes = [outcome for _, outcome in rows]
        low = sum(state is True for state, _, _ in outcomes)
        high = low + sum(state is None for state, _, _ in outcomes)
        data = sum((data for _, data, _ in outcomes), _list(name, rows))
        return float(low), float(high), data, sum((missing for _, _, missing in outcomes), ())

    return step


def _extreme(node: n.Extreme) -> Step:
    name, sign = node.records, 1.0 if node.largest else -1.0
    each, value = _each(name, interpreter(node.where) if node.where else None), interpreter(node.field)
    nothing = (-_INF, _INF, (), (f"{name}.{node.field.name}",))

    def step(patient: Patient) -> Measure:
        rows = each(patient)
        if rows is None:
            return -_INF, _INF, (), (name,)
        found = [(outcome, _signed(value(p), sign)) for p, outcome in rows if outcome[0] is not False]
        return _signed(_largest(found), sign) if found else nothing

    return step


def _signed(value: Measure, sign: float) -> Measure:
    return value if sign > 0 else (-value[1], -value[0], value[2], value[3])


def _largest(found: list[tuple[Any, Measure]]) -> Measure:
    sure = [value for (state, _, _), value in found if state]
    if not sure:
        return -_INF, _INF, (), sum((missing + value[3] for (_, _, missing), value in found), ())
    low = max(value[0] for value in sure)
    open_ = [(missing, value) for (_, _, missing), value in found if value[1] > low]
    high = max((value[1] for _, value in open_), default=low)
    data = sum((data + value[2] for (state, data, _), value in found if state), ())
    return low, high, data, sum((missing + value[3] for missing, value in open_), ())


def _latest(node: n.Latest) -> Step:
    name, days, kind = node.records, base(node.window), node.field.kind
    each, value, anchor = _each(name, None), interpreter(node.field), _anchor(node.before)
    nothing = _absent(kind, f"{name}.{node.field.name}")

    def step(patient: Patient) -> Any:
        rows = each(patient)
        end, _, at, lacking = anchor(patient)
        if rows is None or lacking:
            return _absent(kind, *(() if rows is not None else (name,)), *lacking)
        undated = tuple(f"{p.prefix}.date" for p, _ in rows if p.record.get("date") is None)
        if undated:
            return _absent(kind, *undated)
        inside = [p for p, _ in rows if end - days <= day_number(p.record["date"]) <= end]
        if not inside:
            return nothing
        last = max(reversed(inside), key=lambda p: p.record["date"])
        *found, data, missing = value(last)
        return (*found, ((f"{last.prefix}.date", last.record["date"]), *data, *at), missing)

    return step


_MAKERS: Final[dict[type[n.Node], Callable[[Any], Step]]] = {
    n.Quantity: _quantity,
    n.Day: _day,
    n.Parameter: _parameter,
    n.Anchor: _anchor,
    n.Datum: _datum,
    n.Field: _field,
    n.Fixed: lambda node: _constant((node.value, (), ())),
    n.Level: lambda node: _constant((node.name, (), ())),
    n.Sum: _sum,
    n.Difference: _difference,
    n.Days: _days,
    n.Months: _months,
    n.Count: _count,
    n.Extreme: _extreme,
    n.Latest: _latest,
    n.If: _if,
    n.Compare: _compare,
    n.SameLevel: _same_level,
    n.OneOf: _one_of,
    n.AnyOf: _any_of,
    n.Not: _not,
    n.And: _and,
    n.Or: _or,
    n.AnyRecord: _quantifier,
    n.AllRecords: _quantifier,
}
