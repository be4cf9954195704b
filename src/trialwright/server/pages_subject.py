"""Pages of one subject: overview with calendar, every table as a form, one row with its history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from trialwright.conduct import (
    CorrectRow,
    Form,
    Invalid,
    NotFound,
    OpenQuery,
    RecordRow,
    RowId,
    StrikeRow,
    VerifyRow,
    form_of,
    forms,
    plan_of,
    read_form,
    sight_of,
)
from trialwright.server.browser import Outcome, Page, checked_form, go, submit_values
from trialwright.server.clinic import crumbs_of, row_address, seen_subject, status_of
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page, seen
from trialwright.server.views import FactView

if TYPE_CHECKING:
    from trialwright.conduct import Ask, Planned, Row, Sight, State, Subject

__all__ = ["subject_pages"]

SHOWS_ARM = frozenset({"doses"})
"""Tables from which the arm can be read."""
ROW_ACTS: dict[str, tuple[type[Ask], str]] = {
    "strike": (StrikeRow, "The row is taken back; its history stays."),
    "verify": (VerifyRow, "Verified against its source."),
    "ask": (OpenQuery, "The query is open."),
}


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

    @router.get("/subjects/{subject}/row")
    async def row(request: Request, who: Page, at: At) -> Response:
        return _row(request, who, at)

    @router.post("/subjects/{subject}/row")
    async def correct(request: Request, who: Page, at: At) -> Response:
        return await _correct(request, who, at)

    @router.post("/subjects/{subject}/row/{act}")
    async def act_on_row(request: Request, who: Page, at: At, act: str) -> Response:
        return await _act_on_row(request, who, at, act)

    @router.get("/subjects/{subject}/history")
    async def history(request: Request, who: Page, at: At, field: str = "") -> Response:
        return _history(request, who, at, field)

    return router


@dataclass(frozen=True)
class Spot:
    """Which row a page is about."""

    subject: str
    table: str
    key: Mapping[str, Any]

    def address(self, page: str = "row", **more: str) -> str:
        """Return the address of a page about this row."""
        return row_address(self.subject, self.table, self.key, page, **more)


def spot_of(subject: str, table: str, key: str) -> Spot:
    """Return the row that an address names."""
    return Spot(subject, table, _key(key))


At = Annotated[Spot, Depends(spot_of)]


def _key(text: str) -> dict[str, Any]:
    try:
        key = json.loads(text) if len(text) <= 1000 else None
    except ValueError:
        key = None
    if not isinstance(key, dict):
        raise Invalid("the key of a row is a JSON object; follow a link to the row instead of typing its address")
    return key


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
    repeat = f" {one.number}" if one.kind == "visit" and one.number > 1 else ""
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


def _seen(request: Request, who: Who, state: State, subject: str, table: str) -> tuple[Subject, Sight]:
    desk = desk_of(request)
    sight = sight_of(state, who.user, desk.now())
    record = seen_subject(state, sight, subject)
    if table in SHOWS_ARM and not sight.sees_arm(record.site):
        raise NotFound(f"{table} would tell the arm, which is not shown to your role while the trial runs")
    return record, sight


def _table(request: Request, who: Who, subject: str, table: str) -> Response:
    desk = desk_of(request)
    with desk.office.reading() as state:
        record, _ = _seen(request, who, state, subject, table)
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
        record, _ = _seen(request, who, state, subject, table)
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
        record, _ = _seen(request, who, state, subject, table)
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
    return go(request, who, f"/subjects/{subject}/data/{table}", _word(outcome))


def _word(outcome: Outcome) -> str:
    facts = outcome.receipt.facts if outcome.receipt else ()
    texts = [fact.body["text"] for fact in facts if fact.kind == "check fired"]
    return "Recorded." + (f" A query asks: {'; '.join(texts)}." if texts else "")


# One row.


def _row(request: Request, who: Who, at: Spot, outcome: Outcome | None = None) -> Response:
    desk, subject, table = desk_of(request), at.subject, at.table
    with desk.office.reading() as state:
        record, _ = _seen(request, who, state, subject, table)
        form = form_of(desk.office.screener.protocol, table, record)
        row = state.rows.find(table, subject, at.key)
        if row is None:
            raise NotFound(f"{subject} has no such row under {form.title.lower()}; the table lists those there are")
        values = {one.name: one.shown(row.values.get(one.name)) for one in form.values}
        values |= {f"{name}--none": why for name, why in row.now.without.items()}
        fields = [
            (one.label, {"text": _told(one, row), "link": at.address("history", field=one.name)}) for one in form.fields
        ]
        shown: dict[str, Any] = {
            "version": row.now.number, "struck": row.struck, "fields": fields,
            "verified": state.cleaning.is_verified(row), "last": (row.now.by, row.now.at),
            "queries": [
                [{"text": one.id, "link": f"/queries/{one.id}"}, one.column, status_of(one.status), one.thread[-1].text]
                for one in state.cleaning.queries.values()
                if (one.table, one.subject, one.key) == (table, subject, row.id.key)
            ],
        }  # fmt: skip
    held = outcome.shown if outcome else {"values": values}
    return page(
        request, "row.html", who, status=outcome.status if outcome else 200, subject=subject, form=form, table=table,
        address=at.address(), labels={one.name: one.label for one in form.fields},
        acts={name: at.address(f"row/{name}") for name in ROW_ACTS},
        columns=[(one.name, one.label) for one in form.fields],
        crumbs=crumbs_of(subject, (f"/subjects/{subject}/data/{table}", form.title)), **shown, **held,
    )  # fmt: skip


def _told(one: Any, row: Row) -> str:
    value = row.values.get(one.name)
    return one.told(value) if value is not None else row.now.without.get(one.name, "–")


async def _correct(request: Request, who: Who, at: Spot) -> Response:
    form = await checked_form(request, who)
    desk = desk_of(request)
    with desk.office.reading() as state:
        record, _ = _seen(request, who, state, at.subject, at.table)
        plan = form_of(desk.office.screener.protocol, at.table, record)
    sent = read_form(plan, form, key=False)
    if sent.errors:
        return _row(request, who, at, Outcome(form, errors=sent.errors, status=422))
    asked = _asked(at, form) | {"values": sent.values, "without": sent.without, "reason": form.get("why") or None}
    outcome = await submit_values(request, who, CorrectRow, asked, form)
    if outcome.receipt is None:
        return _row(request, who, at, outcome)
    return go(request, who, at.address(), _word(outcome))


def _asked(at: Spot, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what every act on a row says: which row, and which version was shown."""
    return {"subject": at.subject, "table": at.table, "key": dict(at.key), "version": form.get("version")}


