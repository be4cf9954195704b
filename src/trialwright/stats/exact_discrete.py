"""The normalizing sum of the exact discrete likelihood, by recursion over the subjects at risk.

Over all sets of k of the subjects, B_k sums exp of the set's linear predictors; adding a subject gives
B_k + exp(eta) B_(k-1) (Gail, Lubin and Rubinstein 1981, equation 1; Howard 1972). Kept here as L = log B with its
gradient G and Hessian H, which are mean and covariance of the set's covariate sum: with q the share of the sets that
hold the new subject, G' = (1 - q) G_k + q (G_(k-1) + x), and H' follows by the law of total covariance. Nothing can
overflow, and nothing is subtracted.
"""

from __future__ import annotations

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.risk_sets import RiskSets

FEW = 10_000
"""Rows below which the recursion runs without compiled code, which the first time takes seconds to compile."""
Recursion = tuple[FloatArray, FloatArray, FloatArray]


def log_normalizers(sets: RiskSets, groups: IntArray, eta: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Return the sums over groups of log B_d, its gradient [p] and its Hessian [p, p].

    Without late entry the subjects at risk only grow from the last day to the first, and one pass serves all days of
    a stratum; with it each tied day has a pass of its own.
    """
    p = sets.rows.x.shape[1]
    total, mean, spread = 0.0, np.zeros(p), np.zeros((p, p))
    for rows, until, sizes in _passes(sets, groups):
        more = _walk(eta[rows], sets.rows.x[rows], until, sizes)
        total, mean, spread = total + more[0], mean + more[1], spread + more[2]
    return total, mean, spread


def _passes(sets: RiskSets, groups: IntArray) -> list[tuple[IntArray, IntArray, IntArray]]:
    """Return for each pass the rows in order, how many have been added when a day is read, and its events."""
    if sets.rows.entry is not None:
        found = []
        for g in groups:
            rows = np.concatenate(sets.members(int(g)))
            found.append((rows, np.array([len(rows)]), sets.tied[[g]]))
        return found
    found = []
    for end in np.unique(sets.end[groups]):
        own = groups[sets.end[groups] == end][::-1]
        found.append((np.arange(end - 1, sets.first[own[-1]] - 1, -1), end - sets.first[own], sets.tied[own]))
    return found


def _walk(eta: FloatArray, x: FloatArray, until: IntArray, sizes: IntArray) -> tuple[float, FloatArray, FloatArray]:
    if len(eta) >= FEW:
        from trialwright.stats._kernels_cox import discrete_walk

        mean, spread = np.zeros(x.shape[1]), np.zeros((x.shape[1], x.shape[1]))
        given = (np.ascontiguousarray(eta), np.ascontiguousarray(x), until.astype(np.int64), sizes.astype(np.int64))
        return float(discrete_walk(*given, mean, spread)), mean, spread
    return _plain_walk(eta, x, until, sizes)


def _plain_walk(
    eta: FloatArray, x: FloatArray, until: IntArray, sizes: IntArray
) -> tuple[float, FloatArray, FloatArray]:
    """Walk with second moments instead of covariances, which takes fewer steps of the interpreter."""
    most, p = int(sizes.max()), x.shape[1]
    pair = np.triu_indices(p)
    square = x[:, pair[0]] * x[:, pair[1]]
    log, mean, second = np.full(most + 1, -np.inf), np.zeros((most + 1, p)), np.zeros((most + 1, len(pair[0])))
    log[0] = 0.0
    total, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    done = 0
    for stop, size in zip(until.tolist(), sizes.tolist(), strict=True):
        for i in range(done, stop):
            _add((log, mean, second), i + 1, float(eta[i]), (x[i], x[i, pair[0]], x[i, pair[1]], square[i]), pair)
        done = stop
        total, score = total + log[size], score + mean[size]
        spread = np.empty((p, p))
        spread[pair] = second[size]
        spread.T[pair] = second[size]
        information += spread - np.outer(mean[size], mean[size])
    return total, score, information


def _add(
    sets: tuple[FloatArray, FloatArray, FloatArray],
    subjects: int,
    eta: float,
    x: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    pair: tuple[IntArray, IntArray],
) -> None:
    """Add one subject to the sums over sets of 1 to at most all ``subjects``, in place."""
    log, mean, second = sets
    top = min(len(log) - 1, subjects)
    one, first, other, square = x
    with_it = log[:top] + eta
    both = np.logaddexp(log[1 : top + 1], with_it)
    q = np.exp(with_it - both)[:, None]
    before = mean[:top]
    grown = second[:top] + before[:, pair[0]] * other + before[:, pair[1]] * first + square
    second[1 : top + 1] += q * (grown - second[1 : top + 1])
    mean[1 : top + 1] += q * (before + one - mean[1 : top + 1])
    log[1 : top + 1] = both
