"""A small trial from its founding to the lock in which every command and every kind of fact of the office comes up.

Decided by the office's own draft, so with the rights of each person, without a database.
"""

from __future__ import annotations

import copy
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trial_desk import ADMISSIBLE, KINDS, TINY, sealed_key

from trialwright import conduct, protocol
from trialwright.conduct import Actor, Ask, Fact, Keys, Refused, State
from trialwright.conduct.commands_lists import ListUnsealed
from trialwright.conduct.commands_people import (
    CloseSession,
    Confirm,
    FailSignIn,
    OpenSession,
    SetPassword,
    SetSecondFactor,
)
from trialwright.conduct.draft import Draft
from trialwright.conduct.facts import canonical
from trialwright.conduct.founding import Found
from trialwright.conduct.jobs import asked
from trialwright.conduct.outbox import MailSent
from trialwright.protocol import protocol_hash
from trialwright.randomize import generate_list, list_csv, scheme

START = datetime(2024, 2, 26, 9, tzinfo=UTC)
PEOPLE = {
    "adm": ("administrator", "study"), "spo": ("sponsor", "study"), "sta": ("statistician", "study"),
    "dan": ("data manager", "study"), "mona": ("monitor", "study"), "coo": ("coordinator", "site:S1"),
    "ivy": ("investigator", "site:S1"), "otto": ("investigator", "site:S2"),
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One command: who asked, the state before and after, and the facts it left."""

    command: Ask
    user: str
    before: State
    after: State
    facts: tuple[Fact, ...]
    refusal: Exception | None


class Trial:
    """The office at work; ``steps`` is everything that was asked of it."""

    def __init__(self) -> None:
        self.at = START
        self.draft = Draft(protocol.Screener(protocol.load(TINY)), lambda: self.at, self._salt)
        self.keys = Keys(person=bytes(32))
        self.steps: list[Step] = []

    def _salt(self) -> str:
        return f"{self.draft.state.seq:032x}"

    @property
    def state(self) -> State:
        return self.draft.state

    def ask(self, command: Ask, user: str = "system") -> dict[str, Any]:
        """Ask and expect the answer."""
        step = self.attempt(command, user)
        if step.refusal is not None:
            raise step.refusal
        return command.reply(step.facts)

    def attempt(self, command: Ask, user: str = "system") -> Step:
        """Ask, whatever comes of it."""
        before, count = copy.deepcopy(self.state), len(self.draft.written)
        self.draft.watch_the_clock()
        done = self.draft.settle(asked(command, Actor(user), f"step {len(self.steps)}"), self.keys)
        facts = tuple(self.draft.written[count:])
        self.steps.append(Step(command, user, before, copy.deepcopy(self.state), facts, done.refusal))
        return self.steps[-1]

    def given(self, name: str, user: str = "system", /, **fields: Any) -> dict[str, Any]:
        """Ask an offered command by its name."""
        return self.ask(conduct.COMMANDS[name].model_validate(fields), user)


def whole_trial() -> Trial:
    """Return the trial lived through."""
    trial = Trial()
    _founding(trial)
    _people(trial)
    _sites(trial)
    _lists(trial)
    first = _randomized(trial)
    _data(trial, first)
    _cleaning(trial, first)
    _other_ends(trial, first)
    _office(trial)
    _amendment(trial)
    return trial


def _founding(trial: Trial) -> None:
    tiny = trial.draft.screener.protocol
    trial.ask(Found(study="tiny", protocol="1.0", protocol_hash=protocol_hash(tiny), environment="training"))


def _people(trial: Trial) -> None:
    today = trial.at.date()
    for user, (role, scope) in PEOPLE.items():
        asking = "system" if user == "adm" else "adm"
        trial.given("RegisterUser", asking, user=user, name=user.title(), organization=f"Hospital of {user}")
        trial.given("RecordTraining", asking, user=user, training="GCP", trained_on=today)
        trial.given("GrantRole", asking, user=user, role=role, scope=scope, start=today)
    trial.given("RegisterUser", "adm", user="gone", name="Gone", organization="Hospital")
    trial.given("GrantRole", "adm", user="gone", role="monitor", scope="site:S1", start=today)
    trial.given("RevokeRole", "adm", grant=f"grant-{len(trial.state.people.grants)}", reason="left")
    trial.given("DeactivateUser", "adm", user="gone", reason="left")
    until = trial.at + timedelta(hours=8)
    trial.ask(SetPassword(user="ivy", temporary=False), "ivy")
    trial.ask(SetSecondFactor(user="ivy"), "ivy")
    trial.ask(OpenSession(user="ivy", session="a" * 64, expires_at=until), "ivy")
    trial.ask(Confirm(session="a" * 64, until=until, only_for="step"), "ivy")
    trial.ask(CloseSession(session="a" * 64, why="signed out"), "ivy")


def _sites(trial: Trial) -> None:
    papers = [{"kind": kind, "reference": "1", "approved_on": "2024-01-02"} for kind in KINDS]
    for site in ("S1", "S2"):
        trial.given("OpenSite", "spo", site=site, approvals=papers)
        trial.given("ApproveForm", "spo", site=site, version="1.0", valid_from="2024-01-02")
    trial.given("CloseSite", "spo", site="S2", reason="audit")
    trial.given("OpenSite", "spo", site="S2", approvals=papers)
    trial.given("SetCap", "spo", scope="site:S1", most=9)
    trial.given("CloseRecruitment", "spo", scope="site:S2", reason="no staff")
    trial.given("ReopenRecruitment", "spo", scope="site:S2", reason="staff again")
    limits = {"test": "neutrophils", "unit": "10*9/L", "low": 1.8, "high": 7.5, "valid_from": "2024-01-02"}
    trial.given("StateRange", "coo", site="S1", **limits)
    trial.given("AllowWaivers", "spo", most=1, reason="as the committee decided")


def _lists(trial: Trial) -> None:
    for name, purpose, places in (("central", "central", 4), ("envelopes", "contingency", 4)):
        key, held = sealed_key(name)
        told = trial.given("SealList", "sta", list=name, purpose=purpose, places=places, sealed=held)
        trial.keys = trial.keys.with_list(name, key)
        trial.ask(ListUnsealed(list=name), "sta")
        trial.given("ActivateList", "spo", list=name, sha256=told["sha256"])
    key, held = sealed_key("paper", 7)
    content = list_csv(generate_list(scheme(trial.draft.screener.protocol), key, "paper", 6))
    trial.given(
        "ImportList", "sta", list="paper", sealed=held, content=b64encode(content).decode(), key=key.hex()
    )  # fmt: skip


def _candidate(trial: Trial, site: str, user: str, person: dict[str, Any] | None = None, **changed: Any) -> str:
    """Screen somebody up to the judgments."""
    today = trial.at.date()
    subject: str = trial.given("Screen", user, site=site, screened_on=today, person=person)["subject"]
    trial.given("Consent", user, subject=subject, version="1.0", signed_on=today, biopsy=True, blood=True)
    answers = [{"variable": name, "value": value} for name, value in (ADMISSIBLE | changed).items()]
    trial.given("Answer", user, subject=subject, answers=answers)
    trial.given("Attest", user, subject=subject, judgments=[{"variable": "compliant", "value": True}])
    return subject


def _shown(trial: Trial, subject: str) -> str:
    return conduct.content_hash(trial.state.subjects.records[subject])


def _randomize(trial: Trial, subject: str, user: str) -> None:
    levels, shown = {"liver": "liver"}, _shown(trial, subject)
    trial.given("Randomize", user, subject=subject, content_hash=shown, levels=levels)


def _randomized(trial: Trial) -> str:
    person = {"birth_year": 1961, "sex": "female", "initials": "EV"}
    first = _candidate(trial, "S1", "ivy", person, age=59)
    trial.given("Answer", "coo", subject=first, answers=[{"variable": "age", "value": 60}], reason="passport")
    trial.given("StateDate", "coo", subject=first, anchor="entry", on=trial.at.date())
    trial.given("RecordIdentity", "coo", subject=first, digest="d" * 64)
    trial.given("ReadIdentity", "coo", subject=first, reason="a call to the patient")
    trial.given("SignEligibility", "ivy", subject=first, content_hash=_shown(trial, first))
    _randomize(trial, first, "ivy")
    return first


def _row(trial: Trial, subject: str, table: str, key: dict[str, Any], values: dict[str, Any]) -> None:
    trial.given("RecordRow", "coo", subject=subject, table=table, key=key, values=values)


def _data(trial: Trial, subject: str) -> None:
    day = trial.at.date().isoformat()
    visit = {"visit": "c1d1", "number": 1}
    _row(trial, subject, "visits", visit, {"planned_on": day, "visited_on": day})
    rows = [{"table": "contacts", "key": {"alive_on": day}, "values": {}}]
    trial.given("RecordRows", "coo", subject=subject, rows=rows)
    event = {"system": "blood", "term": "sepsis", "grade": 4, "serious": True, "started_on": day}
    _row(trial, subject, "adverse_events", {"number": 1}, event)
    _row(trial, subject, "adverse_events", {"number": 2}, event | {"term": "Mrs Miller called", "serious": False})
    aware = trial.at - timedelta(hours=1)
    trial.given("ReportSeriousEvent", "ivy", subject=subject, number=1, aware_at=aware, narrative="sepsis in aplasia")
    trial.at += timedelta(days=10)
    late = {"visited_on": (trial.at - timedelta(days=1)).date().isoformat()}
    changed = {"subject": subject, "table": "visits", "key": visit, "reason": "misread"}
    trial.given("CorrectRow", "coo", **changed, version=1, values=late)
    trial.given("CorrectRow", "coo", **changed, version=2, values={"visited_on": day})
    struck = {"subject": subject, "table": "adverse_events", "key": {"number": 2}, "version": 1}
    trial.given("StrikeRow", "coo", **struck, reason="names a person")


def _cleaning(trial: Trial, subject: str) -> None:
    visit = {"subject": subject, "table": "visits", "key": {"visit": "c1d1", "number": 1}}
    trial.given("VerifyRow", "mona", **visit, version=3)
    trial.given("OpenQuery", "mona", **visit, field="visited_on", text="is that the day?")
    query = {"subject": subject, "query": list(trial.state.cleaning.queries)[-1]}
    trial.given("AnswerQuery", "coo", **query, text="it is")
    trial.given("CloseQuery", "mona", **query, text="thank you")
    trial.given("ReopenQuery", "mona", **query, text="once more")
    trial.given("CloseQuery", "mona", **query, text="clear now")
    for waiting in trial.state.cleaning.waiting(subject):
        trial.given("CloseQuery", "mona", subject=subject, query=waiting.id, text="accepted")
    scope = {"scope": f"subject:{subject}", "reason": "data cut-off"}
    trial.given("Freeze", "dan", **scope)
    shown = conduct.casebook_hash(trial.state, trial.state.subjects.records[subject])
    trial.given("SignCasebook", "ivy", subject=subject, content_hash=shown, meaning="complete and true")
    trial.given("Lock", "dan", **scope)
    trial.given("Unlock", "dan", **scope)
    trial.given("Unfreeze", "dan", **scope)
    trial.given("ReviewTrail", "dan", looked_at="/audit?kind=corrected", facts=2, note="as expected")


def _other_ends(trial: Trial, first: str) -> None:
    failed = _candidate(trial, "S1", "ivy", ecog="3")
    trial.given("AskWaiver", "ivy", subject=failed, criteria=["I02"], reason="fit in all other ways")
    trial.given("ForceEligibility", "spo", subject=failed, reason="the committee agreed")
    trial.given("ScreenFail", "ivy", subject=failed, outcome="declined", reason="moved away")
    for site, user in (("S2", "otto"), ("S2", "otto"), ("S1", "ivy")):
        subject = _candidate(trial, site, user)
        trial.given("SignEligibility", user, subject=subject, content_hash=_shown(trial, subject))
        _randomize(trial, subject, user)
    _envelope(trial)
    trial.given("RandomizedInError", "ivy", subject=first, reason="chemotherapy last week")
    trial.given("CorrectStratum", "ivy", subject=first, levels={"liver": "no liver"}, reason="a cyst")
    trial.given("DuplicatePerson", "dan", subject=subject, other=first, reason="the same passport")
    told = {"category": "accidental", "to_whom": "statistician", "reason": "a mail went astray"}
    trial.given("LogDisclosure", "ivy", subject=first, **told)
    gone = {"subject": first, "level": "treatment", "withdrawn_on": trial.at.date(), "reason": "wishes so"}
    trial.given("Withdraw", "ivy", **gone)
    trial.given("EraseIdentity", "coo", subject=first, reason="asked for by the patient")


def _envelope(trial: Trial) -> None:
    subject = _candidate(trial, "S1", "ivy")
    trial.given("SignEligibility", "ivy", subject=subject, content_hash=_shown(trial, subject))
    source = trial.state.allocations.lists["envelopes"]
    arm = source.at(trial.keys, source.scheme.stratum({"liver": "liver"}), 0).arm
    opened = {"opened_at": trial.at - timedelta(minutes=5), "opened_by": "ivy", "reason": "no network"}
    trial.given(
        "EnterContingencyAllocation", "ivy", subject=subject, content_hash=_shown(trial, subject),
        levels={"liver": "liver"}, list="envelopes", position=0, arm=arm, **opened,
    )  # fmt: skip


def _office(trial: Trial) -> None:
    trial.ask(MailSent(seq=next(iter(trial.state.outbox.waiting))))
    export = conduct.NoteExport(what="/audit.csv", sha256="0" * 64, size=10)
    trial.ask(export, "dan")
    screened = next(fact for fact in trial.state.trail.facts if fact.kind == "screen failed")
    trial.given("Redact", "dan", seq=screened.seq, fields=["reason"], reason="names a person")
    trial.given("BeginGeneration", "adm", reason="the mirror was lost")
    for _ in range(20):
        trial.ask(FailSignIn(user="mona", how="password"))
    for _ in range(10):
        trial.attempt(conduct.OpenSite(site="S1", approvals=()), "mona")
    trial.at -= timedelta(hours=1)
    trial.given("SetCap", "spo", scope="study", most=60)
    trial.at += timedelta(hours=1)


def write_amended(path: Path) -> None:
    """Write the protocol of the trial after its amendment."""
    path.write_text(TINY.read_text("utf-8").replace('version: "1.0"', 'version: "1.1"'), "utf-8")


def _amendment(trial: Trial) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "protocol.yaml"
        write_amended(path)
        trial.draft.screener = protocol.Screener(protocol.load(str(path)))
    digest = protocol_hash(trial.draft.screener.protocol)
    refused = trial.attempt(conduct.Screen(site="S1", screened_on=trial.at.date()), "ivy")
    assert isinstance(refused.refusal, Refused)
    trial.given("ProposeProtocol", "sta", protocol_hash=digest, reason="amendment 1")
    trial.given("ApproveProtocol", "spo", protocol_hash=digest)
    trial.given("Screen", "ivy", site="S1", screened_on=trial.at.date())


def parts(state: State) -> dict[str, str]:
    """Return what each part of a state holds, as text that is the same for the same content."""
    log = {"seq", "head", "at", "receipts", "trail"}
    return {name: canonical(_plain(value)) for name, value in vars(state).items() if name not in log}


def _plain(value: Any) -> Any:
    """Return a value as JSON, sets in order, objects by their fields."""
    if isinstance(value, dict):
        return sorted([str(key), _plain(each)] for key, each in value.items())
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(str(each) for each in value)
    if isinstance(value, Fact):
        return value.hash
    names = list(_fields(value))
    return {name: _plain(getattr(value, name)) for name in names} if names else str(value)


def _fields(value: Any) -> Iterator[str]:
    yield from getattr(value, "__dataclass_fields__", ())
