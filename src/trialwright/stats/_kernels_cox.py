"""Kernels of the Cox model with covariates at large n; the readable references are in ``cox_ties`` and ``risk_sets``.

Importing this module imports numba.
"""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.stats.compiled import kernel, summing_kernel

BATCH = 12
BLOCK = 256
FEW = 4
LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693147180369123816490
LN2_LOW = 1.90821492927058770002e-10
ROUND = 6755399441055744.0
LARGEST = 700.0
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
    """Fill what the events of one sorted stratum take from log-likelihood, score and information [1 + p + p p].

    Walks back from the last day. ``weight``, ``offset`` and ``entry`` have no element where all are 1, 0 or from the
    beginning; ``by_entry`` holds the rows in the order of entry.
    """
    n, p = x.shape
    q = 1 + p + p * (p + 1) // 2
    s, d = np.zeros(q), np.zeros(q)
    net = np.zeros(q)
    columns, powers = np.empty((p + 3, BLOCK)), np.empty(BLOCK, np.int64)
    i, e = n, len(by_entry) - 1
    while i > 0:
        today, stop = day[i - 1], i
        while i > 0 and day[i - 1] == today and not event[i - 1]:
            i -= 1
        _add_rows(x, weight, offset, b, i, stop, s, columns, powers)
        stop = i
        while i > 0 and day[i - 1] == today:
            i -= 1
        if i == stop:
            continue
        d[:] = 0.0
        _add_rows(x, weight, offset, b, i, stop, d, columns, powers)
        for k in range(q):
            s[k] += d[k]
        while e >= 0 and entry[by_entry[e]] >= today:
            _add_row(x, weight, offset, b, by_entry[e], -1.0, s)
            e -= 1
        mean = weight[i:stop].mean() if len(weight) else 1.0
        out[0] -= _tie(s, d, float(stop - i), mean, efron, p, net)
    at = 1 + p
    for j in range(p):
        out[1 + j] -= net[1 + j]
        for k in range(j + 1):
            out[1 + p + j * p + k] = net[at]
            out[1 + p + k * p + j] = net[at]
            at += 1


@kernel
def _add_rows(
    x: Array, weight: Array, offset: Array, b: Array, low: int, high: int, sums: Array, columns: Array, powers: Array
) -> None:  # fmt: skip
    """Add r, r x and the lower triangle of r x x' of rows low to high to the sums, by blocks turned into columns."""
    if high - low <= FEW:
        for i in range(low, high):
            _add_row(x, weight, offset, b, i, 1.0, sums)
        return
    p = x.shape[1]
    for start in range(low, high, BLOCK):
        m = min(BLOCK, high - start)
        for j in range(p):
            for i in range(m):
                columns[j, i] = x[start + i, j]
        eta, r, rx = columns[p], columns[p + 1], columns[p + 2]
        for i in range(m):
            eta[i] = offset[start + i] if len(offset) else 0.0
        for j in range(p):
            for i in range(m):
                eta[i] += b[j] * columns[j, i]
        _exponentials(eta, m, powers, r)
        if len(weight):
            for i in range(m):
                r[i] *= weight[start + i]
        _add_moments(columns, p, r, rx, m, sums)


@kernel
def _exponentials(eta: Array, m: int, powers: Array, r: Array) -> None:
    """Fill exp of the first m numbers, without branches: 2^k times Taylor's series to degree 13 within ln 2 / 2."""
    scale = powers.view(np.float64)
    for i in range(m):
        v = max(-LARGEST, min(LARGEST, eta[i]))
        k = (v * LOG2_E + ROUND) - ROUND  # the nearest whole number
        f = (v - k * LN2_HIGH) - k * LN2_LOW
        y = 1.0 / 6227020800.0
        y = y * f + 1.0 / 479001600.0
        y = y * f + 1.0 / 39916800.0
        y = y * f + 1.0 / 3628800.0
        y = y * f + 1.0 / 362880.0
        y = y * f + 1.0 / 40320.0
        y = y * f + 1.0 / 5040.0
        y = y * f + 1.0 / 720.0
        y = y * f + 1.0 / 120.0
        y = y * f + 1.0 / 24.0
        y = y * f + 1.0 / 6.0
        y = y * f + 0.5
        y = y * f + 1.0
        r[i] = y * f + 1.0
        powers[i] = (np.int64(k) + 1023) << 52
    for i in range(m):
        r[i] *= scale[i]


