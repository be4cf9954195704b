"""The clock of serious adverse events: known to the site, reported to the sponsor, within 24 hours or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from trialwright.conduct.rows import Row
    from trialwright.conduct.state import State

__all__ = ["REPORT_WITHIN", "SeriousEvent", "serious_events"]

REPORT_WITHIN = timedelta(hours=24)
"""From the site's knowledge to the sponsor's: at once, in practice within a day (ICH E2A; EU 536/2014, article 41)."""


@dataclass(frozen=True)
class SeriousEvent:
    """One serious adverse event and where its clock stands."""

    subject: str
    site: str
    number: int
    term: str
    grade: int | None
    aware_at: datetime
    """When the site learned of it; when it was recorded as serious, where nobody stated that."""
    reported_at: datetime | None
    standing: Literal["running", "overdue", "reported", "reported late"]

    @property
    def due_at(self) -> datetime:
        """Return the instant by which it must be reported."""
        return self.aware_at + REPORT_WITHIN


def serious_events(state: State, now: datetime) -> list[SeriousEvent]:
    """Return all serious events in force, those first whose clock started first."""
    found = [
        _event(state, row, now)
        for record in state.subjects.records.values()
        for row in state.rows.of(record.id, "adverse_events")
        if row.values["serious"]
    ]
    return sorted(found, key=lambda event: event.aware_at)


def _event(state: State, row: Row, now: datetime) -> SeriousEvent:
    record = state.subjects.records[row.id.subject]
    report = record.reports.get(row.key["number"])
    first = next(version for version in row.versions if (version.values or {}).get("serious"))
    aware = datetime.fromisoformat(report["aware_at"] if report else first.at)
    reported = datetime.fromisoformat(report["reported_at"]) if report else None
    due = aware + REPORT_WITHIN
    standing: Literal["running", "overdue", "reported", "reported late"]
    if reported is None:
        standing = "overdue" if now > due else "running"
    else:
        standing = "reported late" if reported > due else "reported"
    return SeriousEvent(
        record.id, record.site, row.key["number"], row.values["term"], row.values["grade"], aware, reported, standing
    )
