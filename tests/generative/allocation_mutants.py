"""Sixteen faults that real systems had or could have, each planted in the office by replacing one step of it.

The numbers are those of the list in the validation report. ``killed_by`` names the invariants of which at least one
must complain. Where the database itself would refuse what the fault does, the fault is tried on a database without
those constraints: they are a second lock on the door, not what is tested here.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from allocation_world import Dropped, Memory, World

import trialwright.conduct.draft as draft_module
import trialwright.conduct.entry as entry_module
from trialwright.conduct import Actor, Ask, Fact, Keys, NewFact, Randomize, Receipt
from trialwright.conduct.allocations import Allocations
from trialwright.conduct.draft import Draft
from trialwright.conduct.facts import canonical, digest_of
from trialwright.conduct.jobs import Done, Job
from trialwright.conduct.journal import Transaction
from trialwright.conduct.office import Office
from trialwright.randomize import Scheme

__all__ = ["MUTANTS", "Mutant"]


@dataclass(frozen=True)
class Mutant:
    """One planted fault."""

    number: int
    what: str
    killed_by: frozenset[str]
    plant: Callable[[World], AbstractContextManager[Any]]
    memory: Callable[[], Memory] | None = Memory
    """Database it runs on; None for SQLite as it is."""


def _careless(**switches: Any) -> Callable[[], Memory]:
    return lambda: Memory(locked=False, pause=lambda: time.sleep(0.002), **switches)


@contextmanager
def _nothing(world: World) -> Iterator[None]:
    yield


def _patched(*targets: tuple[Any, str, Any]) -> Callable[[World], AbstractContextManager[Any]]:
    @contextmanager
    def plant(world: World) -> Iterator[None]:
        with ExitStack() as stack:
            for owner, name, value in targets:
                stack.enter_context(patch.object(owner, name, value))
            yield

    return plant


# 2: the allocation in one transaction, the position used in another.


class SavePosition(Ask):
    """The second transaction."""

    action = "system"
    place: tuple[str, str, int]

    def decide(self, state: Any, context: Any) -> list[NewFact]:
        return [NewFact("position saved", {"place": list(self.place)})]


@contextmanager
def _state_saved_apart(world: World) -> Iterator[None]:
    take, ask = Allocations.apply, Office.do

    def apply(self: Allocations, fact: Fact, body: dict[str, Any]) -> None:
        used = self.used.copy()
        take(self, fact, body)
        if fact.kind == "allocated":
            self.used = used
        elif fact.kind == "position saved":
            name, stratum, position = body["place"]
            self.used[name, stratum] = position + 1

    def do(self: Office, command: Ask, actor: Actor, key: str) -> Receipt:
        receipt = ask(self, command, actor, key)
        if isinstance(command, Randomize) and not receipt.repeated:
            if world.crashes.get("between", 0) > 0:
                world.crashes["between"] -= 1
                raise Dropped("between")
            body = receipt.facts[0].body
            place = (body["list"], body["stratum"], body["position"])
            ask(self, SavePosition(place=place), actor, f"{key} position")
        return receipt

    with patch.object(Allocations, "apply", apply), patch.object(Office, "do", do):
        yield


# 4, 5, 6: another way to find the next position.


def _skipping(self: Allocations, keys: Keys, stratum: str) -> Any:
    """Every third time the next place looks taken by somebody else's transaction; it is given afterwards."""
    source = self.lists[self.active[0]]
    taken = {one.position for one in self.of.values() if one.stratum == stratum}
    free = [position for position in range(source.places[stratum]) if position not in taken]
    if not free:
        return _next(self, keys, stratum)
    locked = len(self.of) % 3 == 0 and len(free) > 1
    return source.at(keys, stratum, free[1 if locked else 0])


def _wrapping(self: Allocations, keys: Keys, stratum: str) -> Any:
    source = self.lists[self.active[0]]
    return source.at(keys, stratum, self.used[source.id, stratum] % source.places[stratum])


