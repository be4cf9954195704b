"""The fast simulation of a designed trial: from the key of a trial to what each look shows, without any table."""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

import math
from typing import Any

import numpy as np

from trialwright.simulate._kernels_designed_looks import count_rows, look_time, observe, sort_by_group
from trialwright.simulate._kernels_designed_patients import allocate, befall, enter, place_in_strata
from trialwright.simulate._kernels_designed_scans import detect
from trialwright.simulate._kernels_designed_tests import (
    compare_restricted_means,
    cox,
    log_rank,
    milestone,
    weighted,
)
from trialwright.simulate._kernels_draws import trial_key
from trialwright.stats import kernel

Array = Any
COX, FLEMING_HARRINGTON, MAX_COMBO, RESTRICTED_MEAN, MILESTONE = 1, 2, 3, 4, 5


@kernel
def run(
    plan: Any, seed: Any, scenario: Any, first: Any, ratios: bool,
    time: Array, enrolled: Array, events: Array, z: Array, log_ratio: Array, parts: Array,
) -> None:  # fmt: skip
    """Fill the arrays [trials, looks] of consecutive trials from number ``first``; seed, scenario, first unsigned.

    A look that is never taken keeps NaN and 0. ``ratios`` asks for log hazard ratios. ``parts`` [trials, looks,
    m + m m] receives differences and covariance of the m parts of max-combo, whose probability is found elsewhere.
    """
    n, strata = plan.patients, len(plan.hazards.shares)
    groups = strata if plan.test.stratified else 1
    entry, event, stop = np.empty(n + 1), np.empty(n), np.empty(n)
    calendar, spare = np.empty(n), np.empty(n)
    stratum, arm, group = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    lists = np.zeros((strata, max(3, plan.lists.experimental + plan.lists.control)), np.int64)
    keys, in_order, work = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n + 2 * groups + 2, np.int64)
    edges, first_row = np.zeros(groups + 1, np.int64), np.zeros(groups + 1, np.int64)
    rows, last = np.empty((5, n + 1)), np.zeros((groups, 2, 2))
    for t in range(len(time)):
        key = np.uint64(trial_key(seed, scenario, first + np.uint64(t)))
        enter(plan.accrual, plan.grid, key, entry)
        place_in_strata(plan.hazards.shares, key, stratum)
        allocate(plan.lists, key, stratum, arm, lists)
        befall(plan.hazards, plan.grid, key, stratum, arm, event, stop)
        detect(plan.scans, plan.grid, key, event, stop)
        _to_calendar(plan.grid, entry, event, calendar)
        if plan.test.stratified:
            group[:] = stratum
        before = 0.0
        for look in range(len(plan.looks.events)):
            cut = look_time(plan.looks, look, before, entry, calendar, spare)
            if cut < math.inf:
                before = time[t, look] = cut
                enrolled[t, look], events[t, look] = observe(
                    plan.scans, plan.grid, key, cut, entry, event, calendar, stop, arm, keys
                )  # fmt: skip
                sort_by_group(keys, group, enrolled[t, look], groups, in_order, edges, work)
                count_rows(in_order, edges, groups, rows, first_row, last)
                z[t, look], log_ratio[t, look] = _statistic(
                    plan.test, rows, first_row, groups, last, ratios, parts[t, look]
                )  # fmt: skip


@kernel
def _to_calendar(grid: float, entry: Array, event: Array, calendar: Array) -> None:
    """Write the calendar times at which events are seen; on the grid, so that one day is one number."""
    for i in range(len(event)):
        calendar[i] = entry[i] + event[i]
    if grid > 0:
        for i in range(len(event)):
            calendar[i] = np.floor(calendar[i] / grid + 0.5) * grid


@kernel
def _statistic(
    test: Any, rows: Array, first_row: Array, groups: int, last: Array, ratios: bool, parts: Array
) -> Any:  # fmt: skip
    """Return z of the test of the design, and the log hazard ratio if it is asked for."""
    count, z, b, se = first_row[groups], math.nan, math.nan, math.nan
    if ratios or test.statistic == COX:
        b, se = cox(rows, count)
    if test.statistic == COX:
        z = -b / se
    elif test.statistic == FLEMING_HARRINGTON:
        difference, covariance, w = np.empty(1), np.empty((1, 1)), np.empty(1)
        weighted(rows, first_row, groups, test.weights, difference, covariance, w)
        z = difference[0] / math.sqrt(covariance[0, 0]) if covariance[0, 0] > 0 else math.nan
    elif test.statistic == MAX_COMBO:
        m = len(test.weights)
        weighted(
            rows, first_row, groups, test.weights, parts[:m], parts[m : m + m * m].reshape((m, m)), np.empty(m)
        )  # fmt: skip
    elif test.statistic == RESTRICTED_MEAN:
        z = compare_restricted_means(rows, first_row, groups, last, test.at)
    elif test.statistic == MILESTONE:
        z = milestone(rows, count, last, test.at)
    else:
        z = log_rank(rows, count)
    return z, b
