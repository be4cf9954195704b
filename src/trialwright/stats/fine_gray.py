"""The proportional subdistribution hazards model of Fine and Gray.

Subjects taken by another cause at X stay in the risk set of a later day t with weight G(t-) / G(X-), G the
Kaplan-Meier estimate of being uncensored (Fine and Gray 1999, section 3; Geskus 2011). In strata each has a baseline
and a G of its own (Zhou, Latouche, Rocha and Fine 2011, section 2). On a day shared by events and
censorings R's packages differ: ``cmprsk::crr`` counts those with events among the subjects at risk of censoring
("together"), ``survival::finegray`` does not ("after").
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray
from trialwright.stats.columns import refuse, same_length
from trialwright.stats.competing import CompetingTimes
from trialwright.stats.estimates import normal_tail, two_sided_z
from trialwright.stats.simple_times import require_simple
from trialwright.stats.subdistribution import Subdistribution

SubdistributionTies = Literal["breslow", "efron"]
CensoringTies = Literal["together", "after"]
STEP = 1e-11
MOST_STEPS = 50
FAR = 30.0
"""A linear predictor spread over this many units stands for a likelihood without a maximum."""


@dataclass(frozen=True)
class SubdistributionHazard:
    """The subdistribution hazard ratio of a term, with the robust standard error; None: see ``problem``."""

    term: str
    hazard_ratio: float | None
    lower: float | None
    upper: float | None
    level: float
    coef: float | None
    se: float | None
    """Allows for the estimated weights (Fine and Gray 1999, section 3.2)."""
    naive_se: float | None
    """From the information, as if the weights were known."""
    z: float | None
    p: float | None
    problem: str | None = None


@dataclass(frozen=True, eq=False)
class FineGrayFit:
    """A fitted model of the subdistribution hazard of a cause."""

    cause: str
    effects: tuple[SubdistributionHazard, ...]
    covariance: FloatArray | None
    """[terms, terms], robust."""
    log_likelihood: float | None
    log_likelihood_null: float
    subjects: int
    events: int
    competing: int
    strata: tuple[str, ...]
    """With a baseline and weights of their own."""
    ties: SubdistributionTies
    censoring_ties: CensoringTies
    level: float
    problem: str | None = None

    @property
    def effect(self) -> SubdistributionHazard:
        """Return the only effect of a model of one term."""
        if len(self.effects) != 1:
            raise ValueError(f"this model has {len(self.effects)} terms; read effects")
        return self.effects[0]


def fine_gray(
    times: CompetingTimes,
    cause: str,
    covariates: Mapping[str, ArrayLike] | None = None,
    *,
    ties: SubdistributionTies = "breslow",
    censoring_ties: CensoringTies = "together",
    level: float = 0.95,
) -> FineGrayFit:
    """Return the model of a cause on the arms (the first is the reference) or on numeric covariates {name: [n]}.

    Stratified by the strata of ``times``: each has its own baseline and its own weights, for trials with few large
    strata (Zhou, Latouche, Rocha and Fine 2011); R's ``coxph(..., strata)`` on ``finegray(..., strata)`` data.

    ``ties`` and ``censoring_ties`` "breslow" and "together" are R's ``cmprsk::crr``; "after" with either tie rule is
    R's ``coxph`` on ``finegray`` data. The robust variance is the sandwich of Fine and Gray, with residuals by
    Breslow's baseline under both tie rules. Raises ValueError on delayed entry and case weights, missing covariates,
    and fewer than two arms where there are no covariates.

    >>> cause = [1, 1, 2, 0, 2, 1, 0, 1]
    >>> times = CompetingTimes.of([1, 2, 3, 4, 5, 6, 7, 8], cause, list("AABABBAB"), causes=["x", "y"])
    >>> effect = fine_gray(times, "x").effect
    >>> effect.term, round(effect.hazard_ratio, 4)
    ('B', 0.2772)
    """
    _known("ties", ties, SubdistributionTies)
    _known("censoring_ties", censoring_ties, CensoringTies)
    require_simple(times.ended, "the subdistribution hazard")
    names, matrix = _arms(times) if covariates is None else _columns(covariates, len(times))
    risk = Subdistribution.of(times, times.code(cause), censoring_ties == "after")
    scaled = _scaled(matrix)
    null = risk.evaluate(scaled.matrix, np.zeros(len(names)), ties)
    fit = _fit(risk, scaled, ties)
    events, competing = int(risk.own.sum()), int(risk.other.sum())
    problem = None if isinstance(fit, _Maximum) else fit
    z = two_sided_z(level)
    effects = tuple(
        _effect(name, j, fit, z, level) if isinstance(fit, _Maximum) else _none(name, level, fit)
        for j, name in enumerate(names)
    )
    covariance, top = (fit.robust, fit.log_likelihood) if isinstance(fit, _Maximum) else (None, None)
    return FineGrayFit(
        cause,
        effects,
        covariance,
        top,
        null.log_likelihood,
        len(times),
        events,
        competing,
        times.strata,
        ties,
        censoring_ties,
        level,
        problem,
    )


class _Scaled(NamedTuple):
    matrix: FloatArray
    """[n, terms] of mean 0 and standard deviation 1"""
    scale: FloatArray


class _Maximum(NamedTuple):
    coef: FloatArray
    naive: FloatArray
    robust: FloatArray
    log_likelihood: float


def _fit(risk: Subdistribution, scaled: _Scaled, ties: SubdistributionTies) -> _Maximum | str:
    """Return the maximum by Newton's method with halved steps, or why there is none."""
    if not risk.own.any():
        return "no event of this cause"
    x = scaled.matrix
    b = np.zeros(x.shape[1])
    at = risk.evaluate(x, b, ties)
    if np.linalg.matrix_rank(at.information, tol=1e-9 * max(1.0, np.abs(at.information).max())) < len(b):
        return "a term is constant, or a combination of others, in the risk sets: its effect is not determined"
    for _ in range(MOST_STEPS):
        step = np.linalg.solve(at.information, at.score)
        there = risk.evaluate(x, b + step, ties)
        while there.log_likelihood < at.log_likelihood - 1e-10 * abs(at.log_likelihood) and np.abs(step).max() > STEP:
            step = step / 2
            there = risk.evaluate(x, b + step, ties)
        b, at = b + step, there
        if np.ptp(x @ b) > FAR or not np.isfinite(at.information).all():
            return "the likelihood rises without end: events lie on one side of a covariate or arm only"
        if np.abs(step).max() <= STEP:
            return _maximum(risk, scaled, b, ties)
    return f"Newton's method did not settle in {MOST_STEPS} steps"


