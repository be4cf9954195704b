"""A trial office at home in a folder: database, mirror and key; made when it is not there, opened when it is."""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from trialwright.conduct import (
    Accounts,
    Actor,
    Credentials,
    Found,
    Identities,
    Journal,
    Keys,
    Limits,
    Mirror,
    Office,
    Unavailable,
)
from trialwright.protocol import Screener, protocol_hash

if TYPE_CHECKING:
    from trialwright.protocol import Protocol

__all__ = ["Environment", "House", "open_house"]

Environment = Literal["live", "training", "demo"]
Clock = Callable[[], datetime]

SYSTEM = Actor("system")
KEY_FILE, MIRROR_FILE, CLOCK_FILE, DATABASE_FILE = "office.key", "office.mirror", "office.clock", "office.db"


@dataclass
class House:
    """An open office with everything around it; close it when done."""

    folder: Path
    url: str
    office: Office
    accounts: Accounts
    credentials: Credentials = field(repr=False)
    identities: Identities = field(repr=False)
    clock: Clock = field(repr=False)
    environment: Environment
    is_new: bool
    """Whether it was founded just now and waits for its first people."""

    def close(self) -> None:
        """Close the office and its connections."""
        self.office.close()
        self.credentials.close()
        self.identities.close()

    def __enter__(self) -> House:
        """Return the house itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def open_house(
    protocol: Protocol,
    folder: Path,
    *,
    url: str | None = None,
    environment: Environment | None = None,
    clock: Clock = lambda: datetime.now(UTC),
) -> House:
    """Open the office in a folder; the first time, found it for the protocol and write its key and mirror there.

    ``url`` names the database; left out, a SQLite file in the folder. ``environment`` (``live`` when left out) is said
    once, at the founding. Raises Unavailable when the office was founded for another study or environment, or when its
    key is missing.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = url or f"sqlite:///{folder / DATABASE_FILE}"
    clock = _shifted(folder, clock)
    journal = Journal(url)
    with journal.reading() as log:
        is_new = log.head()[0] == 0
    key = _key(folder / KEY_FILE, is_new)
    keys = Keys(person=_derived(key, "persons"))
    office = Office(journal, Screener(protocol), keys, mirror=Mirror(folder / MIRROR_FILE), clock=clock)
    try:
        founded = _founded(office, protocol, environment, is_new)
        credentials = Credentials(url, _derived(key, "second factors"))
        identities = Identities(url, _derived(key, "identities"))
    except BaseException:
        office.close()
        raise
    limits = Limits(second_factor=founded == "live")
    accounts = Accounts(office, credentials, limits, clock=clock)
    return House(folder, url, office, accounts, credentials, identities, clock, founded, is_new)


def set_clock_back(folder: Path, to: datetime, now: datetime) -> timedelta:
    """Let the office in this folder live at another time, from now on: the demonstration of a trial of the past.

    Returns the difference, which is kept in the folder.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shift = now - to
    (folder / CLOCK_FILE).write_text(json.dumps({"seconds_behind": round(shift.total_seconds())}), encoding="utf-8")
    return shift


def _shifted(folder: Path, clock: Clock) -> Clock:
    path = folder / CLOCK_FILE
    if not path.is_file():
        return clock
    shift = timedelta(seconds=json.loads(path.read_text(encoding="utf-8"))["seconds_behind"])
    return lambda: clock() - shift


def _founded(office: Office, protocol: Protocol, environment: Environment | None, is_new: bool) -> Environment:
    study, digest = protocol.identification.id, protocol_hash(protocol)
    if is_new:
        version, kind = protocol.identification.version, environment or "live"
        found = Found(study=study, protocol=version, protocol_hash=digest, environment=kind)
        office.do(found, SYSTEM, "founding")
        return environment or "live"
    with office.reading() as state:
        held = replace(state.founding)
    if held.study != study:
        raise Unavailable(f"this office was founded for study {held.study!r}, not {study!r}; name another folder")
    if environment not in {None, held.environment}:
        raise Unavailable(
            f"this office was founded as {held.environment} and stays that; for {environment} name another folder"
        )
    known: Environment = held.environment  # type: ignore[assignment]  # the founding wrote one of the three
    return known


def _key(path: Path, is_new: bool) -> bytes:
    """Return the office's key, 32 bytes readable by its owner only; it is made with the office."""
    if path.is_file():
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    if not is_new:
        raise Unavailable(
            f"{path}: the office's key is missing, without which second factors, identities and persons' hashes "
            "cannot be used; put the file back from where it is kept safe"
        )
    key = secrets.token_bytes(32)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{key.hex()}\n")
    return key


def _derived(key: bytes, purpose: str) -> bytes:
    """Return a key for one purpose, so that no two uses share one (HMAC-SHA-256 of its name)."""
    return hmac.digest(key, f"trialwright office {purpose}".encode(), "sha256")
