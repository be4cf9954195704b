"""The Cox models of a table: of the arm alone, by stratum, and beside covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trialwright.stats import FittedCox, RiskTable, cox, proportional_hazards_test

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trialwright.analyze.table_rows import Subjects
    from trialwright.stats import CoxFit, EventTimes, ProportionalHazardsTest, Test, TieRule

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
    arm = rows.columns.arm
    by = f", stratified by {', '.join(rows.columns.strata)}" if rows.columns.strata else ""
    models = {"unstratified": _of_arm(rows.times.unstratified(), arm, ties, level, arm)}
    if rows.columns.strata:
        models["stratified"] = _of_arm(rows.times, arm, ties, level, f"{arm}{by}")
    return models


def _of_arm(times: EventTimes, arm: str, ties: TieRule, level: float, description: str) -> Model:
    fit = cox(RiskTable.count(times), ties=ties, level=level)
    indicators = np.stack([times.arm == a for a in range(1, len(times.arms))], axis=1).astype(float)
    test, problem = _proportional_hazards(times, indicators, fit, arm)
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
        test,
        problem,
        fit.problem,
    )


def _proportional_hazards(
    times: EventTimes, covariates: NDArray[np.float64], fit: CoxFit, arm: str
) -> tuple[ProportionalHazardsTest | None, str | None]:
    """Return the test of one term of all arms, or why there is none."""
    if fit.ties not in ("efron", "breslow"):
        return None, f"no test of proportional hazards under {fit.ties} ties; take efron or breslow"
    coef = [effect.coef for effect in fit.effects if effect.coef is not None and np.isfinite(effect.coef)]
    if fit.problem is not None or len(coef) < len(fit.effects):
        return None, "no test of proportional hazards without finite coefficients"
    rows = FittedCox.of(
        times.day if times.values is None else times.values[times.day],
        times.event,
        covariates,
        coef,
        names=times.arms[1:],
        ties=fit.ties,
        stratum=times.stratum,
        terms={arm: range(len(coef))},
    )
    return proportional_hazards_test(rows, "km"), None
