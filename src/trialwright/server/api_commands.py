"""The interface's orders: one address for each command of the office, its fields the body."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Request
from fastapi.responses import JSONResponse

from trialwright.conduct import COMMANDS, Ask
from trialwright.server.identity import Bearer, Who, desk_of
from trialwright.server.problems import Problem

__all__ = ["KEY", "PROBLEMS", "Key", "command_routes", "kebab"]

KEY = r"^[A-Za-z0-9._:-]{8,100}$"
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=KEY,
        description="Chosen by the caller, new for each act; the same key and body give the same answer for ever.",
    ),
]
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        400: "The body is no JSON",
        401: "Nobody is signed in, or the session has ended",
        403: "No right to do this here, or the password must be confirmed first",
        404: "Nothing of that name that the caller may see",
        409: "The order of steps, a cap or the state of the trial does not allow it, or the data changed meanwhile",
        413: "The body is too large",
        422: "A value that cannot be, or a key used for something else",
        429: "Too many requests",
        503: "The office cannot write now; ask again with the same key",
    }.items()
}


BUSY = frozenset({"Answer", "CorrectRow", "Randomize", "RecordRow", "RecordRows"})
"""Asked most; their addresses are looked through first."""


def kebab(name: str) -> str:
    """Return the address of a command.

    >>> kebab("RecordTraining")
    'record-training'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def command_routes() -> APIRouter:
    """Return a route for everything that can be asked."""
    router = APIRouter(prefix="/api/v1", tags=["acts"])
    for name, command in sorted(COMMANDS.items(), key=lambda one: (one[0] not in BUSY, one[0])):
        router.add_api_route(
            f"/{kebab(name)}",
            _endpoint(command),
            methods=["POST"],
            name=name,
            operation_id=name,
            summary=(command.__doc__ or name).split("\n")[0],
            description=_description(command),
            responses={200: {"description": "Done, and durable"}, **PROBLEMS},
        )
    return router


def _endpoint(command: type[Ask]) -> Callable[..., Awaitable[JSONResponse]]:
    async def ask(request: Request, body: Ask, who: Bearer, key: Key) -> JSONResponse:
        return await _asked(request, body, who, key)

    ask.__annotations__ = {
        "request": Request,
        "body": Annotated[command, Body()],
        "who": Bearer,
        "key": Key,
        "return": JSONResponse,
    }
    return ask


async def _asked(request: Request, command: Ask, who: Who, key: str) -> JSONResponse:
    receipt = await asyncio.wrap_future(desk_of(request).office.submit(command, who.actor, key))
    return JSONResponse(receipt.reply, headers={"Idempotent-Replay": "true"} if receipt.repeated else None)


def _description(command: type[Ask]) -> str:
    confirmation = " The password must have been confirmed (/api/v1/confirm)." if command.needs_confirmation else ""
    return f"{command.__doc__ or ''}\n\nNeeds the right *{command.action}*.{confirmation}"
