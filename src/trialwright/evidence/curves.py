"""A survival curve read off a figure, with the numbers at risk printed below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trialwright.stats import DAYS_PER_MONTH, DAYS_PER_WEEK

__all__ = ["DAYS_PER", "Fault", "ReadCurve", "Unit", "faults_of_at_risk", "faults_of_curve", "faults_of_marks"]

Unit = Literal["days", "weeks", "months", "years"]
DAYS_PER = {"days": 1.0, "weeks": float(DAYS_PER_WEEK), "months": DAYS_PER_MONTH, "years": 12 * DAYS_PER_MONTH}
RISE = 8
"""A curve rises if it stands so many reading errors above an earlier point: chance alone does not take it there."""

Vector = NDArray[np.float64]


class Fault(NamedTuple):
    """What cannot be, and the point (counted from 0) where it shows; None where it is the whole."""

    row: int | None
    message: str


@dataclass(frozen=True, eq=False)
class ReadCurve:
    """The curve of one arm as somebody read it off a figure; made and checked by ``of``."""

    arm: str
    day: Vector
    """[m] rising."""
    survival: Vector
    """[m] between 0 and 1."""
    patients: int
    at_risk_day: Vector
    """[r] rising, after day 0."""
    at_risk: NDArray[np.int64]
    """[r] patients at risk just before the day."""
    marks: Vector | None
    """Days of censoring marks, one for each; None where they were not read."""
    reading_error: float
    """Standard deviation of a reading of survival."""

    @classmethod
    def of(
        cls,
        time: ArrayLike,
        survival: ArrayLike,
        *,
        unit: Unit,
        patients: int | None = None,
        at_risk_time: ArrayLike = (),
        at_risk: ArrayLike = (),
        marks: ArrayLike | None = None,
        arm: str = "all",
        reading_error: float = 0.002,
    ) -> ReadCurve:
        """Return a curve read at ``time`` [m], in ``unit``, as shares ``survival`` [m] without the event.

        Two points at one time are the top and the foot of a step: the later one holds. ``at_risk_time`` and
        ``at_risk`` [r] are the printed numbers; ``patients`` is needed only if they do not begin at time 0. ``marks``
        are the times of censoring marks. ``reading_error`` is the standard deviation of a reading, as a share: about
        0.001 for the coordinates in a vector figure, 0.002 to 0.005 for points clicked on a picture. ValueError
        listing everything that cannot be: a curve that rises, numbers at risk that grow, times out of order.

        >>> curve = ReadCurve.of([2, 4, 6], [0.9, 0.8, 0.8], unit="months", at_risk_time=[0, 3], at_risk=[50, 44])
        >>> curve.patients, curve.day.round(1).tolist()
        (50, [60.9, 121.8, 182.6])
        """
        times, shares = np.asarray(time, float), np.asarray(survival, float)
        when, counts = np.asarray(at_risk_time, float), np.asarray(at_risk, float)
        seen = None if marks is None else np.sort(np.asarray(marks, float))
        _refuse(
            [
                *(f"point {f.row}: {f.message}" for f in faults_of_curve(times, shares, reading_error)),
                *(f"number at risk {f.row}: {f.message}" for f in faults_of_at_risk(when, counts, patients)),
                *(f"mark {f.row}: {f.message}" for f in faults_of_marks(seen, times)),
            ]
        )
        first = int(counts[0]) if len(counts) and when[0] == 0 else None
        per = DAYS_PER[unit]
        days, levels = _one_for_each_time(times * per, shares)
        after = when > 0
        return cls(
            arm=arm,
            day=days,
            survival=levels,
            patients=patients if patients is not None else int(first or 0),
            at_risk_day=when[after] * per,
            at_risk=counts[after].astype(np.int64),
            marks=None if seen is None else seen * per,
            reading_error=reading_error,
        )


def faults_of_curve(time: Vector, survival: Vector, reading_error: float) -> Iterator[Fault]:
    """Yield what no survival curve can do."""
    if not 0 < reading_error < 0.1:
        yield Fault(None, f"the reading error must be a share above 0 and below 0.1; got {reading_error}")
    if time.ndim != 1 or time.shape != survival.shape:
        yield Fault(None, f"time and survival must be of one length; got shapes {time.shape} and {survival.shape}")
        return
    if not len(time):
        yield Fault(None, "a curve needs at least one point; got none")
        return
    yield from _out_of_range(time, survival)
    yield from _out_of_order(time)
    yield from _rising(time, survival, reading_error)
    if time[-1] <= 0:
        yield Fault(len(time) - 1, "a curve must reach beyond time 0")


def _out_of_range(time: Vector, survival: Vector) -> Iterator[Fault]:
    for row in np.flatnonzero(~(np.isfinite(time) & (time >= 0))).tolist():
        yield Fault(row, f"time must be zero or more; got {time[row]:g}")
    wrong = np.flatnonzero(~((survival >= 0) & (survival <= 1))).tolist()
    percent = len(wrong) > 0 and float(np.nanmax(survival)) > 1.5
    for row in wrong:
        hint = "; if these are percent, say so" if percent else ""
        yield Fault(row, f"survival must be between 0 and 1; got {survival[row]:g}{hint}")
    at_start = np.flatnonzero((time == 0) & (survival < 1)).tolist()
    if at_start and at_start[-1] == len(time) - 1:
        yield Fault(at_start[-1], "survival must be 1 at time 0")


def _out_of_order(time: Vector) -> Iterator[Fault]:
    for row in (np.flatnonzero(np.diff(time) < 0) + 1).tolist():
        yield Fault(row, f"times must not go back; got {time[row]:g} after {time[row - 1]:g}")


def _rising(time: Vector, survival: Vector, reading_error: float) -> Iterator[Fault]:
    """Yield the first point of every rise, seen against the lowest point before it."""
    lowest = np.minimum.accumulate(np.concatenate([[1.0], survival]))[:-1]
    too_high = survival > lowest + RISE * reading_error
    for row in np.flatnonzero(too_high & ~np.concatenate([[False], too_high[:-1]])).tolist():
        if survival[row] > 1:
            continue  # out of range already
        yield Fault(
            row,
            f"a survival curve cannot rise; got {survival[row]:g} at {time[row]:g} after {lowest[row]:g}, "
            f"with a reading error of {reading_error:g}",
        )


def faults_of_at_risk(time: Vector, counts: Vector, patients: int | None) -> Iterator[Fault]:
    """Yield what numbers at risk cannot do."""
    if time.ndim != 1 or time.shape != counts.shape:
        yield Fault(None, f"times and numbers at risk must be of one length; got {time.shape} and {counts.shape}")
        return
    for row in np.flatnonzero(~(np.isfinite(time) & (time >= 0))).tolist():
        yield Fault(row, f"time must be zero or more; got {time[row]:g}")
    for row in np.flatnonzero(~((counts >= 0) & (counts == np.floor(counts)))).tolist():
        yield Fault(row, f"a number at risk must be a whole number; got {counts[row]:g}")
    for row in (np.flatnonzero(np.diff(time) <= 0) + 1).tolist():
        yield Fault(row, f"times must go up; got {time[row]:g} after {time[row - 1]:g}")
    for row in (np.flatnonzero(np.diff(counts) > 0) + 1).tolist():
        yield Fault(row, f"numbers at risk cannot grow; got {counts[row]:g} after {counts[row - 1]:g}")
    yield from _patients(time, counts, patients)


def _patients(time: Vector, counts: Vector, patients: int | None) -> Iterator[Fault]:
    at_start = int(counts[0]) if len(counts) and time[0] == 0 and counts[0] >= 0 else None
    known = at_start if patients is None else patients
    if known is None:
        yield Fault(None, "the number of patients is needed: give it, or the number at risk at time 0")
    elif known < 1:
        yield Fault(None, f"there must be at least one patient; got {known}")
    elif patients is not None and at_start is not None and patients != at_start:
        yield Fault(0, f"{at_start} are at risk at time 0, and {patients} patients are given; these must be the same")
    elif patients is not None and len(counts) and counts[0] > patients:
        yield Fault(0, f"{counts[0]:g} cannot be at risk of {patients} patients")


def faults_of_marks(marks: Vector | None, time: Vector) -> Iterator[Fault]:
    """Yield what censoring marks cannot do."""
    if marks is None or not len(time):
        return
    for row in np.flatnonzero(~((marks >= 0) & (marks <= np.nanmax(time)))).tolist():
        yield Fault(row, f"a mark must lie between 0 and the end of the curve, {np.nanmax(time):g}; got {marks[row]:g}")


def _one_for_each_time(day: Vector, survival: Vector) -> tuple[Vector, Vector]:
    keep = np.concatenate([day[1:] > day[:-1], [True]]) & (day > 0)
    return day[keep], survival[keep]


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ValueError("; ".join(problem.replace("point None: ", "") for problem in problems))
