"""Accounts, roles, sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["People"]


@dataclass
class People:
    """Accounts, roles, sessions."""

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
