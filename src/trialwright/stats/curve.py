"""A survival curve: steps with limits, and the questions asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.estimates import Estimate, number
from trialwright.stats.intervals import Interval

TOLERANCE = float(np.sqrt(np.finfo(float).eps))
"""Survival probabilities closer than this are equal (R ``quantile.survfit``): products of 1 - d/Y carry round-off."""

Flat = Literal["R", "SAS"]
Beyond = Literal["carry", "not estimable"]


@dataclass(frozen=True, eq=False)
class Curve:
    """An estimated survival function at the T days on which somebody's follow-up ended.

    ``se`` is Greenwood's on the scale of survival. ``se``, ``lower`` and ``upper`` are NaN where they do not exist:
    at survival 0, and for three of the transforms at survival 1.
    """

    arm: str
    days: FloatArray
    at_risk: IntArray
    """[T] just before the day."""
    events: IntArray
    censored: IntArray
    survival: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    level: float
    interval: Interval
    entered: tuple[FloatArray, IntArray] | None = None
    """[E] days of entry and numbers at risk from the next day on, with delayed entry."""

    @property
    def subjects(self) -> int:
        """Return the number of subjects, or the sum of their weights."""
        total: int = _total(self.events + self.censored)
        return total

    @property
    def total_events(self) -> int:
        """Return the number of events, or the sum of their weights."""
        total: int = _total(self.events)
        return total

    def quantile(self, p: float = 0.5, *, flat: Flat = "R") -> Estimate:
        """Return the day by which a share ``p`` has had the event: 0.5 for the median.

        It is the first day with S <= 1 - p. Where S equals 1 - p over an interval it is the middle of that interval;
        if the interval ends with the last follow-up instead of an event, ``flat="R"`` takes the middle up to there
        and ``"SAS"`` calls it not estimable. Limits: the days on which the limits of S reach 1 - p for the first time
        (Brookmeyer and Crowley 1982 on the transformed scale), by the same rule. (R's ``quantile`` sorts limits that
        rise again before it searches; its ``print`` and SAS take the first time, as here.)

        >>> from trialwright.stats import EventTimes, kaplan_meier
        >>> curve = kaplan_meier(EventTimes.of([54, 75, 77, 84, 99, 120], [1, 1, 1, 0, 0, 0]))["all"]
        >>> curve.quantile(0.5, flat="R").value, curve.quantile(0.5, flat="SAS").value
        (98.5, None)
        """
        if not 0 < p < 1:
            raise ValueError(f"p must be in (0, 1), the share that has had the event; got {p}")
        if flat not in ("R", "SAS"):
            raise ValueError(f"flat must be R or SAS; got {flat!r}")
        day, lower, upper = (self._reaches(s, 1 - p, flat) for s in (self.survival, self.lower, self.upper))
        problem = None if day is not None else f"not reached: survival stays above {1 - p:g} to day {self.days[-1]:g}"
        if day is None and self.survival[-1] <= 1 - p + TOLERANCE:
            problem = f"survival equals {1 - p:g} from day {self._first(1 - p):g} to the last follow-up"
        return Estimate(day, lower, upper, self.level, problem=problem)

    def at(self, day: float, *, beyond: Beyond = "not estimable") -> Estimate:
        """Return survival on a day, with its standard error and limits.

        Before the first end of follow-up it is 1, limits included, as in R. After the last one, unless survival is 0
        already, it is ``"not estimable"`` (SAS) or the last value is carried forward (``"carry"``, R).

        >>> from trialwright.stats import EventTimes, kaplan_meier
        >>> kaplan_meier(EventTimes.of([5, 8, 9, 9], [1, 1, 0, 0]))["all"].at(6).value
        0.75
        """
        if not day >= 0:
            raise ValueError(f"day must be zero or more; got {day}")
        if beyond not in ("carry", "not estimable"):
            raise ValueError(f"beyond must be carry or not estimable; got {beyond!r}")
        step = int(np.searchsorted(self.days, day, side="right")) - 1
        if step < 0:
            return Estimate(1.0, 1.0, 1.0, self.level, 0.0)
        if day > self.days[-1] and self.survival[-1] > 0 and beyond == "not estimable":
            return Estimate(None, None, None, self.level, None, f"day {day:g} is after the last follow-up")
        return self._on(step)

    def at_risk_at(self, days: ArrayLike) -> IntArray:
        """Return the number at risk just before each day: follow-up of that many days or more.

        >>> from trialwright.stats import EventTimes, kaplan_meier
        >>> kaplan_meier(EventTimes.of([5, 8, 8], [1, 1, 0]))["all"].at_risk_at([0, 5, 6, 9]).tolist()
        [3, 3, 2, 0]
        """
        return self._staying(days, "left")

    def left_at(self, days: ArrayLike) -> IntArray:
        """Return the number still followed after each day, which SAS prints as "left".

        >>> from trialwright.stats import EventTimes, kaplan_meier
        >>> kaplan_meier(EventTimes.of([5, 8, 8], [1, 1, 0]))["all"].left_at([0, 5, 6, 9]).tolist()
        [3, 2, 2, 0]
        """
        return self._staying(days, "right")

    def _staying(self, days: ArrayLike, side: Literal["left", "right"]) -> IntArray:
        """Return who ends on or after each day (left; right: after it) less those who enter then."""
        when = np.asarray(days, float)
        staying = _from(self.days, self.events + self.censored, when, side)
        return staying if self.entered is None else staying - _from(*self.entered, when, side)

    def _on(self, step: int) -> Estimate:
        value, se = float(self.survival[step]), number(self.se[step])
        lower, upper = number(self.lower[step]), number(self.upper[step])
        problem = None if lower is not None else f"no {self.interval} limits where survival is {value:g}"
        return Estimate(value, lower, upper, self.level, se, problem)

    def _reaches(self, s: FloatArray, level: float, flat: Flat) -> float | None:
        reached = s <= level + TOLERANCE
        if not reached.any():
            return None
        first = int(reached.argmax())
        if s[first] < level - TOLERANCE:
            return float(self.days[first])
        below = s[first:] < level - TOLERANCE
        if not below.any() and flat == "SAS":
            return None
        until = self.days[first + below.argmax()] if below.any() else self.days[-1]
        return float(self.days[first] + until) / 2

    def _first(self, level: float) -> float:
        return float(self.days[(self.survival <= level + TOLERANCE).argmax()])


def _from(days: FloatArray, counts: IntArray, when: FloatArray, side: Literal["left", "right"]) -> IntArray:
    sums: IntArray = np.append(np.cumsum(counts[::-1])[::-1], 0)
    return sums[np.searchsorted(days, when, side=side)]


def _total(counts: IntArray) -> Any:
    return counts.sum().item()
