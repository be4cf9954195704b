"""Virtual candidates before the real rules: consent, screening, dose, and the order of randomization."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trialwright.design import Scenario
from trialwright.errors import DocumentError
from trialwright.protocol import Protocol, Screener, starting_doses
from trialwright.simulate.burden import Burden, draw_burden
from trialwright.simulate.candidates import Drawn, answers_of, draw_variable, typed
from trialwright.simulate.case import Journal
from trialwright.simulate.chance import Chance
from trialwright.simulate.population import anchor_days
from trialwright.simulate.recruitment import Arrivals

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
    answers: dict[str, Any]
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

    protocol: Protocol
    scenario: Scenario
    screener: Screener
    come: Arrivals
    burden: Burden
    drawn: Mapping[str, Drawn | None]
    anchors: Mapping[str, NDArray[np.int64]]
    journal: Journal


def screen_candidates(
    protocol: Protocol, scenario: Scenario, come: Arrivals, chance: Chance, trial: int, journal: Journal
) -> Screened:
    """Screen everyone who consents until the trial is full, by the protocol's rules, and write down what was found."""
    office = _open(protocol, scenario, come, chance, trial, journal)
    candidates: list[Candidate] = []
    eligible: list[tuple[int, int]] = []
    size, visits = protocol.design.enrollment, Counter[int]()
    for index in range(come.site.shape[1]):
        full = len(eligible) >= size
        if full and come.screened[0, index] > sorted(eligible)[size - 1][0]:
            break
        visits[int(come.site[0, index])] += 1
        candidate = _screened(office, _arrived(office, index, visits[int(come.site[0, index])]))
        candidates.append(candidate)
        if candidate.outcome == "eligible":
            eligible.append((candidate.randomize, index))
    if len(eligible) < size:
        raise DocumentError(
            f"the scenario fills only {len(eligible)} of {size} places: the protocol's rules keep out more candidates "
            "than candidates.failures supposes; check candidates.variables against the criteria"
        )
    chosen = tuple(candidates[index] for _, index in sorted(eligible)[:size])
    return Screened(tuple(candidates), chosen, office.burden)


def _open(
    protocol: Protocol, scenario: Scenario, come: Arrivals, chance: Chance, trial: int, journal: Journal
) -> _Office:
    who = np.arange(come.site.shape[1])
    trials = np.full(len(who), trial)
    anchors = anchor_days(
        scenario, {name: getattr(come, name)[0] for name in ("screened", "randomize", "first_dose")}
    )
    drawn = {
        name: draw_variable(name, spread, chance, trials, who, anchors)
        for name, spread in scenario.candidates.variables.items()
    }
    burden = draw_burden(scenario, chance, trials, who)
    return _Office(protocol, scenario, Screener(protocol), come, burden, drawn, anchors, journal)


def _arrived(office: _Office, index: int, number: int) -> Candidate:
    """Return a candidate with answers, before screening; ``number`` counts the consents of the site."""
    protocol, scenario, come = office.protocol, office.scenario, office.come
    opens, failure = scenario.recruitment.opens_on, int(come.failure[0, index])
    anchors = {name: opens + timedelta(days=int(days[index])) for name, days in office.anchors.items()}
    answers = answers_of(protocol, scenario, office.drawn, office.burden, index, opens)
    answers = _failed(protocol, scenario, failure, answers, anchors)
    site = protocol.sites[int(come.site[0, index])].id
    declined = failure >= 0 and scenario.candidates.failures[failure].outcome == "declined"
    return Candidate(
        index=index,
        subject=f"{site}-{number:03}",
        site=site,
        screened=int(come.screened[0, index]),
        randomize=int(come.randomize[0, index]),
        first_dose=int(come.first_dose[0, index]),
        answers=_computed(office, answers, anchors),
        anchors=anchors,
        outcome="declined" if declined else "eligible",
    )


def _failed(
    protocol: Protocol, scenario: Scenario, failure: int, answers: dict[str, Any], anchors: dict[str, date]
) -> dict[str, Any]:
    """Return the answers changed by a supposed screening failure, if the candidate has one."""
    if failure < 0:
        return answers
    plan = scenario.candidates.failures[failure]
    changed = {name: _given(protocol, name, value, anchors) for name, value in plan.answers.items()}
    return {name: value for name, value in {**answers, **changed}.items() if name not in plan.unknown}


def _given(protocol: Protocol, name: str, value: Any, anchors: dict[str, date]) -> Any:
    if isinstance(value, dict):
        return anchors[value["before"]] - timedelta(days=value["days"])
    return typed(protocol.variables[name], value)


def _computed(office: _Office, answers: dict[str, Any], anchors: dict[str, date]) -> dict[str, Any]:
    """Return the answers with the variables that follow from others, in the scenario's order."""
    for name, spread in office.scenario.candidates.variables.items():
        if spread.rule and name not in answers:
            levels = office.protocol.variables[name].levels or None
            value = office.screener.value(spread.rule, answers, anchors, levels)
            answers = answers if value is None else {**answers, name: value}
    return answers


def _screened(office: _Office, candidate: Candidate) -> Candidate:
    """Write answers and findings of a candidate and return the candidate with the outcome."""
    if candidate.outcome == "declined":
        return candidate
    on = office.scenario.recruitment.opens_on + timedelta(days=candidate.screened)
    for name, value in candidate.answers.items():
        office.journal.write(
            "answers", subject=candidate.subject, variable=name, value=_text(value), answered_on=on
        )
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
    return candidate if _has_dose(office.protocol, candidate) else replace(candidate, outcome="no dose stated")


def _has_dose(protocol: Protocol, candidate: Candidate) -> bool:
    """Return whether every arm states this patient's dose of each drug that it states for anybody."""
    for arm in protocol.arms:
        starts = starting_doses(protocol, arm.id, candidate.answers, candidate.anchors)
        for name, start in starts.items():
            stated = any(dose.dose is not None for dose in protocol.intervention(name).start)
            if stated and start.dose is None:
                return False
    return True


def _text(value: Any) -> str:
    plain = sorted(value) if isinstance(value, frozenset) else value
    return json.dumps(plain, default=lambda item: item.isoformat(), ensure_ascii=False)
