"""Facts: what somebody stated, one after another, each sealed to the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["COLUMNS", "GENESIS", "Fact", "NewFact", "canonical", "digest_of", "hash_of", "sealed"]

GENESIS = "0" * 64
"""Hash before the first fact."""
COLUMNS = (
    "seq", "at", "author", "role", "key", "part", "request", "kind", "site", "subject", "text", "salt", "digest",
    "previous", "hash",
)  # fmt: skip
"""Columns of the log in the order of the fields of :class:`Fact`."""

# One encoder each: json.dumps would build a new one at every call.
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
_COLUMNS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def canonical(body: Mapping[str, Any]) -> str:
    """Return the one JSON text of a body: keys sorted, no blanks, no NaN; the same on every machine.

    >>> canonical({"b": 1, "a": "ä"})
    '{"a":"ä","b":1}'
    """
    return _CANONICAL(body)


@dataclass(frozen=True, slots=True)
class NewFact:
    """What a command wants to be written; the office adds sequence, time, author, key and seal."""

    kind: str
    body: Mapping[str, Any]
    site: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the log.

    ``hash`` covers every other column, the body through ``digest``, so that a body redacted by law leaves the chain
    verifiable.
    """

    seq: int
    """Place in the log, from 1, without gaps."""
    at: str
    """Server time in UTC, ISO 8601 with microseconds and Z; never earlier than that of the fact before."""
    author: str
    role: str
    key: str
    """Idempotency key of the command; all facts of one command share it."""
    part: int
    """Place among the facts of the command, from 0."""
    request: str
    """SHA-256 of what was asked, so that a key used again for something else is noticed."""
    kind: str
    site: str | None
    subject: str | None
    text: str | None
    """Body as canonical JSON; None once redacted."""
    salt: str
    digest: str
    previous: str
    hash: str
    remains: str | None = None
    """What a redaction left of the body, from the fact that redacted it; no column, no part of the seal."""

    @property
    def body(self) -> dict[str, Any]:
        """Return the body as a new dictionary; once redacted, what remains of it."""
        text = self.text if self.text is not None else self.remains
        return json.loads(text) if text is not None else {}


def digest_of(salt: str, text: str) -> str:
    """Return the SHA-256 of a body with its salt, in hex."""
    return hashlib.sha256(f"{salt}{text}".encode()).hexdigest()


def hash_of(fact: Fact) -> str:
    """Return the seal of a fact: SHA-256 of the canonical JSON list of its columns, the body through its digest."""
    columns = [
        fact.seq, fact.at, fact.author, fact.role, fact.key, fact.part, fact.request, fact.kind, fact.site,
        fact.subject, fact.digest, fact.previous,
    ]  # fmt: skip
    return hashlib.sha256(_COLUMNS(columns).encode()).hexdigest()


def sealed(fact: Fact) -> Fact:
    """Return the fact with its hash."""
    return replace(fact, hash=hash_of(fact))
