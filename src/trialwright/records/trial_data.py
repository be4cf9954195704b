"""TrialData: what was observed up to a data cut-off."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trialwright.errors import DataError
from trialwright.records.tables import TABLES, Table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["TrialData"]


@dataclass(frozen=True)
class TrialData:
    """The tables of one trial, real or virtual, each checked against its schema.

    ``tables`` holds one polars frame for every name in ``TABLES``. ``cutoff`` is the last day whose facts are in, or
    None when nothing was cut.
    """

    study: str
    virtual: bool
    tables: Mapping[str, pl.DataFrame]
    cutoff: date | None = None

    @classmethod
    def from_rows(cls, study: str, rows: Mapping[str, Iterable[Mapping[str, Any]]], *, virtual: bool) -> TrialData:
        """Build the tables from rows; tables not named are empty. Raises DataError on a row that breaks its schema."""
        unknown = sorted(set(rows) - set(TABLES))
        if unknown:
            raise DataError(f"table {unknown[0]!r} is not known; known tables: {', '.join(TABLES)}")
        return cls(study, virtual, {name: _frame(table, list(rows.get(name, ()))) for name, table in TABLES.items()})

    @classmethod
    def from_frames(cls, study: str, frames: Mapping[str, pl.DataFrame], *, virtual: bool) -> TrialData:
        """Build the tables from polars frames; a column not there is null, a table not named is empty.

        Raises DataError on a column that is not known, of another type, or that breaks its schema.

        >>> import polars as pl
        >>> TrialData.from_frames("T", {"strata": pl.DataFrame({"subject": []})}, virtual=True)["strata"].columns
        ['subject', 'factor', 'level', 'randomized_on']
        """
        unknown = sorted(set(frames) - set(TABLES))
        if unknown:
            raise DataError(f"table {unknown[0]!r} is not known; known tables: {', '.join(TABLES)}")
        made = {name: _completed(table, frames.get(name)) for name, table in TABLES.items()}
        return cls(study, virtual, made)

    def __getitem__(self, table: str) -> pl.DataFrame:
        """Return one table."""
        return self.tables[table]

    def cut(self, cutoff: date) -> TrialData:
        """Return what was known at the end of ``cutoff``: later rows removed, later ends blanked.

        A row without a known date stays: nothing says that it came later.

        Raises DataError when nobody had been randomized by then.
        """
        first = self["allocations"]["randomized_on"].min()
        if not isinstance(first, date):
            raise DataError(f"the data cut-off {cutoff} leaves no patient: nobody was randomized")
        if cutoff < first:
            raise DataError(
                f"the data cut-off {cutoff} leaves no patient: the first was randomized on {first}; choose a later one"
            )
        tables = {name: _cut(frame, TABLES[name], cutoff) for name, frame in self.tables.items()}
        return replace(self, tables=tables, cutoff=cutoff)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the canonical CSV of all tables and the cut-off."""
        digest = hashlib.sha256(f"{self.study} {self.cutoff}\n".encode())
        for name in TABLES:
            digest.update(f"{name}\n".encode())
            digest.update(self[name].write_csv().encode())
        return digest.hexdigest()


def _cut(frame: pl.DataFrame, table: Table, cutoff: date) -> pl.DataFrame:
    import polars as pl

    dated = pl.coalesce(table.dated_by)
    kept = frame.filter(dated.is_null() | (dated <= cutoff))
    if table.open_until is None:
        return kept
    end = pl.col(table.open_until)
    return kept.with_columns(pl.when(end <= cutoff).then(end).alias(table.open_until))


def _schema(table: Table) -> dict[str, type[pl.DataType]]:
    import polars as pl

    kinds = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "yes/no": pl.Boolean, "date": pl.Date}
    return {column.name: kinds[column.kind] for column in table.columns}


def _check_columns(table: Table, found: Iterable[str]) -> None:
    known = [column.name for column in table.columns]
    stray = sorted(set(found) - set(known))
    if stray:
        raise DataError(f"table {table.name}: column {stray[0]!r} is not known; known columns: {', '.join(known)}")


def _completed(table: Table, frame: pl.DataFrame | None) -> pl.DataFrame:
    import polars as pl

    schema = _schema(table)
    if frame is None:
        return pl.DataFrame(schema=schema)
    _check_columns(table, frame.columns)
    there = set(frame.columns)
    columns = [pl.col(name) if name in there else pl.lit(None).alias(name) for name in schema]
    try:
        whole = frame.select(columns).cast(pl.Schema(schema), strict=True)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"table {table.name}: {error}") from error
    _check(table, whole)
    return whole


def _frame(table: Table, rows: list[Mapping[str, Any]]) -> pl.DataFrame:
    import polars as pl

    schema = _schema(table)
    _check_columns(table, {key for row in rows for key in row})
    try:
        frame = pl.DataFrame(rows, schema=schema, orient="row", strict=True)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise DataError(f"table {table.name}: {error}") from error
    _check(table, frame)
    return frame


def _check(table: Table, frame: pl.DataFrame) -> None:
    for column in table.columns:
        series = frame[column.name]
        if column.required and series.null_count():
            row = series.is_null().arg_true()[0]
            raise DataError(f"table {table.name}, row {row}: {column.name} must not be empty")
        strays = set(series.drop_nulls().unique()) - set(column.values) if column.values else set()
        if strays:
            known = ", ".join(column.values)
            raise DataError(f"table {table.name}: {column.name} must be one of {known}; got {min(strays)!r}")
    doubles = frame.filter(frame.select(table.key).is_duplicated())
    if len(doubles):
        raise DataError(
            f"table {table.name}: two rows for {dict(zip(table.key, doubles.select(table.key).row(0), strict=True))}"
        )
