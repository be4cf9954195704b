"""Backup and restore: a copy of the whole office in one SQLite file, whatever database it runs on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trialwright.conduct.engines import open_engine
from trialwright.conduct.facts import GENESIS
from trialwright.conduct.migrations import migrate
from trialwright.conduct.refusals import Unavailable
from trialwright.conduct.verify import verify

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

__all__ = ["Copy", "backup", "restore"]

VERSIONS = "alembic_version"
LOG = ("facts", "allocations")
AT_ONCE = 5_000


@dataclass(frozen=True)
class Copy:
    """What a backup or a restored database holds; the head goes onto paper or by mail."""

    facts: int
    head: str
    """Hash of the last fact."""
    rows: int
    """Rows of all tables."""
    sha256: str | None = None
    """Of the backup file."""


def backup(url: str, to: Path) -> Copy:
    """Copy an office in use into a new SQLite file, in one consistent state, verified before it takes its name.

    Every table comes along: the log, credentials (hashed) and identities (encrypted). Unavailable when the file exists
    or the log does not verify.

    >>> import tempfile
    >>> from trialwright.conduct.journal import Journal
    >>> folder = tempfile.TemporaryDirectory()
    >>> url = f"sqlite:///{folder.name}/office.db"
    >>> Journal(url).close()
    >>> backup(url, Path(folder.name, "copy.db")).facts
    0
    >>> folder.cleanup()
    """
    if to.exists():
        raise Unavailable(f"{to} exists; a backup never overwrites anything, choose a new name")
    partial = to.with_name(f".{to.name}.partial-{os.getpid()}")
    try:
        copy = _copied(url, f"sqlite:///{partial}")
        digest = hashlib.sha256(partial.read_bytes()).hexdigest()
        partial.rename(to)
    finally:
        for ending in ("", "-wal", "-shm"):
            partial.with_name(partial.name + ending).unlink(missing_ok=True)
    return Copy(copy.facts, copy.head, copy.rows, digest)


def restore(file: Path, url: str) -> Copy:
    """Fill a new, empty database from a backup file and verify it.

    The office then starts read-only where its mirror knows more than the backup. Unavailable when the file is no sound
    backup or the database is not empty.
    """
    if not file.is_file():
        raise Unavailable(f"{file}: there is no such backup file")
    return _copied(f"sqlite:///{file}", url)


def _copied(source_url: str, target_url: str) -> Copy:
    found = verify(source_url)
    if not found.is_good:
        first = found.problems[0]
        raise Unavailable(f"the log does not verify: fact {first.seq}: {first.why}; nothing was copied")
    source, target = open_engine(source_url, guarded=False), open_engine(target_url, guarded=False)
    try:
        with _one_state(source) as read:
            revision = read.scalar(sa.text(f"SELECT version_num FROM {VERSIONS}"))
            migrate(target, str(revision))
            with target.begin() as write:
                rows = _copy_tables(read, write)
        _folded_in(target)
    finally:
        source.dispose()
        target.dispose()
    return _compared(source_url, target_url, rows)


def _one_state(engine: sa.Engine) -> Connection:
    connection = engine.connect()
    if engine.dialect.name == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def _copy_tables(read: Connection, write: Connection) -> int:
    source, target = sa.MetaData(), sa.MetaData()
    source.reflect(read)
    target.reflect(write)
    if any(write.scalar(sa.select(sa.func.count()).select_from(target.tables[name])) for name in LOG):
        raise Unavailable("the database is not empty; restore into a new one and keep this one as it is")
    strange = sorted(set(source.tables) - set(target.tables))
    if strange:
        raise Unavailable(f"tables that are none of the office's would be lost: {', '.join(strange)}; move them away")
    tables = [table for table in target.sorted_tables if table.name != VERSIONS]
    return sum(_copy_table(read, write, source.tables[table.name], table) for table in tables)


def _copy_table(read: Connection, write: Connection, source: sa.Table, target: sa.Table) -> int:
    count = 0
    for rows in _chunks(read, source):
        write.execute(sa.insert(target), rows)
        count += len(rows)
    return count


def _chunks(read: Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    found = read.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
    while rows := found.fetchmany(AT_ONCE):
        yield [dict(row) for row in rows]


def _folded_in(target: sa.Engine) -> None:
    """Leave one file without a log beside it."""
    if target.dialect.name == "sqlite":
        with target.connect() as connection:
            connection.commit()
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]


def _compared(source_url: str, target_url: str, rows: int) -> Copy:
    before, after = verify(source_url), verify(target_url)
    if not after.is_good or after.facts > before.facts:
        raise Unavailable("the copy does not verify; do not use it")
    return Copy(after.facts, after.head if after.facts else GENESIS, rows)
