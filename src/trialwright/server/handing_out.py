"""Copies that leave the office: each is written down, with its hash, before it is handed out."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from trialwright.conduct import NoteExport
from trialwright.server.identity import Who, desk_of

if TYPE_CHECKING:
    from fastapi import Request

__all__ = ["handed_out"]


async def handed_out(request: Request, who: Who, text: str, filename: str) -> PlainTextResponse:
    """Return a CSV file once it is on record who took it; nothing is handed out that cannot be written down."""
    content = text.encode()
    path = f"{request.url.path}?{request.url.query}".rstrip("?")[:1000]
    note = NoteExport(what=path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    await asyncio.wrap_future(desk_of(request).office.submit(note, who.actor, f"export {secrets.token_hex(16)}"))
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return PlainTextResponse(content, media_type="text/csv", headers=headers)
