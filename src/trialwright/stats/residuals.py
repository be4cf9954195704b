"""Residuals of a fitted Cox model: martingale, deviance, score, dfbeta, Schoenfeld and scaled Schoenfeld.

Therneau, Grambsch and Fleming 1990; Therneau and Grambsch 2000, chapters 4 to 7. Under Efron's rule a row that has
its event in a group of d tied events is at risk there with weights 1 - l/d, as in the likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray
from trialwright.stats.cox_steps import CoxSteps
from trialwright.stats.fitted_cox import FittedCox


@dataclass(frozen=True, eq=False)
class CoxResiduals:
    """The residuals of n rows and d events; none is multiplied by the case weights."""

    names: tuple[str, ...]
    martingale: FloatArray
    """[n] events less expected events; they sum to 0 (with weights, weighted)."""
    deviance: FloatArray
    """[n] martingale residuals made more symmetric about 0."""
    score: FloatArray
    """[n, p] share of each row in the score; they sum to 0 at the estimate."""
    dfbeta: FloatArray
    """[n, p] approximate change of the coefficients due to the row: score times the model's covariance."""
    event_rows: IntArray
    """[d] the rows of the Schoenfeld residuals: by stratum, then time, then row."""
    event_times: FloatArray
    """[d]"""
    schoenfeld: FloatArray
    """[d, p] covariate of the event less its mean at risk."""
    scaled_schoenfeld: FloatArray
    """[d, p] times the number of events and the covariance, plus the coefficient: about b(t)."""


def cox_residuals(fit: FittedCox) -> CoxResiduals:
    """Return all residuals of a fitted Cox model, rows in the order given.

    Martingale M_i = N_i - integral of r_i dL; deviance sign(M) sqrt(-2 (M + N log(N - M))); score: integral of
    (x_i - mean) dM_i; Schoenfeld x_i - mean at each event, averaged over Efron's steps. Raises ValueError without any
    event or when the information is singular (an aliased covariate).

    >>> fit = FittedCox.of([1, 2, 3], [1, 1, 0], [[0.0], [1.0], [0.0]], [0.0], names=["arm"], ties="efron")
    >>> cox_residuals(fit).martingale.round(3).tolist()
    [0.667, 0.167, -0.833]
    """
    sets = risk_sets_with_information(fit)
    martingale, score = _martingale(sets), _score(sets)
    covariance = np.linalg.inv(sets.information)
    rows = _event_rows(fit)
    schoenfeld = fit.centered[rows] - sets.group_mean[sets.last[rows] - 1]
    scaled = int(fit.event.sum()) * schoenfeld @ covariance + fit.coef
    return CoxResiduals(
        names=fit.names,
        martingale=martingale,
        deviance=_deviance(martingale, fit.event),
        score=score,
        dfbeta=score @ covariance,
        event_rows=rows,
        event_times=fit.exit[rows],
        schoenfeld=schoenfeld,
        scaled_schoenfeld=scaled,
    )


def risk_sets_with_information(fit: FittedCox) -> CoxSteps:
    """Return the risk sets of a model; raise ValueError when they say nothing on some covariate."""
    if not fit.event.any():
        raise ValueError("a Cox model without an event has no residuals; at least one event is needed")
    sets = CoxSteps.of(fit)
    scale = np.sqrt(np.maximum(np.diag(sets.information), 0))
    flat = [name for name, s in zip(fit.names, scale, strict=True) if s == 0]
    if flat or np.linalg.cond(sets.information / np.outer(scale, scale)) > 1e12:
        named = ", ".join(flat or fit.names)
        raise ValueError(f"the risk sets must tell the covariates apart; got no information on {named}. Leave one out.")
    return sets


def _martingale(sets: CoxSteps) -> FloatArray:
    steps = np.stack([sets.step_hazard, sets.step_hazard * sets.passed], axis=1)
    groups = sets.by_group(steps)
    expected = sets.while_at_risk(groups[:, :1])[:, 0]
    event = sets.fit.event
    expected[event] -= groups[sets.own_group, 1]
    martingale: FloatArray = event - sets.hazard * expected
    return martingale


def _deviance(martingale: FloatArray, event: BoolArray) -> FloatArray:
    log = np.log(np.where(event, 1 - martingale, 1.0))
    deviance: FloatArray = np.sign(martingale) * np.sqrt(np.maximum(-2 * (martingale + log), 0.0))
    return deviance


def _score(sets: CoxSteps) -> FloatArray:
    """Return the integral of (x - mean) dM: the event's part less the part of each day at risk."""
    x, event, p = sets.fit.centered, sets.fit.event, len(sets.fit.names)
    hazard = sets.step_hazard[:, None]
    moments = np.concatenate([hazard, hazard * sets.mean], axis=1)
    groups = sets.by_group(np.concatenate([moments, moments * sets.passed[:, None]], axis=1))
    total = sets.while_at_risk(groups[:, : p + 1])
    total[event] -= groups[sets.own_group, p + 1 :]
    score: FloatArray = -sets.hazard[:, None] * (x * total[:, :1] - total[:, 1:])
    score[event] += x[event] - sets.group_mean[sets.own_group]
    return score


def _event_rows(fit: FittedCox) -> IntArray:
    rows = np.flatnonzero(fit.event)
    order: IntArray = rows[np.lexsort((fit.exit[rows], fit.stratum[rows]))]
    return order
