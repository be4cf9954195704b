"""What surrounds every answer: a request number, headers that keep browsers safe, limits on size, and the log."""

from __future__ import annotations

import itertools
import json
import logging
import secrets
import time
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trialwright.server.problems import answer
from trialwright.server.settings import Settings

__all__ = ["Envelope"]

LOG = logging.getLogger("trialwright.server")

LARGE = "the body is larger than this office takes"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TLS_ONLY = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}


class Envelope:
    """ASGI middleware around the whole application; written without a task of its own, since it meets every request."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        # Told apart, not secret: a random number for each request would cost as much as the rest of the envelope.
        self._start, self._numbers = secrets.token_hex(4), itertools.count()
        self._headers = HEADERS | (TLS_ONLY if settings.secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = f"{self._start}{next(self._numbers):08x}"
        line = _Line(scope, time.perf_counter())
        sending = self._sending(scope, send, line)
        try:
            await self._answered(scope, receive, sending)
        except Exception as error:
            LOG.exception("request %s failed", scope["state"]["request_id"])
            if line.status is None:
                await answer(error, scope["state"]["request_id"])(scope, receive, sending)
        finally:
            line.write()

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _announced(scope) > self.settings.longest_body:
            await _refuse(scope, receive, send)
        else:
            await self.app(scope, self._limited(receive), send)

    def _limited(self, receive: Receive) -> Receive:
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.settings.longest_body:
                raise HTTPException(413, LARGE)
            return message

        return limited

    def _sending(self, scope: Scope, send: Send, line: _Line) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                line.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers["X-Request-ID"] = scope["state"]["request_id"]
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return sending


class _Line:
    """One line of the log: never a query, a body, a header or a cookie, since secrets travel in those."""

    def __init__(self, scope: Scope, began: float) -> None:
        self.scope, self.began = scope, began
        self.status: int | None = None

    def write(self) -> None:
        if not LOG.isEnabledFor(logging.INFO):
            return
        state = self.scope["state"]
        values: dict[str, Any] = {
            "request": state["request_id"],
            "method": self.scope["method"],
            "path": self.scope["path"],
            "status": self.status,
            "ms": round((time.perf_counter() - self.began) * 1000, 1),
            "user": state.get("user"),
        }
        LOG.info(json.dumps(values))


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    response = answer(HTTPException(413, LARGE), scope["state"]["request_id"])
    await response(scope, receive, send)
