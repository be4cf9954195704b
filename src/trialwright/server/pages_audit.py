"""The audit trail as a page: filter, export, and the record that somebody looked."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from trialwright.conduct import COMMANDS, role_for, sight_of
from trialwright.server.api_reads import Filter, csv_of
from trialwright.server.browser import Outcome, Page, checked_form, go, submit
from trialwright.server.handing_out import handed_out
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page, seen
from trialwright.server.views import FactView, facts_seen

__all__ = ["audit_pages"]

REVIEW = "ReviewTrail"


def audit_pages() -> APIRouter:
    """Return the routes of the audit trail."""
    router = APIRouter(include_in_schema=False)

    @router.get("/audit")
    async def audit(request: Request, who: Page) -> Response:
        return _audit(request, who, *_filter(request))

    @router.get("/audit.csv")
    async def audit_csv(request: Request, who: Page) -> Response:
        asked, _ = _filter(request)
        return await handed_out(request, who, csv_of(_facts(request, who, asked)), "audit-trail.csv")

    @router.post("/audit/review")
    async def review(request: Request, who: Page) -> Response:
        form = await checked_form(request, who)
        outcome = await submit(request, who, COMMANDS[REVIEW], form)
        if outcome.receipt is None:
            return _audit(request, who, Filter(), {}, outcome)
        return go(request, who, "/audit", "The review is recorded.")

    return router


def _filter(request: Request) -> tuple[Filter, dict[str, str]]:
    given = {name: text.strip() for name, text in request.query_params.items() if text.strip()}
    try:
        return Filter.model_validate(given), {}
    except ValidationError as error:
        wrong = {str(each["loc"][0]): f"{each['msg']}." for each in error.errors() if each["loc"]}
        return Filter(), wrong


def _facts(request: Request, who: Who, asked: Filter) -> list[FactView]:
    desk = desk_of(request)
    with desk.office.reading() as state:
        at = desk.now()
        role_for(state, who.user, "read audit", None, at)
        return facts_seen(state, sight_of(state, who.user, at), **asked.model_dump())


def _audit(
    request: Request, who: Who, asked: Filter, errors: dict[str, str], outcome: Outcome | None = None
) -> Response:  # fmt: skip
    facts = _facts(request, who, asked)
    chosen = {k: str(v) for k, v in asked.model_dump().items() if v not in {None, 0, Filter().most}}
    more = _address("/audit", {**chosen, "after": str(facts[-1].seq)}) if len(facts) == asked.most else ""
    kinds = sorted({fact.kind for fact in facts})
    may_review = REVIEW in COMMANDS and seen(request, who).may(COMMANDS[REVIEW].action)
    shown: dict[str, Any] = outcome.shown if outcome else {"errors": errors}
    return page(
        request, "audit.html", who, status=outcome.status if outcome else 422 if errors else 200, asked=asked,
        facts=facts, more=more, export=_address("/audit.csv", chosen), kinds=kinds, review=may_review,
        looked_at=_address("/audit", chosen) + f" sha256 {_hash_of(facts)}", **shown,
    )  # fmt: skip


def _address(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _hash_of(facts: list[FactView]) -> str:
    """What was looked at, for the record of the review."""
    return hashlib.sha256("".join(fact.hash for fact in facts).encode()).hexdigest()[:16]
