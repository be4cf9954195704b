"""Times to event: each arm against the control."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trialwright.analyze.curve import SOURCE
from trialwright.analyze.study import Finding, Group
from trialwright.analyze.survival import Survival
from trialwright.stats import RiskTable, cox, log_rank

if TYPE_CHECKING:
    from trialwright.stats import HazardRatio, LogRank

__all__ = ["effects"]


def effects(analysis: Survival) -> Iterator[Finding]:
    """Return hazard ratio and log-rank test of each arm against the control, stratified where the plan says so."""
    for experimental, control, both in analysis.study.comparisons(analysis.groups):
        if len(experimental) and len(control):
            yield from _effect(analysis, experimental, control, both)
        else:
            yield from _nothing(analysis, both, experimental if len(control) else control)


def _effect(analysis: Survival, experimental: Group, control: Group, both: Group) -> Iterator[Finding]:
    plan = analysis.study.protocol.analysis
    arms = (control.name, experimental.name)
    table = RiskTable.count(analysis.times(both, arms=arms, stratified=plan.stratified))
    test = log_rank(table)
    strata = f"{len(table.strata)} strata as randomized" if plan.stratified else "not stratified"
    idle = f"; without information: {', '.join(test.uninformative_strata)}" if test.uninformative_strata else ""
    fit = cox(table, ties=plan.ties, level=plan.confidence_level)
    yield _ratio(analysis, both, fit.effect, fit.events, f"{strata}{idle}; ties: {plan.ties}")
    yield from _test(analysis, both, test, f"{strata}{idle}; two-sided")


def _ratio(analysis: Survival, both: Group, effect: HazardRatio, events: int, conventions: str) -> Finding:
    """Return the hazard ratio; one that is infinite has no value, and its problem says so."""
    return analysis.place.found(
        both,
        "hazard ratio",
        _finite(effect.hazard_ratio),
        **_where_it_came_from(analysis, both, "cox"),
        lower=_finite(effect.lower),
        upper=_finite(effect.upper),
        level=effect.level,
        events=events,
        conventions=conventions,
        problem=effect.problem,
    )


def _test(analysis: Survival, both: Group, test: LogRank, conventions: str) -> Iterator[Finding]:
    fields = _where_it_came_from(analysis, both, "log-rank") | {
        "conventions": conventions,
        "events": int(test.observed.sum()),
        "problem": test.test.problem,
    }
    yield analysis.place.found(both, "log-rank P", test.test.p, **fields)
    yield analysis.place.found(both, "log-rank z", test.z, **fields)


def _nothing(analysis: Survival, both: Group, empty: Group) -> Iterator[Finding]:
    problem = f"arm {empty.name} has no patient to compare"
    for statistic, method in (("hazard ratio", "cox"), ("log-rank P", "log-rank"), ("log-rank z", "log-rank")):
        fields = _where_it_came_from(analysis, both, method)
        yield analysis.place.found(both, statistic, None, **fields, problem=problem)


def _where_it_came_from(analysis: Survival, both: Group, method: str) -> dict[str, Any]:
    return {"by": both, "method": method, "source": SOURCE}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
