"""The trail: every fact in order, by subject too, for those who read back what happened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["Trail"]


@dataclass
class Trail:
    """All facts, the first at place 0; a redacted one keeps its place without its text."""

    facts: list[Fact] = field(default_factory=list)
    _places: dict[str, list[int]] = field(default_factory=dict)

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        if fact.subject is not None:
            self._places.setdefault(fact.subject, []).append(len(self.facts))
        self.facts.append(fact)
        if fact.kind == "redacted":
            self._redact(body)

    def of_subject(self, subject: str) -> Sequence[Fact]:
        """Return the facts about one subject, in order; empty of an unknown one."""
        return [self.facts[place] for place in self._places.get(subject, ())]

    def _redact(self, body: dict[str, Any]) -> None:
        place = body["seq"] - 1
        if 0 <= place < len(self.facts):
            remains = json.dumps(body.get("remains", {}))
            self.facts[place] = replace(self.facts[place], text=None, remains=remains)
