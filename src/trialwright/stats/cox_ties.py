"""Partial likelihoods of covariates under four rules for ties: log-likelihood, score and information at b.

With r = w exp(x b), S and D the sums of r over those at risk and over the d events of a day, mean weight w of these:

    Breslow 1974    sum w x b - d w log S
    Efron 1977      sum w x b - w sum_l log(S - (l / d) D),  l = 0..d-1
    discrete        sum x b - log of the sum of exp over all sets of d subjects at risk        (Cox 1972)
    exact           the marginal likelihood over all orders of the d events                    (see exact_marginal)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.exact_discrete import log_normalizers
from trialwright.stats.exact_marginal import TieGroups, marginal_sums
from trialwright.stats.partial_likelihood import Derivatives, TieRule
from trialwright.stats.risk_sets import RiskSets

Likelihood = Callable[[FloatArray], Derivatives]


class Steps(NamedTuple):
    """Scalars of the tied events l = 0..d-1 of each group [C], with f = l / d (0 under Breslow) and s = S - f D."""

    log: FloatArray
    """sum of log s"""
    inverse: tuple[FloatArray, FloatArray]
    """sums of 1 / s and f / s"""
    square: tuple[FloatArray, FloatArray, FloatArray]
    """sums of 1 / s^2, f / s^2 and f^2 / s^2"""


def steps(tied: IntArray, at_risk: FloatArray, events: FloatArray, rule: TieRule) -> Steps:
    """Return the scalars of each group from S [C] and D [C]."""
    group = np.repeat(np.arange(len(tied)), tied)
    start = np.cumsum(tied) - tied
    f = (np.arange(len(group)) - start[group]) / tied[group] if rule == "efron" else np.zeros(len(group))
    s = at_risk[group] - f * events[group]
    one = 1 / s

    def total(values: FloatArray) -> FloatArray:
        sums: FloatArray = np.add.reduceat(values, start)
        return sums

    return Steps(
        total(np.log(s)),
        (total(one), total(f * one)),
        (total(one * one), total(f * one * one), total(f * f * one * one)),
    )


def likelihood_of(sets: RiskSets, rule: TieRule) -> Likelihood:
    """Return the partial likelihood of rows under a rule, a function of b [p]."""
    if rule in ("breslow", "efron"):
        features = Features.of(sets.rows.x)
        return lambda b: _smooth(sets, features, rule, b)
    groups = np.flatnonzero((sets.tied > 1) & (sets.staying > 0))
    single = np.flatnonzero(sets.tied == 1)
    features = Features.of(sets.rows.x)
    tied = _discrete if rule == "discrete" else _marginal
    return lambda b: _exact(sets, features, (single, groups), tied, b)


class Features(NamedTuple):
    """Columns whose weighted sums give moments: 1, x and the upper triangle of x x'."""

    columns: FloatArray
    """[n, q]"""
    pair: tuple[IntArray, IntArray]

    @classmethod
    def of(cls, x: FloatArray) -> Features:
        """Return the columns for covariates [n, p]."""
        pair = np.triu_indices(x.shape[1])
        return cls(np.concatenate([np.ones((len(x), 1)), x, x[:, pair[0]] * x[:, pair[1]]], axis=1), pair)

    def moments(self, sums: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the sums [C, q] as [C], [C, p] and [C, p, p]."""
        p = int(self.pair[0].max()) + 1
        square = np.empty((len(sums), p, p))
        square[:, self.pair[0], self.pair[1]] = sums[:, 1 + p :]
        square[:, self.pair[1], self.pair[0]] = sums[:, 1 + p :]
        return sums[:, 0], sums[:, 1 : 1 + p], square


def _smooth(sets: RiskSets, features: Features, rule: TieRule, b: FloatArray) -> Derivatives:
    eta, rates = sets.rates(b)
    sums = sets.sums(features.columns * rates[:, None])
    total = sums.at_risk[:, :1]
    s, d = sums.at_risk / total, sums.events / total  # products of raw sums would overflow far from 0
    p, weight = sets.rows.x.shape[1], sets.event_weight
    step = steps(sets.tied, s[:, 0], d[:, 0], rule)
    first, second = ((weight * a)[:, None] for a in step.inverse)
    s1, d1 = s[:, 1 : 1 + p], d[:, 1 : 1 + p]
    linear = (s * first - d * second).sum(axis=0)
    square = np.empty((p, p))
    square[features.pair] = linear[1 + p :]
    square.T[features.pair] = linear[1 + p :]
    q0, q1, q2 = ((weight * a)[:, None] for a in step.square)
    cross = (s1 * q1).T @ d1
    at, w = sets.rows.event, sets.rows.weight
    own = 1.0 if w is None else w[at]
    return Derivatives(
        float((own * eta[at]).sum() - (weight * (step.log + sets.tied * np.log(total[:, 0]))).sum()),
        (sets.rows.x[at] * (own if w is None else w[at][:, None])).sum(axis=0) - linear[1 : 1 + p],
        square - ((s1 * q0).T @ s1 - cross - cross.T + (d1 * q2).T @ d1),
    )


def _exact(
    sets: RiskSets,
    features: Features,
    groups: tuple[IntArray, IntArray],
    tied: Callable[..., tuple[float, FloatArray, FloatArray]],
    b: FloatArray,
) -> Derivatives:
    """Return the likelihood under an exact rule: days with one event, then the days that are tied."""
    single, several = groups
    eta, rates = sets.rates(b)
    sums = sets.sums(features.columns * rates[:, None])
    total, mean, spread = _centered(features.moments(sums.at_risk[single]))
    at = sets.first[single]
    log = float((eta[at] - np.log(total)).sum())
    score = (sets.rows.x[at] - mean).sum(axis=0)
    information = spread.sum(axis=0)
    if len(several):
        more = tied(sets, features, sums.staying, several, eta)
        log, score, information = log + more[0], score + more[1], information + more[2]
    return Derivatives(log, score, information)


def _centered(moments: tuple[FloatArray, FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return sum [C], mean [C, p] and covariance [C, p, p] of weighted covariates."""
    total, first, second = moments
    mean = first / total[:, None]
    return total, mean, second / total[:, None, None] - mean[:, :, None] * mean[:, None, :]


def _marginal(
    sets: RiskSets, features: Features, staying: FloatArray, groups: IntArray, eta: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    log, score, information = 0.0, np.zeros(sets.rows.x.shape[1]), np.zeros((sets.rows.x.shape[1],) * 2)
    for size in np.unique(sets.tied[groups]):
        alike = groups[sets.tied[groups] == size]
        rows = sets.first[alike][:, None] + np.arange(size)
        total, mean, spread = _centered(features.moments(staying[alike]))
        part = TieGroups(
            events=np.ones(rows.shape),
            log_rate=eta[rows] - np.log(total)[:, None],
            centered=sets.rows.x[rows] - mean[:, None, :],
            spread=spread,
        )
        more = marginal_sums(part)
        log, score, information = log + more[0], score + more[1], information + more[2]
    return log, score, information


def _discrete(
    sets: RiskSets, features: Features, staying: FloatArray, groups: IntArray, eta: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    x = sets.rows.x
    rows = np.concatenate([np.arange(sets.first[g], sets.first[g] + sets.tied[g]) for g in groups])
    normal = log_normalizers(sets, groups, eta)
    return float(eta[rows].sum() - normal[0]), x[rows].sum(axis=0) - normal[1], normal[2]
