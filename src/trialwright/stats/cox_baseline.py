"""The baseline hazard of a fitted Cox model, and survival for given covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray
from trialwright.stats.cox_regression import CoxRegression
from trialwright.stats.cox_ties import steps


@dataclass(frozen=True, eq=False)
class BaselineHazard:
    """The cumulative hazard of one stratum at fixed covariates: a step function, flat between its days."""

    stratum: str
    days: FloatArray
    """[T] days with an event"""
    hazard: FloatArray
    """[T] cumulative hazard"""

    def at(self, days: ArrayLike) -> FloatArray:
        """Return the cumulative hazard on days."""
        place = np.searchsorted(self.days, np.asarray(days, float), side="right")
        return np.concatenate([[0.0], self.hazard])[place]

    @property
    def survival(self) -> FloatArray:
        """[T] exp of minus the cumulative hazard"""
        survival: FloatArray = np.exp(-self.hazard)
        return survival


def baseline_hazard(fit: CoxRegression, covariates: Mapping[str, float] | None = None) -> dict[str, BaselineHazard]:
    """Return the cumulative hazard by stratum, for given covariates; those not given are 0, and so is the offset.

    Steps are sum w / S under Breslow and the sum over tied events of w / (S - (l / d) D) under Efron, as R's basehaz;
    under the exact rules Breslow's. Raises ValueError where a coefficient is not finite.

    >>> from trialwright.stats import CoxData, cox_regression
    >>> fit = cox_regression(CoxData.of([1, 2, 3, 4], [1, 1, 1, 0], {"x": [1, 0, 1, 0]}))
    >>> baseline_hazard(fit)["all"].hazard.round(6).tolist()
    [0.140388, 0.359612, 0.640388]
    """
    given = dict(covariates or {})
    for name in given:
        _ = fit[name]
    if fit.supremum is None or not np.isfinite(fit.coef).all():
        raise ValueError(f"there is no baseline hazard: {fit.problem}")
    wanted = np.array([given.get(name, 0.0) for name in fit.data.names])
    sets, b = fit.supremum.model.sets, fit.supremum.climb.b
    _, rates = sets.rates(b)
    sums = sets.sums(rates[:, None])
    step = steps(sets.tied, sums.at_risk[:, 0], sums.events[:, 0], fit.ties).inverse[0] * sets.event_weight
    place = sets.order if fit.supremum.model.place is None else fit.supremum.model.place[sets.order]
    cuts = np.flatnonzero(~sets.same_stratum) + 1
    found = {}
    for part in np.split(np.arange(len(step)), cuts):
        row = sets.first[part[0]]
        # the model's covariates are centered within the stratum: undo it by way of one row of the stratum
        shift = float((wanted - fit.data.covariates[place[row]]) @ fit.coef + sets.rows.x[row] @ b)
        name = fit.data.strata[fit.data.stratum[place[row]]]
        days = sets.rows.day[sets.first[part]]
        shown = days.astype(float) if fit.data.values is None else fit.data.values[days]
        found[name] = BaselineHazard(name, shown, np.cumsum(step[part]) * np.exp(shift))
    return found
