"""The log-rank family, the Cox model, restricted means and milestones from rows of events and numbers at risk.

A row is one time with an event in one group (stratum): events d and at risk n of both arms, d1 and n1 of the
experimental one. All z are positive where the experimental arm does better, and NaN where they do not exist.
"""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

import math
from typing import Any

from trialwright.stats import kernel

Array = Any
SETTLED = 1e-10
MOST_STEPS = 100
LONGEST_STEP = 1.0
D, D1, N, N1, TIME = 0, 1, 2, 3, 4
"""Lines of the table of rows."""


@kernel
def log_rank(rows: Array, count: int) -> Any:
    """Return z of the log-rank test (Mantel 1966): expected less observed over the root of hypergeometric variances."""
    difference, variance = 0.0, 0.0
    for r in range(count):
        d, n = rows[D, r], rows[N, r]
        share = rows[N1, r] / n
        difference += d * share - rows[D1, r]
        variance += d * (n - d) / max(n - 1.0, 1.0) * share * (1.0 - share)
    return difference / math.sqrt(variance) if variance > 0 else math.nan


@kernel
def weighted(
    rows: Array, first_row: Array, groups: int, weights: Array, difference: Array, covariance: Array, w: Array
) -> None:
    """Write differences [m] and covariance [m, m] of log-rank tests with Fleming and Harrington's weights.

    Weights S(t-)^rho (1 - S(t-))^gamma (1991, section 7.2), S that of the group with its arms pooled.
    """
    m = len(weights)
    difference[:] = 0.0
    covariance[:] = 0.0
    for g in range(groups):
        survival = 1.0
        for r in range(first_row[g], first_row[g + 1]):
            d, n = rows[D, r], rows[N, r]
            share = rows[N1, r] / n
            spread = d * (n - d) / max(n - 1.0, 1.0) * share * (1.0 - share)
            for k in range(m):
                w[k] = survival ** weights[k, 0] * (1.0 - survival) ** weights[k, 1]
                difference[k] += w[k] * (d * share - rows[D1, r])
                for j in range(k + 1):
                    covariance[k, j] += w[k] * w[j] * spread
            survival *= 1.0 - d / n


@kernel
def cox(rows: Array, count: int) -> Any:
    """Return the log hazard ratio by Efron's likelihood (1977) and its standard error; Newton's method from 0.

    It is infinite, without a standard error, where one arm has no event while the other is at risk (Ford 1957).
    """
    above, below = False, False
    for r in range(count):
        above |= (rows[D1, r] > 0) & (rows[N1, r] < rows[N, r])
        below |= (rows[D, r] > rows[D1, r]) & (rows[N1, r] > 0)
    if not (above and below):
        return (math.inf if above else -math.inf if below else math.nan), math.nan
    b, se = 0.0, math.nan
    for _ in range(MOST_STEPS):
        score, information = _efron(rows, count, math.exp(b))
        step = score / information
        se = 1.0 / math.sqrt(information)
        b += min(max(step, -LONGEST_STEP), LONGEST_STEP)
        if abs(step) <= SETTLED:
            return b, se
    return math.nan, math.nan


@kernel
def _efron(rows: Array, count: int, ratio: float) -> Any:
    """Return the first derivative of the log-likelihood and the negative of the second."""
    score, information = 0.0, 0.0
    for r in range(count):
        d, d1 = rows[D, r], rows[D1, r]
        score += d1
        for passed in range(int(d)):
            share = passed / d
            experimental = (rows[N1, r] - share * d1) * ratio
            p = experimental / (rows[N, r] - rows[N1, r] - share * (d - d1) + experimental)
            score -= p
            information += p * (1.0 - p)
    return score, information


@kernel
def restricted_mean(rows: Array, low: int, high: int, arm: int, tau: float) -> Any:
    """Return the area under an arm's curve up to tau, its variance, and survival there (Klein and Moeschberger 4.5.2).

    Greenwood's sum of A^2 d / (Y (Y - d)), A the area from an event to tau, in a second pass.
    """
    area, survival, before = 0.0, 1.0, 0.0
    for r in range(low, high):
        d, y = _of_arm(rows, r, arm)
        if d > 0 and rows[TIME, r] <= tau:
            area += survival * (rows[TIME, r] - before)
            survival, before = survival * (1.0 - d / y), rows[TIME, r]
    whole = area + survival * (tau - before)
    variance, area, curve, before = 0.0, 0.0, 1.0, 0.0
    for r in range(low, high):
        d, y = _of_arm(rows, r, arm)
        if d > 0 and rows[TIME, r] <= tau:
            area += curve * (rows[TIME, r] - before)
            curve, before = curve * (1.0 - d / y), rows[TIME, r]
            if d < y:
                variance += (whole - area) ** 2 * d / (y * (y - d))
    return whole, variance, survival


@kernel
def compare_restricted_means(rows: Array, first_row: Array, groups: int, last: Array, tau: float) -> Any:
    """Return z of the difference, groups weighted by n1 n0 / (n1 + n0); NaN where tau is after an arm's follow-up."""
    total, difference, variance = 0.0, 0.0, 0.0
    for g in range(groups):
        n0, n1 = last[g, 0, 0], last[g, 1, 0]
        if n0 > 0 and n1 > 0:
            weight = n0 * n1 / (n0 + n1)
            total += weight
            for arm in range(2):
                mean, spread, survival = restricted_mean(rows, first_row[g], first_row[g + 1], arm, tau)
                if tau > last[g, arm, 1] and survival > 0:
                    return math.nan
                difference += weight * (mean if arm else -mean)
                variance += weight * weight * spread
    return difference / math.sqrt(variance) if variance > 0 else math.nan


@kernel
def milestone(rows: Array, count: int, last: Array, at: float) -> Any:
    """Return z of the difference of survival at a time, with Greenwood's standard errors (1926)."""
    difference, variance = 0.0, 0.0
    for arm in range(2):
        survival, spread = 1.0, 0.0
        for r in range(count):
            d, y = _of_arm(rows, r, arm)
            if d > 0 and rows[TIME, r] <= at:
                survival *= 1.0 - d / y
                spread += d / (y * (y - d)) if d < y else 0.0
        if survival <= 0 or last[0, arm, 0] == 0 or at > last[0, arm, 1]:
            return math.nan
        difference += survival if arm else -survival
        variance += survival * survival * spread
    return difference / math.sqrt(variance) if variance > 0 else math.nan


@kernel
def _of_arm(rows: Array, r: int, arm: int) -> Any:
    if arm:
        return rows[D1, r], rows[N1, r]
    return rows[D, r] - rows[D1, r], rows[N, r] - rows[N1, r]
