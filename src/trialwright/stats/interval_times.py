"""Event times known only to lie between two visits: the event came after one day and by another."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, IntArray
from trialwright.stats.event_times import EventTimes
from trialwright.stats.simple_times import require_simple

NEVER = 2**31 - 1
"""Right end of the interval of a subject whose event was not seen."""


@dataclass(frozen=True, eq=False)
class IntervalTimes:
    """Interval-censored times of n subjects: the event is in (after, by] days, or later than ``after`` if not seen.

    Progression found at a scan on day 112, the last scan without it on day 56, is (56, 112]. A day known exactly is
    (day - 1, day].
    """

    after: IntArray
    """[n] last day known to be without the event; -1 when it may have been there on day 0."""
    by: IntArray
    """[n] first day known to be with the event; NEVER where ``seen`` is false."""
    seen: BoolArray
    """[n] the event is known to have come."""
    arm: IntArray
    arms: tuple[str, ...]
    stratum: IntArray
    strata: tuple[str, ...]

    @classmethod
    def of(
        cls,
        after: ArrayLike,
        by: ArrayLike,
        arm: Sequence[Hashable] | None = None,
        stratum: Sequence[Hashable] | None = None,
        *,
        arms: Sequence[Hashable] | None = None,
        strata: Sequence[Hashable] | None = None,
    ) -> IntervalTimes:
        """Return interval-censored times from labels.

        ``after`` [n] whole days, -1 or more; ``by`` [n] whole days, later than ``after``, infinite where the event was
        not seen; the rest as in ``EventTimes.of``. Raises ValueError on anything missing, fractional or reversed.

        >>> times = IntervalTimes.of([0, 56, 56], [56, 112, float("inf")], ["A", "B", "B"])
        >>> times.seen.tolist()
        [True, True, False]
        """
        start, end = np.asarray(after, dtype=np.float64), np.asarray(by, dtype=np.float64)
        if start.shape != end.shape:
            raise ValueError(f"after and by must have the same length; got shapes {start.shape} and {end.shape}")
        seen = ~np.isposinf(end)
        last = EventTimes.of(np.where(seen, end, start), seen, arm, stratum, arms=arms, strata=strata)
        first = EventTimes.of(start + 1, seen).day - 1
        finish = np.where(seen, last.day, NEVER)
        if (finish <= first).any():
            i = int((finish <= first).argmax())
            raise ValueError(f"by must be later than after; got after {first[i]} and by {finish[i]} at position {i}")
        return cls(first, finish, seen, last.arm, last.arms, last.stratum, last.strata)

    @classmethod
    def from_event_times(cls, times: EventTimes) -> IntervalTimes:
        """Return event times of whole days as intervals of one day; who is censored had no event on that day.

        >>> IntervalTimes.from_event_times(EventTimes.of([5, 8], [1, 0])).after.tolist()
        [4, 8]
        """
        require_simple(times, "an interval between visits")
        if times.values is not None:
            raise ValueError("intervals need whole days; got continuous times, which are kept as ranks")
        after = times.day - times.event.astype(times.day.dtype)
        by = np.where(times.event, times.day, NEVER)
        return cls(after, by, times.event, times.arm, times.arms, times.stratum, times.strata)

    def on_grid(self, days: ArrayLike) -> IntervalTimes:
        """Return the intervals widened to the days of a grid, such as the planned scans.

        The event moves to the next day of the grid, the last day without it back to the one before (or day 0). An
        event after the last day of the grid counts as not seen.

        >>> times = IntervalTimes.of([40, 60], [50, float("inf")]).on_grid([56, 112])
        >>> times.after.tolist(), int(times.by[0])
        ([0, 56], 56)
        """
        grid = np.unique(np.concatenate([[0], np.asarray(days)]).astype(self.by.dtype))
        if not (np.asarray(days) > 0).all() or len(grid) < 2:
            raise ValueError(f"days must be days above 0, at least one; got {np.asarray(days).tolist()}")
        place = np.searchsorted(grid, self.by, side="left")
        seen = self.seen & (place < len(grid))
        before = np.searchsorted(grid, self.after, side="right") - 1
        after = np.where(before < 0, -1, grid[np.maximum(before, 0)])
        by = np.where(seen, grid[np.minimum(place, len(grid) - 1)], NEVER)
        return replace(self, after=after, by=by, seen=seen)

    def __len__(self) -> int:
        return len(self.after)
