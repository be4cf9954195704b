"""Dated facts of patients, and the intercurrent events among them: what comes before the event waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trialwright.derive.rows import as_date, columns, source

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import TrialData

__all__ = ["Dated", "after_new_therapy", "firsts", "intercurrent"]


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
        "withdrawal": firsts(_withdrawn(data), "ended_on", "withdrawal", "dispositions"),
    }


def after_new_therapy(data: TrialData) -> dict[str, dict[str, Dated]]:
    """Return, by kind, what became of the patients after their first new therapy.

    ``second progression`` is the progression recorded with the first new therapy; ``second therapy`` the start of the
    next one, which stands in for it where nobody recorded progression (EMA's guideline on anticancer medicinal
    products, appendix 1, on PFS2).
    """
    first, rest = _lines(data["therapies"])
    return {
        "second progression": firsts(first, "progressed_on", "second progression", "therapies"),
        "second therapy": firsts(rest, "started_on", "second therapy", "therapies"),
    }


def _lines(therapies: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the therapies of each patient's first day of a new therapy with a progression, and those of later days."""
    import polars as pl

    first = pl.col("started_on") == pl.col("started_on").min().over("subject")
    return therapies.filter(first & pl.col("progressed_on").is_not_null()), therapies.filter(~first)


def firsts(table: pl.DataFrame, dated_by: str, what: str, name: str) -> dict[str, Dated]:
    """Return the first row of each subject by a column of dates."""
    rows = sorted(zip(*columns(table, "subject", dated_by), strict=True), key=lambda row: row[1], reverse=True)
    return {subject: Dated(on, what, source(name, subject, **{dated_by: as_date(on)}), on) for subject, on in rows}


def _clinical(data: TrialData) -> pl.DataFrame:
    import polars as pl

    return data["dispositions"].filter(pl.col("reason") == "clinical progression")


def _withdrawn(data: TrialData) -> pl.DataFrame:
    import polars as pl

    return data["dispositions"].filter((pl.col("ended") == "study") & (pl.col("reason") == "withdrawal"))


def _stopped(data: TrialData) -> pl.DataFrame:
    """Return the ends of a treatment that had begun, but for its completion and what ends the course itself."""
    import polars as pl

    outcomes = ("progression", "clinical progression", "death", "never treated", "completed")
    return data["dispositions"].filter((pl.col("ended") == "treatment") & ~pl.col("reason").is_in(outcomes))
