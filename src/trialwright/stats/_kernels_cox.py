"""Kernels of the Cox model with covariates at large n; the readable references are in ``cox_ties`` and ``risk_sets``.

Importing this module imports numba.
"""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.stats.compiled import kernel

BATCH = 12
Array = Any


@kernel
def moments(x: Array, stratum: Array, mean: Array, square: Array) -> None:
    """Fill the mean of the covariates [strata, p] and their sum of squares around it [p].

    Taken from the first row of each stratum, so that a covariate that is constant there is exactly so.
    """
    n, p = x.shape
    strata = mean.shape[0]
    shift = np.zeros((strata, p))
    count = np.zeros(strata)
    squares = np.zeros((strata, p))
    for i in range(n):
        s = stratum[i]
        if count[s] == 0.0:
            shift[s] = x[i]
        count[s] += 1.0
        for j in range(p):
            away = x[i, j] - shift[s, j]
            mean[s, j] += away
            squares[s, j] += away * away
    for s in range(strata):
        for j in range(p):
            if count[s] > 0.0:
                square[j] += squares[s, j] - mean[s, j] * mean[s, j] / count[s]
                mean[s, j] = shift[s, j] + mean[s, j] / count[s]


@kernel
def sort_rows(
    day: Array, event: Array, x: Array, stratum: Array, mean: Array, scale: Array, span: int, place: Array,
    day_out: Array, event_out: Array, x_out: Array, order: Array,
) -> None:  # fmt: skip
    """Sort rows by stratum, day and events first, by counting; covariates are centered and scaled on the way.

    ``place`` [strata * span * 2 + 1] zeros.
    """
    n, p = x.shape
    for i in range(n):
        place[(np.int64(stratum[i]) * span + day[i]) * 2 + 2 - np.int64(event[i])] += 1
    for k in range(1, len(place)):
        place[k] += place[k - 1]
    for i in range(n):
        s = stratum[i]
        k = (np.int64(s) * span + day[i]) * 2 + 1 - np.int64(event[i])
        to = place[k]
        place[k] += 1
        day_out[to] = day[i]
        event_out[to] = event[i]
        order[to] = i
        for j in range(p):
            x_out[to, j] = (x[i, j] - mean[s, j]) * scale[j]


@kernel
def add_stratum(
    day: Array, event: Array, x: Array, weight: Array, offset: Array, entry: Array, by_entry: Array, b: Array,
    efron: bool, out: Array,
) -> None:  # fmt: skip
    """Fill log-likelihood, score [p] and information [p, p] of one sorted stratum, walking back from its last day.

    ``weight``, ``offset`` and ``entry`` have no element where all are 1, 0 or from the beginning; ``by_entry`` holds
    the rows in the order of entry.
    """
    n, p = x.shape
    q = 1 + p + p * (p + 1) // 2
    s, d = np.zeros(q), np.zeros(q)
    linear, square = np.zeros(q), np.zeros((p, p))
    log = 0.0
    i, e = n - 1, len(by_entry) - 1
    while i >= 0:
        today = day[i]
        while i >= 0 and day[i] == today and not event[i]:
            _add_row(x, weight, offset, b, i, 1.0, s)
            i -= 1
        if i < 0 or day[i] != today:
            continue
        d[:] = 0.0
        tied, own = 0.0, 0.0
        while i >= 0 and day[i] == today:
            eta = _add_row(x, weight, offset, b, i, 1.0, d)
            w = weight[i] if len(weight) else 1.0
            for j in range(p):
                out[1 + j] += w * x[i, j]
            log += w * eta
            own += w
            tied += 1.0
            i -= 1
        for k in range(q):
            s[k] += d[k]
        while e >= 0 and entry[by_entry[e]] >= today:
            _add_row(x, weight, offset, b, by_entry[e], -1.0, s)
            e -= 1
        log -= _tie(s, d, tied, own / tied, efron, p, linear, square)
    out[0] += log
    for j in range(p):
        out[1 + j] -= linear[1 + j]
    at = 1 + p
    for j in range(p):
        for k in range(j + 1):
            value = linear[at] - square[j, k]
            out[1 + p + j * p + k] += value
            if k < j:
                out[1 + p + k * p + j] += value
            at += 1


