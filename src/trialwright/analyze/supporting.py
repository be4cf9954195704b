"""Analyses beside the planned comparison of a time to event, where the plan asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trialwright.analyze.curve import SOURCE
from trialwright.analyze.rerandomization import rerandomization_test
from trialwright.analyze.study import Finding, Group
from trialwright.analyze.survival import Survival
from trialwright.derive import days_of_scans
from trialwright.randomize import scheme
from trialwright.stats import (
    DAYS_PER_MONTH,
    FittedCox,
    IntervalTimes,
    compare_restricted_means,
    cox,
    interval_censored,
    log_rank,
    max_combo,
    proportional_hazards_test,
)

if TYPE_CHECKING:
    from trialwright.protocol import Rerandomization, Supporting
    from trialwright.stats import EventTimes

__all__ = ["supporting"]


def supporting(analysis: Survival, plan: Supporting) -> Iterator[Finding]:
    """Return the rows of each supporting analysis, for each arm against the control that have patients."""
    for experimental, control, both in analysis.study.comparisons(analysis.groups):
        if len(experimental) and len(control):
            one = _Pair(analysis, both, (control.name, experimental.name))
            yield from one.findings(plan)


class _Pair:
    """One arm against the control."""

    def __init__(self, analysis: Survival, both: Group, arms: tuple[str, str]) -> None:
        self.analysis, self.both, self.arms = analysis, both, arms
        self.plan = analysis.study.protocol.analysis

    def findings(self, plan: Supporting) -> Iterator[Finding]:
        if plan.unstratified:
            yield from self._unstratified()
        if plan.restricted_mean_months is not None:
            yield from self._restricted_means(plan.restricted_mean_months)
        if plan.max_combo:
            yield from self._max_combo()
        if plan.proportional_hazards is not None:
            yield from self._proportional_hazards(plan.proportional_hazards)
        if plan.interval_censored:
            yield from self._interval_censored()
        if plan.re_randomization is not None:
            yield from self._re_randomized(plan.re_randomization)

    def _times(self, stratified: bool) -> EventTimes:
        return self.analysis.times(self.both, arms=self.arms, stratified=stratified)

    def _found(self, statistic: str, value: float | None, method: str, **fields: Any) -> Finding:
        finite = value if value is not None and np.isfinite(value) else None
        if finite is None and fields.get("problem") is None:
            fields["problem"] = "no finite estimate"
        return self.analysis.place.found(
            self.both, statistic, finite, by=self.both, method=method, source=SOURCE, **fields
        )

    def _unstratified(self) -> Iterator[Finding]:
        times = self._times(stratified=False)
        effect = cox(times, ties=self.plan.ties, level=self.plan.confidence_level).effect
        yield self._ratio("unstratified hazard ratio", effect, "cox", f"not stratified; ties: {self.plan.ties}")
        test = log_rank(times)
        fields = {"conventions": "not stratified; two-sided", "problem": test.test.problem}
        yield self._found("unstratified log-rank P", test.test.p, "log-rank", **fields)

    def _ratio(self, statistic: str, effect: Any, method: str, conventions: str) -> Finding:
        limits = {side: getattr(effect, side) for side in ("lower", "upper")}
        known = {side: limit if limit is not None and np.isfinite(limit) else None for side, limit in limits.items()}
        return self._found(
            statistic,
            effect.hazard_ratio,
            method,
            level=effect.level,
            conventions=conventions,
            problem=effect.problem,
            **known,
        )

    def _restricted_means(self, months: float) -> Iterator[Finding]:
        tau = round(months * DAYS_PER_MONTH)
        level = self.plan.confidence_level
        found = compare_restricted_means(self._times(stratified=False), tau=tau, level=level)
        for statistic, contrast, unit in (
            ("restricted mean difference", found.difference, "days"),
            ("restricted mean ratio", found.ratio, ""),
        ):
            conventions = f"up to day {tau}, as planned; not stratified; Greenwood variance"
            fields = {"lower": contrast.lower, "upper": contrast.upper, "level": level, "unit": unit, "at": float(tau)}
            yield self._found(
                statistic,
                contrast.value,
                "restricted-mean",
                conventions=conventions,
                problem=contrast.problem,
                **fields,
            )
        fields = {"at": float(tau), "problem": found.difference.problem}
        yield self._found("restricted mean P", found.difference.p, "restricted-mean", **fields)

    def _max_combo(self) -> Iterator[Finding]:
        found = max_combo(self._times(self.plan.stratified))
        conventions = f"weights {', '.join(found.weights)}; two-sided; largest: {found.largest}"
        yield self._found("MaxCombo P", found.p, "max-combo", conventions=conventions, problem=found.problem)

    def _proportional_hazards(self, transform: Any) -> Iterator[Finding]:
        times = self._times(self.plan.stratified)
        ties: Literal["efron", "breslow"] = "efron" if self.plan.ties == "efron" else "breslow"
        fit = cox(times, ties=ties, level=self.plan.confidence_level)
        problem = fit.effect.problem
        test = None if problem else proportional_hazards_test(FittedCox.from_arms(times, fit), transform).overall
        yield self._found(
            "proportional hazards P",
            test.p if test else None,
            "proportional-hazards",
            conventions=f"score test, time transform {transform}; ties: {ties}",
            problem=problem or (test.problem if test else None),
        )

    def _interval_censored(self) -> Iterator[Finding]:
        found = interval_censored(self._on_scans(), level=self.plan.confidence_level)
        conventions = "each event between the planned scans around it; grouped proportional hazards"
        yield self._ratio("interval-censored hazard ratio", found.effects[0], "interval-censored", conventions)
        yield self._found(
            "interval-censored score P",
            found.score.p,
            "interval-censored",
            conventions=conventions,
            problem=found.score.problem,
        )

    def _on_scans(self) -> IntervalTimes:
        """Return the times as the planned scans see them: progression at its nearest scan, a death before the next."""
        protocol, subjects = self.analysis.study.protocol, self.both.subjects
        planned = np.array(days_of_scans(protocol.assessments))
        ended = [self.analysis.ended[subject] for subject in subjects]
        day = np.array([one.days - 1 for one in ended])
        event = np.array([one.event for one in ended])
        died = np.array([one.why == "death" for one in ended])
        nearest = np.searchsorted((planned[1:] + planned[:-1]) / 2, day)
        next_scan = np.searchsorted(planned, day)
        scan = np.maximum(np.where(died, next_scan, nearest), event)
        after, by = np.where(event, planned[np.maximum(scan - 1, 0)], planned[scan]), planned[scan].astype(float)
        strata = [self.analysis.study.stratum_of[s] for s in subjects] if self.plan.stratified else None
        arms = [self.analysis.study.arm_of[s] for s in subjects]
        return IntervalTimes.of(after, np.where(event, by, np.inf), arms, strata, arms=self.arms)

    def _re_randomized(self, plan: Rerandomization) -> Iterator[Finding]:
        study = self.analysis.study
        allocations = study.data["allocations"]
        columns = (allocations[name].to_list() for name in ("subject", "stratum", "position"))
        place = {subject: (stratum, position) for subject, stratum, position in zip(*columns, strict=True)}
        found = rerandomization_test(
            self._times(self.plan.stratified),
            scheme(study.protocol),
            seed=plan.seed,
            draws=plan.draws,
            randomized_in=[place[s][0] for s in self.both.subjects],
            position=[place[s][1] for s in self.both.subjects],
        )
        error = "" if found.p_se is None else f"; Monte Carlo standard error {found.p_se:.2g}"
        conventions = f"{found.draws:,} draws of the trial's own scheme, seed {found.seed}; two-sided{error}"
        yield self._found(
            "re-randomization P", found.p, "re-randomization", conventions=conventions, problem=found.problem
        )
