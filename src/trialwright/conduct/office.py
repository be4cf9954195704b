"""The office: one writer, group commit, and a state that readers see only once it is durable."""

from __future__ import annotations

import hashlib
import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trialwright.conduct.commands import Actor, Ask, Context
from trialwright.conduct.facts import Fact, NewFact, canonical, digest_of, sealed
from trialwright.conduct.keys import Keys
from trialwright.conduct.refusals import Conflict, Refused, Unavailable
from trialwright.conduct.rights import check_session, role_for
from trialwright.conduct.state import State

if TYPE_CHECKING:
    from trialwright.conduct.journal import Journal
    from trialwright.protocol import Screener

__all__ = ["Office", "Receipt"]

MOST_IN_ONE_COMMIT = 64


@dataclass(frozen=True)
class Receipt:
    """What a command left behind: its facts, durable, and the reply made from them."""

    facts: tuple[Fact, ...]
    reply: dict[str, Any]
    repeated: bool = False
    """The key had been used for the same request before; nothing new was written."""


@dataclass
class _Job:
    command: Ask
    actor: Actor
    key: str
    answer: Future[Receipt] = field(default_factory=Future)


@dataclass
class _Done:
    """What became of a job inside the transaction, told to nobody before the commit."""

    job: _Job
    receipt: Receipt | None = None
    refusal: Exception | None = None

    def tell(self) -> None:
        """Give the answer to whoever waits for it."""
        if self.receipt is not None:
            self.job.answer.set_result(self.receipt)
        else:
            self.job.answer.set_exception(self.refusal)


