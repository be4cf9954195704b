"""Comparisons and logic of a rule, column by column: 1 true, 0 not known, -1 false."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, Final

import numpy as np

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.column_data import Array
from trialwright.protocol.rules.column_values import codes_of
from trialwright.protocol.rules.frame import Frame, Of, three
from trialwright.protocol.rules.types import Choice

__all__ = ["LOGIC_COLUMNS"]


def _compare(node: n.Compare, frame: Frame, of: Of) -> Any:
    left, right = of(node.left, frame), of(node.right, frame)
    if node.operator in {"==", "!="}:
        same = _equal(*left, *right)
        return -same if node.operator == "!=" else same
    first, second = (right, left) if node.operator[0] == ">" else (left, right)
    return _less(len(node.operator) == 1, *first, *second)


def _less(strict: bool, a: Array, b: Array, c: Array, d: Array) -> Any:
    sure = (b < c) if strict else (b <= c)
    if a is b and c is d:
        return three(sure, None)
    never = (a >= d) if strict else (a > d)
    return np.subtract(sure, never, dtype=np.int8)


def _equal(a: Array, b: Array, c: Array, d: Array) -> Any:
    if a is b and c is d:
        return three(a == c, None)
    sure = (a == b) & (c == d) & (a == c)
    return np.subtract(sure, (b < c) | (a > d), dtype=np.int8)


def _same_level(node: n.SameLevel, frame: Frame, of: Of) -> Array:
    assert isinstance(node.left.type, Choice)
    levels = node.left.type.levels
    left, right = codes_of(node.left, frame, levels, of), codes_of(node.right, frame, levels, of)
    return three(left == right, (left >= 0) & (right >= 0))


def _one_of(node: n.OneOf, frame: Frame, of: Of) -> Any:
    assert isinstance(node.choice.type, Choice)
    levels = node.choice.type.levels
    table = np.array([1 if level in node.levels else -1 for level in levels] + [0], dtype=np.int8)
    codes = codes_of(node.choice, frame, levels, of) if isinstance(node.choice, n.If) else of(node.choice, frame)
    return table[codes]


def _any_of(node: n.AnyOf, frame: Frame, of: Of) -> Any:
    matrix = of(node.set, frame)
    if matrix.ndim == 1:
        return matrix  # not a single patient's set is known
    assert isinstance(node.set, n.Datum | n.Field)
    places = [node.set.kind.levels.index(level) for level in node.levels]  # type: ignore[union-attr]
    return matrix[:, places].max(axis=1)


LOGIC_COLUMNS: Final[dict[type[n.Node], Callable[[Any, Frame, Of], Any]]] = {
    n.Compare: _compare,
    n.SameLevel: _same_level,
    n.OneOf: _one_of,
    n.AnyOf: _any_of,
    n.Not: lambda node, frame, of: -of(node.part, frame),
    n.And: lambda node, frame, of: reduce(np.minimum, (of(part, frame) for part in node.parts)),
    n.Or: lambda node, frame, of: reduce(np.maximum, (of(part, frame) for part in node.parts)),
}
