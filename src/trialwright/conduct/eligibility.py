"""Eligibility of one subject: the protocol's criteria over the answers given, and the content a signature covers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from trialwright.conduct.facts import canonical
from trialwright.conduct.refusals import NotFound
from trialwright.protocol import NoValue, read_plain_answers

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject
    from trialwright.protocol import Screener, Screening

__all__ = [
    "anchors_of", "answers_of", "content_hash", "eligibility_of", "findings_of", "known_subject", "why_not_eligible",
]  # fmt: skip


def known_subject(state: State, subject: str) -> Subject:
    """Return what is known of a subject; NotFound where the office has no such number."""
    record = state.subjects.of(subject)
    if record is None:
        raise NotFound(f"there is no subject {subject!r}; look it up in the screening log")
    return record


def answers_of(screener: Screener, record: Subject) -> dict[str, Any]:
    """Return the answers as the protocol's rules read them: dates as dates, and why a value is missing."""
    plain = {
        name: given.value if given.flavor == "value" else NoValue(given.flavor)
        for name, given in record.answers.items()
    }
    return read_plain_answers(screener.protocol.variables, plain)


def anchors_of(screener: Screener, record: Subject, on: date) -> tuple[dict[str, date], frozenset[str]]:
    """Return each reference date of the protocol, and which of them stand for the day of evaluation.

    A date that the site stated holds; any other is ``on``.
    """
    known = screener.protocol.eligibility.anchors
    moving = frozenset(known) - set(record.anchors)
    return {name: record.anchors.get(name, on) for name in known}, moving


def eligibility_of(state: State, screener: Screener, subject: str, on: date) -> Screening:
    """Return the answer to every criterion for one subject on a day, with what decided, what is missing, until when.

    Raises NotFound for an unknown subject.
    """
    record = known_subject(state, subject)
    anchors, moving = anchors_of(screener, record, on)
    return screener.screen(answers_of(screener, record), anchors, moving)


def why_not_eligible(record: Subject, screening: Screening) -> str | None:
    """Return what stands in the way, criterion by criterion; None when nothing does.

    A criterion that two persons set aside for this subject (``ForceEligibility``) does not stand in the way.
    """
    aside = frozenset(record.waiver["criteria"]) if record.waiver else frozenset()
    against = [
        f"{one.criterion} {one.answer}" + (f" ({one.because})" if one.because else "")
        for one in screening.findings
        if one.answer in {"not met", "cannot tell"} and one.criterion not in aside
    ]
    return "; ".join(against) or None


def findings_of(screening: Screening) -> list[dict[str, str]]:
    """Return the findings as the plain rows that a signature keeps."""
    return [
        {"criterion": finding.criterion, "answer": finding.answer, "because": finding.because}
        for finding in screening.findings
    ]


def content_hash(record: Subject) -> str:
    """Return the SHA-256 of all that eligibility rests on: consents, answers, attestations and reference dates."""
    content: Mapping[str, Any] = {
        "subject": record.id,
        "screened_on": record.screened_on.isoformat(),
        "consents": [[c.version, c.signed_on.isoformat(), c.biopsy, c.blood] for c in record.consents],
        "answers": {name: [g.flavor, g.value, g.attested] for name, g in record.answers.items()},
        "reference dates": {name: day.isoformat() for name, day in record.anchors.items()},
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()
