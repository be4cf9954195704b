"""What a rule says of the records of many patients, brought back to one value per patient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.column_data import Array, Column, Records
from trialwright.protocol.rules.column_values import absent, anchor_column
from trialwright.protocol.rules.frame import Frame, Measures, Of, unknown
from trialwright.protocol.rules.steps import base
from trialwright.protocol.rules.types import Choice

__all__ = ["RECORD_COLUMNS"]


def _any_record(node: n.AnyRecord | n.AllRecords, frame: Frame, of: Of) -> Any:
    inside = _inside(node.records, frame)
    if inside is None:
        return np.zeros(1, dtype=np.int8)
    records, inner = inside
    sign = 1 if isinstance(node, n.AnyRecord) else -1
    states = _states(node.where, inner, of) * sign
    decided, open_ = _some(records, states > 0), _some(records, states == 0)
    found = np.where(decided, 1, np.where(open_, 0, -1)).astype(np.int8) * np.int8(sign)
    return found if records.known is None else found * records.known


def _count(node: n.Count, frame: Frame, of: Of) -> Measures:
    inside = _inside(node.records, frame)
    if inside is None:
        return np.zeros(1), np.full(1, np.inf)
    records, inner = inside
    states = _states(node.where, inner, of)
    low = np.bincount(records.owner[states > 0], minlength=records.n).astype(np.float64)
    high = low + np.bincount(records.owner[states == 0], minlength=records.n)
    known = np.ones(records.n, dtype=bool) if records.known is None else records.known
    return np.where(known, low, 0.0), np.where(known, high, np.inf)


def _extreme(node: n.Extreme, frame: Frame, of: Of) -> Measures:
    inside = _inside(node.records, frame)
    if inside is None:
        return unknown()
    records, inner = inside
    states, (low, high) = _states(node.where, inner, of), of(node.field, inner)
    low, high = (np.broadcast_to(side, states.shape) for side in (low, high))
    if node.largest:
        return _largest(records, states, low, high)
    least, most = _largest(records, states, -high, -low)
    return -most, -least


def _largest(records: Records, states: Array, low: Array, high: Array) -> Measures:
    least, most = np.full(records.n, -np.inf), np.full(records.n, -np.inf)
    sure, possible = states > 0, states >= 0
    np.maximum.at(least, records.owner[sure], low[sure])
    np.maximum.at(most, records.owner[possible], high[possible])
    decided = _some(records, sure)
    if records.known is not None:
        decided &= records.known
    return np.where(decided, least, -np.inf), np.where(decided, most, np.inf)


def _latest(node: n.Latest, frame: Frame, of: Of) -> Any:
    inside = _inside(node.records, frame)
    dates = inside and inside[0].fields.get("date")
    if inside is None or dates is None:
        return absent(node.field)
    records, inner = inside
    last, found = _last_record(node, inner, records, dates, of)
    value = of(node.field, inner)
    if isinstance(value, tuple):
        low, high = (np.broadcast_to(side, (inner.rows,)) for side in value)
        return _picked(low, last, found, -np.inf), _picked(high, last, found, np.inf)
    nothing = -1 if isinstance(node.field.kind, Choice) else 0
    return _picked(np.broadcast_to(value, (inner.rows,)), last, found, nothing)


def _last_record(node: n.Latest, inner: Frame, records: Records, dates: Column, of: Of) -> tuple[Array, Array]:
    """Place of each patient's last record within the window, and for whom it can be told."""
    end = np.broadcast_to(anchor_column(node.before, inner, of)[0], (inner.rows,))
    known = np.ones(inner.rows, dtype=bool) if dates.known is None else dates.known
    inside = known & (dates.values <= end) & (dates.values >= end - base(node.window))
    places = np.flatnonzero(inside)
    order = places[np.lexsort((places, dates.values[places], records.owner[places]))]
    last = np.full(records.n, -1)
    last[records.owner[order]] = order
    told = (last >= 0) & ~_some(records, ~known)
    return last, told if records.known is None else told & records.known


def _picked(values: Array, last: Array, found: Array, otherwise: float) -> Array:
    picked = np.full(len(found), otherwise, dtype=values.dtype)
    picked[found] = values[last[found]]
    return picked


def _inside(name: str, frame: Frame) -> tuple[Records, Frame] | None:
    records = frame.columns.get(name)
    if records is None:
        return None
    assert isinstance(records, Records)
    return records, Frame(frame.size, frame.columns, frame.anchors, records)


def _states(where: n.Node | None, frame: Frame, of: Of) -> Array:
    state = np.ones(1, dtype=np.int8) if where is None else of(where, frame)
    return np.broadcast_to(state, (frame.rows,))


def _some(records: Records, chosen: Array) -> Array:
    """Whether each patient has some chosen record."""
    found = np.zeros(records.n, dtype=bool)
    found[records.owner[chosen]] = True
    return found


RECORD_COLUMNS: Final[dict[type[n.Node], Callable[[Any, Frame, Of], Any]]] = {
    n.AnyRecord: _any_record,
    n.AllRecords: _any_record,
    n.Count: _count,
    n.Extreme: _extreme,
    n.Latest: _latest,
}
