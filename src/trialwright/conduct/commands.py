"""Commands: what a person may ask of the office, decided by a pure function of the state."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from trialwright.conduct.facts import Fact, NewFact

if TYPE_CHECKING:
    from trialwright.conduct.keys import Keys
    from trialwright.conduct.state import State
    from trialwright.protocol import Screener

__all__ = ["COMMANDS", "Actor", "Ask", "Context", "offered"]


@dataclass(frozen=True)
class Actor:
    """Who asks. ``user`` is the account's name, ``system`` for the office itself."""

    user: str
    session: str | None = None
    """Digest of the session's token; None for the command line and the office itself."""
    confirmed_at: datetime | None = None
    """When this session last proved the password (and second factor) again; signatures and allocations need it."""


@dataclass(frozen=True)
class Context:
    """What a decision may know besides the state: time, identity, the protocol's rules, and the unsealed keys."""

    at: datetime
    actor: Actor
    role: str
    """Role under which the right was found; it is written beside the author."""
    screener: Screener
    keys: Keys = field(repr=False)

    @property
    def today(self) -> date:
        """Return the office's date, in UTC: every date that a rule counts from or to is taken from here."""
        return self.at.astimezone(UTC).date()


class Ask(BaseModel):
    """One thing to ask of the office. Subclasses add fields (``site``, ``subject`` where it touches one) and decide.

    The API offers every subclass in ``COMMANDS`` at an address of its own, its fields being the body.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)

    action: ClassVar[str]
    """Name of the right it needs, a key of ``rights.RIGHTS``; ``system`` is never offered outside."""
    mends: ClassVar[bool] = False
    """Whether it may be asked of an office that stands read-only because an older state was restored."""
    needs_confirmation: ClassVar[bool] = False
    """Whether the person must have proved the password again just before: signatures and allocations."""

    @property
    def where(self) -> tuple[str | None, str | None]:
        """Return the site and the subject it touches, where it names them."""
        return getattr(self, "site", None), getattr(self, "subject", None)

    def request(self) -> dict[str, Any]:
        """Return what was asked as plain JSON values, secrets masked; its hash is bound to the idempotency key."""
        return self.model_dump(mode="json")

    @abstractmethod
    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the facts to write, or raise Refused; never change the state, never look at a clock."""

    def reply(self, facts: Sequence[Fact]) -> dict[str, Any]:
        """Return the answer, a function of the facts written, so that a repeated request gets the same for ever."""
        return {"facts": [fact.seq for fact in facts]}


Command = TypeVar("Command", bound=type[Ask])
COMMANDS: dict[str, type[Ask]] = {}
"""Everything that can be asked from outside, by the name of its class."""


def offered(command: Command) -> Command:
    """Class decorator: offer the command to pages, API and the test matrix."""
    if command.__name__ in COMMANDS:
        raise ValueError(f"two commands are called {command.__name__}")
    COMMANDS[command.__name__] = command
    return command
