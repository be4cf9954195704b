"""Queries, verification, freeze, lock and signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["Cleaning"]


@dataclass
class Cleaning:
    """Queries, verification, freeze, lock and signatures."""

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
