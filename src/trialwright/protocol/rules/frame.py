"""What a rule looks at, for many patients at once, and the shapes of its parts.

A truth is an int8 array: 1 true, 0 not known, -1 false, so that ``and`` is the minimum, ``or`` the maximum and ``not``
the sign. A measure is a pair of arrays (low, high), the same object twice where all is known. A choice is an array of
codes, -1 where not known. An array of length one stands for every row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.column_data import Array, Column, Records

__all__ = ["Frame", "Measures", "Of", "same", "three", "unknown"]

Measures = tuple[Array, Array]


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


Of = Callable[[n.Node, Frame], Any]
"""Evaluates a part."""


def same(values: Array) -> Measures:
    """Return a measure that is known for all."""
    return values, values


def unknown() -> Measures:
    """Return a measure that is known for nobody."""
    return np.full(1, -np.inf), np.full(1, np.inf)


def three(true: Array, known: Array | None) -> Array:
    """Return a truth from booleans and from which of them are known."""
    state = true.astype(np.int8)
    state *= 2
    state -= 1
    if known is not None:
        state *= known
    return state
