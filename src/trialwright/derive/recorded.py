"""Responses as the evaluator recorded them, in the shape of those derived from lesions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trialwright.derive.response import RESPONSE_COLUMNS, response
from trialwright.derive.rows import frame
from trialwright.records import Finding

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = ["KNOWN_RESPONSES", "record_findings", "recorded_response", "responses_of"]

KNOWN_RESPONSES = ("NE", "CR", "PR", "SD", "NON-CR/NON-PD", "PD")
"""Responses of an assessment, from the one that yields to any other on its day to the one that yields to none."""


def responses_of(data: TrialData, plan: Plan, evaluator: str) -> pl.DataFrame:
    """Return the response of each assessment by one evaluator, from lesions or as recorded: whichever the plan says."""
    from_lesions = plan.assessments.responses == "from lesions"
    return response(data, plan, evaluator) if from_lesions else recorded_response(data, evaluator)


def recorded_response(data: TrialData, evaluator: str) -> pl.DataFrame:
    """Return one row per subject and assessed day with the overall response recorded, in the columns of ``response``.

    Of several records of one day the worst counts (NE, CR, PR, SD, NON-CR/NON-PD, PD), of equal ones the one with the
    highest record number, so that the order of the rows means nothing. Records before randomization, without a day, or
    with a word that is no response do not count: ``record_findings`` tells.
    Whoever has a baseline assessment or lesions found by the day of randomization has a baseline; sums are not known.

    >>> from trialwright.records import TrialData
    >>> recorded_response(TrialData.from_rows("", {}, virtual=True), "investigator").height
    0
    """
    import polars as pl

    found = _worst_of_each_day(_counted(data, evaluator)).with_columns(
        number=pl.col("assessed_on").rank("ordinal").over("subject").cast(pl.Int64)
    )
    targets = _parts(data, evaluator, "target").rename({"response": "target"})
    nontargets = _parts(data, evaluator, "non-target").rename({"response": "nontarget"})
    on = ["subject", "assessed_on"]
    told = found.join(targets, on=on, how="left").join(nontargets, on=on, how="left")
    after = _shaped(told, evaluator)
    return pl.concat([_baselines(data, evaluator), after]).sort("subject", "number")


def _counted(data: TrialData, evaluator: str) -> pl.DataFrame:
    """Return the overall responses that can count, each with its row in the table and the rank of its word."""
    import polars as pl

    own = (pl.col("evaluator") == evaluator) & (pl.col("kind") == "overall")
    ranks = {word: rank for rank, word in enumerate(KNOWN_RESPONSES)}
    return (
        data["recorded_responses"]
        .with_row_index("place")
        .filter(own & pl.col("response").is_in(KNOWN_RESPONSES))
        .join(data["allocations"].select("subject", "randomized_on"), on="subject")
        .filter((pl.col("assessed_on") >= pl.col("randomized_on")) & (pl.col("number").fill_null(1) != 0))
        .with_columns(rank=pl.col("response").replace_strict(ranks, return_dtype=pl.Int64))
    )


def _worst_of_each_day(counted: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    # By length first, so that RS 10 comes after RS 9; never by the place in the table, which means nothing.
    by_record = (pl.col("record").str.len_chars(), pl.col("record"))
    worst = counted.sort("subject", "assessed_on", "rank", *by_record).unique(
        ["subject", "assessed_on"], keep="last", maintain_order=True
    )
    return worst.with_columns(source=_named())


def _named() -> pl.Expr:
    """Return how a row names its record: by the record it was read from, else by its day."""
    import polars as pl

    day = pl.col("assessed_on").dt.to_string("%Y-%m-%d")
    what = pl.coalesce(pl.format("record {}", "record"), pl.format("assessed_on {}", day))
    return pl.format("recorded_responses {} / {}", "subject", what)


def _parts(data: TrialData, evaluator: str, kind: str) -> pl.DataFrame:
    import polars as pl

    own = (pl.col("evaluator") == evaluator) & (pl.col("kind") == kind) & pl.col("assessed_on").is_not_null()
    found = data["recorded_responses"].filter(own).select("subject", "assessed_on", "response")
    return found.sort("response").unique(["subject", "assessed_on"], keep="last", maintain_order=True)


def _baselines(data: TrialData, evaluator: str) -> pl.DataFrame:
    """Return a row of number 0 for each subject who has a baseline assessment, or lesions found before treatment."""
    import polars as pl

    own = pl.col("evaluator") == evaluator
    done = data["assessments"].filter(own & (pl.col("number") == 0)).select("subject", "assessed_on")
    started = data["allocations"].select("subject", "randomized_on")
    found = data["lesions"].filter(own & (pl.col("role") != "new")).join(started, on="subject")
    early = found.filter(pl.col("found_on") <= pl.col("randomized_on"))
    days = pl.concat([done, early.select("subject", assessed_on="found_on")]).drop_nulls()
    first = days.group_by("subject").agg(pl.col("assessed_on").min())
    record = pl.format("assessments {} / number 0", "subject")
    return _shaped(first.with_columns(number=pl.lit(0), complete=pl.lit(True), source=record), evaluator)


def _shaped(rows: pl.DataFrame, evaluator: str) -> pl.DataFrame:
    """Return the rows in the columns of ``response``; one day stands for all, and what only lesions tell is null."""
    import polars as pl

    record = pl.col("source").str.split(" / ").list.last()
    said = pl.when(pl.col("number") == 0).then(pl.lit("baseline")).otherwise(pl.format("as recorded, {}", record))
    day = pl.col("assessed_on")
    named = rows.with_columns(evaluator=pl.lit(evaluator), response_on=day, known_on=day, why=said)
    empty = frame(RESPONSE_COLUMNS, [])
    nothing = [pl.lit(None, kind).alias(name) for name, kind in empty.schema.items() if name not in named.columns]
    return named.with_columns(nothing).select(empty.columns).cast(empty.schema)


def record_findings(data: TrialData) -> tuple[Finding, ...]:
    """Return every recorded overall response that does not count, with the reason.

    >>> from trialwright.records import TrialData
    >>> row = {"subject": "01", "evaluator": "investigator", "kind": "overall", "response": "CHECK", "record": "RS 7"}
    >>> for finding in record_findings(TrialData.from_rows("", {"recorded_responses": [row]}, virtual=True)):
    ...     print(finding)
    recorded_responses: recorded_responses 01 / record RS 7: known response: 'CHECK' is no response; it does not count
    """
    import polars as pl

    overall = data["recorded_responses"].with_row_index("place").filter(pl.col("kind") == "overall")
    started = data["allocations"].select("subject", "randomized_on")
    told = overall.join(started, on="subject", how="left").with_columns(source=_named())
    kept = [_worst_of_each_day(_counted(data, who))["place"] for who in told["evaluator"].unique().sort()]
    counted = set[int]().union(*kept)
    left = told.filter(pl.col("number").fill_null(1) != 0).sort("place")
    return tuple(_finding(row) for row in left.iter_rows(named=True) if row["place"] not in counted)


def _finding(row: dict[str, Any]) -> Finding:
    named = row["source"] or f"recorded_responses {row['subject']}"
    if row["response"] not in KNOWN_RESPONSES:
        rule, what = "known response", f"{row['response']!r} is no response"
    elif row["assessed_on"] is None:
        rule, what = "day of the assessment", "no day is recorded"
    elif row["randomized_on"] is None:
        rule, what = "randomized", "the subject was not randomized"
    elif row["assessed_on"] < row["randomized_on"]:
        rule, what = "after randomization", f"{row['assessed_on']} is before randomization on {row['randomized_on']}"
    else:
        rule, what = "one response a day", f"another of {row['assessed_on']} is worse, or as bad with a higher number"
    return Finding("recorded_responses", named, rule, f"{what}; it does not count")
