"""The journal: the log in a database, SQLite or PostgreSQL, reached through one set of statements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from trialwright.conduct.engines import Dialect, dialect_of, open_engine
from trialwright.conduct.facts import COLUMNS, GENESIS, Fact
from trialwright.conduct.migrations import migrate

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine
    from sqlalchemy.engine.interfaces import DBAPICursor

__all__ = ["Journal", "Transaction"]

_values = attrgetter(*COLUMNS)
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM facts"


@dataclass
class Transaction:
    """One transaction; unless it only reads, it holds the log for itself."""

    cursor: DBAPICursor
    dialect: Dialect

    def head(self) -> tuple[int, str]:
        """Return sequence and hash of the last fact; (0, GENESIS) of an empty log."""
        self.cursor.execute("SELECT seq, hash FROM facts ORDER BY seq DESC LIMIT 1")
        row = self.cursor.fetchone()
        return (row[0], row[1]) if row else (0, GENESIS)

    def hash_at(self, seq: int) -> str | None:
        """Return the hash of the fact at a place; GENESIS of 0, None where there is none."""
        if seq == 0:
            return GENESIS
        self._execute("SELECT hash FROM facts WHERE seq = ?", (seq,))
        row = self.cursor.fetchone()
        return row[0] if row else None

    def since(self, seq: int) -> list[Fact]:
        """Return the facts after ``seq``, in order."""
        self._execute(f"{_SELECT} WHERE seq > ? ORDER BY seq", (seq,))
        facts = [Fact(*row) for row in self.cursor.fetchall()]
        return facts if all(fact.text is not None for fact in facts) else self._completed(facts)

    def append(self, facts: Sequence[Fact]) -> None:
        """Write facts; what must be with some of them or not at all is done beside them.

        ``allocated`` takes its place in the table of allocations, ``redacted`` blanks a text, ``identity erased``
        removes every ciphertext of the subject, ``identity recorded`` the one that it replaces.
        """
        marks = ", ".join(self.dialect.mark for _ in COLUMNS)
        insert = f"INSERT INTO facts ({', '.join(COLUMNS)}) VALUES ({marks})"
        self.cursor.executemany(insert, [_values(fact) for fact in facts])
        for fact in facts:
            if fact.kind == "allocated":
                self._take(fact, fact.body)
            elif fact.kind == "redacted":
                self._execute("UPDATE facts SET text = NULL WHERE seq = ? AND text IS NOT NULL", (fact.body["seq"],))
            elif fact.kind == "identity erased":
                self._execute("DELETE FROM identities WHERE subject = ?", (fact.subject,))
            elif fact.kind == "identity recorded" and "replaces" in fact.body:
                self._execute("DELETE FROM identities WHERE digest = ?", (fact.body["replaces"],))

    def _take(self, fact: Fact, body: dict[str, Any]) -> None:
        place = (fact.seq, body["list"], body["stratum"], body["position"], fact.subject)
        self._execute("INSERT INTO allocations (seq, list, stratum, position, subject) VALUES (?, ?, ?, ?, ?)", place)

    def _completed(self, facts: list[Fact]) -> list[Fact]:
        """Return the facts with what their redactions left of them."""
        self._execute("SELECT text FROM facts WHERE kind = 'redacted' ORDER BY seq", ())
        bodies = [json.loads(row[0]) for row in self.cursor.fetchall()]
        left = {body["seq"]: json.dumps(body.get("remains", {})) for body in bodies}
        return [fact if fact.text is not None else replace(fact, remains=left.get(fact.seq)) for fact in facts]

    def _execute(self, statement: str, values: tuple[object, ...]) -> None:
        self.cursor.execute(statement.replace("?", self.dialect.mark), values)


class Journal:
    """The log of one trial in one database, brought to the newest schema.

    ``url`` is that of SQLAlchemy: ``sqlite:///file.db``, or ``postgresql://user@host/database`` where several server
    processes share one log. Unavailable when the database cannot keep what it acknowledges (see :mod:`engines`).

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> journal = Journal(f"sqlite:///{folder.name}/office.db")
    >>> with journal.transaction() as log:
    ...     log.head()[0]
    0
    >>> journal.close(); folder.cleanup()
    """

    def __init__(self, url: str) -> None:
        self.url = url
        owner = open_engine(url, guarded=False)
        try:
            migrate(owner)
        finally:
            owner.dispose()
        self.engine: Engine = open_engine(url)
        self.dialect = dialect_of(self.engine)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the log: nobody else appends until the block ends; it is committed then, or rolled back on an error.

        An error at the end, where the commit itself may have gone through unseen, leaves it open whether the facts are
        there: ask the database again.
        """
        with self._session(self.dialect.hold) as transaction:
            yield transaction

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read one state of the log without keeping anybody from writing."""
        with self._session(self.dialect.look) as transaction:
            yield transaction

    @contextmanager
    def _session(self, opening: tuple[str, ...]) -> Iterator[Transaction]:
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            for statement in opening:
                cursor.execute(statement)
            yield Transaction(cursor, self.dialect)
            cursor.close()
            connection.commit()
        except BaseException:
            with suppress(Exception):
                connection.rollback()
            connection.invalidate()  # it may be broken, and a new one costs little beside a failure
            raise
        connection.close()

    def refused(self, error: Exception) -> bool:
        """Return whether the database refused what was written, rather than failed to write it."""
        driver = self.engine.dialect.loaded_dbapi
        return isinstance(error, driver.DatabaseError) and not isinstance(error, driver.OperationalError)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()
