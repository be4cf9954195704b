"""Times to event: curves, medians, rates, follow-up and censoring of each arm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from trialwright.analyze.curve import SOURCE, trace
from trialwright.analyze.study import Finding, Group, Place, Study
from trialwright.stats import EventTimes, RiskTable, days, kaplan_meier, reverse_kaplan_meier

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisItem
    from trialwright.stats import Curve, Estimate

__all__ = ["Ended", "Survival", "survival"]

NOBODY = "no patient to analyze"


class Ended(NamedTuple):
    """How one patient's time ended."""

    days: int
    event: bool
    why: str


@dataclass(frozen=True)
class Survival:
    """One planned analysis of a time to event."""

    study: Study
    item: AnalysisItem
    place: Place
    ended: Mapping[str, Ended]
    groups: tuple[Group, ...]
    """The arms and then ``all``."""

    @classmethod
    def of(cls, study: Study, item: AnalysisItem) -> Survival:
        """Return the analysis with the patients of the population who have a time."""
        ended = _ended(study, item.endpoint)
        plan = study.protocol.endpoint(item.endpoint)
        own = item.endpoint if plan.kind == "time to event" and plan.among != "all" else None
        groups = study.groups(item.population, ended, own)
        return cls(study, item, Place(study.cut, item.endpoint, item.population), ended, tuple(groups))

    def events(self, group: Group) -> Group:
        """Return the patients of a group with the event."""
        return self._part(group, "events", lambda ended: ended.event)

    def censored(self, group: Group, why: str | None = None) -> Group:
        """Return the patients of a group who were censored, for any reason or for one."""
        name = f"censored: {why}" if why else "censored"
        return self._part(group, name, lambda ended: not ended.event and why in (None, ended.why))

    def _part(self, group: Group, name: str, chosen: Callable[[Ended], bool]) -> Group:
        own = group.of_endpoint(self.item.endpoint)
        return own.only(name, (s for s in group.subjects if chosen(self.ended[s])))

    def times(self, group: Group, *, arms: tuple[str, ...] | None = None, stratified: bool = False) -> EventTimes:
        """Return the event times of a group, as one arm, or by the arms named, if wanted by stratum as randomized."""
        own = [self.ended[s] for s in group.subjects]
        return EventTimes.of(
            [ended.days for ended in own],
            [ended.event for ended in own],
            [self.study.arm_of[s] for s in group.subjects] if arms else None,
            [self.study.stratum_of[s] for s in group.subjects] if stratified else None,
            arms=arms,
        )


def survival(analysis: Survival) -> Iterator[Finding]:
    """Return every number of the arms and of all patients; the comparison is a matter of its own."""
    reasons = sorted({ended.why for ended in analysis.ended.values() if not ended.event})
    horizon = max((ended.days for ended in analysis.ended.values()), default=0)
    for group in analysis.groups:
        yield from _counts(analysis, group, reasons)
        if len(group):
            yield from _estimates(analysis, group, horizon)
        else:
            yield from _nothing(analysis, group)


def _ended(study: Study, endpoint: str) -> dict[str, Ended]:
    import polars as pl

    times = study.derived.times.filter(pl.col("endpoint") == endpoint)
    columns = (times[name].to_list() for name in ("subject", "days", "event", "why"))
    return {subject: Ended(*row) for subject, *row in zip(*columns, strict=True)}


def _counts(analysis: Survival, group: Group, reasons: list[str]) -> Iterator[Finding]:
    place = analysis.place
    yield place.count(group, "events", analysis.events(group), SOURCE)
    yield place.count(group, "censored", analysis.censored(group), SOURCE)
    for why in reasons:
        yield place.count(group, "censoring reason", analysis.censored(group, why), SOURCE, item=why)


def _estimates(analysis: Survival, group: Group, horizon: int) -> Iterator[Finding]:
    plan = analysis.study.protocol.analysis
    table = RiskTable.count(analysis.times(group))
    limits: dict[str, Any] = {"level": plan.confidence_level, "interval": plan.interval}
    curve = kaplan_meier(table, **limits)["all"]
    follow_up = reverse_kaplan_meier(table, **limits)["all"]
    yield _median(analysis, group, "median", curve, "median")
    for at in _landmarks(analysis.item):
        yield _rate(analysis, group, curve, at)
    yield _median(analysis, group, "follow-up", follow_up, "reverse-kaplan-meier")
    if group.name != "all":
        yield from trace(analysis.place, group, curve, horizon)


def _nothing(analysis: Survival, group: Group) -> Iterator[Finding]:
    for statistic, method in (("median", "median"), ("follow-up", "reverse-kaplan-meier")):
        yield analysis.place.found(group, statistic, None, problem=NOBODY, unit="days", method=method, source=SOURCE)
    for at in _landmarks(analysis.item):
        fields: dict[str, Any] = {
            "at": float(at),
            "problem": NOBODY,
            "unit": "share",
            "method": "kaplan-meier",
            "source": SOURCE,
        }
        yield analysis.place.found(group, "rate", None, **fields)


def _landmarks(item: AnalysisItem) -> list[int]:
    return [round(days(month)) for month in item.at_months]


def _median(analysis: Survival, group: Group, statistic: str, curve: Curve, method: str) -> Finding:
    events = curve.total_events
    estimate = curve.quantile(0.5)
    return analysis.place.found(
        group, statistic, estimate.value, **_limits(estimate), unit="days", events=events, method=method,
        conventions=f"limits by the {curve.interval} transform; a flat piece at 0.5 gives its middle", source=SOURCE,
    )  # fmt: skip


def _rate(analysis: Survival, group: Group, curve: Curve, at: int) -> Finding:
    estimate = curve.at(at)
    return analysis.place.found(
        group, "rate", estimate.value, **_limits(estimate), at=float(at), unit="share",
        events=int(curve.events[curve.days <= at].sum()), method="kaplan-meier",
        conventions=f"limits by the {curve.interval} transform; not carried beyond the last follow-up", source=SOURCE,
    )  # fmt: skip


def _limits(estimate: Estimate) -> dict[str, Any]:
    return {
        "lower": estimate.lower,
        "upper": estimate.upper,
        "level": estimate.level,
        "problem": estimate.problem if estimate.value is None else None,
    }
