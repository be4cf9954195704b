"""Firth's penalized likelihood: hazard ratios that stay finite where the likelihood rises for ever.

l*(b) = l(b) + log det I(b) / 2 (Firth 1993; Heinze and Schemper 2001), with score U_c + tr(I^-1 dI/db_c) / 2. Between
two events dI/db_c is the third central moment of the covariates at risk, so that with P = I^-1 and means under the
weights of the risk set, m of x, A of x x', s of x' P x and t of x x' P x,

    tr(P dI/db) = sum over events of t - s m - 2 A P m + 2 (m' P m) m
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.cox_data import CoxData
from trialwright.stats.cox_inference import limits_of
from trialwright.stats.cox_model import CoxModel
from trialwright.stats.cox_ties import Features
from trialwright.stats.estimates import Estimate, Test, normal_tail
from trialwright.stats.newton import Climb, climb, independent
from trialwright.stats.partial_likelihood import Derivatives, TieRule


@dataclass(frozen=True)
class FirthCoefficient:
    """One covariate of a penalized model."""

    name: str
    hazard_ratio: Estimate
    """With profile limits of the penalized likelihood."""
    coef: float | None
    se: float | None
    """From the inverse information at the estimate."""
    likelihood_ratio: Test
    """Of no effect: twice the fall of the penalized log-likelihood where this coefficient is 0."""
    wald_p: float | None
    problem: str | None = None


@dataclass(frozen=True, eq=False)
class FirthFit:
    """A Cox model fitted by penalized likelihood."""

    coefficients: tuple[FirthCoefficient, ...]
    penalized_log_likelihood: float | None
    """At the maximum, for the covariates in their own units: in others log det I / 2 moves by a constant."""
    likelihood_ratio: Test
    """Of no effect of any covariate"""
    ties: TieRule
    level: float
    problem: str | None = None

    def __getitem__(self, name: str) -> FirthCoefficient:
        """Return the coefficient of a covariate."""
        known = [c.name for c in self.coefficients]
        if name not in known:
            raise ValueError(f"covariate {name!r} is not known; known: {', '.join(known)}")
        return self.coefficients[known.index(name)]


def cox_firth(data: CoxData, *, ties: TieRule = "breslow", level: float = 0.95) -> FirthFit:
    """Fit a Cox model by Firth's penalized likelihood, with profile limits.

    ``ties`` "breslow" (as R's ``coxphf`` and SAS's ``FIRTH``) or "efron"; weights, strata, offset and delayed entry are
    those of ``cox_regression``. The limits (R ``pl=TRUE``, SAS ``RISKLIMITS=PL``) are z^2 / 2 below the maximum of the
    penalized likelihood, whose penalty holds all coefficients (Heinze and Schemper 2001). Raises ValueError for other
    rules, and for clusters: the penalty has no share of one subject.

    >>> data = CoxData.of([1, 2, 3, 4], [1, 1, 0, 0], {"x": [1, 1, 0, 0]})
    >>> found = cox_firth(data)["x"]
    >>> round(found.coef, 6), found.hazard_ratio.problem
    (2.022251, None)
    """
    if ties not in ("breslow", "efron"):
        raise ValueError(f"ties must be breslow or efron for a penalized likelihood; got {ties!r}")
    if data.cluster is not None:
        raise ValueError("Firth's likelihood has no robust variance; leave cluster out, or use cox_regression")
    if not data.event.any():
        return _nothing(data, ties, level, "no information: there is no event")
    model = CoxModel.of(data, ties)
    zero = np.zeros(len(data.names))
    kept = independent(model.likelihood(zero).information, list(range(len(zero))), model.events)
    if not kept:
        return _nothing(data, ties, level, "no information: on each day with an event all at risk have the same value")
    return _fit(data, model, Penalized.of(model, kept), level)


@dataclass(frozen=True, eq=False)
class Penalized:
    """The penalized likelihood of the kept coefficients."""

    model: CoxModel
    kept: list[int]
    features: Features

    @classmethod
    def of(cls, model: CoxModel, kept: list[int]) -> Penalized:
        """Prepare the columns whose sums it needs."""
        return cls(model, kept, Features.of(model.sets.rows.x[:, kept]))

    def __call__(self, b: FloatArray) -> Derivatives:
        """Return penalized log-likelihood, its score [p], and the information [p, p] of the plain likelihood."""
        plain = self.model.likelihood(b)
        information = plain.information[np.ix_(self.kept, self.kept)]
        sign, log = np.linalg.slogdet(information)
        if sign <= 0 or not np.isfinite(log):
            return Derivatives(-np.inf, plain.score, plain.information)
        score = plain.score.copy()
        score[self.kept] += self._drift(b, np.linalg.inv(information)) / 2
        return Derivatives(plain.log_likelihood + log / 2, score, plain.information)

    def _drift(self, b: FloatArray, inverse: FloatArray) -> FloatArray:
        """Return tr(I^-1 dI/db_c) for each kept coefficient c."""
        sets = self.model.sets
        x = sets.rows.x[:, self.kept]
        _, rates = sets.rates(b)
        s = np.einsum("na,ab,nb->n", x, inverse, x)
        sums = sets.sums(np.column_stack([self.features.columns, s, s[:, None] * x]) * rates[:, None])
        group = np.repeat(np.arange(len(sets.tied)), sets.tied)
        start = np.cumsum(sets.tied) - sets.tied
        efron = self.model.rule == "efron"
        f = (np.arange(len(group)) - start[group]) / sets.tied[group] if efron else np.zeros(len(group))
        at = sums.at_risk[group] - f[:, None] * sums.events[group]
        q = self.features.columns.shape[1]
        total, first, square = self.features.moments(at[:, :q])
        m, a = first / total[:, None], square / total[:, None, None]
        s_mean, t_mean = at[:, q] / total, at[:, q + 1 :] / total[:, None]
        pm = m @ inverse
        third = (
            t_mean - s_mean[:, None] * m - 2 * np.einsum("eab,eb->ea", a, pm) + 2 * (m * pm).sum(axis=1)[:, None] * m
        )
        drift: FloatArray = sets.event_weight[group] @ third
        return drift


def _fit(data: CoxData, model: CoxModel, penalized: Penalized, level: float) -> FirthFit:
    zero = np.zeros(len(data.names))
    null = penalized(zero)
    top = climb(penalized, zero, null, penalized.kept)
    if not top.settled:
        return _nothing(data, model.rule, level, "Newton's method did not settle")
    coefficients = tuple(_coefficient(data, penalized, top, k, level) for k in range(len(zero)))
    gain = max(0.0, 2 * (top.at.log_likelihood - null.log_likelihood))
    overall = Test.chi_square(gain, len(penalized.kept))
    own_units = float(np.log(model.scale[penalized.kept]).sum())  # the model's covariates are divided by their scale
    return FirthFit(coefficients, top.at.log_likelihood + own_units, overall, model.rule, level)


def _coefficient(data: CoxData, penalized: Penalized, top: Climb, k: int, level: float) -> FirthCoefficient:
    kept = penalized.kept
    if k not in kept:
        return _missing(data.names[k], level, "constant, or a combination of other covariates, among those at risk")
    scale = float(penalized.model.scale[k])
    inverse = np.linalg.inv(top.at.information[np.ix_(kept, kept)])
    se = float(np.sqrt(inverse[kept.index(k), kept.index(k)]))
    estimate = limits_of(penalized, top, kept, k, se=se, level=level, scale=scale)
    without = top.b.copy()
    without[k] = 0.0
    rest = climb(penalized, without, penalized(without), [j for j in kept if j != k])
    test = Test.chi_square(max(0.0, 2 * (top.at.log_likelihood - rest.at.log_likelihood)), 1)
    coef = float(top.b[k]) / scale
    wald = 2 * normal_tail(-abs(float(top.b[k]) / se))
    return FirthCoefficient(data.names[k], estimate, coef, se / scale, test, wald, estimate.problem)


def _missing(name: str, level: float, problem: str) -> FirthCoefficient:
    nothing = Estimate(None, None, None, level, problem=problem)
    return FirthCoefficient(name, nothing, None, None, Test.impossible(problem), None, problem)


def _nothing(data: CoxData, ties: TieRule, level: float, problem: str) -> FirthFit:
    coefficients = tuple(_missing(name, level, problem) for name in data.names)
    return FirthFit(coefficients, None, Test.impossible(problem), ties, level, problem)
