"""Score residuals and the variance that allows for dependent rows.

The residual of a row is its share in the score: with steps h_l of the baseline hazard at the l-th of d tied events,
x_l the mean of the covariates at risk there and f = l / d (0 under Breslow),

    event: mean of x - x_l over l;  less  r (x - x_l) h_l over all steps while at risk, events of the day times 1 - f

Summed over clusters and multiplied by the inverse information they estimate how the coefficients would move without
the cluster; the sum of their squares is the robust variance (Lin and Wei 1989; Lee, Wei and Amato 1992).

The exact rules have none here. Their likelihood is of the whole set of those tied: the discrete rule sums over all sets
that could have had the events, the marginal one over all orders. The share of one subject in it is a convention that
matters where many are tied, which is where these rules are chosen; R and SAS have none either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.partial_likelihood import TieRule
from trialwright.stats.risk_sets import RiskSets

if TYPE_CHECKING:
    from trialwright.stats.cox_data import CoxData
    from trialwright.stats.monotone import Supremum


def robust_covariance(
    data: CoxData, top: Supremum, inverse: FloatArray, place: list[int], over: FloatArray
) -> FloatArray:
    """Return the sandwich variance [k, k] of the coefficients at ``place`` of the inverse information.

    ``over`` [k] turns standard coefficients into those of the covariates. Raises ValueError under an exact rule.
    """
    if top.model.rule not in ("efron", "breslow"):
        raise ValueError(
            f"ties={top.model.rule!r} has no robust variance: its likelihood is of whole sets of tied subjects, "
            f"in which the share of one is not defined. Use efron or breslow."
        )
    residuals = score_residuals(top.model.sets, top.model.rule, top.climb.b)[:, top.kept]
    if top.model.place is not None:
        back = np.empty_like(residuals)
        back[top.model.place] = residuals
        residuals = back
    if data.weight is not None:
        residuals = residuals * data.weight[:, None]
    moves = (residuals @ inverse)[:, place] * over
    if data.cluster is not None:
        moves = np.stack([np.bincount(data.cluster, column) for column in moves.T], axis=1)
    covariance: FloatArray = moves.T @ moves
    return covariance


def score_residuals(sets: RiskSets, rule: TieRule, b: FloatArray) -> FloatArray:
    """Return the score residuals [n, p] in the order of the rows the sets were made of; unweighted, they sum to zero.

    At other b than the maximum they sum to the score.
    """
    eta, weighted = sets.rates(b)
    rows, at = sets.rows, sets.rows.event
    x, p = rows.x, rows.x.shape[1]
    sums = sets.sums(np.concatenate([np.ones((len(x), 1)), x], axis=1) * weighted[:, None])
    group = np.repeat(np.arange(len(sets.tied)), sets.tied)
    start = np.cumsum(sets.tied) - sets.tied
    f = (np.arange(len(group)) - start[group]) / sets.tied[group] if rule == "efron" else np.zeros(len(group))
    reached = sums.at_risk[group] - f[:, None] * sums.events[group]
    mean = reached[:, 1:] / reached[:, :1]
    hazard = sets.event_weight[group] / reached[:, 0]

    def total(values: FloatArray) -> FloatArray:
        found: FloatArray = np.add.reduceat(values, start)
        return found

    step = np.column_stack([total(hazard), total(hazard[:, None] * mean)])
    kept = np.column_stack([total(f * hazard), total((f * hazard)[:, None] * mean)])
    cumulative = _within(sets, step)
    passed = _at(cumulative, sets.owner)
    if sets.late is not None:
        missed = sets.late >= sets.owner
        passed = np.where(missed[:, None], 0.0, passed - _at(cumulative, sets.late))
    passed[at] -= kept[group]
    rates = np.exp(eta)[:, None]
    residuals = -rates * (x * passed[:, :1] - passed[:, 1:])
    residuals[at] += x[at] - (total(mean) / sets.tied[:, None])[group]
    back = np.empty((len(x), p))
    back[sets.order] = residuals
    return back


def _within(sets: RiskSets, step: FloatArray) -> FloatArray:
    """Accumulate steps [C, q] from the first group of each stratum."""
    cuts = np.flatnonzero(~sets.same_stratum) + 1
    parts = [np.cumsum(part, axis=0) for part in np.split(step, cuts)]
    return np.concatenate(parts)


def _at(cumulative: FloatArray, group: IntArray) -> FloatArray:
    found: FloatArray = np.where((group >= 0)[:, None], cumulative[group], 0.0)
    return found
