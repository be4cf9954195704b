"""An analysis of a table as Results: the same long rows as those of a trial's plan."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trialwright.analyze.methods import METHODS
from trialwright.results import Method, Result, Results

if TYPE_CHECKING:
    from trialwright.analyze.table import ArmSummary, TableAnalysis
    from trialwright.analyze.table_models import Model, Term
    from trialwright.stats import Estimate, LogRank

__all__ = ["CUT", "POPULATION", "table_results"]

TABLE_METHODS = {
    method.id: method
    for method in (
        Method(
            "proportional-hazards",
            "Test of proportional hazards",
            "Score test of each covariate times 1 - S(t-) beside the fitted Cox model, in the form of R survival 3.",
            "Grambsch PM, Therneau TM. Biometrika 1994;81:515-526",
        ),
        Method(
            "restricted-mean",
            "Restricted mean survival time",
            "Area under the Kaplan-Meier curve up to the stated time; Greenwood variance, no factor m/(m-1); ratios by "
            "the delta method on the logarithm.",
            "Royston P, Parmar MKB. BMC Med Res Methodol 2013;13:152; Uno H et al. J Clin Oncol 2014;32:2380-2385",
        ),
    )
}
"""Methods of a table beyond those of a trial's plan."""
CUT, POPULATION = "table", "rows used"


def table_results(found: TableAnalysis, *, data: str) -> Results:
    """Return everything found in a table as rows; ``data`` is the SHA-256 of the table, and the endpoint its column.

    Groups are the arms, ``all``, and comparisons ``A v B`` with the control; ``item`` tells tests and models apart.
    Standard errors and degrees of freedom are rows of their own.
    """
    rows = tuple(_rows(_Maker(found)))
    used = {row.method for row in rows}
    known = METHODS | TABLE_METHODS
    return Results(rows, {id: method for id, method in known.items() if id in used}, data={CUT: data})


@dataclass(frozen=True)
class _Maker:
    found: TableAnalysis

    def row(self, group: str, statistic: str, value: float | None, **more: Any) -> Result:
        """Return one row; a value that is not finite is none, and a missing one has its problem."""
        kept = value if value is not None and math.isfinite(value) else None
        problem = more.pop("problem", None)
        if kept is None and problem is None:
            problem = "not estimable"
        source = self.found.subjects.columns.time
        return Result(CUT, source, POPULATION, group, statistic, kept, problem=problem, source="table", **more)

    def estimate(self, group: str, statistic: str, estimate: Estimate, **more: Any) -> Result:
        limits = {"lower": estimate.lower, "upper": estimate.upper, "level": estimate.level}
        return self.row(group, statistic, estimate.value, problem=estimate.problem, **limits, **more)


def _rows(make: _Maker) -> Iterator[Result]:
    for arm in (*make.found.arms, make.found.everyone):
        yield from _figures(make, arm)
        yield from _curve(make, arm)
    for name, test in make.found.log_ranks.items():
        yield from _log_rank(make, name, test)
    for name, model in make.found.models.items():
        for term in model.terms:
            yield from _term(make, name, model, term)
        yield from _proportional_hazards(make, name, model)
    yield from _means(make)


def _figures(make: _Maker, arm: ArmSummary) -> Iterator[Result]:
    rules, unit = make.found.question.conventions, make.found.question.unit
    curve = arm.curve
    common: dict[str, Any] = {"n": curve.subjects, "events": curve.total_events}
    counted: dict[str, Any] = {"unit": "patients", "method": "count", **common}
    yield make.row(arm.arm, "events", float(curve.total_events), **counted)
    yield make.row(arm.arm, "censored", float(curve.subjects - curve.total_events), **counted)
    timed: dict[str, Any] = {"unit": unit, "conventions": rules.quantile, **common}
    for p, quantile in arm.quantiles.items():
        at = None if p == 0.5 else p
        yield make.estimate(arm.arm, "median" if p == 0.5 else "quantile", quantile, at=at, method="median", **timed)
    yield make.estimate(arm.arm, "follow-up", arm.follow_up, method="reverse-kaplan-meier", **timed)
    for at, rate in arm.rates.items():
        shared: dict[str, Any] = {"at": at, "method": "kaplan-meier", "conventions": rules.rate, **common}
        yield make.estimate(arm.arm, "rate", rate, unit="share", **shared)
        yield make.row(arm.arm, "rate SE", rate.se, problem=rate.problem if rate.se is None else None, **shared)
    for at, number in arm.at_risk.items():
        fields = counted | {"at": at, "conventions": rules.number_at_risk}
        yield make.row(arm.arm, "at risk", float(number), **fields)


