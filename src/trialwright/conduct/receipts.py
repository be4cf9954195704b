"""Receipts: which command wrote which facts, so that asking again gives the same answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["Receipts"]


@dataclass
class Receipts:
    """Facts by the idempotency key of their command."""

    facts: dict[str, tuple[Fact, ...]] = field(default_factory=dict)

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Keep the fact under its key."""
        self.facts[fact.key] = (*self.facts.get(fact.key, ()), fact)
