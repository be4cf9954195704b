"""The application: routes put together, errors answered in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from trialwright.conduct import Accounts, Office, Refused
from trialwright.server.api_commands import command_routes
from trialwright.server.api_reads import read_routes
from trialwright.server.api_session import session_routes
from trialwright.server.identity import Desk
from trialwright.server.middleware import Envelope
from trialwright.server.problems import SignInNeeded, TooMany, answer
from trialwright.server.settings import Settings

__all__ = ["create_app"]

ANSWERED = (Refused, SignInNeeded, TooMany, RequestValidationError, HTTPException)


def create_app(
    office: Office,
    accounts: Accounts,
    settings: Settings | None = None,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """Return the web application over an office: an ASGI application for uvicorn or another server.

    The pages are at ``/``, the interface at ``/api/v1``, its description at ``/api/v1/openapi.json``.
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
    app.state.desk = Desk(office, accounts, settings or Settings(), clock=clock)
    for routes in (command_routes(), session_routes(), read_routes()):
        app.include_router(routes)
    for kind in ANSWERED:
        app.add_exception_handler(kind, _problem)
    app.add_api_route("/health", _health, include_in_schema=False)
    app.add_middleware(Envelope, settings=settings or Settings())
    return app


async def _problem(request: Request, error: Exception) -> Response:
    return answer(error, request.state.request_id)


async def _health(request: Request) -> dict[str, str]:
    """Say that the server runs; nothing about the trial."""
    return {"office": "open"}
