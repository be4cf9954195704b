"""Dated facts of patients, and the intercurrent events among them: what comes before the event waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trialwright.derive.rows import as_date, columns, source

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import TrialData

__all__ = ["Dated", "firsts", "intercurrent"]


class Dated(NamedTuple):
    """Something that happened; days are whole days since 1970-01-01."""

    on: int
    what: str
    source: str
    known_on: int
    """Day from which it was known."""


def intercurrent(data: TrialData) -> dict[str, dict[str, Dated]]:
    """Return, by kind, the first intercurrent event of each patient who had it; deaths are not among the kinds."""
    return {
        "clinical progression": firsts(_clinical(data), "ended_on", "clinical progression", "dispositions"),
        "new therapy": firsts(data["therapies"], "started_on", "new therapy", "therapies"),
        "end of treatment": firsts(_stopped(data), "ended_on", "end of treatment", "dispositions"),
    }


def firsts(table: pl.DataFrame, dated_by: str, what: str, name: str) -> dict[str, Dated]:
    """Return the first row of each subject by a column of dates."""
    rows = sorted(zip(*columns(table, "subject", dated_by), strict=True), key=lambda row: row[1], reverse=True)
    return {subject: Dated(on, what, source(name, subject, **{dated_by: as_date(on)}), on) for subject, on in rows}


def _clinical(data: TrialData) -> pl.DataFrame:
    import polars as pl

    return data["dispositions"].filter(pl.col("reason") == "clinical progression")


def _stopped(data: TrialData) -> pl.DataFrame:
    """Return the ends of a treatment that had begun, for another reason than those that end the course itself."""
    import polars as pl

    outcomes = ("progression", "clinical progression", "death", "never treated")
    return data["dispositions"].filter((pl.col("ended") == "treatment") & ~pl.col("reason").is_in(outcomes))
