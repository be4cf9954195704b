"""Virtual candidates before the real rules: consent, screening, dose, and the order of randomization."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from trialwright.design import Failure
from trialwright.errors import DocumentError
from trialwright.protocol import KnownAnswers, Screener
from trialwright.simulate.burden import Burden, draw_burden
from trialwright.simulate.candidates import Drawn, answers_of, draw_variable, typed
from trialwright.simulate.case import Journal
from trialwright.simulate.recruitment import Arrivals
from trialwright.simulate.world import Candidates as Everyone
from trialwright.simulate.world import World

__all__ = ["Candidate", "Screened", "screen_candidates"]


@dataclass(frozen=True)
class Candidate:
    """Someone who consented, with the answers given and what came of them."""

    index: int
    subject: str
    site: str
    screened: int
    randomize: int
    first_dose: int
    answers: KnownAnswers
    anchors: dict[str, date]
    outcome: str
    """``eligible`` until the trial closes."""


@dataclass(frozen=True)
class Screened:
    """All candidates in order of consent, those randomized in order of randomization, and everybody's lesions."""

    candidates: tuple[Candidate, ...]
    randomized: tuple[Candidate, ...]
    burden: Burden
    """Rows are candidates by index."""


@dataclass(frozen=True)
class _Office:
    """What the screening of every candidate needs."""

    world: World
    screener: Screener
    come: Arrivals
    everyone: Everyone
    burden: Burden
    drawn: Mapping[str, Drawn | None]
    journal: Journal


def screen_candidates(world: World, come: Arrivals, trial: int, journal: Journal) -> Screened:
    """Screen everyone who consents until the trial is full, by the protocol's rules, and write down what was found."""
    office = _open(world, come, trial, journal)
    candidates: list[Candidate] = []
    eligible: list[tuple[int, int]] = []
    consents: Counter[int] = Counter()
    for index in range(len(office.everyone)):
        full = len(eligible) >= world.patients
        if full and come.screened[0, index] > sorted(eligible)[world.patients - 1][0]:
            break
        site = int(come.site[0, index])
        consents[site] += 1
        candidate = _screened(office, _arrived(office, index, consents[site]))
        candidates.append(candidate)
        if candidate.outcome == "eligible":
            eligible.append((candidate.randomize, index))
    if len(eligible) < world.patients:
        raise DocumentError(
            f"the scenario fills only {len(eligible)} of {world.patients} places: the protocol's rules keep out more "
            f"candidates than candidates.failures supposes ({_reasons(candidates, journal)}); check "
            "candidates.variables against them"
        )
    chosen = tuple(candidates[index] for _, index in sorted(eligible)[: world.patients])
    return Screened(tuple(candidates), chosen, office.burden)


def _reasons(candidates: Sequence[Candidate], journal: Journal) -> str:
    """Return the most frequent reasons for which candidates were kept out, with how many each."""
    answers = (row for row in journal.rows["screenings"] if row["answer"] in ("not met", "cannot tell"))
    counts = Counter(f"criterion {row['criterion']} {row['answer']}" for row in answers)
    counts.update(one.outcome for one in candidates if one.outcome in ("no dose stated", "declined"))
    return ", ".join(f"{reason}: {count}" for reason, count in counts.most_common(3)) or "no reason is recorded"


def _open(world: World, come: Arrivals, trial: int, journal: Journal) -> _Office:
    who = np.arange(come.site.shape[1])
    days = {name: getattr(come, name)[0] for name in Everyone.day_names()}
    everyone = Everyone(world, np.full(len(who), trial), who, days)
    drawn = {name: draw_variable(name, everyone) for name in world.scenario.candidates.variables}
    return _Office(world, Screener(world.protocol), come, everyone, draw_burden(everyone), drawn, journal)


def _arrived(office: _Office, index: int, number: int) -> Candidate:
    """Return a candidate with answers, before screening; ``number`` counts the consents of the site."""
    world, come = office.world, office.come
    failure = int(come.failure[0, index])
    plan = world.scenario.candidates.failures[failure] if failure >= 0 else None
    anchors = {name: world.on(days[index]) for name, days in office.everyone.anchors.items()}
    answers = answers_of(world, office.drawn, office.burden, index)
    site = world.protocol.sites[int(come.site[0, index])].id
    return Candidate(
        index=index,
        subject=f"{site}-{number:03}",
        site=site,
        screened=int(come.screened[0, index]),
        randomize=int(come.randomize[0, index]),
        first_dose=int(come.first_dose[0, index]),
        answers=_computed(office, _failed(world, plan, answers, anchors) if plan else answers, anchors),
        anchors=anchors,
        outcome="declined" if plan and plan.outcome == "declined" else "eligible",
    )


def _failed(world: World, plan: Failure, answers: dict[str, Any], anchors: Mapping[str, date]) -> dict[str, Any]:
    """Return the answers changed by a supposed screening failure."""
    changed = {name: _given(world, name, value, anchors) for name, value in plan.answers.items()}
    return {name: value for name, value in {**answers, **changed}.items() if name not in plan.unknown}


def _given(world: World, name: str, value: Any, anchors: Mapping[str, date]) -> Any:
    if isinstance(value, dict):
        return anchors[value["before"]] - timedelta(days=value["days"])
    return typed(world.protocol.variables[name], value)


def _computed(office: _Office, given: dict[str, Any], anchors: dict[str, date]) -> KnownAnswers:
    """Return the answers with the variables that follow from others, in the scenario's order."""
    known = office.screener.read(given, anchors)
    for name, spread in office.world.scenario.candidates.variables.items():
        if spread.rule and name not in known.values:
            levels = office.world.protocol.variables[name].levels or None
            value = office.screener.value(spread.rule, known, anchors, levels)
            if value is not None:
                known.values[name] = value
    return known


def _screened(office: _Office, candidate: Candidate) -> Candidate:
    """Write answers and findings of a candidate and return the candidate with the outcome."""
    if candidate.outcome == "declined":
        return candidate
    on = office.world.on(candidate.screened)
    for name, value in candidate.answers.values.items():
        office.journal.write("answers", subject=candidate.subject, variable=name, value=_text(value), answered_on=on)
    screening = office.screener.screen(candidate.answers, candidate.anchors)
    for finding in screening.findings:
        office.journal.write(
            "screenings",
            subject=candidate.subject,
            criterion=finding.criterion,
            answer=finding.answer,
            because=finding.because,
            screened_on=on,
        )
    if screening.overall != "eligible":
        return replace(candidate, outcome="cannot tell" if screening.overall == "pending" else "not eligible")
    return candidate if _has_dose(office, candidate) else replace(candidate, outcome="no dose stated")


def _has_dose(office: _Office, candidate: Candidate) -> bool:
    """Return whether every arm states this patient's dose of each drug that it states for anybody."""
    protocol = office.world.protocol
    stated = {drug.id for drug in protocol.interventions if any(dose.dose is not None for dose in drug.start)}
    starts = (
        start
        for arm in protocol.arms
        for start in office.screener.starting_doses(arm.id, candidate.answers, candidate.anchors).values()
    )
    return all(start.dose is not None for start in starts if start.intervention in stated)


def _text(value: Any) -> str:
    plain = sorted(value) if isinstance(value, frozenset) else value
    return json.dumps(plain, default=lambda item: item.isoformat(), ensure_ascii=False)
