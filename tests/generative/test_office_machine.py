"""Any order of randomizing, asking again, dying, restoring, closing sites and extending lists, beside a small model.

The model knows who was allocated, what each key was told, and how many places are left; the office must never differ.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from trial_desk import KINDS, TINY, Desk, asked, candidate, running, sealed_key

from trialwright.conduct import (
    CRASH_POINTS,
    ActivateList,
    Actor,
    Ask,
    CloseSite,
    Conflict,
    Evidence,
    GrantRole,
    Journal,
    Keys,
    Mirror,
    Office,
    OpenSite,
    Randomize,
    RandomizedInError,
    Receipt,
    RecordTraining,
    Refused,
    RegisterUser,
    SealList,
    Unavailable,
    Withdraw,
    broken,
)
from trialwright.protocol import Screener, load

SYSTEM, SPONSOR = Actor("system"), Actor("bob")
PLACES, FURTHER, PATIENTS = 4, 3, 12


@cache
def template() -> tuple[Path, Desk, Screener]:
    """An office with patients ready, its database and mirror, made once."""
    desk, folder = running(places=PLACES), Path(mkdtemp(prefix="tw-machine-"))
    for number in range(PATIENTS):
        candidate(desk, "S1" if number % 2 else "S2")
    today = desk.at.date()
    desk.ask(RegisterUser(user="bob", name="Bob", organization="Sponsor"))
    desk.ask(RecordTraining(user="bob", training="GCP", trained_on=today))
    desk.ask(GrantRole(user="bob", role="sponsor", scope="study", start=today))
    journal, mirror = Journal(f"sqlite:///{folder / 'office.db'}"), Mirror(folder / "mirror")
    with journal.transaction() as log:
        log.append(desk.facts)
    mirror.begin()
    mirror.append(desk.facts)
    journal.close()
    mirror.close()
    return folder, desk, Screener(load(TINY))


def died() -> None:
    raise SystemExit  # ends the writer's thread, and nothing of it hears of an end


class OfficeMachine(RuleBasedStateMachine):
    """The office over SQLite with its mirror, and what is known of it."""

    @initialize()
    def open_office(self) -> None:
        made, self.desk, self.screener = template()
        self.folder = Path(mkdtemp(prefix="tw-machine-"))
        shutil.copytree(made, self.folder, dirs_exist_ok=True)
        self.told: dict[str, tuple[Ask, dict[str, Any]]] = {}
        self.allocated: dict[str, dict[str, Any]] = {}
        self.closed: set[str] = set()
        self.withdrawn: set[str] = set()
        self.in_error: set[str] = set()
        self.lists, self.places, self.number = ["central"], PLACES, 0
        self.backup_of: int | None = None
        self.key_ring = Keys().with_list("central", sealed_key("central")[0])
        self._open()

    def _open(self, crash_point: Callable[[str], None] = lambda _: None) -> None:
        self.journal = Journal(f"sqlite:///{self.folder / 'office.db'}")
        self.mirror = Mirror(self.folder / "mirror")
        at = self.desk.at + timedelta(hours=1)
        self.office = Office(
            self.journal, self.screener, self.key_ring, mirror=self.mirror, clock=lambda: at, crash_point=crash_point
        )

    def _key(self) -> str:
        self.number += 1
        return f"asked {self.number}"

    def _do(self, command: Ask, key: str | None = None) -> Receipt:
        key = key or self._key()
        receipt = self.office.do(command, SYSTEM, key)
        self.told.setdefault(key, (command, receipt.reply))
        return receipt

    def _may(self, subject: str) -> bool:
        site = self.desk.state.subjects.sites[subject]
        free = len(self.allocated) < self.places
        return free and subject not in self.allocated and site not in self.closed and subject not in self.withdrawn

    def _request(self, subject: str) -> Randomize:
        return asked(self.desk, subject)

    @rule(number=st.integers(0, PATIENTS - 1))
    def randomize(self, number: int) -> None:
        subject = sorted(self.desk.state.subjects.records)[number]
        if self._may(subject):
            self.allocated[subject] = self._do(self._request(subject)).reply
        else:
            self._refused(self._request(subject))

    def _refused(self, command: Ask) -> None:
        try:
            self._do(command)
        except Refused:
            return
        raise AssertionError(f"{command!r} was not refused")

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.told)))
        command, reply = self.told[key]
        receipt = self.office.do(command, SYSTEM, key)
        assert (receipt.reply, receipt.repeated) == (reply, True)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def use_a_key_again_for_something_else(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.told)))
        try:
            self.office.do(CloseSite(site="S1", reason=f"not {key}"), SYSTEM, key)
        except Conflict:
            return
        raise AssertionError("a key was good for two requests")

    @rule(point=st.sampled_from(CRASH_POINTS), number=st.integers(0, PATIENTS - 1))
    def die_while_randomizing(self, point: str, number: int) -> None:
        subject = sorted(self.desk.state.subjects.records)[number]
        if not self._may(subject):
            return
        self._end()
        self._open(lambda reached: died() if reached == point else None)
        key = self._key()
        answer = self.office.submit(self._request(subject), SYSTEM, key)
        self.office._writer.join()
        assert not answer.done()
        self.journal.close()
        self.mirror.close()
        self._open()
        receipt = self._do(self._request(subject), key)
        assert receipt.repeated == (point != "before_commit")
        self.allocated[subject] = receipt.reply

    @rule()
    def back_up(self) -> None:
        with (
            closing(sqlite3.connect(self.folder / "office.db")) as source,
            closing(sqlite3.connect(self.folder / "backup.db")) as target,
        ):
            source.backup(target)
        with self.office.reading() as state:
            self.backup_of = state.seq

    @precondition(lambda self: self.backup_of is not None)
    @rule(number=st.integers(0, PATIENTS - 1))
    def restore(self, number: int) -> None:
        with self.office.reading() as state:
            whole = state.seq
        self._end()
        for ending in ("-wal", "-shm"):
            self.folder.joinpath(f"office.db{ending}").unlink(missing_ok=True)
        shutil.copy(self.folder / "backup.db", self.folder / "office.db")
        self._open()
        missing = whole - (self.backup_of or 0)
        assert (self.office.halted is not None) == (missing > 0)
        if missing:
            try:
                self.office.do(self._request(sorted(self.desk.state.subjects.records)[number]), SYSTEM, self._key())
            except Unavailable:
                assert self.office.reconcile() == missing
            else:
                raise AssertionError("an older state gave an allocation")
        assert self.office.halted is None

    @rule(site=st.sampled_from(["S1", "S2"]))
    def close_or_open_a_site(self, site: str) -> None:
        if site in self.closed:
            papers = [{"kind": kind, "reference": "2", "approved_on": "2024-01-02"} for kind in KINDS]
            self._do(OpenSite(site=site, approvals=papers))  # type: ignore[arg-type]
            self.closed.remove(site)
        else:
            self._do(CloseSite(site=site, reason="audit"))
            self.closed.add(site)

    @precondition(lambda self: len(self.allocated) == self.places and self.places < PATIENTS)
    @rule()
    def extend_the_list(self) -> None:
        name = f"further {len(self.lists)}"
        key, held = sealed_key(name)
        told = self._do(SealList(list=name, places=FURTHER, sealed=held)).reply
        self.key_ring = self.office.keys = self.office.keys.with_list(name, key)
        self.office.do(ActivateList(list=name, sha256=told["sha256"]), SPONSOR, self._key())
        self.lists.append(name)
        self.places += FURTHER

    @precondition(lambda self: self.allocated)
    @rule(data=st.data())
    def state_an_error(self, data: st.DataObject) -> None:
        subject = data.draw(st.sampled_from(sorted(self.allocated)))
        command = RandomizedInError(subject=subject, reason="not eligible after all")
        if subject in self.in_error:
            self._refused(command)
        else:
            self._do(command)
            self.in_error.add(subject)

    @rule(number=st.integers(0, PATIENTS - 1))
    def withdraw(self, number: int) -> None:
        subject = sorted(self.desk.state.subjects.records)[number]
        if subject not in self.withdrawn and subject not in self.allocated:
            day = self.desk.at.date()
            self._do(Withdraw(subject=subject, level="study", withdrawn_on=day, reason="moved away"))
            self.withdrawn.add(subject)

    @invariant()
    def the_office_is_as_the_model_says(self) -> None:
        if not hasattr(self, "office"):
            return
        with self.office.reading() as state:
            facts = list(state.receipts.log)
        given = [fact.subject for fact in facts if fact.kind == "allocated"]
        assert given == list(self.allocated)
        assert not {"lost", "twice"} & {self._place(key, [fact.key for fact in facts]) for key in self.told}

    @staticmethod
    def _place(key: str, keys: list[str]) -> str:
        first = keys.index(key) if key in keys else None
        if first is None:
            return "lost"
        run = len([each for each in keys if each == key])
        return "there" if keys[first : first + run] == [key] * run else "twice"

    def _end(self) -> None:
        self.office.close()

    def teardown(self) -> None:
        if not hasattr(self, "office"):
            return
        with self.office.reading() as state:
            facts = list(state.receipts.log)
        self._end()
        acknowledged = {key: [reply] for key, (_, reply) in self.told.items()}
        evidence = Evidence(facts, keys=self.key_ring.lists, screener=self.screener, acknowledged=acknowledged)
        assert broken(evidence) == []
        shutil.rmtree(self.folder)


OfficeMachine.TestCase.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
# Dying is ending the writer's thread, which pytest takes for an accident.
TestOfficeMachine = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")(
    OfficeMachine.TestCase
)
