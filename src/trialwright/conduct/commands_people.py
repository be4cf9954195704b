"""Commands about people: accounts, roles, training, sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.facts import Fact, NewFact
from trialwright.conduct.refusals import Conflict, Forbidden, Invalid, NotFound, Refused
from trialwright.conduct.rights import OWN_ACCOUNT
from trialwright.conduct.watch import alerts

if TYPE_CHECKING:
    from trialwright.conduct.people import Account
    from trialwright.conduct.state import State

__all__ = [
    "CloseSession", "Confirm", "DeactivateUser", "FailSignIn", "GrantRole", "OpenSession", "RecordTraining",
    "RegisterUser", "RevokeRole", "SetPassword", "SetSecondFactor", "UserName",
]  # fmt: skip

UserName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{1,39}$", examples=["es06.investigator"])]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Role = Literal[
    "coordinator", "investigator", "monitor", "data manager", "statistician", "sponsor", "administrator", "service"
]
Scope = Annotated[str, Field(pattern=r"^(study|country:[^\x00-\x1f\x7f]{1,80}|site:[A-Za-z0-9_-]{1,20})$")]

TRIES = 5
"""Failed sign-ins in a row after which an account waits."""
LONGEST_WAIT = timedelta(hours=1)

APART = (
    frozenset({"administrator"}),
    frozenset({"coordinator", "investigator"}),
    frozenset({"data manager"}),
    frozenset({"monitor"}),
    frozenset({"service"}),
    frozenset({"sponsor"}),
    frozenset({"statistician"}),
)
"""Duties kept apart: one account holds roles of one group only, so that no one makes a list and randomizes from it."""


@offered
class RegisterUser(Ask):
    """Open an account for a person or a program; the name is never given again."""

    action: ClassVar[str] = "register user"
    user: UserName
    """Name to sign in with."""
    name: Line
    """Printed name, shown beside signatures."""
    organization: Line
    """Hospital or company."""
    kind: Literal["person", "service"] = "person"
    """A person signs in with a password; a service holds a token."""
    mail: Annotated[str, Field(max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    """Mail address at work, for notices."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Refuse a name ever used before."""
        if self.user in state.people.accounts or self.user == "system":
            raise Refused(f"the user name {self.user!r} was given before and is never given again; choose another")
        return [NewFact("user registered", self.model_dump())]


@offered
class DeactivateUser(Ask):
    """Close an account; its sessions end at once and its history stays."""

    action: ClassVar[str] = "deactivate user"
    user: UserName
    reason: Line

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Refuse an unknown or closed account, and one's own."""
        _open_account(state, self.user)
        _not_oneself(self.user, context, "close")
        return [NewFact("user deactivated", {"user": self.user, "reason": self.reason})]


@offered
class RecordTraining(Ask):
    """Record that a person was trained; until then no role of a trial gives its rights."""

    action: ClassVar[str] = "record training"
    user: UserName
    training: Line
    trained_on: date

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Refuse an unknown account, a date to come, and one's own training."""
        _open_account(state, self.user)
        _not_oneself(self.user, context, "record the training of")
        if self.trained_on > context.at.date():
            raise Invalid(f"trained_on must not lie ahead; got {self.trained_on}: record a training once it was given")
        body = {"user": self.user, "training": self.training, "trained_on": self.trained_on.isoformat()}
        return [NewFact("training recorded", body)]


@offered
class GrantRole(Ask):
    """Give an account a role at a place for a time."""

    action: ClassVar[str] = "grant role"
    user: UserName
    role: Role
    scope: Scope
    """``study``, ``country:NAME`` as in the protocol, or ``site:ID``."""
    start: date
    """First day."""
    end: date | None = None
    """Last day; left out: until it is revoked."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Refuse one's own account, a place the protocol does not know, and duties that must be kept apart."""
        account = _open_account(state, self.user)
        _not_oneself(self.user, context, "give a role to")
        self._check_dates()
        self._check_kind(account)
        self._check_apart(state, context)
        grant = f"grant-{len(state.people.grants) + 1}"
        body = {
            "grant": grant,
            "user": self.user,
            "role": self.role,
            "scope": self.scope,
            "sites": _sites_of(self.scope, context),
            "from": self.start.isoformat(),
            "to": self.end.isoformat() if self.end else None,
        }
        return [NewFact("role granted", body)]

    def reply(self, facts: Sequence[Fact]) -> dict[str, Any]:
        """Return the grant's name, by which it is revoked."""
        return {"grant": facts[0].body["grant"]}

    def _check_dates(self) -> None:
        if self.end is not None and self.end < self.start:
            raise Invalid(f"end must not be before start; got {self.start} to {self.end}")

    def _check_kind(self, account: Account) -> None:
        if (account.kind == "service") != (self.role == "service"):
            raise Refused(f"{self.user} is a {account.kind}; the role service goes to services and only to them")
        if self.role in {"administrator", "sponsor", "statistician"} and self.scope != "study":
            raise Refused(f"the role {self.role} is given for the whole study; write scope study")

    def _check_apart(self, state: State, context: Context) -> None:
        group = next(group for group in APART if self.role in group)
        held = {g.role for g in state.people.grants.values() if g.user == self.user and g.revoked_at is None}
        if clash := sorted(held - group):
            raise Refused(
                f"{self.user} is {' and '.join(clash)} already, which one person may not be together with {self.role}; "
                "revoke that first or give the role to another account"
            )


