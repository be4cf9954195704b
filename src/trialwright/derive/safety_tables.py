"""Adverse events, exposure and laboratory of one trial at once, with everything found wrong with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.derive.adverse_events import adverse_event_rules, adverse_events
from trialwright.derive.exposure import exposure
from trialwright.derive.laboratory import LabRules, laboratory
from trialwright.errors import DocumentError
from trialwright.protocol import Protocol

if TYPE_CHECKING:
    from trialwright.derive.checked import Checked
    from trialwright.derive.plan import Plan
    from trialwright.records import Finding, TrialData

__all__ = ["SafetyTables", "lab_rules", "safety_tables"]

_VERSION = re.compile(r"\b[vV]?([45])(?:\.\d+)?\b")


@dataclass(frozen=True)
class SafetyTables:
    """The derived tables of harms of one trial; each row says why, and from which record.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.records import TrialData
    >>> safety_tables(TrialData.from_rows("x", {}, virtual=True), load(study_names()[0])).findings
    ()
    """

    adverse_events: Checked
    exposure: Checked
    laboratory: Checked

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found wrong in the three."""
        return (*self.adverse_events.findings, *self.exposure.findings, *self.laboratory.findings)


def safety_tables(data: TrialData, plan: Plan, grading: LabRules | None = None) -> SafetyTables:
    """Return the tables of harms by the plan's window; laboratory results are graded by ``grading``, or ``lab_rules``.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.records import TrialData
    >>> safety_tables(TrialData.from_rows("x", {}, virtual=True), load(study_names()[0])).exposure.rows.height
    0
    """
    return SafetyTables(
        adverse_events(data, adverse_event_rules(plan)),
        exposure(data, plan if isinstance(plan, Protocol) else None),
        laboratory(data, lab_rules(plan) if grading is None else grading),
    )


def lab_rules(plan: Plan) -> LabRules:
    """Return the version of CTCAE that a plan names, presuming nothing, within the plan's window.

    DocumentError when it names neither version 4 nor 5, the ones whose grades are held.

    >>> from trialwright.protocol import load, study_names
    >>> lab_rules(load(study_names()[0])).version
    '5'
    """
    version = _VERSION.search(plan.safety.grading)
    if version is None:
        raise DocumentError(
            f"safety.grading must name version 4 or 5 of CTCAE; got {plan.safety.grading!r}. Name it, or give grading="
        )
    return LabRules(version[1], (), plan.safety.window.days_after_last_dose)
