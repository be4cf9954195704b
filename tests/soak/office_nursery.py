"""A process that has everything imported and forks trial offices, so that a kill costs a fork and not a start.

Run as ``python office_nursery.py PORT``: it listens, and for each line of JSON on standard input it forks an office
that answers at that port, and writes its process id. The office's clients speak lines of JSON: key, command, fields.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from trial_desk import TINY, sealed_key

from trialwright.conduct import (
    COMMANDS,
    Actor,
    Ask,
    Context,
    Fact,
    Journal,
    Keys,
    Mirror,
    NewFact,
    Office,
    Refused,
    State,
    crash_points,
)
from trialwright.protocol import Screener, load

SYSTEM = Actor("system")


class Note(Ask):
    """The smallest command there is: it takes the next number."""

    action: ClassVar[str] = "system"
    text: str

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        return [NewFact("noted", {"text": self.text, "after": state.seq})]

    def reply(self, facts: Sequence[Fact]) -> dict[str, Any]:
        return {"seq": facts[0].seq, "after": facts[0].body["after"]}


KNOWN: dict[str, type[Ask]] = COMMANDS | {"Note": Note}


def keys() -> Keys:
    """The unsealed key of the list that the prepared office allocates from."""
    return Keys().with_list("central", sealed_key("central")[0])


def opened(job: dict[str, Any], screener: Screener) -> Office:
    """Open the office of a job, at the time its patients were prepared for."""
    at = datetime.fromisoformat(job["at"])
    mirror = Mirror(Path(job["mirror"])) if job.get("mirror") else None
    crash = crash_points({"TRIALWRIGHT_CRASH_AT": job.get("crash_at", "")})
    return Office(Journal(job["url"]), screener, keys(), mirror=mirror, clock=lambda: at, crash_point=crash)


async def serve(office: Office, listener: socket.socket) -> None:
    """Answer one request after another on each connection."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            asked = json.loads(line)
            answer = office.submit(KNOWN[asked["command"]](**asked["fields"]), SYSTEM, asked["key"])
            try:
                told = {"status": 200, "reply": (await asyncio.wrap_future(answer)).reply}
            except Refused as refusal:
                told = {"status": refusal.status, "why": str(refusal)}
            writer.write(json.dumps(told).encode() + b"\n")
        writer.close()

    server = await asyncio.start_server(converse, sock=listener)
    await server.serve_forever()


def speak(job: dict[str, Any], screener: Screener, listener: socket.socket) -> None:
    """Be the office of a job until killed."""
    asyncio.run(serve(opened(job, screener), listener))


def warm(screener: Screener) -> None:
    """Import what is imported on first use, and leave no thread behind."""
    import psycopg  # noqa: F401

    with TemporaryDirectory() as folder:
        office = opened({"url": f"sqlite:///{folder}/warm.db", "at": "2024-01-01T00:00:00+00:00"}, screener)
        office.do(Note(text="warm"), SYSTEM, "warm")
        office.close()
    gc.collect()
    gc.freeze()


Being = Callable[[dict[str, Any], Screener, socket.socket], None]


def nursery(port: int, made: Callable[[Screener], Being] = lambda _: speak) -> None:
    """Fork an office for each line read; end with standard input."""
    screener = Screener(load(TINY))
    be = made(screener)
    warm(screener)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or no TCP_NODELAY is set
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(256)
    print(json.dumps({"ready": os.getpid()}), flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            try:
                be(json.loads(line), screener, listener)
            finally:
                os._exit(3)
        print(json.dumps({"pid": pid}), flush=True)
        os.waitpid(pid, 0)
        print(json.dumps({"ended": pid}), flush=True)


if __name__ == "__main__":
    nursery(int(sys.argv[1]))
