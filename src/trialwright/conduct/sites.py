"""Sites, their approvals, caps and lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["Sites"]


@dataclass
class Sites:
    """Sites, their approvals, caps and lists."""

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
