"""Shares with limits, and the comparison of two shares: differences, ratios of odds, tests, plain and in strata."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from trialwright.analyze.study import Finding, Group, Place, Study
from trialwright.stats import (
    Estimate,
    Test,
    TwoByTwoTables,
    Weights,
    breslow_day,
    clopper_pearson,
    cochran_mantel_haenszel,
    mantel_haenszel_odds_ratio,
    mee,
    miettinen_nurminen,
    newcombe,
    pearson_chi_square,
    stratified_miettinen_nurminen,
    wald_difference,
    wilson,
    woolf,
)

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisPlan

__all__ = ["Compared", "comparison", "difference", "limits_of", "proportion", "share_limits"]

_DIFFERENCES: Mapping[str, tuple[Callable[..., Estimate], str]] = {
    "newcombe": (newcombe, "limits by Newcombe's method 10, without continuity correction"),
    "miettinen-nurminen": (miettinen_nurminen, "score limits, variance times N / (N - 1)"),
    "mee": (mee, "score limits, without the factor N / (N - 1)"),
    "wald": (wald_difference, "Wald limits, without continuity correction"),
}
UNNAMED = "newcombe"
"""Limits of a difference where the plan names none."""


@dataclass(frozen=True)
class Compared:
    """Two arms with the patients who have the event: the experimental arm first, then the control."""

    place: Place
    experimental: Group
    control: Group
    both: Group
    won: frozenset[str]
    source: str
    item: str | None = None

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Return events and patients of the experimental arm, then of the control."""
        one, two = self.experimental.subjects, self.control.subjects
        return len(self.won.intersection(one)), len(one), len(self.won.intersection(two)), len(two)

    def tables(self, study: Study) -> TwoByTwoTables:
        """Return the counts by stratum as randomized, in the order of the strata's names."""
        strata = sorted({study.stratum_of[subject] for subject in self.both.subjects}) or [""]
        parts = [self._of(study, stratum).counts for stratum in strata]
        return TwoByTwoTables.of(*zip(*parts, strict=True))

    def found(self, statistic: str, value: float | None, **more: Any) -> Finding:
        """Return one result of the comparison."""
        x1, _, x2, _ = self.counts
        fields: dict[str, Any] = {"events": x1 + x2, "source": self.source, "item": self.item} | more
        return self.place.found(self.both, statistic, value, **fields)

    def _of(self, study: Study, stratum: str) -> Compared:
        one, two = (
            Group(arm.name, arm.key, tuple(s for s in arm.subjects if study.stratum_of[s] == stratum))
            for arm in (self.experimental, self.control)
        )
        return Compared(self.place, one, two, self.both, self.won, self.source, self.item)


def proportion(place: Place, group: Group, by: Group, plan: AnalysisPlan, fields: Mapping[str, Any]) -> Finding:
    """Return the rate of those in ``by`` among a group, with the plan's limits."""
    found = share_limits(len(by), len(group), plan)
    more: dict[str, Any] = limits_of(found) | {"events": len(by), "unit": "share", "method": plan.proportion_interval}
    return place.found(group, "rate", found.value, by, **more, **fields)


def share_limits(events: int, patients: int, plan: AnalysisPlan) -> Estimate:
    """Return a share with the limits that the plan names."""
    interval = clopper_pearson if plan.proportion_interval == "clopper-pearson" else wilson
    return interval(events, patients, level=plan.confidence_level)


def difference(compared: Compared, plan: AnalysisPlan) -> Iterator[Finding]:
    """Return the difference of two shares, experimental less control, by the plan's method, and its P value."""
    yield _difference(compared, plan, "difference", plan.difference_interval or UNNAMED)
    test = pearson_chi_square(*compared.counts)
    conventions = "Pearson chi-square, uncorrected, not stratified; two-sided"
    yield _test(compared, "difference P", test, "chi-square", conventions)


