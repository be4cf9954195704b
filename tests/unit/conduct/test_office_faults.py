"""The office when something goes wrong: commits nobody saw the end of, full disks, two processes, odd clocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

import pytest
from postgres_server import Cluster

from trialwright.conduct import (
    Actor,
    Ask,
    BeginGeneration,
    Conflict,
    Context,
    Fact,
    Found,
    Invalid,
    Journal,
    Mirror,
    NewFact,
    NotFound,
    Office,
    Redact,
    Refused,
    State,
    Unavailable,
    crash_points,
)
from trialwright.conduct.journal import Transaction
from trialwright.protocol import Protocol, Screener

SYSTEM = Actor("system")
Opened = Callable[..., Office]


class Note(Ask):
    """The smallest command there is; it writes its text as often as asked."""

    action: ClassVar[str] = "system"
    text: str
    times: int = 1
    kind: str = "noted"

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        if self.text == "no":
            raise Refused("the answer is no")
        if self.text == "NaN":
            return [NewFact("noted", {"text": "fine"}), NewFact("noted", {"text": float("nan")})]
        return [NewFact(self.kind, {"text": self.text, "before": state.seq})] * self.times

    def reply(self, facts: Sequence[Fact]) -> dict[str, Any]:
        return {"seq": facts[0].seq}


@pytest.fixture
def opened(database_url: str, small_protocol: Protocol) -> Iterator[Opened]:
    """Open an office over the test's database, as often as wanted."""
    offices: list[Office] = []
    screener = Screener(small_protocol)

    def build(journal: Journal | None = None, **more: Any) -> Office:
        offices.append(Office(journal or Journal(database_url), screener, **more))
        return offices[-1]

    yield build
    for office in offices:
        office.close()


def kinds(office: Office) -> list[str]:
    with office.reading() as state:
        return [fact.kind for fact in state.receipts.log]


class Faulty(Journal):
    """A journal whose next commits go wrong as told: lost before it, after it, or not at all."""

    faults: list[str]

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        fault = self.faults.pop(0) if self.faults else "none"
        if fault == "gone":
            raise ConnectionError("the database is gone")
        with super().transaction() as log:
            yield log
            if fault == "before":
                raise ConnectionError("lost before the commit")
        if fault == "after":
            raise ConnectionError("lost after the commit")


@pytest.mark.parametrize("fault", ["gone", "before", "after"])
def test_a_commit_whose_end_nobody_saw_is_settled_by_asking_again(
    opened: Opened, database_url: str, fault: str
) -> None:
    journal = Faulty(database_url)
    journal.faults = ["none", fault, fault]
    office = opened(journal)
    assert office.do(Note(text="first"), SYSTEM, "a").reply == {"seq": 1}
    for _ in range(2):
        with pytest.raises(Unavailable, match="ask again with the same key"):
            office.do(Note(text="second"), SYSTEM, "b")
    receipt = office.do(Note(text="second"), SYSTEM, "b")
    assert (receipt.reply, receipt.repeated) == ({"seq": 2}, fault == "after")
    assert office.do(Note(text="third"), SYSTEM, "c").reply == {"seq": 3}
    with office.reading() as state:
        assert [fact.body["text"] for fact in state.receipts.log] == ["first", "second", "third"]


class Slow(Journal):
    """A journal that waits to begin, so that commands gather for one commit."""

    begin: Event

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        self.begin.wait(10)
        with super().transaction() as log:
            yield log


def test_a_command_that_the_state_or_the_database_cannot_take_fails_alone(opened: Opened, database_url: str) -> None:
    journal = Slow(database_url)
    journal.begin = Event()
    office = opened(journal)
    texts = ["one", "two", "three", "NaN", "four", "no"]
    answers = [office.submit(Note(text=text), SYSTEM, text) for text in texts]
    # kind "allocated" without a place: no part and no table can take that.
    answers.insert(3, office.submit(Note(text="spoilt", kind="allocated"), SYSTEM, "spoilt"))
    journal.begin.set()
    assert [answers[k].result(10).reply for k in (0, 1, 2, 5)] == [{"seq": k} for k in (1, 2, 3, 5)]
    with pytest.raises(KeyError):
        answers[3].result(10)
    with pytest.raises(Invalid, match="cannot be written as JSON"):
        answers[4].result(10)
    with pytest.raises(Refused, match="the answer is no"):
        answers[6].result(10)
    assert kinds(office) == ["noted"] * 3 + ["refused", "noted", "refused"]
    with opened().reading() as state:
        assert [fact.seq for fact in state.receipts.log] == [1, 2, 3, 4, 5, 6]


