"""Jobs: what waits for the office's writer, and what it left behind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from trialwright.conduct.commands import Actor, Ask
from trialwright.conduct.facts import Fact, canonical
from trialwright.conduct.refusals import Invalid

__all__ = ["OWN_KEY", "Done", "Errand", "Job", "Receipt", "asked"]

Result = TypeVar("Result")
OWN_KEY = "office "
"""How the keys of the office's own facts begin; nobody else's may."""
_KEY = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200}")


@dataclass(frozen=True)
class Receipt:
    """What a command left behind: its facts, durable, and the reply made from them."""

    facts: tuple[Fact, ...]
    reply: dict[str, Any]
    repeated: bool = False
    """The key had been used for the same request before; nothing new was written."""


def _begun() -> Future[Any]:
    """Return a future that can no longer be cancelled: whoever stops waiting does not stop what was asked."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


@dataclass
class Job:
    """A command on its way, with whoever waits for its receipt."""

    command: Ask
    actor: Actor
    key: str
    answer: Future[Receipt] = field(default_factory=_begun)

    @cached_property
    def request(self) -> str:
        """Return the SHA-256 of who asked for what."""
        named = {"user": self.actor.user, "command": type(self.command).__name__, "asked": self.command.request()}
        return hashlib.sha256(canonical(named).encode()).hexdigest()


@dataclass
class Errand(Generic[Result]):
    """Something the writer does between two commits, such as reading what another process wrote."""

    run: Callable[[], Result]
    answer: Future[Result] = field(default_factory=_begun)


@dataclass(frozen=True)
class Done:
    """What became of a job inside the transaction, told to nobody before the commit."""

    job: Job
    receipt: Receipt | None = None
    refusal: Exception | None = None

    def tell(self) -> None:
        """Give the answer to whoever waits for it."""
        if self.receipt is not None:
            self.job.answer.set_result(self.receipt)
        else:
            self.job.answer.set_exception(self.refusal)


def asked(command: Ask, actor: Actor, key: str) -> Job:
    """Return the job of a command; Invalid when the key or a text cannot be written down."""
    if not _KEY.fullmatch(key) or key.startswith(OWN_KEY):
        raise Invalid(
            f"the idempotency key must be 1 to 200 printable characters and not begin with {OWN_KEY!r}; "
            f"got {key[:200]!r}. A new UUID will do"
        )
    job = Job(command, actor, key)
    try:
        _ = job.request
        for text in (actor.user, *command.where):
            if text is not None and not _KEY.fullmatch(text):
                raise Invalid(f"a name must be 1 to 200 printable characters; got {text[:200]!r}")
    except ValueError as error:  # half a surrogate pair, or no finite number
        raise Invalid(f"a text or number that cannot be written as JSON in UTF-8: {error}") from error
    return job
