"""The Cox model with covariates, strata, weights, offset, late entry and clusters, under four rules for ties."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.cox_data import CoxData
from trialwright.stats.cox_model import CoxModel
from trialwright.stats.estimates import Test, normal_tail, two_sided_z
from trialwright.stats.monotone import Supremum, both_ways, supremum
from trialwright.stats.newton import crossing, independent
from trialwright.stats.partial_likelihood import TieRule
from trialwright.stats.robust import robust_covariance

NO_EVENT = "no information: there is no event"
NO_CONTRAST = "no information: on each day with an event all at risk have the same value"
UNDETERMINED = "the hazard ratio is undetermined: the likelihood approaches its bound for any value of it"
UNSETTLED = "Newton's method did not settle"


@dataclass(frozen=True)
class Coefficient:
    """One covariate of a fitted model; None = not estimable, and ``problem`` says why.

    Where the likelihood rises for ever the hazard ratio is 0 or infinite, there is no standard error, z or P value,
    and the finite limit is that of the profile likelihood.
    """

    name: str
    hazard_ratio: float | None
    lower: float | None
    upper: float | None
    """Limits of the hazard ratio: Wald, with the robust standard error where there is one."""
    level: float
    coef: float | None
    se: float | None
    """From the model."""
    robust_se: float | None
    z: float | None
    p: float | None
    """Two-sided, Wald."""
    problem: str | None = None


@dataclass(frozen=True, eq=False)
class CoxRegression:
    """A fitted Cox model."""

    data: CoxData
    ties: TieRule
    level: float
    coefficients: tuple[Coefficient, ...]
    """[p] in the order of the covariates"""
    estimated: tuple[str, ...]
    """[k] the covariates with a finite coefficient, as in the matrices below"""
    covariance: FloatArray
    """[k, k] inverse of the observed information"""
    robust_covariance: FloatArray | None
    """[k, k] sandwich estimate (Lin and Wei 1989), summed over clusters"""
    wald: Test
    """All coefficients zero; with the robust covariance where there is one."""
    likelihood_ratio: Test
    score: Test
    log_likelihood: float | None
    """At the maximum; where there is none, the bound that is approached."""
    log_likelihood_null: float | None
    subjects: int
    """Rows"""
    events: int
    steps: int
    """Steps of Newton's method"""
    problem: str | None
    """Why some coefficients are not estimable, None if all are"""
    supremum: Supremum | None
    """How the maximum was reached; for functions that go on from it"""

    def __getitem__(self, name: str) -> Coefficient:
        """Return the coefficient of a covariate."""
        known = self.data.names
        if name not in known:
            raise ValueError(f"covariate {name!r} is not known; known: {', '.join(known)}")
        return self.coefficients[known.index(name)]

    @property
    def coef(self) -> FloatArray:
        """[p] coefficients; 0 where not estimable because of other covariates, +-inf where without bound."""
        return np.array([0.0 if c.coef is None else c.coef for c in self.coefficients])

    @property
    def linear_predictor(self) -> FloatArray:
        """[n] sum of coefficient times covariate less its mean; ValueError where a coefficient is not finite."""
        if not np.isfinite(self.coef).all():
            raise ValueError(f"there is no linear predictor: {self.problem}")
        x = self.data.covariates
        predictor: FloatArray = (x - x.mean(axis=0)) @ self.coef
        return predictor


