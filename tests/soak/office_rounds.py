"""Rounds of work and sudden death for a trial office, and the judgment on what its clients were told.

Clients ask without a pause, each with a key of its own, and ask again with the same key until they are answered. What
they were told must be in the log: once, as told, and in an order that contradicts nobody's clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from office_http import HttpClient, signed_in
from office_nursery import KNOWN, keys
from office_proxy import Proxy
from trial_desk import Desk, asked, candidate, running

from trialwright.conduct import CRASH_POINTS, Anchors, Evidence, Fact, Journal, broken, verify
from trialwright.conduct.mirror import mirrored

HERE = Path(__file__).parent
PATHS = [HERE, HERE.parent / "generative"]


@dataclass
class Told:
    """One request and what its client was told, once it was."""

    key: str
    command: str
    fields: dict[str, Any]
    invoked: float
    answered: float = 0.0
    answers: list[Any] = field(default_factory=list)
    tries: int = 0


@dataclass
class Score:
    """What happened, and what was wrong with it."""

    kills: int = 0
    acknowledged: int = 0
    allocations: int = 0
    repeated: int = 0
    retried: int = 0
    wrong: list[str] = field(default_factory=list)

    def __add__(self, other: Score) -> Score:
        numbers = (getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__)
        return Score(*numbers)


def prepared(patients: int) -> Desk:
    """An office whose patients wait to be randomized."""
    desk = running(places=patients + 100)
    for number in range(patients):
        candidate(desk, "S1" if number % 2 else "S2")
    return desk


def filled(url: str, desk: Desk) -> None:
    """Write the prepared log into an empty database."""
    journal = Journal(url)
    with journal.transaction() as log:
        log.append(desk.facts)
    journal.close()


def work_of(
    desk: Desk, rng: random.Random, name: str, randomized: float = 0.1
) -> list[tuple[str, str, dict[str, Any]]]:
    """Requests in the order they will be made: key, command, fields; every patient once, and notes between them."""
    subjects = sorted(desk.state.subjects.records)
    rng.shuffle(subjects)
    wanted = [("Randomize", asked(desk, subject).model_dump(mode="json")) for subject in subjects]
    found: list[tuple[str, str, dict[str, Any]]] = []
    while wanted:
        command, fields = wanted.pop() if rng.random() < randomized else ("Note", {"text": f"{len(found)}"})
        found.append((f"{name}-{len(found)}", command, fields))
    return found


def as_http(work: list[tuple[str, str, dict[str, Any]]], desk: Desk) -> list[tuple[str, str, dict[str, Any]]]:
    """The same work for people behind HTTP: where others note, they screen, which gives the next number too."""
    screen = {"site": "S1", "screened_on": desk.at.date().isoformat()}
    return [(key, "Screen", screen) if command == "Note" else (key, command, fields) for key, command, fields in work]


class Nursery:
    """The process that forks offices, and the office it forked last."""

    def __init__(self, port: int, script: str = "office_nursery.py") -> None:
        self.port, self._script = port, script
        self.pid = 0

    async def __aenter__(self) -> Nursery:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, PATHS))}
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, str(HERE / self._script), str(self.port), stdin=pipe, stdout=pipe, env=environment
        )
        assert "ready" in await self._line()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def start(self, job: dict[str, Any]) -> None:
        """Fork an office."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        self.pid = (await self._line())["pid"]

    async def keep(self, job: dict[str, Any]) -> None:
        """See to it that there is an office: one that found no database at its start has ended."""
        if self.pid and not Path(f"/proc/{self.pid}").exists():
            await self.ended()
        if not self.pid:
            await self.start(job)

    async def kill(self) -> None:
        """SIGKILL the office, which may be dead already, and wait until it is gone."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            await self.ended()

    async def ended(self, seconds: float = 60.0) -> None:
        """Wait for the office's end."""
        if self.pid:
            assert (await asyncio.wait_for(self._line(), seconds))["ended"] == self.pid
            self.pid = 0

    async def _line(self) -> dict[str, int]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the nursery ended"
        return json.loads(line)  # type: ignore[no-any-return]


