"""The Nelson-Aalen estimate of the cumulative hazard, and survival as its exponential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.curve import Curve
from trialwright.stats.estimates import two_sided_z
from trialwright.stats.event_times import EventTimes
from trialwright.stats.intervals import Interval, survival_limits
from trialwright.stats.risk_table import RiskTable, Steps, arm_steps, as_table

Variance = Literal["aalen", "greenwood"]
HazardInterval = Literal["plain", "log"]


@dataclass(frozen=True, eq=False)
class CumulativeHazard:
    """A cumulative hazard at the T days on which somebody's follow-up ended."""

    arm: str
    days: FloatArray
    at_risk: IntArray
    """[T] just before the day."""
    events: IntArray
    hazard: FloatArray
    se: FloatArray
    lower: FloatArray
    """[T]; NaN before the first event where the interval is log."""
    upper: FloatArray
    level: float
    interval: HazardInterval
    variance: Variance


def nelson_aalen(
    times: EventTimes | RiskTable,
    *,
    level: float = 0.95,
    variance: Variance = "aalen",
    interval: HazardInterval = "plain",
) -> dict[str, CumulativeHazard]:
    """Return the cumulative hazard of each arm that has subjects, by name; strata are pooled.

    H(t) = sum d/Y (Nelson 1972; Aalen 1978). ``variance`` "aalen" is sum d/Y^2 (R's ``std.chaz``), "greenwood" is
    sum d(Y-d)/Y^3, for tied events (Andersen, Borgan, Gill and Keiding 1993, 4.1.6 and 4.1.7). Limits are H -+ z SE,
    not below 0, or H exp(-+ z SE / H).

    >>> found = nelson_aalen(EventTimes.of([2, 4, 4, 9], [1, 1, 0, 0]))["all"]
    >>> [round(h, 4) for h in found.hazard.tolist()], round(float(found.se[1]) ** 2, 6)
    ([0.25, 0.5833, 0.5833], 0.173611)
    """
    _known("variance", variance, Variance)
    _known("interval", interval, HazardInterval)
    table, z = as_table(times), two_sided_z(level)
    found = {}
    for a in np.flatnonzero(table.subjects.any(axis=0)).tolist():
        steps = arm_steps(table, a)
        hazard, se = _hazard(steps, variance)
        lower, upper = _limits(hazard, z * se, interval)
        found[table.arms[a]] = CumulativeHazard(
            table.arms[a],
            steps.days,
            steps.at_risk,
            steps.events,
            hazard,
            se,
            lower,
            upper,
            level,
            interval,
            variance,
        )
    return found


def fleming_harrington(
    times: EventTimes | RiskTable,
    *,
    level: float = 0.95,
    variance: Variance = "aalen",
    interval: Interval = "log-log",
) -> dict[str, Curve]:
    """Return survival exp(-H) of each arm, H by Nelson and Aalen (Fleming and Harrington 1984; R's ``stype=2``).

    Its standard error is exp(-H) SE(H). It does not reach 0.

    >>> found = fleming_harrington(EventTimes.of([2, 4], [1, 1]))["all"]
    >>> [round(s, 4) for s in found.survival.tolist()]
    [0.6065, 0.2231]
    """
    _known("variance", variance, Variance)
    table, z = as_table(times), two_sided_z(level)
    return {
        table.arms[a]: _survival(table.arms[a], arm_steps(table, a), variance, (level, z, interval))
        for a in np.flatnonzero(table.subjects.any(axis=0)).tolist()
    }


def _survival(arm: str, steps: Steps, variance: Variance, limits: tuple[float, float, Interval]) -> Curve:
    level, z, interval = limits
    hazard, se = _hazard(steps, variance)
    survival = np.exp(-hazard)
    lower, upper = survival_limits(survival, se, z, interval)
    return Curve(
        arm,
        steps.days,
        steps.at_risk,
        steps.events,
        steps.censored,
        survival,
        survival * se,
        lower,
        upper,
        level,
        interval,
        steps.entered,
    )


def _hazard(steps: Steps, variance: Variance) -> tuple[FloatArray, FloatArray]:
    d, y = steps.events, steps.at_risk.astype(float)
    staying = (y - d) / y if variance == "greenwood" else 1.0
    return np.cumsum(d / y), np.sqrt(np.cumsum(d / y**2 * staying))


def _limits(hazard: FloatArray, half: FloatArray, interval: HazardInterval) -> tuple[FloatArray, FloatArray]:
    if interval == "plain":
        return np.maximum(hazard - half, 0.0), hazard + half
    with np.errstate(all="ignore"):
        factor = np.where(hazard > 0, np.exp(half / hazard), np.nan)
    return hazard / factor, hazard * factor


def _known(name: str, given: str, names: object) -> None:
    if given not in get_args(names):
        raise ValueError(f"{name} must be one of {', '.join(get_args(names))}; got {given!r}")
