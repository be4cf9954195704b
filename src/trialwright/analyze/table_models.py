"""The Cox models of a table: of the arm alone, by stratum, and beside covariates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trialwright.stats import (
    CoxData,
    Design,
    FittedCox,
    RiskTable,
    cox,
    cox_regression,
    proportional_hazards_test,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trialwright.analyze.table_rows import Covariate, Subjects
    from trialwright.stats import CoxFit, CoxRegression, EventTimes, HazardRatio, ProportionalHazardsTest, Test, TieRule

__all__ = ["Model", "Term", "fit_models"]


@dataclass(frozen=True)
class Term:
    """One coefficient of a model. None where it does not exist; ``problem`` then says why."""

    name: str
    hazard_ratio: float | None
    lower: float | None
    upper: float | None
    coef: float | None
    se: float | None
    z: float | None
    p: float | None
    problem: str | None = None
    of_arm: bool = True
    """Whether the term compares an arm with the control."""


@dataclass(frozen=True)
class Model:
    """One fitted Cox model."""

    description: str
    terms: tuple[Term, ...]
    wald: Test
    likelihood_ratio: Test
    score: Test
    log_likelihood: float | None
    log_likelihood_null: float | None
    subjects: int
    events: int
    proportional_hazards: ProportionalHazardsTest | None
    """Score test against a hazard ratio that changes with 1 - S(t-), where it exists."""
    proportional_hazards_problem: str | None
    problem: str | None = None

    @property
    def limits(self) -> str:
        """Return in words how limits and P values are made."""
        if any(term.se is None and term.hazard_ratio is not None for term in self.terms):
            return "limit by profile likelihood where a ratio is 0 or infinite"
        return "Wald limits and P"


def fit_models(rows: Subjects, ties: TieRule, level: float) -> Mapping[str, Model]:
    """Return the models of the arm: ``unstratified``, and where asked for ``stratified`` and ``adjusted``."""
    arm, columns = rows.columns.arm, rows.columns
    by = f", stratified by {', '.join(columns.strata)}" if columns.strata else ""
    models = {"unstratified": _of_arm(rows.times.unstratified(), arm, ties, level, arm)}
    if columns.strata:
        models["stratified"] = _of_arm(rows.times, arm, ties, level, f"{arm}{by}")
    if columns.covariates:
        models["adjusted"] = _adjusted(rows, ties, level, f"{' + '.join((arm, *columns.covariates))}{by}")
    return models


def _of_arm(times: EventTimes, arm: str, ties: TieRule, level: float, description: str) -> Model:
    """Return the model of the arm alone, which needs no more than counts."""
    fit = cox(RiskTable.count(times), ties=ties, level=level)
    coef = [effect.coef for effect in fit.effects]
    return _model(fit, description, map(_term_of_arm, fit.effects), _tested(_Design.of_arm(times, arm), coef, ties))


def _adjusted(rows: Subjects, ties: TieRule, level: float, description: str) -> Model:
    """Return the model of the arm beside covariates; the arms come first."""
    design = _Design.of_arm(rows.times, rows.columns.arm).beside(rows.covariates)
    data = CoxData.from_times(rows.times.pooled(), Design(design.names, design.matrix, design.terms))
    fit = cox_regression(data, ties=ties, level=level)
    arms = rows.times.arms
    names = [*(f"{arm} v {arms[0]}" for arm in arms[1:]), *(covariate.name for covariate in rows.covariates)]
    terms = (
        Term(name, c.hazard_ratio, c.lower, c.upper, c.coef, c.se, c.z, c.p, c.problem, of_arm=i < len(arms) - 1)
        for i, (name, c) in enumerate(zip(names, fit.coefficients, strict=True))
    )
    return _model(fit, description, terms, _tested(design, [c.coef for c in fit.coefficients], ties))


def _term_of_arm(effect: HazardRatio) -> Term:
    name = f"{effect.arm} v {effect.reference}"
    limits = (effect.hazard_ratio, effect.lower, effect.upper)
    return Term(name, *limits, effect.coef, effect.se, effect.z, effect.p, effect.problem)


def _model(
    fit: CoxFit | CoxRegression,
    description: str,
    terms: Iterable[Term],
    tested: tuple[ProportionalHazardsTest | None, str | None],
) -> Model:
    return Model(
        description,
        tuple(terms),
        fit.wald,
        fit.likelihood_ratio,
        fit.score,
        fit.log_likelihood,
        fit.log_likelihood_null,
        fit.subjects,
        fit.events,
        *tested,
        fit.problem,
    )


@dataclass(frozen=True, eq=False)
class _Design:
    """The covariates of a model with the term each belongs to."""

    times: EventTimes
    names: tuple[str, ...]
    terms: tuple[str, ...]
    matrix: NDArray[np.float64]

    @classmethod
    def of_arm(cls, times: EventTimes, arm: str) -> _Design:
        """Return an indicator of each arm but the control."""
        others = range(1, len(times.arms))
        matrix = np.stack([times.arm == a for a in others], axis=1).astype(float)
        return cls(times, tuple(f"{arm}={times.arms[a]}" for a in others), (arm,) * len(others), matrix)

    def beside(self, covariates: Sequence[Covariate]) -> _Design:
        """Return the same with covariates to the right."""
        names = (*self.names, *(c.name for c in covariates))
        terms = (*self.terms, *(c.term for c in covariates))
        return _Design(self.times, names, terms, np.column_stack([self.matrix, *(c.values for c in covariates)]))


def _tested(
    design: _Design, coef: Sequence[float | None], ties: TieRule
) -> tuple[ProportionalHazardsTest | None, str | None]:
    """Return the test of proportional hazards of each term, or why there is none; aliased columns are left out."""
    if ties not in ("efron", "breslow"):
        return None, f"no test of proportional hazards under {ties} ties; take efron or breslow"
    kept = [j for j, b in enumerate(coef) if b is not None]
    found = [b for b in coef if b is not None]
    if not found or not np.isfinite(found).all():
        return None, "no test of proportional hazards without finite coefficients"
    times, terms = design.times, [design.terms[j] for j in kept]
    rows = FittedCox.of(
        times.day if times.values is None else times.values[times.day],
        times.event,
        design.matrix[:, kept],
        found,
        names=[design.names[j] for j in kept],
        ties=ties,
        stratum=times.stratum,
        terms={term: [i for i, other in enumerate(terms) if other == term] for term in terms},
    )
    return proportional_hazards_test(rows, "km"), None
