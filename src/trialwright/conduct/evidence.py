"""What the invariants of an office are judged on: its facts, and what people outside the log can say of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trialwright.conduct.facts import Fact

if TYPE_CHECKING:
    from trialwright.protocol import Screener

__all__ = ["Broken", "Check", "Evidence", "Told"]

Told = tuple[Fact, dict[str, Any]]
"""A fact with its body."""


@dataclass(frozen=True, order=True)
class Broken:
    """One way in which an invariant does not hold."""

    seq: int
    """First fact concerned; 0 where it is none of the facts."""
    invariant: str
    why: str
    """In words, naming no arm."""


@dataclass(frozen=True)
class Evidence:
    """The facts in order, and what else is known; what is not given is not judged."""

    facts: Sequence[Fact]
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Keys of lists, to replay allocations."""
    screener: Screener | None = None
    """Rules of the protocol, to work out strata again."""
    acknowledged: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Every answer that a client got, by the idempotency key it asked with."""
    archive: Sequence[Fact] | None = None
    """The same facts as an archive or a mirror holds them."""

    @cached_property
    def told(self) -> dict[str, list[Told]]:
        """Return the facts with their bodies by kind; without those redacted, or with a body that is no JSON any more.

        That a body was altered is for the chain (INV10) to say.
        """
        found: dict[str, list[Told]] = {}
        for fact in self.facts:
            with suppress(ValueError):
                if fact.text is not None:
                    found.setdefault(fact.kind, []).append((fact, json.loads(fact.text)))
        return found

    def of(self, *kinds: str) -> list[Told]:
        """Return the facts of these kinds with their bodies, in order."""
        found = [told for kind in kinds for told in self.told.get(kind, ())]
        return sorted(found, key=lambda told: told[0].seq) if len(kinds) > 1 else found

    @cached_property
    def lists(self) -> dict[str, dict[str, Any]]:
        """Return what was sealed or imported, by list."""
        return {body["list"]: body for _, body in self.of("list sealed", "list imported")}

    @cached_property
    def central(self) -> list[Told]:
        """Return the allocations that the office itself made, in order; not those entered from envelopes."""
        return [told for told in self.of("allocated") if not told[1].get("contingency")]


Check = Callable[[Evidence], Iterator[Broken]]
