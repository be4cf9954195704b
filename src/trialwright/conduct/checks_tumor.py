"""Edit checks of lesions and scans (RECIST 1.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialwright.conduct.checks import Complaint, Look, check

__all__: list[str] = []

MOST_TARGETS, MOST_PER_ORGAN = 5, 2
"""Eisenhauer et al., Eur J Cancer 2009;45:228-247, section 4.1."""


def _readers(look: Look, table: str) -> list[dict[str, Any]]:
    return [row for row in look.others(table) if row["evaluator"] == look.row["evaluator"]]


@check("unknown evaluator", "assessments", "lesions", "measurements", hard=True, says="as the protocol names them")
def _evaluator(look: Look) -> Iterator[Complaint]:
    known = look.protocol.assessments.evaluators
    if look.row["evaluator"] not in known:
        yield Complaint("evaluator", f"{look.row['evaluator']!r} is not in the protocol; known: {', '.join(known)}")


@check("scan outside its window", "assessments", hard=False, says="a scan lies within its window")
def _scan_window(look: Look) -> Iterator[Complaint]:
    taken, planned, window = look.row["assessed_on"], look.row["planned_on"], look.protocol.assessments.window_days
    if look.row["number"] > 0 and taken and planned and abs((taken - planned).days) > window:
        yield Complaint("assessed_on", f"{taken} is outside {planned} plus or minus {window} days")


@check("baseline too early", "assessments", hard=False, says="the baseline scan precedes randomization by few days")
def _baseline_window(look: Look) -> Iterator[Complaint]:
    taken, most = look.row["assessed_on"], look.protocol.assessments.baseline_within_days
    if look.row["number"] == 0 and taken and look.randomized_on and (look.randomized_on - taken).days > most:
        yield Complaint("assessed_on", f"{taken} is more than {most} days before {look.randomized_on}")


@check("scans out of order", "assessments", hard=True, says="a later assessment has a later date")
def _scan_order(look: Look) -> Iterator[Complaint]:
    taken, number = look.row["assessed_on"], look.row["number"]
    for other in _readers(look, "assessments"):
        when = other["assessed_on"]
        if taken and when and when != taken and (other["number"] < number) != (when < taken):
            yield Complaint("assessed_on", f"{taken}, and assessment {other['number']} is of {when}")
            return


@check("too many targets", "lesions", hard=True, says="at most 5 targets, and 2 in an organ")
def _target_numbers(look: Look) -> Iterator[Complaint]:
    if look.row["role"] != "target":
        return
    targets = [row for row in _readers(look, "lesions") if row["role"] == "target"]
    if len(targets) >= MOST_TARGETS:
        yield Complaint("role", f"there are {len(targets)} targets already, at most {MOST_TARGETS} are followed")
    same = [row for row in targets if _place(row) == _place(look.row)]
    if len(same) >= MOST_PER_ORGAN:
        yield Complaint("organ", f"there are {len(same)} targets there already, at most {MOST_PER_ORGAN} are followed")


def _place(row: dict[str, Any]) -> str:
    return "lymph node" if row["node"] else str(row["organ"])


@check("lesion changed its kind", "lesions", hard=True, says="role, organ and kind of a followed lesion stay")
def _identity(look: Look) -> Iterator[Complaint]:
    before = look.state.rows.find("lesions", look.record.id, look.key)
    if not look.corrects or before is None:
        return
    followed = [row for row in _readers(look, "measurements") if row["lesion"] == look.row["lesion"] and row["number"]]
    for column in ("role", "organ", "node"):
        if followed and before.values[column] != look.row[column]:
            yield Complaint(column, f"{look.row['lesion']} is measured at {len(followed)} later scans; record another")


@check("new lesion at baseline", "lesions", "measurements", hard=True, says="a new lesion appears after the baseline")
def _new_at_baseline(look: Look) -> Iterator[Complaint]:
    if look.table == "lesions":
        scans = _readers(look, "assessments")
        baseline = next((row["assessed_on"] for row in scans if row["number"] == 0), None)
        if look.row["role"] == "new" and baseline and look.row["found_on"] <= baseline:
            yield Complaint("role", f"found on {look.row['found_on']}, at the baseline of {baseline}: not a new lesion")
    elif look.row["number"] == 0 and (_lesion(look) or {}).get("role") == "new":
        yield Complaint("lesion", f"{look.row['lesion']} is a new lesion and cannot be measured at baseline")


@check("target after baseline", "lesions", hard=True, says="targets are chosen at baseline")
def _late_target(look: Look) -> Iterator[Complaint]:
    if look.row["role"] == "target" and look.randomized_on and look.row["found_on"] > look.randomized_on:
        yield Complaint("role", f"found on {look.row['found_on']}, after randomization: record it as new")


@check("unknown lesion", "measurements", hard=True, says="what is measured was listed as a lesion before")
def _unknown_lesion(look: Look) -> Iterator[Complaint]:
    if _lesion(look) is None:
        names = ", ".join(row["lesion"] for row in _readers(look, "lesions")) or "none"
        yield Complaint("lesion", f"{look.row['lesion']!r} is not listed; lesions of this reader: {names}")


@check("unknown scan", "measurements", hard=True, says="a measurement belongs to an assessment that was made")
def _unknown_scan(look: Look) -> Iterator[Complaint]:
    scan = next((row for row in _readers(look, "assessments") if row["number"] == look.row["number"]), None)
    if scan is None or scan["assessed_on"] is None:
        yield Complaint("number", f"assessment {look.row['number']} is not recorded as made; record it first")


@check("diameter out of range", "measurements", hard=True, says="diameters are 0 to 500 mm")
def _diameter(look: Look) -> Iterator[Complaint]:
    size = look.row["diameter"]
    if size is not None and not 0 <= size <= 5000:
        yield Complaint("diameter", f"must be 0 to 5000 tenths of a millimeter; got {size}")


@check("diameter and state disagree", "measurements", hard=False, says="a measured target has a diameter")
def _state(look: Look) -> Iterator[Complaint]:
    if look.row["state"] == "measured" and look.row["diameter"] is None:
        yield Complaint("diameter", "the state is measured, and no diameter is given")


@check("target not measurable", "measurements", hard=False, says="targets are measurable at baseline")
def _measurable(look: Look) -> Iterator[Complaint]:
    from trialwright.derive import BaselineLesion, measurability

    lesion = _lesion(look)
    if look.row["number"] != 0 or lesion is None or lesion["role"] != "target" or look.row["diameter"] is None:
        return
    facts = {name: bool(lesion[name]) for name in ("irradiated", "grown_since", "soft_tissue")}
    rule = measurability(BaselineLesion(lesion["organ"], lesion["node"], look.row["diameter"], **facts))
    if not rule.measurable:
        yield Complaint("diameter", f"{look.row['diameter'] / 10:.1f} mm: {rule.why}")


def _lesion(look: Look) -> dict[str, Any] | None:
    return next((row for row in _readers(look, "lesions") if row["lesion"] == look.row["lesion"]), None)
