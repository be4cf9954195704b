"""What is asked about serious adverse events: their report to the sponsor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import AwareDatetime

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_data import Whole
from trialwright.conduct.commands_screening import Text
from trialwright.conduct.commands_sites import Short
from trialwright.conduct.eligibility import known_subject
from trialwright.conduct.facts import NewFact
from trialwright.conduct.refusals import Invalid, NotFound, Refused

if TYPE_CHECKING:
    from trialwright.conduct.state import State

__all__ = ["ReportSeriousEvent"]


@offered
class ReportSeriousEvent(Ask):
    """Report a serious adverse event to the sponsor; the server's time stops its clock."""

    action: ClassVar[str] = "report serious event"
    subject: Short
    number: Whole
    """Number of the adverse event."""
    aware_at: AwareDatetime
    """When the site learned that the event was serious."""
    narrative: Text

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``serious event reported``."""
        record = known_subject(state, self.subject)
        row = state.rows.find("adverse_events", record.id, {"number": self.number})
        if row is None or row.struck or not row.values["serious"]:
            raise NotFound(f"{record.id} has no serious adverse event {self.number}; record it as serious first")
        if self.number in record.reports:
            raise Refused(f"event {self.number} was reported at {record.reports[self.number]['reported_at']}")
        if self.aware_at > context.at:
            raise Invalid(f"aware_at must not be in the future; got {self.aware_at.isoformat()}")
        body = {"number": self.number, "aware_at": self.aware_at.isoformat(), "narrative": self.narrative}
        return [NewFact("serious event reported", body, record.site, record.id)]