class LineClient:
    """Speaks lines of JSON on one connection, opened again whenever it broke."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, key: str, command: str, fields: dict[str, Any]) -> tuple[int, Any]:
        """Return status and reply; 0 when nobody knows what became of the request."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(json.dumps({"key": key, "command": command, "fields": fields}).encode() + b"\n")
            told = json.loads(await asyncio.wait_for(reader.readuntil(b"\n"), 10))
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self.drop()
            await asyncio.sleep(0.002)
            return 0, None
        return told["status"], told.get("reply", told.get("why"))

    def drop(self) -> None:
        """Break the connection."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


Asking = Callable[[str, str, dict[str, Any]], Awaitable[tuple[int, Any]]]


@dataclass
class Rounds:
    """Clients over shared work, whose histories are judged at the end."""

    work: list[tuple[str, str, dict[str, Any]]]
    rng: random.Random
    history: list[Told] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    ended: bool = False
    finishing: Awaitable[Any] = field(init=False)

    async def client(self, ask: Asking) -> None:
        """Ask for one piece of work after another; each until it is answered, some once more."""
        while self.work and not self.ended:
            key, command, fields = self.work.pop()
            told = Told(key, command, fields, time.monotonic())
            self.history.append(told)
            await self._answered(ask, told)
            if self.rng.random() < 0.1:
                await self._answered(ask, told)

    async def _answered(self, ask: Asking, told: Told) -> None:
        while True:
            told.tries += 1
            status, reply = await ask(told.key, told.command, told.fields)
            if status == 200:
                told.answered = told.answered or time.monotonic()
                told.answers.append(reply)
                return
            if status not in {0, 503}:
                self.refusals.append(f"{told.key}: {status} {reply}")
                return
            if status == 503:
                await asyncio.sleep(0.01)

    def score(self, url: str, mirror: Path | None) -> Score:
        """Judge what the clients were told against what the database holds."""
        journal = Journal(url)
        with journal.reading() as log:
            facts = log.since(0)
        journal.close()
        acknowledged = {told.key: told.answers for told in self.history if told.answers}
        archive = list(mirrored(mirror)) if mirror is not None else None
        evidence = Evidence(facts, keys=keys().lists, acknowledged=acknowledged, archive=archive)
        wrong = [f"{each.invariant} at {each.seq}: {each.why}" for each in broken(evidence)]
        wrong += [f"{each.seq}: {each.why}" for each in verify(url, Anchors(mirror=mirror)).problems]
        wrong += self.refusals + list(self._otherwise(facts)) + list(self._out_of_order(facts))
        return Score(
            acknowledged=len(acknowledged),
            allocations=sum(told.command == "Randomize" for told in self.history if told.answers),
            repeated=sum(len(told.answers) > 1 for told in self.history),
            retried=sum(told.tries > len(told.answers) for told in self.history),
            wrong=wrong,
        )

    def _otherwise(self, facts: list[Fact]) -> Any:
        """What was told is what the facts of that key say, and each key was written once."""
        by_key: dict[str, list[Fact]] = {}
        for fact in facts:
            by_key.setdefault(fact.key, []).append(fact)
        for told in self.history:
            written = by_key.get(told.key, [])
            if not told.answers:
                continue
            if [fact.part for fact in written] != list(range(len(written))) or not written:
                yield f"{told.key} was acknowledged and is in the log {len(written)} times"
            elif told.answers[0] != json.loads(json.dumps(KNOWN[told.command](**told.fields).reply(written))):
                yield f"{told.key} was told otherwise than it was written"

    def _out_of_order(self, facts: list[Fact]) -> Any:
        """Nothing asked for after an answer was heard lies in the log before what that answer spoke of."""
        places = {fact.key: fact.seq for fact in facts}
        answered = sorted((told.answered, places.get(told.key, 0)) for told in self.history if told.answers)
        latest, next_answer = 0, 0
        for told in sorted(self.history, key=lambda told: told.invoked):
            while next_answer < len(answered) and answered[next_answer][0] < told.invoked:
                latest = max(latest, answered[next_answer][1])
                next_answer += 1
            if told.key in places and places[told.key] < latest:
                yield f"{told.key} was asked for after an answer and lies before it in the log"


def crash_at(rng: random.Random) -> str:
    """A named point of a commit, reached soon; or none, for death at any moment."""
    return f"{rng.choice(CRASH_POINTS)}:{rng.randint(1, 12)}" if rng.random() < 0.5 else ""


async def office_dies(nursery: Nursery, job: dict[str, Any], rng: random.Random, least: float) -> None:
    """Start the office, and end it at a named point of a commit or at any moment."""
    point = crash_at(rng)
    await nursery.start(job | {"crash_at": point})
    if point:
        with contextlib.suppress(TimeoutError):
            await nursery.ended(0.5)
    else:
        await asyncio.sleep(rng.uniform(least, least + 0.3))
    await nursery.kill()


async def under_work(
    rounds: Rounds, asking: Sequence[Asking], die: Callable[[], Awaitable[None]], *, kills: int, until: float
) -> int:
    """Let clients work while ``die`` is done again and again; returns how often."""
    working = [asyncio.create_task(rounds.client(ask)) for ask in asking]
    done = 0
    while done < kills and time.monotonic() < until and rounds.work and not any(task.done() for task in working):
        await die()
        done += 1
    rounds.ended = True
    await asyncio.sleep(0)
    rounds.finishing = asyncio.gather(*working)
    return done


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


CLIENTS = 16
Die = Callable[[Nursery, dict[str, Any], random.Random], Awaitable[None]]


@dataclass
class Ordeal:
    """Kills of one kind, over one database after another: a new one whenever every patient is randomized."""

    desk: Desk
    database: Callable[[str], str]
    """URL of a new, empty database by its name."""
    folder: Path
    seed: int
    http: bool = False
    """Whether the clients are people behind the whole server, or speak with the office itself."""

    async def writer_killed(self, *, kills: int, seconds: float) -> Score:
        """Kill the office's process."""
        return await self._run(self._office_dies, kills, seconds)

    async def database_killed(self, kill: Callable[[], None], *, kills: int, seconds: float) -> Score:
        """Kill the database under a living office, and start it again."""

        async def die(nursery: Nursery, job: dict[str, Any], rng: random.Random) -> None:
            await nursery.keep(job)
            await asyncio.sleep(rng.uniform(0.05, 0.4))
            await asyncio.to_thread(kill)

        return await self._run(die, kills, seconds)

    async def _office_dies(self, nursery: Nursery, job: dict[str, Any], rng: random.Random) -> None:
        await office_dies(nursery, job, rng, least=0.25 if self.http else 0.05)

    async def _run(self, die: Die, kills: int, seconds: float) -> Score:
        rng, total, until = random.Random(self.seed), Score(), time.monotonic() + seconds
        async with Nursery(free_port(), "office_http.py" if self.http else "office_nursery.py") as nursery:
            while total.kills < kills and time.monotonic() < until:
                total += await self._one_database(
                    nursery, die, rng, f"office_{total.kills}", kills - total.kills, until
                )
        return total

    async def _one_database(
        self, nursery: Nursery, die: Die, rng: random.Random, name: str, kills: int, until: float
    ) -> Score:
        url, mirror = self.database(name), self.folder / f"{name}.mirror"
        filled(url, self.desk)
        mirror_from(mirror, self.desk)
        job = {"url": url, "mirror": str(mirror), "at": self.desk.at.isoformat()}
        work = work_of(self.desk, rng, name)
        clients: list[LineClient | HttpClient] = [LineClient(nursery.port) for _ in range(CLIENTS)]
        if self.http:
            token, work = signed_in(url, mirror, self.desk), as_http(work, self.desk)
            clients = [HttpClient(nursery.port, token) for _ in range(CLIENTS)]
        rounds = Rounds(work, rng)
        asking = [client.ask for client in clients]
        died = await under_work(rounds, asking, lambda: die(nursery, job, rng), kills=kills, until=until)
        finishing = asyncio.ensure_future(rounds.finishing)
        while not finishing.done():
            await nursery.keep(job)
            await asyncio.wait([finishing], timeout=0.2)
        finishing.result()
        await nursery.kill()
        await parted(clients)
        return Score(kills=died) + rounds.score(url, mirror)


