"""SAS transport files, version 5, written byte by byte: limits are counted in bytes and refused, nothing is cut.

Layout after SAS technical note TS-140: 80-byte header records, one 140-byte description per variable, then rows of
fixed width, blanks up to a multiple of 80 at each end.
"""

from __future__ import annotations

import re
import struct
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from trialwright.errors import OutputError
from trialwright.exchange.datasets import Dataset, Variable
from trialwright.exchange.ibm_floats import HIGHEST, LOWEST, ibm_doubles

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["xpt_bytes"]

_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
_DISPLAY = re.compile(r"(\$?[A-Za-z_][A-Za-z_0-9]*?)?(\d*)(?:\.(\d*))?")
_RECORD = 80
_DISPLAYS = {"date": "DATE9.", "datetime": "DATETIME20.", "time": "TIME8."}


def xpt_bytes(dataset: Dataset, *, written_at: datetime) -> bytes:
    """Return the file of one dataset, the same bytes for the same data; OutputError names what does not fit.

    A name has at most 8 bytes, a label 40, a text 200; numbers lie within base-16 doubles. Text is UTF-8, which for
    the English of a submission is ASCII. Blanks at the end of a text are this format's padding and read as absent, and
    so is an empty text. Dates, times and datetimes become SAS's counts from 1960 with a display format.
    """
    _check_names(dataset)
    widths = [_width(dataset, variable) for variable in dataset.variables]
    head = _library(written_at) + _member(dataset, written_at) + _descriptions(dataset, widths)
    return head + _padded(_rows(dataset, widths))


def _check_names(dataset: Dataset) -> None:
    variables = [(f"variable {variable.name}", variable.name, variable.label) for variable in dataset.variables]
    for what, name, label in [(f"dataset {dataset.name}", dataset.name, dataset.label), *variables]:
        if not _NAME.fullmatch(name):
            raise OutputError(
                f"{dataset.name}: the name of {what} must be 1 to 8 capital letters, digits or underscores in XPT;"
                " rename it"
            )
        if (size := len(label.encode())) > 40:
            raise OutputError(f"{dataset.name}: the label of {what} has {size} bytes; XPT holds 40: {label!r}")


def _width(dataset: Dataset, variable: Variable) -> int:
    """Return the bytes a value takes: 8 for numbers, the stated or needed length for text."""
    if variable.kind != "text":
        return 8
    column = dataset.rows[variable.name]
    needed = int(column.str.len_bytes().max() or 0)  # type: ignore[arg-type]
    limit = min(variable.length or 200, 200)
    if needed > limit:
        row = int((column.str.len_bytes() > limit).arg_max() or 0)
        whose = f"stated length {limit}" if limit == variable.length else "200 bytes of XPT"
        raise OutputError(
            f"{dataset.name}, row {row + 1}: {variable.name} has {needed} bytes, more than the {whose}: {column[row]!r}"
        )
    return max(variable.length or needed, 1)


def _library(at: datetime) -> bytes:
    stamp = _stamp(at)
    return (
        _header("LIBRARY")
        + f"{'SAS':8}{'SAS':8}{'SASLIB':8}{'9.4':8}{'':8}{'':24}{stamp}".encode()
        + f"{stamp:80}".encode()
    )


def _member(dataset: Dataset, at: datetime) -> bytes:
    stamp = _stamp(at)
    label = dataset.label.encode().ljust(40)
    return (
        _header("MEMBER", f"{'0' * 17}1600000000140")
        + _header("DSCRPTR")
        + f"{'SAS':8}{dataset.name:8}{'SASDATA':8}{'9.4':8}{'':8}{'':24}{stamp}".encode()
        + f"{stamp:16}{'':16}".encode()
        + label
        + b" " * 8
        + _header("NAMESTR", f"{'0' * 6}{len(dataset.variables):04d}{'0' * 20}")
    )


def _header(name: str, tail: str = "0" * 30) -> bytes:
    return f"HEADER RECORD*******{name:8}HEADER RECORD!!!!!!!{tail:<32}".encode()


