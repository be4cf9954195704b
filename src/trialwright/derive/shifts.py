"""Shifts of laboratory grades: the baseline grade against the worst on treatment, by direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["shifts"]


def shifts(laboratory: pl.DataFrame) -> pl.DataFrame:
    """Return one row per subject, test, specimen and direction with a term, from the rows of ``laboratory``.

    Columns: subject, test, specimen, direction (low or high), term, base_grade, worst_grade, worst_on, worsened, why
    and source. The worst grade is the highest of the results on treatment, unscheduled ones included, and of equal
    grades the earliest. A grade that is not known is null and takes no part; ``worsened`` is null where either is.

    >>> import polars as pl
    >>> from datetime import date
    >>> rows = {"subject": ["01"] * 2, "test": ["sodium"] * 2, "specimen": [None] * 2, "number": [2, 3],
    ...         "sampled_on": [date(2024, 1, 8), date(2024, 1, 15)], "on_treatment": [True] * 2, "source": ["a", "b"],
    ...         "term_low": ["Hyponatremia"] * 2, "grade_low": [1, 3], "base_grade_low": [0] * 2,
    ...         "term_high": [None] * 2, "grade_high": [None] * 2, "base_grade_high": [None] * 2}
    >>> shifts(pl.DataFrame(rows)).select("direction", "base_grade", "worst_grade", "worsened", "source").rows()
    [('low', 0, 3, True, 'b')]
    """
    import polars as pl

    found = pl.concat([_direction(laboratory, direction) for direction in ("low", "high")])
    return found.sort("subject", "test", "specimen", "direction", nulls_last=True)


def _direction(laboratory: pl.DataFrame, direction: str) -> pl.DataFrame:
    import polars as pl

    of = ["subject", "test", "specimen"]
    named = laboratory.select(
        *of,
        "number",
        "sampled_on",
        "on_treatment",
        "source",
        term=pl.col(f"term_{direction}").cast(pl.String),
        grade=pl.col(f"grade_{direction}").cast(pl.Int64),
        base_grade=pl.col(f"base_grade_{direction}").cast(pl.Int64),
    ).filter(pl.col("term").is_not_null())
    graded = named.filter(pl.col("on_treatment") & pl.col("grade").is_not_null())
    worst_first = graded.sort("grade", "sampled_on", "number", descending=[True, False, False])
    worst = worst_first.unique(of, keep="first", maintain_order=True).select(
        *of, worst_grade="grade", worst_on="sampled_on", source="source"
    )
    subjects = named.group_by([*of, "term"], maintain_order=True).agg(pl.col("base_grade").first())
    why = pl.when(pl.col("worst_grade").is_null()).then(pl.lit("no grade on treatment"))
    return subjects.join(worst, on=of, how="left", nulls_equal=True).select(
        *of,
        "term",
        "base_grade",
        "worst_grade",
        "worst_on",
        direction=pl.lit(direction),
        worsened=pl.col("worst_grade") > pl.col("base_grade"),
        why=why.otherwise(pl.lit("highest grade on treatment, the earliest of equals")),
        source="source",
    )