def comparison(compared: Compared, study: Study) -> Iterator[Finding]:
    """Return everything about two shares: difference and test, score limits, odds ratio; in strata if so planned.

    Score limits by Miettinen and Nurminen stand beside the plan's where these are others. The common difference has
    the plan's weights of strata, or a row for each kind where the plan names none.
    """
    plan = study.protocol.analysis
    yield from difference(compared, plan)
    if (plan.difference_interval or UNNAMED) != "miettinen-nurminen":
        yield _difference(compared, plan, "difference, score limits", "miettinen-nurminen")
    odds = woolf(*compared.counts, level=plan.confidence_level)
    yield _ratio(compared, "odds ratio", odds, "woolf", "Wald limits of the logarithm; not stratified")
    if plan.stratified:
        yield from _stratified(compared, study, plan)


def limits_of(found: Estimate) -> dict[str, Any]:
    """Return the fields of a result for an estimate; an infinite limit is no limit."""
    return {
        "lower": _finite(found.lower),
        "upper": _finite(found.upper),
        "level": found.level,
        "problem": found.problem,
    }


def _difference(compared: Compared, plan: AnalysisPlan, statistic: str, method: str) -> Finding:
    interval, conventions = _DIFFERENCES[method]
    found = interval(*compared.counts, level=plan.confidence_level)
    if plan.difference_interval is None and statistic == "difference":
        conventions += "; the plan names no method"
    more = limits_of(found) | {"unit": "share", "method": method, "conventions": conventions}
    return compared.found(statistic, found.value, **more)


def _stratified(compared: Compared, study: Study, plan: AnalysisPlan) -> Iterator[Finding]:
    tables, level = compared.tables(study), plan.confidence_level
    strata = f"{len(tables)} strata as randomized{_idle(tables)}"
    named: Sequence[Weights] = (plan.stratum_weights,) if plan.stratum_weights else get_args(Weights)
    for weights in named:
        yield _common_difference(compared, tables, weights, level, strata)
    odds = mantel_haenszel_odds_ratio(tables, level=level)
    yield _ratio(compared, "odds ratio, stratified", odds, "mantel-haenszel", strata)
    test = cochran_mantel_haenszel(tables)
    yield _test(compared, "stratified P", test, "cochran-mantel-haenszel", f"{strata}; uncorrected; two-sided")
    same = breslow_day(tables)
    yield _test(compared, "homogeneity P", same, "breslow-day", f"{strata}; with Tarone's correction")


def _common_difference(
    compared: Compared, tables: TwoByTwoTables, weights: Weights, level: float, strata: str
) -> Finding:
    found = stratified_miettinen_nurminen(tables, weights=weights, level=level)
    conventions = f"{strata}; weights of strata: {weights}"
    more = limits_of(found) | {"unit": "share", "method": "stratified-miettinen-nurminen", "conventions": conventions}
    named = f"{compared.item}: {weights} weights" if compared.item else f"{weights} weights"
    return compared.found("difference, stratified", found.value, **more | {"item": named})


def _idle(tables: TwoByTwoTables) -> str:
    """Return in words how many strata hold no comparison because an arm has nobody in them."""
    idle = len(tables) - len(tables.comparable)
    return f"; {idle} with one arm only count{'s' if idle == 1 else ''} for nothing" if idle else ""


def _ratio(compared: Compared, statistic: str, found: Estimate, method: str, conventions: str) -> Finding:
    """Return a ratio; one that is infinite has no value, and the problem says so."""
    more = limits_of(found) | {"unit": "ratio", "method": method, "conventions": conventions}
    if found.value == math.inf:
        more["problem"] = "the ratio is infinite"
    return compared.found(statistic, _finite(found.value), **more)


def _test(compared: Compared, statistic: str, test: Test, method: str, conventions: str) -> Finding:
    return compared.found(statistic, test.p, method=method, conventions=conventions, problem=test.problem)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
