"""The risk table: counts per stratum, day and arm, from which nearly every estimator follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray
from trialwright.stats.columns import MANY
from trialwright.stats.event_times import EventTimes, packed_of
from trialwright.stats.packed import MOST_CELLS, MOST_CELLS_EACH

NEARLY_ALL = 1e-12
"""Sums of weights that differ by no more than this share are the same sum."""


@dataclass(frozen=True, eq=False)
class Ties:
    """The C pairs of stratum and day with an event: all that the log-rank family and the Cox model of the arm read."""

    stratum: IntArray
    """[C] increasing"""
    events: FloatArray
    """[C, arms]"""
    at_risk: FloatArray
    """[C, arms], just before the day."""

    def __post_init__(self) -> None:
        """Lay the arms one after the other in memory: numpy sums many short rows ten times as slowly."""
        object.__setattr__(self, "events", np.asfortranarray(self.events))
        object.__setattr__(self, "at_risk", np.asfortranarray(self.at_risk))

    @cached_property
    def all_events(self) -> Any:
        """[C] events of all arms."""
        return self.events.sum(axis=1)

    @cached_property
    def all_at_risk(self) -> Any:
        """[C] at risk in all arms."""
        return self.at_risk.sum(axis=1)

    @cached_property
    def meeting(self) -> BoolArray:
        """[C] whether subjects of two arms are at risk."""
        meeting: BoolArray = (self.at_risk > 0).sum(axis=1) > 1
        return meeting


class Steps(NamedTuple):
    """The T days on which follow-up in an arm ends, strata pooled."""

    days: FloatArray
    """[T] for display"""
    at_risk: Any
    """[T] just before the day"""
    events: Any
    """[T]"""
    censored: Any
    """[T]"""
    entered: tuple[FloatArray, Any] | None
    """[E] days for display and numbers at risk from the next day on, with delayed entry."""


@dataclass(frozen=True, eq=False)
class RiskTable:
    """Events and censored subjects by stratum, day and arm. Tables of subjects that do not overlap can be added.

    With weights the counts are sums of weights: whole numbers if all weights are.

    >>> table = RiskTable.count(EventTimes.of([5, 8, 8], [1, 1, 0]))
    >>> table.days.tolist(), table.at_risk[0, :, 0].tolist()
    ([5, 8], [3, 2])
    >>> (table + table).at_risk[0, :, 0].tolist()
    [6, 4]
    """

    days: IntArray
    """[T] the days on which somebody's follow-up ends or, with delayed entry, begins; increasing."""
    events: IntArray | FloatArray
    """[strata, T, arms]"""
    censored: IntArray | FloatArray
    """[strata, T, arms]; at a shared day events come first, so they are still at risk there."""
    arms: tuple[str, ...]
    strata: tuple[str, ...]
    values: FloatArray | None = None
    """Real time of each rank, where the times are not whole days."""
    entered: IntArray | FloatArray | None = None
    """[strata, T, arms] subjects at risk from the next day on; None: everybody is followed from the start."""

    @classmethod
    def count(cls, times: EventTimes) -> RiskTable:
        """Count the subjects of ``times``. Raises ValueError when strata x days x arms exceed 10^8."""
        days, counts, entered = _packed_counts(times) or _counts(times)
        seen = counts.reshape(-1, len(days)).any(axis=0)
        if entered is not None:
            seen |= entered.reshape(-1, len(days)).any(axis=0)
        if not seen.all():
            days, counts = days[seen], counts[..., seen]
            entered = None if entered is None else entered[..., seen]
        # days lie side by side in memory, so that sums over arms are sums of long rows
        events, censored = (counts[:, :, kind].transpose(0, 2, 1) for kind in (1, 0))
        entered = None if entered is None else entered.transpose(0, 2, 1)
        return cls(days, events, censored, times.arms, times.strata, times.values, entered)

    @property
    def weighted(self) -> bool:
        """Whether the counts are sums of fractional weights."""
        return self.events.dtype.kind == "f"

    @cached_property
    def at_risk(self) -> Any:
        """[strata, T, arms] subjects whose follow-up reaches the day and began before it."""
        leaving = self.events + self.censored
        return at_risk(leaving, self.entered, axis=1)

    @cached_property
    def subjects(self) -> Any:
        """[strata, arms] subjects in all."""
        return (self.events + self.censored).sum(axis=1, dtype=None if self.weighted else np.int64)

    @cached_property
    def ties(self) -> Ties:
        """The pairs of stratum and day with an event."""
        happened = self.events.any(axis=2)
        events, at_risk = (_chosen(counts, happened) for counts in (self.events, self.at_risk))
        stratum = np.repeat(np.arange(len(self.strata)), np.count_nonzero(happened, axis=1))
        return Ties(stratum, events, at_risk)

    def display(self, days: IntArray) -> FloatArray:
        """Return days, or the real times that stand behind ranks."""
        return days.astype(float) if self.values is None else self.values[days]

    def __add__(self, other: RiskTable) -> RiskTable:
        """Return the table of both sets of subjects."""
        if (self.arms, self.strata) != (other.arms, other.strata):
            raise ValueError(
                f"tables must have the same arms and strata in the same order; got arms {self.arms} and {other.arms}, "
                f"strata {self.strata} and {other.strata}"
            )
        if self.values is not None or other.values is not None:
            raise ValueError("tables of continuous times hold ranks of their own and cannot be added; add whole days")
        days = np.union1d(self.days, other.days)
        events, censored = (self._on(days, name) + other._on(days, name) for name in ("events", "censored"))
        delayed = self.entered is not None or other.entered is not None
        entered = self._on(days, "entered") + other._on(days, "entered") if delayed else None
        return RiskTable(days, events, censored, self.arms, self.strata, None, entered)

    def _on(self, days: IntArray, name: str) -> Any:
        counts = getattr(self, name)
        spread = np.zeros((len(self.strata), len(days), len(self.arms)), self.events.dtype)
        if counts is not None:
            spread[:, np.searchsorted(days, self.days)] = counts
        return spread