def _counting(self: Allocations, keys: Keys, stratum: str) -> Any:
    def now(subject: str, used: str) -> str:
        levels = self.corrected.get(subject)
        return "|".join(f"{name}={level}" for name, level in levels.items()) if levels else used

    members = sum(now(one.subject, one.stratum) == stratum for one in self.of.values())
    source = self.lists[self.active[0]]
    return source.at(keys, stratum, members) if members < source.places[stratum] else _next(self, keys, stratum)


_next = Allocations.next


# 7: the audit entry after the commit.


@contextmanager
def _audit_later(world: World) -> Iterator[None]:
    append, later = Transaction.append, []  # type: Any, list[Fact]
    world.has_administrator = False
    _unguarded(world.folder / "office.db", alone=True)

    def put(self: Transaction, facts: Any) -> None:
        if later:
            append(self, [replace(fact) for fact in later])
            later.clear()
        allocated = [fact for fact in facts if fact.kind == "allocated"]
        if not allocated or world.crashes.get("after_commit", 0) == 0:
            append(self, facts)
            return
        for fact in allocated:
            self._take(fact, fact.body)
        later.extend(facts)

    def forget(self: World, processes: int = 1) -> None:
        later.clear()
        restart(self, processes)

    restart = World.restart
    with patch.object(Transaction, "append", put), patch.object(World, "restart", forget):
        yield