def _curve(make: _Maker, arm: ArmSummary) -> Iterator[Result]:
    curve, rules = arm.curve, make.found.question.conventions
    common: dict[str, Any] = {"level": curve.level, "unit": "share", "method": "kaplan-meier"}
    common |= {"conventions": rules.curve}
    so_far = curve.events.cumsum()
    for i, day in enumerate(curve.days):
        at = float(day)
        if curve.events[i] or i == len(curve.days) - 1:
            limits = {"lower": _known(curve.lower[i]), "upper": _known(curve.upper[i])}
            counts = {"n": int(curve.at_risk[i]), "events": int(so_far[i])}
            yield make.row(arm.arm, "survival", float(curve.survival[i]), at=at, **limits, **counts, **common)
        if curve.censored[i]:
            counted = {"unit": "patients", "method": "count", "n": curve.subjects}
            yield make.row(arm.arm, "censored at", float(curve.censored[i]), at=at, **counted)


def _log_rank(make: _Maker, name: str, test: LogRank) -> Iterator[Result]:
    group = f"{test.arms[1]} v {test.arms[0]}" if len(test.arms) == 2 else "all"
    fields: dict[str, Any] = {
        "item": name,
        "n": int(test.subjects.sum()),
        "events": int(test.observed.sum()),
        "method": "log-rank",
        "conventions": f"{_strata(make, name)}; two-sided",
        "problem": test.test.problem,
    }
    yield make.row(group, "log-rank chi-square", test.test.statistic, **fields)
    yield make.row(group, "log-rank df", float(test.test.df), **fields)
    yield make.row(group, "log-rank P", test.test.p, **fields)
    if len(test.arms) == 2:
        yield make.row(group, "log-rank z", test.z, **fields)


def _strata(make: _Maker, name: str) -> str:
    columns = make.found.subjects.columns.strata
    return f"strata: {', '.join(columns)}" if columns and name != "unstratified" else "not stratified"


def _term(make: _Maker, name: str, model: Model, term: Term) -> Iterator[Result]:
    fields: dict[str, Any] = {
        "item": name if term.of_arm else f"{name}: {term.name}",
        "n": model.subjects,
        "events": model.events,
        "method": "cox",
        "conventions": f"{model.description}; {make.found.question.conventions.ties_in_words}; {model.limits}",
        "problem": term.problem,
    }
    group = term.name if term.of_arm else "all"
    limits = {"lower": _finite(term.lower), "upper": _finite(term.upper), "level": make.found.question.level}
    yield make.row(group, "hazard ratio", term.hazard_ratio, unit="ratio", **limits, **fields)
    yield make.row(group, "log hazard ratio", term.coef, **fields)
    yield make.row(group, "log hazard ratio SE", term.se, **fields)
    yield make.row(group, "Cox Wald P", term.p, **fields)


def _proportional_hazards(make: _Maker, name: str, model: Model) -> Iterator[Result]:
    fields: dict[str, Any] = {"n": model.subjects, "events": model.events, "method": "proportional-hazards"}
    if model.proportional_hazards is None:
        problem = model.proportional_hazards_problem
        yield make.row("all", "proportional hazards P", None, item=name, problem=problem, **fields)
        return
    for term, test in model.proportional_hazards.terms.items():
        shared = fields | {"item": f"{name}: {term}", "problem": test.problem}
        shared["conventions"] = f"{model.description}; transform {model.proportional_hazards.transform}; {test.df} df"
        yield make.row("all", "proportional hazards chi-square", test.statistic, **shared)
        yield make.row("all", "proportional hazards P", test.p, **shared)


def _means(make: _Maker) -> Iterator[Result]:
    means, unit = make.found.means, make.found.question.unit
    shared: dict[str, Any] = {"at": means.tau.time, "method": "restricted-mean"}
    shared["conventions"] = f"tau: {means.tau.rule}; not stratified"
    for name, arm in means.arms.items():
        yield make.estimate(name, "restricted mean", arm.mean, unit=unit, **shared)
        yield make.row(name, "restricted mean SE", arm.mean.se, problem=arm.mean.problem, **shared)
    for name, pair in means.comparisons.items():
        for what, contrast in (("difference", pair.difference), ("ratio", pair.ratio)):
            limits = {"lower": contrast.lower, "upper": contrast.upper, "level": contrast.level}
            problem = {"problem": contrast.problem}
            yield make.row(name, f"restricted mean {what}", contrast.value, **limits, **problem, **shared)
            yield make.row(name, f"restricted mean {what} SE", contrast.se, **problem, **shared)
            yield make.row(name, f"restricted mean {what} P", contrast.p, **problem, **shared)


def _known(limit: float) -> float | None:
    return None if math.isnan(limit) else float(limit)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
