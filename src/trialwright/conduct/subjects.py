"""Screening, consent, answers, attestations, eligibility."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trialwright.conduct.facts import Fact

__all__ = ["Subjects"]


@dataclass
class Subjects:
    """Screening, consent, answers, attestations, eligibility."""

    sites: dict[str, str] = field(default_factory=dict)
    """Site of each subject."""

    def site_of(self, subject: str) -> str | None:
        """Return the site of a subject; None of an unknown one."""
        return self.sites.get(subject)

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