async def _act_on_row(request: Request, who: Who, at: Spot, act: str) -> Response:
    form = await checked_form(request, who)
    if act not in ROW_ACTS:
        raise NotFound(f"a row cannot be asked to {act[:20]!r}; known: {', '.join(ROW_ACTS)}")
    command, notice = ROW_ACTS[act]
    desk = desk_of(request)
    with desk.office.reading() as state:
        _seen(request, who, state, at.subject, at.table)
    said = {"reason": form.get("why"), "text": form.get("text"), "field": form.get("about") or None}
    asked = {name: value for name, value in (_asked(at, form) | said).items() if name in command.model_fields}
    outcome = await submit_values(request, who, command, asked, form)
    if outcome.receipt is None:
        problem = outcome.problem or " ".join(f"{name}: {why}" for name, why in outcome.errors.items())
        return _row(request, who, at, Outcome({}, problem=problem, status=outcome.status))
    return go(request, who, at.address(), notice)


def _history(request: Request, who: Who, at: Spot, field: str) -> Response:
    desk = desk_of(request)
    protocol = desk.office.screener.protocol
    with desk.office.reading() as state:
        record, sight = _seen(request, who, state, at.subject, at.table)
        if at.table == "answers":
            title, steps = _answer_steps(protocol.variables, state, sight, record, at.key)
        else:
            title, steps = _field_steps(form_of(protocol, at.table, record), state, record, at.key, field)
    return page(
        request, "history.html", who, subject=at.subject, title=title, steps=steps, crumbs=crumbs_of(at.subject)
    )


def _field_steps(
    form: Form, state: State, record: Subject, key: Mapping[str, Any], field: str
) -> tuple[str, list[list[Any]]]:  # fmt: skip
    one = next((each for each in form.fields if each.name == field), None)
    if one is None:
        raise NotFound(f"{form.title} has no field {field[:40]!r}; known: {', '.join(f.name for f in form.fields)}")
    id = RowId.of(form.table, record.id, key)
    if one.is_key:
        row = state.rows.rows.get(id)
        first = row.versions[0] if row else None
        steps = [[1, one.told(key.get(field)), first.by, first.role, first.at, ""]] if first else []
        return f"{form.title}: {one.label}", steps
    changes = state.rows.history(id, field)
    told = [
        [step.version, one.told(step.value) if step.value is not None else None, step.by, step.role, step.at,
         step.reason or None]
        for step in changes
    ]  # fmt: skip
    return f"{form.title}: {one.label}", told


def _answer_steps(
    variables: Mapping[str, Any], state: State, sight: Sight, record: Subject, key: Mapping[str, Any]
) -> tuple[str, list[list[Any]]]:
    name = str(key.get("variable", ""))
    if name not in variables:
        raise NotFound(f"{name[:40]!r} is no variable of the protocol")
    facts = [
        FactView.of(fact, sight)
        for fact in state.trail.of_subject(record.id)
        if fact.kind in {"answered", "attested"} and fact.body.get("variable") == name
    ]
    steps = [
        [number, _given(one.body), one.author, one.role, one.at, one.body.get("reason") or one.body.get("note") or None]
        for number, one in enumerate(facts, 1)
    ]
    return variables[name].label, steps


def _given(body: Mapping[str, Any]) -> str:
    if body.get("flavor", "value") != "value":
        return str(body["flavor"])
    value = body["value"]
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
