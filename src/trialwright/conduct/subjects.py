"""Subjects: screening log, consent, answers, attestations, eligibility and withdrawal, folded from facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["Consent", "Given", "Signed", "Subject", "Subjects", "Withdrawal"]


@dataclass(frozen=True, slots=True)
class Given:
    """The last answer to one variable of the protocol, and who gave it."""

    value: Any
    """As JSON holds it; None unless the flavor is ``value``."""
    flavor: str
    """``value``, or why there is none: ``unknown yet``, ``not done``, ``not applicable``, ``asked and unknown``."""
    on: date
    by: str
    role: str
    seq: int
    note: str = ""
    attested: bool = False
    """Whether a person signed it as a judgment."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One signed form; each later one replaces the choices of the one before."""

    version: str
    signed_on: date
    biopsy: bool | None
    blood: bool | None
    seq: int


@dataclass(frozen=True, slots=True)
class Signed:
    """The investigator's signature under eligibility, bound to the content it was given for."""

    content_hash: str
    findings: tuple[Mapping[str, str], ...]
    by: str
    at: str
    seq: int


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a person no longer agrees to, from a day on."""

    level: str
    reason: str
    on: date
    seq: int


@dataclass
class Subject:
    """What the office knows of one subject before and around allocation."""

    id: str
    site: str
    screened_on: date
    person: str | None
    """Keyed hash that tells whether two subjects are one person; None when not asked."""
    seq: int
    consents: list[Consent] = field(default_factory=list)
    answers: dict[str, Given] = field(default_factory=dict)
    anchors: dict[str, date] = field(default_factory=dict)
    """Reference dates of the protocol that the site stated; any other stands for the day of evaluation."""
    signed: Signed | None = None
    waiver: Mapping[str, Any] | None = None
    """A forced eligibility: who asked, who agreed, why."""
    waiver_asked: Mapping[str, Any] | None = None
    outcome: str | None = None
    """How screening ended without allocation; None while it goes on, or once allocated."""
    outcome_reason: str = ""
    outcome_findings: tuple[Mapping[str, str], ...] = ()
    allocated: Fact | None = None
    allocation: Mapping[str, Any] = field(default_factory=dict)
    """What the allocation says: arm, doses, frozen inputs; empty before it."""
    in_error: str | None = None
    """Reason, when the randomization was an error."""
    duplicate_of: str | None = None
    withdrawals: list[Withdrawal] = field(default_factory=list)
    identity: str | None = None
    """Digest of the ciphertext of the identity, which lies outside the log."""
    reports: dict[int, Mapping[str, str]] = field(default_factory=dict)
    """Reports of serious events by number of the adverse event: when known, when reported."""
    last: int = 0
    """Sequence of the last fact about this subject that touches eligibility."""

    @property
    def consent(self) -> Consent | None:
        """Return the consent in force: the one signed last."""
        return self.consents[-1] if self.consents else None

    @property
    def signature_holds(self) -> bool:
        """Return whether eligibility is signed and nothing it rests on was stated since."""
        return self.signed is not None and self.signed.seq > self.last

    @property
    def withdrawn(self) -> bool:
        """Return whether the subject has left the study altogether."""
        return any(one.level in LEAVES for one in self.withdrawals)

    @property
    def status(self) -> str:
        """Return in one word where the subject stands."""
        if self.allocated is not None:
            return "withdrawn" if self.withdrawn else "randomized"
        if self.outcome is not None:
            return "screen failure"
        if self.withdrawn:
            return "withdrawn"
        if self.signature_holds:
            return "eligible, signed"
        return "in screening" if self.consents else "logged"


LEAVES = frozenset({"study", "study and samples"})
"""Levels of withdrawal after which nothing more is done with the subject."""


@dataclass
class Subjects:
    """All subjects by number."""

    sites: dict[str, str] = field(default_factory=dict)
    """Site of each subject."""
    records: dict[str, Subject] = field(default_factory=dict)
    persons: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Subjects by keyed hash of the person."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Last number given at each site."""
    waivers: int = 0
    """Forced eligibilities so far."""
    waivers_allowed: int = 0
    """Most eligibilities that may be forced in the whole trial; none unless the sponsor says so."""

    def site_of(self, subject: str) -> str | None:
        """Return the site of a subject; None of an unknown one."""
        return self.sites.get(subject)

    def of(self, subject: str) -> Subject | None:
        """Return what is known of a subject; None of an unknown one."""
        return self.records.get(subject)

    def next_number(self, site: str) -> str:
        """Return the number that the next subject of a site gets.

        >>> Subjects().next_number("ES06")
        'ES06-001'
        """
        return f"{site}-{self.numbers.get(site, 0) + 1:03}"

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        if fact.kind == "screened":
            self._screened(fact, body)
        elif fact.kind == "waivers allowed":
            self.waivers_allowed = body["most"]
        else:
            self._changed(fact, body)

    def same_person(self, subject: str) -> list[str]:
        """Return the other subjects that are the same person, oldest first."""
        record = self.records[subject]
        known = self.persons.get(record.person or "", ()) if record.person else ()
        return [other for other in known if other != subject]

    def _changed(self, fact: Fact, body: dict[str, Any]) -> None:
        change, record = CHANGES.get(fact.kind), self.records.get(fact.subject or "")
        if change is None or record is None:
            return
        change(record, fact, body)
        if fact.kind in ELIGIBILITY:
            record.last = fact.seq
        self.waivers += fact.kind == "eligibility forced"

    def _screened(self, fact: Fact, body: dict[str, Any]) -> None:
        if fact.subject is None or fact.site is None:
            return
        self.sites[fact.subject] = fact.site
        self.numbers[fact.site] = max(self.numbers.get(fact.site, 0), int(fact.subject.rpartition("-")[2]))
        self.records[fact.subject] = Subject(
            fact.subject, fact.site, _day(body["screened_on"]), body.get("person"), fact.seq, last=fact.seq
        )
        if body.get("person"):
            self.persons[body["person"]].append(fact.subject)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _consented(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    signed_on = _day(body["signed_on"])
    subject.consents.append(Consent(body["version"], signed_on, body.get("biopsy"), body.get("blood"), fact.seq))


def _answered(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    # A day of its own only where the answer was known before it was entered.
    day = _day(body["answered_on"]) if "answered_on" in body else _day(fact.at[:10])
    subject.answers[body["variable"]] = Given(
        body.get("value"), body.get("flavor", "value"), day, fact.author, fact.role, fact.seq,
        body.get("note", ""), fact.kind == "attested",
    )  # fmt: skip


def _dated(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.anchors[body["anchor"]] = _day(body["on"])


def _signed(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    findings = tuple(body.get("findings", ()))
    subject.signed = Signed(body["content_hash"], findings, fact.author, fact.at, fact.seq)


def _failed(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.outcome = body.get("outcome", "screen failure")
    subject.outcome_reason = body.get("reason", "")
    subject.outcome_findings = tuple(body.get("findings", ()))


def _waiver_asked(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.waiver_asked = {**body, "by": fact.author}


def _forced(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.waiver = {**body, "seq": fact.seq}


def _allocated(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.allocated, subject.allocation = fact, body


def _in_error(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.in_error = body.get("reason", "")


def _duplicate(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.duplicate_of = body.get("other")


def _withdrawn(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.withdrawals.append(Withdrawal(body["level"], body.get("reason", ""), _day(body["withdrawn_on"]), fact.seq))


def _identified(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.identity = body["digest"]


def _erased(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.identity = None


def _reported(subject: Subject, fact: Fact, body: dict[str, Any]) -> None:
    subject.reports[body["number"]] = {"aware_at": body["aware_at"], "reported_at": fact.at}


CHANGES: dict[str, Callable[[Subject, Fact, dict[str, Any]], None]] = {
    "allocated": _allocated,
    "answered": _answered,
    "attested": _answered,
    "consented": _consented,
    "duplicate person": _duplicate,
    "eligibility forced": _forced,
    "eligibility signed": _signed,
    "identity erased": _erased,
    "identity recorded": _identified,
    "randomized in error": _in_error,
    "reference date stated": _dated,
    "screen failed": _failed,
    "serious event reported": _reported,
    "waiver asked": _waiver_asked,
    "withdrawn": _withdrawn,
}
"""What each kind of fact changes."""

ELIGIBILITY = frozenset({"screened", "consented", "answered", "attested", "reference date stated"})
"""Kinds after which a signature under eligibility no longer covers the content."""