async def misled(folder: Path, desk: Desk, fault: Callable[[int], str], *, work: int, seed: int) -> tuple[Score, Proxy]:
    """Ask so many things of a living office through a network that misbehaves."""
    rng = random.Random(seed)
    url, mirror = f"sqlite:///{folder / 'office.db'}", folder / "office.mirror"
    filled(url, desk)
    mirror_from(mirror, desk)
    rounds = Rounds(work_of(desk, rng, "misled", randomized=len(desk.state.subjects.records) / work), rng)
    async with Nursery(free_port()) as nursery, Proxy(free_port(), nursery.port, fault) as proxy:
        await nursery.start({"url": url, "mirror": str(mirror), "at": desk.at.isoformat()})
        clients = [LineClient(proxy.port) for _ in range(CLIENTS)]
        await asyncio.gather(*(rounds.client(client.ask) for client in clients))
        await parted(clients)
    return rounds.score(url, mirror), proxy


async def parted(clients: Sequence[LineClient | HttpClient]) -> None:
    """Break every connection and let the loop notice."""
    for client in clients:
        client.drop()
    await asyncio.sleep(0.05)


def mirror_from(path: Path, desk: Desk) -> None:
    """The mirror that the prepared office would have written."""
    from trialwright.conduct import Mirror

    mirror = Mirror(path)
    mirror.begin()
    mirror.append(desk.facts)
    mirror.close()