def _unguarded(path: Path, *, alone: bool = False) -> None:
    """Take away the database's triggers; ``alone``: and what binds its table of allocations to the log."""
    from trialwright.conduct import Journal

    Journal(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for name in names:
        connection.execute(f"DROP TRIGGER {name}")
    if alone:
        connection.execute("DROP TABLE allocations")
        connection.execute("CREATE TABLE allocations (seq, list, stratum, position, subject)")
    connection.commit()
    connection.close()


# 8, 9: keys outside the transaction, answers before it.


@contextmanager
def _keys_apart(world: World) -> Iterator[None]:
    kept: dict[int, dict[str, Any]] = {}

    def repeated(self: Draft, job: Job) -> Done | None:
        reply = kept.setdefault(id(self), {}).get(job.key)
        return Done(job, reply) if reply is not None else None

    def settle(self: Draft, job: Job, keys: Keys) -> Done:
        done = settled(self, job, keys)
        if done.receipt is not None:
            kept.setdefault(id(self), {})[job.key] = done.receipt
        return done

    settled = Draft.settle
    with patch.object(Draft, "_repeated", repeated), patch.object(Draft, "settle", settle):
        yield


@contextmanager
def _told_early(world: World) -> Iterator[None]:
    settled, tell = Draft.settle, Done.tell

    def settle(self: Draft, job: Job, keys: Keys) -> Done:
        done = settled(self, job, keys)
        if isinstance(job.command, Randomize) and not job.answer.done():
            tell(done)
            time.sleep(0.005)  # the client hears it
        return done

    def told(self: Done) -> None:
        if not self.job.answer.done():
            tell(self)

    def failed(self: Any, error: Any) -> None:
        if not self.done():
            set_exception(self, error)

    from concurrent.futures import Future

    set_exception = Future.set_exception
    with (
        patch.object(Draft, "settle", settle),
        patch.object(Done, "tell", told),
        patch.object(Future, "set_exception", failed),
    ):
        yield


# 10: local time.


def _local(self: Draft, origin: Any, news: Any, at: str) -> Any:
    local = datetime.fromisoformat(at).astimezone(ZoneInfo("Europe/Madrid"))
    return _chained(self, origin, news, local.strftime("%Y-%m-%dT%H:%M:%S.%f"))


_chained = Draft._chained


def _now(self: Draft) -> datetime:
    return self.clock()


# 11 to 13: what is told, the ratio, the inputs.


def _talkative(self: Randomize, facts: Any) -> dict[str, Any]:
    body = facts[0].body
    return {**_reply(self, facts), "block": body["block"], "place": body["place"]}


_reply = Randomize.reply


def _floating(self: Scheme, size: int) -> list[int]:
    first = int(size * 0.66)  # two thirds, as a float would have it
    return [0] * first + [1] * (size - first)


@contextmanager
def _stale(world: World) -> Iterator[None]:
    seen: dict[str, Any] = {}

    def frozen(self: Any, record: Any) -> dict[str, Any]:
        given = {
            name: [one.flavor, one.value] for name, one in seen.setdefault(record.id, dict(record.answers)).items()
        }
        return {**kept(self, record), "answers": given}

    def entry(screener: Any, record: Any, on: Any) -> Any:
        seen.setdefault(record.id, dict(record.answers))
        return entered(screener, record, on)

    kept, entered = entry_module.Entry.frozen, entry_module.entry
    with (
        patch.object(entry_module.Entry, "frozen", frozen),
        patch("trialwright.conduct.commands_randomize.entry", entry),
    ):
        yield


# 14: an administrator who may delete.


@contextmanager
def _deletable(world: World) -> Iterator[None]:
    _unguarded(world.folder / "office.db")
    yield


# 15: a seal that does not hold the one before.


def _unbound(fact: Fact) -> Fact:
    text = canonical({"seq": fact.seq, "kind": fact.kind, "digest": fact.digest})
    return replace(fact, hash=digest_of("", text))


# 16: the key in a log.


def _logging(self: Keys, list_id: str, promised: str) -> bytes:
    key = _of_list(self, list_id, promised)
    logging.getLogger("trialwright.conduct").debug("allocating from %s with %s", list_id, key.hex())
    return key


_of_list = Keys.of_list


def _kills(*names: str) -> frozenset[str]:
    return frozenset(names)


MUTANTS = (
    Mutant(1, "no lock: the next row is read, then saved", _kills("INV1", "INV2", "INV3", "INV6"), _nothing,
           _careless(overwrites=True)),
    Mutant(2, "the allocation saved, the position in a second transaction", _kills("INV3", "INV4"), _state_saved_apart),
    Mutant(3, "nothing unique in the database, and no lock", _kills("INV1", "INV2"), _nothing, _careless()),
    Mutant(4, "places that another transaction holds are skipped", _kills("INV3"),
           _patched((Allocations, "next", _skipping))),
    Mutant(5, "the position taken modulo the length of the list", _kills("INV2"),
           _patched((Allocations, "next", _wrapping))),
    Mutant(6, "the position derived from a count of members", _kills("INV3", "INV4"),
           _patched((Allocations, "next", _counting))),
    Mutant(7, "the audit entry written after the commit", _kills("INV10", "table"), _audit_later, None),
    Mutant(8, "idempotency keys kept outside the transaction", _kills("INV7"), _keys_apart),
    Mutant(9, "the answer sent before the commit", _kills("INV6"), _told_early),
    Mutant(10, "local time in the record", _kills("INV15"),
           _patched((Draft, "_chained", _local), (Draft, "now", _now), (Draft, "watch_the_clock", lambda self: None))),
    Mutant(11, "the block and the place in the answer", _kills("INV13"), _patched((Randomize, "reply", _talkative))),
    Mutant(12, "the ratio held as a float", _kills("INV5"), _patched((Scheme, "in_order", _floating))),
    Mutant(13, "inputs taken from a stale read", _kills("INV9", "INV16"), _stale),
    Mutant(14, "an administrator may delete an allocation", _kills("INV10"), _deletable, None),
    Mutant(15, "a chain without the hash before", _kills("INV10"), _patched((draft_module, "sealed", _unbound))),
    Mutant(16, "the key of the list written to a log", _kills("INV13"), _patched((Keys, "of_list", _logging))),
)  # fmt: skip
