"""Rows of the trial's tables, every version of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["Rows"]


@dataclass
class Rows:
    """Rows of the trial's tables, every version of each."""

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
