"""Checks of the assessments: who read them, on which day, and what came before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trialwright.derive.response import response
from trialwright.derive.rows import source
from trialwright.records import Finding

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = [
    "accepted_twice",
    "after_other_events",
    "after_progression",
    "baseline_scans",
    "complete_then_partial",
    "same_day_scans",
    "two_readers",
]

_SCAN = ["subject", "evaluator", "number"]


def two_readers(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find lesions measured, or listed, twice under one evaluator's name."""
    for table, key in (("measurements", [*_SCAN, "lesion"]), ("lesions", ["subject", "evaluator", "lesion"])):
        for row in _repeated(data[table], key):
            said = f"{row['count']} records of one lesion under one name: {row['evaluator']}"
            yield _finding(table, row, "one reader under one name", said, *key[2:])


def accepted_twice(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find assessments for which more than one evaluator is accepted."""
    import polars as pl

    for row in _repeated(data["assessments"].filter(pl.col("accepted")), ["subject", "number"]):
        said = f"{row['count']} evaluators are accepted"
        yield _finding("assessments", row, "one accepted reader", said, "number")


def same_day_scans(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find two assessments by one evaluator on one day."""
    import polars as pl

    done = data["assessments"].filter(pl.col("assessed_on").is_not_null())
    for row in _repeated(done, ["subject", "evaluator", "assessed_on"]):
        yield _finding(
            "assessments", row, "one assessment a day", f"{row['count']} assessments", "evaluator", "assessed_on"
        )


def baseline_scans(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find baseline assessments outside their window before randomization, and patients without one."""
    import polars as pl

    first = data["assessments"].filter((pl.col("number") == 0) & pl.col("assessed_on").is_not_null())
    started = data["allocations"].select("subject", "randomized_on")
    window = plan.assessments.baseline_within_days
    before = (pl.col("randomized_on") - pl.col("assessed_on")).dt.total_days().alias("before")
    dated = first.join(started, on="subject", maintain_order="left").with_columns(before)
    for row in dated.filter(~pl.col("before").is_between(0, window)).iter_rows(named=True):
        said = f"{row['before']} days before randomization; the window is 0 to {window}"
        yield _finding("assessments", row, "baseline within its window", said, "evaluator", "number")
    for row in _without_baseline(data, first).iter_rows(named=True):
        said = "assessed after baseline, and no baseline assessment"
        yield _finding("assessments", row, "a baseline assessment", said, "evaluator")


def _without_baseline(data: TrialData, first: pl.DataFrame) -> pl.DataFrame:
    seen = data["assessments"].select("subject", "evaluator").unique(maintain_order=True)
    return seen.join(first, on=["subject", "evaluator"], how="anti", maintain_order="left")


def after_progression(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find responses, progression left aside, at assessments after the first progression."""
    import polars as pl

    for seen in _responses(data, plan):
        first = seen.filter(pl.col("response") == "PD").group_by("subject").agg(first=pl.col("number").min())
        later = seen.join(first, on="subject", maintain_order="left").filter(
            (pl.col("number") > pl.col("first")) & (pl.col("response") != "PD")
        )
        for row in later.iter_rows(named=True):
            said = f"{row['response']} after progression at assessment {row['first']}"
            yield _finding("assessments", row, "no response after progression", said, "evaluator", "number")


def complete_then_partial(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find partial responses after a complete one: one is wrong (Eisenhauer et al. 2009, table 3, note a)."""
    import polars as pl

    for seen in _responses(data, plan):
        first = seen.filter(pl.col("response") == "CR").group_by("subject").agg(first=pl.col("number").min())
        later = seen.join(first, on="subject", maintain_order="left").filter(
            (pl.col("number") > pl.col("first")) & (pl.col("response") == "PR")
        )
        for row in later.iter_rows(named=True):
            said = f"PR after CR at assessment {row['first']}"
            yield _finding("assessments", row, "no partial response after a complete one", said, "evaluator", "number")


def after_other_events(data: TrialData, plan: Plan) -> Iterator[Finding]:
    """Find assessments later than the first new therapy, and later than death."""
    import polars as pl

    done = data["assessments"].filter(pl.col("assessed_on").is_not_null())
    ends = (("new therapy", "therapies", "started_on"), ("death", "deaths", "died_on"))
    for what, table, dated_by in ends:
        first = data[table].group_by("subject").agg(ended=pl.col(dated_by).min())
        late = done.join(first, on="subject", maintain_order="left").filter(pl.col("assessed_on") > pl.col("ended"))
        for row in late.iter_rows(named=True):
            said = f"assessed on {row['assessed_on']}, after {what} on {row['ended']}"
            yield _finding("assessments", row, f"no assessment after {what}", said, "evaluator", "number")


def _responses(data: TrialData, plan: Plan) -> Iterator[pl.DataFrame]:
    import polars as pl

    if plan.assessments.responses == "from lesions":
        for who in plan.assessments.evaluators:
            yield response(data, plan, who).filter(pl.col("response").is_not_null())


def _repeated(table: pl.DataFrame, key: list[str]) -> Iterator[dict[str, Any]]:
    """Return one row for each value of the key that occurs more than once, with the count."""
    import polars as pl

    counted = table.group_by(key, maintain_order=True).agg(pl.len().alias("count"), pl.all().first())
    return counted.filter(pl.col("count") > 1).iter_rows(named=True)


def _finding(table: str, row: dict[str, Any], rule: str, what: str, *key: str) -> Finding:
    return Finding(table, source(table, row["subject"], **{name: row[name] for name in key}), rule, what)
