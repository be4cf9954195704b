"""The interface's answers: what the office knows, held to what the reader may see."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from trialwright.conduct import RIGHTS, NotFound, Sight, State, role_for, roles_at, sight_of
from trialwright.server.api_commands import PROBLEMS
from trialwright.server.handing_out import handed_out
from trialwright.server.identity import Bearer, Who, desk_of
from trialwright.server.lists import ListView, lists_seen
from trialwright.server.views import (
    FactView,
    QueryView,
    RowView,
    SiteView,
    SubjectView,
    UserView,
    facts_seen,
    queries_seen,
    rows_seen,
    sites_seen,
    subject_seen,
    subjects_seen,
    users_seen,
)

__all__ = ["read_routes"]

Number = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="Subject number, such as ES06-004")]
SiteId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
Word = Annotated[str | None, Field(max_length=100)]


class Me(BaseModel):
    """The account behind the token."""

    user: str
    name: str
    organization: str
    roles: list[str]
    actions: list[str]
    """What these roles may do somewhere."""
    sites: list[str] | None
    """Sites whose subjects are seen; null: all."""


class Study(BaseModel):
    """The trial this office runs."""

    study: str
    title: str
    facts: int
    head: str
    """Hash of the last fact, by which a copy of the log is compared."""


class Filter(BaseModel):
    """Which facts."""

    model_config = ConfigDict(extra="forbid")
    after: Annotated[int, Field(ge=0, le=10**12)] = 0
    kind: Word = None
    author: Word = None
    subject: Word = None
    site: Word = None
    since: date | None = None
    until: date | None = None
    most: Annotated[int, Field(ge=1, le=1000)] = 200


Asked = Annotated[Filter, Query()]


def read_routes() -> APIRouter:
    """Return the routes of the answers."""
    router = APIRouter(prefix="/api/v1", tags=["answers"], responses=PROBLEMS)

    @router.get("/me", operation_id="ReadMe")
    async def me(request: Request, who: Bearer) -> Me:
        """Return the account behind the token, its roles and what they may do."""
        return _me(request, who)

    @router.get("/study", operation_id="ReadStudy")
    async def study(request: Request, who: Bearer) -> Study:
        """Return the trial and the head of its log."""
        desk = desk_of(request)
        about = desk.office.screener.protocol.identification
        with desk.office.reading() as state:
            return Study(study=about.id, title=about.brief_title, facts=state.seq, head=state.head)

    @router.get("/sites", operation_id="ReadSites")
    async def sites(request: Request, who: Bearer) -> list[SiteView]:
        """Return the sites of the protocol: open or not, forms, caps, subjects so far where they may be seen."""
        with _looking(request, who, "read sites") as (state, sight):
            return sites_seen(state, desk_of(request).office.screener.protocol, sight)

    @router.get("/sites/{site}", operation_id="ReadSite")
    async def site(request: Request, who: Bearer, site: SiteId) -> SiteView:
        """Return one site."""
        with _looking(request, who, "read sites") as (state, sight):
            found = sites_seen(state, desk_of(request).office.screener.protocol, sight)
        if each := next((each for each in found if each.site == site), None):
            return each
        raise NotFound(f"the protocol has no site {site!r}; /api/v1/sites lists them")

    @router.get("/lists", operation_id="ReadLists")
    async def lists(request: Request, who: Bearer) -> list[ListView]:
        """Return the allocation lists: hashes, people and places used; nothing of what comes."""
        with _looking(request, who, "read lists") as (state, _):
            return lists_seen(state, desk_of(request).office)

    @router.get("/users", operation_id="ReadUsers")
    async def users(request: Request, who: Bearer) -> list[UserView]:
        """Return accounts and the roles they were given, also those taken back."""
        with _looking(request, who, "read people") as (state, _):
            return users_seen(state)

    @router.get("/subjects", operation_id="ReadSubjects")
    async def subjects(request: Request, who: Bearer) -> list[SubjectView]:
        """Return the subjects of the reader's sites: the screening log."""
        with _looking(request, who, "read subjects") as (state, sight):
            return subjects_seen(state, sight)

    @router.get("/subjects/{subject}", operation_id="ReadSubject")
    async def subject(request: Request, who: Bearer, subject: Number) -> SubjectView:
        """Return one subject; another site's looks the same as none."""
        with _looking(request, who, "read subjects") as (state, sight):
            return subject_seen(state, sight, subject)

    @router.get("/subjects/{subject}/history", operation_id="ReadHistory")
    async def history(request: Request, who: Bearer, subject: Number) -> list[FactView]:
        """Return all that was ever stated about one subject, with author, role and time."""
        with _looking(request, who, "read subjects") as (state, sight):
            subject_seen(state, sight, subject)
            return [FactView.of(fact, sight) for fact in state.trail.of_subject(subject) if sight.sees(fact)]

    @router.get("/subjects/{subject}/rows", operation_id="ReadRows")
    async def rows(request: Request, who: Bearer, subject: Number, table: Word = None) -> list[RowView]:
        """Return the rows of one subject's tables with the version in force."""
        with _looking(request, who, "read subjects") as (state, sight):
            subject_seen(state, sight, subject)
            return rows_seen(state, sight, subject, table)

    @router.get("/queries", operation_id="ReadQueries")
    async def queries(request: Request, who: Bearer, status: Word = None) -> list[QueryView]:
        """Return the queries of the reader's sites."""
        with _looking(request, who, "read queries") as (state, sight):
            return queries_seen(state, sight, status)

    @router.get("/audit", operation_id="ReadAudit")
    async def audit(request: Request, who: Bearer, asked: Asked) -> list[FactView]:
        """Return facts in order; ``after`` is the last sequence number of the page before."""
        with _looking(request, who, "read audit") as (state, sight):
            return facts_seen(state, sight, **asked.model_dump())

    @router.get("/audit.csv", operation_id="ExportAudit", response_class=PlainTextResponse)
    async def audit_csv(request: Request, who: Bearer, asked: Asked) -> PlainTextResponse:
        """Return the same facts as a table in CSV; that it was taken is written down."""
        with _looking(request, who, "read audit") as (state, sight):
            found = facts_seen(state, sight, **asked.model_dump())
        return await handed_out(request, who, csv_of(found), "audit-trail.csv")

    return router


def csv_of(facts: list[FactView]) -> str:
    """Return facts as CSV, one line each, the body as JSON; no cell begins like a formula of a spreadsheet."""
    text = io.StringIO()
    names = list(FactView.model_fields)
    writer = csv.DictWriter(text, names, lineterminator="\r\n")
    writer.writeheader()
    for fact in facts:
        writer.writerow({name: _cell(value) for name, value in fact.flat().items()})
    return text.getvalue()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in set("=+-@\t\r") else value


@contextmanager
def _looking(request: Request, who: Who, action: str) -> Iterator[tuple[State, Sight]]:
    desk = desk_of(request)
    with desk.office.reading() as state:
        at = desk.now()
        role_for(state, who.user, action, None, at)
        yield state, sight_of(state, who.user, at)


def _me(request: Request, who: Who) -> Me:
    desk = desk_of(request)
    with desk.office.reading() as state:
        at = desk.now()
        account = state.people.accounts[who.user]
        roles = sorted({grant.role for grant in state.people.grants_of(who.user, at.date())})
        sight = sight_of(state, who.user, at)
        assert roles_at(state, who.user, None, at) <= set(roles)
    return Me(
        user=who.user,
        name=account.name,
        organization=account.organization,
        roles=roles,
        actions=sorted(action for action, may in RIGHTS.items() if may & set(roles)),
        sites=None if sight.sites is None else sorted(sight.sites),
    )
