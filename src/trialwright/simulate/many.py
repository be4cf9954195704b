"""The array-level simulator: the same virtual trials as the record-level one, counted instead of written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trialwright.design import Scenario
from trialwright.protocol import AnalysisItem, Cut, Protocol, ResponseEndpoint, SafetyEndpoint, TimeToEventEndpoint
from trialwright.results import result_key
from trialwright.simulate.baseline import baseline_values
from trialwright.simulate.course import Course, draw_course, draw_events
from trialwright.simulate.cuts import NOT_REACHED, cut_days
from trialwright.simulate.observe import (
    is_replayable,
    is_treated,
    observe_response,
    observe_severe,
    observe_time_to_event,
)
from trialwright.simulate.population import Population, populate
from trialwright.simulate.world import World
from trialwright.stats import DAYS_PER_MONTH, analyze_batch

__all__ = ["Replays", "many"]

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

CHUNK = 100
"""Trials drawn at once; results do not depend on it."""


@dataclass(frozen=True)
class Replays:
    """Numbers of many virtual trials by the key of the result they answer to; arrays of shape (trials,).

    Infinity: not reached (a median beyond follow-up). NaN: not estimable in that trial.
    """

    values: Mapping[str, Floats]
    trials: int
    seed: int

    def mean(self, key: str) -> tuple[float, float]:
        """Return mean and its Monte Carlo standard error over the trials in which the number was estimable."""
        values = self.values[key]
        finite = values[np.isfinite(values)]
        if len(finite) < 2:
            return float("nan"), float("nan")
        return float(finite.mean()), float(finite.std(ddof=1) / np.sqrt(len(finite)))


def many(protocol: Protocol, scenario: Scenario, n: int, seed: int, map: Map = map, *, first: int = 0) -> Replays:
    """Return what ``n`` virtual trials show at each data cut-off: trial k is trial k of the record-level simulator.

    ``map`` is any executor's; the numbers do not depend on it. ``first`` is the number of the first trial.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1 trial; got {n}")
    starts = range(first, first + n, CHUNK)
    chunks = [np.arange(start, min(start + CHUNK, first + n)) for start in starts]
    parts = list(map(_Chunk(World.of(protocol, scenario, seed)), chunks))
    values = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    return Replays(values, n, seed)


@dataclass(frozen=True)
class _Chunk:
    """The work of one chunk of trials; a value, so that it can be sent to another process."""

    world: World

    def __call__(self, trials: NDArray[np.int64]) -> dict[str, Floats]:
        people = populate(self.world, trials)
        course = draw_course(self.world, people.patients)
        baseline = baseline_values(people.candidates)
        found: dict[str, Floats] = {}
        for cut in self.world.protocol.analysis.cuts:
            look = _Look(self.world, people, course, cut)
            found.update(look.numbers())
            found.update(baseline.at(cut.id, look.enrolled))
        return found