def cox_regression(
    data: CoxData, *, ties: TieRule = "efron", level: float = 0.95, robust: bool | None = None
) -> CoxRegression:
    """Fit a Cox model by maximum partial likelihood.

    ``ties``: "efron" (1977; R ``ties="efron"``, its default; SAS ``TIES=EFRON``), "breslow" (1974; SAS's default
    ``TIES=BRESLOW``), "exact" (marginal: SAS ``TIES=EXACT``; not in R), "discrete" (R ``ties="exact"``, SAS
    ``TIES=DISCRETE``). ``robust``: sandwich variance (R ``robust``, SAS ``COVS``), summed over clusters (R ``cluster``,
    SAS ``COVS(AGGREGATE)`` with ``ID``); None = where the data have clusters.

    Weights may be fractions. Breslow takes d w log S, Efron the mean weight of the tied events for each of its steps,
    as R and SAS with ``WEIGHT`` do: under Breslow a weight of 2 is two rows that are alike; under Efron not, for
    two such events would be tied. The exact rules have neither weights nor a robust variance, as in R.

    Newton's method stops at 1e-12. A covariate that is constant among those at risk, or a combination of those before
    it, is named and not estimated. Raises ValueError for a rule that does not exist or does not allow what is asked.

    >>> columns = {"arm": [0, 0, 1, 0, 1, 1], "age": [5, 6, 4, 4, 7, 6]}
    >>> data = CoxData.of([3, 5, 7, 9, 11, 12], [1, 1, 1, 1, 1, 0], columns)
    >>> fit = cox_regression(data)
    >>> round(fit["arm"].hazard_ratio, 6), round(fit["age"].coef, 6)
    (0.18649, -0.005742)
    """
    _check(data, ties)
    two_sided_z(level)
    if not data.event.any():
        return _nothing(data, ties, level, NO_EVENT)
    model = CoxModel.of(data, ties)
    p = len(data.names)
    null = model.likelihood(np.zeros(p))
    wanted = independent(null.information, list(range(p)), model.events)
    if not wanted:
        return _nothing(data, ties, level, NO_CONTRAST, null.log_likelihood)
    top = supremum(model, np.zeros(p), wanted, null)
    finite = [k for k in wanted if k in top.kept and k not in top.infinite]
    inside = _inverse(top.climb.at.information[np.ix_(top.kept, top.kept)])
    place = [top.kept.index(k) for k in finite]
    over = 1 / model.scale[finite]
    covariance = inside[np.ix_(place, place)] * np.outer(over, over)
    wants_robust = robust if robust is not None else data.cluster is not None
    sandwich = robust_covariance(data, top, inside, place, over) if wants_robust and finite else None
    fitted = _Fitted(data, ties, level, model, top, wanted, finite, covariance, sandwich)
    score = _score_test(null.score[wanted], null.information[np.ix_(wanted, wanted)])
    return fitted.regression(null.log_likelihood, score)


def _check(data: CoxData, ties: TieRule) -> None:
    if ties not in get_args(TieRule):
        raise ValueError(f"ties must be one of {', '.join(get_args(TieRule))}; got {ties!r}")
    if data.weight is not None and ties in ("exact", "discrete"):
        raise ValueError(
            f"ties={ties!r} has no weighted likelihood: it is of whole sets of subjects. Use efron or breslow; where a "
            f"weight counts subjects that are alike, repeat the rows."
        )


def _inverse(information: FloatArray) -> FloatArray:
    inverse: FloatArray = np.linalg.inv(information) if len(information) else information
    return inverse


def _score_test(score: FloatArray, information: FloatArray) -> Test:
    return Test.chi_square(float(score @ np.linalg.solve(information, score)), len(score))


