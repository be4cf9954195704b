"""Browsers: the session's cookie, forms that only our own pages can send, and answers to them."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from trialwright.conduct import Ask, InvalidFields, Receipt, Refused
from trialwright.server.identity import Who, desk_of
from trialwright.server.rendering import csrf_of

__all__ = [
    "Outcome", "Page", "Setup", "checked_form", "clear_cookie", "cookie_of", "go", "is_ours", "put_cookie",
    "signed_in_again", "submit", "submit_values", "text_of",
]  # fmt: skip

Form = Mapping[str, str]


def cookie_of(request: Request) -> str | None:
    """Return the session's token that the browser sent."""
    return request.cookies.get(_name(request))


def put_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser its token: unreadable for scripts, sent to this host only and never along with others' links."""
    secure = desk_of(request).settings.secure
    response.set_cookie(_name(request), token, path="/", httponly=True, samesite="strict", secure=secure)


def clear_cookie(request: Request, response: Response) -> None:
    """Take the token back."""
    secure = desk_of(request).settings.secure
    response.delete_cookie(_name(request), path="/", httponly=True, samesite="strict", secure=secure)


def _name(request: Request) -> str:
    return "__Host-office" if desk_of(request).settings.secure else "office"


async def page_of(request: Request) -> Who:
    """Return who asks for a page; raises SignInNeeded, which leads to the sign-in page."""
    who = desk_of(request).who(cookie_of(request))
    request.state.user = who.user
    return who


async def setup_of(request: Request) -> Who:
    """Return who asks, also with a session that is good for setting password or second factor only."""
    who = desk_of(request).who(cookie_of(request), for_setup=True)
    request.state.user = who.user
    return who


Page = Annotated[Who, Depends(page_of)]
Setup = Annotated[Who, Depends(setup_of)]


def is_ours(request: Request) -> bool:
    """Say whether a form was sent from a page of this office."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    same = origin is None or origin.partition("://")[2] == request.headers.get("host")
    return same and site in {None, "same-origin"}


async def checked_form(request: Request, who: Who | None, *, keep_mark: bool = False) -> dict[str, str]:
    """Return the fields of a form; raises HTTPException 403 for one that did not come from our own page.

    A field sent several times (checkboxes of one name) comes as its values joined by a line break.
    """
    fields = await _fields(request)
    if not is_ours(request):
        raise HTTPException(403, "this form was not sent from a page of this office; open the page and send it there")
    if who is not None and not hmac.compare_digest(fields.get("csrf", ""), csrf_of(who.token)):
        raise HTTPException(403, "this form belongs to another session; open the page again and send it from there")
    if not keep_mark:
        fields.pop("csrf", None)
    return fields


async def _fields(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        raise HTTPException(415, "a page's form is sent as a form")
    found: dict[str, str] = {}
    async with request.form(max_files=0, max_fields=2000) as form:
        for name, value in form.multi_items():
            text = value if isinstance(value, str) else ""
            found[name] = f"{found[name]}\n{text}" if name in found else text
    return found


@dataclass(frozen=True)
class Outcome:
    """What became of a form: a receipt, or what to put right."""

    values: Form
    """What was sent, to be shown again."""
    receipt: Receipt | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    """Reason by field."""
    problem: str | None = None
    """Reason that belongs to no field."""
    status: int = 200

    @property
    def shown(self) -> dict[str, Any]:
        """Return what the template needs to show the form again."""
        return {"values": self.values, "errors": self.errors, "problem": self.problem}


async def submit(
    request: Request, who: Who, command: type[Ask], form: Form, *, key: str | None = None, **fixed: Any
) -> Outcome:
    """Ask the office for what a form says: empty fields are left out, ``fixed`` ones are not the form's to say.

    The form brings its key in the field ``key``. A field ``password`` is proved as the confirmation of this one act
    where the command needs it.
    """
    key = key or form.get("key", "")
    values = {name: text for name, text in form.items() if name in command.model_fields and text.strip()}
    return await submit_values(request, who, command, {**values, **fixed}, form, key=key)


async def submit_values(
    request: Request, who: Who, command: type[Ask], values: Mapping[str, Any], form: Form, *, key: str | None = None
) -> Outcome:
    """Ask the office for what was read from a form beforehand; see :func:`submit`."""
    key = key or form.get("key", "")
    try:
        asked = command.model_validate(values)
        await _confirm(request, who, command, form, key)
        receipt = await asyncio.wrap_future(desk_of(request).office.submit(asked, who.actor, key))
    except ValidationError as error:
        return Outcome(_kept(form), errors=_reasons(error), status=422)
    except InvalidFields as refusal:
        errors = {name: text_of(ValueError(why)) for name, why in refusal.fields.items()}
        return Outcome(_kept(form), errors=errors, problem=None if errors else text_of(refusal), status=refusal.status)
    except Refused as refusal:
        return Outcome(_kept(form), problem=text_of(refusal), status=refusal.status)
    return Outcome(form, receipt)


async def _confirm(request: Request, who: Who, command: type[Ask], form: Form, key: str) -> None:
    if command.needs_confirmation:
        await asyncio.to_thread(desk_of(request).accounts.confirm, who.token, form.get("password", ""), key)


def go(request: Request, who: Who | None, to: str, notice: str = "") -> RedirectResponse:
    """Return the way to another page, with a word to be shown there once."""
    if who is not None and notice:
        desk_of(request).tell(who.session.digest, notice)
    return RedirectResponse(to, 303)


def text_of(error: Exception) -> str:
    """Return a refusal as a sentence or two.

    >>> text_of(ValueError("the site is closed; open it first"))
    'The site is closed. Open it first.'
    """
    parts = [part.strip() for part in str(error).split("; ") if part.strip()]
    return " ".join(f"{part[0].upper()}{part[1:]}{'' if part[-1] in '.?!' else '.'}" for part in parts)


def _kept(form: Form) -> dict[str, str]:
    """Return the form without its secrets."""
    return {name: text for name, text in form.items() if "password" not in name and name not in {"code", "passphrase"}}


def _reasons(error: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in error.errors(include_input=False, include_url=False):
        place = str(each["loc"][0]) if each["loc"] else "form"
        found.setdefault(place, _plain(each))
    return found


PLAIN = {
    "missing": "Give this.",
    "date_from_datetime_parsing": "Give a date as year-month-day, such as 2026-03-02.",
    "date_parsing": "Give a date as year-month-day, such as 2026-03-02.",
    "int_parsing": "Give a whole number.",
    "float_parsing": "Give a number.",
    "bool_parsing": "Say yes or no.",
}


def _plain(each: Mapping[str, Any]) -> str:
    text = PLAIN.get(each["type"])
    return text or f"{each['msg'].removeprefix('Value error, ')}."


def signed_in_again(request: Request, form: Form) -> bool:
    """Say whether a form that came too late was sent from a page of the session that ended."""
    token = cookie_of(request)
    return bool(token) and hmac.compare_digest(form.get("csrf", ""), csrf_of(token or "")) and is_ours(request)
