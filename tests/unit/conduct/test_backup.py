"""A backup is taken from an office in use, verified, and restores the same office on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from postgres_server import Cluster

from trialwright.conduct import (
    Actor,
    Ask,
    Context,
    Journal,
    NewFact,
    Office,
    Redact,
    State,
    Unavailable,
    backup,
    restore,
)
from trialwright.conduct.engines import open_engine
from trialwright.conduct.verify import verify
from trialwright.protocol import Protocol, Screener

SYSTEM = Actor("system")
Opened = Callable[[str], Office]


class Note(Ask):
    """The smallest command there is."""

    action: ClassVar[str] = "system"

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        return [NewFact("noted", {"n": state.seq, "text": "käse \x00"})]


@pytest.fixture
def opened(small_protocol: Protocol) -> Iterator[Opened]:
    offices: list[Office] = []

    def build(url: str) -> Office:
        offices.append(Office(Journal(url), Screener(small_protocol)))
        return offices[-1]

    yield build
    for office in offices:
        office.close()


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    engine = open_engine(url, guarded=False)
    tables = sa.MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        found = {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.columns))]
            for table in tables.sorted_tables
        }
    engine.dispose()
    return found


@pytest.mark.requirement("R37", "R39")
def test_a_restored_backup_is_the_same_office_on_either_database(
    opened: Opened, database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    office = opened(database_url)
    for k in range(30):
        office.do(Note(), SYSTEM, f"k{k}")
    office.do(Redact(seq=3, fields=["text"], reason="erasure"), SYSTEM, "redact")
    copy = backup(database_url, tmp_path / "copy.db")
    found = verify(database_url)
    assert (copy.facts, copy.head) == (found.facts, found.head) == (31, found.head)
    assert sorted(path.name for path in tmp_path.iterdir() if "copy" in path.name) == ["copy.db"]
    server: Cluster = request.getfixturevalue("postgresql")
    for url in (f"sqlite:///{tmp_path / 'restored.db'}", server.database()):
        restored = restore(tmp_path / "copy.db", url)
        assert (restored.facts, restored.head, restored.rows) == (copy.facts, copy.head, copy.rows)
        assert rows(url) == rows(database_url)
        again = opened(url)
        assert again.do(Note(), SYSTEM, "k7").repeated
        assert again.do(Note(), SYSTEM, "new").facts[0].seq == 32
        with again.reading() as state:
            assert state.receipts.log[2].body == {"n": 2, "text": "[redacted]"}


def test_a_backup_taken_while_the_office_writes_is_one_consistent_state(
    opened: Opened, database_url: str, tmp_path: Path
) -> None:
    office, ended = opened(database_url), Event()

    def write() -> None:
        k = 0
        while not ended.is_set():
            office.do(Note(), SYSTEM, f"k{k}")
            k += 1

    writer = Thread(target=write)
    writer.start()
    try:
        copies = [backup(database_url, tmp_path / f"copy{k}.db") for k in range(3)]
    finally:
        ended.set()
        writer.join()
    with office.reading() as state:
        hashes = [fact.hash for fact in state.receipts.log]
    assert [copy.head for copy in copies] == [hashes[copy.facts - 1] if copy.facts else copy.head for copy in copies]
    assert all(verify(f"sqlite:///{tmp_path / f'copy{k}.db'}").is_good for k in range(3))


@pytest.mark.requirement("R37", "R39")
def test_nothing_is_overwritten_and_nothing_unsound_is_copied(
    opened: Opened, database_url: str, tmp_path: Path
) -> None:
    opened(database_url).do(Note(), SYSTEM, "k")
    backup(database_url, tmp_path / "copy.db")
    with pytest.raises(Unavailable, match="never overwrites"):
        backup(database_url, tmp_path / "copy.db")
    with pytest.raises(Unavailable, match="is not empty"):
        restore(tmp_path / "copy.db", database_url)
    with pytest.raises(Unavailable, match="no such backup"):
        restore(tmp_path / "other.db", database_url)
    owner = open_engine(f"sqlite:///{tmp_path / 'copy.db'}", guarded=False)
    with owner.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER facts_update")
        connection.exec_driver_sql("UPDATE facts SET author = 'eva'")
    owner.dispose()
    with pytest.raises(Unavailable, match=r"does not verify: fact 1: a column is not as it was sealed"):
        restore(tmp_path / "copy.db", f"sqlite:///{tmp_path / 'fresh.db'}")
    assert not list(tmp_path.glob(".*partial*"))
