"""Who a subject is, for its site alone: kept encrypted outside the log, and every act upon it a fact."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from trialwright.conduct import (
    EraseIdentity,
    Invalid,
    ReadIdentity,
    RecordIdentity,
    role_for,
    sight_of,
)
from trialwright.server.browser import Outcome, Page, checked_form, go, submit, submit_values, text_of
from trialwright.server.clinic import crumbs_of, seen_subject
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page

if TYPE_CHECKING:
    from trialwright.conduct import State, Subject

__all__ = ["identity_pages"]

ACTS = {"identity recorded": "kept", "identity read": "read", "identity erased": "erased"}


def identity_pages() -> APIRouter:
    """Return the routes of a subject's identity."""
    router = APIRouter(include_in_schema=False)

    @router.get("/subjects/{subject}/identity")
    async def identity(request: Request, who: Page, subject: str) -> Response:
        return _shown(request, who, subject)

    @router.post("/subjects/{subject}/identity/keep")
    async def keep(request: Request, who: Page, subject: str) -> Response:
        return await _keep(request, who, subject)

    @router.post("/subjects/{subject}/identity/read")
    async def read(request: Request, who: Page, subject: str) -> Response:
        return await _read(request, who, subject)

    @router.post("/subjects/{subject}/identity/erase")
    async def erase(request: Request, who: Page, subject: str) -> Response:
        form = await _sent(request, who, subject)
        outcome = await submit(request, who, EraseIdentity, form, subject=subject)
        if outcome.receipt is None:
            return _shown(request, who, subject, outcome, "erase")
        return go(request, who, f"/subjects/{subject}/identity", "The identity is erased.")

    return router


def _held(request: Request, who: Who, state: State, subject: str) -> Subject:
    """Return a subject of a site whose identities this reader keeps; Forbidden to others, NotFound off their sites."""
    now = desk_of(request).now()
    record = seen_subject(state, sight_of(state, who.user, now), subject)
    role_for(state, who.user, RecordIdentity.action, record.site, now)
    return record


async def _sent(request: Request, who: Who, subject: str) -> dict[str, str]:
    form = await checked_form(request, who)
    with desk_of(request).office.reading() as state:
        _held(request, who, state, subject)
    return form


async def _keep(request: Request, who: Who, subject: str) -> Response:
    form = await _sent(request, who, subject)
    identities, key = desk_of(request).identities, form.get("key", "")
    try:
        digest = await asyncio.to_thread(identities.keep, subject, form.get("identity", "").strip(), key)
    except Invalid as refusal:
        errors = {"identity": text_of(refusal)}
        return _shown(request, who, subject, Outcome(form, errors=errors, status=refusal.status), "keep")
    try:
        outcome = await submit_values(request, who, RecordIdentity, {"subject": subject, "digest": digest}, form)
    finally:
        await asyncio.to_thread(_drop_unnamed, request, subject, digest)
    if outcome.receipt is None:
        return _shown(request, who, subject, outcome, "keep")
    return go(request, who, f"/subjects/{subject}/identity", "The identity is kept, encrypted.")


def _drop_unnamed(request: Request, subject: str, digest: str) -> None:
    """Drop a ciphertext that the log does not name: the act was refused, or a late repetition of an old one."""
    desk = desk_of(request)
    with desk.office.reading() as state:
        record = state.subjects.of(subject)
        named = record is not None and record.identity == digest
    if not named:
        desk.identities.erase(digest)


async def _read(request: Request, who: Who, subject: str) -> Response:
    form = await _sent(request, who, subject)
    identities = desk_of(request).identities  # asked for first: no reading is written down that cannot be done
    outcome = await submit(request, who, ReadIdentity, form, subject=subject)
    if outcome.receipt is None:
        return _shown(request, who, subject, outcome, "read")
    if outcome.receipt.repeated:  # one fact for each time it is shown
        return go(request, who, f"/subjects/{subject}/identity", "It was shown once for that; say again why to see it.")
    digest = outcome.receipt.facts[0].body["digest"]
    text = await asyncio.to_thread(identities.read, subject, digest)
    return _shown(request, who, subject, text=text)


def _shown(
    request: Request, who: Who, subject: str, outcome: Outcome | None = None, act: str = "", *, text: str | None = None
) -> Response:
    """Return the page; ``act`` is the form that an outcome belongs to."""
    with desk_of(request).office.reading() as state:
        record = _held(request, who, state, subject)
        kept = record.identity is not None
        acts = [
            [ACTS[fact.kind], fact.author, fact.role, fact.at, fact.body.get("reason")]
            for fact in state.trail.of_subject(record.id)
            if fact.kind in ACTS
        ]
    return page(
        request, "identity.html", who, status=outcome.status if outcome else 200, subject=subject, kept=kept,
        acts=acts, text=text, crumbs=crumbs_of(subject), **_again(outcome, act),
    )  # fmt: skip


def _again(outcome: Outcome | None, act: str) -> Mapping[str, Any]:
    """Return a form that was refused; the field of a reason is called after its act."""
    if outcome is None:
        return {}
    named = {"reason": f"{act}-reason"}
    shown = {named.get(name, name): value for name, value in outcome.values.items()}
    errors = {named.get(name, name): why for name, why in outcome.errors.items()}
    labels = {"identity": "Identity", "read-reason": "Reason", "erase-reason": "Reason"}
    return {"values": shown, "errors": errors, "problem": outcome.problem, "labels": labels}
