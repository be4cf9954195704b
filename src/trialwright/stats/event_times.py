"""Event times: who was followed for how long, in which arm and stratum, and whether the event came."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray

LAST_DAY = 2**31 - 1

Array = TypeVar("Array", bound="np.ndarray[Any, Any]")


@dataclass(frozen=True, eq=False)
class EventTimes:
    """Right-censored times of n subjects, made and checked once by ``of``, ``coded`` or ``from_continuous``.

    Day 0 is accepted: whether the first day counts as 0 or 1 is the protocol's decision and made before. The first
    arm is the reference: hazard ratios and z are of the other arms against it.
    """

    day: IntArray
    """[n] whole days of follow-up; the rank of the time where ``values`` is set."""
    event: BoolArray
    """[n] True = event, False = censored."""
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
        event: ArrayLike,
        arm: Sequence[Hashable] | None = None,
        stratum: Sequence[Hashable] | None = None,
        *,
        arms: Sequence[Hashable] | None = None,
        strata: Sequence[Hashable] | None = None,
    ) -> EventTimes:
        """Return event times from labels.

        ``day`` [n] whole and not negative; ``event`` [n] boolean or 0/1; ``arm`` and ``stratum`` [n] labels, or None
        for a single one called "all". ``arms`` and ``strata`` give the order of the labels and must hold all that
        occur; without them the order is sorted. Raises ValueError on anything missing, negative, infinite,
        fractional or two-valued in another coding.

        >>> times = EventTimes.of([5, 8, 8], [1, 1, 0], ["B", "A", "A"], arms=["A", "B"])
        >>> times.arm.tolist(), times.arms
        ([1, 0, 0], ('A', 'B'))
        """
        days = _whole_days(day)
        arm_codes, arm_names = _codes("arm", arm, arms, len(days))
        stratum_codes, stratum_names = _codes("stratum", stratum, strata, len(days))
        return cls.coded(days, event, arm_codes, stratum_codes, arms=arm_names, strata=stratum_names)

    @classmethod
    def coded(
        cls,
        day: ArrayLike,
        event: ArrayLike,
        arm: ArrayLike,
        stratum: ArrayLike | None = None,
        *,
        arms: Sequence[str],
        strata: Sequence[str] = ("all",),
    ) -> EventTimes:
        """Return event times whose arms and strata are already positions in ``arms`` and ``strata``.

        >>> EventTimes.coded([5, 8], [True, False], [0, 1], arms=["A", "B"]).strata
        ('all',)
        """
        days = _whole_days(day)
        n = len(days)
        return cls(
            day=_frozen(days),
            event=_frozen(_events(event, n)),
            arm=_frozen(_positions("arm", arm, tuple(arms), n)),
            arms=tuple(arms),
            stratum=_frozen(_positions("stratum", np.zeros(n, int) if stratum is None else stratum, tuple(strata), n)),
            strata=tuple(strata),
        )

    @classmethod
    def from_continuous(
        cls,
        time: ArrayLike,
        event: ArrayLike,
        arm: Sequence[Hashable] | None = None,
        stratum: Sequence[Hashable] | None = None,
        *,
        arms: Sequence[Hashable] | None = None,
        strata: Sequence[Hashable] | None = None,
        tie_tolerance: float = 0.0,
    ) -> EventTimes:
        """Return event times whose times are real numbers, kept as ranks with ``values`` for display.

        Every method of this room but those that need lengths of time depends on the ranks only. Distinct numbers
        are distinct times unless ``tie_tolerance`` is given: then times whose gap, or whose gap over the mean of the
        distinct times, is at most the tolerance are one time, neighbor by neighbor (R ``aeqSurv``, there 1.5e-8, so
        that 0.1 + 0.2 and 0.3 are tied).

        >>> EventTimes.from_continuous([0.5, 2.25, 0.5], [1, 0, 1]).day.tolist()
        [0, 1, 0]
        """
        times = _finite_times(time)
        ranks, values = _ranks(times, tie_tolerance)
        ranked = cls.of(ranks, event, arm, stratum, arms=arms, strata=strata)
        return replace(ranked, values=_frozen(values))

    def __len__(self) -> int:
        return len(self.day)

    def only(self, chosen: ArrayLike) -> EventTimes:
        """Return the chosen subjects ([n] booleans); arms and strata keep their names and order.

        >>> len(EventTimes.of([5, 8], [1, 0]).only([True, False]))
        1
        """
        mask = np.asarray(chosen, bool)
        if mask.shape != self.day.shape:
            raise ValueError(f"chosen must have one entry for each of the {len(self)} subjects; got shape {mask.shape}")
        if not mask.any():
            raise ValueError("chosen leaves no subject; there is nothing to analyze")
        parts = {name: _frozen(getattr(self, name)[mask]) for name in ("day", "event", "arm", "stratum")}
        return replace(self, **parts)

    def pooled(self) -> EventTimes:
        """Return the same subjects as one arm called "all".

        >>> EventTimes.of([5, 8], [1, 0], ["A", "B"]).pooled().arms
        ('all',)
        """
        return replace(self, arm=_frozen(np.zeros_like(self.arm)), arms=("all",))

    def unstratified(self) -> EventTimes:
        """Return the same subjects as one stratum called "all".

        >>> EventTimes.of([5, 8], [1, 0], None, ["x", "y"]).unstratified().strata
        ('all',)
        """
        return replace(self, stratum=_frozen(np.zeros_like(self.stratum)), strata=("all",))


def _frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array


def _refuse(name: str, rule: str, wrong: BoolArray, given: object, remedy: str) -> None:
    if wrong.any():
        first = int(wrong.argmax())
        shown = np.asarray(given)[first]
        raise ValueError(f"{name} must be {rule}; got {shown} at position {first} ({wrong.sum()} in all). {remedy}")


def _finite_times(time: ArrayLike) -> FloatArray:
    times = np.array(time, dtype=np.float64)
    if times.ndim != 1 or len(times) == 0:
        raise ValueError(f"time must be one row of at least one number; got shape {times.shape}")
    _refuse("time", "known", np.isnan(times), times, "Leave such subjects out by a rule of the plan, or complete them.")
    _refuse("time", "finite", np.isinf(times), times, "Write the day of last contact and event False.")
    _refuse("time", "zero or more", times < 0, times, "Check the dates of start and end.")
    return times


def _whole_days(day: ArrayLike) -> IntArray:
    days = np.asarray(day)
    if days.dtype.kind in "iu" and days.ndim == 1 and len(days) and days.min() >= 0 and days.max() <= LAST_DAY:
        return days.astype(np.int32)
    if days.dtype.kind in "Mm":
        raise ValueError(f"day must be a number of days since the start; got {days.dtype}. Subtract the start first.")
    times = _finite_times(day)
    fractional = times != np.floor(times)
    _refuse("day", "whole", fractional, times, "Round by the plan's rule, or use EventTimes.from_continuous.")
    _refuse("day", f"at most {LAST_DAY}", times > LAST_DAY, times, "Check the unit: days, not seconds.")
    return times.astype(np.int32)


def _events(event: ArrayLike, n: int) -> BoolArray:
    events = np.asarray(event)
    if events.shape != (n,):
        raise ValueError(f"event must have one entry for each of the {n} subjects; got shape {events.shape}")
    if events.dtype == bool:
        return events.copy()
    wrong = np.array([value not in (0, 1) for value in events]) if events.dtype == object else ~np.isin(events, (0, 1))
    _refuse("event", "True or False, or 1 or 0", wrong, events, "Write status == code where it is coded otherwise.")
    return events.astype(bool)


def _codes(
    name: str, labels: Sequence[Hashable] | None, order: Sequence[Hashable] | None, n: int
) -> tuple[IntArray, tuple[str, ...]]:
    if labels is None:
        if order is not None and len(order) != 1:
            raise ValueError(f"{name} must be given for each subject when more than one {name} is named; got None")
        return np.zeros(n, np.int32), ("all",) if order is None else (str(order[0]),)
    values = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
    missing = [i for i, value in enumerate(values) if _missing(value)]
    if missing:
        where = f"position {missing[0]} ({len(missing)} in all)"
        raise ValueError(f"{name} must be known for each subject; got {values[missing[0]]} at {where}")
    known = list(order) if order is not None else _sorted(set(values))
    place = {label: code for code, label in enumerate(known)}
    unknown = [value for value in values if value not in place]
    if unknown:
        raise ValueError(f"{name} {unknown[0]!r} is not known; known: {', '.join(str(k) for k in known)}")
    return np.array([place[value] for value in values], np.int32), tuple(str(label) for label in known)


def _missing(value: Hashable) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _sorted(labels: set[Hashable]) -> list[Hashable]:
    try:
        return sorted(labels)  # type: ignore[type-var]
    except TypeError:
        return sorted(labels, key=str)


def _positions(name: str, codes: ArrayLike, names: tuple[str, ...], n: int) -> IntArray:
    if len(set(names)) != len(names) or not names:
        raise ValueError(f"names of {name} must be distinct and at least one; got {names}")
    array = np.asarray(codes)
    if array.shape != (n,):
        raise ValueError(f"{name} must have one entry for each of the {n} subjects; got shape {array.shape}")
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole positions in {names}; got {array.dtype}. For labels use EventTimes.of.")
    if array.min() < 0 or array.max() >= len(names):
        wrong = (array < 0) | (array >= len(names))
        _refuse(name, f"a position in {names}", wrong, array, "Name all of them, in order.")
    return array.astype(np.int32)


def _ranks(times: FloatArray, tolerance: float) -> tuple[IntArray, FloatArray]:
    if not tolerance >= 0:
        raise ValueError(f"tie_tolerance must be zero or more; got {tolerance}")
    distinct, ranks = np.unique(times, return_inverse=True)
    gaps = np.diff(distinct)
    tied = (gaps <= tolerance) | (gaps <= tolerance * distinct.mean())
    step = np.concatenate(([0], np.cumsum(~tied)))
    return step[ranks], distinct[np.concatenate(([True], ~tied))]
