"""A trial read back from the tables that ``rehearse`` writes: one CSV file for each table of TrialData."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from trialwright.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from trialwright.records import Table, TrialData

__all__ = ["read_trial"]


def read_trial(folder: Path, study: str, absent: list[str] | None = None) -> TrialData:
    """Return the trial in ``folder``, or in its folder ``tables``; a table whose file is missing is refused.

    With a list ``absent`` such a table is empty, and its name is added there; only allocations are always needed.
    Whether patients are virtual stands in the ``manifest.json`` of a rehearsal; without one they are real.
    """
    from trialwright.records import TABLES, TrialData

    where = folder / "tables" if (folder / "tables").is_dir() else folder
    if not where.is_dir():
        raise DataError(f"{folder}: there is no such folder; name one that rehearse wrote, or one of CSV tables")
    missing = [name for name in TABLES if not (where / f"{name}.csv").is_file()]
    if missing and (absent is None or "allocations" in missing):
        raise DataError(f"{where}: {missing[0]}.csv is missing; a trial has a file for each of {', '.join(TABLES)}")
    if absent is not None:
        absent += missing
    found = {name: table for name, table in TABLES.items() if name not in missing}
    rows = {name: _table(where / f"{name}.csv", table).to_dicts() for name, table in found.items()}
    return TrialData.from_rows(study, rows, virtual=_virtual(folder / "manifest.json", study))


def _table(path: Path, table: Table) -> pl.DataFrame:
    import polars as pl

    kinds = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "yes/no": pl.Boolean, "date": pl.Date}
    try:
        return pl.read_csv(path, schema_overrides={column.name: kinds[column.kind] for column in table.columns})
    except (pl.exceptions.PolarsError, UnicodeError) as error:
        raise DataError(
            f"{path}: cannot be read as table {table.name}: {' '.join(str(error).split())[:300]}"
        ) from error


def _virtual(manifest: Path, study: str) -> bool:
    if not manifest.is_file():
        return False
    try:
        told = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{manifest}: is no JSON: {error}") from error
    if told.get("study", study) != study:
        raise DataError(f"{manifest}: the data are of study {told['study']!r}, not of {study!r}")
    return bool(told.get("virtual patients"))
