"""What is wrong, or odd, in the tumor data: every rule a value, every finding a line for whoever can put it right.

Nothing is left out of a derivation for it, but measurements of a lesion that is not listed, which cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trialwright.derive.tumor_lesion_checks import (
    lesion_gaps,
    lesion_links,
    missing_lesions,
    new_lesions,
    target_numbers,
    target_sizes,
    unlisted_measurements,
)
from trialwright.derive.tumor_scan_checks import (
    accepted_twice,
    after_other_events,
    after_progression,
    baseline_scans,
    complete_then_partial,
    same_day_scans,
    two_readers,
)
from trialwright.records import Finding

if TYPE_CHECKING:
    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = ["TUMOR_CHECKS", "TumorCheck", "tumor_checks"]


@dataclass(frozen=True)
class TumorCheck:
    """One check: what it asks for, and what finds where it is not so.

    >>> TUMOR_CHECKS[0].asks
    'every measurement is of a listed lesion'
    """

    asks: str
    find: Callable[[TrialData, Plan], Iterator[Finding]]


TUMOR_CHECKS: tuple[TumorCheck, ...] = (
    TumorCheck("every measurement is of a listed lesion", unlisted_measurements),
    TumorCheck("at most 5 targets, at most 2 in an organ, all from baseline", target_numbers),
    TumorCheck(
        "targets are measurable: 10 mm, nodes 15 mm, not bone alone, not irradiated without growth", target_sizes
    ),
    TumorCheck("every lesion has a record at every assessment", missing_lesions),
    TumorCheck("lesions are numbered without a gap", lesion_gaps),
    TumorCheck("new lesions are identified, and seen", new_lesions),
    TumorCheck("parts and merged lesions name a lesion that is listed", lesion_links),
    TumorCheck("one reader under one name", two_readers),
    TumorCheck("one accepted reader for each assessment", accepted_twice),
    TumorCheck("one assessment a day", same_day_scans),
    TumorCheck("a baseline assessment within its window", baseline_scans),
    TumorCheck("no response after progression", after_progression),
    TumorCheck("no partial response after a complete one", complete_then_partial),
    TumorCheck("no assessment after new therapy or death", after_other_events),
)
"""The checks, in order."""


def tumor_checks(data: TrialData, plan: Plan) -> tuple[Finding, ...]:
    """Return what every check finds in the tumor data, check by check, all evaluators.

    >>> from trialwright.records import TrialData
    >>> from trialwright.protocol import load, study_names
    >>> seen = {"subject": "01", "evaluator": "investigator", "number": 1, "lesion": "T9", "state": "measured"}
    >>> from datetime import date
    >>> data = TrialData.from_rows("", {"measurements": [seen | {"assessed_on": date(2024, 1, 1)}]}, virtual=True)
    >>> print(tumor_checks(data, load(study_names()[0]))[0].what)
    T9 is measured and not in the table lesions; it is left out
    """
    known = listed_only(data)
    first, *rest = TUMOR_CHECKS
    return (*first.find(data, plan), *(found for check in rest for found in check.find(known, plan)))


def listed_only(data: TrialData) -> TrialData:
    """Return the data without the measurements of lesions that are not listed."""
    listed = data["lesions"].select("subject", "evaluator", "lesion")
    kept = data["measurements"].join(listed, on=["subject", "evaluator", "lesion"], how="semi", maintain_order="left")
    return replace(data, tables={**data.tables, "measurements": kept})