def test_whoever_stops_waiting_stops_neither_the_command_nor_the_office(opened: Opened, database_url: str) -> None:
    journal = Slow(database_url)
    journal.begin = Event()
    office = opened(journal)
    given_up = office.submit(Note(text="one"), SYSTEM, "a")
    other = office.submit(Note(text="two"), SYSTEM, "b")
    assert not given_up.cancel()
    journal.begin.set()
    assert other.result(10).reply == {"seq": 2}
    assert office.do(Note(text="one"), SYSTEM, "a").repeated


def test_a_fault_of_the_office_itself_is_told_and_does_not_end_it(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = opened()
    office.do(Note(text="one"), SYSTEM, "a")

    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(office, "_forget", broken)
    monkeypatch.setattr(office, "_transact", broken)
    with pytest.raises(Unavailable, match="a fault of ours"):
        office.do(Note(text="two"), SYSTEM, "b")
    monkeypatch.undo()
    assert office.do(Note(text="two"), SYSTEM, "b").reply == {"seq": 2}


def test_a_full_disk_refuses_says_why_and_goes_on_without_loss(tmp_path: Path, small_protocol: Protocol) -> None:
    journal = Journal(f"sqlite:///{tmp_path / 'office.db'}")
    with Office(journal, Screener(small_protocol)) as office:
        office.do(Note(text="before"), SYSTEM, "a")
        limit = "PRAGMA max_page_count"
        with journal.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"{limit} = {pages + 2}")
        with pytest.raises(Unavailable, match="disk is full"):
            office.do(Note(text="x" * 100_000), SYSTEM, "b")
        with journal.engine.connect() as connection:
            connection.exec_driver_sql(f"{limit} = 1000000")
        assert office.do(Note(text="x" * 100_000), SYSTEM, "b").reply == {"seq": 2}


def test_two_processes_share_one_log(opened: Opened) -> None:
    one, other = opened(), opened()
    for k in range(6):
        (one if k % 2 else other).do(Note(text=f"n{k}"), SYSTEM, f"k{k}")
    assert other.do(Note(text="n1"), SYSTEM, "k1").repeated
    with pytest.raises(Conflict):
        one.do(Note(text="else"), SYSTEM, "k0")
    one.refresh()
    other.refresh()
    assert kinds(one) == kinds(other) == ["noted"] * 6 + ["refused"]


def test_an_idle_office_sees_within_a_second_what_another_wrote(opened: Opened) -> None:
    idle, busy = opened(), opened()
    busy.do(Note(text="news"), SYSTEM, "k")
    end = time.monotonic() + 5
    while not kinds(idle) and time.monotonic() < end:
        time.sleep(0.02)
    assert kinds(idle) == ["noted"]


def test_both_processes_at_once_leave_one_dense_chain(opened: Opened) -> None:
    offices = [opened(), opened()]
    answers = [offices[k % 2].submit(Note(text=f"n{k}"), SYSTEM, f"k{k // 2}") for k in range(0, 200)]
    told = [(answer.exception(30), answer) for answer in answers]
    good = [answer.result().facts[0].seq for error, answer in told if error is None]
    assert all(isinstance(error, Conflict) for error, _ in told if error is not None)
    with opened().reading() as state:
        noted = [fact for fact in state.receipts.log if fact.kind == "noted"]
        assert [fact.seq for fact in state.receipts.log] == list(range(1, 201))
        assert sorted(good) == [fact.seq for fact in noted]
        assert len({fact.key for fact in noted}) == len(noted) == 100


@pytest.mark.requirement("R5")
def test_a_clock_set_back_is_written_down_once_and_never_reorders(opened: Opened) -> None:
    times = [datetime(2026, 3, 29, 1, 59, tzinfo=UTC)]
    office = opened(clock=lambda: times[0])
    office.do(Note(text="before"), SYSTEM, "a")
    times[0] -= timedelta(hours=1)
    for key in "bc":
        office.do(Note(text="behind"), SYSTEM, key)
    times[0] += timedelta(hours=2)
    office.do(Note(text="after"), SYSTEM, "d")
    with office.reading() as state:
        log = [(fact.kind, fact.at[11:16]) for fact in state.receipts.log]
        assert state.receipts.log[1].body["seconds_back"] == 3600
    behind = "01:59"
    assert log == [
        ("noted", behind),
        ("clock stepped", behind),
        ("noted", behind),
        ("noted", behind),
        ("noted", "02:59"),
    ]


@pytest.mark.requirement("R5")
def test_the_time_is_written_in_utc_whatever_the_clock_shows(opened: Opened) -> None:
    from zoneinfo import ZoneInfo

    # The hour that comes twice in Madrid when summer time ends: fold=1 is the later one.
    local = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Madrid"))
    times = [local, local.replace(fold=1)]
    office = opened(clock=lambda: times[0])
    first = office.do(Note(text="summer"), SYSTEM, "a").facts[0].at
    times.pop(0)
    second = office.do(Note(text="winter"), SYSTEM, "b").facts[0].at
    assert (first, second) == ("2026-10-25T00:30:00.000000Z", "2026-10-25T01:30:00.000000Z")


