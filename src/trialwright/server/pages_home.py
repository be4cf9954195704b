"""The home page: what waits for its reader, by role."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from trialwright.conduct import State
from trialwright.server.browser import Page
from trialwright.server.identity import desk_of
from trialwright.server.rendering import Seen, page, seen
from trialwright.server.views import sites_seen

__all__ = ["home_pages"]


def home_pages() -> APIRouter:
    """Return the routes of home and sites."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def home(request: Request, who: Page) -> Response:
        reader = seen(request, who)
        desk = desk_of(request)
        with desk.office.reading() as state:
            tiles = _tiles(state, reader, desk.office.screener.protocol.design.enrollment)
        roles = " and ".join(reader.roles)
        greeting = f"You are here as {roles}." if roles else "No role was given to you yet; ask the administrator."
        return page(request, "home.html", who, tiles=tiles, greeting=greeting)

    @router.get("/sites")
    async def sites(request: Request, who: Page) -> Response:
        reader, desk = seen(request, who), desk_of(request)
        with desk.office.reading() as state:
            found = sites_seen(state, desk.office.screener.protocol, reader.sight)
        rows = [
            [
                one.site, one.facility, one.city, one.country, _state_of(one.open, one.recruitment_closed), one.form,
                one.screened, one.randomized, one.cap,
            ]
            for one in found
        ]  # fmt: skip
        return page(request, "sites.html", who, rows=rows, opened=sum(one.open for one in found))

    return router


def _state_of(is_open: bool, closed: str | None) -> dict[str, str]:
    if not is_open:
        return {"text": "not open", "tag": "plain"}
    return {"text": "recruitment closed", "tag": "warn"} if closed else {"text": "open", "tag": "good"}


def _tiles(state: State, reader: Seen, planned: int | None) -> list[dict[str, Any]]:
    tiles = []
    if reader.may("read subjects"):
        tiles += _subject_tiles(state, reader, planned)
    if reader.may("read queries"):
        waiting = [one for one in state.cleaning.waiting() if reader.sight.sees_site(one.site)]
        tiles.append(_tile("Queries not closed", len(waiting), "Open or answered", "/queries"))
    if reader.may("read sites"):
        tiles.append(_tile("Sites open", len(state.sites.open), "", "/sites"))
    if reader.may("read people"):
        accounts = sum(one.active for one in state.people.accounts.values())
        waits = sum(one.locked_until is not None for one in state.people.failures.values())
        tiles.append(_tile("Accounts", accounts, f"{waits} waiting after wrong tries" if waits else "", "/people"))
    if reader.may("read audit"):
        tiles.append(_tile("Entries in the log", state.seq, "Each with author and time", "/audit"))
    return tiles


def _subject_tiles(state: State, reader: Seen, planned: int | None) -> list[dict[str, Any]]:
    records = [one for one in state.subjects.records.values() if reader.sight.sees_site(one.site)]
    randomized = sum(one.allocated is not None for one in records)
    screening = sum(one.status in {"logged", "in screening", "eligible, signed"} for one in records)
    of = f"of {planned} planned" if planned and reader.sight.sites is None else "at your sites"
    return [
        _tile("Screened", len(records), f"{screening} still in screening", "/subjects"),
        _tile("Randomized", randomized, of, "/subjects"),
    ]


def _tile(title: str, number: int | None, text: str, link: str) -> dict[str, Any]:
    return {"title": title, "number": number, "text": text, "link": link}
