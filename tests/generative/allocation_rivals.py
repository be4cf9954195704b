"""How other systems find the next place of a list, in a few lines each, and one contest that they and the office run.

The patterns are those seen in the sources of the systems named; each is written here anew, as small as it can be, so
that nothing but the pattern is judged. The contest asks as clients do: many at once, answers that never arrive, the
same request again, a corrected stratum, and more patients than places.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from allocation_world import LIVER, NONE, World

from trialwright.conduct import CorrectStratum

PLACES = 30
STRATA = ("liver=liver", "liver=no liver")


class Conflict409(Exception):  # noqa: N818 - an answer
    """The service says no."""


class Service(Protocol):
    """What a contestant offers."""

    places: int

    def randomize(self, subject: str, stratum: str, key: str) -> dict[str, Any]:
        """Return the place given, or raise Conflict409."""

    def correct(self, subject: str, stratum: str) -> None:
        """State that a subject is in another stratum in truth."""

    def log(self) -> list[tuple[str, str, int]]:
        """Return subject, stratum and position of every allocation kept, in the order in which they were made."""


@dataclass
class Asked:
    """What one client saw."""

    key: str
    subject: str
    answer: Any
    heard: bool


@dataclass
class Contest:
    """Runs a service and says what is wrong with what it did."""

    service: Service
    history: list[Asked] = field(default_factory=list)
    endless: bool = False

    def run(self, subjects: dict[str, list[str]], clients: int = 8) -> list[str]:
        """Return the complaints; ``subjects`` by stratum, more of them than places."""
        crowd = [(subject, stratum) for stratum in STRATA for subject in subjects[stratum][:16]]
        self._at_once(crowd, clients)
        first = subjects[STRATA[0]]
        with suppress(Conflict409):
            self.service.correct(first[0], STRATA[1])
        for subject in first[16:]:
            self.ask(subject, STRATA[0])
        answers = [asked.answer for asked in self.history if asked.subject in first[self.service.places :]]
        self.endless = any(isinstance(answer, dict) for answer in answers)
        return self.complaints()

    def ask(self, subject: str, stratum: str, *, lost: bool = False) -> None:
        """Ask as a client that may not hear the answer."""
        answer: Any
        try:
            answer = self.service.randomize(subject, stratum, f"key {subject}")
        except Conflict409 as conflict:
            answer = str(conflict)
        self.history.append(Asked(f"key {subject}", subject, answer, not lost))

    def complaints(self) -> list[str]:
        """Return what is wrong, in the words of the reference's list of invariants."""
        log = self.service.log()
        kept = {subject: (stratum, position) for subject, stratum, position in log}
        given = [asked for asked in self.history if asked.heard and isinstance(asked.answer, dict)]
        lost = {asked.subject for asked in given if asked.subject not in kept}
        moved = {
            asked.subject
            for asked in given
            if asked.subject in kept and kept[asked.subject][1] != asked.answer["position"]
        }
        places = Counter((stratum, position) for _, stratum, position in log)
        twice = sum(times - 1 for times in places.values())
        out_of_order = sum(
            position != place
            for stratum in STRATA
            for place, position in enumerate(position for _, held, position in log if held == stratum)
        )
        found = {
            "acknowledged and lost": len(lost | moved),
            "place given twice": twice,
            "out of the list's order": out_of_order,
            "asking again answered otherwise": self._otherwise(),
            "went on after the list's end": int(self.endless),
        }
        return [f"{what}: {count}" for what, count in found.items() if count]

    def _otherwise(self) -> int:
        """Count the keys whose answers differ, also where only the second was heard: the first had been committed."""
        answers: dict[str, list[Any]] = {}
        for asked in self.history:
            answers.setdefault(asked.key, []).append(asked.answer)
        return sum(isinstance(each[0], dict) and any(one != each[0] for one in each) for each in answers.values())

    def _at_once(self, crowd: list[tuple[str, str]], clients: int) -> None:
        barrier = threading.Barrier(clients)

        def client(which: int) -> None:
            barrier.wait()
            for number, (subject, stratum) in enumerate(crowd[which::clients]):
                if number % 3 == 0:
                    self.ask(subject, stratum, lost=True)
                self.ask(subject, stratum)

        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(client, range(clients)))


