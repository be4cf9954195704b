"""The sponsor's page: judgments that the protocol leaves to it, and waivers asked for; no data beside the question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from trialwright.conduct import (
    Attest,
    ForceEligibility,
    NotFound,
    attesting_role,
    eligibility_of,
    role_for,
)
from trialwright.server.browser import Outcome, Page, checked_form, go, submit, submit_values
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page

if TYPE_CHECKING:
    from trialwright.conduct import State, Subject
    from trialwright.protocol import Screener

__all__ = ["decision_pages"]


def decision_pages() -> APIRouter:
    """Return the routes of the sponsor's decisions."""
    router = APIRouter(include_in_schema=False)

    @router.get("/decisions")
    async def decisions(request: Request, who: Page) -> Response:
        return _decisions(request, who)

    @router.post("/decisions/{subject}/judgment")
    async def judge(request: Request, who: Page, subject: str) -> Response:
        form = await checked_form(request, who)
        variable = form.get("variable", "")
        judgment = {"variable": variable, "value": form.get("value"), "note": form.get("note") or None}
        asked = {"subject": subject, "judgments": [judgment]}
        outcome = await submit_values(request, who, Attest, asked, form)
        if outcome.receipt is None:
            return _decisions(request, who, outcome, (subject, variable))
        return go(request, who, "/decisions", f"The decision on {subject} is signed.")

    @router.post("/decisions/{subject}/waiver")
    async def waive(request: Request, who: Page, subject: str) -> Response:
        form = await checked_form(request, who)
        outcome = await submit(request, who, ForceEligibility, form, subject=subject)
        if outcome.receipt is None:
            return _decisions(request, who, outcome, (subject, "waiver"))
        return go(request, who, "/decisions", f"The criteria are set aside for {subject}.")

    return router


def _decisions(
    request: Request, who: Who, outcome: Outcome | None = None, sent: tuple[str, str] = ("", "")
) -> Response:
    """Return the page; ``sent`` says which form an outcome belongs to, so that what was typed stands there again."""
    desk = desk_of(request)
    screener, now = desk.office.screener, desk.now()
    with desk.office.reading() as state:
        if role_for(state, who.user, "force eligibility", None, now) != "sponsor":
            raise NotFound("there is no such page for your role; the sponsor decides here")
        waiting = [one for one in state.subjects.records.values() if _goes_on(one)]
        questions = [
            question for one in waiting for question in _questions(state, screener, one, now.date())
        ]  # fmt: skip
        waivers = [
            {"subject": one.id, **one.waiver_asked, "criteria": _criteria(screener, one.waiver_asked["criteria"])}
            for one in waiting
            if one.waiver_asked is not None and one.waiver is None
        ]
        counts = (state.subjects.waivers, state.subjects.waivers_allowed)
    problem = None
    if outcome is not None:
        problem = outcome.problem or " ".join(outcome.errors.values())
    return page(
        request, "decisions.html", who, status=outcome.status if outcome else 200, questions=questions,
        waivers=waivers, counts=counts, problem=problem, sent=sent, values=outcome.values if outcome else {},
    )  # fmt: skip


def _criteria(screener: Screener, names: list[str]) -> list[tuple[str, str]]:
    """Return criteria by name and in words."""
    known = {one.id: one.short for one in screener.protocol.eligibility.criteria}
    return [(name, known.get(name, "not in the protocol in force")) for name in names]


def _goes_on(record: Subject) -> bool:
    return record.outcome is None and record.allocated is None and not record.withdrawn and record.consent is not None


def _questions(state: State, screener: Screener, record: Subject, today: Any) -> list[dict[str, Any]]:
    """Return what this subject waits for the sponsor to judge."""
    variables = screener.protocol.variables
    missing = [line.missing.variable for line in eligibility_of(state, screener, record.id, today).work_list]
    return [
        {"subject": record.id, "variable": name, "label": variables[name].label}
        for name in missing
        if name in variables and variables[name].attestation and attesting_role(name, variables[name]) == "sponsor"
    ]
