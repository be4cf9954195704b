"""Pages of the other door: to the hospital's provider and back."""

from __future__ import annotations

import asyncio
import hmac

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from trialwright.conduct import Forbidden
from trialwright.server.browser import put_cookie
from trialwright.server.identity import desk_of
from trialwright.server.pages_door import safe_path
from trialwright.server.provider import Doorway
from trialwright.server.rendering import page

__all__ = ["provider_pages"]


def provider_pages() -> APIRouter:
    """Return the routes of the other door; they answer 404 where no provider is set up."""
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in/provider")
    async def away(request: Request, next: str = "/") -> Response:
        desk = desk_of(request)
        desk.sign_ins.take(request.client.host if request.client else "")
        to, state = await _doorway(request).begin(_back(request), safe_path(next), desk.now())
        response = RedirectResponse(to, 303)
        # Lax, since the browser must bring it along when the provider sends it back from another site.
        response.set_cookie(
            _name(request), state, max_age=600, path="/", httponly=True, samesite="lax", secure=desk.settings.secure
        )
        return response

    @router.get("/sign-in/provider/back")
    async def back(request: Request, state: str = "", code: str = "") -> Response:
        desk = desk_of(request)
        if not state or not hmac.compare_digest(state, request.cookies.get(_name(request), "")):
            raise Forbidden("this sign-in was begun in another browser; begin again")
        found = await _doorway(request).finish(state, code, desk.now())
        signed = await asyncio.to_thread(
            desk.accounts.sign_in_trusted, found.user, second_factor=found.second_factor
        )  # fmt: skip
        # A page of our own in between: the strict cookie is not sent along a way that began at another site.
        response = page(request, "arrived.html", to=found.next)
        put_cookie(request, response, signed.token)
        response.delete_cookie(_name(request), path="/", httponly=True, samesite="lax", secure=desk.settings.secure)
        return response

    return router


def _doorway(request: Request) -> Doorway:
    doorway: Doorway | None = request.app.state.doorway
    if doorway is None:
        raise Forbidden("no other way to sign in is set up here; sign in with name and password")
    return doorway


def _back(request: Request) -> str:
    return str(request.url_for("back"))


def _name(request: Request) -> str:
    return "__Host-office-provider" if desk_of(request).settings.secure else "office-provider"