class ReadThenSave:
    """Read the next free row, then save it, without a lock (as in a widely used Python system)."""

    def __init__(self, folder: Path, places: int = PLACES) -> None:
        self.path, self.places = folder / "list.db", places
        self.local = threading.local()
        with sqlite3.connect(self.path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE list (stratum TEXT, position INTEGER, subject TEXT)")
            rows = [(stratum, position) for stratum in STRATA for position in range(places)]
            connection.executemany("INSERT INTO list (stratum, position) VALUES (?, ?)", rows)
        connection.close()

    def randomize(self, subject: str, stratum: str, key: str) -> dict[str, Any]:
        held = self._one("SELECT position FROM list WHERE subject = ?", subject)
        if held is not None:
            return {"position": held[0]}
        free = self._one(
            "SELECT position FROM list WHERE stratum = ? AND subject IS NULL ORDER BY position LIMIT 1", stratum
        )
        if free is None:
            raise Conflict409("no place left")
        time.sleep(0.001)
        self._one("UPDATE list SET subject = ? WHERE stratum = ? AND position = ?", subject, stratum, free[0])
        return {"position": free[0]}

    def correct(self, subject: str, stratum: str) -> None:
        raise Conflict409("strata are not corrected")

    def log(self) -> list[tuple[str, str, int]]:
        connection = sqlite3.connect(self.path)
        found = connection.execute(
            "SELECT subject, stratum, position FROM list WHERE subject IS NOT NULL ORDER BY stratum, position"
        ).fetchall()
        connection.close()
        return found

    def _one(self, statement: str, *values: Any) -> Any:
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            return connection.execute(statement, values).fetchone()
        finally:
            connection.close()


class SkipLocked:
    """``FOR UPDATE SKIP LOCKED`` for the next slot, with a row in the audit for each (PostgreSQL)."""

    def __init__(self, url: str, places: int = PLACES, chance: random.Random | None = None) -> None:
        import psycopg

        self.places, self.chance = places, chance or random.Random(7)
        self.connect: Callable[[], Any] = lambda: psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"))
        with self.connect() as connection:
            connection.execute("CREATE TABLE list (stratum text, position int, subject text UNIQUE)")
            connection.execute("CREATE TABLE audit (id bigserial, subject text, stratum text, position int)")
            for stratum in STRATA:
                for position in range(places):
                    connection.execute("INSERT INTO list VALUES (%s, %s)", (stratum, position))

    def randomize(self, subject: str, stratum: str, key: str) -> dict[str, Any]:
        with self.connect() as connection:
            held = connection.execute("SELECT position FROM list WHERE subject = %s", (subject,)).fetchone()
            if held is not None:
                return {"position": held[0]}
            free = connection.execute(
                "SELECT position FROM list WHERE stratum = %s AND subject IS NULL ORDER BY position LIMIT 1 "
                "FOR UPDATE SKIP LOCKED",
                (stratum,),
            ).fetchone()
            if free is None:
                raise Conflict409("no place left")
            time.sleep(self.chance.uniform(0, 0.004))
            update = "UPDATE list SET subject = %s WHERE stratum = %s AND position = %s"
            connection.execute(update, (subject, stratum, free[0]))
            connection.execute(
                "INSERT INTO audit (subject, stratum, position) VALUES (%s, %s, %s)", (subject, stratum, free[0])
            )
        return {"position": free[0]}

    def correct(self, subject: str, stratum: str) -> None:
        raise Conflict409("strata are not corrected")

    def log(self) -> list[tuple[str, str, int]]:
        with self.connect() as connection:
            return connection.execute("SELECT subject, stratum, position FROM audit ORDER BY id").fetchall()


class _InMemory(ABC):
    """A service with one lock around it, so that its rule alone is at fault."""

    def __init__(self, places: int = PLACES) -> None:
        self.places, self.lock = places, threading.Lock()
        self.made: list[tuple[str, str, int]] = []
        self.strata: dict[str, str] = {}

    def randomize(self, subject: str, stratum: str, key: str) -> dict[str, Any]:
        with self.lock:
            position = self.position(subject, stratum)
            if subject not in self.strata:
                self.strata[subject] = stratum
                self.made.append((subject, stratum, position))
            return {"position": position}

    @abstractmethod
    def position(self, subject: str, stratum: str) -> int:
        """The rule at fault."""

    def correct(self, subject: str, stratum: str) -> None:
        self.strata[subject] = stratum

    def log(self) -> list[tuple[str, str, int]]:
        return self.made


class CountModulo(_InMemory):
    """The position is the number of the stratum's present members, modulo the list's length."""

    def position(self, subject: str, stratum: str) -> int:
        held = next((position for who, _, position in self.made if who == subject), None)
        members = sum(held_stratum == stratum for held_stratum in self.strata.values())
        return members % self.places if held is None else held


class RedoOn409(_InMemory):
    """Orderly, but a repeated request is a conflict: who lost the answer is told that it cannot be had."""

    def position(self, subject: str, stratum: str) -> int:
        if subject in self.strata:
            raise Conflict409("randomized already")
        used = sum(made == stratum for _, made, _ in self.made)
        if used >= self.places:
            raise Conflict409("no place left")
        return used


class TheOffice:
    """The office itself, in as many processes as asked for over one database."""

    def __init__(self, world: World, processes: int = 2) -> None:
        self.world, self.places, self.processes = world, PLACES, processes
        self.seen: dict[str, dict[str, Any]] = {}
        self.turn = 0

    def prepare(self) -> dict[str, list[str]]:
        """Open the office and return subjects by stratum."""
        self.world.start()
        self.world.open(self.places)
        subjects = {
            "liver=liver": self.world.patients(self.places + 4, LIVER),
            "liver=no liver": self.world.patients(20, NONE),
        }
        self.requests = {each: self.world.request(each) for group in subjects.values() for each in group}
        self.world.restart(self.processes)
        return subjects

    def randomize(self, subject: str, stratum: str, key: str) -> dict[str, Any]:
        self.turn += 1
        office = self.turn % len(self.world.offices)
        answer = self.world.ask(self.requests[subject], key, office)
        if answer is None:
            raise Conflict409(self.world.texts[-1])
        return {"position": self._position(subject), **answer}

    def _position(self, subject: str) -> int:
        for office in self.world.offices:
            with office.reading() as state:
                if subject in state.allocations.of:
                    return state.allocations.of[subject].position
        raise AssertionError(f"{subject} was answered and is not in any office's state")

    def correct(self, subject: str, stratum: str) -> None:
        levels = {"liver": stratum.partition("=")[2]}
        self.world.do(CorrectStratum(subject=subject, levels=levels, reason="scan read again"))

    def log(self) -> list[tuple[str, str, int]]:
        made = [(fact, fact.body) for fact in self.world.facts() if fact.kind == "allocated"]
        return [(fact.subject or "", body["stratum"], body["position"]) for fact, body in made]


def plain_subjects(places: int = PLACES) -> dict[str, list[str]]:
    """Return names of subjects for a service that knows nothing of them beforehand."""
    return {stratum: [f"{number} of {stratum}" for number in range(places + 4)] for stratum in STRATA}
