"""Values of many records as conformance rules compare them: as text, one for each record, worked out once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = ["as_text", "by_value", "canonical", "constant", "shortened"]


def constant(value: Any, height: int) -> pl.Series:
    """Return a value as a Series; a Series stays as it is, a set becomes the same list for each record."""
    import polars as pl

    if isinstance(value, pl.Series):
        return value
    if isinstance(value, tuple):
        return pl.Series([list(value)] * height) if height else pl.Series([], dtype=pl.List(pl.String))
    return pl.Series([value] * height, dtype=None if value is not None else pl.String)


def as_text(values: pl.Series) -> pl.Series:
    """Return values as text: whole numbers without a point, so that 1.0 is what a rule or a SUPP-- record calls 1.

    >>> import polars as pl
    >>> as_text(pl.Series([1.0, 2.5, None])).to_list()
    ['1', '2.5', None]
    """
    import polars as pl

    if values.dtype == pl.String:
        return values
    if values.dtype.is_float():
        return by_value(values, lambda value: str(int(value)) if float(value).is_integer() else str(value), pl.String())
    return values.cast(pl.String)


def by_value(values: pl.Series, function: Callable[[Any], Any], dtype: pl.DataType) -> pl.Series:
    """Return the function of each value, worked out once for equal values; null stays null."""
    import polars as pl

    listed = values.to_list()
    found = {value: None if value is None else function(value) for value in set(listed)}
    return pl.Series([found[value] for value in listed], dtype=dtype)


def shortened(values: pl.Series, pattern: str) -> pl.Series:
    """Return texts cut to what a pattern finds in them, such as the day of a time; without a find they stay whole."""
    import polars as pl

    if values.dtype != pl.String:
        return values

    def found(text: str) -> str:
        part = re.search(pattern, text)
        return part[0] if part else text

    return by_value(values, found, pl.String()).alias(values.name)


def canonical(values: pl.Series) -> pl.Series:
    """Return values as text without spaces around it, in which 2, 2.0 and 2.00 are the same.

    >>> import polars as pl
    >>> canonical(pl.Series(["  2", "2.50", "AE"])).to_list()
    ['2', '2.5', 'AE']
    """
    import polars as pl

    return by_value(as_text(values), _plainly, pl.String())


def _plainly(text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return text.strip()
    return str(int(number)) if number.is_integer() else str(number)
