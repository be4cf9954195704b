"""Studies to simulate, changed promises and suppositions, and what the two simulators say of the same trial."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from trialwright import analyze, derive, simulate
from trialwright.design import Scenario
from trialwright.protocol import Protocol, load, read_document, study_file
from trialwright.records import TrialData
from trialwright.simulate.course import draw_course
from trialwright.simulate.observe import is_replayable, observe_time_to_event
from trialwright.simulate.population import populate

TINY = Path(__file__).parents[1] / "studies" / "tiny"


@cache
def study(name: str) -> tuple[Protocol, Scenario]:
    """Return promise and supposition of PALMIRA, or of the made-up trial in another disease."""
    if name == "palmira":
        return load("palmira"), read_document(study_file("palmira", "scenario.yaml"), Scenario)
    return load(TINY / "protocol.yaml"), read_document(TINY / "scenario.yaml", Scenario)


def small(protocol: Protocol, patients: int = 48, events: int = 24) -> Protocol:
    """Return the same promise to fewer patients, so that many trials can be run through it."""
    cuts = [cut.model_copy(update={"events": events} if cut.events else {}) for cut in protocol.analysis.cuts]
    return promised(protocol, {"design.enrollment": patients, "analysis.cuts": [cut.model_dump() for cut in cuts]})


def promised(protocol: Protocol, changes: Mapping[str, Any]) -> Protocol:
    """Return the protocol with the values at some paths replaced, checked as if it came from a file."""
    plain = protocol.model_dump()
    for path, value in changes.items():
        *steps, last = path.split(".")
        place = plain
        for step in steps:
            place = place[step]
        place[last] = value
    return Protocol.model_validate(plain)


def censoring(protocol: Protocol, **rules: Any) -> Protocol:
    """Return the protocol with other censoring rules for every endpoint that ends at the last adequate assessment."""
    plain = protocol.model_dump()
    for endpoint in plain["endpoints"]:
        if endpoint.get("censoring", {}).get("without_event") == "last adequate assessment":
            endpoint["censoring"] |= rules
    return Protocol.model_validate(plain)


def supposed(scenario: Scenario, section: str, **changes: Any) -> Scenario:
    """Return the scenario with some fields of one section replaced, checked as if it came from a file."""
    plain = scenario.model_dump(exclude_unset=True)
    plain[section] = {**plain[section], **changes}
    return Scenario.model_validate(plain)


def differences(protocol: Protocol, scenario: Scenario, seed: int, trials: int, first: int = 0) -> list[str]:
    """Return every number on which the array-level simulator and the record-level one disagree, trial by trial."""
    replays = simulate.many(protocol, scenario, trials, seed, first=first)
    return [
        f"trial {first + k}: {line}"
        for k in range(trials)
        for line in _trial(protocol, scenario, seed, first + k, {key: v[k] for key, v in replays.values.items()})
    ]


def _trial(protocol: Protocol, scenario: Scenario, seed: int, k: int, fast: Mapping[str, float]) -> Iterator[str]:
    data = simulate.trial(protocol, scenario, seed, k)
    for cut, on in derive.cut_dates(data, protocol).items():
        own = {key: value for key, value in fast.items() if key.startswith(f"{cut}/")}
        if on is None:
            yield from (
                f"{key} is {value} at a cut never reached" for key, value in own.items() if not math.isnan(value)
            )
            continue
        known = data.cut(on)
        yield from _numbers(own, {row.key: row.value for row in analyze.run(known, protocol, cut)})
        yield from _patients(protocol, scenario, seed, k, known)


def _numbers(fast: Mapping[str, float], full: Mapping[str, float | None]) -> Iterator[str]:
    for key, value in fast.items():
        if key not in full:
            # A term that nobody had at any grade has no row among the results, and none at grade 3 or higher.
            if "/grade 3 or higher/" not in key or value > 0:
                yield f"{key} is {value}, and no such result"
        elif not _same(value, full[key]):
            yield f"{key} is {value}, and {full[key]} by the full analysis"


def _same(fast: float, full: float | None) -> bool:
    if full is None:
        return not math.isfinite(fast)
    return abs(fast - full) <= 1e-9 * max(1.0, abs(full))


def _patients(protocol: Protocol, scenario: Scenario, seed: int, k: int, known: TrialData) -> Iterator[str]:
    """Compare days and event of every patient under every endpoint that the fast simulator knows."""
    world = simulate.World.of(protocol, scenario, seed)
    patients = populate(world, np.array([k])).patients
    course = draw_course(world, patients)
    last = world.day_of(known.cutoff) - patients.randomized  # type: ignore[arg-type]
    inside = last >= 0
    for plan in protocol.endpoints:
        if plan.kind != "time to event" or not is_replayable(plan):
            continue
        seen = observe_time_to_event(protocol, plan, course, np.minimum(last, patients.horizon))
        rows = derive.time_to_event(known, protocol, plan.id)
        fast = list(zip(seen.days[inside].tolist(), seen.event[inside].tolist(), strict=True))
        full = list(zip(rows["days"].to_list(), rows["event"].to_list(), strict=True))
        if len(fast) != len(full):
            yield f"{plan.id}: {len(fast)} patients, and {len(full)} in the records"
        for subject, why, one, other in zip(rows["subject"], rows["why"], fast, full, strict=False):
            if one != other:
                yield f"{plan.id} of {subject}: {one}, and {other} ({why}) in the records"
