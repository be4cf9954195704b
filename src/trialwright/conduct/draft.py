"""The draft: the state as it will be once the transaction is committed, and the facts that make it so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trialwright.conduct.commands import Context
from trialwright.conduct.facts import Fact, NewFact, canonical, digest_of, sealed
from trialwright.conduct.jobs import OWN_KEY, Done, Job, Receipt
from trialwright.conduct.refusals import Conflict, Invalid, Refused
from trialwright.conduct.rights import check_session, role_to_ask
from trialwright.conduct.state import State
from trialwright.conduct.watch import alerts

if TYPE_CHECKING:
    from trialwright.conduct.keys import Keys
    from trialwright.protocol import Screener

__all__ = ["Draft", "Spoilt"]

STEP = timedelta(seconds=2)
"""Clocks of two servers differ by less; one set back by more is written down."""
WRITTEN_UTC = "%Y-%m-%dT%H:%M:%S.%fZ"


class Spoilt(Exception):  # noqa: N818 - never leaves the office
    """The state could not take a command's facts in: a fault of ours, after which the state is of no use."""

    def __init__(self, job: Job | None, error: Exception) -> None:
        super().__init__(str(error))
        self.job, self.error = job, error


@dataclass(frozen=True)
class _Origin:
    """Where facts come from: what all facts of one command share."""

    author: str
    role: str
    key: str
    request: str = ""
    job: Job | None = None

    @classmethod
    def of(cls, job: Job, role: str, key: str) -> _Origin:
        return cls(job.actor.user, role, key, job.request, job)


@dataclass
class Draft:
    """Decides jobs one after another against what the jobs before them made true."""

    screener: Screener
    clock: Callable[[], datetime]
    salt: Callable[[], str]
    state: State = field(default_factory=State)
    written: list[Fact] = field(default_factory=list)
    """Facts decided in this transaction, in order."""
    _clock_is_behind: bool = False

    def settle(self, job: Job, keys: Keys) -> Done:
        """Decide one job; its facts, or its refusal as a fact, are in ``written`` afterwards."""
        try:
            return self._repeated(job) or self._decided(job, keys)
        except Refused as refusal:
            key = f"{OWN_KEY}refusal {self.state.seq + 1}"
            self._write(_Origin.of(job, "refused", key), self._refused(job, refusal), self.now())
            return Done(job, refusal=refusal)
        except Spoilt:
            raise
        except Exception as error:  # a fault of ours: this one command fails, the others go on
            return Done(job, refusal=error)

    def _refused(self, job: Job, refusal: Refused) -> list[NewFact]:
        told = _refusal(job, refusal)
        return [told, *alerts(self.state.watch, told, job.actor.user, self.now())]

    def _repeated(self, job: Job) -> Done | None:
        earlier = self.state.receipts.of(job.key)
        if not earlier:
            return None
        if earlier[0].request != job.request:
            raise Conflict(f"key {job.key!r} was used for another request; a new request needs a new key")
        return Done(job, Receipt(earlier, job.command.reply(earlier), repeated=True))

    def _decided(self, job: Job, keys: Keys) -> Done:
        at = self.now()
        self._check_session(job, at)
        role = role_to_ask(self.state, job.actor.user, job.command.action, job.command.where, at)
        context = Context(at, job.actor, role, self.screener, keys)
        facts = self._write(_Origin.of(job, role, job.key), job.command.decide(self.state, context), at)
        return Done(job, Receipt(facts, job.command.reply(facts)))

    def _check_session(self, job: Job, at: datetime) -> None:
        if job.actor.session is not None:
            confirmed = job.key if job.command.needs_confirmation else None
            check_session(self.state, job.actor.user, job.actor.session, at, confirmed=confirmed)

    def _write(self, origin: _Origin, news: Sequence[NewFact], at: datetime) -> tuple[Fact, ...]:
        facts = tuple(self._chained(origin, news, at.astimezone(UTC).strftime(WRITTEN_UTC)))
        try:
            self.state.apply(facts)
        except Exception as error:
            raise Spoilt(origin.job, error) from error
        self.written += facts
        return facts

    def _chained(self, origin: _Origin, news: Sequence[NewFact], at: str) -> Iterator[Fact]:
        seq, head = self.state.seq, self.state.head
        author, role, key, request = origin.author, origin.role, origin.key, origin.request
        for part, new in enumerate(news):
            text, salt = _text(new), self.salt()
            fact = sealed(
                Fact(
                    seq + 1 + part, at, author, role, key, part, request, new.kind, new.site, new.subject,
                    text, salt, digest_of(salt, text), head, "",
                )
            )  # fmt: skip
            head = fact.hash
            yield fact

    def now(self) -> datetime:
        """Return the server's time, never earlier than the last fact: a clock set back must not reorder the log."""
        now = self.clock()
        last = datetime.fromisoformat(self.state.at) if self.state.at else now
        return max(now, last)

    def watch_the_clock(self) -> None:
        """Write down that the clock was set back, once each time it was."""
        now = self.clock()
        last = datetime.fromisoformat(self.state.at) if self.state.at else now
        noticed, self._clock_is_behind = self._clock_is_behind, last - now > STEP
        if self._clock_is_behind and not noticed:
            body = {"clock": now.astimezone(UTC).strftime(WRITTEN_UTC), "seconds_back": (last - now).total_seconds()}
            origin = _Origin("system", "system", f"{OWN_KEY}clock {self.state.seq + 1}")
            self._write(origin, [NewFact("clock stepped", body)], last)


def _text(new: NewFact) -> str:
    try:
        text = canonical(new.body)
        text.encode()
    except ValueError as error:
        raise Invalid(f"a text or number that cannot be written as JSON in UTF-8: {error}") from error
    return text


def _refusal(job: Job, refusal: Refused) -> NewFact:
    body = {"command": type(job.command).__name__, "why": str(refusal), "key": job.key, "status": refusal.status}
    return NewFact("refused", body, *job.command.where)
