"""Accounts at work: sign in, prove the password again, change it, set a second factor; every step leaves its fact."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from trialwright.conduct.commands import Actor
from trialwright.conduct.commands_people import (
    CloseSession,
    Confirm,
    FailSignIn,
    OpenSession,
    SetPassword,
    SetSecondFactor,
)
from trialwright.conduct.credentials import matching_step
from trialwright.conduct.passwords import check_password, temporary_password
from trialwright.conduct.refusals import Forbidden, Invalid, NotFound
from trialwright.conduct.rights import SECOND_FACTOR

if TYPE_CHECKING:
    from trialwright.conduct.credentials import Credentials
    from trialwright.conduct.office import Office

__all__ = ["Accounts", "Limits", "SignedIn", "digest_of_token"]

SYSTEM = Actor("system")
WRONG = (
    "user name, password or code is wrong, or the account is waiting after too many tries; check them and try again, "
    "or ask an administrator for a new temporary password"
)
"""One answer for every failure, so that nobody learns which names exist or are locked."""


@dataclass(frozen=True)
class Limits:
    """How long things last."""

    session: timedelta = timedelta(hours=12)
    token: timedelta = timedelta(days=365)
    confirmation: timedelta = timedelta(minutes=10)
    idle: timedelta = timedelta(minutes=30)
    setup: timedelta = timedelta(minutes=15)
    """Of a session that may only set a password or a second factor."""
    second_factor: bool = True
    """Whether the roles that need one must set it; an office for practice or demonstration does without."""


@dataclass(frozen=True)
class SignedIn:
    """An open session."""

    token: str
    """Secret, told once; the office knows its digest only."""
    user: str
    only: Literal["password", "second factor"] | None
    """What must be done first, with this session, before signing in again."""


class Accounts:
    """Proves who people are over one office and its credentials."""

    def __init__(
        self,
        office: Office,
        credentials: Credentials,
        limits: Limits | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.office, self.limits = office, limits or Limits()
        self._credentials, self._clock = credentials, clock

    def sign_in(self, user: str, password: str, code: str | None = None) -> SignedIn:
        """Open a session; raises Forbidden, the same for every failure.

        A second factor is asked for where it is set. Where a role needs one that is not set, or the password is a
        temporary one, the session is good for setting it only.
        """
        proof = self._credentials.prove(user, password)  # also while the account waits, so that both take as long
        if not proof.good or self._waits(user) or not self._is_open(user):
            self._fail(user, "password")
        if proof.has_second_factor and not self._code_proves(user, code):
            self._fail(user, "code" if code else "no code")
        return self._open(user, self._first(user, proof.temporary, proof.has_second_factor))

    def sign_in_trusted(self, user: str, *, second_factor: bool) -> SignedIn:
        """Open a session for a user whom a trusted provider has signed in (OpenID Connect).

        ``second_factor``: whether the provider says that one was used; raises Forbidden, the same for every failure,
        also for a role that needs one without.
        """
        lacks = not second_factor and self._first(user, temporary=False, has_second_factor=False) is not None
        if lacks or self._waits(user) or not self._is_open(user):
            self._fail(user, "provider, no second factor" if lacks else "provider")
        return self._open(user, None)

    def sign_out(self, token: str, why: str = "signed out") -> None:
        """End the session of a token."""
        digest = digest_of_token(token)
        self.close(digest, why)

    def close(self, digest: str, why: str) -> None:
        """End a session known by its digest; nothing happens when it has ended already."""
        with self.office.reading() as state:
            session = state.people.sessions.get(digest)
        if session is not None:
            self.office.do(CloseSession(session=digest, why=why), Actor(session.user), f"close {digest}")

    def confirm(self, token: str, password: str, only_for: str | None = None) -> datetime:
        """Prove the password again in a session; return until when that is good.

        ``only_for`` is the idempotency key of the one act it is for; without, it is good for all until then. A wrong
        password counts as a failed sign-in, and ends the session once the account is made to wait.
        """
        digest = digest_of_token(token)
        user = self._user_of(digest)
        if not self._credentials.prove(user, password).good or self._waits(user):
            self._fail(user, "confirmation", session=digest)
        until = self._clock() + self.limits.confirmation
        self.office.do(Confirm(session=digest, until=until, only_for=only_for), Actor(user), secrets.token_hex(16))
        return until

    def change_password(self, token: str, old: str, new: str) -> None:
        """Change the password of a session's user; every session of theirs ends, this one too."""
        digest = digest_of_token(token)
        user = self._user_of(digest)
        if not self._credentials.prove(user, old).good:
            self._fail(user, "old password", session=digest)
        self.set_password(user, new, by=user)

    def set_password(self, user: str, password: str, *, by: str = "system", temporary: bool = False) -> None:
        """Set somebody's password as an administrator or the system; a new account has none until then."""
        if not self._is_open(user):
            raise NotFound(f"there is no open account {user!r}")
        self._check_new(user, password)
        self.office.do(SetPassword(user=user, temporary=temporary), Actor(by), secrets.token_hex(16))
        self._credentials.set_password(user, password, temporary=temporary)

    def issue_password(self, user: str, *, by: str = "system", temporary: bool = True) -> str:
        """Set and return a password made by chance, told once; a temporary one must be changed at the first sign-in."""
        password = temporary_password()
        self.set_password(user, password, by=by, temporary=temporary)
        return password

    def new_secret(self) -> str:
        """Return a fresh secret for a second factor, base32, to be shown and then proved by a code."""
        from pyotp import random_base32

        return random_base32()

    def set_second_factor(self, user: str, secret: str, code: str) -> None:
        """Keep a second factor once a code shows that the device has it; raises Invalid for a wrong code.

        A factor that is set already is replaced by an administrator only (:meth:`remove_second_factor`).
        """
        if self._credentials.has_second_factor(user):
            raise Forbidden("a second factor is set already; an administrator can take it away when the device is lost")
        if matching_step(secret, code, self._clock().timestamp()) is None:
            raise Invalid("this code is not right now; check the clock of the device and give the code it shows")
        self.office.do(SetSecondFactor(user=user), Actor(user), secrets.token_hex(16))
        self._credentials.set_second_factor(user, secret)

    def remove_second_factor(self, user: str, *, by: str = "system") -> None:
        """Take a lost second factor away, as an administrator; the next sign-in sets a new one."""
        self.office.do(SetSecondFactor(user=user, removed=True), Actor(by), secrets.token_hex(16))
        self._credentials.set_second_factor(user, None)

    def issue_token(self, user: str, *, by: str = "system") -> str:
        """Return a new token for a service's account, told once."""
        with self.office.reading() as state:
            account = state.people.account(user)
        if account is None or account.kind != "service":
            raise NotFound(f"{user!r} is no open account of a service; persons sign in with a password")
        token = secrets.token_urlsafe(32)
        opening = OpenSession(
            user=user, session=digest_of_token(token), expires_at=self._clock() + self.limits.token, idle=False
        )
        self.office.do(opening, Actor(by), secrets.token_hex(16))
        return token

    def _open(self, user: str, only: Literal["password", "second factor"] | None) -> SignedIn:
        token = secrets.token_urlsafe(32)
        lasts = self.limits.setup if only else self.limits.session
        opening = OpenSession(
            user=user, session=digest_of_token(token), expires_at=self._clock() + lasts, only=only
        )  # fmt: skip
        self.office.do(opening, Actor(user), secrets.token_hex(16))
        return SignedIn(token, user, only)

    def _first(
        self, user: str, temporary: bool, has_second_factor: bool
    ) -> Literal["password", "second factor"] | None:
        if temporary:
            return "password"
        if has_second_factor or not self.limits.second_factor:
            return None
        with self.office.reading() as state:
            roles = {grant.role for grant in state.people.grants_of(user, self._clock().date())}
        return "second factor" if roles & SECOND_FACTOR else None

    def _code_proves(self, user: str, code: str | None) -> bool:
        return bool(code) and self._credentials.prove_code(user, code or "", lambda: self._clock().timestamp())

    def _fail(self, user: str, how: str, session: str | None = None) -> None:
        self.office.do(FailSignIn(user=user[:64], how=how), SYSTEM, secrets.token_hex(16))
        if session is not None and self._waits(user):
            self.close(session, "too many wrong passwords")
        raise Forbidden(WRONG)

    def _waits(self, user: str) -> bool:
        with self.office.reading() as state:
            failures = state.people.failures.get(user)
        return failures is not None and failures.locked_until is not None and self._clock() < failures.locked_until

    def _is_open(self, user: str) -> bool:
        with self.office.reading() as state:
            account = state.people.account(user)
        return account is not None and account.kind == "person"

    def _user_of(self, digest: str) -> str:
        with self.office.reading() as state:
            session = state.people.sessions.get(digest)
        if session is None:
            raise Forbidden("this session has ended; sign in again")
        return session.user

    def _check_new(self, user: str, password: str) -> None:
        protocol = self.office.screener.protocol
        check_password(password, user=user, words=(protocol.identification.id,))
        self._credentials.check_unused(user, password)


def digest_of_token(token: str) -> str:
    """Return what the office keeps of a token: its SHA-256, in hex.

    >>> digest_of_token("abc")[:8]
    'ba7816bf'
    """
    return hashlib.sha256(token.encode()).hexdigest()
