"""A trial office without a database: commands decided and folded one after another, for tests of the rules alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from trialwright import protocol
from trialwright.conduct import Actor, Ask, Context, Fact, Keys, NewFact, Refused, State
from trialwright.conduct.facts import canonical, digest_of, sealed

TINY = Path(__file__).parents[1] / "studies" / "tiny" / "protocol.yaml"
START = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)


class Desk:
    """Decides commands against a state and keeps the facts, chained as the office chains them."""

    def __init__(self, screener: protocol.Screener | None = None, at: datetime = START) -> None:
        self.screener = screener or protocol.Screener(protocol.load(TINY))
        self.keys, self.at = Keys(), at
        self.state, self.facts = State(), []  # type: State, list[Fact]

    def ask(self, command: Ask, user: str = "ann", role: str = "system") -> list[Fact]:
        """Decide the command as that user and take its facts in; what it refuses is raised and leaves nothing."""
        context = Context(self.at, Actor(user, None, self.at), role, self.screener, self.keys)
        return self.write(command.decide(self.state, context), user, role)

    def reply(self, command: Ask, user: str = "ann") -> dict[str, Any]:
        """Return what the user would see."""
        return command.reply(self.ask(command, user))

    def write(self, news: Any, user: str = "system", role: str = "system") -> list[Fact]:
        """Take facts in as if some command had decided them; they share one key."""
        stamp = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        key, written = f"key {len(self.facts) + 1}", []
        for part, new in enumerate(news):
            salt, text, seq = f"salt {self.state.seq}", canonical(new.body), self.state.seq + 1
            fact = sealed(
                Fact(seq, stamp, user, role, key, part, "request", new.kind, new.site, new.subject, text, salt,
                     digest_of(salt, text), self.state.head, "")
            )  # fmt: skip
            self.state.apply([fact])
            written.append(fact)
        self.facts += written
        return written

    def fact(self, kind: str, site: str | None = None, subject: str | None = None, **body: Any) -> Fact:
        """Take one fact in."""
        return self.write([NewFact(kind, body, site, subject)])[0]

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.at += timedelta(**time)


@contextmanager
def refused(match: str, kind: type[Refused] = Refused) -> Iterator[None]:
    """Expect a refusal whose message says so much."""
    with pytest.raises(kind, match=match):
        yield


Build = Callable[[Desk], None]
