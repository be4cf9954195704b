"""Pages of screening: the log, a new entry, consent, reference dates, failure, withdrawal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from trialwright.conduct import Consent, Field, Screen, ScreenFail, StateDate, Withdraw, role_for, sites_for
from trialwright.server.browser import Outcome, Page, checked_form, go, submit
from trialwright.server.clinic import Act, act_pages, crumbs_of, status_of
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page, seen
from trialwright.server.views import subjects_seen

if TYPE_CHECKING:
    from trialwright.conduct import State, Subject

__all__ = ["screening_pages"]

REASON = Field("reason", "Reason", "text", hint="In a few words, without names.")


def screening_pages() -> APIRouter:
    """Return the routes of screening."""
    router = APIRouter(include_in_schema=False)

    @router.get("/subjects")
    async def log(request: Request, who: Page, status: str = "") -> Response:
        return _log(request, who, status)

    @router.get("/screen")
    async def new(request: Request, who: Page) -> Response:
        return _new(request, who)

    @router.post("/screen")
    async def screen(request: Request, who: Page) -> Response:
        form = await checked_form(request, who)
        outcome = await submit(request, who, Screen, form, **_person(form))
        if outcome.receipt is None:
            return _new(request, who, outcome)
        subject = outcome.receipt.reply["subject"]
        return go(request, who, f"/subjects/{subject}", f"{subject} is the subject's number. Consent comes next.")

    for address, methods, function in act_pages(ACTS):
        router.add_api_route(address, function, methods=methods)
    return router


def _log(request: Request, who: Who, status: str) -> Response:
    reader, desk = seen(request, who), desk_of(request)
    with desk.office.reading() as state:
        role_for(state, who.user, "read subjects", None, desk.now())
        found = subjects_seen(state, reader.sight)
    counts = Counter(one.status for one in found)
    rows: list[list[Any]] = [
        [
            {"text": one.subject, "link": f"/subjects/{one.subject}"}, one.site, str(one.screened_on),
            status_of(one.status), one.consent, one.outcome, one.reason or None,
            one.randomized_at[:10] if one.randomized_at else None,
        ]
        for one in found
        if status in {"", one.status}
    ]  # fmt: skip
    return page(
        request, "subjects.html", who, rows=rows, total=len(found), counts=sorted(counts.items()), standing=status,
        may_screen=reader.may("screen"),
    )  # fmt: skip


def _new(request: Request, who: Who, outcome: Outcome | None = None) -> Response:
    desk = desk_of(request)
    with desk.office.reading() as state:
        role_for(state, who.user, "read subjects", None, desk.now())
        own = sites_for(state, who.user, "screen", desk.now())
        sites = [one for one in sorted(state.sites.open) if own is None or one in own]
    names = {one.id: one.facility for one in desk.office.screener.protocol.sites}
    fields = (
        Field("site", "Site", "choice", choices=tuple((one, f"{one} {names[one]}") for one in sites)),
        Field("screened_on", "Day of screening", "date"),
        Field("birth_year", "Year of birth", "integer", hint="Kept only as a code that tells a person twice.",
              whole=True, minimum=1900, maximum=2100),
        Field("sex", "Sex", "choice", choices=(("female", "female"), ("male", "male"))),
        Field("initials", "Initials", "text", hint="Two to four letters; kept only as a code."),
        Field("another_person_because", "Somebody else than an earlier subject with the same year, sex and initials?",
              "text", required=False, hint="Say why, only when the office asked."),
    )  # fmt: skip
    return page(
        request, "screen.html", who, status=outcome.status if outcome else 200, fields=fields, crumbs=crumbs_of(),
        labels={one.name: one.label for one in fields}, sites=sites, **(outcome.shown if outcome else {}),
    )  # fmt: skip


def _person(form: dict[str, str]) -> dict[str, Any]:
    given = {name: form.get(name, "").strip() for name in ("birth_year", "sex", "initials")}
    return {"person": given} if any(given.values()) else {}


def _consent_fields(request: Request, state: State, record: Subject | None) -> tuple[Field, ...]:
    site = record.site if record else ""
    versions = tuple(
        (form.version, f"{form.version}, in force from {form.from_}") for form in state.sites.forms.get(site, ())
    )
    return (
        Field("version", "Version of the form signed", "choice", choices=versions),
        Field("signed_on", "Signed on", "date"),
        Field("biopsy", "Agrees to biopsies", "yes/no", required=False),
        Field("blood", "Agrees to blood samples", "yes/no", required=False),
    )


def _date_fields(request: Request, state: State, record: Subject | None) -> tuple[Field, ...]:
    anchors = desk_of(request).office.screener.protocol.eligibility.anchors
    choices = tuple((one, one.replace("_", " ")) for one in anchors)
    return Field("anchor", "Reference date", "choice", choices=choices), Field("on", "Day", "date")


def _fail_fields(request: Request, state: State, record: Subject | None) -> tuple[Field, ...]:
    outcomes = ("not eligible", "declined", "cannot tell", "no dose stated", "closed", "screen failure")
    choices = tuple((one, one) for one in outcomes)
    return Field("outcome", "What became of the screening", "choice", choices=choices), REASON


def _withdraw_fields(request: Request, state: State, record: Subject | None) -> tuple[Field, ...]:
    levels = ("treatment", "biopsies", "blood samples", "study", "study and samples")
    choices = tuple((one, one) for one in levels)
    return Field("level", "Withdraws from", "choice", choices=choices), Field("withdrawn_on", "On", "date"), REASON


ACTS = (
    Act(
        "consent", Consent, "Record consent",
        "The version must be the one approved at the site on the day it was signed.",
        "Record consent", _consent_fields, "The consent is recorded.",
    ),
    Act(
        "dates", StateDate, "State a reference date",
        "Criteria count from these dates. One that is not stated stands for the day of evaluation.",
        "State date", _date_fields, "The date is stated.",
    ),
    Act(
        "fail", ScreenFail, "End screening without randomization",
        "The findings are kept as they stand. This cannot be undone; a later try is a new entry in the log.",
        "End screening", _fail_fields, "The screening has ended.", "danger",
    ),
    Act(
        "withdraw", Withdraw, "Record a withdrawal",
        "Data collected so far stay. Say what the subject no longer agrees to.",
        "Record withdrawal", _withdraw_fields, "The withdrawal is recorded.", "danger",
    ),
)  # fmt: skip
