"""Study days, epochs and identifiers: what every SDTM record gets in the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.exchange.datasets import Dataset
from trialwright.exchange.sdtm_specification import SDTM
from trialwright.exchange.specification import built

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import TrialData

__all__ = ["Marks", "iso", "marks"]


@dataclass(frozen=True, eq=False)
class Marks:
    """The days of each subject from which study days and epochs follow.

    ``days`` has the columns subject, start (first dose) and end (of treatment, null while it lasts).
    """

    study: str
    days: pl.DataFrame

    def identified(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows with USUBJID for subject."""
        import polars as pl

        return rows.with_columns(pl.format("{}-{}", pl.lit(self.study), "subject").alias("USUBJID")).drop("subject")

    def dataset(self, domain: str, rows: pl.DataFrame, starts: str | None = None, ends: str | None = None) -> Dataset:
        """Return rows of a domain with subject, numbered, with the study days of their dates and the epoch.

        ``starts`` and ``ends`` name the variables that hold dates, without --DTC: ``AEST``. A column ``planned`` gives
        the epoch of what was not done. Rows keep their order within a subject.
        """
        import polars as pl

        spec = SDTM[domain]
        dated = rows.join(self.days, on="subject", how="left", maintain_order="left")
        for named in (starts, ends):
            if named is not None:
                dated = dated.with_columns(_study_day(f"{named}DTC").alias(f"{named}DY"))
        if starts is not None:
            on = pl.coalesce(_day(f"{starts}DTC"), *(["planned"] if "planned" in rows.columns else []))
            dated = dated.with_columns(_epoch(on).alias("EPOCH"))
        dated = dated.with_columns(pl.lit(self.study).alias("STUDYID"), pl.lit(domain).alias("DOMAIN"))
        names = [variable.name for variable in spec.variables]
        sequence = f"{domain}SEQ"
        if sequence in names and sequence not in dated.columns:
            order = pl.int_range(1, pl.len() + 1).over("subject")
            dated = dated.sort("subject", maintain_order=True).with_columns(order.alias(sequence))
        whole = self.identified(dated)
        absent = [pl.lit(None).alias(name) for name in names if name not in whole.columns]
        return built(spec, whole.with_columns(absent).select(names), "trial data")


def marks(data: TrialData) -> Marks:
    """Return the marks of a trial: study day 1 is the day of the first dose."""
    import polars as pl

    ended = data["dispositions"].filter(pl.col("ended") == "treatment").select("subject", end="ended_on")
    first = data["doses"].group_by("subject").agg(pl.col("started_on").min().alias("start"))
    days = first.join(ended, on="subject", how="full", coalesce=True)
    return Marks(data.study.upper(), days)


def iso(column: str) -> pl.Expr:
    """Return a date as ISO 8601 text."""
    import polars as pl

    return pl.col(column).dt.strftime("%Y-%m-%d")


def _day(variable: str) -> pl.Expr:
    import polars as pl

    return pl.col(variable).str.to_date("%Y-%m-%d", strict=False)


def _study_day(variable: str) -> pl.Expr:
    """Return the study day; there is no day 0 (SDTMIG 3.4, 4.4.4). Without a whole date there is none."""
    import polars as pl

    apart = (_day(variable) - pl.col("start")).dt.total_days()
    return pl.when(apart >= 0).then(apart + 1).otherwise(apart)


def _epoch(on: pl.Expr) -> pl.Expr:
    """Return the epoch of a day: screening before the first dose, treatment up to its end, then follow-up.

    Whoever never had a dose is in screening up to the day on which treatment was given up.
    """
    import polars as pl

    after = (on > pl.col("end")).fill_null(value=False)
    before = pl.col("start").is_null() | (on < pl.col("start"))
    known = pl.when(before).then(pl.lit("SCREENING")).otherwise(pl.lit("TREATMENT"))
    return pl.when(after).then(pl.lit("FOLLOW-UP")).when(on.is_not_null()).then(known)
