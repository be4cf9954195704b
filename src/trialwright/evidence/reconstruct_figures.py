"""Medians and rates printed beside a curve: points of the curve, and questions to every data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.evidence.curves import ReadCurve
from trialwright.evidence.reconstruct_arm import ArmDraws
from trialwright.evidence.reconstruct_pairs import data_set
from trialwright.evidence.reconstruct_printed import Answer, Printed
from trialwright.stats import DAYS_PER_MONTH, EventTimes, kaplan_meier

__all__ = ["PrintedFigures"]

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class PrintedFigures:
    """Printed medians by arm and rates by arm and time, in days."""

    medians: dict[str, Printed]
    rates: dict[tuple[str, float], Printed]

    @classmethod
    def of(
        cls,
        read: tuple[ReadCurve, ...],
        medians: Mapping[str, Printed | str | float] | None,
        rates: Mapping[tuple[str, float], Printed | str | float] | None,
    ) -> PrintedFigures:
        """Return medians by arm and rates by arm and month as printed; ValueError for an arm without a curve."""
        _check_arms("medians", read, list(medians or {}))
        _check_arms("rates", read, [arm for arm, _ in rates or {}])
        return cls(
            {arm: Printed.of(number).times(DAYS_PER_MONTH) for arm, number in (medians or {}).items()},
            {(arm, month * DAYS_PER_MONTH): Printed.of(rate) for (arm, month), rate in (rates or {}).items()},
        )

    def points(self, curve: ReadCurve) -> tuple[tuple[float, float, float], ...]:
        """Return (day, survival, standard deviation) of an arm: of a rounded number, and of steps of one patient."""
        step = 0.5 / curve.patients
        found = [
            (day, rate.middle, max((rate.high - rate.low) / 12**0.5, step))
            for (name, day), rate in self.rates.items()
            if name == curve.arm
        ]
        if curve.arm in self.medians:
            found.append((self.medians[curve.arm].middle, 0.5, step))
        return tuple(found)

    def misses(self, arm: ArmDraws) -> Whole:
        """Return how many of its own printed figures each draw of an arm does not print."""
        name = arm.curve.arm
        missed = np.zeros(len(arm.left), np.int64)
        rates = [(day, rate) for (of, day), rate in self.rates.items() if of == name]
        if not rates and name not in self.medians:
            return missed
        for draw in range(len(missed)):
            curve = kaplan_meier(data_set([arm], (draw,)))[name]
            missed[draw] = sum(not rate.holds(_number(curve.at(day, beyond="carry").value)) for day, rate in rates)
            if name in self.medians:
                missed[draw] += not self.medians[name].holds(_number(curve.quantile(0.5).value))
        return missed

    def answers(self, sets: Sequence[EventTimes]) -> list[Answer]:
        """Return what the data sets say to each median, in months, and to each rate."""
        curves = [kaplan_meier(times) for times in sets] if self.medians or self.rates else []
        found = []
        for arm, median in self.medians.items():
            values = np.array([_number(curve[arm].quantile(0.5).value) for curve in curves]) / DAYS_PER_MONTH
            found.append(Answer.to(f"median of {arm}", median.times(1 / DAYS_PER_MONTH), values))
        for (arm, day), rate in self.rates.items():
            at = f"{day / DAYS_PER_MONTH:g} months"
            values = np.array([_number(curve[arm].at(day, beyond="carry").value) for curve in curves])
            found.append(Answer.to(f"rate of {arm} at {at}", rate, values))
        return found


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _check_arms(what: str, read: tuple[ReadCurve, ...], named: Sequence[str]) -> None:
    known = [curve.arm for curve in read]
    for arm in named:
        if arm not in known:
            raise ValueError(f"{what}: arm {arm!r} has no curve; known: {', '.join(known)}")
