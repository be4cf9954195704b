"""Competing times: who was followed for how long, in which arm and stratum, and which of several ends came."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.columns import (
    codes_of,
    finite_times,
    frozen,
    positions_of,
    ranks_of,
    refuse,
    same_length,
    whole_days,
)
from trialwright.stats.event_times import EventTimes


@dataclass(frozen=True, eq=False)
class CompetingTimes:
    """Right-censored times of n subjects whose follow-up ends by one of several causes, made by ``of``.

    >>> times = CompetingTimes.of([5, 8, 9, 12], [1, 2, 0, 1], causes=["progression", "death"])
    >>> times.of_cause("death").event.tolist()
    [False, True, False, False]
    """

    day: IntArray
    """[n] whole days of follow-up; the rank of the time where ``values`` is set."""
    cause: IntArray
    """[n] 0 = censored, k = the k-th of ``causes``."""
    causes: tuple[str, ...]
    arm: IntArray
    """[n] positions in ``arms``."""
    arms: tuple[str, ...]
    stratum: IntArray
    """[n] positions in ``strata``."""
    strata: tuple[str, ...]
    values: FloatArray | None = None
    """Real time of each rank, where the times are not whole days."""

    @classmethod
    def of(
        cls,
        day: ArrayLike,
        cause: ArrayLike,
        arm: Sequence[Hashable] | None = None,
        stratum: Sequence[Hashable] | None = None,
        *,
        causes: Sequence[str],
        arms: Sequence[Hashable] | None = None,
        strata: Sequence[Hashable] | None = None,
    ) -> CompetingTimes:
        """Return competing times; all but ``cause`` and ``causes`` is as in ``EventTimes.of``.

        ``cause`` [n] is 0 for censored and k for the k-th name of ``causes``. Raises ValueError on anything else, and
        on names that are not distinct.
        """
        days = whole_days(day)
        arm_codes, arm_names = codes_of("arm", arm, arms, len(days))
        stratum_codes, stratum_names = codes_of("stratum", stratum, strata, len(days))
        return cls(
            frozen(days),
            frozen(_causes(cause, tuple(causes), len(days))),
            tuple(causes),
            frozen(arm_codes),
            arm_names,
            frozen(stratum_codes),
            stratum_names,
        )

    @classmethod
    def from_continuous(
        cls,
        time: ArrayLike,
        cause: ArrayLike,
        arm: Sequence[Hashable] | None = None,
        stratum: Sequence[Hashable] | None = None,
        *,
        causes: Sequence[str],
        arms: Sequence[Hashable] | None = None,
        strata: Sequence[Hashable] | None = None,
        tie_tolerance: float = 0.0,
    ) -> CompetingTimes:
        """Return competing times whose times are real numbers, kept as ranks as in ``EventTimes.from_continuous``.

        >>> CompetingTimes.from_continuous([0.5, 2.25], [1, 0], causes=["death"]).day.tolist()
        [0, 1]
        """
        ranks, values = ranks_of(finite_times(time), tie_tolerance)
        ranked = cls.of(ranks, cause, arm, stratum, causes=causes, arms=arms, strata=strata)
        return replace(ranked, values=frozen(values))

    def __len__(self) -> int:
        return len(self.day)

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
        return self._with_event(self.cause == self.code(cause))

    def any_cause(self) -> EventTimes:
        """Return event times in which every cause is the event.

        >>> CompetingTimes.of([5, 8], [2, 0], causes=["relapse", "death"]).any_cause().event.tolist()
        [True, False]
        """
        return self._with_event(self.cause > 0)

    def pooled(self) -> CompetingTimes:
        """Return the same subjects as one arm called "all"."""
        return replace(self, arm=frozen(np.zeros_like(self.arm)), arms=("all",))

    def unstratified(self) -> CompetingTimes:
        """Return the same subjects as one stratum called "all"."""
        return replace(self, stratum=frozen(np.zeros_like(self.stratum)), strata=("all",))

    def only(self, chosen: ArrayLike) -> CompetingTimes:
        """Return the chosen subjects ([n] booleans); arms, strata and causes keep their names and order."""
        mask = np.asarray(chosen, bool)
        same_length("chosen", mask, len(self))
        if not mask.any():
            raise ValueError("chosen leaves no subject; there is nothing to analyze")
        parts = {name: frozen(getattr(self, name)[mask]) for name in ("day", "cause", "arm", "stratum")}
        return replace(self, **parts)

    def _with_event(self, event: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> EventTimes:
        return EventTimes(self.day, frozen(event), self.arm, self.arms, self.stratum, self.strata, self.values)


@dataclass(frozen=True, eq=False)
class CauseTable:
    """Ends by stratum, day, arm and cause: what the estimators of competing risks read."""

    days: IntArray
    """[T] the days on which somebody's follow-up ends, increasing."""
    ends: IntArray
    """[strata, T, arms, causes + 1]; 0 = censored, who are still at risk for the events of the day."""

    @classmethod
    def count(cls, times: CompetingTimes) -> CauseTable:
        """Count the subjects."""
        days, place = np.unique(times.day, return_inverse=True)
        shape = (len(times.strata), len(days), len(times.arms), len(times.causes) + 1)
        cell = np.ravel_multi_index((times.stratum, place, times.arm, times.cause), shape)
        return cls(days, np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape))

    @cached_property
    def at_risk(self) -> IntArray:
        """[strata, T, arms] subjects whose follow-up reaches the day."""
        leaving = self.ends.sum(axis=3)
        reaching: IntArray = np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1]
        return reaching


def display(times: CompetingTimes, days: IntArray) -> FloatArray:
    """Return days, or the real times that stand behind ranks."""
    return days.astype(float) if times.values is None else times.values[days]


def _causes(cause: ArrayLike, names: tuple[str, ...], n: int) -> IntArray:
    codes = np.asarray(cause)
    same_length("cause", codes, n)
    if codes.dtype.kind not in "iub":
        known = np.array([isinstance(c, (int, float, np.number)) and c == int(c) for c in codes.tolist()] or [False])
        rule = f"0 for censored or 1 to {len(names)} for {', '.join(names)}"
        refuse("cause", rule, ~known, codes, "Write codes, and the names as causes.")
    return positions_of("cause", codes.astype(np.int64), ("censored", *names), n)
