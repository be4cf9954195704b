"""Pages of cleaning: queries with their threads, casebooks to sign, freeze and lock."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from trialwright.conduct import (
    AnswerQuery,
    CloseQuery,
    Freeze,
    Lock,
    NotFound,
    ReopenQuery,
    SignCasebook,
    Unfreeze,
    Unlock,
    casebook_hash,
    form_of,
    role_for,
    sight_of,
    signature_of,
)
from trialwright.server.browser import Outcome, Page, checked_form, go, submit
from trialwright.server.clinic import crumbs_of, row_address, seen_subject, status_of
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page, seen

if TYPE_CHECKING:
    from trialwright.conduct import Ask, Query, Sight, State

__all__ = ["query_pages"]

WORDS: dict[str, tuple[type[Ask], str]] = {
    "answer": (AnswerQuery, "The query is answered."),
    "close": (CloseQuery, "The query is closed."),
    "reopen": (ReopenQuery, "The query is open again."),
}
SCOPED: dict[str, tuple[type[Ask], str]] = {
    "freeze": (Freeze, "The data are frozen."),
    "unfreeze": (Unfreeze, "The data can be changed again."),
    "lock": (Lock, "The data are locked."),
    "unlock": (Unlock, "The lock is open; the data stay frozen."),
}
MEANING = "I have reviewed these data; they are complete and true to the best of my knowledge."


def query_pages() -> APIRouter:
    """Return the routes of queries and casebooks."""
    router = APIRouter(include_in_schema=False)

    @router.get("/queries")
    async def queries(request: Request, who: Page, status: str = "") -> Response:
        return _queries(request, who, status)

    @router.get("/queries/{query}")
    async def query(request: Request, who: Page, query: str) -> Response:
        return _query(request, who, query)

    @router.post("/queries/{query}/{word}")
    async def say(request: Request, who: Page, query: str, word: str) -> Response:
        return await _say(request, who, query, word)

    @router.get("/subjects/{subject}/casebook")
    async def casebook(request: Request, who: Page, subject: str) -> Response:
        return _casebook(request, who, subject)

    @router.post("/subjects/{subject}/casebook")
    async def sign(request: Request, who: Page, subject: str) -> Response:
        form = await checked_form(request, who)
        outcome = await submit(request, who, SignCasebook, form, subject=subject, meaning=MEANING)
        if outcome.receipt is None:
            return _casebook(request, who, subject, outcome)
        return go(request, who, f"/subjects/{subject}/casebook", "The casebook is signed.")

    @router.post("/subjects/{subject}/casebook/{act}")
    async def scoped(request: Request, who: Page, subject: str, act: str) -> Response:
        return await _scoped(request, who, subject, act)

    return router


def _queries(request: Request, who: Who, status: str) -> Response:
    reader, desk = seen(request, who), desk_of(request)
    now = desk.now()
    with desk.office.reading() as state:
        role_for(state, who.user, "read queries", None, now)
        found = [one for one in state.cleaning.queries.values() if reader.sight.sees_site(one.site)]
        counts = Counter(one.status for one in found)
        shown = [one for one in found if one.status == status or (status == "" and one.status != "closed")]
        rows = [
            [
                {"text": one.id, "link": f"/queries/{one.id}"}, one.subject, one.table, one.column,
                status_of(one.status), _age(one, now), "a check" if one.check else one.thread[0].by,
                one.thread[-1].text,
            ]
            for one in sorted(shown, key=lambda one: one.opened_at)
        ]  # fmt: skip
    return page(
        request, "queries.html", who, rows=rows, counts=sorted(counts.items()), standing=status,
        ages=_ages(found, now),
    )  # fmt: skip


def _age(query: Query, now: datetime) -> int:
    return (now - datetime.fromisoformat(query.opened_at)).days


def _ages(queries: list[Query], now: datetime) -> list[tuple[str, int]]:
    """Return how many of the queries not closed are how old."""
    ages = [_age(one, now) for one in queries if one.status != "closed"]
    bounds = (("up to 7 days", 0, 7), ("8 to 28 days", 8, 28), ("more than 28 days", 29, 10**6))
    return [(label, sum(low <= age <= high for age in ages)) for label, low, high in bounds]


def _seen_query(state: State, sight: Sight, name: str) -> Query:
    query = state.cleaning.queries.get(name)
    if query is None or not sight.sees_site(query.site):
        raise NotFound(f"there is no query {name[:20]!r} that you may see; the list of queries names them")
    return query


def _query(request: Request, who: Who, name: str, outcome: Outcome | None = None) -> Response:
    import json

    desk = desk_of(request)
    with desk.office.reading() as state:
        role_for(state, who.user, "read queries", None, desk.now())
        query = _seen_query(state, sight_of(state, who.user, desk.now()), name)
        protocol, key = desk.office.screener.protocol, json.loads(query.key)
        if query.table == "answers":
            about, link = key["variable"], f"/subjects/{query.subject}/questions#{key['variable']}"
        else:
            form = form_of(protocol, query.table, state.subjects.of(query.subject))
            labels = {one.name: one.label for one in form.fields}
            about = f"{form.title}: {labels.get(query.column or '', 'the whole row')}"
            link = row_address(query.subject, query.table, key)
        shown: dict[str, Any] = {
            "name": query.id, "subject": query.subject, "about": about, "link": link, "standing": query.status,
            "check": query.check, "thread": list(query.thread),
        }  # fmt: skip
    return page(
        request, "query.html", who, status=outcome.status if outcome else 200, labels={"text": "Your words"},
        crumbs=[("/queries", "Queries")], **shown, **(outcome.shown if outcome else {}),
    )  # fmt: skip


async def _say(request: Request, who: Who, name: str, word: str) -> Response:
    form = await checked_form(request, who)
    if word not in WORDS:
        raise NotFound(f"a query cannot be asked to {word[:20]!r}; known: {', '.join(WORDS)}")
    command, notice = WORDS[word]
    desk = desk_of(request)
    with desk.office.reading() as state:
        query = _seen_query(state, sight_of(state, who.user, desk.now()), name)
        subject = query.subject
    outcome = await submit(request, who, command, form, subject=subject, query=name)
    if outcome.receipt is None:
        return _query(request, who, name, outcome)
    return go(request, who, f"/queries/{name}", notice)


def _casebook(request: Request, who: Who, subject: str, outcome: Outcome | None = None) -> Response:
    desk = desk_of(request)
    with desk.office.reading() as state:
        record = seen_subject(state, sight_of(state, who.user, desk.now()), subject)
        signature = signature_of(state, record)
        earlier = state.cleaning.signatures.get(subject, ())
        tables = state.rows.by_subject.get(subject, {})
        rows = [row for found in tables.values() for row in found if not row.struck]
        names = {one.by: state.people.accounts[one.by].name for one in earlier if one.by in state.people.accounts}
        scope = f"subject:{subject}"
        shown: dict[str, Any] = {
            "digest": casebook_hash(state, record), "signature": signature, "names": names,
            "earlier": [
                [names.get(one.by, one.by), one.at[:16].replace("T", " "), one.meaning, one.content_hash[:12],
                 status_of("in force" if one is signature else "data changed since")]
                for one in earlier
            ],
            "counts": [
                ("Rows", len(rows)), ("Verified", sum(state.cleaning.is_verified(row) for row in rows)),
                ("Queries that wait", sum(1 for _ in state.cleaning.waiting(subject))),
            ],
            "frozen": scope in state.cleaning.frozen, "locked": scope in state.cleaning.locked,
            "closed": state.cleaning.closed(subject, record.site),
        }  # fmt: skip
    return page(
        request, "casebook.html", who, status=outcome.status if outcome else 200, subject=subject, meaning=MEANING,
        labels={"reason": "Reason"}, crumbs=crumbs_of(subject), **shown, **(outcome.shown if outcome else {}),
    )  # fmt: skip


async def _scoped(request: Request, who: Who, subject: str, act: str) -> Response:
    form = await checked_form(request, who)
    if act not in SCOPED:
        raise NotFound(f"data cannot be asked to {act[:20]!r}; known: {', '.join(SCOPED)}")
    command, notice = SCOPED[act]
    desk = desk_of(request)
    with desk.office.reading() as state:
        seen_subject(state, sight_of(state, who.user, desk.now()), subject)
    outcome = await submit(request, who, command, form, scope=f"subject:{subject}")
    if outcome.receipt is None:
        return _casebook(request, who, subject, outcome)
    return go(request, who, f"/subjects/{subject}/casebook", notice)
