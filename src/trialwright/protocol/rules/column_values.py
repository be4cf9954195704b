"""Values of a rule, column by column: literals, data, differences of dates, and ``x if condition else y``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import numpy as np

from trialwright.errors import DataError
from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.calendar import day_number
from trialwright.protocol.rules.column_data import Array, Column
from trialwright.protocol.rules.frame import Frame, Measures, Of, same, three, unknown
from trialwright.protocol.rules.steps import base, is_measure
from trialwright.protocol.rules.types import Choice

__all__ = ["VALUE_COLUMNS", "absent", "anchor_column", "codes_of"]


def _constant(value: float, frame: Frame) -> Measures:
    return same(np.full(1, value))


def _parameter(node: n.Parameter, frame: Frame, of: Of) -> Measures:
    return unknown() if node.value is None else _constant(node.value, frame)


def anchor_column(node: n.Anchor, frame: Frame, of: Of) -> Measures:
    """Return an anchor as days since 1970-01-01, one for all rows or one per row."""
    given = frame.anchors.get(node.name)
    if given is None:
        return unknown()
    days = np.asarray(day_number(given) if isinstance(given, date) else given)
    if days.dtype.kind not in "iu" or days.shape not in {(), (1,), (frame.size,)}:
        raise DataError(f"anchor {node.name}: expected a date or whole days since 1970-01-01, one or {frame.size}")
    values = days.astype(np.float64).reshape(-1)
    return same(values if len(values) == 1 else frame.spread(values))


def _datum(node: n.Datum, frame: Frame, of: Of) -> Any:
    column = frame.columns.get(node.name)
    if column is None:
        return absent(node)
    assert isinstance(column, Column)
    found = _shaped(node, column)
    if frame.records is None:
        return found
    if isinstance(found, tuple):
        low, high = found
        spread = frame.spread(low)
        return spread, spread if high is low else frame.spread(high)
    return frame.spread(found)


def _field(node: n.Field, frame: Frame, of: Of) -> Any:
    assert frame.records is not None
    column = frame.records.fields.get(node.name)
    return absent(node) if column is None else _shaped(node, column)


def absent(node: n.Datum | n.Field) -> Any:
    """Return a datum that nobody has."""
    if is_measure(node.kind):
        return unknown()
    return np.full(1, -1) if isinstance(node.kind, Choice) else np.zeros(1, dtype=np.int8)


def _shaped(node: n.Datum | n.Field, column: Column) -> Any:
    if is_measure(node.kind):
        return _bounded(tidy_array(column.values.astype(np.float64), node.scale), column.known)
    if isinstance(node.kind, Choice):
        codes = column.values.astype(np.int64, copy=False)  # -1 must fit, whatever small type the codes came in
        return codes if column.known is None else np.where(column.known, codes, -1)
    known = column.known
    return three(column.values, known if known is None or column.values.ndim == 1 else known[:, None])


def _bounded(values: Array, known: Array | None) -> Measures:
    if known is None:
        return same(values)
    return np.where(known, values, -np.inf), np.where(known, values, np.inf)


def tidy_array(values: Array, scale: int = 1, always: bool = False) -> Array:
    """Scale and round to 1e-9 as ``units.tidy`` does for one number."""
    if scale == 1 and not always:
        return values
    scaled = values * scale
    fine = scaled * 1e9
    return np.where(np.abs(fine) < 2.0**53, np.rint(fine) / 1e9, scaled)


def _add(a: Array, b: Array) -> Array:
    return tidy_array(a + b, always=True)


def _sum(node: n.Sum, frame: Frame, of: Of) -> Measures:
    (a, b), (c, d) = of(node.left, frame), of(node.right, frame)
    return same(_add(a, c)) if a is b and c is d else (_add(a, c), _add(b, d))


def _difference(node: n.Difference, frame: Frame, of: Of) -> Measures:
    (a, b), (c, d) = of(node.left, frame), of(node.right, frame)
    return same(_add(a, -c)) if a is b and c is d else (_add(a, -d), _add(b, -c))


def _days(node: n.Days, frame: Frame, of: Of) -> Measures:
    (a, b), (c, d) = of(node.start, frame), of(node.end, frame)
    return same(c - a) if a is b and c is d else (c - b, d - a)


def _months(node: n.Months, frame: Frame, of: Of) -> Measures:
    (a, b), (c, d) = of(node.start, frame), of(node.end, frame)
    return _months_between(b, c, -np.inf), _months_between(a, d, np.inf)


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


def _if(node: n.If, frame: Frame, of: Of) -> Any:
    state = of(node.condition, frame)
    if isinstance(node.type, Choice):
        return codes_of(node, frame, node.type.levels, of)
    if is_measure(node.type):
        (a, b), (c, d) = of(node.then, frame), of(node.other, frame)
        low = np.where(state > 0, a, np.where(state < 0, c, np.minimum(a, c)))
        return low, np.where(state > 0, b, np.where(state < 0, d, np.maximum(b, d)))
    then, other = of(node.then, frame), of(node.other, frame)
    agreed = np.where(then == other, then, np.int8(0))
    return np.where(state > 0, then, np.where(state < 0, other, agreed))


def codes_of(node: n.Node, frame: Frame, levels: tuple[str, ...], of: Of) -> Array:
    """Codes of a choice in the order of other levels; -1 not known, one beyond the last for a level not among them."""
    if isinstance(node, n.If):
        state = of(node.condition, frame)
        then, other = codes_of(node.then, frame, levels, of), codes_of(node.other, frame, levels, of)
        agreed = np.where(then == other, then, -1)
        codes = np.where(state > 0, then, np.where(state < 0, other, agreed))
    else:
        codes = _translated(node, frame, levels, of)
    return np.broadcast_to(codes, (frame.rows,)) if len(codes) == 1 else codes


def _translated(node: n.Node, frame: Frame, levels: tuple[str, ...], of: Of) -> Any:
    assert isinstance(node.type, Choice)
    own = node.type.levels
    if isinstance(node, n.Level):
        return np.full(1, levels.index(node.name) if node.name in levels else len(levels))
    table = np.array([levels.index(level) if level in levels else len(levels) for level in own] + [-1])
    return table[of(node, frame)]


VALUE_COLUMNS: Final[dict[type[n.Node], Callable[[Any, Frame, Of], Any]]] = {
    n.Quantity: lambda node, frame, of: _constant(base(node), frame),
    n.Day: lambda node, frame, of: _constant(float(day_number(node.value)), frame),
    n.Parameter: _parameter,
    n.Anchor: anchor_column,
    n.Datum: _datum,
    n.Field: _field,
    n.Fixed: lambda node, frame, of: np.full(1, 1 if node.value else -1, dtype=np.int8),
    n.Level: lambda node, frame, of: codes_of(node, frame, node.levels, of),
    n.Sum: _sum,
    n.Difference: _difference,
    n.Days: _days,
    n.Months: _months,
    n.If: _if,
}
