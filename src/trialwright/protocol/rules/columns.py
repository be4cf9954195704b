"""Many patients, one rule: the same three values as ``interpreter``, column by column.

A truth is an int8 array: 1 true, 0 not known, -1 false, so that ``and`` is the minimum, ``or`` the maximum and ``not``
the sign. A measure is a pair of arrays (low, high), the same object twice where all is known. A choice is an array of
codes, -1 where not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any, Final

import numpy as np

from trialwright.errors import DataError
from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.calendar import day_number
from trialwright.protocol.rules.column_data import Array, Column, Records
from trialwright.protocol.rules.compiled import Compiled
from trialwright.protocol.rules.interpreter import base, is_measure
from trialwright.protocol.rules.types import Choice

__all__ = ["Frame", "evaluate_columns", "level_columns"]

Measures = tuple[Array, Array]
_INF: Final = np.inf


@dataclass(frozen=True, slots=True)
class Frame:
    """What a rule looks at: columns and anchors of ``size`` patients; inside ``where``, the records of some."""

    size: int
    columns: Mapping[str, Column | Records]
    anchors: Mapping[str, date | int | Array]
    records: Records | None = None

    @property
    def rows(self) -> int:
        """Number of patients, or of records inside ``where``."""
        return self.size if self.records is None else len(self.records.owner)

    def spread(self, values: Array) -> Array:
        """Return values of patients, inside ``where`` one for each record."""
        return values if self.records is None else values[self.records.owner]


def evaluate_columns(rule: Compiled, frame: Frame) -> Array:
    """Return int8 ``[n]``: 1 true, 0 cannot tell, -1 false."""
    state = np.asarray(_node(rule.node, frame), dtype=np.int8)
    return np.full(frame.size, state[0]) if len(state) == 1 else state


def level_columns(rule: Compiled, frame: Frame) -> Array:
    """Return int64 ``[n]``: code among the rule's levels, -1 cannot tell."""
    return np.array(_codes(rule.node, frame, rule.levels or ()), dtype=np.int64)


def _node(node: n.Node, frame: Frame) -> Any:
    return _MAKERS[type(node)](node, frame)


def _measure(node: n.Node, frame: Frame) -> Measures:
    low, high = _node(node, frame)
    return low, high


def _same(values: Array) -> Measures:
    return values, values


def _constant(value: float, frame: Frame) -> Measures:
    return _same(np.full(1, value))


def _unknown() -> Measures:
    return np.full(1, -_INF), np.full(1, _INF)


def _parameter(node: n.Parameter, frame: Frame) -> Measures:
    return _unknown() if node.value is None else _constant(node.value, frame)


def _anchor(node: n.Anchor, frame: Frame) -> Measures:
    given = frame.anchors.get(node.name)
    if given is None:
        return _unknown()
    days = np.asarray(day_number(given) if isinstance(given, date) else given)
    if days.dtype.kind not in "iu" or days.shape not in {(), (1,), (frame.size,)}:
        raise DataError(f"anchor {node.name}: expected a date or whole days since 1970-01-01, one or {frame.size}")
    values = days.astype(np.float64).reshape(-1)
    return _same(values if len(values) == 1 else frame.spread(values))


def _datum(node: n.Datum, frame: Frame) -> Any:
    column = frame.columns.get(node.name)
    if column is None:
        return _absent(node)
    assert isinstance(column, Column)
    found = _shaped(node, column)
    if frame.records is None:
        return found
    if isinstance(found, tuple):
        low, high = found
        spread = frame.spread(low)
        return spread, spread if high is low else frame.spread(high)
    return frame.spread(found)


def _field(node: n.Field, frame: Frame) -> Any:
    assert frame.records is not None
    column = frame.records.fields.get(node.name)
    return _absent(node) if column is None else _shaped(node, column)


def _absent(node: n.Datum | n.Field) -> Any:
    if is_measure(node.kind):
        return _unknown()
    return np.full(1, -1) if isinstance(node.kind, Choice) else np.zeros(1, dtype=np.int8)


