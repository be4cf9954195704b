"""The journal keeps what it acknowledges and lets nobody change it, on both databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres_server import Cluster

from trialwright.conduct import Fact, Journal, Unavailable, engines
from trialwright.conduct.engines import open_engine
from trialwright.conduct.facts import GENESIS, canonical, digest_of, sealed
from trialwright.conduct.migrations import head, migrate

Chain = Callable[..., list[Fact]]


def chained(*bodies: dict[str, object], after: Fact | None = None, kind: str = "noted") -> list[Fact]:
    """Facts with these bodies, each sealed to the one before."""
    facts: list[Fact] = []
    for body in bodies:
        last = facts[-1] if facts else after
        seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
        text = canonical(body)
        fact = Fact(
            seq, "2026-01-01T00:00:00.000000Z", "ana", "monitor", f"k{seq}", 0, "r", kind, "01",
            str(body.get("subject", "01-001")), text, "salt", digest_of("salt", text), previous, "",
        )  # fmt: skip
        facts.append(sealed(fact))
    return facts


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    journal = Journal(database_url)
    yield journal
    journal.close()


def written(journal: Journal, facts: list[Fact]) -> list[Fact]:
    with journal.transaction() as log:
        log.append(facts)
    return facts


def everything(journal: Journal) -> list[Fact]:
    with journal.reading() as log:
        return log.since(0)


def test_what_was_appended_is_read_back_as_it_was(journal: Journal) -> None:
    facts = written(journal, chained({"text": "ä \x00 \u2028 👩‍⚕️"}, {"n": 1.5, "none": None, "yes": True}))
    assert everything(journal) == facts
    with journal.reading() as log:
        assert log.head() == (2, facts[1].hash)
        assert [log.hash_at(seq) for seq in (0, 1, 3)] == [GENESIS, facts[0].hash, None]
        assert log.since(1) == facts[1:]


@pytest.mark.requirement("R4")
def test_what_failed_leaves_nothing(journal: Journal) -> None:
    with pytest.raises(ZeroDivisionError), journal.transaction() as log:
        log.append(chained({"n": 1}))
        raise ZeroDivisionError
    assert everything(journal) == []
    assert written(journal, chained({"n": 1})) == everything(journal)


CHANGES = [
    "UPDATE facts SET author = 'somebody'",
    "UPDATE facts SET text = NULL",
    "UPDATE facts SET text = NULL WHERE seq = 3",
    "DELETE FROM facts",
    "DELETE FROM facts WHERE seq = 3",
    "UPDATE allocations SET position = 7",
    "DELETE FROM allocations",
]
UNGUARDING = ["DROP TABLE facts", "DROP TABLE allocations", "ALTER TABLE facts RENAME TO old"]
ON_SQLITE = [
    "DROP TRIGGER facts_update",
    "REPLACE INTO facts SELECT * FROM facts WHERE seq = 3",
    "REPLACE INTO allocations SELECT * FROM allocations",
    "PRAGMA writable_schema = ON",
    "PRAGMA synchronous = OFF",
]
ON_POSTGRESQL = [
    "TRUNCATE facts CASCADE",
    "TRUNCATE allocations",
    "DROP TRIGGER facts_row ON facts",
    "ALTER TABLE facts DISABLE TRIGGER ALL",
    "DROP FUNCTION trialwright_append_only CASCADE",
    "SET session_replication_role = replica",
]


def _used(journal: Journal) -> list[Fact]:
    notes = chained({"n": 1}, {"n": 2})
    place = {"list": "main", "stratum": "all", "position": 0}
    allocated = chained(place, after=notes[-1], kind="allocated")
    return written(journal, [*notes, *allocated])


def _attempt(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.requirement("R2")
def test_the_office_itself_cannot_change_the_log_or_its_guard(journal: Journal) -> None:
    facts = _used(journal)
    for statement in [*CHANGES, *UNGUARDING, *(ON_SQLITE if "sqlite" in journal.url else ON_POSTGRESQL)]:
        with pytest.raises(sa.exc.DBAPIError, match=r"refused|append-only|UNIQUE|not authorized|denied|must be owner"):
            _attempt(journal.engine, statement)
        assert everything(journal) == facts, statement


@pytest.mark.requirement("R2")
def test_neither_can_the_owner_of_the_database_without_taking_the_guard_away(journal: Journal) -> None:
    facts = _used(journal)
    engine = open_engine(journal.url, guarded=False)
    for statement in [*CHANGES, *(ON_SQLITE[1:3] if "sqlite" in journal.url else ON_POSTGRESQL[:2])]:
        with pytest.raises(sa.exc.DBAPIError, match=r"refused|append-only|UNIQUE"):
            _attempt(engine, statement)
        assert everything(journal) == facts, statement
    engine.dispose()


def test_the_database_refuses_a_gap_a_fork_and_a_place_used_twice(journal: Journal) -> None:
    facts = _used(journal)
    place = {"list": "main", "stratum": "all", "position": 0, "subject": "01-002"}
    same_subject = place | {"position": 1, "subject": "01-001"}
    gap = [replace(chained({"n": 3}, after=facts[-1])[0], seq=9, key="k9")]
    fork = [replace(chained({"n": 3}, after=facts[-1])[0], previous=facts[0].hash)]
    again = [replace(chained({"n": 3}, after=facts[-1])[0], key="k1")]
    twice = chained(place, after=facts[-1], kind="allocated")
    person = chained(same_subject, after=facts[-1], kind="allocated")
    for wrong in (gap, fork, again, twice, person):
        with pytest.raises(Exception, match=r"(?i)follow|unique"):
            written(journal, wrong)
    assert everything(journal) == facts


def test_a_body_named_by_a_redaction_goes_and_nothing_else(journal: Journal) -> None:
    facts = _used(journal)
    left = {"seq": 1, "reason": "erasure asked for", "remains": {"n": "[redacted]"}}
    redaction = chained(left, after=facts[-1], kind="redacted")
    written(journal, redaction)
    read = everything(journal)
    assert (read[0].text, read[0].body) == (None, {"n": "[redacted]"})
    assert [replace(read[0], text=facts[0].text, remains=None), *read[1:]] == [*facts, *redaction]
    for statement in (
        "UPDATE facts SET text = '{}' WHERE seq = 1",
        "UPDATE facts SET text = NULL WHERE seq = 2",
        "UPDATE facts SET text = NULL WHERE seq = 4",
        "UPDATE facts SET text = NULL, author = 'x' WHERE seq = 1",
    ):
        with pytest.raises(sa.exc.DBAPIError, match=r"append-only|not authorized|denied"):
            _attempt(journal.engine, statement)
    assert everything(journal) == read


def test_an_older_schema_is_brought_to_the_newest_with_its_facts(database_url: str) -> None:
    engine = open_engine(database_url, guarded=False)
    migrate(engine, "0001")
    facts = chained({"n": 1})
    with engine.begin() as connection:
        names = [column for column in Fact.__slots__ if column != "remains"]
        row = {name: getattr(facts[0], name) for name in names}
        connection.execute(sa.insert(sa.table("facts", *map(sa.column, names))), row)
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "0001"
    engine.dispose()
    with closing(Journal(database_url)) as journal:
        assert everything(journal) == facts
        with pytest.raises(sa.exc.DBAPIError, match=r"refused|denied|authorized"):
            _attempt(journal.engine, "DELETE FROM facts")
        with journal.engine.connect() as connection:
            assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == head()


def test_a_newer_schema_is_refused(database_url: str) -> None:
    Journal(database_url).close()
    engine = open_engine(database_url, guarded=False)
    _attempt(engine, "UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(Unavailable, match=r"schema 9999, newer.*install the newer program"):
        Journal(database_url)


@pytest.mark.requirement("R4")
def test_settings_that_would_lose_facts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"journal_mode=wal, and SQLite says memory"):
        Journal("sqlite://")
    with pytest.raises(Unavailable, match=r"must be sqlite or postgresql; got 'mysql'"):
        Journal("mysql://somewhere/office")
    with pytest.raises(Unavailable, match="must be a URL such as"):
        Journal(str(tmp_path / "office.db"))


def test_sqlite_is_durable_as_opened(tmp_path: Path) -> None:
    with closing(Journal(f"sqlite:///{tmp_path / 'office.db'}")) as journal, journal.engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert found == ["wal", 2]


@pytest.mark.requirement("R2")
def test_on_postgresql_the_office_works_under_a_role_that_only_adds(postgresql: Cluster) -> None:
    with closing(Journal(postgresql.database())) as journal, journal.engine.connect() as connection:
        one = connection.exec_driver_sql
        assert one("SELECT current_user").scalar() == "trialwright_writer"
        rights = one(
            "SELECT string_agg(privilege_type, ' ' ORDER BY privilege_type) FROM information_schema.table_privileges "
            "WHERE grantee = current_user AND table_name = 'facts'"
        ).scalar()
        assert rights == "INSERT SELECT"
        assert one("SHOW synchronous_commit").scalar() == "on"


def test_a_postgresql_server_without_fsync_is_refused() -> None:
    class Cursor:
        def __enter__(self) -> Cursor:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def execute(self, *_: object) -> None:
            pass

        def fetchone(self) -> tuple[str]:
            return ("off",)

    class Connection:
        def cursor(self) -> Cursor:
            return Cursor()

    with pytest.raises(Unavailable, match="must run with fsync=on"):
        engines._postgresql_settings(Connection(), None)


def test_a_log_cut_short_in_its_write_ahead_file_opens_as_a_prefix(tmp_path: Path) -> None:
    path = tmp_path / "office.db"
    with closing(Journal(f"sqlite:///{path}")) as journal:
        facts = chained(*({"n": n} for n in range(60)))
        for fact in facts:
            written(journal, [fact])
        main, log = path.read_bytes(), path.with_name("office.db-wal").read_bytes()
    lengths: set[int] = set()
    for cut in range(0, len(log), max(1, len(log) // 40)):
        copy = tmp_path / f"cut{cut}.db"
        copy.write_bytes(main)
        copy.with_name(f"{copy.name}-wal").write_bytes(log[:cut])
        with closing(sqlite3.connect(copy)) as opened:
            tables = opened.execute("SELECT name FROM sqlite_master WHERE name = 'facts'").fetchall()
            kept = opened.execute("SELECT hash FROM facts ORDER BY seq").fetchall() if tables else []
            assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert [row[0] for row in kept] == [fact.hash for fact in facts[: len(kept)]]
        lengths.add(len(kept))
    assert len(lengths) > 10


def test_a_clerk_of_the_database_runs_the_office_and_cannot_change_its_schema(postgresql: Cluster) -> None:
    url = postgresql.database()
    engine = open_engine(url, guarded=False)
    migrate(engine, "0002")
    with engine.begin() as connection:
        if not connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = 'clerk'").first():
            connection.exec_driver_sql("CREATE ROLE clerk LOGIN IN ROLE trialwright_writer")
    clerk = url.replace("//postgres@", "//clerk@")
    with pytest.raises(Unavailable, match="start the office once as the owner"):
        Journal(clerk)
    migrate(engine)
    engine.dispose()
    with closing(Journal(clerk)) as journal:
        facts = written(journal, chained({"n": 1}, {"n": 2}))
        assert everything(journal) == facts
        with pytest.raises(sa.exc.DBAPIError, match="denied"):
            _attempt(journal.engine, "DELETE FROM facts")