def _stamp(at: datetime) -> str:
    months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    return f"{at.day:02d}{months[at.month - 1]}{at.year % 100:02d}:{at:%H:%M:%S}"


def _descriptions(dataset: Dataset, widths: list[int]) -> bytes:
    position, parts = 0, []
    for number, (variable, width) in enumerate(zip(dataset.variables, widths, strict=True), 1):
        parts.append(_description(variable, number, width, position))
        position += width
    return _padded(b"".join(parts)) + _header("OBS")


def _description(variable: Variable, number: int, width: int, position: int) -> bytes:
    name, size, decimals = _display(variable)
    kind = 2 if variable.kind == "text" else 1
    return (
        struct.pack(">hhhh", kind, 0, width, number)
        + variable.name.encode().ljust(8)
        + variable.label.encode().ljust(40)
        + name.encode().ljust(8)
        + struct.pack(">hhh2x", size, decimals, 0)
        + b" " * 8
        + struct.pack(">hhl", 0, 0, position)
        + bytes(52)
    )


def _display(variable: Variable) -> tuple[str, int, int]:
    shown = variable.display or _DISPLAYS.get(variable.kind, "")
    found = _DISPLAY.fullmatch(shown)
    if not found or len(found[1] or "") > 8:
        raise OutputError(
            f"variable {variable.name}: {shown!r} is no display format of XPT; write a name of up to 8 letters, a"
            " width and a point, such as DATE9. or 8.2"
        )
    return (found[1] or "").upper(), int(found[2] or 0), int(found[3] or 0)


def _rows(dataset: Dataset, widths: list[int]) -> bytes:
    import numpy as np

    fields = [(f"f{at}", f"V{width}") for at, width in enumerate(widths)]
    table = np.zeros(len(dataset), dtype=fields)
    for at, (variable, width) in enumerate(zip(dataset.variables, widths, strict=True)):
        column = dataset.rows[variable.name]
        table[f"f{at}"] = _texts(column, width) if variable.kind == "text" else _numbers(dataset, variable)
    written = table.tobytes()
    size = sum(widths)
    if len(dataset) and not written[-size:].strip():
        raise OutputError(f"{dataset.name}: the last row is blank, which XPT cannot tell from padding; remove the row")
    return written


def _texts(column: pl.Series, width: int) -> NDArray[np.void]:
    import numpy as np

    padded = b"".join(text.encode().ljust(width) for text in column.fill_null(""))
    return np.frombuffer(padded, dtype=f"V{width}")


def _numbers(dataset: Dataset, variable: Variable) -> Any:
    import numpy as np

    column = dataset.rows[variable.name]
    values = sas_numbers(column)
    size = np.abs(values)
    bad = ~(np.isnan(values) | (values == 0) | ((size >= LOWEST) & (size < HIGHEST)))
    bad |= np.isnan(values) & ~column.is_null().to_numpy()
    if variable.kind == "integer":  # a double holds every whole number up to here, and not the next one
        bad |= (column.abs() > 2**53).fill_null(value=False).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise OutputError(
            f"{dataset.name}, row {row + 1}: {variable.name} is {column[row]!r}, which XPT does not hold; use null for"
            " a missing value, or a smaller number"
        )
    return ibm_doubles(values)


def sas_numbers(column: pl.Series) -> NDArray[np.float64]:
    """Return numbers as they are, and days, seconds or seconds of the day since 1960 for dates; NaN where null."""
    import numpy as np
    import polars as pl

    unit = 1.0
    if column.dtype == pl.Date:
        column = (column - date(1960, 1, 1)).dt.total_days()
    elif column.dtype == pl.Datetime:
        column, unit = (column - datetime(1960, 1, 1)).dt.total_microseconds(), 1e6
    elif column.dtype == pl.Time:
        column, unit = column.cast(pl.Int64), 1e9
    whole = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    divided: NDArray[np.float64] = np.divide(whole, unit)  # not by polars, which multiplies by the inexact reciprocal
    return divided


def _padded(part: bytes) -> bytes:
    return part + b" " * (-len(part) % _RECORD)
