"""Accounts, roles, sessions: who may come in, who was given what, since when and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["Account", "Failures", "Grant", "People", "Session"]


@dataclass(frozen=True, slots=True)
class Account:
    """One person, or one program; a user name is given once and never again, not even after the account is closed."""

    user: str
    name: str
    """Printed name, shown beside every signature."""
    organization: str
    kind: str
    """``person`` or ``service``."""
    mail: str | None
    active: bool = True
    trainings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grant:
    """One role given to one account at one place for a time: a line of the delegation log."""

    grant: str
    user: str
    role: str
    scope: str
    """``study``, ``country:NAME`` or ``site:ID``."""
    sites: frozenset[str] | None
    """Sites it covers; None for the whole study."""
    start: date
    end: date | None
    """Last day; None until it is revoked."""
    given_by: str
    given_at: str
    revoked_at: str | None = None
    revoked_by: str | None = None

    def holds_on(self, day: date) -> bool:
        """Say whether it gives rights on that day."""
        return self.revoked_at is None and self.start <= day and (self.end is None or day <= self.end)

    def covers(self, site: str | None) -> bool:
        """Say whether it reaches a site; None asks for the whole study."""
        return self.sites is None or site in self.sites


@dataclass(frozen=True, slots=True)
class Session:
    """One open session, known by the digest of its token only."""

    digest: str
    user: str
    opened_at: datetime
    only: str | None
    """What it is good for when not for everything: ``password`` to be changed, ``second factor`` to be set."""
    expires_at: datetime
    confirmed_until: datetime | None = None
    confirmed_for: str | None = None
    """Idempotency key of the one act the confirmation is good for; None for every act until it ends."""
    idle: bool = True
    """Whether it ends after a time without requests; the token of a program does not."""

    def confirms(self, key: str, at: datetime) -> bool:
        """Say whether the password was proved again for the act with this key."""
        until = self.confirmed_until
        return until is not None and at <= until and self.confirmed_for in {None, key}


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed sign-ins since the last that succeeded."""

    count: int = 0
    locked_until: datetime | None = None


@dataclass
class People:
    """Accounts, grants, open sessions and failed sign-ins."""

    accounts: dict[str, Account] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    """Open sessions by digest; a closed one is gone."""
    failures: dict[str, Failures] = field(default_factory=dict)
    _of_user: dict[str, list[str]] = field(default_factory=dict)

    def account(self, user: str) -> Account | None:
        """Return the account of that name if it is open."""
        account = self.accounts.get(user)
        return account if account is not None and account.active else None

    def grants_of(self, user: str, day: date) -> Iterator[Grant]:
        """Yield what the user holds on that day, oldest first; nothing for a closed account."""
        if self.account(user) is not None:
            held = (self.grants[grant] for grant in self._of_user.get(user, ()))
            yield from (grant for grant in held if grant.holds_on(day))

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        taken = _TAKEN.get(fact.kind)
        if taken is not None:
            taken(self, fact, body)

    def _registered(self, fact: Fact, body: dict[str, Any]) -> None:
        user = body["user"]
        self.accounts[user] = Account(
            user, body.get("name", user), body.get("organization", ""), body.get("kind", "person"), body.get("mail")
        )

    def _deactivated(self, fact: Fact, body: dict[str, Any]) -> None:
        self.accounts[body["user"]] = replace(self.accounts[body["user"]], active=False)
        self._end_sessions(body["user"])

    def _trained(self, fact: Fact, body: dict[str, Any]) -> None:
        account = self.accounts[body["user"]]
        self.accounts[account.user] = replace(account, trainings=account.trainings | {body["training"]})

    def _granted(self, fact: Fact, body: dict[str, Any]) -> None:
        sites = body["sites"]
        self.grants[body["grant"]] = Grant(
            body["grant"],
            body["user"],
            body["role"],
            body["scope"],
            None if sites is None else frozenset(sites),
            date.fromisoformat(body["from"]),
            date.fromisoformat(body["to"]) if body["to"] else None,
            fact.author,
            fact.at,
        )
        self._of_user.setdefault(body["user"], []).append(body["grant"])

    def _revoked(self, fact: Fact, body: dict[str, Any]) -> None:
        grant = self.grants[body["grant"]]
        self.grants[grant.grant] = replace(grant, revoked_at=fact.at, revoked_by=fact.author)
        self._end_sessions(grant.user)

    def _opened(self, fact: Fact, body: dict[str, Any]) -> None:
        opened, expires = datetime.fromisoformat(fact.at), datetime.fromisoformat(body["expires_at"])
        self.sessions[body["session"]] = Session(
            body["session"], body["user"], opened, body.get("only"), expires, idle=body.get("idle", True)
        )
        self.failures.pop(body["user"], None)

    def _closed(self, fact: Fact, body: dict[str, Any]) -> None:
        self.sessions.pop(body["session"], None)

    def _failed(self, fact: Fact, body: dict[str, Any]) -> None:
        if body["user"] is not None and not body.get("while_locked"):
            before = self.failures.get(body["user"], Failures())
            self.failures[body["user"]] = replace(before, count=before.count + 1)

    def _locked_out(self, fact: Fact, body: dict[str, Any]) -> None:
        before = self.failures.get(body["user"], Failures())
        self.failures[body["user"]] = replace(before, locked_until=datetime.fromisoformat(body["until"]))

    def _password_set(self, fact: Fact, body: dict[str, Any]) -> None:
        self.failures.pop(body["user"], None)
        self._end_sessions(body["user"])

    def _second_factor_set(self, fact: Fact, body: dict[str, Any]) -> None:
        if body["removed"]:
            self._end_sessions(body["user"])

    def _confirmed(self, fact: Fact, body: dict[str, Any]) -> None:
        session = self.sessions.get(body["session"])
        if session is not None:
            self.sessions[session.digest] = replace(
                session, confirmed_until=datetime.fromisoformat(body["until"]), confirmed_for=body["for"]
            )

    def _end_sessions(self, user: str) -> None:
        self.sessions = {digest: each for digest, each in self.sessions.items() if each.user != user}


_TAKEN: dict[str, Callable[[People, Fact, dict[str, Any]], None]] = {
    "user registered": People._registered,
    "user deactivated": People._deactivated,
    "training recorded": People._trained,
    "role granted": People._granted,
    "role revoked": People._revoked,
    "session opened": People._opened,
    "session closed": People._closed,
    "sign-in failed": People._failed,
    "locked out": People._locked_out,
    "password set": People._password_set,
    "second factor set": People._second_factor_set,
    "confirmed": People._confirmed,
}
