"""SAS transport files, versions 5 and 8, read through pyreadstat into a Dataset."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialwright.errors import DataError
from trialwright.exchange.datasets import Dataset, Kind, Variable
from trialwright.exchange.tables import pyreadstat

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_xpt"]

_DATES = ("DATE", "YYMMDD", "DDMMYY", "MMDDYY", "E8601DA", "IS8601DA", "B8601DA", "MONYY", "WORDDATE", "JULIAN")
_DATETIMES = ("DATETIME", "E8601DT", "IS8601DT", "B8601DT", "DATEAMPM")
_TIMES = ("TIME", "TOD", "HHMM", "E8601TM", "IS8601TM", "B8601TM")
_MEMBERS = (b"HEADER RECORD*******MEMBER  ", b"HEADER RECORD*******MEMBV8  ")


def read_xpt(content: bytes, source: str) -> Dataset:
    """Return the one dataset of a transport file; DataError when it is none, holds several, or breaks off.

    Text that is not UTF-8 is taken as windows-1252, and a warning says so. A number with a date format becomes a date
    when every value is a whole day; otherwise it stays a number, with a warning.
    """
    _check_members(content, source)
    frame, meta, warnings = _decoded(content, source)
    variables, columns = [], []
    for name in frame.columns:
        variable, column, warning = _typed(frame[name], name, meta)
        variables.append(variable)
        columns.append(column)
        warnings += (warning,) if warning else ()
    label = (meta.file_label or "").strip()
    table = (meta.table_name or Path(source).name.partition(".")[0]).strip().upper()
    return Dataset(table, label, tuple(variables), frame.with_columns(columns), source=source, warnings=warnings)


def _check_members(content: bytes, source: str) -> None:
    members = sum(content.count(mark) for mark in _MEMBERS)
    if members > 1:
        raise DataError(f"{source}: holds {members} datasets; write each into a file of its own")


def _decoded(content: bytes, source: str) -> tuple[pl.DataFrame, Any, tuple[str, ...]]:
    try:
        return *_parsed(content, source, None), ()
    except UnicodeDecodeError:
        frame, meta = _parsed(content, source, "WINDOWS-1252")
        return frame, meta, ("text is not UTF-8; read as windows-1252",)


def _parsed(content: bytes, source: str, encoding: str | None) -> tuple[pl.DataFrame, Any]:
    reader = pyreadstat(Path(source))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "member.xpt"
        path.write_bytes(content)
        options: dict[str, Any] = {"disable_datetime_conversion": True, "output_format": "polars", "encoding": encoding}
        frame, meta = reader.read_xport(path, **options)
    return frame, meta


def _typed(column: pl.Series, name: str, meta: Any) -> tuple[Variable, pl.Series, str]:
    import polars as pl

    label = (meta.column_names_to_labels.get(name) or "").strip()
    display = meta.original_variable_types.get(name) or None
    if meta.readstat_variable_types[name] == "string":
        length = int(meta.variable_storage_width[name])
        text = column.cast(pl.String)
        return Variable(name, label, "text", length, display), text.replace("", None), ""
    number = column.cast(pl.Float64).fill_nan(None)
    kind = _kind(display)
    typed = None if kind == "number" else sas_dates(number, kind)
    if typed is None:
        warning = "" if kind == "number" else f"{name}: shown as {display}, but not whole; kept as a number"
        return Variable(name, label, "number", None, display), number, warning
    return Variable(name, label, kind, None, display), typed, ""


def _kind(display: str | None) -> Kind:
    shown = (display or "").upper().lstrip("$")
    if shown.startswith(_DATETIMES):
        return "datetime"
    if shown.startswith(_DATES):
        return "date"
    return "time" if shown.startswith(_TIMES) else "number"


def sas_dates(column: pl.Series, kind: Kind) -> pl.Series | None:
    """Return SAS's counts from 1960 as dates, datetimes or times; None when one of them is not whole, or no such."""
    import polars as pl

    if (column != column.round()).any() or (kind == "time" and not column.drop_nulls().is_between(0, 86399).all()):
        return None
    whole = column.cast(pl.Int64)
    if kind == "date":
        return (whole + (date(1960, 1, 1) - date(1970, 1, 1)).days).cast(pl.Int32).cast(pl.Date)
    if kind == "time":
        return (whole * 1_000_000_000).cast(pl.Time)
    before = int((datetime(1970, 1, 1) - datetime(1960, 1, 1)).total_seconds())
    return ((whole - before) * 1_000_000).cast(pl.Datetime("us"))
