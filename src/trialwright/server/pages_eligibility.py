"""Pages of eligibility: questions, judgments, each criterion with its datum, the signature, and randomization."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from trialwright.conduct import (
    Answer,
    Attest,
    Field,
    Randomize,
    Refused,
    SignEligibility,
    anchors_of,
    answers_of,
    attesting_role,
    content_hash,
    eligibility_of,
    question_of,
    read_field,
    sight_of,
    why_not_eligible,
)
from trialwright.errors import DataError
from trialwright.server.browser import Outcome, Page, checked_form, go, submit
from trialwright.server.clinic import crumbs_of, row_address, seen_subject, status_of
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page

if TYPE_CHECKING:
    from trialwright.conduct import Subject
    from trialwright.protocol import Screener, Screening

__all__ = ["eligibility_pages"]

BLANK_RECORDS = 3
"""Empty records offered beneath those there are."""


def eligibility_pages() -> APIRouter:
    """Return the routes of eligibility and randomization."""
    router = APIRouter(include_in_schema=False)

    @router.get("/subjects/{subject}/eligibility")
    async def eligibility(request: Request, who: Page, subject: str) -> Response:
        return _eligibility(request, who, subject)

    @router.post("/subjects/{subject}/eligibility")
    async def sign(request: Request, who: Page, subject: str) -> Response:
        form = await checked_form(request, who)
        outcome = await submit(request, who, SignEligibility, form, subject=subject)
        if outcome.receipt is None:
            return _eligibility(request, who, subject, outcome)
        return go(request, who, f"/subjects/{subject}", "Eligibility is signed. The subject can be randomized.")

    @router.get("/subjects/{subject}/questions")
    async def questions(request: Request, who: Page, subject: str) -> Response:
        return _questions(request, who, subject)

    @router.post("/subjects/{subject}/questions")
    async def answer(request: Request, who: Page, subject: str) -> Response:
        form = await checked_form(request, who)
        return await _answer(request, who, subject, form)

    @router.get("/subjects/{subject}/judgments")
    async def judgments(request: Request, who: Page, subject: str) -> Response:
        return _judgments(request, who, subject)

    @router.post("/subjects/{subject}/judgments")
    async def attest(request: Request, who: Page, subject: str) -> Response:
        form = await checked_form(request, who)
        given = [
            {"variable": name, "value": value == "true", "note": form.get(f"{name}--note", "").strip() or None}
            for name, value in form.items()
            if value in {"true", "false"}
        ]
        outcome = await submit(request, who, Attest, form, subject=subject, judgments=given)
        if outcome.receipt is None:
            return _judgments(request, who, subject, outcome)
        return go(request, who, f"/subjects/{subject}/eligibility", "The judgments are signed.")

    @router.get("/subjects/{subject}/randomize")
    async def review(request: Request, who: Page, subject: str) -> Response:
        return _review(request, who, subject)

    @router.post("/subjects/{subject}/randomize")
    async def randomize(request: Request, who: Page, subject: str) -> Response:
        form = await checked_form(request, who)
        levels = {name.removeprefix("level-"): value for name, value in form.items() if name.startswith("level-")}
        outcome = await submit(request, who, Randomize, form, subject=subject, levels=levels)
        if outcome.receipt is None:
            return _review(request, who, subject, outcome)
        return go(request, who, f"/subjects/{subject}/allocation")

    @router.get("/subjects/{subject}/allocation")
    async def allocation(request: Request, who: Page, subject: str) -> Response:
        return _allocation(request, who, subject)

    return router


def _eligibility(request: Request, who: Who, subject: str, outcome: Outcome | None = None) -> Response:
    desk = desk_of(request)
    screener = desk.office.screener
    with desk.office.reading() as state:
        record = seen_subject(state, sight_of(state, who.user, desk.now()), subject)
        screening = eligibility_of(state, screener, subject, desk.now().date())
        shown: dict[str, Any] = {
            "record": _plain(record), "digest": content_hash(record), "against": why_not_eligible(record, screening),
            "findings": list(_findings(screener, record, screening)),
            "work_list": [_missing(screener, record, one) for one in screening.work_list],
            "overall": screening.overall, "valid_until": screening.valid_until,
        }  # fmt: skip
    return page(
        request, "eligibility.html", who, status=outcome.status if outcome else 200, subject=subject, labels={},
        crumbs=crumbs_of(subject), **shown, **(outcome.shown if outcome else {}),
    )  # fmt: skip


def _plain(record: Subject) -> dict[str, Any]:
    """Return what the pages tell of a subject beside its answers."""
    signed = record.signed
    return {
        "id": record.id, "site": record.site, "status": record.status, "consented": record.consent is not None,
        "open": record.outcome is None and record.allocated is None and not record.withdrawn,
        "signed": record.signature_holds, "signed_by": signed.by if signed else None,
        "signed_at": signed.at if signed else None, "randomized": record.allocated is not None,
        "answered": len(record.answers), "waiver": record.waiver,
    }  # fmt: skip


def _findings(screener: Screener, record: Subject, screening: Screening) -> Iterator[dict[str, Any]]:
    criteria = {criterion.id: criterion for criterion in screener.protocol.eligibility.criteria}
    for finding in screening.findings:
        criterion = criteria[finding.criterion]
        data = [one.datum for one in finding.deciding] + [one.datum for one in finding.missing]
        names = dict.fromkeys(datum.split("[")[0].split(".")[0] for datum in data)
        yield {
            "id": finding.criterion, "short": criterion.short, "kind": criterion.kind, "answer": finding.answer,
            "tag": status_of(finding.answer)["tag"], "because": finding.because, "valid_until": finding.valid_until,
            "data": [_datum(screener, record, name) for name in names],
        }  # fmt: skip


def _datum(screener: Screener, record: Subject, name: str) -> tuple[str, str]:
    """Return the label of a datum and the page where it is given."""
    variable = screener.protocol.variables.get(name)
    if variable is not None:
        where = "judgments" if variable.attestation else "questions"
        return variable.label, f"/subjects/{record.id}/{where}#{name}"
    if name in screener.protocol.eligibility.anchors:
        return name.replace("_", " "), f"/subjects/{record.id}/dates"
    return name.replace("_", " "), ""


def _missing(screener: Screener, record: Subject, line: Any) -> dict[str, Any]:
    label, link = _datum(screener, record, line.missing.variable)
    return {"label": label, "link": link, "why": line.missing.reason.value, "criteria": ", ".join(line.criteria)}


# Questions and judgments.


def _questions(request: Request, who: Who, subject: str, outcome: Outcome | None = None) -> Response:
    desk = desk_of(request)
    variables = desk.office.screener.protocol.variables
    with desk.office.reading() as state:
        record = seen_subject(state, sight_of(state, who.user, desk.now()), subject)
        fields = [question_of(name, one) for name, one in variables.items() if not one.attestation]
        values = _values(fields, record)
        histories = {name: row_address(subject, "answers", {"variable": name}, "history", field="value")
                     for name in record.answers}  # fmt: skip
        sizes = {one.name: _size(one, record) for one in fields if one.kind == "records"}
    shown = outcome.shown if outcome else {"values": values}
    return page(
        request, "questions.html", who, status=outcome.status if outcome else 200, subject=subject, fields=fields,
        labels={one.name: one.label for one in fields}, crumbs=crumbs_of(subject), histories=histories, sizes=sizes,
        **shown,
    )  # fmt: skip


def _size(one: Field, record: Subject) -> int:
    given = record.answers.get(one.name)
    return (len(given.value) if given and given.value else 0) + BLANK_RECORDS


def _values(fields: list[Field], record: Subject) -> dict[str, str]:
    """Return the answers given as the page shows them."""
    values: dict[str, str] = {}
    for one in fields:
        given = record.answers.get(one.name)
        if given is None:
            continue
        if given.flavor != "value":
            values[f"{one.name}--none"] = given.flavor
        elif one.kind == "records":
            values |= _shown_records(one, given.value)
        else:
            values[one.name] = one.shown(given.value) or "none of these"
    return values


def _shown_records(one: Field, records: list[dict[str, Any]]) -> dict[str, str]:
    shown = {
        f"{one.name}-{number}-{part.name}": part.shown(record.get(part.name))
        for number, record in enumerate(records, 1)
        for part in one.parts
    }
    return shown if records else {f"{one.name}--empty": "true"}


async def _answer(request: Request, who: Who, subject: str, form: Mapping[str, str]) -> Response:
    variables = desk_of(request).office.screener.protocol.variables
    fields = [question_of(name, one) for name, one in variables.items() if not one.attestation]
    desk = desk_of(request)
    with desk.office.reading() as state:
        seen_subject(state, sight_of(state, who.user, desk.now()), subject)
    errors: dict[str, str] = {}
    given = list(_given(fields, form, errors))
    if errors or not given:
        problem = None if errors else "Nothing was answered; answer at least one question."
        return _questions(request, who, subject, Outcome(form, errors=errors, problem=problem, status=422))
    outcome = await submit(request, who, Answer, form, subject=subject, answers=given)
    if outcome.receipt is None:
        return _questions(request, who, subject, outcome)
    return go(request, who, f"/subjects/{subject}/eligibility", f"{len(outcome.receipt.facts)} answers were recorded.")


def _given(fields: list[Field], form: Mapping[str, str], errors: dict[str, str]) -> Iterator[dict[str, Any]]:
    for one in fields:
        try:
            value = _records(one, form) if one.kind == "records" else read_field(one, form.get(one.name, "").strip())
        except ValueError as error:
            errors[one.name] = str(error)
            continue
        why = form.get(f"{one.name}--none", "").strip()
        if value is not None:
            yield {"variable": one.name, "value": value}
        elif why:
            yield {"variable": one.name, "no_value": why}


def _records(one: Field, form: Mapping[str, str]) -> list[dict[str, Any]] | None:
    """Return the records of a question; None when nothing was said, an empty list when it was said there is none."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for name, text in form.items():
        place, _, part = name.removeprefix(f"{one.name}-").partition("-")
        field = next((each for each in one.parts if each.name == part), None)
        if name.startswith(f"{one.name}-") and place.isdigit() and field is not None and text.strip():
            found[int(place)][part] = read_field(field, text.strip())
    if found:
        return [found[place] for place in sorted(found)]
    return [] if form.get(f"{one.name}--empty") else None


