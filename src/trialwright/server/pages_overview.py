"""Pages that look over many: how the trial goes, and the lesions of one subject over time. Nothing by arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from trialwright.conduct import (
    ReportSeriousEvent,
    overdue,
    recruitment,
    role_for,
    serious_events,
    sight_of,
    tumor_courses,
)
from trialwright.server.browser import Outcome, Page, checked_form, go, submit
from trialwright.server.clinic import crumbs_of, seen_subject, status_of
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page, seen

if TYPE_CHECKING:
    from trialwright.conduct import Course, Month, SeriousEvent

__all__ = ["overview_pages"]

MOST_OVERDUE = 100


def overview_pages() -> APIRouter:
    """Return the routes of the dashboards."""
    router = APIRouter(include_in_schema=False)

    @router.get("/progress")
    async def progress(request: Request, who: Page) -> Response:
        return _progress(request, who)

    @router.get("/serious")
    async def serious(request: Request, who: Page) -> Response:
        return _serious(request, who)

    @router.post("/serious/{subject}/{number}")
    async def report(request: Request, who: Page, subject: str, number: int) -> Response:
        form = await checked_form(request, who)
        desk = desk_of(request)
        with desk.office.reading() as state:
            seen_subject(state, sight_of(state, who.user, desk.now()), subject)
        aware = form.get("aware_at", "").strip()
        fixed = {"aware_at": f"{aware}+00:00"} if aware else {}
        outcome = await submit(request, who, ReportSeriousEvent, form, subject=subject, number=number, **fixed)
        if outcome.receipt is None:
            return _serious(request, who, outcome)
        return go(request, who, "/serious", f"Event {number} of {subject} is reported.")

    @router.get("/subjects/{subject}/tumor")
    async def tumor(request: Request, who: Page, subject: str) -> Response:
        return _tumor(request, who, subject)

    return router


def _progress(request: Request, who: Who) -> Response:
    reader, desk = seen(request, who), desk_of(request)
    protocol, today = desk.office.screener.protocol, desk.now().date()
    with desk.office.reading() as state:
        role_for(state, who.user, "read subjects", None, desk.now())
        months = recruitment(state, protocol, today)
        records = [one for one in state.subjects.records.values() if reader.sight.sees_site(one.site)]
        late = overdue(state, protocol, records, today)
        rows: list[list[Any]] = [
            [
                {"text": record.id, "link": f"/subjects/{record.id}"}, record.site, one.kind,
                one.label + (f" {one.number}" if one.kind == "visit" and one.number > 1 else ""), str(one.on),
                (today - one.window[1]).days,
            ]
            for record, one in late[:MOST_OVERDUE]
        ]  # fmt: skip
    return page(
        request, "progress.html", who, months=[_month(one) for one in months], rows=rows, late=len(late),
        last=months[-1] if months else None, goal=protocol.design.enrollment,
    )  # fmt: skip


def _month(one: Month) -> list[Any]:
    return [f"{one.number}", str(one.until), one.screened, one.randomized, one.planned]


def _serious(request: Request, who: Who, outcome: Outcome | None = None) -> Response:
    reader, desk = seen(request, who), desk_of(request)
    with desk.office.reading() as state:
        role_for(state, who.user, "read subjects", None, desk.now())
        events = [one for one in serious_events(state, desk.now()) if reader.sight.sees_site(one.site)]
    waiting = [one for one in events if one.reported_at is None]
    return page(
        request, "serious.html", who, status=outcome.status if outcome else 200, rows=[_event(one) for one in events],
        waiting=waiting, labels={}, **(outcome.shown if outcome else {}),
    )  # fmt: skip


def _event(one: SeriousEvent) -> list[Any]:
    return [
        {"text": f"{one.subject}, {one.number}", "link": f"/subjects/{one.subject}/data/adverse_events"}, one.term,
        one.grade, f"{one.aware_at:%Y-%m-%d %H:%M}", f"{one.due_at:%Y-%m-%d %H:%M}",
        f"{one.reported_at:%Y-%m-%d %H:%M}" if one.reported_at else None, status_of(one.standing),
    ]  # fmt: skip


def _tumor(request: Request, who: Who, subject: str) -> Response:
    desk = desk_of(request)
    with desk.office.reading() as state:
        record = seen_subject(state, sight_of(state, who.user, desk.now()), subject)
        courses = tumor_courses(state, desk.office.screener.protocol, record)
    return page(
        request, "tumor.html", who, subject=subject, courses=[_drawn(one) for one in courses], crumbs=crumbs_of(subject)
    )


def _drawn(one: Course) -> dict[str, Any]:
    scans = [each for each in one.assessments if each.on is not None]
    return {
        "evaluator": one.evaluator, "problem": one.problem, "lesions": one.lesions, "scans": scans,
        "headers": [f"{'Baseline' if each.number == 0 else each.number}, {each.on}" for each in scans],
        "rows": [
            [line.lesion, line.role, line.organ.replace("_", " "), *(line.seen.get(each.number) for each in scans)]
            for line in one.lesions
        ],
        "assessed": one.assessments,
    }  # fmt: skip
