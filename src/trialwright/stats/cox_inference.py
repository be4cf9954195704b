"""Profile-likelihood limits of hazard ratios."""

from __future__ import annotations

import math

from trialwright.stats.cox import CoxFit, cox
from trialwright.stats.cox_regression import Coefficient, CoxRegression, exponential
from trialwright.stats.estimates import Estimate, two_sided_z
from trialwright.stats.event_times import EventTimes
from trialwright.stats.newton import Climb, Likelihood, climb, profile_limit
from trialwright.stats.partial_likelihood import TieRule, partial_likelihood
from trialwright.stats.risk_table import RiskTable, Ties, as_table

NO_LIMIT = "the profile likelihood does not fall far enough on one side"


def profile_limits(fit: CoxRegression) -> dict[str, Estimate]:
    """Return each hazard ratio with the limits of its profile likelihood (Venzon and Moolgavkar 1988), by covariate.

    A limit is where the log-likelihood, maximized over the other coefficients, is z^2 / 2 below its maximum, z the
    normal quantile of the level of the fit. Where the hazard ratio is 0 or infinite the one limit that the fit holds
    is of this kind already.

    >>> from trialwright.stats import CoxData, cox_regression
    >>> data = CoxData.of([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0], {"x": [1, 0, 1, 0, 0, 1]})
    >>> limits = profile_limits(cox_regression(data))["x"]
    >>> round(limits.lower, 6), round(limits.upper, 6)
    (0.107135, 5.046315)
    """
    return {c.name: _of_coefficient(fit, k, c) for k, c in enumerate(fit.coefficients)}


def _of_coefficient(fit: CoxRegression, k: int, own: Coefficient) -> Estimate:
    if own.se is None or fit.supremum is None:
        return Estimate(own.hazard_ratio, own.lower, own.upper, fit.level, problem=own.problem)
    top, scale = fit.supremum, float(fit.supremum.model.scale[k])
    return limits_of(top.model.likelihood, top.climb, top.kept, k, se=own.se * scale, level=fit.level, scale=scale)


def limits_of(
    likelihood: Likelihood, top: Climb, kept: list[int], k: int, *, se: float, level: float, scale: float = 1.0
) -> Estimate:
    """Return the hazard ratio of coefficient k with profile limits; ``se`` only starts the search."""
    z = two_sided_z(level)
    limits = [profile_limit(likelihood, top, kept, k, se=se, z=z, side=side) for side in (-1, 1)]
    lower, upper = (None if b is None else exponential(b / scale) for b in limits)
    problem = NO_LIMIT if lower is None or upper is None else None
    return Estimate(exponential(float(top.b[k]) / scale), lower, upper, level, se=se / scale, problem=problem)


def profile_hazard_ratios(
    times: EventTimes | RiskTable, *, ties: TieRule = "efron", level: float = 0.95
) -> dict[str, Estimate]:
    """Return the hazard ratio of each arm against the first, with profile-likelihood limits, from the risk table.

    >>> times = EventTimes.of([3, 5, 7, 9, 11, 12], [1, 1, 1, 1, 1, 0], ["A", "A", "B", "A", "B", "B"])
    >>> found = profile_hazard_ratios(times)["B"]
    >>> round(found.value, 6), round(found.lower, 6), round(found.upper, 6)
    (0.184917, 0.008984, 1.498823)
    """
    table = as_table(times)
    fit = cox(table, ties=ties, level=level)
    if fit.covariance is None or any(effect.coef is None for effect in fit.effects):
        return {e.arm: Estimate(e.hazard_ratio, e.lower, e.upper, level, problem=e.problem) for e in fit.effects}
    return _of_arms(table, fit)


def _of_arms(table: RiskTable, fit: CoxFit) -> dict[str, Estimate]:
    import numpy as np

    likelihood = partial_likelihood(Ties(table.ties.stratum, table.ties.events, table.ties.at_risk), fit.ties)
    b = np.array([0.0, *(e.coef or 0.0 for e in fit.effects)])
    kept = list(range(1, len(b)))
    top = climb(likelihood, b, likelihood(b), kept)
    found = {}
    for k, effect in enumerate(fit.effects, start=1):
        found[effect.arm] = limits_of(likelihood, top, kept, k, se=effect.se or math.nan, level=fit.level)
    return found
