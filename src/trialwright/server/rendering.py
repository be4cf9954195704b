"""Pages made from templates: what every page needs is put beside what this one shows."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from trialwright.conduct import RIGHTS, Sight, roles_at, sight_of, sites_for
from trialwright.server.identity import Who, desk_of

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["NAVIGATION", "Seen", "csrf_of", "new_key", "page", "seen"]

NAVIGATION = (
    ("/", "Home", None),
    ("/subjects", "Subjects", "read subjects"),
    ("/progress", "Progress", "read subjects"),
    ("/serious", "Serious events", "read subjects"),
    ("/decisions", "Decisions", "force eligibility"),
    ("/queries", "Queries", "read queries"),
    ("/sites", "Sites", "read sites"),
    ("/lists", "Lists", "read lists"),
    ("/people", "People", "read people"),
    ("/audit", "Audit trail", "read audit"),
    ("/acts", "All acts", None),
)
"""Address, label and the right it takes to be shown: the main navigation, in order."""


@dataclass(frozen=True)
class Seen:
    """The reader of a page: account, roles, what they may do and see."""

    user: str
    name: str
    roles: tuple[str, ...]
    sight: Sight
    actions: frozenset[str]

    def may(self, action: str | None) -> bool:
        """Say whether the reader may do this at some place."""
        return action is None or action in self.actions


def page(
    request: Request, template: str, who: Who | None = None, *, status: int = 200, **values: Any
) -> HTMLResponse:  # fmt: skip
    """Return a page; ``values`` are the template's own names."""
    text = _environment().get_template(template).render({**_frame(request, who), **values})
    return HTMLResponse(text, status)


def seen(request: Request, who: Who) -> Seen:
    """Return who reads."""
    desk = desk_of(request)
    at = desk.now()
    with desk.office.reading() as state:
        account = state.people.accounts[who.user]
        grants = state.people.grants_of(who.user, at.date())
        roles = sorted({grant.role for grant in grants})
        actions = frozenset(one for one in RIGHTS if sites_for(state, who.user, one, at) != frozenset())
        sight = sight_of(state, who.user, at)
        if not roles:
            roles = sorted(roles_at(state, who.user, None, at))
    return Seen(who.user, account.name, tuple(roles), sight, actions)


def csrf_of(token: str) -> str:
    """Return what a form must bring back, so that no other site can send it: made from the session's token.

    >>> len(csrf_of("token"))
    64
    """
    return hashlib.sha256(f"form {token}".encode()).hexdigest()


def new_key() -> str:
    """Return an idempotency key for one form: sent twice, it acts once."""
    return f"form-{secrets.token_hex(12)}"


def _frame(request: Request, who: Who | None) -> Mapping[str, Any]:
    desk = desk_of(request)
    reader = seen(request, who) if who is not None else None
    with desk.office.reading() as state:
        environment = state.founding.environment
    protocol = desk.office.screener.protocol
    return {
        "request": request,
        "reader": reader,
        "navigation": [(to, label) for to, label, action in NAVIGATION if reader and reader.may(action)],
        "path": request.url.path,
        "csrf": csrf_of(who.token) if who is not None else "",
        "new_key": new_key,
        "study": protocol.identification.id.upper(),
        "study_title": protocol.identification.brief_title,
        "environment": environment,
        "notices": desk.notices(who.session.digest) if who is not None else (),
        "now": desk.now(),
        "today": desk.now().date(),
        "errors": {},
        "problem": None,
        "values": {},
    }


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("trialwright.server"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["instant"] = _instant
    return environment


def _instant(at: str | datetime | None) -> str:
    """Return an instant to the minute in UTC, as people read it.

    >>> _instant("2026-03-02T08:10:59.123456Z")
    '2026-03-02 08:10 UTC'
    """
    if at is None:
        return ""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment:%Y-%m-%d %H:%M} UTC"
