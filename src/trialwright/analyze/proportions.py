"""Shares with limits, and the difference of two shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from trialwright.analyze.study import Finding, Group, Place
from trialwright.stats import clopper_pearson, newcombe, pearson_chi_square, wilson

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisPlan

__all__ = ["difference", "proportion"]

Count = tuple[int, int]
"""Events and patients of one arm."""


def proportion(place: Place, group: Group, by: Group, plan: AnalysisPlan, fields: Mapping[str, Any]) -> Finding:
    """Return the rate of those in ``by`` among a group, with the plan's limits."""
    interval = clopper_pearson if plan.proportion_interval == "clopper-pearson" else wilson
    found = interval(len(by), len(group), level=plan.confidence_level)
    return place.found(
        group,
        "rate",
        found.value,
        by,
        lower=found.lower,
        upper=found.upper,
        level=found.level,
        events=len(by),
        unit="share",
        method=plan.proportion_interval,
        problem=found.problem,
        **fields,
    )


def difference(
    place: Place, both: Group, counts: tuple[Count, Count], level: float, fields: Mapping[str, Any]
) -> Iterator[Finding]:
    """Return the difference of two shares, experimental less control, and its P value."""
    one, two = counts
    estimate = newcombe(*one, *two, level=level)
    test = pearson_chi_square(*one, *two)
    events = one[0] + two[0]
    yield place.found(
        both,
        "difference",
        estimate.value,
        lower=estimate.lower,
        upper=estimate.upper,
        level=level,
        events=events,
        unit="share",
        method="newcombe",
        conventions="limits by Newcombe's method 10, without continuity correction",
        problem=estimate.problem,
        **fields,
    )
    conventions = "Pearson chi-square, uncorrected, not stratified; two-sided"
    yield place.found(
        both,
        "difference P",
        test.p,
        events=events,
        method="chi-square",
        conventions=conventions,
        problem=test.problem,
        **fields,
    )
