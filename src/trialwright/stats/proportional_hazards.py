"""The test of proportional hazards by Grambsch and Therneau, in the score form.

Grambsch and Therneau 1994; the score form is that of R's survival 3.0 and later and differs from the approximation of
older versions. Each covariate x is joined by x g(t); the score test of the new coefficients at 0 needs no second fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.cox_steps import CoxSteps
from trialwright.stats.estimates import Test
from trialwright.stats.fitted_cox import FittedCox
from trialwright.stats.residuals import risk_sets_with_information

TimeTransform = Literal["km", "rank", "identity", "log"]


@dataclass(frozen=True, eq=False)
class ProportionalHazardsTest:
    """Tests of the terms one by one, and of all together."""

    transform: TimeTransform
    terms: dict[str, Test]
    overall: Test
    """R calls it GLOBAL."""


def proportional_hazards_test(fit: FittedCox, transform: TimeTransform = "km") -> ProportionalHazardsTest:
    """Return the tests of proportional hazards against a hazard ratio that changes with g(t).

    ``transform``: "km" g = 1 - S(t-) of all rows together, R's default; "rank" among the ends of follow-up of all
    rows, mean ranks for ties; "identity"; "log". A term of several columns is tested with as many degrees of freedom.
    Raises ValueError for an unknown transform, an event at time 0 under "log", no event, or aliased covariates.

    >>> x = [[0.0], [0], [1], [0], [1], [1]]
    >>> fit = FittedCox.of([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0], x, [-1.6878463], names=["arm"], ties="efron")
    >>> test = proportional_hazards_test(fit, "identity").overall
    >>> f"{test.statistic:.4f}", test.df
    ('0.0823', 1)
    """
    if transform not in get_args(TimeTransform):
        raise ValueError(f"transform must be one of {', '.join(get_args(TimeTransform))}; got {transform!r}")
    sets = risk_sets_with_information(fit)
    g = _transformed(sets, transform)
    score, information = _score_and_information(sets, g)
    everything = [j for _, columns in fit.terms for j in columns]
    return ProportionalHazardsTest(
        transform,
        {name: _test(score, information, columns) for name, columns in fit.terms},
        _test(score, information, tuple(everything)),
    )


def _score_and_information(sets: CoxSteps, g: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the score [p] of x g(t) and the information [2p, 2p] of x and x g(t)."""
    steps = g[sets.group]
    middle = float((steps * sets.step_weight).sum() / sets.step_weight.sum())
    steps, groups = steps - middle, g - middle  # only x (g - c) is new beside x, whatever c
    fit = sets.fit
    residual = fit.centered[fit.event] - sets.group_mean[sets.own_group]
    score = (groups[sets.own_group] * fit.weight[fit.event]) @ residual
    plain, cross, square = (sets.weighted_information(steps**power) for power in (0, 1, 2))
    return score, np.block([[plain, cross], [cross, square]])


def _test(score: FloatArray, information: FloatArray, columns: tuple[int, ...]) -> Test:
    p = len(score)
    kept = [*range(p), *(p + j for j in columns)]
    u = np.concatenate([np.zeros(p), score[list(columns)]])
    scale = np.sqrt(np.maximum(np.diag(information)[kept], 0))
    if (scale == 0).any():
        return Test.impossible("no information: g(t) is the same at all events")
    scaled = information[np.ix_(kept, kept)] / np.outer(scale, scale)
    if np.linalg.cond(scaled) > 1e12:
        return Test.impossible("no information: the change with time cannot be told from the covariates themselves")
    return Test.chi_square(float(u / scale @ np.linalg.solve(scaled, u / scale)), len(columns))


def _transformed(sets: CoxSteps, transform: TimeTransform) -> FloatArray:
    """Return g at the time of each group [G]."""
    if transform == "identity":
        return sets.time
    if transform == "log":
        if (sets.time <= 0).any():
            raise ValueError("transform log needs events after time 0; got an event at time 0. Take km or rank.")
        logs: FloatArray = np.log(sets.time)
        return logs
    return _ranks(sets) if transform == "rank" else _failed_before(sets)


def _ranks(sets: CoxSteps) -> FloatArray:
    """Return the mean rank of each group's time among the exits of all rows, censored ones and all strata included."""
    exits = np.sort(sets.fit.exit)
    below, up_to = np.searchsorted(exits, sets.time, side="left"), np.searchsorted(exits, sets.time, side="right")
    ranks: FloatArray = (below + 1 + up_to) / 2
    return ranks


def _failed_before(sets: CoxSteps) -> FloatArray:
    """Return 1 - S(t-) by Kaplan and Meier of all rows, strata together and without weights, at each group's time."""
    fit = sets.fit
    times, d = np.unique(fit.exit[fit.event], return_counts=True)
    at_risk = len(fit.exit) - np.searchsorted(np.sort(fit.exit), times, side="left")
    if fit.entry is not None:
        at_risk -= len(fit.exit) - np.searchsorted(np.sort(fit.entry), times, side="left")
    survival = np.concatenate([[1.0], np.cumprod(1 - d / at_risk)])
    failed: FloatArray = 1 - survival[np.searchsorted(times, sets.time)]
    return failed