def _maximum(risk: Subdistribution, scaled: _Scaled, b: FloatArray, ties: SubdistributionTies) -> _Maximum:
    at = risk.evaluate(scaled.matrix, b, ties)
    naive = np.linalg.inv(at.information)
    scores = risk.scores(scaled.matrix, b)
    robust = naive @ (scores.T @ scores) @ naive
    back = np.outer(1 / scaled.scale, 1 / scaled.scale)
    return _Maximum(b / scaled.scale, naive * back, robust * back, at.log_likelihood)


def _effect(name: str, j: int, fit: _Maximum, z: float, level: float) -> SubdistributionHazard:
    coef, se, naive = float(fit.coef[j]), math.sqrt(fit.robust[j, j]), math.sqrt(fit.naive[j, j])
    if se < STEP * naive:
        problem = "the robust variance is 0: the events are too few, or all on one day"
        return SubdistributionHazard(name, math.exp(coef), None, None, level, coef, None, naive, None, None, problem)
    ratio, lower, upper = (math.exp(b) for b in (coef, coef - z * se, coef + z * se))
    p = 2 * normal_tail(-abs(coef / se))
    return SubdistributionHazard(name, ratio, lower, upper, level, coef, se, naive, coef / se, p)


def _none(name: str, level: float, problem: str) -> SubdistributionHazard:
    return SubdistributionHazard(name, None, None, None, level, None, None, None, None, None, problem)


def _arms(times: CompetingTimes) -> tuple[tuple[str, ...], FloatArray]:
    present = np.bincount(times.arm, minlength=len(times.arms)) > 0
    if present.sum() < 2 or not present[0]:
        names = " and ".join(np.array(times.arms)[present])
        raise ValueError(f"a comparison needs subjects in the reference arm {times.arms[0]} and another; got {names}")
    others = [a for a in range(1, len(times.arms)) if present[a]]
    return tuple(times.arms[a] for a in others), np.column_stack([times.arm == a for a in others]).astype(float)


def _columns(covariates: Mapping[str, ArrayLike], n: int) -> tuple[tuple[str, ...], FloatArray]:
    columns = []
    for name, column in covariates.items():
        numbers = np.asarray(column, float)
        same_length(name, numbers, n)
        refuse(name, "known and finite", ~np.isfinite(numbers), numbers, "Leave such subjects out by a rule.")
        columns.append(numbers)
    if not columns:
        raise ValueError("covariates must name at least one column; got none. For the arms leave covariates out.")
    return tuple(covariates), np.column_stack(columns)


def _scaled(matrix: FloatArray) -> _Scaled:
    centered = matrix - matrix.mean(axis=0)
    spread = centered.std(axis=0)
    scale = np.where(spread > 1e-12 * (1 + np.abs(matrix).max(axis=0)), spread, 1.0)
    return _Scaled(centered / scale, scale)


def _known(name: str, given: str, names: object) -> None:
    if given not in get_args(names):
        raise ValueError(f"{name} must be one of {', '.join(get_args(names))}; got {given!r}")
