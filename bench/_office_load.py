"""The load client, in a process of its own: python -m bench._office_load JOB.json, answers in the job's ``out``.

One connection for each site, kept open; plain sockets, because the client shares two cores with what it measures.
Every request, what was answered and how long it took is written down: the history that the checks judge.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Connection:
    """One HTTP/1.1 connection that is opened again whenever it breaks."""

    def __init__(self, port: int) -> None:
        self.port, self.token = port, ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: dict[str, Any], key: str = "") -> tuple[int, Any]:
        """Return status and answer."""
        await self.send(path, body, key)
        return await self.receive()

    async def send(self, path: str, body: dict[str, Any], key: str = "") -> None:
        """Send a request without waiting for its answer."""
        _, writer = await self._open()
        data = json.dumps(body).encode()
        head = (
            f"POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.token}\r\nIdempotency-Key: {key}\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        writer.write(head.encode() + data)

    async def receive(self) -> tuple[int, Any]:
        """Read one answer."""
        reader, _ = await self._open()
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:"))
        return int(head[9:12]), json.loads(await reader.readexactly(length))

    def drop(self) -> None:
        """Break the connection, whatever the server was about to say."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        return self._streams


class Client:
    """One site's staff: signs in, proves the password, and randomizes one patient after another."""

    def __init__(self, site: dict[str, Any], job: dict[str, Any]) -> None:
        self.site, self.job, self.connection = site, job, Connection(job["port"])
        self.history: list[dict[str, Any]] = []
        self.done = self.forms = 0

    async def sign_in(self) -> None:
        from pyotp import TOTP

        code = TOTP(self.site["secret"]).now()
        given = {"user": self.site["user"], "password": self.site["password"], "code": code}
        status, answer = await self.connection.post("sign-in", given)
        assert status == 200, answer
        self.connection.token = answer["token"]
        status, answer = await self.connection.post("confirm", {"password": self.site["password"]})
        assert status == 200, answer

    async def run(self, phase: dict[str, Any], until: float) -> None:
        """Do what one phase asks for, until its time is up."""
        match phase["kind"]:
            case "randomize":
                await self._randomize(phase, until)
            case "forms":
                await self._forms(until)
            case "press":
                await self.ask("randomize", self.site["subjects"][0], f"key-{self.site['subjects'][0]['subject']}")

    async def _randomize(self, phase: dict[str, Any], until: float) -> None:
        lose = phase.get("drop_every", 0)
        while self.done < len(self.site["subjects"]) and time.monotonic() < until:
            asked = self.site["subjects"][self.done]
            self.done += 1
            await self.ask("randomize", asked, f"key-{asked['subject']}", lose=bool(lose) and self.done % lose == 0)

    async def _forms(self, until: float) -> None:
        """Save forms of twenty values each for the patients randomized before."""
        while time.monotonic() < until:
            self.forms += 1
            subject = self.site["subjects"][self.forms % max(self.done, 1)]["subject"]
            await self.ask("record-rows", _form(subject, self.forms), f"form-{subject}-{self.forms}")

    async def ask(self, path: str, body: dict[str, Any], key: str, *, lose: bool = False) -> None:
        """Ask once; ``lose``: the answer is lost on the way, and the same is asked for again, twice."""
        if lose:
            await self._lost(path, body, key)
            await self._asked(path, body, key)
        await self._asked(path, body, key)

    async def _lost(self, path: str, body: dict[str, Any], key: str) -> None:
        await self.connection.send(path, body, key)
        await asyncio.sleep(0.02)  # long enough to be committed, as a rule; either way nobody hears the answer
        self.connection.drop()

    async def _asked(self, path: str, body: dict[str, Any], key: str) -> None:
        invoked = time.monotonic()
        try:
            status, answer = await self.connection.post(path, body, key)
        except (OSError, asyncio.IncompleteReadError):
            self.connection.drop()
            status, answer = 0, {"why": "the connection broke"}
        self.history.append(
            {"key": key, "user": self.site["user"], "invoked": invoked, "ended": time.monotonic(), "status": status,
             "answer": answer}
        )  # fmt: skip


async def main(job: dict[str, Any]) -> None:
    """Sign everybody in, go through the phases, and write down what happened."""
    sites = json.loads(Path(job["sites"]).read_text("utf-8"))
    clients = [Client(site, job) for site in sites]
    for client in clients:
        await client.sign_in()
    told = [await _phase(phase, clients, job) for phase in job["phases"]]
    Path(job["out"]).write_text(json.dumps(told), "utf-8")


async def _phase(phase: dict[str, Any], clients: list[Client], job: dict[str, Any]) -> dict[str, Any]:
    for client in clients:
        client.history = []
        client.connection.drop()  # the server ends connections that were idle while others signed in
    start, spent = time.monotonic(), _cpu(job)
    until = start + phase.get("seconds", 3600.0)
    await asyncio.gather(*(client.run(phase, until) for client in clients))
    seconds, spent = time.monotonic() - start, _cpu(job) - spent
    history = [each for client in clients for each in client.history]
    return {"phase": phase, "seconds": seconds, "server_cpu_seconds": spent, "history": history}


def _form(subject: str, number: int) -> dict[str, Any]:
    """Return a form of four laboratory results, five values each."""
    on = datetime.now(UTC).date().isoformat()
    tests = (("anc", 3.1, "10^9/L"), ("platelets", 220, "10^9/L"), ("hemoglobin", 12.5, "g/dL"), ("alt", 0.8, "ULN"))
    rows = [
        {
            "table": "laboratory",
            "key": {"number": 4 * number + place},
            "values": {"test": test, "value": value, "unit": unit, "specimen": "blood", "sampled_on": on},
        }
        for place, (test, value, unit) in enumerate(tests, 1)
    ]
    return {"subject": subject, "rows": rows}


def _cpu(job: dict[str, Any]) -> float:
    """Return the processor seconds that the server has used so far."""
    if "pid" not in job:
        return 0.0
    fields = Path(f"/proc/{job['pid']}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
