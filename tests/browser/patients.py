"""The patient of PALMIRA's examples for whom every criterion is met: as a form takes her, and as commands make her."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml
from offices import Served

from trialwright import protocol
from trialwright.conduct import Actor, Answer, Ask, Attest, Consent, RecordRow, Screen, SignEligibility, content_hash

FORM = "1.0"
SITE = protocol.load("palmira").sites[0].id
INVESTIGATOR, COORDINATOR = (f"{SITE.lower()}.{role}" for role in ("investigator", "coordinator"))


def base_answers() -> dict[str, Any]:
    """Return the answers by variable, as the file of examples has them."""
    text = protocol.study_file("palmira", "examples.yaml").read_text(encoding="utf-8")
    answers: dict[str, Any] = yaml.safe_load(text)["base"]["answers"]
    return answers


def questions() -> dict[str, Any]:
    """Return what is typed and chosen on the page of questions, by name of the field."""
    typed: dict[str, Any] = {}
    for name, value in _split(attested=False).items():
        typed |= _typed(name, value)
    return typed


def judgments() -> dict[str, str]:
    """Return what the investigator answers for."""
    return {name: _text(value) for name, value in _split(attested=True).items()}


def _split(*, attested: bool) -> dict[str, Any]:
    variables = protocol.load("palmira").variables
    return {name: value for name, value in base_answers().items() if variables[name].attestation == attested}


def _typed(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, list):
        return {name: _text(value)}
    if protocol.load("palmira").variables[name].type == "set":
        return {name: value or ["none of these"]}
    parts = {f"{name}-{at}-{part}": _text(one) for at, each in enumerate(value, 1) for part, one in each.items()}
    return parts or {f"{name}--empty": "true"}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def screened(office: Served, initials: str) -> str:
    """Enter somebody in the log, with consent; return the number."""
    today = office.house.clock().date()
    person = {"birth_year": 1961, "sex": "female", "initials": initials}
    asked = Screen.model_validate({"site": SITE, "screened_on": today, "person": person})
    subject: str = _do(office, asked, COORDINATOR)["subject"]
    _do(office, Consent(subject=subject, version=FORM, signed_on=today, biopsy=True, blood=True), COORDINATOR)
    return subject


def answered(office: Served, subject: str, signed_on: date) -> None:
    """Answer every question and give every judgment about somebody who signed the consent on that day."""
    moved = base_answers() | {"consent_signed": signed_on, "first_procedure": signed_on}
    answers = [
        {"variable": name, "value": value.isoformat() if isinstance(value, date) else value}
        for name, value in moved.items()
        if name in _split(attested=False)
    ]
    _do(office, Answer.model_validate({"subject": subject, "answers": answers}), COORDINATOR)
    judged = [{"variable": name, "value": value} for name, value in _split(attested=True).items()]
    _do(office, Attest.model_validate({"subject": subject, "judgments": judged}), INVESTIGATOR)


def ready(office: Served, initials: str) -> str:
    """Bring somebody to the point where only the randomization is left; return the number."""
    subject = screened(office, initials)
    answered(office, subject, office.house.clock().date())
    with office.house.office.reading() as state:
        digest = content_hash(state.subjects.records[subject])
    _do(office, SignEligibility(subject=subject, content_hash=digest), INVESTIGATOR)
    return subject


def event(office: Served, subject: str, grade: int) -> str:
    """Record an adverse event; return the address of its row."""
    key, values = {"number": 1}, {"system": "Blood", "term": "Neutropenia", "grade": grade}
    _do(office, RecordRow(subject=subject, table="adverse_events", key=key, values=values), COORDINATOR)
    return f"/subjects/{subject}/row?table=adverse_events&key=%7B%22number%22%3A1%7D"


def _do(office: Served, command: Ask, user: str) -> dict[str, Any]:
    return office.house.office.do(command, Actor(user), f"prepared-{secrets.token_hex(8)}").reply


def facts(office: Served, subject: str, kind: str) -> list[Any]:
    """Return the facts of a kind about a subject."""
    with office.house.office.reading() as state:
        return [fact for fact in state.trail.of_subject(subject) if fact.kind == kind]