def _judgments(request: Request, who: Who, subject: str, outcome: Outcome | None = None) -> Response:
    desk = desk_of(request)
    variables = desk.office.screener.protocol.variables
    with desk.office.reading() as state:
        record = seen_subject(state, sight_of(state, who.user, desk.now()), subject)
        asked: list[dict[str, Any]] = [
            {
                "field": question_of(name, one), "role": attesting_role(name, one),
                "given": _told(record, name), "value": _judged(record, name),
            }
            for name, one in variables.items()
            if one.attestation
        ]  # fmt: skip
    return page(
        request, "judgments.html", who, status=outcome.status if outcome else 200, subject=subject, asked=asked,
        labels={one["field"].name: one["field"].label for one in asked}, crumbs=crumbs_of(subject),
        **(outcome.shown if outcome else {}),
    )  # fmt: skip


def _told(record: Subject, name: str) -> str | None:
    given = record.answers.get(name)
    if given is None:
        return None
    return f"{'yes' if given.value else 'no'}, {given.by} ({given.role}), {given.on}" + (
        f": {given.note}" if given.note else ""
    )


def _judged(record: Subject, name: str) -> str:
    given = record.answers.get(name)
    return "" if given is None else "true" if given.value else "false"


# Randomization.


def _review(request: Request, who: Who, subject: str, outcome: Outcome | None = None) -> Response:
    desk = desk_of(request)
    screener, today = desk.office.screener, desk.now().date()
    with desk.office.reading() as state:
        record = seen_subject(state, sight_of(state, who.user, desk.now()), subject)
        screening = eligibility_of(state, screener, subject, today)
        shown: dict[str, Any] = {
            "record": _plain(record), "digest": content_hash(record), "against": why_not_eligible(record, screening),
            "computed": _levels(screener, record, today),
            "factors": [
                Field(f"level-{one.id}", one.label, "choice", choices=tuple((level, level) for level in one.levels))
                for one in screener.protocol.randomization.strata
            ],
        }  # fmt: skip
    return page(
        request, "randomize.html", who, status=outcome.status if outcome else 200, subject=subject,
        labels={one.name: one.label for one in shown["factors"]}, crumbs=crumbs_of(subject), **shown,
        **(outcome.shown if outcome else {}),
    )  # fmt: skip


