"""Pages of one row: its values, each with its history, and the acts on it."""

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
    RowId,
    StrikeRow,
    VerifyRow,
    form_of,
    read_form,
    sight_of,
)
from trialwright.server.browser import Outcome, Page, checked_form, go, submit_values
from trialwright.server.clash import clash_of, shown_values
from trialwright.server.clinic import crumbs_of, row_address, seen_subject, status_of
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page
from trialwright.server.views import FactView

if TYPE_CHECKING:
    from trialwright.conduct import Ask, Row, Sight, State, Subject

__all__ = ["SHOWS_ARM", "row_pages", "seen_table", "word_of"]

SHOWS_ARM = frozenset({"doses"})
"""Tables from which the arm can be read."""
ROW_ACTS: dict[str, tuple[type[Ask], str]] = {
    "strike": (StrikeRow, "The row is taken back; its history stays."),
    "verify": (VerifyRow, "Verified against its source."),
    "ask": (OpenQuery, "The query is open."),
}


def row_pages() -> APIRouter:
    """Return the routes of one row."""
    router = APIRouter(include_in_schema=False)

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


def seen_table(request: Request, who: Who, state: State, subject: str, table: str) -> tuple[Subject, Sight]:
    """Return a subject whose table the reader may see, and what else the reader sees."""
    desk = desk_of(request)
    sight = sight_of(state, who.user, desk.now())
    record = seen_subject(state, sight, subject)
    if table in SHOWS_ARM and not sight.sees_arm(record.site):
        raise NotFound(f"{table} would tell the arm, which is not shown to your role while the trial runs")
    return record, sight


def _row(request: Request, who: Who, at: Spot, outcome: Outcome | None = None) -> Response:
    desk, subject, table = desk_of(request), at.subject, at.table
    with desk.office.reading() as state:
        record, _ = seen_table(request, who, state, subject, table)
        form = form_of(desk.office.screener.protocol, table, record)
        row = state.rows.find(table, subject, at.key)
        if row is None:
            raise NotFound(f"{subject} has no such row under {form.title.lower()}; the table lists those there are")
        clash = clash_of(form, row, outcome.values) if outcome and outcome.status == 409 else None
        values = shown_values(form, row.now)
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
        shown["changed"] = clash.changed if clash else []
        if clash:
            values = clash.values
        elif outcome and outcome.values:
            values = dict(outcome.values)
    held = {**(outcome.shown if outcome else {}), "values": values}
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
        record, _ = seen_table(request, who, state, at.subject, at.table)
        plan = form_of(desk.office.screener.protocol, at.table, record)
    sent = read_form(plan, form, key=False)
    if sent.errors:
        return _row(request, who, at, Outcome(form, errors=sent.errors, status=422))
    asked = _asked(at, form) | {"values": sent.values, "without": sent.without, "reason": form.get("why") or None}
    outcome = await submit_values(request, who, CorrectRow, asked, form)
    if outcome.receipt is None:
        return _row(request, who, at, outcome)
    return go(request, who, at.address(), word_of(outcome))


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
        seen_table(request, who, state, at.subject, at.table)
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
        record, sight = seen_table(request, who, state, at.subject, at.table)
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


def word_of(outcome: Outcome) -> str:
    """Return what became of a row, and what the edit checks ask."""
    facts = outcome.receipt.facts if outcome.receipt else ()
    texts = [fact.body["text"] for fact in facts if fact.kind == "check fired"]
    return "Recorded." + (f" A query asks: {'; '.join(texts)}." if texts else "")
