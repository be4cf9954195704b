"""Pages about allocation lists: sealed by the statistician, unsealed by passphrase, activated by another person."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from trialwright.conduct import ActivateList, Refused, SealList, new_key, role_for, seal_key, unseal
from trialwright.server.browser import Outcome, Page, checked_form, go, submit, text_of
from trialwright.server.identity import Who, desk_of
from trialwright.server.lists import ListView, lists_seen
from trialwright.server.rendering import page

__all__ = ["list_pages"]

Name = Annotated[str, Path(max_length=60)]
LABELS = {"list": "Name of the list", "places": "Places in each stratum", "passphrase": "Passphrase"}


def list_pages() -> APIRouter:
    """Return the routes about lists."""
    router = APIRouter(include_in_schema=False)

    @router.get("/lists")
    async def lists(request: Request, who: Page) -> Response:
        return _lists(request, who)

    @router.post("/lists")
    async def seal(request: Request, who: Page) -> Response:
        form = await checked_form(request, who)
        outcome = await _sealed(request, who, form)
        if outcome.receipt is None:
            return _lists(request, who, outcome)
        return go(request, who, "/lists", "The list is sealed. Unseal it here, and let the sponsor activate it.")

    @router.post("/lists/{name}/unseal")
    async def open_list(request: Request, who: Page, name: Name) -> Response:
        form = await checked_form(request, who)
        desk = desk_of(request)
        try:
            await asyncio.to_thread(
                unseal, desk.office, name, form.get("passphrase", ""), actor=who.actor, key=form.get("key", ""),
                at=desk.now(),
            )  # fmt: skip
        except Refused as refusal:
            return _lists(request, who, Outcome({}, problem=text_of(refusal), status=refusal.status))
        return go(request, who, "/lists", f"The list {name} is unsealed: this server can give arms from it.")

    @router.post("/lists/{name}/activate")
    async def activate(request: Request, who: Page, name: Name) -> Response:
        form = await checked_form(request, who)
        outcome = await submit(request, who, ActivateList, form, list=name)
        if outcome.receipt is None:
            return _lists(request, who, outcome)
        return go(request, who, "/lists", f"The list {name} is active.")

    return router


async def _sealed(request: Request, who: Who, form: dict[str, str]) -> Outcome:
    """Make a new key, seal it under the passphrase and write the promise; the key itself is kept nowhere."""
    if form.get("passphrase") != form.get("again"):
        return Outcome(form, errors={"again": "Give the same passphrase twice."}, status=422)
    try:
        name, passphrase = form.get("list", ""), form.get("passphrase", "")
        sealed = await asyncio.to_thread(seal_key, new_key(), name, passphrase)
    except Refused as refusal:
        return Outcome(form, errors={"passphrase": text_of(refusal)}, status=422)
    plain = {name: text for name, text in form.items() if name in {"list", "places", "key"}}
    return await submit(request, who, SealList, plain, sealed=sealed)


def _lists(request: Request, who: Who, outcome: Outcome | None = None) -> Response:
    desk = desk_of(request)
    with desk.office.reading() as state:
        role_for(state, who.user, "read lists", None, desk.now())
        found = lists_seen(state, desk.office)
    return page(
        request, "lists.html", who, status=outcome.status if outcome else 200, labels=LABELS, found=found,
        rows=[_row(one) for one in found], **(outcome.shown if outcome else {}),
    )  # fmt: skip


def _row(one: ListView) -> list[Any]:
    state = {"text": "not active", "tag": "warn"}
    if one.activated_by:
        state = {"text": f"active, by {one.activated_by}", "tag": "good"}
    key = {"text": "unsealed", "tag": "good"} if one.unsealed else {"text": "sealed", "tag": "warn"}
    return [one.list, one.purpose, one.sealed_by, state, key, one.places, one.used]
