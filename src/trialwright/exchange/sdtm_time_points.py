"""When tumors were assessed: the day of each record, and the number of each time point.

One time point of a subject is one VISIT, or each part of it where dates lie further apart than the settings allow. Its
number is 0 at baseline; after that it is what VISIT says, where the settings tell how to read it, or else its place
among the subject's time points.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from trialwright.derive import possible_days
from trialwright.exchange.sdtm_source import RECORD, Source

if TYPE_CHECKING:
    import polars as pl

__all__ = ["dated", "with_numbers"]

_VISIT = ("subject", "VISIT", "VISITNUM")


def dated(source: Source, found: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Give each record without a whole date the first one of its visit, the same evaluator's before another's.

    Where no record of the visit has one, the settings choose among the days that the partial date can mean.
    """
    import polars as pl

    if not found:
        return found
    every = pl.concat([frame.select("evaluator", *_VISIT, "on") for frame in found.values()]).drop_nulls("on")
    own = every.group_by("evaluator", *_VISIT).agg(pl.col("on").min().alias("own"))
    shared = every.group_by(_VISIT).agg(pl.col("on").min().alias("shared"))
    dated = {}
    for domain, frame in found.items():
        joined = _joined(_joined(frame, own, ["evaluator", *_VISIT]), shared, [*_VISIT])
        days = pl.Series("possible", [_possible(source, text) for text in joined["as_recorded"]], pl.Date)
        filled = joined.with_columns(days, pl.coalesce("own", "shared").alias("other"))
        _report_dates(source, domain, filled)
        dated[domain] = filled.with_columns(pl.coalesce("on", "other", "possible").alias("on"))
    return dated


def _joined(frame: pl.DataFrame, other: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    return frame.join(other, on=on, how="left", nulls_equal=True, maintain_order="left")


def _possible(source: Source, text: str | None) -> date | None:
    """Return the first or last day that a partial date can mean, as the settings say; None where they say neither."""
    try:
        days = possible_days(text)
    except ValueError:
        return None
    chosen = source.settings.partial_scans
    return None if days is None or chosen == "unknown" else days[0 if chosen == "first" else 1]


def _report_dates(source: Source, domain: str, rows: pl.DataFrame) -> None:
    import polars as pl

    missing = rows.filter(pl.col("on").is_null() & pl.col("as_recorded").is_not_null())
    for other, possible, record in missing.select("other", "possible", RECORD).iter_rows():
        if other is not None:
            source.found(domain, record, "date of another record", f"{other} is taken, the first of the same visit")
        elif possible is not None:
            how = f"{possible} is taken, the {source.settings.partial_scans} possible day"
            source.found(domain, record, "imputed date", how)


def with_numbers(source: Source, found: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Give each record the number of its time point: a visit, in parts where its records lie far apart."""
    import polars as pl

    if not found:
        return found
    days = pl.concat([frame.select(*_VISIT, "on") for frame in found.values()]).unique().sort(*_VISIT, "on")
    gap = pl.col("on").diff().dt.total_days().over(_VISIT) > source.settings.visit_days
    parts = days.with_columns(gap.fill_null(value=False).cum_sum().over(_VISIT).alias("part"))
    points = parts.group_by(*_VISIT, "part").agg(pl.col("on").min().alias("first"))
    ordered = points.sort("subject", "first", "VISITNUM", "VISIT", nulls_last=True)
    numbered = ordered.with_columns(_is_baseline(source).alias("baseline")).with_columns(_number(source))
    keyed = parts.join(numbered, on=[*_VISIT, "part"], how="left", nulls_equal=True)
    told = keyed.select(*_VISIT, "on", "number")
    numbered_rows = {domain: _joined(frame, told, [*_VISIT, "on"]) for domain, frame in found.items()}
    unnamed = (
        pl.col("VISIT").is_null() & pl.col("VISITNUM").is_null() & (pl.lit(bool(source.settings.assessment_number)))
    )
    blank = pl.when(~unnamed).then("number").alias("number")
    return {domain: frame.with_columns(blank) for domain, frame in numbered_rows.items()}


def _is_baseline(source: Source) -> pl.Expr:
    import polars as pl

    named = pl.col("VISIT").str.to_uppercase().fill_null("")
    return pl.any_horizontal(named.str.starts_with(start.upper()) for start in source.settings.baseline_visits)


def _number(source: Source) -> pl.Expr:
    import polars as pl

    counted = (~pl.col("baseline")).cum_sum().over("subject").cast(pl.Int64)
    pattern = source.settings.assessment_number
    stated = pl.col("VISIT").str.extract(pattern).cast(pl.Int64, strict=False) if pattern else pl.lit(None, pl.Int64)
    return pl.when("baseline").then(0).otherwise(pl.coalesce(stated, counted)).alias("number")
