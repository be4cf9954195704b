"""What a rule says of a patient's records, one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.calendar import day_number
from trialwright.protocol.rules.interpret_logic import joined
from trialwright.protocol.rules.interpret_values import anchor_step
from trialwright.protocol.rules.steps import INF, Data, Make, Measure, Patient, Step, absent, base

__all__ = ["RECORD_STEPS"]


def _quantifier(node: n.AnyRecord | n.AllRecords, make: Make) -> Step:
    name, decides = node.records, isinstance(node, n.AnyRecord)
    each = _each(name, make(node.where))

    def step(patient: Patient) -> Any:
        rows = each(patient)
        if rows is None:
            return None, (), (name,)
        state, data, missing = joined(decides, (outcome for _, outcome in rows))
        one_is_named = state is decides and any(datum.startswith(f"{name}[") for datum, _ in data)
        return state, data if state is None or one_is_named else _list(name, rows) + data, missing

    return step


def _count(node: n.Count, make: Make) -> Step:
    name = node.records
    each = _each(name, make(node.where))

    def step(patient: Patient) -> Measure:
        rows = each(patient)
        if rows is None:
            return 0.0, INF, (), (name,)
        outcomes = [outcome for _, outcome in rows]
        low = sum(state is True for state, _, _ in outcomes)
        high = low + sum(state is None for state, _, _ in outcomes)
        data = sum((data for _, data, _ in outcomes), _list(name, rows))
        return float(low), float(high), data, sum((missing for _, _, missing in outcomes), ())

    return step


def _extreme(node: n.Extreme, make: Make) -> Step:
    name, sign = node.records, 1.0 if node.largest else -1.0
    each, value = _each(name, make(node.where) if node.where else None), make(node.field)
    nothing = (-INF, INF, (), (f"{name}.{node.field.name}",))

    def step(patient: Patient) -> Measure:
        rows = each(patient)
        if rows is None:
            return -INF, INF, (), (name,)
        found = [(outcome, _signed(value(p), sign)) for p, outcome in rows if outcome[0] is not False]
        return _signed(_largest(found), sign) if found else nothing

    return step


def _signed(value: Measure, sign: float) -> Measure:
    return value if sign > 0 else (-value[1], -value[0], value[2], value[3])


def _largest(found: list[tuple[Any, Measure]]) -> Measure:
    sure = [value for (state, _, _), value in found if state]
    if not sure:
        return -INF, INF, (), sum((missing + value[3] for (_, _, missing), value in found), ())
    low = max(value[0] for value in sure)
    open_ = [(missing, value) for (_, _, missing), value in found if value[1] > low]
    high = max((value[1] for _, value in open_), default=low)
    data = sum((data + value[2] for (state, data, _), value in found if state), ())
    return low, high, data, sum((missing + value[3] for missing, value in open_), ())


def _latest(node: n.Latest, make: Make) -> Step:
    name, days, kind = node.records, base(node.window), node.field.kind
    each, value, anchor = _each(name, None), make(node.field), anchor_step(node.before, make)
    nothing = absent(kind, f"{name}.{node.field.name}")

    def step(patient: Patient) -> Any:
        rows = each(patient)
        end, _, at, lacking = anchor(patient)
        if rows is None or lacking:
            return absent(kind, *(() if rows is not None else (name,)), *lacking)
        undated = tuple(f"{p.prefix}.date" for p, _ in rows if p.record.get("date") is None)
        if undated:
            return absent(kind, *undated)
        inside = [p for p, _ in rows if end - days <= day_number(p.record["date"]) <= end]
        if not inside:
            return nothing
        last = max(reversed(inside), key=lambda p: p.record["date"])
        *found, data, missing = value(last)
        return (*found, ((f"{last.prefix}.date", last.record["date"]), *data, *at), missing)

    return step


def _each(records: str, where: Step | None) -> Callable[[Patient], list[tuple[Patient, Any]] | None]:
    def each(patient: Patient) -> list[tuple[Patient, Any]] | None:
        rows = patient.values.get(records)
        if rows is None:
            return None
        inner = (Patient(patient.values, patient.anchors, r, f"{records}[{i}]") for i, r in enumerate(rows, 1))
        return [(p, where(p) if where else (True, (), ())) for p in inner]

    return each


def _list(name: str, rows: list[Any]) -> Data:
    """The list as a datum: that there are no more records has decided too."""
    return ((name, f"{len(rows) or 'no'} record{'' if len(rows) == 1 else 's'}"),)


RECORD_STEPS: Final[dict[type[n.Node], Callable[[Any, Make], Step]]] = {
    n.AnyRecord: _quantifier,
    n.AllRecords: _quantifier,
    n.Count: _count,
    n.Extreme: _extreme,
    n.Latest: _latest,
}
