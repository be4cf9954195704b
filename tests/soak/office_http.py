"""The whole server, HTTP and all, as a nursery's child; and the client that speaks to it.

Run as ``python office_http.py PORT``, like ``office_nursery.py``.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import uvicorn
from argon2 import PasswordHasher
from office_nursery import SYSTEM, nursery, opened
from trial_desk import TINY
from trial_desk import Desk as Prepared

from trialwright.conduct import (
    Accounts,
    Credentials,
    GrantRole,
    Limits,
    Office,
    RecordTraining,
    RegisterUser,
)
from trialwright.protocol import Screener, load
from trialwright.server import Rates, Settings, create_app
from trialwright.server.identity import Desk

USER, PASSWORD = "ivy", "seven green kettles"
LIMITS = Limits(session=timedelta(days=1), confirmation=timedelta(days=1), idle=timedelta(days=1), second_factor=False)

SETTINGS = Settings(secure=False, rates=Rates(requests=1e6, requests_at_once=1_000_000), limits=LIMITS)


def accounts_of(office: Office, job: dict[str, Any]) -> Accounts:
    """Accounts whose passwords cost nothing to prove."""
    at = datetime.fromisoformat(job["at"])
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return Accounts(office, Credentials(job["url"], bytes(32), hasher=cheap), LIMITS, clock=lambda: at)


def signed_in(url: str, mirror: Path, desk: Prepared) -> str:
    """Register an investigator, sign in and prove the password again; returns the session's token."""
    job = {"url": url, "mirror": str(mirror), "at": desk.at.isoformat()}
    today = desk.at.date()
    with opened(job, Screener(load(TINY))) as office:
        accounts = accounts_of(office, job)
        for number, command in enumerate(
            (
                RegisterUser(user=USER, name="Ivy", organization="Site"),
                RecordTraining(user=USER, training="GCP", trained_on=today),
                GrantRole(user=USER, role="investigator", scope="study", start=today),
            )
        ):
            office.do(command, SYSTEM, f"account {number}")
        accounts.set_password(USER, PASSWORD)
        token = accounts.sign_in(USER, PASSWORD).token
        accounts.confirm(token, PASSWORD)
    return token


class Served:
    """The application, built once before any fork: its sixty routes take longer than an office takes to open."""

    def __init__(self, screener: Screener) -> None:
        with TemporaryDirectory() as folder:
            job = {"url": f"sqlite:///{folder}/warm.db", "at": "2024-01-01T00:00:00+00:00"}
            with opened(job, screener) as office:
                self.app = create_app(office, accounts_of(office, job), SETTINGS)
                asyncio.run(self._first_request())

    async def _first_request(self) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://localhost") as client:
            assert (await client.post("/api/v1/screen", json={})).status_code >= 400

    def __call__(self, job: dict[str, Any], screener: Screener, listener: socket.socket) -> None:
        """Be the server of a job until killed."""
        at = datetime.fromisoformat(job["at"])
        office = opened(job, screener)
        self.app.state.desk = Desk(office, accounts_of(office, job), SETTINGS, clock=lambda: at)
        config = uvicorn.Config(self.app, log_level="critical", access_log=False, lifespan="off")
        asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


class HttpClient:
    """One signed-in HTTP/1.1 connection, opened again whenever it broke."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, key: str, command: str, fields: dict[str, Any]) -> tuple[int, Any]:
        """Return status and answer; 0 when nobody knows what became of the request."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(self._request(key, command, fields))
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
            length = next(int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:"))
            return int(head[9:12]), json.loads(await asyncio.wait_for(reader.readexactly(length), 10))
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self.drop()
            await asyncio.sleep(0.002)
            return 0, None

    def drop(self) -> None:
        """Break the connection."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    def _request(self, key: str, command: str, fields: dict[str, Any]) -> bytes:
        body = json.dumps(fields).encode()
        head = (
            f"POST /api/v1/{command.lower()} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self._token}\r\nIdempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


if __name__ == "__main__":
    nursery(int(sys.argv[1]), Served)
