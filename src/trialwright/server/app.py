"""The application: routes put together, errors answered in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from trialwright.conduct import Accounts, Identities, Office, Refused
from trialwright.server.api_commands import command_routes
from trialwright.server.api_reads import read_routes
from trialwright.server.api_session import session_routes
from trialwright.server.browser import checked_form, cookie_of, signed_in_again
from trialwright.server.identity import Desk
from trialwright.server.middleware import Envelope
from trialwright.server.pages_acts import act_pages
from trialwright.server.pages_audit import audit_pages
from trialwright.server.pages_decisions import decision_pages
from trialwright.server.pages_door import door_pages, sign_in_instead
from trialwright.server.pages_eligibility import eligibility_pages
from trialwright.server.pages_home import home_pages
from trialwright.server.pages_identity import identity_pages
from trialwright.server.pages_lists import list_pages
from trialwright.server.pages_overview import overview_pages
from trialwright.server.pages_people import people_pages
from trialwright.server.pages_provider import provider_pages
from trialwright.server.pages_queries import query_pages
from trialwright.server.pages_rows import row_pages
from trialwright.server.pages_screening import screening_pages
from trialwright.server.pages_subject import subject_pages
from trialwright.server.problems import SignInNeeded, TooMany, answer, problem_of
from trialwright.server.provider import Doorway
from trialwright.server.rendering import page
from trialwright.server.settings import Settings

__all__ = ["create_app"]

ANSWERED = (Refused, SignInNeeded, TooMany, RequestValidationError, HTTPException)
INTERFACE = (command_routes, session_routes, read_routes)
PAGES = (
    door_pages,
    provider_pages,
    home_pages,
    people_pages,
    list_pages,
    audit_pages,
    act_pages,
    screening_pages,
    eligibility_pages,
    subject_pages,
    row_pages,
    identity_pages,
    overview_pages,
    query_pages,
    decision_pages,
)


def create_app(
    office: Office,
    accounts: Accounts,
    settings: Settings | None = None,
    *,
    identities: Identities | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """Return the web application over an office: an ASGI application for uvicorn or another server.

    ``identities`` opens the identifiers that sites keep; without it their pages say that they are not to be had. The
    pages are at ``/``, the interface at ``/api/v1``, its description at ``/api/v1/openapi.json``.
    """
    from trialwright import __version__

    app = FastAPI(
        title="Trialwright trial office",
        version=__version__,
        summary="Screen, randomize and follow the patients of one trial.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    provider = settings.provider if settings else None
    app.state.doorway = Doorway(provider) if provider else None
    app.state.desk = Desk(office, accounts, settings or Settings(), identities=identities, clock=clock)
    for routes in (*INTERFACE, *PAGES):
        app.include_router(routes())
    app.mount("/static", StaticFiles(packages=[("trialwright.server", "static")]), name="static")
    for kind in ANSWERED:
        app.add_exception_handler(kind, _problem)
    app.add_api_route("/health", _health, include_in_schema=False)
    app.add_middleware(Envelope, settings=settings or Settings())
    return app


async def _problem(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(("/api/", "/static/")):
        return answer(error, request.state.request_id)
    if isinstance(error, SignInNeeded):
        return await _door(request, str(error))
    return _error_page(request, error)


async def _door(request: Request, why: str) -> Response:
    """The sign-in page; it keeps a form that came after its session had ended."""
    if request.method != "POST":
        return sign_in_instead(request, why)
    form = await checked_form(request, None, keep_mark=True)
    mine = signed_in_again(request, form)
    kept = {name: text for name, text in form.items() if "password" not in name and name not in {"csrf", "code"}}
    return sign_in_instead(request, why, kept if mine else None)


def _error_page(request: Request, error: Exception) -> Response:
    status, problem = problem_of(error)
    try:
        who = request.app.state.desk.who(cookie_of(request))
    except (SignInNeeded, TooMany):
        who = None
    return page(
        request, "error.html", who, status=status, what=problem.what, why=problem.why, to_do=problem.what_to_do,
        number=request.state.request_id,
    )  # fmt: skip


async def _health(request: Request) -> dict[str, str]:
    """Say that the server runs; nothing about the trial."""
    return {"office": "open"}