class Office:
    """The trial office over one journal. Use as a context manager, or call :meth:`close`."""

    def __init__(
        self,
        journal: Journal,
        screener: Screener,
        keys: Keys | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        salt: Callable[[], str] = lambda: secrets.token_hex(16),
        crash_point: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.screener = screener
        self.keys = keys or Keys()
        self._journal, self._clock, self._salt, self._crash_point = journal, clock, salt, crash_point
        self._draft, self._live = State(), State()
        self._reading = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._catch_up()
        self._writer = threading.Thread(target=self._write, name="trial office writer", daemon=True)
        self._writer.start()

    def submit(self, command: Ask, actor: Actor, key: str) -> Future[Receipt]:
        """Ask for something; the future ends with a receipt once it is durable, or with Refused."""
        job = _Job(command, actor, key)
        self._jobs.put(job)
        return job.answer

    def do(self, command: Ask, actor: Actor, key: str) -> Receipt:
        """Ask for something and wait; raises Refused, and writes nothing but that refusal, when it cannot be."""
        return self.submit(command, actor, key).result()

    @contextmanager
    def reading(self) -> Iterator[State]:
        """Hold the durable state still while it is read; do not keep or change what it gives."""
        with self._reading:
            yield self._live

    def close(self) -> None:
        """End the writer after what was asked so far."""
        self._jobs.put(None)
        self._writer.join()
        self._journal.close()

    def __enter__(self) -> Office:
        """Return the office itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the office."""
        self.close()

    def _write(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch, ended = _gathered(self._jobs, first)
            self._settle(batch)
            if ended:
                return

    def _settle(self, batch: list[_Job]) -> None:
        try:
            done, facts = self._transact(batch)
        except Exception as error:
            self._draft = State()  # folded again from what the database kept, whichever way the commit went
            for job in batch:
                job.answer.set_exception(_unavailable(error))
            return
        self._show(facts)
        self._crash_point("after_commit_before_reply")
        for one in done:
            one.tell()

    def _transact(self, batch: list[_Job]) -> tuple[list[_Done], list[Fact]]:
        with self._journal.transaction() as transaction:
            facts = transaction.since(self._draft.seq)
            self._draft.apply(facts)
            written: list[Fact] = []
            done = [self._settled(job, written) for job in batch]
            if written:
                transaction.append(written)
            self._crash_point("before_commit")
        self._crash_point("after_commit")
        return done, facts + written

    def _settled(self, job: _Job, written: list[Fact]) -> _Done:
        try:
            return self._repeated(job) or self._decided(job, written)
        except Refused as refusal:
            written += self._chained(
                job, "refused", [_refusal(job, refusal)], f"{job.key} refused {self._draft.seq + 1}"
            )
            return _Done(job, refusal=refusal)
        except Exception as error:  # a fault of ours: this one command fails, the others go on
            return _Done(job, refusal=error)

    def _repeated(self, job: _Job) -> _Done | None:
        earlier = self._draft.receipts.facts.get(job.key)
        if earlier is None:
            return None
        if earlier[0].request != _request_hash(job):
            raise Conflict(f"key {job.key!r} was used for another request; a new request needs a new key")
        return _Done(job, Receipt(earlier, job.command.reply(earlier), repeated=True))

    def _decided(self, job: _Job, written: list[Fact]) -> _Done:
        at = self._now()
        self._check_session(job, at)
        role = role_for(self._draft, job.actor.user, job.command.action, self._site_of(job.command), at)
        context = Context(at, job.actor, role, self.screener, self.keys)
        facts = self._chained(job, role, job.command.decide(self._draft, context), job.key, at)
        written += facts
        return _Done(job, Receipt(facts, job.command.reply(facts)))

    def _check_session(self, job: _Job, at: datetime) -> None:
        if job.actor.session is not None:
            confirmed = job.key if job.command.needs_confirmation else None
            check_session(self._draft, job.actor.user, job.actor.session, at, confirmed=confirmed)

    def _site_of(self, command: Ask) -> str | None:
        site, subject = command.where
        return site or (self._draft.subjects.site_of(subject) if subject else None)

    def _chained(
        self, job: _Job, role: str, news: Sequence[NewFact], key: str, at: datetime | None = None
    ) -> tuple[Fact, ...]:
        stamp, request = _stamp(at or self._now()), _request_hash(job)
        facts = []
        for part, new in enumerate(news):
            text, salt = canonical(new.body), self._salt()
            fact = sealed(
                Fact(
                    self._draft.seq + 1,
                    stamp,
                    job.actor.user,
                    role,
                    key,
                    part,
                    request,
                    new.kind,
                    new.site,
                    new.subject,
                    text,
                    salt,
                    digest_of(salt, text),
                    self._draft.head,
                    "",
                )
            )
            self._draft.apply([fact])
            facts.append(fact)
        return tuple(facts)

    def _now(self) -> datetime:
        """The server's time, never earlier than the last fact: a clock set back must not reorder the log."""
        now = self._clock()
        last = self._draft.at
        return max(now, datetime.fromisoformat(last)) if last else now

    def _catch_up(self) -> None:
        with self._journal.transaction() as transaction:
            facts = transaction.since(self._draft.seq)
        self._draft.apply(facts)
        self._show(facts)

    def _show(self, facts: Sequence[Fact]) -> None:
        with self._reading:
            self._live.apply(fact for fact in facts if fact.seq > self._live.seq)


def _gathered(jobs: queue.SimpleQueue[_Job | None], first: _Job) -> tuple[list[_Job], bool]:
    """Return what waits in the queue, at most one commit's worth, and whether the end was among it."""
    batch = [first]
    while len(batch) < MOST_IN_ONE_COMMIT:
        try:
            job = jobs.get_nowait()
        except queue.Empty:
            break
        if job is None:
            return batch, True
        batch.append(job)
    return batch, False


def _request_hash(job: _Job) -> str:
    asked = {"user": job.actor.user, "command": type(job.command).__name__, "asked": job.command.request()}
    return hashlib.sha256(canonical(asked).encode()).hexdigest()


def _refusal(job: _Job, refusal: Refused) -> NewFact:
    body = {"command": type(job.command).__name__, "why": str(refusal), "key": job.key}
    return NewFact("refused", body, *job.command.where)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _unavailable(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    return Unavailable(
        f"the office cannot write now ({type(error).__name__}: {error}); nothing is lost: ask again with the same key"
    )
