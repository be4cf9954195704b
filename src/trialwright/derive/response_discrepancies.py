"""Responses as recorded beside responses as derived from lesions, and the convention that makes the difference.

A reason is named when the recorded response is what one other convention gives from the same measurements. Where
several do, the first of ``REASONS`` is named. An overall response that follows from its own recorded parts differs for
the reason of the part that does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trialwright.derive.recist import GROWTH, OVERALL, SHRINKAGE, has_progressed, overall_response
from trialwright.derive.response import response
from trialwright.derive.rows import frame, source

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = ["DISCREPANCY_COLUMNS", "REASONS", "DiscrepancyReason", "response_discrepancies"]

DISCREPANCY_COLUMNS = {
    "subject": "text",
    "evaluator": "text",
    "number": "integer",
    "kind": "text",
    "recorded": "text",
    "derived": "text",
    "agree": "yes/no",
    "reason": "text",
    "why": "text",
    "source": "text",
}
_KINDS = {"target": "target", "non-target": "nontarget", "overall": "response"}
_KNOWN = ("CR", "PR", "SD", "PD", "NE", "NON-CR/NON-PD")
_Parts = Mapping[str, str]
"""What was recorded at one time point, by kind."""


@dataclass(frozen=True)
class _Case:
    """One recorded response that differs from the one derived."""

    kind: str
    recorded: str
    row: Mapping[str, Any] | None
    """The derived row; None where no assessment from lesions is known."""
    parts: _Parts
    others: tuple[Mapping[str, Any], ...]
    """What the other evaluators' lesions give at this time point."""
    nadir_of_all: int | None
    """Smallest complete sum of any evaluator before this time point."""

    @property
    def sums(self) -> tuple[int, int, int] | None:
        """Sum, baseline and nadir where all are known."""
        row = self.row or {}
        found = tuple(row.get(name) for name in ("sum", "baseline_sum", "nadir"))
        return None if None in found else (found[0], found[1], found[2])  # type: ignore[return-value]


@dataclass(frozen=True)
class DiscrepancyReason:
    """One named reason for a difference.

    >>> REASONS[0].name
    'no known response'
    """

    name: str
    explains: Callable[[_Case], bool]


def response_discrepancies(data: TrialData, plan: Plan) -> pl.DataFrame:
    """Return one row per recorded target, non-target, new and overall response, with the derived one and the reason.

    ``number`` links the two; a record without one is linked by its date. ``reason`` is null where they agree, else a
    name of ``REASONS``, or ``not explained``. A recorded new lesion agrees when one is certain in the lesions.

    >>> from trialwright.records import TrialData
    >>> from trialwright.protocol import load, study_names
    >>> response_discrepancies(TrialData.from_rows("", {}, virtual=True), load(study_names()[0])).height
    0
    """
    derived = {who: _by_assessment(response(data, plan, who)) for who in plan.assessments.evaluators}
    return frame(DISCREPANCY_COLUMNS, _rows(_linked(data, derived), derived))


_Derived = dict[tuple[str, int], dict[str, Any]]


def _by_assessment(responses: pl.DataFrame) -> _Derived:
    return {(row["subject"], row["number"]): row for row in responses.iter_rows(named=True)}


def _linked(data: TrialData, derived: Mapping[str, _Derived]) -> list[dict[str, Any]]:
    """Return the recorded responses with the number of their assessment, by the date where none is recorded."""
    dates = {
        (subject, who, row["assessed_on"]): number
        for who, found in derived.items()
        for (subject, number), row in found.items()
    }
    rows = data["recorded_responses"].sort("subject", "evaluator", "number", "kind", "assessed_on", "record")
    return [
        row | {"number": dates.get((row["subject"], row["evaluator"], row["assessed_on"]))}
        if row["number"] is None
        else row
        for row in rows.iter_rows(named=True)
    ]


def _rows(recorded: list[dict[str, Any]], derived: Mapping[str, _Derived]) -> Iterator[tuple[Any, ...]]:
    parts: dict[tuple[str, str, int], dict[str, str]] = {}
    for row in recorded:
        if row["number"] is not None:
            parts.setdefault(_key(row), {})[row["kind"]] = row["response"]
    for row in recorded:
        own = derived.get(row["evaluator"], {}).get((row["subject"], row["number"]))
        found = _found(row["kind"], own)
        agree = _agrees(row, found)
        reason = None if agree else _reason(_case(row, own, parts.get(_key(row), {}), derived))
        record = row["record"] or source("recorded_responses", row["subject"], number=row["number"])
        why = own["why"] if own else "no assessment from lesions at this time point"
        who = (row["subject"], row["evaluator"], row["number"])
        yield (*who, row["kind"], row["response"], found, agree, reason, why, record)


def _key(row: Mapping[str, Any]) -> tuple[str, str, int]:
    return row["subject"], row["evaluator"], row["number"]


