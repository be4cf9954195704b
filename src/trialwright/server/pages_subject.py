"""Pages of one subject: overview with calendar, and every table as a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from trialwright.conduct import (
    Form,
    RecordRow,
    form_of,
    forms,
    plan_of,
    read_form,
)
from trialwright.server.browser import Outcome, Page, checked_form, go, submit_values
from trialwright.server.clinic import crumbs_of, row_address, seen_subject, status_of
from trialwright.server.identity import Who, desk_of
from trialwright.server.pages_rows import SHOWS_ARM, seen_table, word_of
from trialwright.server.rendering import page, seen

if TYPE_CHECKING:
    from trialwright.conduct import Planned, Row, Sight, State, Subject

__all__ = ["subject_pages"]


def subject_pages() -> APIRouter:
    """Return the routes of one subject."""
    router = APIRouter(include_in_schema=False)

    @router.get("/subjects/{subject}")
    async def overview(request: Request, who: Page, subject: str) -> Response:
        return _overview(request, who, subject)

    @router.get("/subjects/{subject}/data/{table}")
    async def rows(request: Request, who: Page, subject: str, table: str) -> Response:
        return _table(request, who, subject, table)

    @router.get("/subjects/{subject}/data/{table}/new")
    async def new(request: Request, who: Page, subject: str, table: str) -> Response:
        values = {name: text for name, text in request.query_params.items() if len(text) <= 100}
        return _new(request, who, subject, table, Outcome(values))

    @router.post("/subjects/{subject}/data/{table}/new")
    async def record(request: Request, who: Page, subject: str, table: str) -> Response:
        return await _record(request, who, subject, table)

    return router


def _overview(request: Request, who: Who, subject: str) -> Response:
    desk, reader = desk_of(request), seen(request, who)
    protocol, today = desk.office.screener.protocol, desk.now().date()
    titles = {name: form.title for name, form in forms(protocol).items()}
    with desk.office.reading() as state:
        record = seen_subject(state, reader.sight, subject)
        plan = [_planned(subject, one) for one in plan_of(state, protocol, record, today)]
        shown: dict[str, Any] = {
            "about": _about(state, reader.sight, record),
            "steps": _steps(record), "plan": plan,
            "overdue": sum(one["standing"] == "overdue" for one in plan),
            "tables": _tables(state, reader.sight, record, titles),
            "queries": [
                [{"text": one.id, "link": f"/queries/{one.id}"}, one.table, one.column, status_of(one.status),
                 one.thread[-1].text]
                for one in state.cleaning.waiting(subject)
            ],
        }  # fmt: skip
    return page(request, "subject.html", who, subject=subject, crumbs=crumbs_of(), **shown)


def _about(state: State, sight: Sight, record: Subject) -> list[tuple[str, Any]]:
    consent, allocated = record.consent, record.allocated
    pairs: list[tuple[str, Any]] = [("Stands", status_of(record.status)), ("Site", record.site)]
    pairs.append(("Screened", f"{record.screened_on}"))
    pairs.append(("Consent", f"version {consent.version}, signed {consent.signed_on}" if consent else "not recorded"))
    if consent:
        words = {True: "yes", False: "no", None: "not asked"}
        pairs.append(("Biopsies, blood samples", f"{words[consent.biopsy]}, {words[consent.blood]}"))
    if record.outcome:
        pairs.append(("Screening ended", f"{record.outcome}: {record.outcome_reason}"))
    if allocated:
        label = record.allocation["arm_label"] if sight.sees_arm(record.site) else "not shown to your role"
        pairs.append(("Arm", {"text": label, "link": f"/subjects/{record.id}/allocation"}))
    pairs += [("Withdrew from", f"{one.level} on {one.on}: {one.reason}") for one in record.withdrawals]
    closed = state.cleaning.closed(record.id, record.site)
    return [*pairs, *([("Data", f"{closed[0]} ({closed[1]})")] if closed else [])]


def _steps(record: Subject) -> list[dict[str, Any]]:
    """Return the next steps, in the order in which they are taken."""
    base = f"/subjects/{record.id}"
    if record.outcome is not None:
        return []
    if record.allocated is not None:
        return [_step("Record a withdrawal", f"{base}/withdraw", "withdraw", quiet=True)]
    steps = [_step("Record consent", f"{base}/consent", "record consent", quiet=record.consent is not None)]
    if record.consent is not None:
        steps.append(_step("Answer questions", f"{base}/questions", "answer", quiet=bool(record.answers)))
        steps.append(_step("Sign judgments", f"{base}/judgments", "attest", quiet=record.signature_holds))
        steps.append(_step("Eligibility", f"{base}/eligibility", None, quiet=record.signature_holds))
    if record.signature_holds:
        steps.append(_step("Review and randomize", f"{base}/randomize", "randomize", quiet=False))
    return [*steps, _step("End screening", f"{base}/fail", "fail screening", quiet=True)]


def _step(text: str, link: str, action: str | None, *, quiet: bool) -> dict[str, Any]:
    return {"text": text, "link": link, "action": action, "quiet": quiet}


def _planned(subject: str, one: Planned) -> dict[str, Any]:
    places: dict[str, tuple[str, dict[str, Any]]] = {
        "visit": ("visits", {"visit": one.id, "number": one.number}),
        "scan": ("assessments", {"number": one.number}),
        "sample": ("samples", {"sample": one.id}),
    }
    table, key = places[one.kind]
    first, last = one.window
    link = f"/subjects/{subject}/data/{table}"
    if one.standing not in {"done", "missed"}:
        query = "&".join(f"{name}={value}" for name, value in {**key, "planned_on": one.on}.items())
        link += f"/new?{query}"
    repeat = f", no. {one.number}" if one.kind == "visit" and one.number > 1 else ""
    return {
        "label": one.label + repeat, "on": str(one.on), "window": f"{first} to {last}", "standing": one.standing,
        "tag": status_of(one.standing)["tag"], "done_on": str(one.done_on) if one.done_on else None, "link": link,
        "kind": one.kind,
    }  # fmt: skip


def _tables(state: State, sight: Sight, record: Subject, titles: Mapping[str, str]) -> list[list[Any]]:
    found = []
    for table, title in titles.items():
        if table in SHOWS_ARM and not sight.sees_arm(record.site):
            continue
        rows = state.rows.of(record.id, table)
        waiting = sum(one.table == table for one in state.cleaning.waiting(record.id))
        verified = sum(state.cleaning.is_verified(row) for row in rows)
        link = {"text": title, "link": f"/subjects/{record.id}/data/{table}"}
        found.append([link, len(rows), verified, waiting])
    return found


# Tables and forms.


def _table(request: Request, who: Who, subject: str, table: str) -> Response:
    desk = desk_of(request)
    with desk.office.reading() as state:
        record, _ = seen_table(request, who, state, subject, table)
        form = form_of(desk.office.screener.protocol, table, record)
        headers = [one.label for one in form.fields] + ["Version", "Verified"]
        rows = [_cells(state, form, row) for row in state.rows.of(subject, table)]
    return page(
        request, "rows.html", who, subject=subject, form=form, headers=headers, rows=rows, crumbs=crumbs_of(subject),
        empty_text=f"Nothing is recorded under {form.title.lower()} yet.",
    )  # fmt: skip


def _cells(state: State, form: Form, row: Row) -> list[Any]:
    values = row.values
    cells: list[Any] = []
    for one in form.fields:
        told = one.told(values.get(one.name)) if values.get(one.name) is not None else row.now.without.get(one.name)
        cells.append(told)
    first = {"text": cells[0] if cells else "row", "link": row_address(row.id.subject, form.table, row.key)}
    return [first, *cells[1:], row.now.number, status_of("done") if state.cleaning.is_verified(row) else None]


def _new(request: Request, who: Who, subject: str, table: str, outcome: Outcome | None = None) -> Response:
    desk = desk_of(request)
    with desk.office.reading() as state:
        record, _ = seen_table(request, who, state, subject, table)
        form = form_of(desk.office.screener.protocol, table, record)
    return page(
        request, "record.html", who, status=outcome.status if outcome else 200, subject=subject, form=form,
        labels={one.name: one.label for one in form.fields}, checks=form.checks,
        crumbs=crumbs_of(subject, (f"/subjects/{subject}/data/{table}", form.title)),
        **(outcome.shown if outcome else {}),
    )  # fmt: skip


async def _record(request: Request, who: Who, subject: str, table: str) -> Response:
    form = await checked_form(request, who)
    desk = desk_of(request)
    with desk.office.reading() as state:
        record, _ = seen_table(request, who, state, subject, table)
        plan = form_of(desk.office.screener.protocol, table, record)
    sent = read_form(plan, form)
    if sent.errors:
        return _new(request, who, subject, table, Outcome(form, errors=sent.errors, status=422))
    key = {one.name: sent.values[one.name] for one in plan.key}
    values = {one.name: sent.values[one.name] for one in plan.values}
    fixed = {"subject": subject, "table": table, "key": key, "values": values, "without": sent.without}
    outcome = await submit_values(request, who, RecordRow, fixed, form)
    if outcome.receipt is None:
        return _new(request, who, subject, table, outcome)
    return go(request, who, f"/subjects/{subject}/data/{table}", word_of(outcome))
