"""Time cut into cells: at every point of the curve, at every number at risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.evidence.curves import ReadCurve

__all__ = ["Cells", "falling"]

Vector = NDArray[np.float64]
Whole = NDArray[np.int64]
POWERS = (1.0, 0.4, 2.5)
"""Censorings of an interval come evenly, early or late: by the share of its length that has passed to this power."""
SAME = 1e-6
"""Days below which two times are one."""
FIRM = 1e6
"""Weight of survival 1 at the start beside the points read."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The m cells of an arm, from the day after one boundary to the next."""

    edges: Vector
    """[m + 1] days, the first 0."""
    read: Vector
    """[m] survival at the end of the cell; 0 where it is not known."""
    spread: Vector
    """[m] its standard deviation; infinite where it is not known."""
    seen: NDArray[np.bool_]
    """[m] whether it was read off the curve."""
    smooth: Vector
    """[m] survival expected at the end of the cell: the falling curve nearest to what was read."""
    hazard: Vector
    """[m] deaths expected per patient at risk."""
    target: Whole
    """[m] at risk when the printed interval of the cell ends; -1 without numbers at risk."""
    closes: NDArray[np.bool_]
    """[m] whether the cell is the last of its interval."""
    share: Vector
    """[shapes, m] of the censorings of the interval that are still to come, those of the cell."""
    marked: Whole
    """[m] censoring marks in the cell."""
    still_marked: Whole
    """[m] marks after the cell within its interval."""
    ahead: Vector
    """[shapes, m, 2] what is to come from the cell on within its interval, see ``_ahead``."""
    later: Vector
    """[m] deaths expected after the interval."""
    remaining: int
    """At risk when the curve ends, where that is printed."""

    @classmethod
    def of(cls, curve: ReadCurve, printed: tuple[tuple[float, float, float], ...] = ()) -> Cells:
        """Cut a curve; ``printed`` are (day, survival, standard deviation) that stand beside it in print."""
        table = _useful(curve)
        read_on = _after_counting(curve.day, table[0])
        days = np.concatenate([read_on, table[0], [day for day, _, _ in printed], _grid(curve)])
        edges = _merged(days[days > SAME])
        m = len(edges) - 1
        read, spread, seen = np.zeros(m), np.full(m, np.inf), np.zeros(m, bool)
        at = _position(edges, read_on)
        read[at], spread[at], seen[at] = curve.survival, curve.reading_error, True
        for day, level, deviation in printed:
            cell = int(_position(edges, np.array([day]))[0])
            read[cell], spread[cell], seen[cell] = level, deviation, False
        smooth = _expected(edges, read, spread, curve.patients)
        marked = np.zeros(m, np.int64)
        if curve.marks is not None:
            np.add.at(marked, np.minimum(np.searchsorted(edges[1:], curve.marks + SAME), m - 1), 1)
        intervals = _intervals(curve, table, edges, smooth, marked)
        return cls(edges, read, spread, seen, smooth, _hazard(edges, smooth, curve.patients), *intervals)


def falling(values: Vector, weights: Vector) -> Vector:
    """Return the falling sequence nearest to ``values`` [m] by weighted squares (pool adjacent violators; Ayer 1955).

    >>> falling(np.array([0.9, 0.7, 0.8]), np.ones(3)).tolist()
    [0.9, 0.75, 0.75]
    """
    level: list[float] = []
    weight: list[float] = []
    length: list[int] = []
    for value, own in zip(values.tolist(), weights.tolist(), strict=True):
        level.append(value)
        weight.append(own)
        length.append(1)
        while len(level) > 1 and level[-2] < level[-1]:
            both = weight[-2] + weight[-1]
            level[-2:] = [(level[-2] * weight[-2] + level[-1] * weight[-1]) / both]
            weight[-2:] = [both]
            length[-2:] = [length[-2] + length[-1]]
    return np.repeat(level, length)


def _useful(curve: ReadCurve) -> tuple[Vector, Whole]:
    """Return the numbers at risk that say something: nobody at risk beyond the end of the curve is no news."""
    keep = (curve.at_risk_day < curve.day[-1] - SAME) | (curve.at_risk > 0)
    return curve.at_risk_day[keep], curve.at_risk[keep]


def _after_counting(day: Vector, counted: Vector) -> Vector:
    """Return the days of the points; one at a number at risk stands just after it, but for the last.

    A number at risk is counted before the deaths of its day, the curve is read after them. Of the day on which the
    curve ends nothing later is read.
    """
    gap = np.diff(np.concatenate([day, [day[-1] + 1]]))
    same = np.abs(day[:, None] - counted[None, :]).min(axis=1, initial=np.inf) <= SAME
    return np.where(same & (day < day[-1]), day + np.minimum(1.0, gap / 2), day)


def _grid(curve: ReadCurve) -> Vector:
    """Return days that cut a curve of few points into at least 50 cells, so that its patients do not leave in heaps."""
    return np.linspace(0, curve.day[-1], 51)[1:] if len(curve.day) < 50 else np.empty(0)


def _merged(days: Vector) -> Vector:
    ordered = np.unique(days)
    return np.concatenate([[0.0], ordered[np.concatenate([np.diff(ordered) > SAME, [True]])]])


def _position(edges: Vector, days: Vector) -> Whole:
    """Return the cell that ends on each of the days."""
    return np.searchsorted(edges[1:], days - SAME).astype(np.int64)