@pytest.mark.parametrize("key", ["", "x" * 201, "two\nlines", "nul\0", "half \ud800", "office refusal 9"])
def test_a_key_that_cannot_be_kept_is_refused_without_a_trace(opened: Opened, key: str) -> None:
    office = opened()
    with pytest.raises(Invalid, match="idempotency key must be"):
        office.do(Note(text="x"), SYSTEM, key)
    assert kinds(office) == []


def test_an_office_is_founded_once(opened: Opened) -> None:
    office = opened()
    found = Found(study="small", protocol="1", protocol_hash="ab", environment="training")
    office.do(found, SYSTEM, "found")
    assert office.do(found, SYSTEM, "found").repeated
    with pytest.raises(Refused, match=r"founded for small \(training\) already"):
        office.do(found, SYSTEM, "again")


@pytest.mark.requirement("R43")
def test_what_is_redacted_leaves_database_memory_and_mirror_and_the_state_stays_whole(
    opened: Opened, tmp_path: Path
) -> None:
    office = opened(mirror=Mirror(tmp_path / "mirror"))
    office.do(Note(text="John Smith called"), SYSTEM, "a")
    office.do(Redact(seq=1, fields=["text"], reason="erasure, Article 17"), SYSTEM, "r")
    reopened = opened()
    for each in (office, reopened):
        with each.reading() as state:
            fact = state.receipts.log[0]
            assert (fact.text, fact.body) == (None, {"before": 0, "text": "[redacted]"})
    assert "Smith" not in (tmp_path / "mirror").read_text()
    assert office.do(Note(text="next"), SYSTEM, "b").reply == {"seq": 3}
    assert office.do(Note(text="John Smith called"), SYSTEM, "a").repeated
    for seq, fields, why in [
        (1, ["text"], "already"),
        (2, ["reason"], "never redacted"),
        (3, ["before"], "no text of"),
    ]:
        with pytest.raises(Refused, match=why):
            office.do(Redact(seq=seq, fields=fields, reason="again"), SYSTEM, f"r{seq}")
    with pytest.raises(NotFound):
        office.do(Redact(seq=99, fields=["text"], reason="again"), SYSTEM, "r99")


def test_a_crash_point_is_reached_where_it_says(opened: Opened) -> None:
    ended: list[str] = []
    for point in ("before_commit", "after_commit", "after_mirror", "after_commit_before_reply"):
        at = crash_points({"TRIALWRIGHT_CRASH_AT": point}, lambda point=point: ended.append(point))
        opened(crash_point=at).do(Note(text=point), SYSTEM, point)
    assert ended == ["before_commit", "after_commit", "after_mirror", "after_commit_before_reply"]
    with pytest.raises(Unavailable, match="TRIALWRIGHT_CRASH_AT must be one of before_commit"):
        crash_points({"TRIALWRIGHT_CRASH_AT": "somewhere"})


def test_the_database_server_gone_and_back_loses_nothing(small_protocol: Protocol, postgresql: Cluster) -> None:
    url = postgresql.database()
    with Office(Journal(url), Screener(small_protocol)) as office:
        office.do(Note(text="before"), SYSTEM, "a")
        postgresql.kill()
        try:
            with pytest.raises(Unavailable, match="ask again with the same key"):
                office.do(Note(text="during"), SYSTEM, "b")
        finally:
            postgresql.start()
        assert office.do(Note(text="during"), SYSTEM, "b").reply == {"seq": 2}
        assert office.halted is None


def test_a_connection_cut_by_the_database_is_replaced(small_protocol: Protocol, postgresql: Cluster) -> None:
    import psycopg

    url = postgresql.database()
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
    with Office(Journal(url), Screener(small_protocol)) as office:
        for turn in range(3):
            office.do(Note(text="before"), SYSTEM, f"a{turn}")
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"{others} pg_backend_pid()")  # type: ignore[arg-type]
            told: list[object] = []
            while not told:
                try:
                    told.append(office.do(Note(text="after"), SYSTEM, f"b{turn}").reply["seq"])
                except Unavailable as error:
                    assert "same key" in str(error)
            assert told == [2 * turn + 2]


def test_a_new_generation_needs_a_reason(opened: Opened) -> None:
    office = opened()
    with pytest.raises(Invalid, match="needs a reason"):
        office.do(BeginGeneration(reason=" "), SYSTEM, "g")
    office.do(BeginGeneration(reason="drill"), SYSTEM, "h")
    with office.reading() as state:
        assert state.founding.generation == 2
