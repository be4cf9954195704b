"""What the pages about patients share: a subject that the reader may see, forms of one act, addresses of rows."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response

from trialwright.conduct import Ask, Field, NotFound, Sight
from trialwright.server.browser import Outcome, Page, checked_form, go, submit
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import page

if TYPE_CHECKING:
    from trialwright.conduct import State, Subject

__all__ = ["Act", "act_pages", "crumbs_of", "row_address", "seen_subject", "status_of", "tone_of"]

TONES = {
    "randomized": "good", "eligible, signed": "good", "in screening": "warn", "logged": "warn",
    "screen failure": "plain", "withdrawn": "plain", "done": "good", "due": "warn", "overdue": "bad",
    "missed": "bad", "planned": "plain", "met": "good", "not met": "bad", "cannot tell": "warn",
    "not in source": "plain", "open": "bad", "answered": "warn", "closed": "plain", "running": "warn",
    "reported": "good", "reported late": "bad",
}  # fmt: skip


def tone_of(text: str) -> str:
    """Return the tone in which a state is shown beside its word.

    >>> tone_of("overdue"), tone_of("anything")
    ('bad', 'plain')
    """
    return TONES.get(text, "plain")


def status_of(text: str) -> dict[str, str]:
    """Return a state as a cell of a table."""
    return {"text": text, "tag": tone_of(text)}


def seen_subject(state: State, sight: Sight, subject: str) -> Subject:
    """Return a subject that the reader may see; NotFound for another site's as for none."""
    record = state.subjects.of(subject)
    if record is None or not sight.sees_site(record.site):
        raise NotFound(f"there is no subject {subject[:40]!r} that you may see; check the number")
    return record


def row_address(subject: str, table: str, key: Mapping[str, Any], page: str = "row", **more: str) -> str:
    """Return the address of a page about one row.

    >>> row_address("S1-001", "deaths", {})
    '/subjects/S1-001/row?table=deaths&key=%7B%7D'
    """
    query = {"table": table, "key": json.dumps(key, sort_keys=True, separators=(",", ":")), **more}
    return f"/subjects/{subject}/{page}?{urlencode(query)}"


def crumbs_of(subject: str | None = None, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the way from the list of subjects to a page."""
    way = [("/subjects", "Subjects")]
    return [*way, *([(f"/subjects/{subject}", subject)] if subject else []), *more]


Fields = Callable[[Request, "State", "Subject | None"], Sequence[Field]]


@dataclass(frozen=True)
class Act:
    """One form for one command: how it is drawn, and where it leads."""

    path: str
    """Below ``/subjects/{subject}/``."""
    command: type[Ask]
    title: str
    intro: str
    button: str
    fields: Fields
    notice: str
    tone: str = "primary"


def act_pages(acts: Iterable[Act]) -> list[tuple[str, list[str], Callable[..., Awaitable[Response]]]]:
    """Return address, methods and function of the two routes of each act about a subject."""
    routes: list[tuple[str, list[str], Callable[..., Awaitable[Response]]]] = []
    for act in acts:
        address = f"/subjects/{{subject}}/{act.path}"
        routes += [(address, ["GET"], _shown(act)), (address, ["POST"], _sent(act))]
    return routes


def _shown(act: Act) -> Callable[..., Awaitable[Response]]:
    async def shown(request: Request, who: Page, subject: str) -> Response:
        return act_page(request, who, act, subject)

    return shown


def _sent(act: Act) -> Callable[..., Awaitable[Response]]:
    async def sent(request: Request, who: Page, subject: str) -> Response:
        form = await checked_form(request, who)
        _check_seen(request, who, subject)
        outcome = await submit(request, who, act.command, form, subject=subject)
        if outcome.receipt is None:
            return act_page(request, who, act, subject, outcome)
        return go(request, who, f"/subjects/{subject}", act.notice)

    return sent


def act_page(request: Request, who: Who, act: Act, subject: str, outcome: Outcome | None = None) -> Response:
    """Return the page of one form."""
    desk = desk_of(request)
    with desk.office.reading() as state:
        record = seen_subject(state, _sight(state, who, desk.now()), subject)
        fields = act.fields(request, state, record)
    return page(
        request, "act.html", who, status=outcome.status if outcome else 200, act=act, fields=fields,
        action=f"/subjects/{subject}/{act.path}", crumbs=crumbs_of(subject),
        labels={one.name: one.label for one in fields}, **(outcome.shown if outcome else {}),
    )  # fmt: skip


def _check_seen(request: Request, who: Who, subject: str) -> None:
    desk = desk_of(request)
    with desk.office.reading() as state:
        seen_subject(state, _sight(state, who, desk.now()), subject)


def _sight(state: State, who: Who, at: Any) -> Sight:
    from trialwright.conduct import sight_of

    return sight_of(state, who.user, at)