def _shaped(node: n.Datum | n.Field, column: Column) -> Any:
    if is_measure(node.kind):
        return _bounded(tidy_array(column.values.astype(np.float64), node.scale), column.known)
    if isinstance(node.kind, Choice):
        return column.values if column.known is None else np.where(column.known, column.values, -1)
    known = column.known
    return _three(column.values, known if known is None or column.values.ndim == 1 else known[:, None])


def _three(true: Array, known: Array | None) -> Array:
    state = true.astype(np.int8)
    state *= 2
    state -= 1
    if known is not None:
        state *= known
    return state


def _bounded(values: Array, known: Array | None) -> Measures:
    if known is None:
        return _same(values)
    return np.where(known, values, -_INF), np.where(known, values, _INF)


def tidy_array(values: Array, scale: int = 1, always: bool = False) -> Array:
    """Scale and round to 1e-9 as ``units.tidy`` does for one number."""
    if scale == 1 and not always:
        return values
    scaled = values * scale
    fine = scaled * 1e9
    return np.where(np.abs(fine) < 2.0**53, np.rint(fine) / 1e9, scaled)


def _add(a: Array, b: Array) -> Array:
    return tidy_array(a + b, always=True)


def _sum(node: n.Sum, frame: Frame) -> Measures:
    (a, b), (c, d) = _measure(node.left, frame), _measure(node.right, frame)
    return _same(_add(a, c)) if a is b and c is d else (_add(a, c), _add(b, d))


def _difference(node: n.Difference, frame: Frame) -> Measures:
    (a, b), (c, d) = _measure(node.left, frame), _measure(node.right, frame)
    return _same(_add(a, -c)) if a is b and c is d else (_add(a, -d), _add(b, -c))


def _days(node: n.Days, frame: Frame) -> Measures:
    (a, b), (c, d) = _measure(node.start, frame), _measure(node.end, frame)
    return _same(c - a) if a is b and c is d else (c - b, d - a)


def _months(node: n.Months, frame: Frame) -> Measures:
    (a, b), (c, d) = _measure(node.start, frame), _measure(node.end, frame)
    return _months_between(b, c, -_INF), _months_between(a, d, _INF)


def _months_between(start: Array, end: Array, otherwise: float) -> Array:
    start, end = np.broadcast_arrays(start, end)
    known = np.isfinite(start) & np.isfinite(end)
    first, last = (np.where(known, days, 0).astype("int64") for days in (start, end))
    early, late = np.minimum(first, last), np.maximum(first, last)
    (month_early, day_early), (month_late, day_late) = _split(early), _split(late)
    months = (month_late - month_early) - (day_late < day_early)
    return np.where(known, np.where(last < first, -months, months), otherwise).astype(np.float64)


def _split(days: Array) -> tuple[Array, Array]:
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64), (dates - months.astype("datetime64[D]")).astype(np.int64)


def _if(node: n.If, frame: Frame) -> Any:
    state = _node(node.condition, frame)
    if isinstance(node.type, Choice):
        return _codes(node, frame, node.type.levels)
    if is_measure(node.type):
        (a, b), (c, d) = _measure(node.then, frame), _measure(node.other, frame)
        low = np.where(state > 0, a, np.where(state < 0, c, np.minimum(a, c)))
        return low, np.where(state > 0, b, np.where(state < 0, d, np.maximum(b, d)))
    then, other = _node(node.then, frame), _node(node.other, frame)
    agreed = np.where(then == other, then, np.int8(0))
    return np.where(state > 0, then, np.where(state < 0, other, agreed))


def _codes(node: n.Node, frame: Frame, levels: tuple[str, ...]) -> Array:
    """Codes of a choice in the order of other levels; -1 not known, one beyond the last for a level not among them."""
    if isinstance(node, n.If):
        state = _node(node.condition, frame)
        then, other = _codes(node.then, frame, levels), _codes(node.other, frame, levels)
        agreed = np.where(then == other, then, -1)
        codes = np.where(state > 0, then, np.where(state < 0, other, agreed))
    else:
        codes = _translated(node, frame, levels)
    return np.broadcast_to(codes, (frame.rows,)) if len(codes) == 1 else codes