@summing_kernel
def _add_moments(columns: Array, p: int, r: Array, rx: Array, m: int, sums: Array) -> None:
    total = 0.0
    for i in range(m):
        total += r[i]
    sums[0] += total
    at = 1 + p
    for j in range(p):
        total = 0.0
        for i in range(m):
            rx[i] = r[i] * columns[j, i]
            total += rx[i]
        sums[1 + j] += total
        for k in range(j + 1):
            total = 0.0
            for i in range(m):
                total += rx[i] * columns[k, i]
            sums[at] += total
            at += 1


@kernel
def _add_row(x: Array, weight: Array, offset: Array, b: Array, i: int, sign: float, sums: Array) -> None:
    """Add r, r x and the lower triangle of r x x' of one row to the sums."""
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


@kernel
def _tie(s: Array, d: Array, tied: float, weight: float, efron: bool, p: int, net: Array) -> float:
    """Add what the tied events of one day take from score and information; return what the log-likelihood loses."""
    if not efron or tied == 1.0:
        _step(s, weight * tied / s[0], p, net)
        return float(weight * tied * np.log(s[0]))
    share = d[0] / s[0]
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
    one = 1.0 / s[0]
    a0, a1 = weight * a0 * one, weight * a1 * one
    q0, q1, q2 = weight * q0, weight * q1, weight * q2
    for k in range(1, len(s)):
        net[k] += s[k] * a0 - d[k] * a1
    at = 1 + p
    for j in range(1, 1 + p):
        mine, lost = s[j] * one, d[j] * one  # means first: products of raw sums would overflow far from 0
        for k in range(1, j + 1):
            other, gone = s[k] * one, d[k] * one
            net[at] -= mine * other * q0 - (mine * gone + lost * other) * q1 + lost * gone * q2
            at += 1
    return float(weight * log)


@kernel
def _step(s: Array, hazard: float, p: int, net: Array) -> None:
    """Add mean and covariance of those at risk, weighted: one event, or several under Breslow."""
    for k in range(1, len(s)):
        net[k] += s[k] * hazard
    at = 1 + p
    for j in range(1, 1 + p):
        own = s[j] * hazard
        for k in range(1, j + 1):
            net[at] -= own * (s[k] / s[0])
            at += 1


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


@kernel
def count_pairs(
    stratum: Array, day: Array, event: Array, rank: Array, weight: Array, entry: Array, by_entry: Array, found: Array
) -> None:  # fmt: skip
    """Fill weights of concordant, discordant and tied pairs [3] of sorted rows, by a Fenwick tree over the ranks."""
    size = rank.max() + 1
    tree, own = np.zeros(size + 1), np.zeros(size)
    i, e = len(day), len(by_entry) - 1
    while i > 0:
        stop, s = i, stratum[i - 1]
        total = 0.0
        while i > 0 and stratum[i - 1] == s:
            high, today = i, day[i - 1]
            while i > 0 and stratum[i - 1] == s and day[i - 1] == today and not event[i - 1]:
                i -= 1
                total += _enter(tree, own, rank[i], weight[i])
            first = i
            while first > 0 and stratum[first - 1] == s and day[first - 1] == today:
                first -= 1
            while first < i and e >= 0 and stratum[by_entry[e]] == s and entry[by_entry[e]] >= today:
                total += _enter(tree, own, rank[by_entry[e]], -weight[by_entry[e]])
                e -= 1
            for k in range(first, i):
                below = _below(tree, rank[k])
                found[0] += weight[k] * below
                found[1] += weight[k] * (total - below - own[rank[k]])
                found[2] += weight[k] * own[rank[k]]
            for k in range(first, i):
                total += _enter(tree, own, rank[k], weight[k])
            i = first
            if i == high:
                break
        while e >= 0 and stratum[by_entry[e]] == s:
            _enter(tree, own, rank[by_entry[e]], -weight[by_entry[e]])
            e -= 1
        left = len(by_entry) == 0
        for k in range(i, stop):
            if left:
                _enter(tree, own, rank[k], -weight[k])


@kernel
def _enter(tree: Array, own: Array, rank: int, weight: float) -> float:
    own[rank] += weight
    k = rank + 1
    while k < len(tree):
        tree[k] += weight
        k += k & -k
    return weight


@kernel
def _below(tree: Array, rank: int) -> float:
    total, k = 0.0, rank
    while k > 0:
        total += tree[k]
        k -= k & -k
    return float(total)
