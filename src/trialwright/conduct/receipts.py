"""Receipts: which command wrote which facts, so that asking again gives the same answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["Receipts"]


@dataclass
class Receipts:
    """The facts as they are, by the idempotency key of their command and by their place."""

    facts: dict[str, list[Fact]] = field(default_factory=dict)
    log: list[Fact] = field(default_factory=list)
    """Fact ``seq`` lies at ``seq - 1``."""

    def of(self, key: str) -> tuple[Fact, ...]:
        """Return what the command with this key wrote; empty when none had it."""
        return tuple(self.facts.get(key, ()))

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Keep the fact under its key."""
        self.facts.setdefault(fact.key, []).append(fact)
        self.log.append(fact)
