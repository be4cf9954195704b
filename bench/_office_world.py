"""A trial office ready for load: PALMIRA's protocol, fifty open sites with staff, patients up to the signature.

Everything is asked of the office by its own commands, as its people would; nothing is written past them.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from trialwright import protocol
from trialwright.conduct import (
    Accounts,
    ActivateList,
    Actor,
    Answer,
    ApproveForm,
    Ask,
    Attest,
    Consent,
    Credentials,
    Fact,
    GrantRole,
    Journal,
    Mirror,
    Office,
    OpenSite,
    Receipt,
    RecordTraining,
    RegisterUser,
    Screen,
    SealList,
    SetCap,
    SignEligibility,
    State,
    attesting_role,
    content_hash,
    seal_key,
)
from trialwright.conduct.facts import digest_of, sealed

LIST, PASSPHRASE, PASSWORD = "central", "a passphrase for the bench", "seven green kettles"
SITES = 50
KEY = hashlib.sha256(b"bench of the trial office").digest()
IN_FLIGHT = 200


@dataclass
class Site:
    """One site as the load client sees it."""

    site: str
    user: str
    password: str
    secret: str
    """Of the second factor."""
    subjects: list[dict[str, Any]] = field(default_factory=list)
    """Subject, hash of the signed content, and levels of the stratification factors."""


class Preparation:
    """Brings an empty office to the point where patients only wait to be randomized."""

    def __init__(self, office: Office, accounts: Accounts, at: datetime) -> None:
        self.office, self.accounts, self.at = office, accounts, at
        self.protocol = office.screener.protocol
        self.today = at.date()
        self.sites: list[Site] = []
        self._asked = 0

    def open(self, places: int, cap: int | None = None) -> None:
        """Register staff, open the sites, seal and activate the list."""
        for user, role in (("sponsor", "sponsor"), ("statistician", "statistician")):
            self._account(user, role, "study")
        for site in self.protocol.sites[:SITES]:
            self._open_site(site.id)
        told = self.do(
            SealList(list=LIST, places=places, sealed=seal_key(KEY, LIST, PASSPHRASE, cost=2**14)), "statistician"
        ).reply
        self.office.keys = self.office.keys.with_list(LIST, KEY)
        self.do(ActivateList(list=LIST, sha256=told["sha256"]), "sponsor")
        if cap is not None:
            self.do(SetCap(scope="study", most=cap), "sponsor")

    def patients(self, count: int) -> None:
        """Screen patients in turn at each site, up to the investigator's signature under eligibility."""
        base, on = _example(), self.today
        judged = {name for name, variable in self.protocol.variables.items() if variable.attestation}
        answers = [{"variable": name, "value": value} for name, value in base.items() if name not in judged]
        judgments = {name: value for name, value in base.items() if name in judged}
        for start in range(0, count, IN_FLIGHT):
            sites = [self.sites[number % SITES] for number in range(start, min(start + IN_FLIGHT, count))]
            screened = [self.ask(Screen(site=site.site, screened_on=on), site.user) for site in sites]
            subjects = [answer.result().reply["subject"] for answer in screened]
            waiting = []
            for site, subject in zip(sites, subjects, strict=True):
                consent = Consent(subject=subject, version="1.0", signed_on=on, biopsy=True, blood=True)
                waiting += [
                    self.ask(consent, site.user),
                    self.ask(Answer(subject=subject, answers=answers), site.user),
                    *self._judged(subject, judgments, site.user),
                ]
            for answer in waiting:
                answer.result()
            self._sign(sites, subjects)

    def do(self, command: Ask, user: str) -> Receipt:
        """Ask and wait."""
        return self.ask(command, user).result()

    def ask(self, command: Ask, user: str) -> Future[Receipt]:
        """Ask without waiting."""
        self._asked += 1
        return self.office.submit(command, Actor(user), f"prepared {self._asked}")

    def _sign(self, sites: list[Site], subjects: list[str]) -> None:
        with self.office.reading() as state:
            hashes = [content_hash(state.subjects.records[subject]) for subject in subjects]
            found = [self.office.screener.stratum(_known(self.office, state, one), {}) for one in subjects[:1]]
        signed = [
            self.ask(SignEligibility(subject=subject, content_hash=digest), site.user)
            for site, subject, digest in zip(sites, subjects, hashes, strict=True)
        ]
        for answer, site, subject, digest in zip(signed, sites, subjects, hashes, strict=True):
            answer.result()
            site.subjects.append({"subject": subject, "content_hash": digest, "levels": found[0]})

    def _judged(self, subject: str, judgments: dict[str, bool], investigator: str) -> list[Future[Receipt]]:
        by: dict[str, list[dict[str, Any]]] = {}
        for name, value in judgments.items():
            role = attesting_role(name, self.protocol.variables[name])
            user = investigator if role == "investigator" else role
            by.setdefault(user, []).append({"variable": name, "value": value})
        return [self.ask(Attest(subject=subject, judgments=each), user) for user, each in by.items()]

    def _open_site(self, site: str) -> None:
        papers = [
            {"kind": kind, "reference": "1", "approved_on": date(2020, 1, 2)}
            for kind in ("ethics committee", "competent authority", "agreement")
        ]
        user = f"{site.lower()}.investigator"
        secret = self._account(user, "investigator", f"site:{site}")
        self.do(OpenSite(site=site, approvals=papers), "sponsor")
        self.do(ApproveForm(site=site, version="1.0", valid_from=date(2020, 1, 2)), "sponsor")
        self.sites.append(Site(site, user, PASSWORD, secret))

    def _account(self, user: str, role: str, scope: str) -> str:
        from pyotp import TOTP

        self.do(RegisterUser(user=user, name=user, organization="Bench"), "system")
        self.do(RecordTraining(user=user, training="protocol and GCP", trained_on=self.today), "system")
        self.do(GrantRole(user=user, role=role, scope=scope, start=self.today), "system")
        self.accounts.set_password(user, PASSWORD)
        secret = self.accounts.new_secret()
        self.accounts.set_second_factor(user, secret, TOTP(secret).now())
        return secret

    def copied(self, count: int, journal: Journal, mirror: Mirror) -> None:
        """Write copies of the first patient of each site until there are ``count``, the office being closed.

        They hold what the commands wrote for the first one, under another number and sealed in their place of the log:
        tens of thousands of patients are there in a minute, and every check finds them as sound as the others.
        """
        with journal.reading() as log:
            facts = log.since(0)
        state = State()
        state.apply(facts)
        patterns = [_pattern(site, state) for site in self.sites]
        copier = _Copier(state.seq, state.head, state.at)
        for number in range(len(self.sites), count):
            fresh = copier.copy(patterns[number % len(patterns)], 1 + number // len(patterns))
            self.sites[number % len(self.sites)].subjects.append(fresh)
            if len(copier.written) > 20_000:
                copier.flush(journal, mirror)
        copier.flush(journal, mirror)

    def write(self, path: Path) -> None:
        """Tell the load client whom to sign in and whom to randomize."""
        path.write_text(json.dumps([asdict(site) for site in self.sites]), "utf-8")


@dataclass(frozen=True)
class _Pattern:
    """The first patient of a site: the record, the facts that made it, and what the client knows of it."""

    record: Any
    facts: tuple[Fact, ...]
    told: dict[str, Any]


def _pattern(site: Site, state: State) -> _Pattern:
    first = site.subjects[0]
    own = tuple(fact for fact in state.receipts.log if fact.subject == first["subject"])
    return _Pattern(state.subjects.records[first["subject"]], own, first)


@dataclass
class _Copier:
    """Seals copies behind one another."""

    seq: int
    head: str
    at: str
    written: list[Fact] = field(default_factory=list)

    def copy(self, pattern: _Pattern, number: int) -> dict[str, Any]:
        old = pattern.record.id
        new = f"{pattern.record.site}-{number + 1:03}"
        digest = content_hash(replace(pattern.record, id=new))
        for fact in pattern.facts:
            text = fact.text or ""
            if fact.kind in ("screened", "eligibility signed"):
                text = text.replace(old, new).replace(pattern.told["content_hash"], digest)
            self.seq += 1
            self._seal(fact, new, text)
        return {**pattern.told, "subject": new, "content_hash": digest}

    def _seal(self, fact: Fact, subject: str, text: str) -> None:
        salt = f"{self.seq:032x}"
        made = sealed(
            replace(
                fact, seq=self.seq, at=self.at, key=f"{fact.key} {subject}", subject=subject, text=text, salt=salt,
                digest=digest_of(salt, text), previous=self.head,
            )
        )  # fmt: skip
        self.head = made.hash
        self.written.append(made)

    def flush(self, journal: Journal, mirror: Mirror) -> None:
        with journal.transaction() as log:
            log.append(self.written)
        mirror.append(self.written)
        self.written.clear()


def screener() -> protocol.Screener:
    """Return the rules of the protocol that the bench runs."""
    return protocol.Screener(protocol.load(protocol.study_file("palmira", "protocol.yaml")))


def _known(office: Office, state: Any, subject: str) -> Any:
    from trialwright.conduct import anchors_of, answers_of

    record = state.subjects.records[subject]
    anchors, _ = anchors_of(office.screener, record, record.screened_on)
    return office.screener.read(answers_of(office.screener, record), anchors)


def _example() -> dict[str, Any]:
    """Return the answers of the example patient who meets every criterion, dates shifted to the present."""
    text = protocol.study_file("palmira", "examples.yaml").read_text("utf-8")
    base = yaml.safe_load(text)["base"]
    shift = datetime.now(UTC).date() - base["anchors"]["randomization"]
    return {name: _shifted(value, shift) for name, value in base["answers"].items()}


def _shifted(value: Any, shift: Any) -> Any:
    if isinstance(value, date):
        return (value + shift).isoformat()
    if isinstance(value, list):
        return [_shifted(each, shift) for each in value]
    if isinstance(value, dict):
        return {name: _shifted(each, shift) for name, each in value.items()}
    return value


def accounts_of(office: Office, url: str) -> Accounts:
    """Return the accounts over an office's database."""
    return Accounts(office, Credentials(url, b"k" * 32))


__all__ = ["KEY", "LIST", "SITES", "Preparation", "Site", "accounts_of", "screener"]