def _translated(node: n.Node, frame: Frame, levels: tuple[str, ...]) -> Any:
    assert isinstance(node.type, Choice)
    own = node.type.levels
    if isinstance(node, n.Level):
        return np.full(1, levels.index(node.name) if node.name in levels else len(levels))
    table = np.array([levels.index(level) if level in levels else len(levels) for level in own] + [-1])
    return table[_node(node, frame)]


def _less(a: Array, b: Array, c: Array, d: Array, strict: bool) -> Any:
    sure = (b < c) if strict else (b <= c)
    if a is b and c is d:
        return _three(sure, None)
    never = (a >= d) if strict else (a > d)
    return np.subtract(sure, never, dtype=np.int8)


def _equal(a: Array, b: Array, c: Array, d: Array) -> Any:
    if a is b and c is d:
        return _three(a == c, None)
    sure = (a == b) & (c == d) & (a == c)
    return np.subtract(sure, (b < c) | (a > d), dtype=np.int8)


def _compare(node: n.Compare, frame: Frame) -> Any:
    left, right = _measure(node.left, frame), _measure(node.right, frame)
    if node.operator in {"==", "!="}:
        same = _equal(*left, *right)
        return -same if node.operator == "!=" else same
    first, second = (right, left) if node.operator[0] == ">" else (left, right)
    return _less(*first, *second, strict=len(node.operator) == 1)


def _same_level(node: n.SameLevel, frame: Frame) -> Array:
    assert isinstance(node.left.type, Choice)
    levels = node.left.type.levels
    left, right = _codes(node.left, frame, levels), _codes(node.right, frame, levels)
    return _three(left == right, (left >= 0) & (right >= 0))


def _one_of(node: n.OneOf, frame: Frame) -> Any:
    assert isinstance(node.choice.type, Choice)
    levels = node.choice.type.levels
    table = np.array([1 if level in node.levels else -1 for level in levels] + [0], dtype=np.int8)
    codes = _codes(node.choice, frame, levels) if isinstance(node.choice, n.If) else _node(node.choice, frame)
    return table[codes]


def _any_of(node: n.AnyOf, frame: Frame) -> Any:
    matrix = _node(node.set, frame)
    if matrix.ndim == 1:
        return matrix  # not a single patient's set is known
    assert isinstance(node.set, n.Datum | n.Field)
    places = [node.set.kind.levels.index(level) for level in node.levels]  # type: ignore[union-attr]
    return matrix[:, places].max(axis=1)


def _inside(name: str, frame: Frame) -> tuple[Records, Frame] | None:
    records = frame.columns.get(name)
    if records is None:
        return None
    assert isinstance(records, Records)
    return records, Frame(frame.size, frame.columns, frame.anchors, records)


def _states(where: n.Node | None, frame: Frame) -> Array:
    state = np.ones(1, dtype=np.int8) if where is None else _node(where, frame)
    return np.broadcast_to(state, (frame.rows,))


def _some(records: Records, chosen: Array) -> Array:
    """Whether each patient has some chosen record."""
    found = np.zeros(records.n, dtype=bool)
    found[records.owner[chosen]] = True
    return found


def _any_record(node: n.AnyRecord | n.AllRecords, frame: Frame) -> Any:
    inside = _inside(node.records, frame)
    if inside is None:
        return np.zeros(1, dtype=np.int8)
    records, inner = inside
    sign = 1 if isinstance(node, n.AnyRecord) else -1
    states = _states(node.where, inner) * sign
    decided, open_ = _some(records, states > 0), _some(records, states == 0)
    found = np.where(decided, 1, np.where(open_, 0, -1)).astype(np.int8) * np.int8(sign)
    return found if records.known is None else found * records.known


