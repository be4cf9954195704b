"""What all analysis datasets share: identifiers, study days, visits, and the record behind a row by its CDISC name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Study",
    "evaluator_name",
    "flagged",
    "numbered",
    "own_code",
    "study_day",
    "traced",
    "visit",
    "with_subjects",
]

_HELD_IN: Mapping[str, tuple[str, str]] = {
    "allocations": ("ADSL", "RANDDT"),
    "deaths": ("ADRS", "ADT"),
    "assessments": ("ADRS", "ADT"),
    "recorded_responses": ("ADRS", "ADT"),
    "lesions": ("TU", "TUDTC"),
    "measurements": ("TR", "TRDTC"),
    "therapies": ("CM", "CMSTDTC"),
    "dispositions": ("DS", "DSSTDTC"),
    "adverse_events": ("AE", "AESTDTC"),
    "doses": ("EX", "EXSTDTC"),
    "visits": ("SV", "SVSTDTC"),
}
"""Dataset and variable that hold the date of a record, by its table."""


@dataclass(frozen=True)
class Study:
    """A study by its identifier, and its subjects.

    ``subjects`` has a row for each subject: subject, USUBJID, TRTP, TRTA, randomized_on and alive_on, the last day
    known alive as ADSL holds it.
    """

    id: str
    subjects: pl.DataFrame

    @property
    def randomized(self) -> Study:
        """The study with its randomized subjects only."""
        import polars as pl

        return replace(self, subjects=self.subjects.filter(pl.col("randomized_on").is_not_null()))


def with_subjects(study: Study, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows, which have a column ``subject``, with STUDYID and the columns of the subjects."""
    import polars as pl

    return rows.join(study.subjects, on="subject", how="left", maintain_order="left").with_columns(
        STUDYID=pl.lit(study.id)
    )


def study_day(on: str, reference: str) -> pl.Expr:
    """Return the days from a reference date, which is day 1; the day before it is -1, there is no day 0.

    >>> import polars as pl
    >>> from datetime import date
    >>> days = pl.DataFrame({"on": [date(2020, 1, 1), date(2020, 1, 2)], "start": [date(2020, 1, 2)] * 2})
    >>> days.select(study_day("on", "start"))["on"].to_list()
    [-1, 1]
    """
    import polars as pl

    days = (pl.col(on) - pl.col(reference)).dt.total_days()
    return days + (days >= 0).cast(pl.Int64)


def visit(number: str) -> pl.Expr:
    """Return what an assessment is called: BASELINE, or ASSESSMENT and its number."""
    import polars as pl

    return pl.when(pl.col(number) == 0).then(pl.lit("BASELINE")).otherwise(pl.format("ASSESSMENT {}", pl.col(number)))


def evaluator_name(evaluator: str) -> str:
    """Return an evaluator as PARCAT2 has it.

    >>> evaluator_name("investigator"), evaluator_name("BICR")
    ('Investigator', 'BICR')
    """
    return evaluator[:1].upper() + evaluator[1:]


def flagged(holds: pl.Expr) -> pl.Expr:
    """Return Y where something holds, else nothing.

    >>> import polars as pl
    >>> pl.DataFrame({"x": [True, False]}).select(flagged(pl.col("x")))["literal"].to_list()
    ['Y', None]
    """
    import polars as pl

    return pl.when(holds).then(pl.lit("Y"))


def own_code(letters: str, taken: Iterable[str]) -> str:
    """Return a parameter code of at most 8 letters and digits that is not taken; a number at its end tells it apart.

    >>> own_code("PFS-policy", ["PFSPOLIC"])
    'PFSPOLI2'
    """
    known = set(taken)
    kept = re.sub(r"[^A-Z0-9]", "", letters.upper()).lstrip("0123456789") or "PARAM"
    numbered = (f"{kept[: 8 - len(str(n))]}{n}" for n in range(2, 10_000))
    return next(code for code in chain((kept[:8],), numbered) if code not in known)


def numbered(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Return rows in the order of the subjects and of ``by``, with ASEQ counted from 1 in each subject."""
    import polars as pl

    ordered = rows.sort("USUBJID", *by, nulls_last=True, maintain_order=True)
    return ordered.with_columns(ASEQ=pl.int_range(1, pl.len() + 1).over("USUBJID"))


def traced(rows: pl.DataFrame, alive: pl.Expr) -> pl.DataFrame:
    """Return rows with SRCDOM and SRCVAR: where the record that ``SRCREC`` names, as derive does, keeps its date.

    ``alive`` says which rows end on the last day known alive; records of many kinds prove it, and ADSL holds it once.
    """
    import polars as pl

    table = pl.col("SRCREC").str.extract(r"^(\w+) ")
    held = [
        table.replace_strict({name: place[part] for name, place in _HELD_IN.items()}, default=None) for part in (0, 1)
    ]
    return rows.with_columns(
        SRCDOM=pl.when(alive).then(pl.lit("ADSL")).otherwise(held[0]),
        SRCVAR=pl.when(alive).then(pl.lit("LSTALVDT")).otherwise(held[1]),
    )
