"""Pages of the door: sign in and out, change the password, set the second factor, the own account."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from trialwright.conduct import Refused
from trialwright.server.browser import (
    Page,
    Setup,
    checked_form,
    clear_cookie,
    cookie_of,
    put_cookie,
    text_of,
)
from trialwright.server.identity import Desk, Who, desk_of
from trialwright.server.rendering import page
from trialwright.server.views import users_seen

__all__ = ["door_pages", "safe_path"]

LONGEST_KEPT = 200_000


def door_pages() -> APIRouter:
    """Return the routes of the door."""
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    async def sign_in_page(request: Request, next: str = "/", ended: str = "") -> Response:
        return _sign_in_page(request, next, why="Your session has ended. Sign in again to go on." if ended else "")

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        desk = desk_of(request)
        desk.sign_ins.take(request.client.host if request.client else "")
        form = await checked_form(request, None)
        try:
            signed = await asyncio.to_thread(
                desk.accounts.sign_in, form.get("user", "").strip(), form.get("password", ""), form.get("code") or None
            )
        except Refused as refusal:
            return _sign_in_page(request, form.get("next", "/"), form, problem=text_of(refusal), status=403)
        response = _after_sign_in(request, desk.who(signed.token, for_setup=True), form)
        put_cookie(request, response, signed.token)
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request, who: Setup) -> Response:
        await checked_form(request, who)
        await asyncio.to_thread(desk_of(request).accounts.sign_out, who.token)
        response = RedirectResponse("/sign-in", 303)
        clear_cookie(request, response)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    @router.get("/password")
    async def password_page(request: Request, who: Setup) -> Response:
        return _password_page(request, who)

    @router.post("/password")
    async def password(request: Request, who: Setup) -> Response:
        form = await checked_form(request, who)
        if form.get("new") != form.get("again"):
            return _password_page(request, who, errors={"again": "Give the same new password twice."}, status=422)
        change = desk_of(request).accounts.change_password
        try:
            await asyncio.to_thread(change, who.token, form.get("old", ""), form.get("new", ""))
        except Refused as refusal:
            return _password_page(request, who, problem=text_of(refusal), status=refusal.status)
        response = _sign_in_page(request, "/", why="The password is changed. Sign in with the new one.")
        clear_cookie(request, response)
        return response

    @router.get("/second-factor")
    async def second_factor_page(request: Request, who: Setup) -> Response:
        return _second_factor_page(request, who, desk_of(request).accounts.new_secret())

    @router.post("/second-factor")
    async def second_factor(request: Request, who: Setup) -> Response:
        form = await checked_form(request, who)
        accounts = desk_of(request).accounts
        secret, code = form.get("secret", ""), form.get("code", "").strip()
        try:
            await asyncio.to_thread(accounts.set_second_factor, who.user, secret, code)
        except Refused as refusal:
            return _second_factor_page(request, who, secret, text_of(refusal), refusal.status)
        await asyncio.to_thread(accounts.sign_out, who.token, "second factor set")
        response = _sign_in_page(request, "/", why="The second factor is set. Sign in with the next code it shows.")
        clear_cookie(request, response)
        return response

    @router.get("/account")
    async def account(request: Request, who: Page) -> Response:
        return _account_page(request, who)

    return router


def safe_path(path: str) -> str:
    """Return a path of this office, the home page instead of any other.

    >>> safe_path("/subjects/ES06-004"), safe_path("//elsewhere.example"), safe_path("https://elsewhere.example")
    ('/subjects/ES06-004', '/', '/')
    """
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else "/"


def sign_in_instead(request: Request, why: str, kept: Mapping[str, str] | None = None) -> Response:
    """Return the way to the sign-in page; ``kept`` is a form that came after its session had ended."""
    if request.method == "POST":
        text = json.dumps({"path": _address(request), "fields": dict(kept)}) if kept is not None else ""
        return _sign_in_page(request, "/", why=text_of(ValueError(why)), kept=text, status=401)
    query = {"next": _address(request)} | ({"ended": "yes"} if cookie_of(request) else {})
    return RedirectResponse("/sign-in" if query == {"next": "/"} else f"/sign-in?{urlencode(query)}", 303)


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _sign_in_page(
    request: Request,
    next: str,
    form: Mapping[str, str] | None = None,
    *,
    why: str = "",
    kept: str = "",
    problem: str | None = None,
    status: int = 200,
) -> Response:
    given = form or {}
    values = {"user": given.get("user", "")}
    return page(
        request, "sign_in.html", status=status, next=safe_path(next), kept=kept or given.get("kept", ""), why=why,
        problem=problem, values=values, provider=_provider_name(request),
    )  # fmt: skip


def _provider_name(request: Request) -> str:
    provider = desk_of(request).settings.provider
    return provider.name if provider else ""


def _after_sign_in(request: Request, who: Who, form: Mapping[str, str]) -> Response:
    if who.session.only is not None:
        return RedirectResponse("/password" if who.session.only == "password" else "/second-factor", 303)
    kept = _kept(form.get("kept", ""))
    if kept is None:
        return RedirectResponse(safe_path(form.get("next", "/")), 303)
    fields = {name: text for name, text in kept["fields"].items() if name != "csrf"}
    shown = [(name.replace("_", " "), text) for name, text in fields.items() if name != "key" and text]
    return page(request, "kept.html", who, to=safe_path(kept["path"]), fields=fields, shown=shown)


def _kept(text: str) -> dict[str, Any] | None:
    if not text or len(text) > LONGEST_KEPT:
        return None
    try:
        kept = json.loads(text)
        fields = {str(name): str(value) for name, value in kept["fields"].items()}
        return {"path": str(kept["path"]), "fields": fields}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _password_page(request: Request, who: Who, *, status: int = 200, **values: Any) -> Response:
    return page(request, "password.html", who, status=status, must=who.session.only == "password", **values)


def _second_factor_page(
    request: Request, who: Who, secret: str, problem: str | None = None, status: int = 200
) -> Response:
    from pyotp import TOTP

    desk = desk_of(request)
    study = desk.office.screener.protocol.identification.id.upper()
    groups = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
    uri = TOTP(secret).provisioning_uri(name=who.user, issuer_name=f"{study} trial office")
    return page(
        request, "second_factor.html", who, status=status, must=who.session.only is not None, secret=secret,
        groups=groups, uri=uri, problem=problem,
    )  # fmt: skip


def _account_page(request: Request, who: Who) -> Response:
    desk: Desk = desk_of(request)
    with desk.office.reading() as state:
        account = next(one for one in users_seen(state) if one.user == who.user)
    about = [
        ("User name", account.user), ("Name", account.name), ("Organization", account.organization),
        ("Training", ", ".join(account.trainings) or "none on record"),
        ("Session ends", f"{who.session.expires_at:%Y-%m-%d %H:%M} UTC"),
    ]  # fmt: skip
    roles = [
        [one.role, one.scope, str(one.start), str(one.end or ""), one.given_by, (one.revoked_at or "")[:10]]
        for one in account.grants
    ]
    return page(request, "account.html", who, about=about, roles=roles)