def _levels(screener: Screener, record: Subject, today: Any) -> list[tuple[str, str]]:
    """Return what the data give for each stratification factor."""
    try:
        found = screener.stratum(answers_of(screener, record), anchors_of(screener, record, today)[0])
    except DataError as error:
        return [("Stratum", str(error))]
    return [(one.label, found[one.id]) for one in screener.protocol.randomization.strata]


def _allocation(request: Request, who: Who, subject: str) -> Response:
    desk = desk_of(request)
    protocol = desk.office.screener.protocol
    with desk.office.reading() as state:
        sight = sight_of(state, who.user, desk.now())
        record = seen_subject(state, sight, subject)
        if record.allocated is None:
            raise Refused(f"{subject} is not randomized; the subject's page says what comes next")
        seen_arm = sight.sees_arm(record.site)
        body, at, by = record.allocation, record.allocated.at, record.allocated.author
    doses = [
        (protocol.intervention(name).name, _dose(dose)) for name, dose in body["doses"].items()
    ] if seen_arm else []  # fmt: skip
    levels = {one.id: one.label for one in protocol.randomization.strata}
    return page(
        request, "allocation.html", who, subject=subject, crumbs=crumbs_of(subject), seen_arm=seen_arm,
        arm=body["arm_label"] if seen_arm else None, doses=doses, at=at, by=by,
        strata=[(levels[name], level) for name, level in body["levels"].items()],
    )  # fmt: skip


def _dose(dose: Mapping[str, Any]) -> str:
    amount = f"{dose['dose']:g} {dose['unit'] or ''}".strip() if dose["dose"] is not None else "dose not stated"
    product = dose["product"] or "product not stated"
    return f"{product}, {amount}" + (f" ({dose['reason']})" if dose["reason"] else "")
