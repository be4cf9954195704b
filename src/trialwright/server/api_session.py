"""The interface's door: sign in and out, prove the password again, set password and second factor, tokens."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from trialwright.conduct import Forbidden, role_for, unseal
from trialwright.server.api_commands import KEY, PROBLEMS, Key
from trialwright.server.identity import Bearer, desk_of

__all__ = ["session_routes"]

Secret = Annotated[SecretStr, Field(min_length=1, max_length=200)]
User = Annotated[str, Field(min_length=1, max_length=64)]
Code = Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(_Given):
    """Who comes, and the proof."""

    user: User
    password: Secret
    code: Code | None = None
    """Of the second factor, where one is set."""


class Signed(BaseModel):
    """An open session."""

    token: str
    """Send it as ``Authorization: Bearer``; told once."""
    user: str
    only: Literal["password", "second factor"] | None
    """What must be set first, on the pages; null: the session is good for everything."""


class Confirmation(_Given):
    """The password again, just before a signature or an allocation."""

    password: Secret
    only_for: Annotated[str, Field(pattern=KEY)] | None = None
    """Idempotency key of the one act it is for; left out: every act until it ends."""


class Confirmed(BaseModel):
    """Until when the confirmation is good."""

    until: datetime


class NewPassword(_Given):
    """The old password and the new one."""

    old: Secret
    new: Secret


class Passphrase(_Given):
    """A sealed list and its passphrase."""

    list: Annotated[str, Field(min_length=1, max_length=60)]
    passphrase: Secret


class OfAccount(_Given):
    """An account's name."""

    user: User


class Issued(BaseModel):
    """A secret told once."""

    secret: str


class Done(BaseModel):
    """It is done."""

    done: Literal[True] = True


def session_routes() -> APIRouter:
    """Return the routes of the door."""
    router = APIRouter(prefix="/api/v1", tags=["sessions"], responses=PROBLEMS)

    @router.post("/sign-in", operation_id="SignIn")
    async def sign_in(request: Request, given: SignIn) -> Signed:
        """Open a session."""
        desk = desk_of(request)
        desk.sign_ins.take(request.client.host if request.client else "")
        signed = await asyncio.to_thread(
            desk.accounts.sign_in, given.user, given.password.get_secret_value(), given.code
        )  # fmt: skip
        return Signed(token=signed.token, user=signed.user, only=signed.only)

    @router.post("/sign-out", operation_id="SignOut")
    async def sign_out(request: Request, who: Bearer) -> Done:
        """End the session."""
        await asyncio.to_thread(desk_of(request).accounts.sign_out, who.token)
        return Done()

    @router.post("/confirm", operation_id="Confirm")
    async def confirm(request: Request, given: Confirmation, who: Bearer) -> Confirmed:
        """Prove the password again, for one act or for some minutes."""
        accounts = desk_of(request).accounts
        until = await asyncio.to_thread(
            accounts.confirm, who.token, given.password.get_secret_value(), given.only_for
        )  # fmt: skip
        return Confirmed(until=until)

    @router.post("/change-password", operation_id="ChangePassword")
    async def change_password(request: Request, given: NewPassword, who: Bearer) -> Done:
        """Change the own password; every session of the account ends."""
        old, new = given.old.get_secret_value(), given.new.get_secret_value()
        await asyncio.to_thread(desk_of(request).accounts.change_password, who.token, old, new)
        return Done()

    @router.post("/issue-password", operation_id="IssuePassword")
    async def issue_password(request: Request, given: OfAccount, who: Bearer) -> Issued:
        """Set a temporary password for another account, as an administrator."""
        accounts = _administrators(request, who).accounts
        return Issued(secret=await asyncio.to_thread(accounts.issue_password, given.user, by=who.user))

    @router.post("/remove-second-factor", operation_id="RemoveSecondFactor")
    async def remove_second_factor(request: Request, given: OfAccount, who: Bearer) -> Done:
        """Take away another account's lost second factor, as an administrator."""
        accounts = _administrators(request, who).accounts
        await asyncio.to_thread(accounts.remove_second_factor, given.user, by=who.user)
        return Done()

    @router.post("/issue-token", operation_id="IssueToken")
    async def issue_token(request: Request, given: OfAccount, who: Bearer) -> Issued:
        """Issue a token for a service's account, as an administrator."""
        accounts = _administrators(request, who).accounts
        return Issued(secret=await asyncio.to_thread(accounts.issue_token, given.user, by=who.user))

    @router.post("/unseal-list", operation_id="UnsealList")
    async def unseal_list(request: Request, given: Passphrase, who: Bearer, key: Key) -> Done:
        """Open a list with its passphrase, so that this server can give arms from it until it ends."""
        desk = desk_of(request)
        secret = given.passphrase.get_secret_value()
        await asyncio.to_thread(unseal, desk.office, given.list, secret, actor=who.actor, key=key, at=desk.now())
        return Done()

    return router


def _administrators(request: Request, who: Bearer):  # type: ignore[no-untyped-def]
    desk = desk_of(request)
    with desk.office.reading() as state:
        role = role_for(state, who.user, "issue token", None, desk.now())
    if role != "administrator":
        raise Forbidden("only an administrator may do this; ask one")
    return desk
