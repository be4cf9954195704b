"""The Kaplan-Meier estimate and its mirror image for follow-up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trialwright.stats.arrays import IntArray
from trialwright.stats.curve import Curve
from trialwright.stats.estimates import two_sided_z
from trialwright.stats.event_times import EventTimes
from trialwright.stats.intervals import Interval, survival_limits
from trialwright.stats.risk_table import RiskTable, as_table


def kaplan_meier(
    times: EventTimes | RiskTable, *, level: float = 0.95, interval: Interval = "log-log"
) -> dict[str, Curve]:
    """Return the curve of each arm that has subjects, by name; strata are pooled.

    S(t) = prod(1 - d/Y) (Kaplan and Meier 1958); variance of log S: sum d/(Y(Y-d)) (Greenwood 1926). Subjects
    censored on the day of an event are at risk for it. R's default interval is ``log``, SAS's ``log-log``.
    For all subjects as one curve give ``times.pooled()``.

    >>> curve = kaplan_meier(EventTimes.of([2, 4, 6, 9], [1, 1, 1, 1]))["all"]
    >>> curve.survival.tolist(), curve.quantile(0.5).value
    ([0.75, 0.5, 0.25, 0.0], 5.0)
    """
    table = as_table(times)
    z = two_sided_z(level)
    events, censored = table.events.sum(axis=0), table.censored.sum(axis=0)
    return {
        name: _curve(table, name, events[:, a], censored[:, a], (level, z, interval))
        for a, name in enumerate(table.arms)
        if table.subjects[:, a].sum() > 0
    }


def reverse_kaplan_meier(
    times: EventTimes | RiskTable, *, level: float = 0.95, interval: Interval = "log-log"
) -> dict[str, Curve]:
    """Return the curve of potential follow-up of each arm: events and censorings exchanged (Schemper and Smith 1996).

    On a day shared by events and censorings the censorings come first here, as in R with the status inverted.

    >>> reverse_kaplan_meier(EventTimes.of([2, 4, 6], [0, 1, 0]))["all"].quantile(0.5).value
    6.0
    """
    table = as_table(times)
    exchanged = replace(table, events=table.censored, censored=table.events)
    return kaplan_meier(exchanged, level=level, interval=interval)


def _curve(
    table: RiskTable, name: str, events: IntArray, censored: IntArray, limits: tuple[float, float, Interval]
) -> Curve:
    level, z, interval = limits
    kept = (events + censored) > 0
    d, c = events[kept].astype(np.int64), censored[kept].astype(np.int64)
    at_risk = np.cumsum((d + c)[::-1])[::-1]
    survival = np.cumprod(1 - d / at_risk)
    with np.errstate(divide="ignore"):
        sigma = np.sqrt(np.cumsum(d / (at_risk * (at_risk - d).astype(float))))
    with np.errstate(invalid="ignore"):
        se = survival * sigma
    lower, upper = survival_limits(survival, sigma, z, interval)
    days = table.display(table.days[kept])
    return Curve(name, days, at_risk, d, c, survival, se, lower, upper, level, interval)