def _found(kind: str, row: Mapping[str, Any] | None) -> str | None:
    if row is None:
        return None
    if kind == "new lesion":
        return "new lesion" if row["new"] else "none"
    found: str | None = row[_KINDS[kind]]
    return found


def _agrees(row: Mapping[str, Any], found: str | None) -> bool:
    if row["kind"] == "new lesion":
        return found == ("none" if row["response"].lower() in _NO else "new lesion")
    return bool(row["response"] == found)


_NO = ("n", "no", "none", "absent", "equivocal", "false")


def _case(
    row: Mapping[str, Any], own: Mapping[str, Any] | None, parts: _Parts, derived: Mapping[str, _Derived]
) -> _Case:
    subject, number = row["subject"], row["number"]
    others = tuple(
        found[subject, number]
        for who, found in derived.items()
        if who != row["evaluator"] and (subject, number) in found
    )
    nadirs = [each["nadir"] for each in (own, *others) if each and each["nadir"] is not None]
    return _Case(row["kind"], row["response"], own, parts, others, min(nadirs, default=None))


_PART_ORDER = ("target", "non-target", "new lesion")


def _reason(case: _Case) -> str:
    """Return the reason; of an overall response that follows from its recorded parts that of the part that differs."""
    if case.kind == "overall" and case.row is not None and not _not_by_its_parts(case):
        for kind, said in ((kind, case.parts[kind]) for kind in _PART_ORDER if kind in case.parts):
            if not _agrees({"kind": kind, "response": said}, _found(kind, case.row)):
                return _reason(replace(case, kind=kind, recorded=said))
    return next((reason.name for reason in REASONS if reason.explains(case)), "not explained")


def _target(case: _Case, *, against: int, least: bool, complete: bool) -> bool:
    """Return whether the recorded target response is that of these conventions."""
    if case.sums is None or case.kind != "target" or case.row is None:
        return False
    total, baseline, _ = case.sums
    grown = has_progressed(total, against) if least else GROWTH[1] * total >= GROWTH[0] * against
    if case.row["target"] == "CR":
        return case.recorded == "CR"
    if grown:
        return case.recorded == "PD"
    if complete and not case.row["complete"]:
        return case.recorded == "NE"
    return case.recorded == ("PR" if SHRINKAGE[1] * total <= SHRINKAGE[0] * baseline else "SD")


def _by(case: _Case, *, against: str, least: bool = True, complete: bool = True) -> bool:
    if case.sums is None:
        return False
    _, baseline, nadir = case.sums
    value = {"baseline": baseline, "nadir": nadir, "nadir of all": case.nadir_of_all}[against]
    return value is not None and _target(case, against=value, least=least, complete=complete)


def _incomplete(case: _Case) -> bool:
    """One of the two says not evaluable because of a lesion, the other judges by those that were evaluated."""
    if case.kind == "target":
        return _by(case, against="nadir", complete=False) or (case.recorded == "CR" and _nothing_left(case))
    row = case.row or {}
    return case.kind == "non-target" and "NE" in (case.recorded, row.get("nontarget"))


def _nothing_left(case: _Case) -> bool:
    """Return whether lesions that were not evaluated, read as gone, leave no sum."""
    row = case.row or {}
    return not row.get("complete", True) and row.get("sum") == 0


def _of_another(case: _Case) -> bool:
    return any(_found(case.kind, other) == case.recorded for other in case.others)


def _not_by_its_parts(case: _Case) -> bool:
    """Return whether the recorded overall response does not follow from what was recorded of its parts."""
    return case.kind == "overall" and case.recorded != _overall_of(case.parts)


def _overall_of(parts: _Parts) -> str:
    new = parts.get("new lesion", "none").lower() not in _NO
    target, nontarget = (parts.get(kind) for kind in ("target", "non-target"))
    known = {one for rule in OVERALL for one in (*rule.target, *rule.nontarget)} | {"PD", None}
    if target not in known or nontarget not in known:
        return "unknown"
    return overall_response(target, nontarget, new).response


REASONS: tuple[DiscrepancyReason, ...] = (
    DiscrepancyReason("no known response", lambda case: case.kind != "new lesion" and case.recorded not in _KNOWN),
    DiscrepancyReason("no lesions at this time point", lambda case: case.row is None),
    DiscrepancyReason("growth from baseline, not from nadir", lambda case: _by(case, against="baseline")),
    DiscrepancyReason("growth without the 5 mm", lambda case: _by(case, against="nadir", least=False)),
    DiscrepancyReason("completeness of the lesions", _incomplete),
    DiscrepancyReason("nadir over all evaluators", lambda case: _by(case, against="nadir of all")),
    DiscrepancyReason("response of another evaluator", _of_another),
    DiscrepancyReason("overall response that does not follow from its parts", _not_by_its_parts),
)
"""Reasons in the order in which they are asked."""