@offered
class RevokeRole(Ask):
    """Take a role back; the account's sessions end at once."""

    action: ClassVar[str] = "revoke role"
    grant: Annotated[str, Field(pattern=r"^grant-[0-9]{1,9}$")]
    reason: Line

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Refuse an unknown grant, one taken back before, and one's own, so that an administrator always remains."""
        grant = state.people.grants.get(self.grant)
        if grant is None:
            raise NotFound(f"there is no {self.grant}; the list of grants names them")
        if grant.revoked_at is not None:
            raise Refused(f"{self.grant} was revoked on {grant.revoked_at[:10]} already")
        _not_oneself(grant.user, context, "revoke a role of")
        return [NewFact("role revoked", {"grant": self.grant, "reason": self.reason})]


class OpenSession(Ask):
    """Open a session; asked by the office after password and second factor were proved, never from outside."""

    action: ClassVar[str] = OWN_ACCOUNT
    user: str
    session: str
    expires_at: datetime
    only: Literal["password", "second factor"] | None = None
    idle: bool = True

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Refuse a digest seen before."""
        if self.session in state.people.sessions:
            raise Conflict("this session exists already; sign in again")
        return [NewFact("session opened", self.model_dump(mode="json"))]


class CloseSession(Ask):
    """Close a session."""

    action: ClassVar[str] = OWN_ACCOUNT
    session: str
    why: Line

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Write nothing when it is closed already."""
        if self.session not in state.people.sessions:
            return []
        return [NewFact("session closed", {"session": self.session, "why": self.why})]


class FailSignIn(Ask):
    """Write down a sign-in that failed; after several in a row the account waits, each time twice as long.

    The name typed is written only where it is that of an account: people type passwords there.
    """

    action: ClassVar[str] = "system"
    user: str
    how: str

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Count it, unless the account waits already."""
        facts = self._facts(state, context)
        return [*facts, *alerts(state.watch, facts[0], context.actor.user, context.at)]

    def _facts(self, state: State, context: Context) -> list[NewFact]:
        if state.people.account(self.user) is None:
            return [NewFact("sign-in failed", {"user": None, "how": self.how})]
        before = state.people.failures.get(self.user)
        if before and before.locked_until and context.at < before.locked_until:
            return [NewFact("sign-in failed", {"user": self.user, "how": self.how, "while_locked": True})]
        failed = NewFact("sign-in failed", {"user": self.user, "how": self.how})
        count = (before.count if before else 0) + 1
        return [failed] if count < TRIES else [failed, self._locked(context.at + _wait(count))]

    def _locked(self, until: datetime) -> NewFact:
        return NewFact("locked out", {"user": self.user, "until": until.isoformat()})


class SetPassword(Ask):
    """Write down that a password was set; the password itself, and its hash, stay out of the log."""

    action: ClassVar[str] = OWN_ACCOUNT
    user: str
    temporary: bool

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Refuse to set another's, unless it is a temporary one set by an administrator."""
        _own_or_administrators(self.user, state, context)
        return [NewFact("password set", {"user": self.user, "temporary": self.temporary})]


class SetSecondFactor(Ask):
    """Write down that a second factor was set, or taken away by an administrator so that it is set anew."""

    action: ClassVar[str] = OWN_ACCOUNT
    user: str
    removed: bool = False

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Refuse to set another's."""
        _own_or_administrators(self.user, state, context)
        return [NewFact("second factor set", {"user": self.user, "removed": self.removed})]


class Confirm(Ask):
    """Write down that the password was proved again in a session, and until when or for which act that is good."""

    action: ClassVar[str] = OWN_ACCOUNT
    session: str
    until: datetime
    only_for: str | None = None
    """Idempotency key of the one act; None: any act until then."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Refuse a session that has ended."""
        if self.session not in state.people.sessions:
            raise Forbidden("this session has ended; sign in again")
        body = {"session": self.session, "until": self.until.isoformat(), "for": self.only_for}
        return [NewFact("confirmed", body)]


def _open_account(state: State, user: str) -> Account:
    account = state.people.account(user)
    if account is None:
        raise NotFound(f"there is no open account {user!r}; the list of users names them")
    return account


def _not_oneself(user: str, context: Context, verb: str) -> None:
    if user == context.actor.user:
        raise Forbidden(f"nobody may {verb} their own account; ask another administrator")


def _own_or_administrators(user: str, state: State, context: Context) -> None:
    if context.actor.user in {user, "system"}:
        return
    held = {grant.role for grant in state.people.grants_of(context.actor.user, context.at.date())}
    if "administrator" not in held:
        raise Forbidden("only an administrator may reset the password or second factor of another account")


def _sites_of(scope: str, context: Context) -> list[str] | None:
    if scope == "study":
        return None
    kind, _, name = scope.partition(":")
    sites = context.screener.protocol.sites
    found = [site.id for site in sites if name == (site.id if kind == "site" else site.country)]
    if not found:
        known = sorted({site.id if kind == "site" else site.country for site in sites})
        raise NotFound(f"the protocol has no {kind} {name!r}; known: {', '.join(known)}")
    return found


def _wait(count: int) -> timedelta:
    return min(timedelta(minutes=2 ** min(count - TRIES, 10)), LONGEST_WAIT)
