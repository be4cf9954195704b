"""One CSV file of a trial read value by value: what cannot be is listed with its line, and the rest is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trialwright.errors import DataError
from trialwright.records import Finding

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import Column, Table

__all__ = ["read_table"]

LINE = "line of the file"
"""Name of the working column; no table has a column with spaces."""
_KINDS = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "yes/no": "true or false",
    "date": "a day of the calendar as YYYY-MM-DD",
}


def read_table(path: Path, table: Table, wrong: list[Finding]) -> pl.DataFrame:
    """Return the rows of a file that its table can hold, and add to ``wrong`` what it cannot.

    A value that cannot be becomes null; a row without a required value, and each later row of a key, is left out.
    DataError when the file is no CSV file, or its columns are not those of the table.
    """
    import polars as pl

    text = _with_lines(_text(path, table))
    rows = text.select(LINE, *(_typed(column) for column in table.columns if column.name in text.columns))
    for column in table.columns:
        if column.name in text.columns:
            wrong += _unreadable(table, column, text, rows)
    needed = [column.name for column in table.columns if column.required]
    whole = rows.filter(pl.all_horizontal(pl.col(needed).is_not_null()))
    return _once(table, whole, wrong).drop(LINE)


def _text(path: Path, table: Table) -> pl.DataFrame:
    import polars as pl

    try:
        text = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeError) as error:
        told = " ".join(str(error).split())[:300]
        raise DataError(f"{path}: cannot be read as table {table.name}: {told}") from error
    known = [column.name for column in table.columns]
    stray = sorted(set(text.columns) - set(known))
    if stray:
        raise DataError(f"{path}: column {stray[0]!r} is not known; known columns: {', '.join(known)}")
    lacking = [column.name for column in table.columns if column.required and column.name not in text.columns]
    if lacking:
        raise DataError(f"{path}: column {lacking[0]!r} is missing; table {table.name} needs it")
    return text


def _with_lines(text: pl.DataFrame) -> pl.DataFrame:
    """Number the lines; a quoted value may hold line breaks, so that a row is not always a line."""
    import polars as pl

    breaks = pl.sum_horizontal(pl.all().str.count_matches("\n").fill_null(0)).cast(pl.Int64)
    line = 2 + pl.int_range(pl.len()) + breaks.cum_sum().shift(1, fill_value=0)
    return text.with_columns(line.alias(LINE))


def _typed(column: Column) -> pl.Expr:
    """Return the values of a column, null where the text is none of its kind."""
    import polars as pl

    text = pl.col(column.name)
    if column.kind == "date":
        return text.str.to_date("%Y-%m-%d", strict=False)
    if column.kind == "yes/no":
        low = text.str.to_lowercase()
        return pl.when(low.is_in(["true", "false"])).then(low == "true").alias(column.name)
    if column.values:
        return pl.when(text.is_in(column.values)).then(text).alias(column.name)
    return text.cast({"integer": pl.Int64, "number": pl.Float64, "text": pl.String}[column.kind], strict=False)


def _unreadable(table: Table, column: Column, text: pl.DataFrame, rows: pl.DataFrame) -> list[Finding]:
    given, lost = text[column.name], rows[column.name].is_null()
    bad = lost if column.required else lost & given.is_not_null()
    asked = "one of " + ", ".join(column.values) if column.values else _KINDS[column.kind]
    outcome = "the row is left out" if column.required else "the value is taken as missing"
    return [
        Finding(
            table.name,
            f"line {line}",
            f"{column.name} is {asked}" if value is not None else f"{column.name} is not empty",
            f"{column.name} is {value!r}; {outcome}" if value is not None else f"{column.name} is empty; {outcome}",
        )
        for line, value in zip(text[LINE].filter(bad), given.filter(bad), strict=True)
    ]


def _once(table: Table, rows: pl.DataFrame, wrong: list[Finding]) -> pl.DataFrame:
    """Return the first row of each key."""
    import polars as pl

    key = [name for name in table.key if name in rows.columns]
    marked = rows.with_columns(pl.col(LINE).min().over(key).alias("first line"))
    again = marked.filter(pl.col(LINE) != pl.col("first line"))
    for row in again.iter_rows(named=True):
        named = ", ".join(f"{name} {row[name]}" for name in key)
        told = f"lines {row['first line']} and {row[LINE]} are both of {named}; the first is kept"
        wrong.append(Finding(table.name, f"line {row[LINE]}", "one row for each key", told))
    return marked.filter(pl.col(LINE) == pl.col("first line")).drop("first line")
