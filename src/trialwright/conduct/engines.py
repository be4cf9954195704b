"""Connections that keep what they acknowledge: settings asked for, read back, and refused when they did not take."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trialwright.conduct.refusals import Unavailable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

__all__ = ["Dialect", "dialect_of", "open_engine"]

WRITER = "trialwright_writer"


@dataclass(frozen=True)
class Dialect:
    """How the two databases differ."""

    mark: str
    """Place of a value in a statement."""
    hold: tuple[str, ...]
    """What begins a transaction that keeps the log for itself."""
    look: tuple[str, ...]
    """What begins a transaction that reads one state."""


SQLITE = Dialect("?", ("BEGIN IMMEDIATE",), ("BEGIN",))
# An advisory lock, since LOCK TABLE needs rights to change rows; whoever evades it meets the triggers and UNIQUE.
POSTGRESQL = Dialect(
    "%s",
    ("SELECT pg_advisory_xact_lock('facts'::regclass::oid::bigint)",),
    ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",),
)


def dialect_of(engine: Engine) -> Dialect:
    """Return how the engine's database is spoken to."""
    return POSTGRESQL if engine.dialect.name == "postgresql" else SQLITE


def open_engine(url: str, *, guarded: bool = True) -> Engine:
    """Return an engine for the URL; ``guarded`` connections may add to the log, never change it or its protection.

    Unavailable for any other database, and at the first connection for one that would not keep what it acknowledges.
    """
    engine = _engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_settings)
        sa.event.listen(engine, "begin", _begin_immediate)
        if guarded:
            sa.event.listen(engine, "connect", _sqlite_guard)
    else:
        sa.event.listen(engine, "connect", _postgresql_settings)
        if guarded:
            sa.event.listen(engine, "connect", _become_writer)
    return engine


def _engine(url: str) -> Engine:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise Unavailable(f"the database must be a URL such as sqlite:///office.db; got {url!r}") from error
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    elif backend != "sqlite":
        raise Unavailable(f"the database must be sqlite or postgresql; got {backend!r}")
    return sa.create_engine(parsed)


def _sqlite_settings(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA fullfsync=ON")  # macOS: its fsync alone does not reach the disk
    connection.execute("PRAGMA secure_delete=ON")  # what is redacted or erased is overwritten in the file
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name}={value}")
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != value:
            raise Unavailable(
                f"the database must run with {name}={value}, and SQLite says {found}; "
                "use a file on a local disk, not memory or a network folder"
            )


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


_LOG = ("facts", "allocations")


def _sqlite_guard(connection: sqlite3.Connection, record: object) -> None:
    connection.set_authorizer(_allowed)


def _allowed(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Refuse what would take the log's protection away; the triggers refuse the rest, whoever opens the file."""
    removing = action in {sqlite3.SQLITE_DELETE, sqlite3.SQLITE_DROP_TABLE} and first in (*_LOG, "sqlite_master")
    changing = action == sqlite3.SQLITE_UPDATE and first in (*_LOG, "sqlite_master") and (first, second) != _REDACTABLE
    unguarding = action in {sqlite3.SQLITE_DROP_TRIGGER, sqlite3.SQLITE_ALTER_TABLE}
    loosening = action == sqlite3.SQLITE_PRAGMA and first in {"writable_schema", "synchronous"} and second is not None
    return sqlite3.SQLITE_DENY if removing or changing or unguarding or loosening else sqlite3.SQLITE_OK


_REDACTABLE = ("facts", "text")


def _postgresql_settings(connection: Any, record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = 'on'")
        cursor.execute("SET TIME ZONE 'UTC'")
        for name in ("fsync", "full_page_writes"):
            cursor.execute(f"SHOW {name}")
            if cursor.fetchone()[0] != "on":
                raise Unavailable(f"the PostgreSQL server must run with {name}=on; set it and start the server again")
    connection.commit()


def _become_writer(connection: Any, record: object) -> None:
    """Work under the role that can only add, wherever the migration could create it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s", (WRITER,))
        row = cursor.fetchone()
        if row and row[0]:
            cursor.execute(f"SET ROLE {WRITER}")
    connection.commit()
