"""Concordance of a predictor with the order of events (Harrell, Califf, Pryor, Lee and Rosati 1982)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.cox_regression import CoxRegression
from trialwright.stats.risk_sets import RiskSets, Rows

LARGE = 10_000
SAME = 1e-12
"""Predictors whose difference, over their range, is at most this are tied."""


@dataclass(frozen=True)
class Concordance:
    """Pairs of a row with an event and a row of its stratum at risk that outlasts it, weighted."""

    value: float | None
    """(concordant + tied / 2) / pairs"""
    concordant: float
    """The earlier event has the larger predictor."""
    discordant: float
    tied: float
    """Equal predictors"""
    problem: str | None = None


def concordance(fit: CoxRegression) -> Concordance:
    """Return how often the linear predictor orders two rows as their events came.

    Events on one day are not compared; a row censored on the day outlasts it. ValueError without a linear predictor.

    >>> from trialwright.stats import CoxData, cox_regression
    >>> concordance(cox_regression(CoxData.of([1, 2, 3, 4], [1, 1, 1, 0], {"x": [3, 4, 1, 2]}))).value
    0.6666666666666666
    """
    data, predictor = fit.data, fit.linear_predictor
    if data.offset is not None:
        predictor = predictor + data.offset
    rank = _ranks(predictor)
    rows = Rows(data.day, data.event, rank[:, None].astype(float), data.stratum, data.entry, data.weight, None)
    sets = RiskSets.of(rows)
    count = _compiled if len(data) >= LARGE else _plain
    weight = np.ones(len(data)) if sets.rows.weight is None else sets.rows.weight
    concordant, discordant, tied = count(sets, rank[sets.order], weight)
    pairs = concordant + discordant + tied
    if pairs == 0:
        return Concordance(None, 0.0, 0.0, 0.0, "no event while anybody stays at risk in its stratum")
    return Concordance((concordant + tied / 2) / pairs, concordant, discordant, tied)


def _ranks(predictor: FloatArray) -> IntArray:
    order = np.argsort(predictor, kind="stable")
    rank = np.zeros(len(predictor), np.int64)
    rank[order[1:]] = np.cumsum(np.diff(predictor[order]) > SAME * np.ptp(predictor))
    return rank


def _plain(sets: RiskSets, rank: IntArray, weight: FloatArray) -> tuple[float, float, float]:
    found = np.zeros(3)
    for g in range(len(sets.first)):
        events, staying = sets.members(g)
        above = np.sign(rank[events][:, None] - rank[staying])
        pair = weight[events][:, None] * weight[staying]
        found += [float(pair[above == sign].sum()) for sign in (1, -1, 0)]
    return float(found[0]), float(found[1]), float(found[2])


def _compiled(sets: RiskSets, rank: IntArray, weight: FloatArray) -> tuple[float, float, float]:
    from trialwright.stats._kernels_cox import count_pairs

    rows = sets.rows
    none = np.zeros(0, np.int64)
    by_entry = none if rows.entry is None else np.lexsort((rows.entry, rows.stratum))
    entry = none if rows.entry is None else rows.entry
    found = np.zeros(3)
    count_pairs(rows.stratum, rows.day, rows.event, rank, weight, entry, by_entry, found)
    return float(found[0]), float(found[1]), float(found[2])
