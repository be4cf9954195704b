"""Checks of the lesions: numbers, sizes, names, records at every assessment."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from trialwright.derive.measurability import MOST_PER_ORGAN, MOST_TARGETS, BaselineLesion, measurability, organ_of
from trialwright.derive.rows import source
from trialwright.records import Finding

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = [
    "lesion_gaps",
    "lesion_links",
    "missing_lesions",
    "new_lesions",
    "target_numbers",
    "target_sizes",
    "unlisted_measurements",
]

_LESION = ["subject", "evaluator", "lesion"]
_SCAN = ["subject", "evaluator", "number"]


def unlisted_measurements(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find measurements without a lesion, each once."""
    stray = data["measurements"].join(data["lesions"].select(_LESION), on=_LESION, how="anti", maintain_order="left")
    for row in stray.iter_rows(named=True):
        said = f"{row['lesion']} is measured and not in the table lesions; it is left out"
        yield _finding("measurements", row, "measurement of a listed lesion", said, "number", "lesion")


def target_numbers(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find patients with too many targets, and targets that were added after baseline."""
    for (subject, evaluator), rows in _by_reader(_targets(data)):
        at = {"subject": subject, "evaluator": evaluator}
        if len(rows) > MOST_TARGETS:
            yield _finding("lesions", at, f"at most {MOST_TARGETS} targets", f"{len(rows)} targets: {_names(rows)}")
        organs: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            organs[organ_of(row["organ"], row["node"])].append(row)
        for organ, found in organs.items():
            if len(found) > MOST_PER_ORGAN:
                said = f"{len(found)} in {organ}: {_names(found)}"
                yield _finding("lesions", at, f"at most {MOST_PER_ORGAN} targets in an organ", said)
    yield from _late_targets(data)


def _late_targets(data: TrialData) -> Iterator[Finding]:
    import polars as pl

    started = data["allocations"].select("subject", "randomized_on")
    late = _targets(data).join(started, on="subject").filter(pl.col("found_on") > pl.col("randomized_on"))
    for row in late.iter_rows(named=True):
        said = f"found on {row['found_on']}, after randomization on {row['randomized_on']}"
        yield _finding("lesions", row, "targets from baseline", said, "lesion")


def target_sizes(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find targets that are not measurable at baseline."""
    import polars as pl

    first = data["measurements"].filter(pl.col("number") == 0).select(*_LESION, "diameter", "state")
    for row in _targets(data).join(first, on=_LESION, maintain_order="left").iter_rows(named=True):
        facts = {name: bool(row[name]) for name in ("irradiated", "grown_since", "soft_tissue")}
        rule = measurability(BaselineLesion(row["organ"], row["node"], row["diameter"], **facts))
        if not rule.measurable:
            size = "" if row["diameter"] is None else f", {row['diameter'] / 10:.1f} mm"
            yield _finding("lesions", row, f"target: {rule.name}", f"{row['lesion']}{size}, {rule.why}", "lesion")


def missing_lesions(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find targets and non-targets without a record at an assessment that was performed; a whole may split."""
    import polars as pl

    done = data["assessments"].filter(pl.col("assessed_on").is_not_null()).select(_SCAN)
    followed = data["lesions"].filter((pl.col("role") != "new") & pl.col("split_from").is_null())
    due = done.join(followed.select(*_LESION, "role"), on=["subject", "evaluator"], maintain_order="left")
    split = _split(data)
    missing = due.join(data["measurements"], on=[*_SCAN, "lesion"], how="anti", maintain_order="left")
    for row in missing.join(split, on=[*_SCAN, "lesion"], how="anti", maintain_order="left").iter_rows(named=True):
        said = f"{row['role']} {row['lesion']} has no record"
        yield _finding("measurements", row, "a record at every assessment", said, "number", "lesion")


def _split(data: TrialData) -> pl.DataFrame:
    """Return the assessments at which a part of a lesion was recorded, under the name of the whole."""
    import polars as pl

    parts = data["lesions"].filter(pl.col("split_from").is_not_null()).select(*_LESION, "split_from")
    seen = data["measurements"].join(parts, on=_LESION)
    return seen.select(*_SCAN, lesion="split_from").unique()


def lesion_gaps(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find names that leave out a number: T1, T2, T4."""
    for (subject, evaluator), rows in _by_reader(data["lesions"]):
        numbers: dict[str, set[int]] = defaultdict(set)
        for row in rows:
            named = re.fullmatch(r"(.*?)(\d+)", row["lesion"])
            if named:
                numbers[named[1]].add(int(named[2]))
        for prefix, found in sorted(numbers.items()):
            gaps = sorted(set(range(1, max(found))) - found)
            if gaps:
                said = f"{prefix}{max(found)} is listed, not {', '.join(f'{prefix}{gap}' for gap in gaps)}"
                at = {"subject": subject, "evaluator": evaluator}
                yield _finding("lesions", at, "lesions numbered without a gap", said)


def new_lesions(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find new lesions that no scan shows, new lesions recorded without one, and states of new lesions elsewhere."""
    import polars as pl

    new = data["lesions"].filter(pl.col("role") == "new")
    seen = data["measurements"].join(new.select(_LESION), on=_LESION, how="semi")
    for row in new.join(seen, on=_LESION, how="anti", maintain_order="left").iter_rows(named=True):
        said = f"new lesion {row['lesion']} has no record at any assessment"
        yield _finding("lesions", row, "new lesions are seen", said, "lesion")
    said_new = data["recorded_responses"].filter(
        (pl.col("kind") == "new lesion") & pl.col("response").str.to_lowercase().is_in(_YES)
    )
    for row in said_new.join(seen, on=_SCAN, how="anti", maintain_order="left").iter_rows(named=True):
        said = f"recorded as {row['response']}, and no new lesion is listed with a record"
        yield _finding("recorded_responses", row, "new lesions are identified", said, "number")
    doubt = data["measurements"].filter(pl.col("state").is_in(["equivocal", "unequivocal"]))
    for row in doubt.join(new, on=_LESION, how="anti", maintain_order="left").iter_rows(named=True):
        said = f"{row['lesion']} is {row['state']}, and not listed as new"
        yield _finding("measurements", row, "new lesions are identified", said, "number", "lesion")


_YES = ["y", "yes", "present", "unequivocal", "new", "true"]


def lesion_links(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find parts of, and lesions merged into, lesions that are not listed, and merged states that name none."""
    import polars as pl

    lesions = data["lesions"]
    for column, words in (("split_from", "a part of"), ("merged_into", "merged into")):
        named = lesions.filter(pl.col(column).is_not_null())
        stray = named.join(lesions, left_on=["subject", "evaluator", column], right_on=_LESION, how="anti")
        for row in stray.iter_rows(named=True):
            said = f"{row['lesion']} is {words} {row[column]}, which is not listed"
            yield _finding("lesions", row, "linked lesions are listed", said, "lesion")
    without = lesions.filter(pl.col("merged_into").is_null()).select(_LESION)
    merged = data["measurements"].filter(pl.col("state") == "merged")
    for row in merged.join(without, on=_LESION, how="semi", maintain_order="left").iter_rows(named=True):
        said = f"{row['lesion']} has merged, and merged_into names no lesion; it counts as not evaluable"
        yield _finding("measurements", row, "linked lesions are listed", said, "number", "lesion")


def _targets(data: TrialData) -> pl.DataFrame:
    import polars as pl

    return data["lesions"].filter((pl.col("role") == "target") & pl.col("split_from").is_null())


def _by_reader(lesions: pl.DataFrame) -> Iterable[tuple[tuple[str, str], list[dict[str, Any]]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in lesions.sort(_LESION).iter_rows(named=True):
        found[row["subject"], row["evaluator"]].append(row)
    return found.items()


def _names(rows: Iterable[dict[str, Any]]) -> str:
    return ", ".join(row["lesion"] for row in rows)


def _finding(table: str, row: dict[str, Any], rule: str, what: str, *key: str) -> Finding:
    named = {name: row[name] for name in ("evaluator", *key)}
    return Finding(table, source(table, row["subject"], **named), rule, what)
