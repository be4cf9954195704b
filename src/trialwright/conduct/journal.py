"""The journal: the log in a database, SQLite or PostgreSQL, reached through one set of statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trialwright.conduct.facts import GENESIS, Fact

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

__all__ = ["Journal", "Transaction"]

METADATA = sa.MetaData()
FACTS = sa.Table(
    "facts",
    METADATA,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("site", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False, unique=True),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    sa.UniqueConstraint("key", "part"),
)
ALLOCATIONS = sa.Table(
    "allocations",
    METADATA,
    sa.Column("seq", sa.ForeignKey("facts.seq"), primary_key=True),
    sa.Column("list", sa.Text, nullable=False),
    sa.Column("stratum", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, unique=True),
    sa.UniqueConstraint("list", "stratum", "position"),
)
"""A second lock on the door: the database itself refuses a place or a patient used twice."""


@dataclass
class Transaction:
    """One transaction that holds the log for itself."""

    connection: Connection

    def head(self) -> tuple[int, str]:
        """Return sequence and hash of the last fact; (0, GENESIS) of an empty log."""
        row = self.connection.execute(
            sa.select(FACTS.c.seq, FACTS.c.hash).order_by(FACTS.c.seq.desc()).limit(1)
        ).first()
        return (row.seq, row.hash) if row else (0, GENESIS)

    def since(self, seq: int) -> list[Fact]:
        """Return the facts after ``seq``, in order."""
        rows = self.connection.execute(sa.select(FACTS).where(FACTS.c.seq > seq).order_by(FACTS.c.seq))
        return [Fact(**row._mapping) for row in rows]

    def append(self, facts: Sequence[Fact]) -> None:
        """Write facts; those of kind ``allocated`` also take their place in the table of allocations."""
        self.connection.execute(sa.insert(FACTS), [asdict(fact) for fact in facts])
        taken = [
            {"seq": fact.seq, "subject": fact.subject, **{k: fact.body[k] for k in ("list", "stratum", "position")}}
            for fact in facts
            if fact.kind == "allocated"
        ]
        if taken:
            self.connection.execute(sa.insert(ALLOCATIONS), taken)


class Journal:
    """The log of one trial in one database."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = sa.create_engine(url)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _pragmas)
            sa.event.listen(self.engine, "begin", _begin_immediate)
        METADATA.create_all(self.engine)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the log: nobody else appends until the block ends; it is committed then, or rolled back on an error."""
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(sa.text("LOCK TABLE facts IN SHARE ROW EXCLUSIVE MODE"))
            yield Transaction(connection)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def _pragmas(connection: object, record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # sqlite3: transactions begin where we say
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
