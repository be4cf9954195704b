"""The columns of many subjects as one number each: the subject's cell in the risk table, counted as it is packed.

Checking, copying and counting four columns of a million subjects one after the other takes twice as long as one pass
that writes a single column. Whoever asks for day, event, arm or stratum gets them from the cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import IntArray
from trialwright.stats.columns import MANY, SHORT, copied, frozen

COLUMNS = ("day", "event", "arm", "stratum")
MOST_CELLS = 100_000_000
MOST_CELLS_EACH = 4
"""Cells a subject at most: where days are sparse, a table of all of them would be larger than the columns."""
UNSIGNED = {np.dtype(np.int32): np.uint32, np.dtype(np.int64): np.uint64}
"""Types of days that are packed, and the unsigned ones in which a negative day is a huge one."""


@dataclass(frozen=True, eq=False)
class Packed:
    """Subjects and how many there are in each cell."""

    cell: IntArray
    """[n] ((stratum x arms + arm) x 2 + event) x days + day"""
    counts: IntArray
    """[strata, arms, 2, days]; one stratum or one arm once they are pooled"""
    shape: tuple[int, int, int, int]
    """The shape of the table that ``cell`` points into."""

    def pooled(self) -> Packed:
        """Return the same subjects as one arm."""
        return replace(self, counts=frozen(self.counts.sum(axis=1, keepdims=True, dtype=np.int32)))

    def unstratified(self) -> Packed:
        """Return the same subjects as one stratum."""
        return replace(self, counts=frozen(self.counts.sum(axis=0, keepdims=True, dtype=np.int32)))

    def columns(self) -> dict[str, Any]:
        """Return day, event, arm and stratum [n], not writeable."""
        from trialwright.stats._kernels_counting import unpack_cells

        n = len(self.cell)
        day, event, arm, stratum = (np.zeros(n, kind) for kind in (np.int32, bool, np.int8, np.int8))
        unpack_cells(self.cell, self.shape[1], self.shape[3], day, event.view(np.uint8), arm, stratum)
        if self.counts.shape[0] < self.shape[0]:
            stratum[:] = 0
        if self.counts.shape[1] < self.shape[1]:
            arm[:] = 0
        return {name: frozen(column) for name, column in zip(COLUMNS, (day, event, arm, stratum), strict=True)}


def pack(
    day: ArrayLike, event: ArrayLike, codes: tuple[ArrayLike, ArrayLike], names: tuple[tuple[str, ...], tuple[str, ...]]
) -> Packed | None:
    """Return the columns packed and counted; None for few subjects, sparse days, other types or anything wrong.

    Codes and names are of arm and stratum. What is wrong is named by the checks of each column, made by the caller.
    """
    days, events = np.asarray(day), np.asarray(event)
    n = len(days) if days.ndim == 1 and days.dtype in UNSIGNED else 0
    if n < MANY or events.shape != (n,) or events.dtype != bool:
        return None
    arm, stratum = (_bytes(np.asarray(given), known, n) for given, known in zip(codes, names, strict=True))
    unsigned = np.ascontiguousarray(days).view(UNSIGNED[days.dtype])
    arms, strata, last = len(names[0]), len(names[1]), int(unsigned.max())
    if arm is None or stratum is None or strata * arms * (last + 1) > min(MOST_CELLS_EACH * n, MOST_CELLS):
        return None
    columns = (unsigned, np.ascontiguousarray(events).view(np.uint8), arm, stratum)
    return _packed(columns, (strata, arms, 2, last + 1))


def _bytes(codes: IntArray, names: tuple[str, ...], n: int) -> IntArray | None:
    """Return positions as bytes [n], where a negative one is large; None if they or the names are not as they must."""
    if codes.shape != (n,) or codes.dtype.kind not in "iu" or not 0 < len(set(names)) == len(names) <= SHORT:
        return None
    if codes.dtype.itemsize == 1:
        return np.ascontiguousarray(codes).view(np.uint8)
    narrow, least, most = copied(codes, np.int8)
    return narrow.view(np.uint8) if least >= 0 and most < len(names) else None


def _packed(columns: tuple[IntArray, IntArray, IntArray, IntArray], shape: tuple[int, int, int, int]) -> Packed | None:
    from trialwright.stats._kernels_counting import pack_cells

    day, event, arm, stratum = columns
    cell, counts = np.empty(len(day), np.uint32), np.zeros(int(np.prod(shape)), np.int32)
    sound = pack_cells(day, event, arm, stratum, shape[1], shape[0], shape[3], cell, counts)
    return Packed(frozen(cell), frozen(counts.reshape(shape)), shape) if sound else None
