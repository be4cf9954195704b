"""Values of a column: which are missing, which are numbers, and what their labels are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from trialwright.errors import DataError

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

__all__ = [
    "MISSING",
    "coded",
    "few",
    "in_order",
    "is_missing",
    "is_numeric",
    "labeled",
    "numbers",
    "one_label",
    "refuse",
]

MISSING = ("", "NA", "NaN", ".")
"""What stands for a missing value in a column of text."""
WHOLE = 2.0**53
"""Floats below it that are whole are those whole numbers exactly."""
MOST_LEVELS = 50
"""More arms, or more levels of one covariate, are taken for a mistaken column."""


def is_missing(series: pl.Series) -> pl.Series:
    """Return for each row whether its value is null, NaN, or text that stands for a missing value."""
    import polars as pl

    empty = series.is_null()
    if series.dtype == pl.String:
        empty |= series.str.strip_chars().is_in(MISSING).fill_null(value=True)
    if series.dtype.is_float():
        empty |= series.is_nan().fill_null(value=True)
    return empty


def numbers(series: pl.Series, rows: NDArray[Any], what: str) -> NDArray[np.float64]:
    """Return a column as numbers [n]; DataError names the first row, by ``rows``, whose value is none."""
    import polars as pl

    if series.dtype != pl.String and not series.dtype.is_numeric():
        raise DataError(f"column {series.name!r} must be {what}; it holds {series.dtype}")
    text = series.str.strip_chars() if series.dtype == pl.String else series
    found = text.cast(pl.Float64, strict=False)
    refuse(series, rows, found.is_null().to_numpy(), what)
    return found.to_numpy()


def is_numeric(series: pl.Series, rows: NDArray[Any]) -> bool:
    """Say whether a covariate is a number; some numbers among text are more likely a slip than categories."""
    import polars as pl

    if series.dtype != pl.String:
        return bool(series.dtype.is_numeric())
    text = series.str.strip_chars().cast(pl.Float64, strict=False).is_null()
    if text.any() and not text.all():
        remedy = f"a number throughout; if it holds categories, write factor({series.name})"
        refuse(series, rows, text.to_numpy(), remedy)
    return not text.any()


def refuse(series: pl.Series, rows: NDArray[Any], wrong: NDArray[np.bool_], rule: str) -> None:
    """Raise DataError if any value is wrong, naming the first, its row and how many there are."""
    if wrong.any():
        first = int(wrong.argmax())
        count = f" ({wrong.sum()} rows in all)" if wrong.sum() > 1 else ""
        raise DataError(f"column {series.name!r} must be {rule}; got {series[first]!r} in row {rows[first]}{count}")


def labeled(series: pl.Series) -> pl.Series:
    """Return values as text, whole numbers without a decimal point: 1, 1.0 and "1" are one label."""
    import polars as pl

    if series.dtype == pl.String:
        return series.str.strip_chars().str.replace(r"^([+-]?\d+)\.0+$", "$1")
    if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object):
        raise DataError(f"column {series.name!r} must hold one label in each row; it holds {series.dtype}")
    text = series.cast(pl.String)
    if not series.dtype.is_float():
        return text
    whole = (series == series.floor()) & (series.abs() < WHOLE)
    return text.zip_with(~whole, series.cast(pl.Int64, strict=False).cast(pl.String))


def one_label(value: str) -> str:
    """Return a label as it stands among the labels of a column."""
    import polars as pl

    return str(labeled(pl.Series([value]))[0])


def in_order(found: pl.Series) -> list[str]:
    """Return the distinct labels, numbers as numbers, text as text."""
    distinct = [str(each) for each in found.unique().to_list()]
    try:
        return sorted(distinct, key=float)
    except ValueError:
        return sorted(distinct)


def coded(found: pl.Series, order: Sequence[str]) -> NDArray[np.int32]:
    """Return the position of each label in ``order``."""
    import polars as pl

    codes = found.replace_strict(list(order), list(range(len(order))), return_dtype=pl.Int32)
    return codes.to_numpy()


def few(name: str, levels: list[str], what: str) -> list[str]:
    """Return the levels; DataError when there are more than a table of arms or categories has."""
    if len(levels) > MOST_LEVELS:
        held = f"{len(levels)} {what} ({', '.join(levels[:5])}, ...)"
        raise DataError(f"column {name!r} has {held}; at most {MOST_LEVELS} are taken: group them, or name another")
    return levels
