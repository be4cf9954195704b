"""Queries, verification, freeze, lock and signatures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from trialwright.conduct.facts import Fact, canonical
from trialwright.conduct.refusals import Refused

if TYPE_CHECKING:
    from trialwright.conduct.rows import Row, RowId
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject

__all__ = ["Cleaning", "Message", "Query", "Review", "Signature", "check_open"]


class Message(NamedTuple):
    """One word in the thread of a query."""

    kind: str
    """``opened``, ``answered``, ``closed`` or ``reopened``."""
    text: str
    by: str
    role: str
    at: str


@dataclass
class Query:
    """A question about one field, from opening to closing."""

    id: str
    subject: str
    site: str
    table: str
    key: str
    """Key of the row as canonical JSON."""
    column: str | None
    check: str | None
    """Edit check that opened it; None: a person did."""
    thread: list[Message] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Return ``open``, ``answered`` or ``closed``."""
        last = self.thread[-1].kind
        return "open" if last in {"opened", "reopened"} else last

    @property
    def opened_at(self) -> str:
        """Return the instant from which its age counts."""
        return self.thread[0].at


class Signature(NamedTuple):
    """A person's signature under the data of a subject, bound to what they were."""

    meaning: str
    content_hash: str
    by: str
    at: str
    seq: int


class Review(NamedTuple):
    """A planned look through the audit trail."""

    looked_at: str
    facts: int
    note: str
    by: str
    at: str


@dataclass
class Cleaning:
    """What was asked, verified, frozen, locked and signed."""

    queries: dict[str, Query] = field(default_factory=dict)
    verified: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Version of a row that was compared with its source."""
    frozen: dict[str, str] = field(default_factory=dict)
    """Reason by scope: ``study``, ``site:ID`` or ``subject:ID``."""
    locked: dict[str, str] = field(default_factory=dict)
    signatures: dict[str, list[Signature]] = field(default_factory=dict)
    """By subject, the last one in force as long as its hash is that of the data."""
    reviews: list[Review] = field(default_factory=list)

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        taken = _TAKEN.get(fact.kind)
        if taken is not None:
            taken(self, fact, body)

    def next_query(self, offset: int = 0) -> str:
        """Return the name of the next query, or of one some places after it.

        >>> Cleaning().next_query()
        'Q1'
        """
        return f"Q{len(self.queries) + 1 + offset}"

    def waiting(self, subject: str | None = None) -> Iterator[Query]:
        """Yield the queries not closed, of one subject or of all."""
        return (q for q in self.queries.values() if q.status != "closed" and subject in {None, q.subject})

    def is_verified(self, row: Row) -> bool:
        """Return whether the version in force was compared with its source; a change takes that away."""
        return self.verified.get(row.id) == row.now.number

    def closed(self, subject: str, site: str) -> tuple[str, str] | None:
        """Return what stops changes to a subject, ``frozen`` or ``locked``, and the scope; None when nothing does."""
        for name, scopes in (("locked", self.locked), ("frozen", self.frozen)):
            for scope in scopes_of(subject, site):
                if scope in scopes:
                    return name, scope
        return None

    def _opened(self, fact: Fact, body: dict[str, Any]) -> None:
        key = canonical(body["key"])
        query = Query(
            body["query"], fact.subject or "", fact.site or "", body["table"], key, body.get("field"),
            body.get("check"),
        )  # fmt: skip
        self.queries[query.id] = query
        self._said(fact, body)

    def _said(self, fact: Fact, body: dict[str, Any]) -> None:
        kind = fact.kind.removeprefix("query ")
        self.queries[body["query"]].thread.append(Message(kind, body["text"], fact.author, fact.role, fact.at))

    def _verified(self, fact: Fact, body: dict[str, Any]) -> None:
        self.verified[body["table"], fact.subject or "", canonical(body["key"])] = body["version"]

    def _signed(self, fact: Fact, body: dict[str, Any]) -> None:
        signature = Signature(body["meaning"], body["content_hash"], fact.author, fact.at, fact.seq)
        self.signatures.setdefault(fact.subject or "", []).append(signature)

    def _reviewed(self, fact: Fact, body: dict[str, Any]) -> None:
        self.reviews.append(Review(body["looked_at"], body["facts"], body.get("note", ""), fact.author, fact.at))


def scopes_of(subject: str, site: str) -> tuple[str, ...]:
    """Return the scopes that a subject lies in, the widest first."""
    return "study", f"site:{site}", f"subject:{subject}"


def check_open(state: State, record: Subject) -> None:
    """Refuse a change where the data are frozen or locked."""
    closed = state.cleaning.closed(record.id, record.site)
    if closed is not None:
        name, scope = closed
        undo = "unlocks" if name == "locked" else "unfreezes"
        raise Refused(f"the data of {record.id} are {name} ({scope}); a data manager {undo} them with a reason")


def rows_not_verified(state: State, rows: Iterable[Row]) -> list[RowId]:
    """Return the rows whose version in force nobody compared with its source."""
    return [row.id for row in rows if not state.cleaning.is_verified(row)]


def _set(name: str) -> Callable[[Cleaning, Fact, dict[str, Any]], None]:
    def change(self: Cleaning, fact: Fact, body: dict[str, Any]) -> None:
        getattr(self, name)[body["scope"]] = body["reason"]

    return change


def _clear(name: str) -> Callable[[Cleaning, Fact, dict[str, Any]], None]:
    def change(self: Cleaning, fact: Fact, body: dict[str, Any]) -> None:
        getattr(self, name).pop(body["scope"], None)

    return change


_TAKEN: dict[str, Callable[[Cleaning, Fact, dict[str, Any]], None]] = {
    "frozen": _set("frozen"),
    "locked": _set("locked"),
    "query answered": Cleaning._said,
    "query closed": Cleaning._said,
    "query opened": Cleaning._opened,
    "query reopened": Cleaning._said,
    "reviewed": Cleaning._reviewed,
    "signed": Cleaning._signed,
    "unfrozen": _clear("frozen"),
    "unlocked": _clear("locked"),
    "verified": Cleaning._verified,
}