def _expected(edges: Vector, read: Vector, spread: Vector, patients: int) -> Vector:
    """Return the falling curve nearest to what is known, straight on the log scale in between."""
    known = np.isfinite(spread)
    weights = (spread[known].max() / spread[known]) ** 2
    best = falling(np.concatenate([[1.0], read[known]]), np.concatenate([[FIRM * weights.max()], weights]))
    days = np.concatenate([[0.0], edges[1:][known]])
    log_level = np.log(np.maximum(np.minimum(best, 1.0), 0.25 / patients))
    return np.asarray(np.exp(np.interp(edges[1:], days, log_level)))


def _hazard(edges: Vector, smooth: Vector, patients: int) -> Vector:
    """Return deaths per patient at risk, averaged over a twentieth of the cells; never none at all."""
    m = len(smooth)
    reach = m // 50
    total = np.concatenate([[0.0], -np.log(np.maximum(smooth, 0.25 / patients))])
    low, high = np.maximum(np.arange(m) - reach, 0), np.minimum(np.arange(m) + reach + 1, m)
    rate = (total[high] - total[low]) / (edges[high] - edges[low])
    return np.asarray(rate * np.diff(edges) + 0.02 / patients)


def _intervals(
    curve: ReadCurve, table: tuple[Vector, Whole], edges: Vector, smooth: Vector, marked: Whole
) -> tuple[Whole, NDArray[np.bool_], Vector, Whole, Whole, Vector, Vector, int]:
    """Return target, closes, share, marked, still marked, ahead, later and how many remain at the end."""
    days, counts = table
    m = len(smooth)
    closes, later = np.zeros(m, bool), np.zeros(m)
    closes[-1] = True
    if not len(days) and curve.marks is None:
        empty = np.zeros(m, np.int64)
        return np.full(m, -1), closes, np.zeros((1, m)), empty, empty, np.zeros((1, m, 2)), later, 0
    at = _position(edges, days)
    closes[at] = True
    ends = np.flatnonzero(closes)
    goal = np.zeros(len(ends), np.int64)
    goal[: len(counts)] = counts
    which = np.searchsorted(ends, np.arange(m))
    shares = np.array([_share(edges, ends, power) for power in POWERS])
    if curve.marks is not None:
        shares = _by_marks(shares, ends, marked)
    starts = np.concatenate([[curve.patients], goal[:-1]])
    aheads = np.array([_ahead(ends, smooth, share) for share in shares])
    ahead = aheads[0]
    first = np.concatenate([[0], ends[:-1] + 1])
    deaths = np.maximum(starts - goal - np.maximum(starts * ahead[first, 0] - goal, 0) / ahead[first, 1], 0)
    after = np.concatenate([np.cumsum(deaths[::-1])[::-1], [0.0]])[1:]
    still = _still_to_come(marked, ends)
    return goal[which], closes, shares, marked, still, aheads, after[which], int(goal[-1])


def _ahead(ends: Whole, smooth: Vector, share: Vector) -> Vector:
    """Return A and B [m, 2] of the cells from each one on to the end of its interval.

    Of n at risk at the beginning of the cell n A would be left at the end of the interval if nobody were censored, and
    each censored patient takes B off that number, since some would have died: C = (n A - g) / B are censored if g are
    at risk at the end, and n - g - C die. A cell takes half of those at risk at most: a curve that falls to 0 at its
    end tells of the last patient, not of all who were there when the interval began.
    """
    staying = np.maximum(smooth / np.concatenate([[1.0], smooth[:-1]]), 0.5)
    sums = np.ones((len(smooth), 2))
    closing = set(ends.tolist())
    kept, taken = 1.0, 1.0
    for j in range(len(smooth) - 1, -1, -1):
        if j in closing:
            kept, taken = 1.0, 1.0
        own = share[j] if j not in closing else 1.0
        taken = own * kept + (1 - own) * taken
        kept *= staying[j]
        sums[j] = kept, taken
    return sums


def _still_to_come(values: Whole, ends: Whole) -> Whole:
    """Return what comes after each cell within its interval."""
    sums = np.cumsum(values)
    which = np.searchsorted(ends, np.arange(len(values)))
    return np.asarray(sums[ends][which] - sums, np.int64)


def _share(edges: Vector, ends: Whole, power: float) -> Vector:
    """Return of the interval's censorings still to come those of the cell: by its length, to a power."""
    share = np.empty(len(edges) - 1)
    begin = 0
    for end in ends.tolist():
        passed = (edges[begin : end + 2] - edges[begin]) / (edges[end + 1] - edges[begin])
        share[begin : end + 1] = _of_the_rest(np.diff(passed**power))
        begin = end + 1
    return share


def _by_marks(shares: Vector, ends: Whole, marked: Whole) -> Vector:
    """Return the shares with those of every interval that has marks taken from its marks."""
    found = shares.copy()
    begin = 0
    for end in ends.tolist():
        if marked[begin : end + 1].any():
            found[:, begin : end + 1] = _of_the_rest(marked[begin : end + 1].astype(float))
        begin = end + 1
    return found


def _of_the_rest(size: Vector) -> Vector:
    """Return each size over the sum of itself and those after it."""
    rest = np.cumsum(size[::-1])[::-1]
    return np.divide(size, rest, out=np.zeros(len(size)), where=rest > 0)
