"""Pages about people: accounts, roles with their dates, training, access."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from trialwright.conduct import (
    ROLES,
    Ask,
    DeactivateUser,
    GrantRole,
    NotFound,
    RecordTraining,
    Refused,
    RegisterUser,
    RevokeRole,
    role_for,
)
from trialwright.server.browser import Outcome, Page, checked_form, go, submit, text_of
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page
from trialwright.server.views import GrantView, UserView, users_seen

__all__ = ["people_pages"]

User = Annotated[str, Path(max_length=64)]
LABELS = {
    "user": "User name",
    "name": "Name",
    "organization": "Organization",
    "kind": "Kind of account",
    "mail": "Mail address at work",
    "role": "Role",
    "scope": "Where",
    "start": "First day",
    "end": "Last day",
    "grant": "Role to take back",
    "reason": "Reason",
    "training": "Training",
    "trained_on": "Day of the training",
}
ACTS: dict[str, tuple[type[Ask], str]] = {
    "roles": (GrantRole, "The role is given."),
    "revoke": (RevokeRole, "The role is taken back; the account's sessions have ended."),
    "training": (RecordTraining, "The training is recorded."),
    "close": (DeactivateUser, "The account is closed; its sessions have ended."),
}


def people_pages() -> APIRouter:
    """Return the routes about people."""
    router = APIRouter(include_in_schema=False)

    @router.get("/people")
    async def people(request: Request, who: Page) -> Response:
        return _people(request, who)

    @router.post("/people")
    async def register(request: Request, who: Page) -> Response:
        form = await checked_form(request, who)
        outcome = await submit(request, who, RegisterUser, form)
        if outcome.receipt is None:
            return _people(request, who, outcome)
        return go(request, who, f"/people/{form['user'].strip()}", "The account is open: give a role and a password.")

    @router.get("/people/{user}")
    async def person(request: Request, who: Page, user: User) -> Response:
        return _person(request, who, user)

    for act in ACTS:
        router.add_api_route(f"/people/{{user}}/{act}", _act(act), methods=["POST"])
    for secret in ("password", "second-factor", "token"):
        router.add_api_route(f"/people/{{user}}/{secret}", _secret(secret), methods=["POST"])
    return router


def _act(act: str) -> Callable[..., Awaitable[Response]]:
    command, notice = ACTS[act]

    async def asked(request: Request, who: Page, user: User) -> Response:
        form = await checked_form(request, who)
        fixed = {"user": user} if "user" in command.model_fields else {}
        outcome = await submit(request, who, command, form, **fixed)
        if outcome.receipt is None:
            return _person(request, who, user, outcome)
        return go(request, who, f"/people/{user}", notice)

    return asked


def _secret(what: str) -> Callable[..., Awaitable[Response]]:
    async def asked(request: Request, who: Page, user: User) -> Response:
        await checked_form(request, who)
        desk = desk_of(request)
        with desk.office.reading() as state:
            role_for(state, who.user, "issue token", None, desk.now())
        work: dict[str, Callable[..., Any]] = {
            "password": desk.accounts.issue_password,
            "second-factor": desk.accounts.remove_second_factor,
            "token": desk.accounts.issue_token,
        }
        try:
            told = await asyncio.to_thread(work[what], user, by=who.user)
        except Refused as refusal:
            outcome = Outcome({}, problem=text_of(refusal), status=refusal.status)
            return _person(request, who, user, outcome)
        if told is None:
            return go(request, who, f"/people/{user}", "The second factor is gone; the next sign-in sets one.")
        title = "Temporary password" if what == "password" else "Token"
        return _person(request, who, user, told=(title, told))

    return asked


def _people(request: Request, who: Who, outcome: Outcome | None = None) -> Response:
    rows = [_row(one) for one in _users(request, who)]
    return page(
        request, "people.html", who, status=outcome.status if outcome else 200, rows=rows, labels=LABELS,
        **(outcome.shown if outcome else {}),
    )  # fmt: skip


def _row(one: UserView) -> list[Any]:
    roles = ", ".join(f"{grant.role} ({grant.scope})" for grant in one.grants if grant.revoked_at is None)
    state = {"text": "open", "tag": "good"} if one.active else {"text": "closed", "tag": "plain"}
    if one.active and not one.trainings and one.kind == "person":
        state = {"text": "training missing", "tag": "warn"}
    return [{"text": one.user, "link": f"/people/{one.user}"}, one.name, one.organization, roles or None, state]


def _person(
    request: Request, who: Who, user: str, outcome: Outcome | None = None, told: tuple[str, str] | None = None
) -> Response:
    one = next((one for one in _users(request, who) if one.user == user), None)
    if one is None:
        raise NotFound(f"there is no account {user!r}; the list of people names them")
    open_grants = [(each.grant, f"{each.role}, {each.scope}") for each in one.grants if each.revoked_at is None]
    return page(
        request, "person.html", who, status=outcome.status if outcome else 200, account=one, labels=LABELS, told=told,
        about=_about(one), grants=[_grant(each) for each in one.grants], open_grants=open_grants,
        roles=[(role, role) for role in ROLES], scopes=_scopes(request), **(outcome.shown if outcome else {}),
    )  # fmt: skip


def _about(one: UserView) -> list[tuple[str, Any]]:
    state = {"text": "open", "tag": "good"} if one.active else {"text": "closed", "tag": "plain"}
    training = ", ".join(one.trainings) or "none on record; roles wait for it"
    return [
        ("User name", one.user), ("Organization", one.organization), ("Kind", one.kind), ("State", state),
        ("Training", training),
    ]  # fmt: skip


def _grant(one: GrantView) -> list[Any]:
    taken = f"taken back {one.revoked_at[:10]} by {one.revoked_by}" if one.revoked_at else ""
    state = {"text": taken, "tag": "plain"} if taken else {"text": "in force", "tag": "good"}
    return [one.grant, one.role, one.scope, str(one.start), str(one.end) if one.end else None, one.given_by, state]


def _scopes(request: Request) -> list[tuple[str, str]]:
    sites = desk_of(request).office.screener.protocol.sites
    countries = sorted({site.country for site in sites})
    return [
        ("study", "The whole study"),
        *((f"country:{country}", country) for country in countries),
        *((f"site:{site.id}", f"{site.id} {site.facility}") for site in sites),
    ]


def _users(request: Request, who: Who) -> list[UserView]:
    desk = desk_of(request)
    with desk.office.reading() as state:
        role_for(state, who.user, "read people", None, desk.now())
        return users_seen(state)
