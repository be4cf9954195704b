"""Answers of a forecast: when the d-th event comes, how many events and patients by a day, when the last patient is in.

A forecast is a set of possible trials, one for each draw, as days on which patients enter and have the event. Days are
whole numbers from a day 0 of the caller's choice; day d stands for the end of that day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["LEVELS", "Forecast", "Prediction", "Probability", "check_levels"]

LEVELS = (0.5, 0.8, 0.95)
"""Levels of the prediction intervals unless others are asked for."""


class Probability(NamedTuple):
    """A probability with the standard error that comes from the number of draws (0 where it is exact).

    >>> Probability(0.25, 0.0).value
    0.25
    """

    value: float
    monte_carlo_error: float


@dataclass(frozen=True)
class Prediction:
    """Median and central prediction intervals of one quantity; infinity stands for "never"."""

    median: float
    intervals: tuple[tuple[float, float, float], ...]
    """Level, lower and upper limit of each."""

    def interval(self, level: float) -> tuple[float, float]:
        """Return the limits of one level; ValueError, naming the levels there are, for another.

        >>> Prediction(12.0, ((0.5, 10.0, 15.0),)).interval(0.5)
        (10.0, 15.0)
        """
        known = {one: (lower, upper) for one, lower, upper in self.intervals}
        if level not in known:
            raise ValueError(f"level must be one of {', '.join(map(str, known))}; got {level}")
        return known[level]


@dataclass(frozen=True, eq=False)
class Forecast:
    """Possible trials: the days on which patients enter and on which their events come or are seen.

    >>> import numpy as np
    >>> forecast = Forecast(np.array([[1, 2], [1, 3]]), np.array([[9, 5], [np.inf, 8]]), start=0)
    >>> forecast.date_of_event(1).median, forecast.chance_by(2, day=9).value
    (5.0, 0.5)
    """

    entered: Reals
    """[draws, patients]"""
    events: Reals
    """[draws, patients], infinity where there never is one."""
    start: float
    """The forecast begins at the end of this day; nothing is said of days before it."""

    @property
    def draws(self) -> int:
        """Possible trials drawn."""
        return len(self.entered)

    @property
    def patients(self) -> int:
        """Patients of each trial, from first to last."""
        return int(self.entered.shape[1])

    def days_of_event(self, number: int) -> Reals:
        """Return the day [draws] of the event of that number in each possible trial, infinity where it never comes.

        ValueError unless the number is from 1 to the number of patients.
        """
        import numpy as np

        check_number(number, self.patients)
        return np.partition(self.events, number - 1, axis=1)[:, number - 1]

    def date_of_event(self, number: int, levels: Sequence[float] = LEVELS) -> Prediction:
        """Return the day by which so many events have come."""
        return self._prediction(self.days_of_event(number), levels)

    def chance_by(self, number: int, day: float) -> Probability:
        """Return the chance that so many events have come by the end of a day; infinity asks whether they ever do."""
        import numpy as np

        self._check(day)
        days = self.days_of_event(number)
        share = float(np.mean((days <= day) & np.isfinite(days)))
        return Probability(share, math.sqrt(share * (1 - share) / self.draws))

    def events_by(self, day: float, levels: Sequence[float] = LEVELS) -> Prediction:
        """Return the number of events by the end of a day."""
        return self._prediction(self._count(self.events, day), levels)

    def patients_by(self, day: float, levels: Sequence[float] = LEVELS) -> Prediction:
        """Return the number of patients entered by the end of a day."""
        return self._prediction(self._count(self.entered, day), levels)

    def mean_events_by(self, day: float) -> float:
        """Return the expected number of events by the end of a day."""
        return float(self._count(self.events, day).mean())

    def mean_patients_by(self, day: float) -> float:
        """Return the expected number of patients by the end of a day."""
        return float(self._count(self.entered, day).mean())

    def last_patient_in(self, levels: Sequence[float] = LEVELS) -> Prediction:
        """Return the day on which the last patient enters."""
        return self._prediction(self.entered.max(axis=1), levels)

    def _count(self, days: Reals, day: float) -> Reals:
        import numpy as np

        self._check(day)
        return np.asarray((days <= day).sum(axis=1), np.float64)

    def _check(self, day: float) -> None:
        if math.isnan(day) or day < self.start:
            raise ValueError(f"day must not come before day {self.start:g}, on which the forecast begins; got {day:g}")

    def _prediction(self, values: Reals, levels: Sequence[float]) -> Prediction:
        import numpy as np

        check_levels(levels)
        tails = [(1 - level) / 2 for level in levels]
        wanted = [0.5, *tails, *(1 - tail for tail in tails)]
        median, *limits = np.quantile(values, wanted, method="inverted_cdf").tolist()
        halves = limits[: len(tails)], limits[len(tails) :]
        return Prediction(median, tuple(zip(levels, *halves, strict=True)))


def check_number(number: int, patients: float) -> None:
    """Raise ValueError unless a number of events is one that so many patients can have."""
    if not 1 <= number <= patients:
        raise ValueError(f"number must be from 1 to {patients:g}: each patient has one event at most; got {number}")


def check_levels(levels: Sequence[float]) -> None:
    """Raise ValueError unless every level lies between 0 and 1."""
    for level in levels:
        if not 0 < level < 1:
            raise ValueError(f"level must be in (0, 1); got {level}. For 95 % write 0.95.")
