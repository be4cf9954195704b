"""Who asks: the session behind a request, alive, not idle, and not too fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from trialwright.conduct import Accounts, Actor, Identities, Office, Session, Unavailable, digest_of_token
from trialwright.server.problems import SignInNeeded
from trialwright.server.rates import Buckets
from trialwright.server.settings import Settings

__all__ = ["Bearer", "Desk", "Who", "bearer_of", "desk_of"]

ENDED = "the session has ended; sign in again"


@dataclass(frozen=True)
class Who:
    """The person or program behind a request."""

    actor: Actor
    token: str
    session: Session

    @property
    def user(self) -> str:
        """Return the account's name."""
        return self.actor.user


class Desk:
    """What every page and address of the interface needs: office, accounts, settings, and who was here when."""

    def __init__(
        self,
        office: Office,
        accounts: Accounts,
        settings: Settings,
        *,
        identities: Identities | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.office, self.accounts, self.settings, self.now = office, accounts, settings, clock
        self._identities = identities
        rates = settings.rates
        self.requests = Buckets(rates.requests, rates.requests_at_once, ticks)
        self.sign_ins = Buckets(rates.sign_ins, rates.sign_ins_at_once, ticks)
        self._seen: dict[str, datetime] = {}
        self._notices: dict[str, list[str]] = {}

    def who(self, token: str | None, *, for_setup: bool = False) -> Who:
        """Return who holds a token; raises SignInNeeded, or TooMany.

        ``for_setup`` also takes a session that is good for one step only, such as a password to be changed.
        """
        if not token:
            raise SignInNeeded("this needs a session; sign in first")
        digest = digest_of_token(token)
        session = self._alive(digest)
        if session.only is not None and not for_setup:
            raise SignInNeeded(f"this session may only set the {session.only}; do that first, then sign in again")
        self.requests.take(digest)
        return Who(Actor(session.user, digest), token, session)

    @property
    def identities(self) -> Identities:
        """Return where identities are kept; raises Unavailable where this server was given no key for them."""
        if self._identities is None:
            raise Unavailable("this server has no key for identities; start it with `trialwright serve`")
        return self._identities

    def tell(self, digest: str, notice: str) -> None:
        """Keep a word for the next page of a session."""
        self._notices.setdefault(digest, []).append(notice)

    def notices(self, digest: str) -> list[str]:
        """Return the words kept for a session; each is shown once."""
        return self._notices.pop(digest, [])

    def _alive(self, digest: str) -> Session:
        now = self.now()
        with self.office.reading() as state:
            session = state.people.sessions.get(digest)
        if session is None or now > session.expires_at:
            self._seen.pop(digest, None)
            raise SignInNeeded(ENDED)
        if (
            session.idle
            and now - max(self._seen.get(digest, session.opened_at), session.opened_at) > self.settings.limits.idle
        ):
            self._seen.pop(digest, None)
            self.accounts.close(digest, "no requests for too long")
            raise SignInNeeded("nothing was asked for too long, so this session has ended; sign in again")
        self._seen[digest] = now
        return session


def desk_of(request: Request) -> Desk:
    """Return the desk of the application that got the request."""
    desk: Desk = request.app.state.desk
    return desk


_SCHEME = HTTPBearer(auto_error=False, description="Token from /api/v1/sign-in, or of a service's account")


async def bearer_of(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_SCHEME)]
) -> Who:  # fmt: skip
    """Return who sent a request to the interface: the holder of its bearer token; cookies do not count here."""
    who = desk_of(request).who(given.credentials if given else None)
    request.state.user = who.user
    return who


Bearer = Annotated[Who, Depends(bearer_of)]
