"""Which tables the events of an endpoint come from: without them it has no result, and a count of 0 would be one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trialwright.derive import DerivationSettings
    from trialwright.protocol import Endpoint, Protocol

__all__ = ["missing_tables"]

_TABLES = {
    "death": "deaths",
    "clinical progression": "dispositions",
    "end of treatment": "dispositions",
    "new therapy": "therapies",
    "chemotherapy": "therapies",
    "second progression": "therapies",
    "second therapy": "therapies",
}
"""Events that a table records as they are; progression and response are seen on scans."""


def missing_tables(endpoint: Endpoint, plan: Protocol | DerivationSettings, absent: Sequence[str]) -> list[str]:
    """Return the tables among ``absent`` that the events of an endpoint come from, in the order of ``absent``."""
    recorded = plan.assessments.responses == "as recorded"
    scans = {"recorded_responses"} if recorded else {"assessments", "lesions", "measurements"}
    needed = scans if endpoint.kind == "response" else set[str]()
    if endpoint.kind == "time to event":
        for event in endpoint.events:
            needed |= {_TABLES[event]} if event in _TABLES else scans
        if endpoint.origin == "first response" or endpoint.among == "responders":
            needed |= scans
    return [name for name in absent if name in needed]
