"""What the office is: study, protocol, environment, and how often an older state was knowingly gone on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import StringConstraints

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.facts import Fact, NewFact
from trialwright.conduct.refusals import Invalid, Refused

if TYPE_CHECKING:
    from trialwright.conduct.state import State

__all__ = ["BeginGeneration", "Found", "Founding"]


@dataclass
class Founding:
    """The office's identity and generation."""

    study: str | None = None
    protocol_hash: str | None = None
    environment: str | None = None
    """``live``, ``training`` or ``demo``."""
    generation: int = 1
    """Grows by one each time the office goes on from an older state; never falls."""

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        if fact.kind == "office founded":
            self.study, self.protocol_hash = body["study"], body["protocol_hash"]
            self.environment = body["environment"]
        elif fact.kind == "generation begun":
            self.generation = body["generation"]


class Found(Ask):
    """Open the office for one study: the first fact of its log."""

    action: ClassVar[str] = "system"
    study: str
    protocol: str
    """Version of the protocol."""
    protocol_hash: str
    environment: Literal["live", "training", "demo"]

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Write the founding once."""
        if state.founding.study is not None:
            raise Refused(
                f"this office was founded for {state.founding.study} ({state.founding.environment}) already; "
                "a new office needs a new database"
            )
        document = context.screener.protocol.model_dump(mode="json")
        body = {**self.model_dump(), "generation": state.founding.generation, "document": document}
        return [NewFact("office founded", body)]


@offered
class BeginGeneration(Ask):
    """Go on from the state the database is in, knowing that facts which only the mirror holds are given up.

    For a restored backup whose missing facts cannot be had: first try to reconcile.
    """

    action: ClassVar[str] = "begin generation"
    mends: ClassVar[bool] = True
    reason: Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
    """Why the missing facts cannot be reconciled."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Write the new generation with its reason."""
        if not self.reason:
            raise Invalid("a new generation needs a reason, kept in the log for ever; got an empty text")
        return [NewFact("generation begun", {"generation": state.founding.generation + 1, "reason": self.reason})]
