"""The Kaplan-Meier estimate and its mirror image for follow-up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trialwright.stats.curve import Curve
from trialwright.stats.estimates import two_sided_z
from trialwright.stats.event_times import EventTimes
from trialwright.stats.intervals import Interval, survival_limits
from trialwright.stats.risk_table import RiskTable, arm_steps, as_table


def kaplan_meier(
    times: EventTimes | RiskTable, *, level: float = 0.95, interval: Interval = "log-log"
) -> dict[str, Curve]:
    """Return the curve of each arm that has subjects, by name; strata are pooled.

    S(t) = prod(1 - d/Y) (Kaplan and Meier 1958); variance of log S: sum d/(Y(Y-d)) (Greenwood 1926). Subjects
    censored on the day of an event are at risk for it. R's default interval is ``log``, SAS's ``log-log``.
    For all subjects as one curve give ``times.pooled()``. With delayed entry the curve is of those who live to enter
    (Kaplan and Meier 1958, section 2.2; R's ``Surv(entry, day, event)``); where an early risk set dies out, it is 0
    from there on. With weights d and Y are sums of weights.

    >>> curve = kaplan_meier(EventTimes.of([2, 4, 6, 9], [1, 1, 1, 1]))["all"]
    >>> curve.survival.tolist(), curve.quantile(0.5).value
    ([0.75, 0.5, 0.25, 0.0], 5.0)
    """
    table = as_table(times)
    z = two_sided_z(level)
    present = np.flatnonzero(table.subjects.any(axis=0))
    return {table.arms[a]: _curve(table, a, (level, z, interval)) for a in present.tolist()}


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


def _curve(table: RiskTable, arm: int, limits: tuple[float, float, Interval]) -> Curve:
    level, z, interval = limits
    steps = arm_steps(table, arm)
    d, at_risk = steps.events, steps.at_risk
    survival = np.cumprod(1 - d / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = np.sqrt(np.cumsum(d / (at_risk * (at_risk - d).astype(float))))
        se = survival * sigma
    lower, upper = survival_limits(survival, sigma, z, interval)
    return Curve(
        table.arms[arm],
        steps.days,
        at_risk,
        d,
        steps.censored,
        survival,
        se,
        lower,
        upper,
        level,
        interval,
        steps.entered,
    )
