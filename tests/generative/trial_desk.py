"""A trial office without a database: commands decided and folded one after another, for tests of the rules alone."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from trialwright import protocol
from trialwright.conduct import (
    ActivateList,
    Actor,
    ApproveForm,
    Ask,
    Context,
    Fact,
    Keys,
    NewFact,
    OpenSite,
    Randomize,
    Refused,
    SealedKey,
    SealList,
    State,
    seal_key,
)
from trialwright.conduct.commands_eligibility import SignEligibility
from trialwright.conduct.commands_screening import Answer, Attest, Consent, Screen
from trialwright.conduct.eligibility import content_hash
from trialwright.conduct.facts import canonical, digest_of, sealed

TINY = Path(__file__).parents[1] / "studies" / "tiny" / "protocol.yaml"
START = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)


class Desk:
    """Decides commands against a state and keeps the facts, chained as the office chains them."""

    def __init__(self, screener: protocol.Screener | None = None, at: datetime = START) -> None:
        self.screener = screener or protocol.Screener(protocol.load(TINY))
        self.keys, self.at = Keys(), at
        self.state, self.facts = State(), []  # type: State, list[Fact]

    def ask(self, command: Ask, user: str = "ann", role: str = "system") -> list[Fact]:
        """Decide the command as that user and take its facts in; what it refuses is raised and leaves nothing."""
        context = Context(self.at, Actor(user, None, self.at), role, self.screener, self.keys)
        return self.write(command.decide(self.state, context), user, role)

    def reply(self, command: Ask, user: str = "ann") -> dict[str, Any]:
        """Return what the user would see."""
        return command.reply(self.ask(command, user))

    def write(self, news: Any, user: str = "system", role: str = "system") -> list[Fact]:
        """Take facts in as if some command had decided them; they share one key."""
        stamp = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        key, written = f"key {len(self.facts) + 1}", []
        for part, new in enumerate(news):
            salt, text, seq = f"salt {self.state.seq}", canonical(new.body), self.state.seq + 1
            fact = sealed(
                Fact(seq, stamp, user, role, key, part, "request", new.kind, new.site, new.subject, text, salt,
                     digest_of(salt, text), self.state.head, "")
            )  # fmt: skip
            self.state.apply([fact])
            written.append(fact)
        self.facts += written
        return written

    def fact(self, kind: str, site: str | None = None, subject: str | None = None, **body: Any) -> Fact:
        """Take one fact in."""
        return self.write([NewFact(kind, body, site, subject)])[0]

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.at += timedelta(**time)


@contextmanager
def refused(match: str, kind: type[Refused] = Refused) -> Iterator[None]:
    """Expect a refusal whose message says so much."""
    with pytest.raises(kind, match=match):
        yield


KINDS = ("ethics committee", "competent authority", "agreement")
PASSPHRASE = "four words for a test"
ADMISSIBLE: dict[str, Any] = {
    "age": 60,
    "ecog": "1",
    "sidedness": "left",
    "lesions": [{"organ": "liver", "measurable": True}],
    "last_chemotherapy": "2024-01-15",
}
"""Answers with which every criterion of the made-up trial is met, once ``compliant`` is attested."""


@functools.cache
def sealed_key(list_id: str, seed: int = 0) -> tuple[bytes, SealedKey]:
    """Return a key, the same for the same seed, and the key sealed."""
    key = hashlib.sha256(f"{list_id} {seed}".encode()).digest()
    return key, seal_key(key, list_id, PASSPHRASE, entropy=lambda size: key[:size], cost=2**14)


def open_sites(desk: Desk, *sites: str) -> None:
    """Open the sites with every approval and one consent form, in force since January."""
    papers = [{"kind": kind, "reference": "1", "approved_on": "2024-01-02"} for kind in KINDS]
    for site in sites:
        desk.ask(OpenSite(site=site, approvals=papers))
        desk.ask(ApproveForm(site=site, version="1.0", valid_from="2024-01-02"))


def seal(desk: Desk, list_id: str = "central", places: int = 20, *, purpose: str = "central", seed: int = 0) -> None:
    """Have ann seal a list and bob activate it; the office holds its key."""
    key, held = sealed_key(list_id, seed)
    told = desk.reply(SealList(list=list_id, purpose=purpose, places=places, sealed=held), "ann")
    desk.keys = desk.keys.with_list(list_id, key)
    desk.ask(ActivateList(list=list_id, sha256=told["sha256"]), "bob")


def candidate(desk: Desk, site: str = "S1", **answers: Any) -> str:
    """Screen somebody up to the signature under eligibility and return the subject's number."""
    subject = screened(desk, site, **answers)
    desk.ask(SignEligibility(subject=subject, content_hash=shown(desk, subject)))
    return subject


def screened(desk: Desk, site: str = "S1", **answers: Any) -> str:
    """Screen somebody up to the last answer."""
    today = desk.at.date()
    subject: str = desk.reply(Screen(site=site, screened_on=today))["subject"]
    desk.ask(Consent(subject=subject, version="1.0", signed_on=today, biopsy=True, blood=True))
    given = ADMISSIBLE | answers
    desk.ask(Answer(subject=subject, answers=[{"variable": name, "value": value} for name, value in given.items()]))
    desk.ask(Attest(subject=subject, judgments=[{"variable": "compliant", "value": True}]))
    return subject


def shown(desk: Desk, subject: str) -> str:
    """Return the hash of the content that a page would show."""
    return content_hash(desk.state.subjects.records[subject])


def asked(desk: Desk, subject: str, **changed: Any) -> Randomize:
    """Return the request for this subject, with the stratum that the answers give."""
    organs = {one["organ"] for one in desk.state.subjects.records[subject].answers["lesions"].value}
    levels = {"liver": "liver" if "liver" in organs else "no liver"}
    return Randomize(**{"subject": subject, "content_hash": shown(desk, subject), "levels": levels} | changed)


def running(places: int = 20) -> Desk:
    """Return a desk with both sites open and one active list."""
    desk = Desk()
    open_sites(desk, "S1", "S2")
    seal(desk, places=places)
    return desk
