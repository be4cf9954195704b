"""The columns that event times are made of, checked once where they come in: days, events, labels, entry, weights."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray

LAST_DAY = 2**31 - 1
MANY = 10_000
"""From this many subjects on compiled code is used; below, loading it would cost more than it saves."""
SHORT = 127
"""Positions in at most so many names are kept in one byte."""

Array = TypeVar("Array", bound="np.ndarray[Any, Any]")


def frozen(array: Array) -> Array:
    """Return the array, no longer writeable."""
    array.flags.writeable = False
    return array


def refuse(name: str, rule: str, wrong: BoolArray, given: object, remedy: str) -> None:
    """Raise ValueError with the first wrong entry, if there is one."""
    if wrong.any():
        first = int(wrong.argmax())
        shown = np.asarray(given)[first]
        raise ValueError(f"{name} must be {rule}; got {shown} at position {first} ({wrong.sum()} in all). {remedy}")


def finite_times(time: ArrayLike, name: str = "time") -> FloatArray:
    """Return known, finite times of zero or more [n] as a new array."""
    times = np.array(time, dtype=np.float64)
    if times.ndim != 1 or len(times) == 0:
        raise ValueError(f"{name} must be one row of at least one number; got shape {times.shape}")
    refuse(name, "known", np.isnan(times), times, "Leave such subjects out by a rule of the plan, or complete them.")
    refuse(name, "finite", np.isinf(times), times, "Write the day of last contact and event False.")
    refuse(name, "zero or more", times < 0, times, "Check the dates of start and end.")
    return times


def whole_days(day: ArrayLike, name: str = "day") -> IntArray:
    """Return whole days of zero or more [n] as a new array."""
    days = np.asarray(day)
    if days.dtype.kind in "iu" and days.ndim == 1 and len(days):
        copy, least, most = copied(days, np.int32)
        if least >= 0 and most <= LAST_DAY:
            return copy
    if days.dtype.kind in "Mm":
        raise ValueError(
            f"{name} must be a number of days since the start; got {days.dtype}. Subtract the start first."
        )
    times = finite_times(day, "time" if name == "day" else name)
    fractional = times != np.floor(times)
    refuse(name, "whole", fractional, times, "Round by the plan's rule, or use EventTimes.from_continuous.")
    refuse(name, f"at most {LAST_DAY}", times > LAST_DAY, times, "Check the unit: days, not seconds.")
    return times.astype(np.int32)


def events_of(event: ArrayLike, n: int) -> BoolArray:
    """Return events [n] as booleans in a new array."""
    events = np.asarray(event)
    if events.shape != (n,):
        raise ValueError(f"event must have one entry for each of the {n} subjects; got shape {events.shape}")
    if events.dtype == bool:
        return events.copy()
    wrong = np.array([value not in (0, 1) for value in events]) if events.dtype == object else ~np.isin(events, (0, 1))
    refuse("event", "True or False, or 1 or 0", wrong, events, "Write status == code where it is coded otherwise.")
    return events.astype(bool)


def entry_of(entry: ArrayLike | None, day: IntArray) -> IntArray | None:
    """Return days of entry [n], each before the end of follow-up, or None if everybody is followed from the start."""
    if entry is None:
        return None
    entered = whole_days(entry, "entry")
    same_length("entry", entered, len(day))
    refuse("entry", "before the end of follow-up", entered >= day, entered, "Such a subject was never under risk.")
    return frozen(entered)


def weights_of(weight: ArrayLike | None, n: int) -> IntArray | FloatArray | None:
    """Return positive weights [n], whole numbers if all of them are, or None where every subject counts once."""
    if weight is None:
        return None
    weights = np.array(weight, dtype=np.float64)
    same_length("weight", weights, n)
    wrong = ~(np.isfinite(weights) & (weights > 0))
    refuse("weight", "positive and finite", wrong, weights, "Leave subjects without weight out by a rule of the plan.")
    return frozen(weights.astype(np.int64) if (weights == np.floor(weights)).all() else weights)


def same_length(name: str, array: np.ndarray[Any, Any], n: int) -> None:
    """Raise ValueError unless the array is [n]."""
    if array.shape != (n,):
        raise ValueError(f"{name} must have one entry for each of the {n} subjects; got shape {array.shape}")


def codes_of(
    name: str, labels: Sequence[Hashable] | None, order: Sequence[Hashable] | None, n: int
) -> tuple[IntArray, tuple[str, ...]]:
    """Return positions [n] of labels in their order, and their names; one called "all" where there are no labels."""
    if labels is None:
        if order is not None and len(order) != 1:
            raise ValueError(f"{name} must be given for each subject when more than one {name} is named; got None")
        return np.zeros(n, np.int8), ("all",) if order is None else (str(order[0]),)
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


def positions_of(name: str, codes: ArrayLike, names: tuple[str, ...], n: int) -> IntArray:
    """Return positions [n] in names as a new array: of one byte each if there are few names."""
    if len(set(names)) != len(names) or not names:
        raise ValueError(f"names of {name} must be distinct and at least one; got {names}")
    array = np.asarray(codes)
    same_length(name, array, n)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole positions in {names}; got {array.dtype}. For labels use EventTimes.of.")
    narrow, least, most = copied(array, np.int8 if len(names) <= SHORT else np.int32)
    if least < 0 or most >= len(names):
        wrong = (array < 0) | (array >= len(names))
        refuse(name, f"a position in {names}", wrong, array, "Name all of them, in order.")
    return narrow


def copied(numbers: IntArray, kind: type[np.integer[Any]]) -> tuple[IntArray, int, int]:
    """Return whole numbers in a new array of a narrower type, with the least and the largest of them."""
    if len(numbers) < MANY or not numbers.dtype.isnative:
        return numbers.astype(kind), int(numbers.min()), int(numbers.max())
    from trialwright.stats._kernels_counting import copy_whole

    copy = np.empty(len(numbers), kind)
    least, most = copy_whole(numbers, copy)
    return copy, int(least), int(most)


def ranks_of(times: FloatArray, tolerance: float) -> tuple[IntArray, FloatArray]:
    """Return the rank [n] of each time and the time of each rank, times closer than the tolerance being one."""
    if not tolerance >= 0:
        raise ValueError(f"tie_tolerance must be zero or more; got {tolerance}")
    distinct, ranks = np.unique(times, return_inverse=True)
    gaps = np.diff(distinct)
    tied = (gaps <= tolerance) | (gaps <= tolerance * distinct.mean())
    step = np.concatenate(([0], np.cumsum(~tied)))
    return step[ranks], distinct[np.concatenate(([True], ~tied))]


def _missing(value: Hashable) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _sorted(labels: set[Hashable]) -> list[Hashable]:
    try:
        return sorted(labels)  # type: ignore[type-var]
    except TypeError:
        return sorted(labels, key=str)