def _count(node: n.Count, frame: Frame) -> Measures:
    inside = _inside(node.records, frame)
    if inside is None:
        return np.zeros(1), np.full(1, _INF)
    records, inner = inside
    states = _states(node.where, inner)
    low = np.bincount(records.owner[states > 0], minlength=records.n).astype(np.float64)
    high = low + np.bincount(records.owner[states == 0], minlength=records.n)
    known = np.ones(records.n, dtype=bool) if records.known is None else records.known
    return np.where(known, low, 0.0), np.where(known, high, _INF)


def _extreme(node: n.Extreme, frame: Frame) -> Measures:
    inside = _inside(node.records, frame)
    if inside is None:
        return _unknown()
    records, inner = inside
    states, (low, high) = _states(node.where, inner), _measure(node.field, inner)
    low, high = (np.broadcast_to(side, states.shape) for side in (low, high))
    if node.largest:
        return _largest(records, states, low, high)
    least, most = _largest(records, states, -high, -low)
    return -most, -least


def _largest(records: Records, states: Array, low: Array, high: Array) -> Measures:
    least, most = np.full(records.n, -_INF), np.full(records.n, -_INF)
    sure, possible = states > 0, states >= 0
    np.maximum.at(least, records.owner[sure], low[sure])
    np.maximum.at(most, records.owner[possible], high[possible])
    decided = _some(records, sure)
    if records.known is not None:
        decided &= records.known
    return np.where(decided, least, -_INF), np.where(decided, most, _INF)


def _latest(node: n.Latest, frame: Frame) -> Any:
    inside = _inside(node.records, frame)
    dates = inside and inside[0].fields.get("date")
    if inside is None or dates is None:
        return _absent(node.field)
    records, inner = inside
    last, found = _last_record(node, frame, inner, records, dates)
    value = _node(node.field, inner)
    if isinstance(value, tuple):
        low, high = (np.broadcast_to(side, (inner.rows,)) for side in value)
        return _picked(low, last, found, -_INF), _picked(high, last, found, _INF)
    unknown = -1 if isinstance(node.field.kind, Choice) else 0
    return _picked(np.broadcast_to(value, (inner.rows,)), last, found, unknown)


def _picked(values: Array, last: Array, found: Array, otherwise: float) -> Array:
    picked = np.full(len(found), otherwise, dtype=values.dtype)
    picked[found] = values[last[found]]
    return picked


def _last_record(node: n.Latest, frame: Frame, inner: Frame, records: Records, dates: Column) -> tuple[Array, Array]:
    """Place of each patient's last record within the window, and for whom it can be told."""
    end = np.broadcast_to(_anchor(node.before, inner)[0], (inner.rows,))
    known = np.ones(inner.rows, dtype=bool) if dates.known is None else dates.known
    inside = known & (dates.values <= end) & (dates.values >= end - base(node.window))
    places = np.flatnonzero(inside)
    order = places[np.lexsort((places, dates.values[places], records.owner[places]))]
    last = np.full(records.n, -1)
    last[records.owner[order]] = order
    told = (last >= 0) & ~_some(records, ~known)
    return last, told if records.known is None else told & records.known


_MAKERS: Final[dict[type[n.Node], Callable[[Any, Frame], Any]]] = {
    n.Quantity: lambda node, frame: _constant(base(node), frame),
    n.Day: lambda node, frame: _constant(float(day_number(node.value)), frame),
    n.Parameter: _parameter,
    n.Anchor: _anchor,
    n.Datum: _datum,
    n.Field: _field,
    n.Fixed: lambda node, frame: np.full(1, 1 if node.value else -1, dtype=np.int8),
    n.Level: lambda node, frame: _codes(node, frame, node.levels),
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
    n.Not: lambda node, frame: -_node(node.part, frame),
    n.And: lambda node, frame: reduce(np.minimum, (_node(part, frame) for part in node.parts)),
    n.Or: lambda node, frame: reduce(np.maximum, (_node(part, frame) for part in node.parts)),
    n.AnyRecord: _any_record,
    n.AllRecords: _any_record,
}
