"""Competing times: who was followed for how long, in which arm and stratum, and which of several ends came."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray
from trialwright.stats.columns import frozen, positions_of, refuse, same_length
from trialwright.stats.event_times import EventTimes
from trialwright.stats.risk_table import at_risk


class Columns(TypedDict, total=False):
    """What ``EventTimes.of`` takes by name."""

    arms: Sequence[Hashable] | None
    strata: Sequence[Hashable] | None
    entry: ArrayLike | None
    weight: ArrayLike | None


@dataclass(frozen=True, eq=False)
class CompetingTimes:
    """Times of n subjects whose follow-up ends by one of several causes or is censored, made by ``of``.

    Delayed entry and case weights are those of ``EventTimes``. Aalen-Johansen and the hazards of each cause take
    both; the other methods for competing causes name what they refuse.

    >>> times = CompetingTimes.of([5, 8, 9, 12], [1, 2, 0, 1], causes=["progression", "death"])
    >>> times.of_cause("death").event.tolist()
    [False, True, False, False]
    """

    ended: EventTimes
    """Who was followed for how long, any cause being the event."""
    cause: IntArray
    """[n] 0 = censored, k = the k-th of ``causes``."""
    causes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        day: ArrayLike,
        cause: ArrayLike,
        arm: Sequence[Hashable] | None = None,
        stratum: Sequence[Hashable] | None = None,
        *,
        causes: Sequence[str],
        **columns: Unpack[Columns],
    ) -> CompetingTimes:
        """Return competing times; all but ``cause`` and ``causes`` is as in ``EventTimes.of``.

        ``cause`` [n] is 0 for censored and k for the k-th name of ``causes``. Raises ValueError on anything else, and
        on names that are not distinct.

        >>> CompetingTimes.of([5, 8], [1, 0], causes=["death"], entry=[0, 3]).entry.tolist()
        [0, 3]
        """
        codes = _causes(cause, tuple(causes), np.size(np.asarray(day)))
        return cls(EventTimes.of(day, codes > 0, arm, stratum, **columns), frozen(codes), tuple(causes))

    @classmethod
    def from_continuous(
        cls,
        time: ArrayLike,
        cause: ArrayLike,
        arm: Sequence[Hashable] | None = None,
        stratum: Sequence[Hashable] | None = None,
        *,
        causes: Sequence[str],
        tie_tolerance: float = 0.0,
        **columns: Unpack[Columns],
    ) -> CompetingTimes:
        """Return competing times whose times are real numbers, kept as ranks as in ``EventTimes.from_continuous``.

        >>> CompetingTimes.from_continuous([0.5, 2.25], [1, 0], causes=["death"]).day.tolist()
        [0, 1]
        """
        codes = _causes(cause, tuple(causes), np.size(np.asarray(time)))
        ended = EventTimes.from_continuous(time, codes > 0, arm, stratum, tie_tolerance=tie_tolerance, **columns)
        return cls(ended, frozen(codes), tuple(causes))

    def __len__(self) -> int:
        return len(self.cause)

    @property
    def day(self) -> IntArray:
        """Return the days of follow-up [n]."""
        return self.ended.day

    @property
    def arm(self) -> IntArray:
        """Return the positions [n] in ``arms``."""
        return self.ended.arm

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the names of the arms, the reference first."""
        return self.ended.arms

    @property
    def stratum(self) -> IntArray:
        """Return the positions [n] in ``strata``."""
        return self.ended.stratum

    @property
    def strata(self) -> tuple[str, ...]:
        """Return the names of the strata."""
        return self.ended.strata

    @property
    def entry(self) -> IntArray | None:
        """Return the days of entry [n], None where everybody is followed from the start."""
        return self.ended.entry

    @property
    def weight(self) -> IntArray | FloatArray | None:
        """Return the case weights [n], None where everybody counts once."""
        return self.ended.weight

    @cached_property
    def table(self) -> CauseTable:
        """The counts by day, counted once."""
        return CauseTable.count(self)

    def code(self, cause: str) -> int:
        """Return the code of a cause. Raises ValueError for an unknown name."""
        if cause not in self.causes:
            raise ValueError(f"cause {cause!r} is not known; known: {', '.join(self.causes)}")
        return self.causes.index(cause) + 1

    def of_cause(self, cause: str) -> EventTimes:
        """Return event times in which the other causes censor: for the hazard of a cause, not for its risk.

        One minus Kaplan-Meier of these overstates the risk of the cause (see ``aalen_johansen``).
        """
        return replace(self.ended, event=frozen(self.cause == self.code(cause)))

    def any_cause(self) -> EventTimes:
        """Return event times in which every cause is the event.

        >>> CompetingTimes.of([5, 8], [2, 0], causes=["relapse", "death"]).any_cause().event.tolist()
        [True, False]
        """
        return self.ended

    def pooled(self) -> CompetingTimes:
        """Return the same subjects as one arm called "all"."""
        return replace(self, ended=self.ended.pooled())

    def unstratified(self) -> CompetingTimes:
        """Return the same subjects as one stratum called "all"."""
        return replace(self, ended=self.ended.unstratified())

    def only(self, chosen: ArrayLike) -> CompetingTimes:
        """Return the chosen subjects ([n] booleans); arms, strata and causes keep their names and order."""
        return replace(self, ended=self.ended.only(chosen), cause=frozen(self.cause[np.asarray(chosen, bool)]))