class _Look:
    """One data cut-off of a chunk of trials."""

    def __init__(self, world: World, people: Population, course: Course, cut: Cut) -> None:
        self.world, self.protocol, self.people, self.course, self.cut = world, world.protocol, people, course, cut
        self.shape = (len(people.trials), world.patients)
        days = cut_days(world, cut, people.patients, course)
        self.reached = days != NOT_REACHED
        on = np.where(self.reached, days, 0).repeat(world.patients)
        self.last_day = np.minimum(on - people.patients.randomized, people.patients.horizon)
        self.enrolled: Bools = (self.last_day >= 0) & self.reached.repeat(world.patients)

    def numbers(self) -> dict[str, Floats]:
        """Return every number of the analysis plan that the simulator knows."""
        found = dict(self._flow())
        for item in self.protocol.analysis.items:
            found.update(self._item(item))
        return {key: np.where(self.reached, values, np.nan) for key, values in found.items()}

    def _item(self, item: AnalysisItem) -> Iterator[tuple[str, Floats]]:
        endpoint = self.protocol.endpoint(item.endpoint)
        if isinstance(endpoint, SafetyEndpoint):
            return self._harms(item)
        if not is_replayable(endpoint):
            return iter(())
        if isinstance(endpoint, ResponseEndpoint):
            return self._response(item, endpoint)
        if isinstance(endpoint, TimeToEventEndpoint):
            return self._time_to_event(item, endpoint)
        return iter(())

    def _members(self, population: str) -> Bools:
        kind = self.protocol.population(population).members
        if kind == "treated":
            return self.enrolled & is_treated(self.people.patients, self.course, self.last_day)
        return self.enrolled & self.people.patients.targets if kind == "measurable disease" else self.enrolled

    def _key(self, plan: AnalysisItem, group: str, statistic: str, **extra: Any) -> str:
        return result_key(self.cut.id, plan.endpoint, plan.population, group, statistic, **extra)

    def _per_trial(self, flags: Bools) -> Floats:
        return np.asarray(flags.reshape(self.shape).sum(axis=1), np.float64)

    def _flow(self) -> Iterator[tuple[str, Floats]]:
        key = (self.cut.id, "flow", "screened")
        treated = self.enrolled & is_treated(self.people.patients, self.course, self.last_day)
        for code, arm in enumerate(self.world.arms):
            own = self.people.patients.arm == code
            yield result_key(*key, arm, "allocated"), self._per_trial(self.enrolled & own)
            yield result_key(*key, arm, "treated"), self._per_trial(treated & own)
        yield result_key(*key, "all", "randomized"), self._per_trial(self.enrolled)
        yield result_key(*key, "all", "measurable"), self._per_trial(self.enrolled & self.people.patients.targets)
        yield result_key(*key, "all", "sites"), self._sites()
        yield result_key(*key, "all", "last randomized"), self._last_randomized()

    def _sites(self) -> Floats:
        site = self.people.enrolled.pick(self.people.come.site).reshape(self.shape)
        enrolled = self.enrolled.reshape(self.shape)
        return np.array([len(np.unique(row[inside])) for row, inside in zip(site, enrolled, strict=True)], float)

    def _last_randomized(self) -> Floats:
        """Return the day of the last randomization by the cut-off, counted from 1970-01-01."""
        days = np.where(self.enrolled, self.people.patients.randomized, 0).reshape(self.shape)
        return np.asarray(days.max(axis=1) + self.world.since_1970, np.float64)

    def _harms(self, item: AnalysisItem) -> Iterator[tuple[str, Floats]]:
        treated = self._members(item.population)
        severe = {
            event.term: treated
            & observe_severe(draw_events(self.world, event, self.people.patients, self.course), self.last_day)
            for event in self.world.scenario.adverse_events
        }
        severe["any"] = np.logical_or.reduce(list(severe.values()))
        for term, flags in severe.items():
            for arm, share, _ in self._shares(flags, treated):
                yield self._key(item, arm, "grade 3 or higher", item=term), share

    def _response(self, item: AnalysisItem, endpoint: ResponseEndpoint) -> Iterator[tuple[str, Floats]]:
        inside = self._members(item.population)
        success = inside & observe_response(endpoint, self.course, self.last_day)
        tables = {}
        for arm, share, table in self._shares(success, inside):
            yield self._key(item, arm, "rate"), share
            tables[arm] = table
        control = self.protocol.analysis.control
        for arm in tables if item.compare else ():
            if arm != control:
                yield self._key(item, f"{arm} v {control}", "difference P"), _pearson(tables[arm], tables[control])

    def _shares(self, flags: Bools, inside: Bools) -> Iterator[tuple[str, Floats, tuple[Floats, Floats]]]:
        for code, arm in enumerate(self.world.arms):
            own = self.people.patients.arm == code
            events, size = self._per_trial(flags & own), self._per_trial(inside & own)
            yield arm, np.where(size > 0, events / np.maximum(size, 1), np.nan), (events, size)

    def _time_to_event(self, item: AnalysisItem, endpoint: TimeToEventEndpoint) -> Iterator[tuple[str, Floats]]:
        inside = self._members(item.population)
        last_day = np.where(inside, self.last_day, 0)
        seen = observe_time_to_event(self.protocol, endpoint, self.course, last_day)
        at = [round(months * DAYS_PER_MONTH) for months in item.at_months]
        control = self.world.arms.index(self.protocol.analysis.control)
        for code, arm in enumerate(self.world.arms):
            if code == control:
                continue
            pair = inside & np.isin(self.people.patients.arm, [control, code])
            batch = analyze_batch(
                seen.days.reshape(self.shape),
                seen.event.reshape(self.shape),
                (self.people.patients.arm == code).reshape(self.shape),
                self._strata().reshape(self.shape) if self.protocol.analysis.stratified else None,
                at_days=at,
                included=pair.reshape(self.shape),
                workers=1,
            )
            for side, name in ((1, arm), (0, self.world.arms[control])):
                size, follow_up = batch.subjects[:, side], batch.follow_up_by_arm[:, side]
                yield self._key(item, name, "events"), batch.events[:, side].astype(float)
                yield self._key(item, name, "median"), _reached(batch.median[:, side], size)
                yield self._key(item, name, "follow-up"), _reached(follow_up, size)
                for index, day in enumerate(at):
                    yield self._key(item, name, "rate", at=day), batch.survival[:, side, index]
            if item.compare:
                versus = f"{arm} v {self.world.arms[control]}"
                if self.protocol.analysis.ties == "efron":  # the only rule of many trials at once
                    yield self._key(item, versus, "hazard ratio"), np.exp(batch.log_hazard_ratio)
                yield self._key(item, versus, "log-rank P"), _two_sided(batch.z)
                yield self._key(item, versus, "log-rank z"), batch.z
            if len(self.world.arms) == 2:
                yield self._key(item, "all", "events"), batch.events.sum(axis=1).astype(float)
                yield self._key(item, "all", "follow-up"), _reached(batch.follow_up, batch.subjects.sum(axis=1))

    def _strata(self) -> NDArray[np.int64]:
        patients = self.people.patients
        stratum = np.zeros(len(patients.arm), np.int64)
        for factor, levels in self.world.scheme.factors:
            stratum = stratum * len(levels) + patients.factors[factor]
        return stratum


def _reached(median: Floats, patients: NDArray[np.integer]) -> Floats:
    """Return medians with infinity where patients were followed and the median was not reached."""
    return np.where(np.isnan(median) & (patients > 0), np.inf, median)


def _two_sided(z: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(2 * ndtr(-np.abs(z)))


def _pearson(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> Floats:
    """Return the P value of Pearson's chi-square of two shares, uncorrected; NaN where it has no information."""
    from scipy.special import chdtrc

    (x1, n1), (x2, n2) = one, other
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (x1 + x2) / (n1 + n2)
        chi_square = (x1 / n1 - x2 / n2) ** 2 / (pooled * (1 - pooled) * (1 / n1 + 1 / n2))
        return np.asarray(chdtrc(1, chi_square))
