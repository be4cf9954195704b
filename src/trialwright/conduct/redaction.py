"""Redaction: take from the log what the law says must go, and nothing else; the chain stays verifiable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.facts import NewFact
from trialwright.conduct.refusals import Invalid, NotFound, Refused

if TYPE_CHECKING:
    from trialwright.conduct.facts import Fact
    from trialwright.conduct.state import State

__all__ = ["Redact"]

Line = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]
GONE = "[redacted]"
UNTOUCHABLE = frozenset(
    {"allocated", "generation begun", "list activated", "list imported", "list sealed", "office founded", "redacted"}
)
"""Kinds whose bodies reconstruct the randomization or the office itself; they hold nothing a person wrote freely."""


@offered
class Redact(Ask):
    """Take texts out of one fact, with the reason in the log for ever.

    The body leaves database and mirror; who wrote it, when and its digest stay, so that the chain can still be
    verified. What the state needs of it stays in the fact that redacts it, with the texts replaced.
    """

    action: ClassVar[str] = "redact"
    needs_confirmation: ClassVar[bool] = True
    seq: Annotated[int, Field(ge=1, le=10**12)]
    """Sequence number of the fact."""
    fields: Annotated[list[Line], Field(max_length=100)]
    """Names in its body whose texts go; within a part of the body, ``part/name``."""
    reason: Line
    """Why it must go: who asked, under which law."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Name the fact and keep the rest of its body."""
        fact = self._fact(state)
        if not self.reason or not self.fields:
            raise Invalid("a redaction needs a reason and at least one field; got none")
        body = fact.body
        for field in self.fields:
            _blank(body, field)
        return [NewFact("redacted", {"seq": self.seq, "reason": self.reason, "remains": body}, fact.site, fact.subject)]

    def _fact(self, state: State) -> Fact:
        if not 1 <= self.seq <= state.seq:
            raise NotFound(f"there is no fact {self.seq}; the log has 1 to {state.seq}")
        fact = state.receipts.log[self.seq - 1]
        if fact.kind in UNTOUCHABLE:
            raise Refused(f"a fact {fact.kind!r} is never redacted: the trial could not be reconstructed without it")
        if fact.text is None:
            raise Refused(f"fact {self.seq} was redacted already")
        return fact


def _blank(body: dict[str, Any], field: str) -> None:
    *parts, name = field.split("/")
    inner: Any = body
    for part in parts:
        inner = inner.get(part) if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or not isinstance(inner.get(name), str):
        texts = sorted(key for key, value in body.items() if isinstance(value, str | dict))
        raise Invalid(f"{field!r} is no text of this fact; known: {', '.join(texts)}")
    inner[name] = GONE
