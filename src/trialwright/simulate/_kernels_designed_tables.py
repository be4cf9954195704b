"""A designed trial as plain arrays: what the compiled kernel reads.

It holds no kernel, and is named like those that do: compiled code is kept with the names of these classes, and the
folder in which it is kept changes with the files of that name.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from trialwright.design import Steps
from trialwright.simulate.designed import Allocating, Comparison, DesignedTrial, Look, Scanning, Trigger

__all__ = ["ENTERING", "METHODS", "MOST_SCANS", "STATISTICS", "Tables", "tables"]

ENTERING = ("uniform", "spaced", "poisson")
METHODS = ("permuted blocks", "simple", "minimization")
STATISTICS = ("log-rank", "cox", "fleming-harrington", "max-combo", "restricted mean", "milestone")
"""Names in the order of the numbers by which the kernel knows them."""
MOST_SCANS = 2**12
"""Scans of a patient that have draws of their own; no more are planned."""
Array = Any

# Tables of their own, because the kernel counts references to every array that it passes to a function.


class Accrual(NamedTuple):
    """The accrual curve: [pieces], and the patients expected before each."""

    entering: int
    accrued: float
    """Patients of the whole curve."""
    starts: Array
    rates: Array
    until: Array


class Hazards(NamedTuple):
    """Hazards of event and dropout, all pieces in a row, with the cumulative hazard before each."""

    shares: Array
    """[strata] cumulated."""
    pieces: Array
    """[strata * 2 * 2 + 1] first piece of (stratum, arm: 1 experimental, kind: 1 dropout)."""
    starts: Array
    rates: Array
    until: Array
    constant: bool
    """No hazard of the event changes."""
    leaving: bool
    """Somebody may drop out."""
    longest: float


class Lists(NamedTuple):
    """How arms are allocated."""

    method: int
    experimental: int
    control: int
    sizes: Array
    by_stratum: bool
    p_best: float


class Scans(NamedTuple):
    """When scans are planned and how they are kept; ``gap`` 0 is no rule."""

    scanned: bool
    planned: Array
    """[MOST_SCANS]"""
    shortest: float
    """Shortest time between two of them."""
    window: float
    missed: float
    gap: int


class Looks(NamedTuple):
    """Conditions of the looks [looks]: no such condition is 0, or NaN for times."""

    events: Array
    time: Array
    follow_up: Array
    enrolled: Array
    first: Array
    """The first of the conditions, not all of them."""


class Test(NamedTuple):
    """The test of every look."""

    statistic: int
    stratified: bool
    weights: Array
    """[pairs, 2]"""
    at: float


class Tables(NamedTuple):
    """A designed trial for the kernel; ``grid`` 0 is none."""

    patients: int
    grid: float
    accrual: Accrual
    hazards: Hazards
    lists: Lists
    scans: Scans
    looks: Looks
    test: Test


def tables(designed: DesignedTrial) -> Tables:
    """Return the arrays of a designed trial."""
    return Tables(
        int(designed.patients),
        float(designed.grid or 0),
        _accrual(designed.supposed.accrual, designed.entering),
        _hazards(designed),
        _lists(designed.allocation),
        _scans(designed.scans),
        _looks(designed.looks),
        _test(designed.test),
    )


def _accrual(accrual: Steps, entering: str) -> Accrual:
    """Return the curve up to its last rate above 0, which goes on until the last patient has entered."""
    last = max(k for k, rate in enumerate(accrual.rates) if rate > 0) + 1
    starts = np.array(accrual.starts[:last], np.float64)
    whole = float(accrual.until([accrual.starts[-1]])[0])
    rates = np.array(accrual.rates[:last], np.float64)
    return Accrual(ENTERING.index(entering), whole, starts, rates, accrual.until(starts))


def _hazards(designed: DesignedTrial) -> Hazards:
    strata = designed.supposed.strata
    arms = [arm for stratum in strata for arm in (stratum.control, stratum.experimental)]
    each = [steps for arm in arms for steps in (arm.hazard, arm.dropout)]
    return Hazards(
        shares=np.cumsum([stratum.share for stratum in strata]),
        pieces=np.cumsum([0, *(len(steps.starts) for steps in each)]),
        starts=_joined(steps.starts for steps in each),
        rates=_joined(steps.rates for steps in each),
        until=_joined(steps.until(steps.starts) for steps in each),
        constant=all(len(arm.hazard.starts) == 1 for arm in arms),
        leaving=any(any(arm.dropout.rates) for arm in arms),
        longest=float(designed.supposed.longest),
    )


def _joined(parts: Iterable[Any]) -> Array:
    return np.array(list(itertools.chain.from_iterable(parts)), np.float64)


def _lists(plan: Allocating) -> Lists:
    sizes = np.array(plan.block_sizes or (0,), np.int64)
    experimental, control = map(int, plan.ratio)
    return Lists(
        METHODS.index(plan.method), experimental, control, sizes, bool(plan.by_stratum), float(plan.p_best)
    )  # fmt: skip


def _scans(scans: Scanning | None) -> Scans:
    plan = scans or Scanning.regular(1.0)
    planned = np.array(planned_times(plan))
    return Scans(
        scanned=scans is not None,
        planned=planned,
        shortest=float(min(plan.every)),
        window=float(plan.window),
        missed=float(plan.missed),
        gap=int(plan.gap or 0),
    )


@lru_cache(maxsize=16)
def planned_times(plan: Scanning) -> tuple[float, ...]:
    """Return the planned times of the scans that have draws of their own.

    A scan that falls on the next start belongs to the segment that ends there.
    """
    times: list[float] = []
    for start, every, end in zip(plan.starts, plan.every, (*plan.starts[1:], math.inf), strict=True):
        left = MOST_SCANS - len(times)
        count = left if end == math.inf else min(left, math.floor((end - start) / every + 1e-9))
        times += [start + k * every for k in range(1, count + 1)]
    return tuple(times)


def _looks(looks: tuple[Look, ...]) -> Looks:
    triggers = [look.trigger for look in looks]
    return Looks(
        events=np.array([trigger.events or 0 for trigger in triggers], np.int64),
        time=_times(triggers, "time"),
        follow_up=_times(triggers, "follow_up"),
        enrolled=np.array([trigger.enrolled or 0 for trigger in triggers], np.int64),
        first=np.array([trigger.how == "first" for trigger in triggers]),
    )


def _times(triggers: list[Trigger], name: str) -> Array:
    given = [getattr(trigger, name) for trigger in triggers]
    return np.array([math.nan if value is None else value for value in given], np.float64)


def _test(test: Comparison) -> Test:
    weights = np.array(test.weights or ((0.0, 0.0),), np.float64)
    at = math.nan if test.at is None else float(test.at)
    return Test(STATISTICS.index(test.statistic), bool(test.stratified), weights, at)
