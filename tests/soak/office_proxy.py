"""A network that misbehaves: a TCP proxy before an office, which loses, delays, breaks and doubles on purpose.

It forwards one line after another, and to each request happens what ``fault`` says: ``lose the reply`` (after the
office has committed), ``reset`` (before the office hears of it), ``delay``, ``silence`` (half-open: the office answers
and nobody tells), ``double`` (the request arrives twice), ``late`` (the request arrives, held back, after the client
has given up and asked again on another connection), or nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

FAULTS = ("lose the reply", "reset", "delay", "silence", "double", "late")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """Listens at ``port`` and forwards to ``target``; counts what it did."""

    def __init__(self, port: int, target: int, fault: Callable[[int], str]) -> None:
        self.port, self._target, self._fault = port, target, fault
        self.requests = 0
        self.done: Counter[str] = Counter()
        self._late: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*self._late)
        await asyncio.sleep(0.05)  # connections that were broken are noticed

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        office: Streams | None = None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            office = await asyncio.open_connection("127.0.0.1", self._target)
            while line := await reader.readline():
                fault = self._fault(self.requests)
                self.requests += 1
                self.done[fault] += 1
                if not await self._forwarded(line, fault, office, writer):
                    break
        for stream in (writer, office[1] if office else None):
            if stream is not None:
                stream.transport.abort()

    async def _forwarded(self, line: bytes, fault: str, office: Streams, writer: asyncio.StreamWriter) -> bool:
        """Do one request; False when the connection is to be broken afterwards."""
        if fault == "reset":
            return False
        if fault == "late":
            self._late.add(asyncio.create_task(self._arrives_late(line)))
            return False
        if fault == "delay":
            await asyncio.sleep(0.05)
        replies = [await _said(office, line) for _ in range(2 if fault == "double" else 1)]
        if fault == "lose the reply":
            return False
        if fault == "silence":
            await asyncio.sleep(0.2)
            return False
        writer.write(replies[-1])
        return True

    async def _arrives_late(self, line: bytes) -> None:
        await asyncio.sleep(0.05)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            streams = await asyncio.open_connection("127.0.0.1", self._target)
            await _said(streams, line)
            streams[1].close()


async def _said(office: Streams, line: bytes) -> bytes:
    reader, writer = office
    writer.write(line)
    return await reader.readuntil(b"\n")
