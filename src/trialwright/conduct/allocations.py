"""Lists, positions used, and who got what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["Allocations"]


@dataclass
class Allocations:
    """Lists, positions used, and who got what."""

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