@dataclass(frozen=True, eq=False)
class CauseTable:
    """Ends by stratum, day, arm and cause: what the estimators of competing risks read. With weights, sums of them."""

    days: IntArray
    """[T] the days on which somebody's follow-up ends or, with delayed entry, begins; increasing."""
    ends: Any
    """[strata, T, arms, causes + 1]; 0 = censored, who are still at risk for the events of the day."""
    entered: Any = None
    """[strata, T, arms] subjects at risk from the next day on; None: everybody is followed from the start."""

    @classmethod
    def count(cls, times: CompetingTimes) -> CauseTable:
        """Count the subjects."""
        n = len(times)
        moments = times.day if times.entry is None else np.concatenate([times.day, times.entry])
        days, place = np.unique(moments, return_inverse=True)
        shape = (len(times.strata), len(days), len(times.arms), len(times.causes) + 1)
        ends = _sums(times, (times.stratum, place[:n], times.arm, times.cause), shape)
        entered = None if times.entry is None else _sums(times, (times.stratum, place[n:], times.arm), shape[:3])
        return cls(days, ends, entered)

    @property
    def weighted(self) -> bool:
        """Whether the counts are sums of fractional weights."""
        return bool(self.ends.dtype.kind == "f")

    @cached_property
    def at_risk(self) -> Any:
        """[strata, T, arms] subjects whose follow-up reaches the day and began before it."""
        return at_risk(self.ends.sum(axis=3), self.entered, axis=1)


def display(times: CompetingTimes, days: IntArray) -> FloatArray:
    """Return days, or the real times that stand behind ranks."""
    values = times.ended.values
    return days.astype(float) if values is None else values[days]


def _sums(times: CompetingTimes, parts: tuple[IntArray, ...], shape: tuple[int, ...]) -> Any:
    sums = np.bincount(np.ravel_multi_index(parts, shape), times.weight, minlength=int(np.prod(shape))).reshape(shape)
    return sums if times.weight is not None and times.weight.dtype.kind == "f" else sums.astype(np.int64)


def _causes(cause: ArrayLike, names: tuple[str, ...], n: int) -> IntArray:
    codes = np.asarray(cause)
    same_length("cause", codes, n)
    if codes.dtype.kind not in "iub":
        known: BoolArray = np.array([isinstance(c, (int, float, np.number)) and c == int(c) for c in codes.tolist()])
        rule = f"0 for censored or 1 to {len(names)} for {', '.join(names)}"
        refuse("cause", rule, ~known, codes, "Write codes, and the names as causes.")
    return positions_of("cause", codes.astype(np.int64), ("censored", *names), n)