@kernel
def _add_row(x: Array, weight: Array, offset: Array, b: Array, i: int, sign: float, sums: Array) -> float:
    """Add r, r x and the lower triangle of r x x' of one row to the sums; return its linear predictor."""
    p = x.shape[1]
    eta = offset[i] if len(offset) else 0.0
    for j in range(p):
        eta += x[i, j] * b[j]
    r = sign * np.exp(eta)
    if len(weight):
        r *= weight[i]
    sums[0] += r
    at = 1 + p
    for j in range(p):
        value = r * x[i, j]
        sums[1 + j] += value
        for k in range(j + 1):
            sums[at + k] += value * x[i, k]
        at += j + 1
    return float(eta)


@kernel
def _tie(
    s: Array, d: Array, tied: float, weight: float, efron: bool, p: int, linear: Array, square: Array
) -> float:  # fmt: skip
    """Add the tied events of one day to the sums; return what the log-likelihood loses."""
    share = d[0] / s[0] if efron else 0.0
    log, product, inside = 0.0, 1.0, 0
    a0, a1, q0, q1, q2 = 0.0, 0.0, 0.0, 0.0, 0.0
    for passed in range(int(tied)):
        f = passed / tied
        rest = 1.0 - f * share
        one = 1.0 / rest
        product *= rest
        inside += 1
        if inside == BATCH:  # one logarithm for a dozen events; each factor is at least 1 / tied
            log += np.log(product)
            product, inside = 1.0, 0
        a0 += one
        a1 += f * one
        q0 += one * one
        q1 += f * one * one
        q2 += f * f * one * one
    log += np.log(product) + tied * np.log(s[0])
    if not efron:
        a1, q1, q2 = 0.0, 0.0, 0.0
    a0, a1 = weight * a0 / s[0], weight * a1 / s[0]
    over = weight / (s[0] * s[0])
    q0, q1, q2 = q0 * over, q1 * over, q2 * over
    for k in range(1, len(s)):
        linear[k] += s[k] * a0 - d[k] * a1
    for j in range(p):
        for k in range(j + 1):
            square[j, k] += (
                s[1 + j] * s[1 + k] * q0 - (s[1 + j] * d[1 + k] + d[1 + j] * s[1 + k]) * q1 + d[1 + j] * d[1 + k] * q2
            )
    return weight * log


@kernel
def discrete_walk(
    eta: Array, x: Array, until: Array, sizes: Array, score: Array, information: Array
) -> float:  # fmt: skip
    """Return the sum of log B_d over tied days and fill its gradient [p] and Hessian [p, p]."""
    most, p = int(sizes.max()), x.shape[1]
    log = np.full(most + 1, -np.inf)
    mean = np.zeros((most + 1, p))
    spread = np.zeros((most + 1, p, p))
    away = np.zeros(p)
    log[0] = 0.0
    total = 0.0
    done = 0
    for g in range(len(until)):
        for i in range(done, until[g]):
            for k in range(min(most, i + 1), 0, -1):
                with_it = log[k - 1] + eta[i]
                high = max(log[k], with_it)
                both = high + np.log(np.exp(log[k] - high) + np.exp(with_it - high))
                q = np.exp(with_it - both)
                for a in range(p):
                    away[a] = mean[k - 1, a] + x[i, a] - mean[k, a]
                for a in range(p):
                    for c in range(p):
                        spread[k, a, c] += q * (spread[k - 1, a, c] - spread[k, a, c] + (1.0 - q) * away[a] * away[c])
                for a in range(p):
                    mean[k, a] += q * away[a]
                log[k] = both
        done = until[g]
        size = sizes[g]
        total += float(log[size])
        for a in range(p):
            score[a] += mean[size, a]
            for c in range(p):
                information[a, c] += spread[size, a, c]
    return float(total)
