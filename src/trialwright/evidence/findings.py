"""What a check of a claim says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Verdict"]

Verdict = Literal["consistent", "note", "inconsistent", "implausible", "impossible", "not checkable"]
"""Note: unexpected, and explained by something that is not printed. Inconsistent: two printed figures contradict each
other. Implausible: possible only if something unlikely is true. Impossible: arithmetic forbids it."""


@dataclass(frozen=True)
class Finding:
    """One check applied to one claim."""

    claim: str
    check: Literal["C1", "C2", "C3", "C5", "C6", "C10"]
    verdict: Verdict
    message: str
    needed: tuple[float, float] | None = None
    """C3: fewest and most events that the printed interval can stand for; infinity where it is printed too coarsely."""
    available: int | None = None
    """C3: events printed, else patients."""
