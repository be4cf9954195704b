"""Risk sets in order: rows sorted by stratum and day, and sums over who is at risk on each day with an event.

A day with an event in a stratum is a group: D are sums over its events, S over all at risk. S is built from parts that
are added, never by taking a total and removing, so that nobody staying gives an exact zero; only rows that enter
late are subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray


class Rows(NamedTuple):
    """What the partial likelihood reads, in any order."""

    day: IntArray
    event: BoolArray
    x: FloatArray
    stratum: IntArray
    entry: IntArray | None
    weight: FloatArray | None
    offset: FloatArray | None

    def taken(self, order: IntArray) -> Rows:
        """Return the rows in an order."""
        entry, weight, offset = self.entry, self.weight, self.offset
        return Rows(
            self.day[order],
            self.event[order],
            self.x[order],
            self.stratum[order],
            None if entry is None else entry[order],
            None if weight is None else weight[order],
            None if offset is None else offset[order],
        )


class GroupSums(NamedTuple):
    """Sums of columns [C, q] over the groups."""

    staying: FloatArray
    """Over those at risk who have no event on the day."""
    events: FloatArray

    @property
    def at_risk(self) -> FloatArray:
        """Over all at risk."""
        return self.staying + self.events


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Rows sorted by stratum, then day, events first; n rows, C groups."""

    rows: Rows
    order: IntArray
    """[n] place of each row in the data"""
    first: IntArray
    """[C] the first row of each group; its events come first"""
    tied: IntArray
    """[C] events of each group"""
    end: IntArray
    """[C] where the stratum of the group ends"""
    owner: IntArray
    """[n] the last group at which the row is at risk, were it there from the beginning; -1 = none"""
    late: IntArray | None
    """[n] the last group that the row misses by entering late; -1 = none"""

    @classmethod
    def of(cls, rows: Rows) -> RiskSets:
        """Sort the rows and find the groups."""
        order = np.lexsort((~rows.event, rows.day, rows.stratum))
        rows = rows.taken(order)
        day, event, stratum, entry = rows.day, rows.event, rows.stratum, rows.entry
        at = np.flatnonzero(event)
        new = np.ones(len(at), bool)
        new[1:] = (np.diff(day[at]) != 0) | (np.diff(stratum[at]) != 0)
        first = at[new]
        tied = np.diff(np.append(np.flatnonzero(new), len(at)))
        ends = np.searchsorted(stratum, stratum[first], side="right")
        owner = _last_group(stratum, day, stratum[first], day[first])
        late = None if entry is None else _last_group(stratum, entry, stratum[first], day[first])
        return cls(rows, order, first, tied, ends, owner, late)

    def rates(self, b: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the linear predictor and the weighted exp of it, [n] each."""
        eta = self.rows.x @ b
        if self.rows.offset is not None:
            eta = eta + self.rows.offset
        rates = np.exp(eta)
        return eta, rates if self.rows.weight is None else rates * self.rows.weight

    def sums(self, columns: FloatArray) -> GroupSums:
        """Return sums of columns [n, q] over the groups."""
        events = np.add.reduceat(columns[self.rows.event], np.cumsum(self.tied) - self.tied)
        parts = _segments(columns, *self._leaving)
        parts[:-1][self.same_stratum] += events[1:][self.same_stratum]
        if self.late is not None:
            parts -= _segments(columns, *self._entering)
        return GroupSums(self._backwards(parts, np.add), events)

    def spread_events(self, values: FloatArray) -> FloatArray:
        """Return values [C] of the groups at their events, in the order of the rows with an event."""
        spread: FloatArray = np.repeat(values, self.tied)
        return spread

    @cached_property
    def same_stratum(self) -> BoolArray:
        """[C - 1] whether the next group is of the same stratum."""
        same: BoolArray = np.diff(self.end) == 0
        return same

    @cached_property
    def staying(self) -> IntArray:
        """[C] how many are at risk and have no event on the day."""
        return self.sums(np.ones((len(self.order), 1))).staying[:, 0].round().astype(int)

    @cached_property
    def event_weight(self) -> FloatArray:
        """[C] mean weight of the events."""
        if self.rows.weight is None:
            return np.ones(len(self.tied))
        return np.add.reduceat(self.rows.weight[self.rows.event], np.cumsum(self.tied) - self.tied) / self.tied

    def members(self, group: int) -> tuple[IntArray, IntArray]:
        """Return the rows of the events of a group, and of those who stay."""
        events = np.arange(self.first[group], self.first[group] + self.tied[group])
        staying = np.arange(events[-1] + 1, self.end[group])
        if self.rows.entry is not None:
            staying = staying[self.rows.entry[staying] < self.rows.day[events[0]]]
        return events, staying

    def extremes(self, v: FloatArray) -> tuple[GroupSums, GroupSums]:
        """Return the least and the largest v [n], as sums are returned; +-inf over nobody."""
        return self._extreme(v, np.minimum, np.inf), self._extreme(v, np.maximum, -np.inf)

    def _extreme(self, v: FloatArray, ufunc: np.ufunc, nothing: float) -> GroupSums:
        events = ufunc.reduceat(v[self.rows.event], np.cumsum(self.tied) - self.tied)
        if self.late is not None:
            kept = [ufunc.reduce(v[self.members(g)[1]], initial=nothing) for g in range(len(self.first))]
            return GroupSums(np.array(kept), events)
        parts = np.full(len(self.first), nothing)
        rows, _ = self._leaving
        ufunc.at(parts, self.owner[rows], v[rows])
        parts[:-1][self.same_stratum] = ufunc(parts[:-1], events[1:])[self.same_stratum]
        return GroupSums(self._backwards(parts, ufunc), events)

    def _backwards(self, parts: FloatArray, ufunc: np.ufunc) -> FloatArray:
        """Accumulate from the last group of each stratum to the first."""
        cuts = np.flatnonzero(~self.same_stratum) + 1
        for low, high in zip((0, *cuts), (*cuts, len(parts)), strict=True):
            parts[low:high] = ufunc.accumulate(parts[low:high][::-1], axis=0)[::-1]
        return parts

    @cached_property
    def _leaving(self) -> tuple[IntArray, IntArray]:
        return self._by(self.owner, ~self.rows.event)

    @cached_property
    def _entering(self) -> tuple[IntArray, IntArray]:
        assert self.late is not None
        return self._by(self.late, np.ones(len(self.order), bool))

    def _by(self, group: IntArray, wanted: BoolArray) -> tuple[IntArray, IntArray]:
        """Return the wanted rows ordered by group and the number in each; rows never at risk are left out."""
        wanted = wanted & (group >= 0)
        if self.late is not None:
            wanted = wanted & (self.late < self.owner)
        rows = np.flatnonzero(wanted)
        rows = rows[np.argsort(group[rows], kind="stable")]
        return rows, np.bincount(group[rows], minlength=len(self.first))


def _last_group(stratum: IntArray, day: IntArray, group_stratum: IntArray, group_day: IntArray) -> IntArray:
    """Return for each row the last group of its stratum on or before a day; -1 = none."""
    span = int(max(day.max(), group_day.max(initial=0))) + 1
    keys = group_stratum.astype(np.int64) * span + group_day
    place = np.searchsorted(keys, stratum.astype(np.int64) * span + day, side="right") - 1
    found: IntArray = np.where((place >= 0) & (group_stratum[place] == stratum), place, -1) if len(keys) else place
    return found


def _segments(columns: FloatArray, rows: IntArray, counts: IntArray) -> FloatArray:
    """Return sums of the chosen rows by group; empty groups, which reduceat cannot tell, are zero."""
    padded = np.concatenate([columns[rows], np.zeros((1, columns.shape[1]))])
    totals: FloatArray = np.add.reduceat(padded, np.cumsum(counts) - counts)
    totals[counts == 0] = 0.0
    return totals
