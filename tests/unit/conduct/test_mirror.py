"""A restored backup is noticed by the mirror, refused for writing, and made whole: a hundred times of a hundred."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest
from postgres_server import Cluster

from trialwright.conduct import (
    Actor,
    Ask,
    BeginGeneration,
    Context,
    Forbidden,
    Journal,
    Mirror,
    NewFact,
    Office,
    State,
    Unavailable,
)
from trialwright.conduct import backup as copied
from trialwright.conduct import restore as restored
from trialwright.protocol import Protocol, Screener

SYSTEM = Actor("system")
Opened = Callable[..., Office]


class Note(Ask):
    """The smallest command there is."""

    action: ClassVar[str] = "system"
    text: str

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        return [NewFact("noted", {"text": self.text})]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def opened(folder: Path, small_protocol: Protocol) -> Iterator[Opened]:
    """Open an office over ``office.db`` of the folder with a mirror beside it."""
    offices: list[Office] = []
    screener = Screener(small_protocol)

    def build(mirror: str = "office.mirror", **more: Any) -> Office:
        journal = Journal(f"sqlite:///{folder / 'office.db'}")
        offices.append(Office(journal, screener, mirror=Mirror(folder / mirror), **more))
        return offices[-1]

    yield build
    for office in offices:
        office.close()


def note(office: Office, *names: str) -> None:
    for name in names:
        office.do(Note(text=name), SYSTEM, name)


def texts(office: Office) -> list[str]:
    with office.reading() as state:
        return [fact.body.get("text", fact.kind) for fact in state.receipts.log]


def backup(folder: Path, name: str) -> None:
    with (
        closing(sqlite3.connect(folder / "office.db")) as source,
        closing(sqlite3.connect(folder / name)) as target,
    ):
        source.backup(target)


def restore(folder: Path, name: str) -> None:
    for ending in ("-wal", "-shm"):
        folder.joinpath(f"office.db{ending}").unlink(missing_ok=True)
    shutil.copy(folder / name, folder / "office.db")


def test_the_mirror_holds_every_fact_before_its_reply(opened: Opened, folder: Path) -> None:
    office = opened()
    for k in range(20):
        receipt = office.do(Note(text=f"n{k}"), SYSTEM, f"k{k}")
        last = json.loads((folder / "office.mirror").read_text().splitlines()[-1])
        assert (last["seq"], last["hash"]) == (receipt.facts[-1].seq, receipt.facts[-1].hash)


@pytest.mark.requirement("R37")
def test_a_restored_older_state_is_refused_and_reconciled_a_hundred_times_of_a_hundred(
    opened: Opened, folder: Path
) -> None:
    office = opened()
    for k in range(10):
        note(office, *(f"{k} {j}" for j in range(3)))
        backup(folder, f"backup{k}")
    note(office, "last")
    whole = texts(office)
    office.close()
    for k in range(100):
        restore(folder, f"backup{k % 10}")
        office = opened()
        missing = len(whole) - 3 * (k % 10 + 1)
        assert texts(office) == whole[: -missing or None]
        for _ in range(2):
            with pytest.raises(Unavailable, match=f"older state restored; {missing} facts are only in the mirror"):
                office.do(Note(text="new"), SYSTEM, "new")
        assert office.reconcile() == missing
        assert texts(office) == whole
        assert office.halted is None
        office.close()
    office = opened()
    assert office.do(Note(text="last"), SYSTEM, "last").repeated
    note(office, "new")
    assert texts(office) == [*whole, "new"]


@pytest.mark.requirement("R37")
def test_a_backup_restored_under_the_running_office_is_noticed_at_the_next_command(
    opened: Opened, folder: Path
) -> None:
    office = opened()
    note(office, "a", "b")
    backup(folder, "older")
    note(office, "c", "d")
    with closing(sqlite3.connect(folder / "older")) as source, closing(sqlite3.connect(folder / "office.db")) as target:
        source.backup(target)
    for _ in range(2):
        with pytest.raises(Unavailable, match="restored under the running office"):
            note(office, "e")
    assert office.halted is not None
    assert office.reconcile() == 2
    note(office, "e")
    assert texts(office) == list("abcde")


def test_an_administrator_may_go_on_from_the_older_state_with_a_reason(opened: Opened, folder: Path) -> None:
    office = opened()
    note(office, "a")
    backup(folder, "older")
    note(office, "b", "c")
    office.close()
    restore(folder, "older")
    office = opened()
    with pytest.raises(Forbidden, match="no open account"):
        office.do(BeginGeneration(reason="disk lost"), Actor("ana"), "g")
    assert texts(office) == ["a"]
    assert office.halted is not None
    office.do(BeginGeneration(reason="disk lost, mirror not trusted"), SYSTEM, "g")
    note(office, "d")
    assert texts(office) == ["a", "generation begun", "d"]
    kept = folder / "office.mirror.generation-1"
    assert [json.loads(line).get("key") for line in kept.read_text().splitlines()] == [None, "a", "b", "c"]
    office.close()
    again = opened()
    assert (again.halted, texts(again)) == (None, ["a", "generation begun", "d"])
    again.close()
    restore(folder, "older")
    assert "older state restored; 2 facts" in str(opened().halted)


def test_another_process_with_a_mirror_of_the_given_up_generation_follows_the_new_one(
    opened: Opened, folder: Path
) -> None:
    one, other = opened(), opened("other.mirror")
    note(one, "a")
    backup(folder, "older")
    note(one, "b")
    other.refresh()
    one.close()
    other.close()
    restore(folder, "older")
    one = opened()
    one.do(BeginGeneration(reason="drill"), SYSTEM, "g")
    other = opened("other.mirror")
    assert (other.halted, texts(other)) == (None, ["a", "generation begun"])
    assert (folder / "other.mirror.generation-1").exists()


def test_a_database_with_facts_and_without_its_mirror_is_refused(opened: Opened, folder: Path) -> None:
    office = opened()
    note(office, "a")
    office.close()
    (folder / "office.mirror").unlink()
    for _ in range(2):
        office = opened()
        with pytest.raises(Unavailable, match=r"there was no mirror .*office.mirror"):
            note(office, "b")
        office.close()
    office = opened()
    office.do(BeginGeneration(reason="moved to a new machine"), SYSTEM, "g")
    note(office, "b")
    lines = (folder / "office.mirror").read_text().splitlines()
    assert [json.loads(line).get("seq") for line in lines] == [None, 1, 2, 3]


def test_a_database_of_another_trial_is_refused(opened: Opened, folder: Path) -> None:
    office = opened()
    note(office, "a", "b")
    office.close()
    (folder / "office.db").unlink()
    other = opened("other.mirror")
    note(other, "x", "y", "z")
    other.close()
    office = opened()
    with pytest.raises(Unavailable, match="hold different facts, up to 3 and 2"):
        note(office, "c")
    with pytest.raises(Unavailable, match="hold different facts"):
        office.reconcile()


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_a_mirror_cut_short_by_a_crash_is_completed_from_the_database(opened: Opened, folder: Path, cut: int) -> None:
    office = opened()
    note(office, "a", "b", "c")
    office.close()
    path = folder / "office.mirror"
    path.write_bytes(path.read_bytes()[:-cut])
    office = opened()
    note(office, "d")
    office.close()
    mirror = Mirror(path)
    assert [fact.body["text"] for fact in mirror.since(0)] == list("abcd")
    mirror.close()


@pytest.mark.requirement("R39")
def test_an_altered_mirror_is_not_put_back(opened: Opened, folder: Path) -> None:
    office = opened()
    note(office, "a")
    backup(folder, "older")
    note(office, "b", "c")
    office.close()
    restore(folder, "older")
    path = folder / "office.mirror"
    path.write_text(path.read_text().replace('\\"text\\":\\"b\\"', '\\"text\\":\\"B\\"'))
    office = opened()
    with pytest.raises(Unavailable, match="fact 2 of the mirror was altered"):
        office.reconcile()
    with closing(sqlite3.connect(folder / "office.db")) as database:
        assert database.execute("SELECT count(*) FROM facts").fetchone() == (1,)


def test_a_mirror_that_cannot_be_written_holds_back_the_reply(
    opened: Opened, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = opened()
    note(office, "a")
    written = os.write

    def full(file: int, data: memoryview) -> int:
        written(file, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"No space left.*same key"):
            note(office, "b")
    assert texts(office) == ["a"]
    monkeypatch.undo()
    assert office.do(Note(text="b"), SYSTEM, "b").repeated
    note(office, "c")
    assert texts(office) == ["a", "b", "c"]
    office.close()
    mirror = Mirror(folder / "office.mirror")
    assert [fact.body["text"] for fact in mirror.since(0)] == ["a", "b", "c"]
    mirror.close()


def test_a_mirror_serves_one_process_and_no_other_file_is_taken_for_one(opened: Opened, folder: Path) -> None:
    opened()
    with pytest.raises(Unavailable, match="in use by another process"):
        opened()
    (folder / "notes.txt").write_text('{"seq": 1, "hash": "x"}\n')
    with pytest.raises(Unavailable, match="is not a mirror"):
        opened("notes.txt")
    (folder / "words.txt").write_text("a shopping list\n")
    with pytest.raises(Unavailable, match="is not a mirror"):
        opened("words.txt")
    assert (folder / "words.txt").read_text() == "a shopping list\n"


def test_a_mirror_of_many_facts_is_opened_by_its_end(opened: Opened, folder: Path) -> None:
    office = opened()
    for k in range(40):
        office.do(Note(text="x" * 5000), SYSTEM, f"k{k}")
    with office.reading() as state:
        seq, head = state.seq, state.head
    office.close()
    mirror = Mirror(folder / "office.mirror")
    assert (mirror.seq, mirror.hash) == (seq, head)
    mirror.close()


def test_a_backup_restored_on_postgresql_is_refused_and_reconciled(
    folder: Path, small_protocol: Protocol, postgresql: Cluster
) -> None:
    def opened_at(url: str) -> Office:
        return Office(Journal(url), Screener(small_protocol), mirror=Mirror(folder / "pg.mirror"))

    url, other = postgresql.database(), postgresql.database()
    with opened_at(url) as office:
        note(office, "a", "b")
        copied(url, folder / "copy.db")
        note(office, "c", "d")
    restored(folder / "copy.db", other)
    with opened_at(other) as office:
        with pytest.raises(Unavailable, match="older state restored; 2 facts"):
            note(office, "e")
        assert office.reconcile() == 2
        note(office, "e")
        assert texts(office) == list("abcde")
