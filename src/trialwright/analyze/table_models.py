"""The Cox models of a table: of the arm alone, by stratum, and beside covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.stats import RiskTable, cox

if TYPE_CHECKING:
    from trialwright.analyze.table_rows import Subjects
    from trialwright.stats import CoxFit, EventTimes, Test, TieRule

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
    log_likelihood_null: float
    subjects: int
    events: int
    problem: str | None = None

    @property
    def limits(self) -> str:
        """Return in words how limits and P values are made."""
        if any(term.se is None and term.hazard_ratio is not None for term in self.terms):
            return "limit by profile likelihood where a ratio is 0 or infinite"
        return "Wald limits and P"


def fit_models(rows: Subjects, ties: TieRule, level: float) -> Mapping[str, Model]:
    """Return the models of the arm: ``unstratified``, and where asked for ``stratified`` and ``adjusted``."""
    by = f", stratified by {', '.join(rows.columns.strata)}" if rows.columns.strata else ""
    models = {"unstratified": _of_arm(rows.times.unstratified(), ties, level, rows.columns.arm)}
    if rows.columns.strata:
        models["stratified"] = _of_arm(rows.times, ties, level, f"{rows.columns.arm}{by}")
    return models


def _of_arm(times: EventTimes, ties: TieRule, level: float, description: str) -> Model:
    return _model(cox(RiskTable.count(times), ties=ties, level=level), description)


def _model(fit: CoxFit, description: str) -> Model:
    terms = tuple(
        Term(f"{e.arm} v {e.reference}", e.hazard_ratio, e.lower, e.upper, e.coef, e.se, e.z, e.p, e.problem)
        for e in fit.effects
    )
    return Model(
        description,
        terms,
        fit.wald,
        fit.likelihood_ratio,
        fit.score,
        fit.log_likelihood,
        fit.log_likelihood_null,
        fit.subjects,
        fit.events,
        fit.problem,
    )
