"""The planned sensitivity analyses to censoring, as findings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from trialwright.analyze.imputation import Courses
from trialwright.analyze.study import Finding, Group, Study
from trialwright.analyze.survival import Survival
from trialwright.analyze.tipping import TippingMap, imputed, jump_to_reference, tipping_map
from trialwright.protocol import AnalysisItem

if TYPE_CHECKING:
    from trialwright.analyze.tipping import Imputed
    from trialwright.protocol import SensitivityPlan

__all__ = ["sensitivity"]

SOURCE = "derive.time_to_event"
MOST_STRATA = 128
"""That many the batch analysis of trials takes."""
_RATIO, _P, _TIPPING = "imputed hazard ratio", "imputed log-rank P", "tipping delta"


class _Comparison(NamedTuple):
    analysis: Survival
    plan: SensitivityPlan
    experimental: Group
    control: Group
    both: Group


def sensitivity(study: Study, plan: SensitivityPlan) -> Iterator[Finding]:
    """Return the pooled hazard ratio and log-rank test of each arm against the control, for every set of deltas.

    Also how many courses were imputed, and for a map the experimental delta at which the decision tips at one less the
    plan's confidence level.
    """
    analysis = Survival.of(study, AnalysisItem(endpoint=plan.endpoint, population=plan.population))
    origin = _origins(study, plan.endpoint)
    for found in study.comparisons(analysis.groups):
        comparison = _Comparison(analysis, plan, *found)
        if plan.deltas and comparison.experimental.name not in plan.deltas:
            continue
        courses = [_courses(comparison, arm, origin) for arm in (comparison.experimental, comparison.control)]
        for arm, own in zip((comparison.experimental, comparison.control), courses, strict=True):
            yield _count(comparison, arm, own)
        problem = _problem(comparison)
        drawn = None if problem else _drawn(comparison, courses)
        if drawn is None:
            yield from _nothing(comparison, problem or "an arm has no event to estimate a hazard from")
        else:
            yield from _rows(comparison, _analyzed(comparison, drawn))


def _origins(study: Study, endpoint: str) -> dict[str, int]:
    """Return the day that the data reach, counted as the time to event is, by subject; none where nothing was cut."""
    import polars as pl

    times = study.derived.times.filter(pl.col("endpoint") == endpoint)
    if study.data.cutoff is None:
        return {}
    reach = (pl.lit(study.data.cutoff) - times["origin_on"]).dt.total_days() + 1
    return dict(zip(times["subject"].to_list(), times.select(reach).to_series().to_list(), strict=True))


def _courses(comparison: _Comparison, arm: Group, reach: dict[str, int]) -> Courses:
    ended, reasons = comparison.analysis.ended, comparison.plan.reasons
    order = {subject: place for place, subject in enumerate(comparison.analysis.study.arm_of)}
    own = [ended[subject] for subject in arm.subjects]
    open_until = [
        reach.get(subject, each.days) if not each.event and (not reasons or each.why in reasons) else each.days
        for subject, each in zip(arm.subjects, own, strict=True)
    ]
    day = np.array([each.days for each in own], np.int64)
    return Courses(
        day,
        np.array([each.event for each in own], bool),
        np.maximum(np.array(open_until, np.int64), day),
        np.array([order[subject] for subject in arm.subjects], np.int64),
    )


def _count(comparison: _Comparison, arm: Group, courses: Courses) -> Finding:
    open_ = (s for s, more in zip(arm.subjects, courses.open_until > courses.day, strict=True) if more)
    if arm.name != comparison.control.name:
        item = comparison.plan.id
    else:
        item = f"{comparison.plan.id}: beside {comparison.experimental.name}"
    by = arm.of_endpoint(comparison.plan.endpoint).only(f"imputed {comparison.plan.id}", open_)
    return comparison.analysis.place.count(arm, "imputed", by, SOURCE, item=item)


def _problem(comparison: _Comparison) -> str | None:
    if comparison.analysis.study.data.cutoff is None:
        return "the data were not cut, so nobody knows how far a course could have been followed"
    if len(set(comparison.analysis.study.stratum_of.values())) > MOST_STRATA:
        return f"there are more than {MOST_STRATA} strata; imputed trials are analyzed with fewer"
    empty = next((arm for arm in (comparison.experimental, comparison.control) if not len(arm)), None)
    return None if empty is None else f"arm {empty.name} has no patient to compare"


def _drawn(comparison: _Comparison, courses: list[Courses]) -> Imputed | None:
    plan, study = comparison.plan, comparison.analysis.study
    strata = {name: code for code, name in enumerate(sorted(set(study.stratum_of.values())))}
    stratified = study.protocol.analysis.stratified
    codes = [strata[study.stratum_of[s]] if stratified else 0 for s in comparison.both.subjects]
    one, two = courses
    options: dict[str, int] = {"pieces": plan.pieces, "imputations": plan.imputations, "seed": plan.seed}
    return imputed(one, two, np.array(codes, np.int64), **options)


def _analyzed(comparison: _Comparison, drawn: Imputed) -> TippingMap:
    if comparison.plan.method == "jump to reference":
        return jump_to_reference(drawn)
    deltas = comparison.plan.deltas
    arms = (comparison.experimental.name, comparison.control.name)
    return tipping_map(drawn, *(deltas[arm].values for arm in arms))


def _rows(comparison: _Comparison, found: TippingMap) -> Iterator[Finding]:
    level = comparison.analysis.study.protocol.analysis.confidence_level
    coef, (lower, upper) = found.log_hazard_ratio, found.log_hazard_ratio.limits(level)
    for i, one in enumerate(found.experimental):
        for j, two in enumerate(found.control):
            item = _item(comparison, one, two)
            limits = {"lower": _exp(lower[i, j]), "upper": _exp(upper[i, j]), "level": level}
            yield _found(comparison, _RATIO, _exp(coef.value[i, j]), item=item, unit="ratio", **limits)
            yield _found(comparison, _P, _number(found.z.p[i, j]), item=item)
    if len(found.experimental) > 1:
        yield _tipping(comparison, found, 1 - level)


def _tipping(comparison: _Comparison, found: TippingMap, alpha: float) -> Finding:
    tips = found.tipping_delta(alpha)
    low, high = found.experimental[0], found.experimental[-1]
    arms = f"{comparison.experimental.name} from {low:g} to {high:g}, {comparison.control.name} near 1"
    problem = None if tips is not None else f"the log-rank decision at {alpha:.3g} stays the same for deltas of {arms}"
    return _found(comparison, _TIPPING, tips, item=comparison.plan.id, unit="ratio", problem=problem)


def _nothing(comparison: _Comparison, problem: str) -> Iterator[Finding]:
    for statistic in (_RATIO, _P):
        yield _found(comparison, statistic, None, item=comparison.plan.id, problem=problem)


def _found(comparison: _Comparison, statistic: str, value: float | None, **more: Any) -> Finding:
    both, plan = comparison.both, comparison.plan
    stratified = comparison.analysis.study.protocol.analysis.stratified
    fields: dict[str, Any] = {
        "method": plan.method.replace(" ", "-"),
        "conventions": (
            f"{plan.imputations} imputations, seed {plan.seed}, at most {plan.pieces} pieces of constant hazard; "
            f"{'strata as randomized' if stratified else 'not stratified'}; ties: efron; two-sided"
        ),
        "source": SOURCE,
    }
    problem = None if value is not None else "not estimable in every imputation"
    return comparison.analysis.place.found(both, statistic, value, both, **fields | {"problem": problem} | more)


def _item(comparison: _Comparison, one: float, two: float) -> str:
    """Return the plan's id, and the deltas where it has any."""
    plan = comparison.plan
    if plan.method == "jump to reference":
        return plan.id
    return f"{plan.id}: delta {comparison.experimental.name} {one:g}, {comparison.control.name} {two:g}"


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _exp(value: float) -> float | None:
    return math.exp(value) if math.isfinite(value) and value < 700 else None
