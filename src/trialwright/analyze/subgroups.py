"""The effect within the levels of baseline factors, and whether it differs between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from trialwright.analyze.study import Finding, Group, Study
from trialwright.analyze.survival import NOBODY, Survival
from trialwright.protocol import AnalysisItem
from trialwright.stats import RiskTable, Test, cox, interaction, kaplan_meier

if TYPE_CHECKING:
    from trialwright.protocol import SubgroupFactor, SubgroupPlan

__all__ = ["ALL", "subgroups"]

SOURCE = "derive.time_to_event"
ALL = "all"
"""Item of the rows of all patients together."""


class _Factor(NamedTuple):
    name: str
    levels: tuple[str, ...]
    level_of: Mapping[str, str]
    """Level of each patient for whom it is known."""


def subgroups(study: Study, plan: SubgroupPlan) -> Iterator[Finding]:
    """Return events, median and hazard ratio of all patients and within each level, and the tests of interaction.

    The Cox models are not stratified, ties by the plan's rule. ``item`` is ``factor=level``; for the tests it is the
    factor, whose patients are those with a known level.
    """
    analysis = Survival.of(study, AnalysisItem(endpoint=plan.endpoint, population=plan.population))
    yield from _level(analysis, ALL, None)
    for factor in (_factor(study, each) for each in plan.factors):
        for level in _present(analysis, factor):
            chosen = {subject for subject, own in factor.level_of.items() if own == level}
            yield from _level(analysis, f"{factor.name}={level}", chosen)
        yield from _unknown(analysis, factor)
        yield from _interactions(analysis, factor)


def _present(analysis: Survival, factor: _Factor) -> tuple[str, ...]:
    """Return the levels that anybody analyzed has; others, such as those the criteria exclude, are no subgroups."""
    seen = {factor.level_of.get(subject) for subject in analysis.ended}
    return tuple(level for level in factor.levels if level in seen)


def _factor(study: Study, plan: SubgroupFactor) -> _Factor:
    if plan.stratum is not None:
        factor = next(each for each in study.protocol.randomization.strata if each.id == plan.stratum)
        return _Factor(factor.id, factor.levels, _values(study, factor.id, "stratum", "level"))
    name = str(plan.variable)
    variable = study.protocol.variables[name]
    if variable.type == "number":
        known = _values(study, name, "number", "number")
        labels = _ranges(plan.cuts)
        return _Factor(name, labels, {s: labels[sum(cut <= value for cut in plan.cuts)] for s, value in known.items()})
    return _Factor(name, variable.levels or ("yes", "no"), _values(study, name, variable.type, "level"))


def _values(study: Study, name: str, kind: str, column: str) -> dict[str, Any]:
    import polars as pl

    own = study.derived.baseline.filter((pl.col("variable") == name) & (pl.col("kind") == kind))
    known = own.filter(pl.col(column).is_not_null())
    return dict(zip(known["subject"].to_list(), known[column].to_list(), strict=True))


def _ranges(cuts: Sequence[float]) -> tuple[str, ...]:
    """Return the names of the ranges between cuts.

    >>> _ranges([50, 65])
    ('below 50', '50 to below 65', '65 or more')
    """
    between = (f"{low:g} to below {high:g}" for low, high in pairwise(cuts))
    return (f"below {cuts[0]:g}", *between, f"{cuts[-1]:g} or more")


def _part(analysis: Survival, group: Group, item: str, chosen: set[str] | None) -> Group:
    return group if chosen is None else group.of_endpoint(analysis.item.endpoint).only(item, chosen)


def _level(analysis: Survival, item: str, chosen: set[str] | None) -> Iterator[Finding]:
    for arm in analysis.groups:
        if arm.name != ALL:
            yield from _arm(analysis, _part(analysis, arm, item, chosen), item)
    for experimental, control, both in analysis.study.comparisons(analysis.groups):
        arms = (_part(analysis, experimental, item, chosen), _part(analysis, control, item, chosen))
        yield _ratio(analysis, arms, _part(analysis, both, item, chosen), item)


def _arm(analysis: Survival, arm: Group, item: str) -> Iterator[Finding]:
    place, level = analysis.place, analysis.study.protocol.analysis.confidence_level
    events = analysis.events(arm)
    yield place.count(arm, "subgroup events", events, SOURCE, item=item)
    fields: dict[str, Any] = {"item": item, "unit": "days", "method": "median", "source": SOURCE, "events": len(events)}
    if not len(arm):
        yield place.found(arm, "subgroup median", None, problem=NOBODY, **fields)
        return
    transform = analysis.study.protocol.analysis.interval
    found = kaplan_meier(RiskTable.count(analysis.times(arm)), level=level, interval=transform)["all"].quantile(0.5)
    fields |= {"lower": found.lower, "upper": found.upper, "level": level, "problem": found.problem}
    fields["conventions"] = f"limits by the {transform} transform; a flat piece at 0.5 gives its middle"
    yield place.found(arm, "subgroup median", found.value, **fields)


def _ratio(analysis: Survival, arms: tuple[Group, Group], both: Group, item: str) -> Finding:
    experimental, control = arms
    plan = analysis.study.protocol.analysis
    fields: dict[str, Any] = {"item": item, "unit": "ratio", "method": "cox", "source": SOURCE}
    fields |= {"conventions": f"not stratified; ties: {plan.ties}", "events": len(analysis.events(both))}
    empty = next((arm.name for arm in arms if not len(arm)), None)
    if empty is not None:
        problem = f"arm {empty} has no patient to compare"
        return analysis.place.found(both, "subgroup hazard ratio", None, problem=problem, **fields)
    times = analysis.times(both, arms=(control.name, experimental.name))
    effect = cox(RiskTable.count(times), ties=plan.ties, level=plan.confidence_level).effect
    fields |= {"lower": _finite(effect.lower), "upper": _finite(effect.upper), "level": effect.level}
    fields["problem"] = effect.problem
    return analysis.place.found(both, "subgroup hazard ratio", _finite(effect.hazard_ratio), **fields)


def _unknown(analysis: Survival, factor: _Factor) -> Iterator[Finding]:
    for arm in analysis.groups:
        missing = [subject for subject in arm.subjects if subject not in factor.level_of]
        if missing and arm.name != ALL:
            by = _part(analysis, arm, f"{factor.name} missing", set(missing))
            yield analysis.place.count(arm, "subgroup unknown", by, SOURCE, item=factor.name)


def _interactions(analysis: Survival, factor: _Factor) -> Iterator[Finding]:
    for experimental, control, both in analysis.study.comparisons(analysis.groups):
        known = _part(analysis, both, f"{factor.name} known", set(factor.level_of))
        yield from _interaction(analysis, factor, (control.name, experimental.name), known)


def _interaction(analysis: Survival, factor: _Factor, arms: tuple[str, str], known: Group) -> Iterator[Finding]:
    ties = analysis.study.protocol.analysis.ties
    fields: dict[str, Any] = {"item": factor.name, "source": SOURCE, "events": len(analysis.events(known))}
    fields["conventions"] = f"main effects of arm and factor, not stratified; ties: {ties}"
    tests = dict.fromkeys(("likelihood ratio", "Wald"), Test.impossible("no patient with a known level"))
    if len(known):
        codes = [factor.levels.index(factor.level_of[subject]) for subject in known.subjects]
        found = interaction(analysis.times(known, arms=arms), codes, ties=ties)
        tests = {"likelihood ratio": found.likelihood_ratio, "Wald": found.wald}
    for name, test in tests.items():
        method = f"interaction-{name.replace(' ', '-').lower()}"
        statistic = f"interaction {name} P"
        yield analysis.place.found(known, statistic, test.p, method=method, problem=test.problem, **fields)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
