"""What goes wrong, told the same way everywhere: what, why, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from trialwright.conduct import Refused

__all__ = ["FieldProblem", "Problem", "SignInNeeded", "TooMany", "answer", "problem_of"]

WHAT = {
    400: "the request cannot be read",
    401: "nobody is signed in",
    403: "this may not be done",
    404: "there is no such thing",
    405: "this address does not do that",
    409: "this cannot be done now",
    413: "the request is too large",
    415: "the request is in a form that is not understood",
    422: "the request cannot be as it is",
    429: "too many requests",
    500: "the office made a mistake",
    503: "the office cannot write now",
}
TO_DO = {
    400: "send JSON as the description of the interface at /api/v1/openapi.json says",
    401: "sign in, then ask again",
    403: "ask somebody who may, or an administrator for the right",
    404: "check the address and the number",
    405: "see the description of the interface at /api/v1/openapi.json",
    409: "look at the present state, then decide again",
    413: "send less at once",
    415: "send JSON with Content-Type: application/json",
    422: "correct what is named and send it again",
    429: "wait the seconds given by Retry-After, then ask again",
    500: "nothing was written by halves; report the request number to the people who run the office",
    503: "ask again with the same key in a moment; nothing is lost",
}


class FieldProblem(BaseModel):
    """One field that cannot be as it is."""

    field: str
    why: str


class Problem(BaseModel):
    """Why a request was not answered, and what to do."""

    what: str
    why: str
    what_to_do: str
    fields: list[FieldProblem] = []
    request: str = ""
    """Number of the request, as in the server's log."""


class SignInNeeded(Exception):  # noqa: N818 - an answer
    """Nobody is signed in, or the session has ended."""

    def __init__(self, why: str) -> None:
        super().__init__(why)


class TooMany(Exception):  # noqa: N818 - an answer
    """Requests come faster than they are answered."""

    def __init__(self, wait: float) -> None:
        super().__init__("requests come faster than this office answers them")
        self.wait = wait


def problem_of(error: Exception) -> tuple[int, Problem]:
    """Return status and words for an error."""
    match error:
        case Refused():
            return error.status, _told(error.status, str(error))
        case SignInNeeded():
            return 401, _told(401, str(error))
        case TooMany():
            return 429, _told(429, str(error))
        case RequestValidationError():
            fields = _fields(error.errors())
            status = 400 if any(each["type"] == "json_invalid" for each in error.errors()) else 422
            why = "; ".join(f"{each.field}: {each.why}" for each in fields[:5])
            return status, _told(status, why, fields=fields)
        case HTTPException():
            return error.status_code, _told(error.status_code, str(error.detail))
    return 500, _told(500, "an error that was not foreseen; the server's log has it under the request number")


def answer(error: Exception, request_id: str) -> JSONResponse:
    """Return an error as JSON."""
    status, problem = problem_of(error)
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(int(error.wait) + 1)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, HTTPException) and error.headers:
        headers |= dict(error.headers)
    return JSONResponse({**problem.model_dump(), "request": request_id}, status, headers)


def _told(status: int, text: str, *, fields: Sequence[FieldProblem] = ()) -> Problem:
    """The office's sentences say why, then after a semicolon what to do."""
    why, _, to_do = (text, "", "") if fields else text.partition("; ")
    return Problem(
        what=WHAT.get(status, WHAT[400]), why=why, what_to_do=to_do or TO_DO.get(status, TO_DO[400]), fields=[*fields]
    )


def _fields(errors: Sequence[Any]) -> list[FieldProblem]:
    """Name fields and reasons; never what was sent, which may be a secret."""
    return [FieldProblem(field=_place(each["loc"]), why=each["msg"]) for each in errors]


def _place(location: Sequence[Any]) -> str:
    parts = [str(part) for part in location if part != "body"]
    return ".".join(parts) or "body"
