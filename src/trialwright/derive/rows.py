"""Between frames and plain rows: dates become whole days since 1970-01-01 on the way in and dates on the way out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Kind", "as_date", "columns", "frame", "grouped", "source"]

Kind = str
"""Kind of a derived column: text, integer, number, yes/no or date."""


def columns(table: pl.DataFrame, *names: str) -> list[list[Any]]:
    """Return the columns as lists; dates are whole days since 1970-01-01."""
    return [table[name].to_physical().to_list() for name in names]


def grouped(table: pl.DataFrame, *names: str, by: str = "subject") -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each subject as tuples of the named columns, in the order of the table."""
    groups: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for key, *row in zip(*columns(table, by, *names), strict=True):
        groups[key].append(tuple(row))
    return groups


def frame(kinds: Mapping[str, Kind], rows: Iterable[tuple[Any, ...]]) -> pl.DataFrame:
    """Return the rows as a frame with these columns; whole days become dates."""
    import polars as pl

    physical = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "yes/no": pl.Boolean, "date": pl.Int32}
    lists: Iterable[Any] = list(zip(*rows, strict=True)) or [[] for _ in kinds]
    made = {
        name: pl.Series(name, values, dtype=physical[kind])
        for (name, kind), values in zip(kinds.items(), lists, strict=True)
    }
    dates = [pl.col(name).cast(pl.Date) for name, kind in kinds.items() if kind == "date"]
    return pl.DataFrame(made).with_columns(dates)


def as_date(day: int) -> str:
    """Return a whole day as an ISO date.

    >>> as_date(18262)
    '2020-01-01'
    """
    from datetime import date

    return (date.fromordinal(day + date(1970, 1, 1).toordinal())).isoformat()


def source(table: str, subject: str, **key: object) -> str:
    """Return how a derived row names the record it came from.

    >>> source("assessments", "17", number=3)
    'assessments 17 / number 3'
    """
    return " / ".join([f"{table} {subject}", *(f"{name} {value}" for name, value in key.items())])
