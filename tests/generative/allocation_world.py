"""One allocation service under everything that goes wrong: many clients, lost answers, crashes, edits, odd clocks.

:func:`complaints` runs the same days against whatever office it is given, real or with a fault planted in it, and
returns what the checks have to say: nothing, when the office is sound.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from trial_desk import ADMISSIBLE, KINDS, TINY, sealed_key

from trialwright import protocol
from trialwright.conduct import (
    ActivateList,
    Actor,
    Anchors,
    Answer,
    ApproveForm,
    Ask,
    Attest,
    Consent,
    CorrectStratum,
    Evidence,
    Fact,
    Journal,
    Keys,
    Mirror,
    Office,
    OpenSite,
    Randomize,
    Refused,
    Screen,
    SealList,
    SignEligibility,
    Unavailable,
    broken,
    content_hash,
    verify,
)
from trialwright.conduct.facts import GENESIS

START = datetime(2024, 10, 26, 23, 30, tzinfo=UTC)
"""Half an hour before the clocks of Europe go back."""
LIVER, NONE = [{"organ": "liver", "measurable": True}], [{"organ": "bone", "measurable": True}]
PLACES = 30
SHOWN = {"subject", "randomized_at", "arm", "arm_label", "levels", "doses", "randomized_on"}
"""All that an answer to a randomization may hold."""
KEY = sealed_key("central")[0]


def rules() -> protocol.Screener:
    """Return the made-up trial with a ratio of 2:1, which a careless program gets wrong more easily than 1:1."""
    found = protocol.load(TINY)
    plan = found.randomization.model_copy(update={"ratio": {"new": 2, "standard": 1}, "block_sizes": (3, 6)})
    return protocol.Screener(found.model_copy(update={"randomization": plan}))


class Dropped(Exception):  # noqa: N818 - no error of the office
    """The process ends here; whoever waits hears nothing."""


@dataclass
class Memory:
    """A database in memory, without the locks, triggers and unique constraints of a real one unless asked for."""

    locked: bool = True
    overwrites: bool = False
    """Whether a fact saved under a sequence number that is taken replaces the one there, as an UPDATE would."""
    facts: list[Fact] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)
    pause: Callable[[], None] = lambda: None


class MemoryJournal:
    """What the office needs of a journal, over :class:`Memory`."""

    def __init__(self, memory: Memory) -> None:
        self.memory, self.url = memory, "memory"

    @contextmanager
    def transaction(self) -> Iterator[MemoryJournal]:
        with self.memory.lock if self.memory.locked else nullcontext():
            self.written: list[Fact] = []
            yield self
            for fact in self.written:
                self._save(fact)

    @contextmanager
    def reading(self) -> Iterator[MemoryJournal]:
        yield self

    def since(self, seq: int) -> list[Fact]:
        found = sorted((fact for fact in self.memory.facts if fact.seq > seq), key=lambda fact: fact.seq)
        self.memory.pause()
        return found

    def head(self) -> tuple[int, str]:
        last = max(self.memory.facts, key=lambda fact: fact.seq, default=None)
        return (last.seq, last.hash) if last else (0, GENESIS)

    def hash_at(self, seq: int) -> str | None:
        return next((fact.hash for fact in self.memory.facts if fact.seq == seq), None)

    def append(self, facts: Any) -> None:
        self.written += facts

    def refused(self, error: Exception) -> bool:
        return False

    def close(self) -> None:
        pass

    def _save(self, fact: Fact) -> None:
        facts = self.memory.facts
        if self.memory.overwrites and fact.seq <= len(facts):
            facts[fact.seq - 1] = fact
        else:
            facts.append(fact)


@dataclass
class World:
    """Sites, a list and patients; what was asked and answered is written down."""

    folder: Path
    memory: Memory | None = None
    acknowledged: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    """What no client of a sound office ever sees."""
    texts: list[str] = field(default_factory=list)
    """Everything the office said to anybody: answers, refusals, lines of the log."""
    crashes: dict[str, int] = field(default_factory=dict)
    """Times the process still has to end at each named point."""
    now: datetime = START
    url: str = ""
    """Database; without one, a file in the folder."""
    mirror: Path | None = None
    """File that knows what was acknowledged when the database forgets."""
    has_administrator: bool = True
    """Whether somebody who owns the database tries to change it in the end."""
    _asked: int = 0
    _lock: Any = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.screener = rules()
        self.offices: list[Office] = []
        self.url = self.url or f"sqlite:///{self.folder / 'office.db'}"

    # The life of the service.

    def start(self, processes: int = 1) -> None:
        """Start so many office processes over the one database."""
        for _ in range(processes):
            journal: Any = MemoryJournal(self.memory) if self.memory else Journal(self.url)
            mirror = Mirror(self.mirror) if self.mirror else None
            self.offices.append(
                Office(
                    journal, self.screener, Keys({"central": KEY}), mirror=mirror, clock=self.clock,
                    crash_point=self._crash,
                )
            )  # fmt: skip

    def stop(self) -> None:
        """End them all."""
        for office in self.offices:
            office.close()
        self.offices.clear()

    def restart(self, processes: int = 1) -> None:
        self.stop()
        self.start(processes)

    def clock(self) -> datetime:
        """Return the time, a tenth of a second later at every look."""
        self.now += timedelta(seconds=0.1)
        return self.now

    def _crash(self, point: str) -> None:
        if self.crashes.get(point, 0) > 0:
            self.crashes[point] -= 1
            raise Dropped(point)

    # Its people.

    def do(self, command: Ask, user: str = "system") -> dict[str, Any]:
        """Ask for something that must succeed."""
        self._asked += 1
        return self.offices[0].do(command, Actor(user), f"request {self._asked}").reply

    def open(self, places: int = PLACES) -> None:
        """Open both sites and take a list into use; as the system, but for the two persons that it needs."""
        papers = [{"kind": kind, "reference": "1", "approved_on": "2024-01-02"} for kind in KINDS]
        for site in ("S1", "S2"):
            self.do(OpenSite(site=site, approvals=papers))
            self.do(ApproveForm(site=site, version="1.0", valid_from="2024-01-02"))
        told = self.do(SealList(list="central", places=places, sealed=sealed_key("central")[1]))
        self._as_another_person(ActivateList(list="central", sha256=told["sha256"]))

    def _as_another_person(self, command: Ask) -> None:
        # ``role_for`` gives every right to the system, and to nobody else without an account: one is made.
        from trialwright.conduct import GrantRole, RecordTraining, RegisterUser

        day = self.now.date()
        self.do(RegisterUser(user="sponsor", name="Sponsor", organization="Sponsor"))
        self.do(RecordTraining(user="sponsor", training="protocol", trained_on=day))
        self.do(GrantRole(user="sponsor", role="sponsor", scope="study", start=day))
        self.do(command, "sponsor")

    def patients(self, count: int, lesions: Any = LIVER) -> list[str]:
        """Screen patients up to the signature under eligibility."""
        day = self.now.date()
        subjects = [self.do(Screen(site=f"S{1 + number % 2}", screened_on=day))["subject"] for number in range(count)]
        given = [{"variable": name, "value": value} for name, value in (ADMISSIBLE | {"lesions": lesions}).items()]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda subject: self._screened(subject, day, given), subjects))
        return subjects

    def _screened(self, subject: str, day: Any, given: Any) -> None:
        actor, office = Actor("system"), self.offices[0]
        office.do(Consent(subject=subject, version="1.0", signed_on=day), actor, f"consent {subject}")
        office.do(Answer(subject=subject, answers=given), actor, f"answers {subject}")
        judged = [{"variable": "compliant", "value": True}]
        office.do(Attest(subject=subject, judgments=judged), actor, f"judged {subject}")
        self.sign(subject)

    def sign(self, subject: str) -> None:
        shown = self.shown(subject)
        self.offices[0].do(SignEligibility(subject=subject, content_hash=shown), Actor("system"), f"signed {shown}")

    def shown(self, subject: str) -> str:
        office = self.offices[0]
        with office.reading() as state:
            return content_hash(state.subjects.records[subject])

    # Clients.

    def request(self, subject: str) -> Randomize:
        with self.offices[0].reading() as state:
            record = state.subjects.records[subject]
            shown, organs = content_hash(record), {one["organ"] for one in record.answers["lesions"].value}
        return Randomize(
            subject=subject, content_hash=shown, levels={"liver": "liver" if "liver" in organs else "no liver"}
        )

    def ask(self, command: Ask, key: str, office: int = 0, *, lost: bool = False) -> dict[str, Any] | None:
        """Ask as a client; ``lost``: the answer never arrives. Returns the answer; None of a refusal."""
        reply: dict[str, Any] | None = None
        try:
            reply = self.offices[office].do(command, Actor("system"), key).reply
            told: Mapping[str, Any] = reply
        except Unavailable as refusal:  # says itself that nobody knows: to be asked again
            self.texts.append(str(refusal))
            return None
        except Refused as refusal:
            told = {"refused": str(refusal)}
        except Exception as error:
            self.texts.append(repr(error))
            return None
        with self._lock:
            self.texts.append(json.dumps(told))
            if not lost and (reply is not None or key in self.acknowledged):
                self.acknowledged.setdefault(key, []).append(dict(told))
            if reply is not None and set(reply) != SHOWN:
                self.found.append(f"INV13: an answer tells {sorted(set(reply) ^ SHOWN)}")
        return reply

    def storm(self, subjects: list[str], clients: int = 8) -> None:
        """Randomize all at once from many clients; every third answer is lost, and all ask again with their keys."""
        barrier = threading.Barrier(clients)
        requests = [(number, subject, self.request(subject)) for number, subject in enumerate(subjects)]

        def client(which: int) -> None:
            barrier.wait()
            for number, subject, request in requests[which::clients]:
                office = which % len(self.offices)
                self.ask(request, f"key {subject}", office, lost=number % 3 == 0)
                self.ask(request, f"key {subject}", office)

        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(client, range(clients)))

    # What became of it.

    def facts(self) -> list[Fact]:
        if self.memory:
            return list(self.memory.facts)
        with closing(Journal(self.url)) as journal, journal.reading() as log:
            return log.since(0)

    def judge(self) -> list[str]:
        """Return everything that is wrong; call it without any fault planted, the office being stopped."""
        evidence = Evidence(self.facts(), {"central": KEY}, self.screener, acknowledged=self.acknowledged)
        wrong = [f"{one.invariant}: {one.why} (fact {one.seq})" for one in broken(evidence)]
        if not self.memory:
            anchors = Anchors(keys={"central": KEY}, screener=self.screener)
            wrong += [f"{one.invariant}: {one.why}" for one in verify(self.url, anchors).problems]
        secrets = [KEY.hex(), base64.b64encode(KEY).decode()]
        wrong += ["INV13: the key of the list was told" for text in self.texts if any(each in text for each in secrets)]
        return wrong + self.found


def complaints(world: World, fault: AbstractContextManager[Any] | None = None) -> list[str]:
    """Run every scenario with a fault planted, or none, and return what the checks say without it."""
    with fault or nullcontext(), _logged(world):
        world.start()
        world.open()
        scenarios = (
            _many_at_once, _edited_before, _dropped_and_restarted, _corrected_stratum, _through_the_night, _to_the_end,
            _deleted_by_an_administrator,
        )  # fmt: skip
        for scenario in scenarios:
            with suppress(Exception):  # an office with a fault may stop altogether: the checks say why
                scenario(world)
        with suppress(Exception):
            world.stop()
    return world.judge()


def _many_at_once(world: World) -> None:
    subjects = world.patients(16)
    world.restart(processes=2)
    try:
        world.storm(subjects)
    finally:
        world.restart()


def _edited_before(world: World) -> None:
    """An answer changes after somebody looked: the allocation rests on the new one."""
    (subject,) = world.patients(1)
    world.ask(world.request(subject).model_copy(update={"content_hash": "0" * 64}), "stale page")
    world.ask(world.request(subject).model_copy(update={"levels": {"liver": "no liver"}}), "wrong stratum")
    edit = Answer(subject=subject, answers=[{"variable": "age", "value": 77}], reason="read from the passport")
    world.do(edit)
    world.sign(subject)
    world.ask(world.request(subject), f"key {subject}")


def _dropped_and_restarted(world: World) -> None:
    """The process ends at each named point of a commit; clients ask again with their keys."""
    subjects = world.patients(4, NONE)
    requests = {subject: world.request(subject) for subject in subjects}
    unanswered = []
    for subject, point in zip(subjects, ("before_commit", "after_commit", "between"), strict=False):
        world.crashes[point] = 1
        if world.ask(requests[subject], f"key {subject}") is None:  # whoever has an answer does not ask again
            unanswered.append(subject)
        world.restart()
    world.ask(requests[subjects[-1]], f"key {subjects[-1]}")
    world.restart()
    for subject in (subjects[-1], *unanswered):
        world.ask(requests[subject], f"key {subject}")


def _corrected_stratum(world: World) -> None:
    subjects = world.patients(3, NONE)
    for subject in subjects[:2]:
        world.ask(world.request(subject), f"key {subject}")
    correction = CorrectStratum(subject=subjects[0], levels={"liver": "liver"}, reason="scan read again")
    world.do(correction)
    world.ask(world.request(subjects[2]), f"key {subjects[2]}")


def _through_the_night(world: World) -> None:
    """Clocks go back by an hour in Europe, and this server's by another minute."""
    subjects = world.patients(3, NONE)
    for subject, at in zip(subjects, (START + timedelta(minutes=25), START + timedelta(minutes=40)), strict=False):
        world.now = max(world.now, at)
        world.ask(world.request(subject), f"key {subject}")
    world.now -= timedelta(minutes=1)
    world.ask(world.request(subjects[-1]), f"key {subjects[-1]}")


def _to_the_end(world: World) -> None:
    """More patients than places: the last ones are refused, in words."""
    subjects = world.patients(PLACES - 10)
    for subject in subjects:
        world.ask(world.request(subject), f"key {subject}")
    refused = [text for text in world.texts if "no place left" in text]
    if not refused:
        world.found.append("INV2: nobody was refused when the list had ended")


def _deleted_by_an_administrator(world: World) -> None:
    """Whoever owns the database tries to make an allocation undone."""
    if world.memory or not world.has_administrator:
        return
    for statement in (
        "DELETE FROM allocations",
        "DELETE FROM facts WHERE kind = 'allocated'",
        "UPDATE facts SET text = ''",
    ):
        engine = sa.create_engine(world.url)
        try:
            with suppress(sa.exc.DBAPIError), engine.begin() as connection:
                connection.exec_driver_sql(statement)
        finally:
            engine.dispose()


class _Lines(logging.Handler):
    def __init__(self, texts: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.texts = texts

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextmanager
def _logged(world: World) -> Iterator[None]:
    root, handler = logging.getLogger(), _Lines(world.texts)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


__all__ = ["KEY", "LIVER", "NONE", "Dropped", "Memory", "World", "complaints"]