@dataclass(frozen=True, eq=False)
class _Fitted:
    data: CoxData
    ties: TieRule
    level: float
    model: CoxModel
    top: Supremum
    wanted: list[int]
    finite: list[int]
    covariance: FloatArray
    sandwich: FloatArray | None

    def regression(self, null: float, score: Test) -> CoxRegression:
        coefficients = tuple(self._coefficient(k) for k in range(len(self.data.names)))
        problems = list(dict.fromkeys(f"{c.name}: {c.problem}" for c in coefficients if c.problem))
        bound = self.top.log_likelihood
        return CoxRegression(
            data=self.data,
            ties=self.ties,
            level=self.level,
            coefficients=coefficients,
            estimated=tuple(self.data.names[k] for k in self.finite),
            covariance=self.covariance,
            robust_covariance=self.sandwich,
            wald=self._wald(),
            likelihood_ratio=Test.chi_square(max(0.0, 2 * (bound - null)), len(self.wanted)),
            score=score,
            log_likelihood=bound,
            log_likelihood_null=null,
            subjects=len(self.data),
            events=int(self.data.event.sum()),
            steps=self.top.climb.steps,
            problem="; ".join(problems) or None,
            supremum=self.top,
        )

    def _wald(self) -> Test:
        if self.top.infinite or not self.top.settled:
            return Test.impossible("no Wald test: a hazard ratio is 0 or infinite" if self.top.infinite else UNSETTLED)
        b = self.top.climb.b[self.finite] / self.model.scale[self.finite]
        used = self.covariance if self.sandwich is None else self.sandwich
        return _score_test(b, used)

    def _coefficient(self, k: int) -> Coefficient:
        if k in self.top.infinite:
            return self._unbounded(k)
        if k in self.finite:
            return self._regular(k) if self.top.settled else _missing(self.data.names[k], self.level, UNSETTLED)
        return _missing(self.data.names[k], self.level, self._why_not(k))

    def _regular(self, k: int) -> Coefficient:
        at = self.finite.index(k)
        coef = float(self.top.climb.b[k] / self.model.scale[k])
        se = math.sqrt(self.covariance[at, at])
        robust = None if self.sandwich is None else math.sqrt(self.sandwich[at, at])
        used = se if robust is None else robust
        reach = two_sided_z(self.level) * used
        if used == 0:
            return _missing(self.data.names[k], self.level, "no variance between clusters")
        z = coef / used
        ratio, lower, upper = (exponential(b) for b in (coef, coef - reach, coef + reach))
        name = self.data.names[k]
        return Coefficient(name, ratio, lower, upper, self.level, coef, se, robust, z, 2 * normal_tail(-abs(z)))

    def _unbounded(self, k: int) -> Coefficient:
        sign, name = self.top.infinite[k], self.data.names[k]
        limit = one_sided_limit(self, k)
        if limit is None or math.isnan(limit):
            problem = UNDETERMINED if limit is None else f"the profile likelihood: {UNSETTLED}"
            return _missing(name, self.level, problem)
        value = "infinite" if sign > 0 else "0"
        problem = (
            f"the hazard ratio is {value}: the likelihood rises for ever; the finite limit is of the profile likelihood"
        )
        lower, upper = (exponential(limit), math.inf) if sign > 0 else (0.0, exponential(limit))
        ratio = math.inf if sign > 0 else 0.0
        return Coefficient(name, ratio, lower, upper, self.level, sign * math.inf, None, None, None, None, problem)

    def _why_not(self, k: int) -> str:
        if k in self.wanted:
            return "not determined beside covariates whose hazard ratio is 0 or infinite"
        column = self.data.covariates[:, k]
        if (column == column[0]).all():
            return f"constant: {column[0]:g} in each of the {len(column)} rows"
        alone = float(self.model.likelihood(np.zeros(len(self.data.names))).information[k, k])
        if alone <= 1e-12 * self.model.events:
            return NO_CONTRAST
        others = ", ".join(self.data.names[j] for j in self.wanted if j < k)
        return f"aliased: a combination of {others} among those at risk"


def one_sided_limit(fitted: _Fitted, k: int) -> float | None:
    """Return the coefficient at which the profile log-likelihood is z^2 / 2 below its bound; None if nowhere."""
    sign, others = fitted.top.infinite[k], [j for j in fitted.wanted if j != k]
    drop = two_sided_z(fitted.level) ** 2 / 2
    if others and both_ways(fitted.model, fitted.wanted, k, sign):
        return None

    def fall(c: float) -> float:
        b = np.zeros(len(fitted.data.names))
        b[k] = c
        there = supremum(fitted.model, b, others)
        below = fitted.top.log_likelihood - there.log_likelihood
        if not there.settled or math.isnan(below):
            return math.nan
        return math.log(below / drop) if below > 0 else -50.0

    found = crossing(fall, 0.0, float(sign))
    return None if found is None else found / float(fitted.model.scale[k])


def exponential(b: float) -> float:
    """Return exp(b), infinite beyond what a float holds."""
    return math.exp(b) if b < 709 else math.inf


def _missing(name: str, level: float, problem: str) -> Coefficient:
    return Coefficient(name, None, None, None, level, None, None, None, None, None, problem)


def _nothing(data: CoxData, ties: TieRule, level: float, problem: str, null: float | None = None) -> CoxRegression:
    impossible = Test.impossible(problem)
    coefficients = tuple(_missing(name, level, problem) for name in data.names)
    return CoxRegression(
        data=data,
        ties=ties,
        level=level,
        coefficients=coefficients,
        estimated=(),
        covariance=np.zeros((0, 0)),
        robust_covariance=None,
        wald=impossible,
        likelihood_ratio=impossible,
        score=impossible,
        log_likelihood=null,
        log_likelihood_null=null,
        subjects=len(data),
        events=int(data.event.sum()),
        steps=0,
        problem=problem,
        supremum=None,
    )
