"""Names and numbers of visits in SDTM: one place, so that what is written can be read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trialwright.protocol import Protocol

__all__ = ["ASSESSMENT", "ASSESSMENT_NUMBER", "assessment_base", "visit_names", "visit_numbers"]

ASSESSMENT = "TUMOR ASSESSMENT"
"""Beginning of VISIT of a tumor assessment; its number follows, the baseline being 0."""
ASSESSMENT_NUMBER = rf"^{ASSESSMENT} (\d+)$"
_ROOM = 1000
"""Numbers between one visit of the protocol and the next, for its repetitions."""


def visit_names(protocol: Protocol) -> Mapping[str, str]:
    """Return VISIT of each visit of the protocol, in capitals; a repeating one is followed by its number."""
    return {visit.id: visit.label.upper() for visit in protocol.visits}


def visit_numbers(protocol: Protocol) -> Mapping[str, int]:
    """Return VISITNUM of the first time of each visit, in the order of the protocol."""
    return {visit.id: (at + 1) * _ROOM for at, visit in enumerate(protocol.visits)}


def assessment_base(protocol: Protocol) -> int:
    """Return VISITNUM of the baseline tumor assessment; the others follow it."""
    return (len(protocol.visits) + 1) * _ROOM
