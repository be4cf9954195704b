"""What a check of a claim says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CHECKS", "CheckName", "Finding", "Reading", "Verdict"]

Verdict = Literal["consistent", "note", "implausible", "impossible", "not checkable"]
"""Note: unexpected, and explained by something that is not printed or by a convention. Implausible: two printed figures
do not fit, or fit only if something unlikely is true. Impossible: arithmetic forbids what is said."""

CheckName = Literal["C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "split"]

CHECKS: dict[CheckName, str] = {
    "C0": "the figure by itself",
    "C1": "limits even around a hazard ratio",
    "C2": "P from the interval",
    "C3": "information of the interval against events and patients",
    "C4": "information at the allocation, never alone",
    "C5": "whole patients behind a percentage",
    "C6": "exact limits and tests of counts",
    "C7": "rates against medians and hazard ratio",
    "C8": "a later cut against an earlier one",
    "C9": "the same figure in two sources",
    "C10": "level of the interval and sides of P",
    "split": "allocation schemes that give the published split",
}
"""Every check and what it holds against what."""


@dataclass(frozen=True)
class Reading:
    """One way in which a doubtful figure could have come about."""

    name: str
    what: str
    fits: Literal["yes", "no", "cannot be told"]
    why: str


@dataclass(frozen=True)
class Finding:
    """One check applied to one claim.

    >>> Finding("x", "C1", "consistent", "the middle of 0.66-1.07 is 0.840").is_finding
    False
    """

    claim: str
    check: CheckName
    verdict: Verdict
    message: str
    needed: tuple[float, float] | None = None
    """C3: fewest and most events that the printed interval can stand for; infinity where it is printed too coarsely."""
    available: int | None = None
    """C3: events printed, else patients."""
    steps: tuple[str, ...] = ()
    """The arithmetic, line by line."""
    readings: tuple[Reading, ...] = ()
    """How the figure could have come about; none is preferred beyond what the arithmetic says."""
    settles: str = ""
    """What would settle the matter."""
    beside: tuple[str, ...] = ()
    """Other claims that the arithmetic uses."""

    @property
    def is_finding(self) -> bool:
        """Return whether there is something to tell: a note, or worse."""
        return self.verdict in {"note", "implausible", "impossible"}
