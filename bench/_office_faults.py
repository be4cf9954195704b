"""The office's tests of faults, run by the bench so that their figures stand beside those of speed."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS / "generative"), str(TESTS / "soak")]

import postgres_server  # noqa: E402
from allocation_mutants import MUTANTS  # noqa: E402
from allocation_rivals import (  # noqa: E402
    Contest,
    CountModulo,
    ReadThenSave,
    RedoOn409,
    SkipLocked,
    TheOffice,
    plain_subjects,
)
from allocation_world import World, complaints  # noqa: E402

Row = tuple[str, str, bool]
"""What was done, what came of it, and whether that is as promised."""


@contextmanager
def databases() -> Iterator[Callable[[], str] | None]:
    """Give a maker of empty PostgreSQL databases; None where the server is not installed."""
    if postgres_server.programs() is None:
        yield None
        return
    with postgres_server.cluster() as server:
        yield server.database


def kills() -> Iterator[Row]:
    """T5, short: SIGKILL of writer, HTTP server and database under work, and networks that lose answers.

    ``make soak`` runs the same for as long as it takes to kill each a thousand times.
    """
    command = [sys.executable, "-m", "pytest", "-n", "0", "-s", "-q", str(TESTS / "rehearsal" / "test_office_kills.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=TESTS.parent)
    told = re.findall(r"^\.*(.*?)(?:, \{.*\})?: (\d+ kills, .*)$", done.stdout, re.MULTILINE)
    for what, found in told:
        yield f"T5 {what}", found, found.endswith(" 0 wrong")
    last = re.findall(r"\d+ (?:passed|failed|error).*", done.stdout) or [(done.stdout + done.stderr)[-200:]]
    yield "T5 all of it", last[-1], done.returncode == 0 and bool(told)


def restores(folder: Path, times: int = 100) -> Row:
    """T7: an older state of the database, under a mirror that knows more, allocates nothing until it is put right."""
    world = World(folder, mirror=folder / "office.mirror")
    world.start()
    world.open(places=times + 10)
    subjects = world.patients(times + 1)
    refused = sum(_is_refused(world, *pair) for pair in pairwise(subjects))
    world.stop()
    wrong = world.judge()
    told = f"{refused} of {times} refused, then put back from the mirror; {len(wrong)} wrong"
    return "T7 older backup restored", told, refused == times and not wrong


def _is_refused(world: World, subject: str, other: str) -> bool:
    """Allocate, go back to the state before, try to allocate again, and reconcile."""
    database, older = world.folder / "office.db", world.folder / "older.db"
    _copied(database, older)
    given = world.ask(world.request(subject), f"key {subject}")
    request = world.request(other)
    world.stop()
    for path in world.folder.glob("office.db*"):
        path.unlink()
    _copied(older, database)
    world.start()
    allocated = world.ask(request, f"forgotten {other}")
    world.offices[0].reconcile()
    again = world.ask(world.request(subject), f"key {subject}")
    return allocated is None and given is not None and again == given


def _copied(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


def rivals(folder: Path, database: Callable[[], str] | None) -> Iterator[Row]:
    """T11: the patterns of other systems, and the office, in the same contest."""
    world = World(folder / "contest")
    world.folder.mkdir()
    office = TheOffice(world)
    found = Contest(office).run(office.prepare())
    world.stop()
    yield "T11 the office, two processes", "; ".join(found) or "nothing wrong", not found
    rest: list[tuple[str, Any]] = [
        ("unlocked read, then save", ReadThenSave(folder)),
        ("count modulo length", CountModulo()),
        ("conflict for a repeated request", RedoOn409()),
    ]
    if database is not None:
        rest.insert(1, ("FOR UPDATE SKIP LOCKED", SkipLocked(database())))
    for what, service in rest:
        found = Contest(service).run(plain_subjects())
        yield f"T11 {what}", f"caught: {'; '.join(found)}" if found else "NOT caught", bool(found)


def mutants(folder: Path) -> Iterator[Row]:
    """T12: the sixteen planted faults."""
    killed = 0
    for mutant in MUTANTS:
        place = folder / f"mutant {mutant.number}"
        place.mkdir()
        world = World(place, mutant.memory() if mutant.memory else None)
        names = {complaint.split(":")[0] for complaint in complaints(world, mutant.plant(world))}
        caught = bool(names & mutant.killed_by)
        killed += caught
        by = ", ".join(sorted(names & mutant.killed_by))
        yield f"T12 {mutant.number:2} {mutant.what}", f"killed by {by}" if caught else "SURVIVED", caught
        shutil.rmtree(place, ignore_errors=True)
    yield "T12 planted faults killed", f"{killed} of {len(MUTANTS)}", killed == len(MUTANTS)
