"""The disease of each patient at baseline: measurable, not measurable, in bone only, or none to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trialwright.derive.measurability import organ_of
from trialwright.derive.rows import columns, frame, grouped, source

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = ["BASELINE_DISEASE_COLUMNS", "baseline_disease"]

BASELINE_DISEASE_COLUMNS = {
    "subject": "text",
    "evaluator": "text",
    "disease": "text",
    "targets": "integer",
    "nontargets": "integer",
    "assessed_on": "date",
    "in_window": "yes/no",
    "why": "text",
    "source": "text",
}

_Followed = tuple[str, str, str, bool]
"""Name, role, organ, node."""


def baseline_disease(data: TrialData, plan: Plan, evaluator: str) -> pl.DataFrame:
    """Return one row per randomized subject with the kind of disease that one evaluator follows.

    ``disease`` is ``measurable`` with a target, ``bone only`` or ``not measurable`` with non-targets alone (never CR by
    shrinkage, never PR, never SD), or ``none`` (only progression by a new lesion, else not evaluable). ``in_window``
    says whether the baseline assessment lies within ``baseline_within_days`` before randomization, null without one.

    >>> from trialwright.records import TrialData
    >>> from trialwright.protocol import load, study_names
    >>> baseline_disease(TrialData.from_rows("", {}, virtual=True), load(study_names()[0]), "investigator").height
    0
    """
    import polars as pl

    own = pl.col("evaluator") == evaluator
    first = data["lesions"].filter(own & (pl.col("role") != "new") & pl.col("split_from").is_null())
    followed = grouped(first, "lesion", "role", "organ", "node")
    done = data["assessments"].filter(own & (pl.col("number") == 0))
    scanned = dict(zip(*columns(done, "subject", "assessed_on"), strict=True))
    randomized = zip(*columns(data["allocations"], "subject", "randomized_on"), strict=True)
    days = plan.assessments.baseline_within_days
    rows = (
        _row(subject, evaluator, followed.get(subject, ()), _Scan(scanned.get(subject), on, days))
        for subject, on in randomized
    )
    return frame(BASELINE_DISEASE_COLUMNS, rows)


class _Scan(NamedTuple):
    """The baseline scan, if any, beside randomization and the window."""

    on: int | None
    randomized_on: int
    window: int


def _row(subject: str, evaluator: str, lesions: Sequence[_Followed], scan: _Scan) -> tuple[object, ...]:
    disease, targets, others, why = _disease(sorted(lesions))
    in_window, said = _window(scan)
    record = "none" if scan.on is None else source("assessments", subject, number=0)
    return subject, evaluator, disease, targets, others, scan.on, in_window, f"{why}; {said}", record


def _disease(lesions: Sequence[_Followed]) -> tuple[str, int, int, str]:
    """Return the kind of disease, the numbers of targets and non-targets, and why."""
    targets = [name for name, role, _, _ in lesions if role == "target"]
    others = [name for name, role, _, _ in lesions if role == "non-target"]
    bone = all(organ_of(organ, node) == "bone" for _, _, organ, node in lesions)
    if targets:
        return "measurable", len(targets), len(others), f"target lesions {', '.join(targets)}"
    if others:
        kind = "bone only" if bone else "not measurable"
        return kind, 0, len(others), f"no target; non-target lesions {', '.join(others)}"
    return "none", 0, 0, "no lesion at baseline"


def _window(scan: _Scan) -> tuple[bool | None, str]:
    if scan.on is None:
        return None, "no baseline assessment"
    before = scan.randomized_on - scan.on
    said = f"{before} days before randomization" if before >= 0 else f"{-before} days after randomization"
    return 0 <= before <= scan.window, f"baseline {said}, window {scan.window} days"