def as_table(times: EventTimes | RiskTable) -> RiskTable:
    """Return the risk table of either form of input."""
    return times if isinstance(times, RiskTable) else times.table


def arm_steps(table: RiskTable, arm: int) -> Steps:
    """Return the counts of an arm, strata pooled, on the days on which somebody's follow-up ends."""
    d, c = table.events[:, :, arm].sum(axis=0), table.censored[:, :, arm].sum(axis=0)
    leaving = d + c
    entered = None if table.entered is None else table.entered[:, :, arm].sum(axis=0)
    reaching = at_risk(leaving, entered)
    kept = leaving > 0
    entries = None
    if entered is not None:
        entries = (table.display(table.days[entered > 0]), entered[entered > 0])
    return Steps(table.display(table.days[kept]), reaching[kept], d[kept], c[kept], entries)


def at_risk(leaving: Any, entered: Any, axis: int = 0) -> Any:
    """Return the numbers at risk on each day, from those who leave on it and those who enter after it, in order.

    With fractional weights the last to leave must be exactly all at risk, whatever the order of summation.
    """
    change = leaving if entered is None else leaving - entered
    back = (slice(None),) * axis + (slice(None, None, -1),)
    whole = leaving.dtype.kind != "f"
    reaching = np.cumsum(change[back], axis=axis, dtype=np.int64 if whole else float)[back]
    if whole:
        return reaching
    return np.where(reaching <= leaving * (1 + NEARLY_ALL), leaving, reaching)


def _chosen(counts: Any, happened: Any) -> FloatArray:
    """Return counts [C, arms] of the chosen strata and days; in memory the arms one after the other."""
    return np.array([counts[:, :, a][happened] for a in range(counts.shape[2])], float).T


def _packed_counts(times: EventTimes) -> tuple[IntArray, Any, None] | None:
    packed = packed_of(times)
    return None if packed is None else (np.arange(packed.shape[3]), packed.counts, None)


def _counts(times: EventTimes) -> tuple[IntArray, Any, Any]:
    """Return days [T], counts [strata, arms, 2, T] and, with delayed entry, those who enter [strata, arms, T]."""
    days, place, entry = _days(times)
    shape = (len(times.strata), len(times.arms), 2, len(days))
    if np.prod(shape, dtype=float) > 2 * MOST_CELLS:
        cells = f"{shape[0]} strata x {shape[3]} days x {shape[1]} arms"
        raise ValueError(f"a risk table must have at most {MOST_CELLS} cells; got {cells}. Pool strata.")
    entered = None if entry is None else _sum(times, (times.arm, entry), (shape[0], shape[1], shape[3]))
    return days, _count(times, place, shape), entered


def _count(times: EventTimes, place: IntArray, shape: tuple[int, int, int, int]) -> Any:
    if times.weight is not None or len(times) < MANY:
        return _sum(times, (times.arm, times.event, place), shape)
    from trialwright.stats._kernels_counting import count_cells

    counts = np.zeros(int(np.prod(shape)), np.int32)
    count_cells(place, times.event.view(np.uint8), times.arm, times.stratum, shape[1], shape[3], counts)
    return counts.reshape(shape)


def _sum(times: EventTimes, parts: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    cell = _cell(times, parts, shape)
    sums = np.bincount(cell, times.weight, minlength=int(np.prod(shape))).reshape(shape)
    return sums if times.weight is not None and times.weight.dtype.kind == "f" else sums.astype(np.int64)


def _cell(times: EventTimes, parts: tuple[Any, ...], shape: tuple[int, ...]) -> IntArray:
    """Return the cell of each subject, built in place: temporaries would cost more than counting."""
    cell = times.stratum.astype(np.int32)
    for size, part in zip(shape[1:], parts, strict=True):
        cell *= size
        np.add(cell, part, out=cell, casting="unsafe")
    return cell


def _days(times: EventTimes) -> tuple[IntArray, IntArray, IntArray | None]:
    """Return the days that may be needed and the places among them of ends and entries."""
    span = int(times.day.max()) + 1
    if span * len(times.strata) * len(times.arms) <= MOST_CELLS_EACH * len(times):
        return np.arange(span), times.day, times.entry
    n, entry = len(times), np.empty(0, np.int32) if times.entry is None else times.entry
    days, place = np.unique(np.concatenate([times.day, entry]), return_inverse=True)
    return days, place[:n], None if times.entry is None else place[n:]
