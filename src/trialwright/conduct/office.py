"""The office: one writer, group commit, and a state that readers see only once it is durable."""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from trialwright.conduct.commands import Actor, Ask
from trialwright.conduct.draft import Draft, Spoilt
from trialwright.conduct.facts import Fact
from trialwright.conduct.generations import Halted, followed, put_back, why_halted
from trialwright.conduct.jobs import Done, Errand, Job, Receipt, asked
from trialwright.conduct.keys import Keys
from trialwright.conduct.refusals import Refused, Unavailable
from trialwright.conduct.state import State

if TYPE_CHECKING:
    from trialwright.conduct.journal import Journal, Transaction
    from trialwright.conduct.mirror import Mirror
    from trialwright.protocol import Screener

__all__ = ["Office", "Receipt"]

MOST_IN_ONE_COMMIT = 64
SECONDS_BETWEEN_LOOKS = 0.5
"""How often an idle office reads what other processes wrote."""


Result = TypeVar("Result")
Item = Job | Errand[Any] | None
"""What waits for the writer; None ends it."""


def _go_on(point: str) -> None:
    """Pass a step of a commit as an office does that nobody tests."""


class Office:
    """The trial office over one journal. Use as a context manager, or call :meth:`close`.

    ``mirror`` is written after each commit and before any reply. ``clock``, ``salt`` (16 random bytes in hex, one for
    each fact) and ``crash_point`` (called by name between the steps of a commit) are arguments for the sake of tests.
    """

    def __init__(
        self,
        journal: Journal,
        screener: Screener,
        keys: Keys | None = None,
        *,
        mirror: Mirror | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        salt: Callable[[], str] = lambda: secrets.token_hex(16),
        crash_point: Callable[[str], None] = _go_on,
    ) -> None:
        self.screener = screener
        self.keys = keys or Keys()
        self.halted: str | None = None
        """Why nothing is written now; None while all is well."""
        self._journal, self._mirror = journal, mirror
        self._crash_point: Callable[[str], None] = _go_on
        self._draft, self._live = Draft(screener, clock, salt), State()
        self._unshown: list[Fact] = []
        self._reading = threading.Lock()
        self._jobs: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._begin()
        self._crash_point = crash_point
        self._writer = threading.Thread(target=self._write, name="trial office writer", daemon=True)
        self._writer.start()

    def submit(self, command: Ask, actor: Actor, key: str) -> Future[Receipt]:
        """Ask for something; the future ends with a receipt once it is durable, or with Refused.

        ``key`` is the caller's idempotency key: the same key and request give the same receipt, however often asked.
        """
        job = asked(command, actor, key)
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

    def refresh(self) -> None:
        """Read what other processes wrote; an idle office does so by itself, twice a second."""
        self._run(self._look)

    def reconcile(self) -> int:
        """Put back into a restored database what only the mirror holds; returns how many facts came back.

        Unavailable when the two do not fit together; then only a new generation leads on.
        """
        return self._run(self._put_back)

    def close(self) -> None:
        """End the writer after what was asked so far."""
        self._jobs.put(None)
        self._writer.join()
        self._journal.close()
        if self._mirror is not None:
            self._mirror.close()

    def __enter__(self) -> Office:
        """Return the office itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the office."""
        self.close()

    # What follows runs in the writer's thread, but for the beginning.

    def _begin(self) -> None:
        with self._journal.reading() as log:
            facts = log.since(0)
            _fold(self._draft.state, facts)
            if self._mirror is not None:
                self.halted = why_halted(log, self._mirror, self._draft.state.founding.generation)
        if self.halted is not None:
            self._show(facts)
            return
        if self._mirror is not None:
            self._mirror.begin()
        self._publish(facts)

    def _write(self) -> None:
        while True:
            try:
                first = self._jobs.get(timeout=SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                first = Errand(self._look)
            batch, errand, ended = _gathered(self._jobs, first)
            if batch:
                self._settle_whatever_happens(batch)
            if errand is not None:
                _attempt(errand)
            if ended:
                return

    def _settle_whatever_happens(self, batch: list[Job]) -> None:
        """Let no fault of ours end the writer: everybody is told something, and the draft is folded again."""
        try:
            self._settle(batch)
        except Exception as error:
            self._draft.written.clear()
            self._draft.state = State()
            for job in batch:
                if not job.answer.done():
                    job.answer.set_exception(_unavailable(error))

    def _settle(self, batch: list[Job]) -> None:
        """Write what the jobs ask for and tell them; a job that spoils the others' commit is left alone with it."""
        batch = [job for job in batch if self._may_write(job)]
        if not batch:
            return
        try:
            done = self._transact(batch)
        except Spoilt as spoilt:
            self._forget()
            for job in batch if spoilt.job is None else [spoilt.job]:
                job.answer.set_exception(spoilt.error)
            self._settle([job for job in batch if not job.answer.done()])
        except Exception as error:
            self._forget()
            self._halt(error)
            self._show_what_there_is()
            if len(batch) > 1 and self._journal.refused(error):
                for job in batch:
                    self._settle([job])
            else:
                for job in batch:
                    job.answer.set_exception(_unavailable(error))
        else:
            self.halted = None
            self._crash_point("after_commit_before_reply")
            for one in done:
                one.tell()

    def _may_write(self, job: Job) -> bool:
        if self.halted is None:
            return True
        if job.command.mends:
            self._forget(everything=True)
            return True
        job.answer.set_exception(Unavailable(self.halted))
        return False

    def _transact(self, batch: Sequence[Job]) -> list[Done]:
        self._publish([])
        with self._journal.transaction() as log:
            fresh = self._caught_up(log)
            self._draft.watch_the_clock()
            done = [self._draft.settle(job, self.keys) for job in batch]
            if self.halted is not None:
                _raise_refusal(done)  # nothing is added to an older state, not even that something was refused
            written = list(self._draft.written)
            if written:
                log.append(written)
            self._crash_point("before_commit")
        self._crash_point("after_commit")
        self._draft.written.clear()
        self._publish(fresh + written)
        return done

    def _caught_up(self, log: Transaction) -> list[Fact]:
        """Take into the draft what others wrote; Halted when the database has gone back behind what was shown."""
        state, shown = self._draft.state, self._live
        fresh = followed(log.since(max(state.seq - 1, 0)), state.seq, state.head)
        state.apply(fresh)
        if shown.seq and (state.seq < shown.seq or state.receipts.log[shown.seq - 1].hash != shown.head):
            raise Halted(shown.seq, state.seq)
        return fresh

    def _look(self) -> None:
        if self.halted is not None:
            return
        try:
            with self._journal.reading() as log:
                fresh = self._caught_up(log)
            self._publish(fresh)
        except Exception as error:
            self._forget()
            self._halt(error)
            raise

    def _publish(self, facts: Sequence[Fact]) -> None:
        """Mirror what is committed, then show it; what fails is tried again before anything else is written."""
        last = self._unshown[-1].seq if self._unshown else self._live.seq
        self._unshown += [fact for fact in facts if fact.seq > last]
        if not self._unshown:
            return
        if self._mirror is not None:
            self._reflect(self._mirror)
        self._crash_point("after_mirror")
        shown, self._unshown = self._unshown, []
        self._show(shown)

    def _reflect(self, mirror: Mirror) -> None:
        begun = [fact.body["generation"] for fact in self._unshown if fact.kind == "generation begun"]
        generation = max(begun, default=self._live.founding.generation)
        if mirror.generation < generation:
            mirror.set_aside(generation)
        mirror.append([*self._live.receipts.log[mirror.seq :], *self._unshown])
        gone = {fact.body["seq"] for fact in self._unshown if fact.kind == "redacted"}
        if gone:
            mirror.redact(gone)

    def _show(self, facts: Sequence[Fact]) -> None:
        with self._reading:
            self._live.apply(facts)
        gone = [fact.body["seq"] for fact in facts if fact.kind == "redacted"]
        if any(self._live.receipts.log[seq - 1].text is not None for seq in gone):
            self._fold_again()

    def _fold_again(self) -> None:
        """Fold what the database kept, so that no redacted body stays in memory."""
        live, draft = State(), State()
        with self._journal.reading() as log:
            facts = [fact for fact in log.since(0) if fact.seq <= self._live.seq]
        live.apply(facts)
        draft.apply(facts)
        with self._reading:
            self._live = live
        self._draft.state = draft

    def _forget(self, *, everything: bool = False) -> None:
        """Give up the draft where it may be ahead of the database; it is folded again from what was kept."""
        self._draft.written.clear()
        if everything:
            self._unshown.clear()
            with self._reading:
                self._live = State()
        if everything or self._draft.state.seq != self._live.seq + len(self._unshown):
            self._draft.state = State()

    def _show_what_there_is(self) -> None:
        """Let a halted office be read again after a new generation was refused."""
        if self.halted is not None and self._live.seq == 0:
            with suppress(Exception), self._journal.reading() as log:
                self._show(log.since(0))

    def _halt(self, error: Exception) -> None:
        if isinstance(error, Halted):
            self.halted = str(error)

    def _put_back(self) -> int:
        if self._mirror is None:
            raise Unavailable("there is no mirror to reconcile with; start the office with the one it had")
        self._forget(everything=True)
        count = put_back(self._journal, self._mirror)
        self.halted = None
        self._look()
        return count

    def _run(self, what: Callable[[], Result]) -> Result:
        errand: Errand[Result] = Errand(what)
        self._jobs.put(errand)
        return errand.answer.result()


def _fold(state: State, facts: Sequence[Fact]) -> None:
    try:
        state.apply(facts)
    except AssertionError as error:
        raise Unavailable(f"the log is damaged: {error}; `trialwright verify` says where") from error


def _raise_refusal(done: Sequence[Done]) -> None:
    for one in done:
        if one.refusal is not None:
            raise one.refusal


def _attempt(errand: Errand[Any]) -> None:
    try:
        errand.answer.set_result(errand.run())
    except Exception as error:
        errand.answer.set_exception(_unavailable(error))


def _gathered(jobs: queue.SimpleQueue[Item], first: Item) -> tuple[list[Job], Errand[Any] | None, bool]:
    """Return what waits in the queue, at most one commit's worth; an errand or the end closes it."""
    batch: list[Job] = []
    item = first
    while True:
        if item is None:
            return batch, None, True
        if isinstance(item, Errand):
            return batch, item, False
        batch.append(item)
        if len(batch) == MOST_IN_ONE_COMMIT:
            return batch, None, False
        try:
            item = jobs.get_nowait()
        except queue.Empty:
            return batch, None, False


def _unavailable(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    return Unavailable(
        f"the office cannot write now ({type(error).__name__}: {error}); nothing is lost: ask again with the same key"
    )
