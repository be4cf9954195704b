"""The risk table: counts per stratum, day and arm, from which nearly every estimator follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.event_times import EventTimes

MOST_CELLS = 100_000_000


@dataclass(frozen=True, eq=False)
class Ties:
    """The C pairs of stratum and day with an event: all that the log-rank family and the Cox model of the arm read."""

    stratum: IntArray
    """[C]"""
    events: FloatArray
    """[C, arms]"""
    at_risk: FloatArray
    """[C, arms], just before the day."""


@dataclass(frozen=True, eq=False)
class RiskTable:
    """Events and censored subjects by stratum, day and arm. Tables of subjects that do not overlap can be added.

    >>> table = RiskTable.count(EventTimes.of([5, 8, 8], [1, 1, 0]))
    >>> table.days.tolist(), table.at_risk[0, :, 0].tolist()
    ([5, 8], [3, 2])
    >>> (table + table).at_risk[0, :, 0].tolist()
    [6, 4]
    """

    days: IntArray
    """[T] the days on which somebody's follow-up ends, increasing."""
    events: IntArray
    """[strata, T, arms]"""
    censored: IntArray
    """[strata, T, arms]; at a shared day events come first, so they are still at risk there."""
    arms: tuple[str, ...]
    strata: tuple[str, ...]
    values: FloatArray | None = None
    """Real time of each rank, where the times are not whole days."""

    @classmethod
    def count(cls, times: EventTimes) -> RiskTable:
        """Count the subjects of ``times``. Raises ValueError when strata x days x arms exceed 10^8."""
        days, place = _days(times)
        shape = (len(times.strata), len(days), len(times.arms), 2)
        if np.prod(shape, dtype=float) > 2 * MOST_CELLS:
            cells = f"{shape[0]} strata x {shape[1]} days x {shape[2]} arms"
            raise ValueError(f"a risk table must have at most {MOST_CELLS} cells; got {cells}. Pool strata.")
        counts = np.bincount(_cell(times, place, shape), minlength=int(np.prod(shape))).astype(np.int32).reshape(shape)
        seen = counts.any(axis=(0, 2, 3))
        if not seen.all():
            days, counts = days[seen], counts[:, seen]
        return cls(days, counts[..., 1], counts[..., 0], times.arms, times.strata, times.values)

    @cached_property
    def at_risk(self) -> IntArray:
        """[strata, T, arms] subjects whose follow-up reaches the day."""
        leaving = self.events + self.censored
        at_risk: IntArray = np.cumsum(leaving[:, ::-1], axis=1, dtype=np.int64)[:, ::-1]
        return at_risk

    @cached_property
    def subjects(self) -> IntArray:
        """[strata, arms] subjects in all."""
        subjects: IntArray = (self.events + self.censored).sum(axis=1, dtype=np.int64)
        return subjects

    @cached_property
    def ties(self) -> Ties:
        """The pairs of stratum and day with an event."""
        stratum, day = np.nonzero(self.events.any(axis=2))
        return Ties(stratum, self.events[stratum, day].astype(float), self.at_risk[stratum, day].astype(float))

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
        return RiskTable(days, events, censored, self.arms, self.strata)

    def _on(self, days: IntArray, name: str) -> IntArray:
        counts = getattr(self, name)
        spread = np.zeros((counts.shape[0], len(days), counts.shape[2]), counts.dtype)
        spread[:, np.searchsorted(days, self.days)] = counts
        return spread


def as_table(times: EventTimes | RiskTable) -> RiskTable:
    """Return the risk table of either form of input."""
    return times if isinstance(times, RiskTable) else RiskTable.count(times)


def _cell(times: EventTimes, place: IntArray, shape: tuple[int, int, int, int]) -> IntArray:
    """Return the cell of each subject, built in place: at a million rows temporaries would cost more than counting."""
    cell = times.stratum.astype(np.int32)
    for size, part in zip(shape[1:], (place, times.arm, times.event), strict=True):
        cell *= size
        np.add(cell, part, out=cell, casting="unsafe")
    return cell


def _days(times: EventTimes) -> tuple[IntArray, IntArray]:
    span = int(times.day.max()) + 1
    if span * len(times.strata) * len(times.arms) <= 4 * len(times):
        return np.arange(span), times.day
    days, place = np.unique(times.day, return_inverse=True)
    return days, place
