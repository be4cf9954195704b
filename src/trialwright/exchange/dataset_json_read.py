"""CDISC Dataset-JSON 1.1 read in all its encodings: JSON, NDJSON, and both under gzip or zlib.

The specification says a .dsjc file is zlib over NDJSON, the official examples are gzip over JSON: the content tells,
not the name. What breaks the schema without leaving doubt about a value is read with a warning.
"""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialwright.errors import DataError
from trialwright.exchange.datasets import Dataset, Kind, Variable, dtype

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_dataset_json"]

_KINDS: Mapping[str, Kind] = {
    "string": "text",
    "URI": "text",
    "boolean": "text",
    "integer": "integer",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "date": "text",
    "datetime": "text",
    "time": "text",
}
_COUNTED: Mapping[str, Kind] = {"date": "date", "datetime": "datetime", "time": "time"}


def read_dataset_json(content: bytes, source: str) -> Dataset:
    """Return the dataset; DataError names the row and variable of a value that is not what its type says.

    A date whose target type is integer is a date (ADaM); any other date stays ISO text, which may be partial (SDTM).
    Numbers written as text are numbers when they read as numbers, with a warning; "NA" in a text is text.
    """
    head, rows = _parts(_plain(content, source), source)
    warnings: list[str] = []
    specified = [_variable(column, source, warnings) for column in _columns(head, source)]
    _check_widths(rows, len(specified), source)
    if head.get("records") != len(rows):
        warnings.append(f"records says {head.get('records')!r}, the file holds {len(rows)} rows")
    columns = [
        _column([row[at] for row in rows], column, variable, source, warnings)
        for at, (column, variable) in enumerate(specified)
    ]
    return _dataset(head, specified, columns, source, warnings)


def _dataset(
    head: Mapping[str, Any],
    specified: Sequence[tuple[Mapping[str, Any], Variable]],
    columns: Sequence[pl.Series],
    source: str,
    warnings: list[str],
) -> Dataset:
    import polars as pl

    ordered = sorted((column["keySequence"], column["name"]) for column, _ in specified if column.get("keySequence"))
    name = str(head.get("name") or Path(source).name.partition(".")[0]).upper()
    label = _label(head.get("label"), "the dataset", warnings)
    variables = tuple(variable for _, variable in specified)
    keys = tuple(str(name) for _, name in ordered)
    return Dataset(name, label, variables, pl.DataFrame(columns), keys, source, tuple(warnings))


def _plain(content: bytes, source: str) -> str:
    try:
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        elif content[:1] == b"\x78":
            content = zlib.decompress(content)
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{source}: is compressed and breaks off or is damaged ({error}); fetch it again") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{source}: Dataset-JSON is UTF-8, and this is not ({error}); convert the text") from error


def _parts(text: str, source: str) -> tuple[dict[str, Any], list[Any]]:
    """Return what is said about the dataset, and its rows."""
    first, _, rest = text.partition("\n")
    try:
        head = json.loads(first)
    except ValueError:
        head, rest = _json(text, source, 1), ""
    if not isinstance(head, dict):
        raise DataError(f"{source}: Dataset-JSON must begin with an object that names columns; got a {_type(head)}")
    if "rows" in head:
        return head, head["rows"]
    lines = [(number, line) for number, line in enumerate(rest.split("\n"), 2) if line.strip()]
    return head, [_json(line, source, number) for number, line in lines]


def _json(text: str, source: str, line: int) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise DataError(f"{source}, line {line}: is no JSON: {error}") from error


def _columns(head: Mapping[str, Any], source: str) -> Sequence[Mapping[str, Any]]:
    columns = head.get("columns")
    if not isinstance(columns, list) or not all(isinstance(column, dict) and "name" in column for column in columns):
        raise DataError(f"{source}: Dataset-JSON must list its columns, each with a name; this file does not")
    return columns


def _variable(column: Mapping[str, Any], source: str, warnings: list[str]) -> tuple[Mapping[str, Any], Variable]:
    name, stated = str(column["name"]), str(column.get("dataType"))
    if stated not in _KINDS:
        raise DataError(f"{source}: {name} has dataType {stated!r}; known: {', '.join(_KINDS)}")
    counted = stated in _COUNTED and column.get("targetDataType") == "integer"
    kind = _COUNTED[stated] if counted else _KINDS[stated]
    label = _label(column.get("label"), name, warnings)
    length = column.get("length") if kind == "text" else None
    return column, Variable(name, label, kind, length, column.get("displayFormat"))


def _label(found: Any, whose: str, warnings: list[str]) -> str:
    if isinstance(found, str):
        return found
    warnings.append(f"the label of {whose} is {found!r}, not text; left empty")
    return ""


def _check_widths(rows: Sequence[Any], width: int, source: str) -> None:
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list) or len(row) != width:
            got = f"{len(row)} values" if isinstance(row, list) else f"a {_type(row)}"
            raise DataError(f"{source}, row {number}: must be a list of {width} values; got {got}")


def _column(
    values: list[Any], column: Mapping[str, Any], variable: Variable, source: str, warnings: list[str]
) -> pl.Series:
    import polars as pl

    if _is_plain(values, variable.kind):
        plain = pl.Series(variable.name, values, dtype=dtype(variable.kind))
        return plain.replace("", None) if variable.kind == "text" else plain
    convert = _Converter(variable, str(column["dataType"]))
    converted = []
    for number, value in enumerate(values, 1):
        try:
            converted.append(convert(value))
        except ValueError as error:
            raise DataError(f"{source}, row {number}: {variable.name} {error}; got {value!r}") from error
    warnings += [f"{variable.name}: {warning}" for warning in convert.warnings]
    return pl.Series(variable.name, converted, dtype=dtype(variable.kind))


def _is_plain(values: list[Any], kind: Kind) -> bool:
    """Tell whether all values are what their type says, so that none needs a look of its own."""
    held = set(map(type, values)) - {type(None)}
    if kind == "number":
        return held == {float} and all(map(math.isfinite, filter(None, values)))
    return held <= {str} if kind == "text" else held == {int} and kind == "integer"


class _Converter:
    """Turns the values of one column, and remembers what it passed over."""

    def __init__(self, variable: Variable, stated: str) -> None:
        self._kind = variable.kind
        self._stated = stated
        self._seen: dict[str, int] = {}

    @property
    def warnings(self) -> list[str]:
        return [f"{what} ({count} values)" for what, count in self._seen.items()]

    def __call__(self, value: Any) -> Any:
        if value is None or value == "":
            return None
        if self._kind == "text":
            return self._text(value)
        if self._kind in ("integer", "number"):
            return self._number(value)
        return self._moment(value)

    def _note(self, what: str) -> None:
        self._seen[what] = self._seen.get(what, 0) + 1

    def _text(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            if self._stated != "boolean":
                self._note("true or false where text is due, written as such")
            return "true" if value else "false"
        if isinstance(value, int):
            self._note("a whole number where text is due, written as text")
            return str(value)
        raise ValueError("must be text")

    def _number(self, value: Any) -> float | int | None:
        if isinstance(value, str):
            value = self._spelled(value)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise ValueError("must be a number")
        if self._kind == "integer":
            if value != int(value):
                raise ValueError("must be a whole number")
            return int(value)
        near = float(value)
        if math.isinf(near) or math.isnan(near):
            raise ValueError("must be a number that a double holds")
        if isinstance(value, Decimal | int) and Decimal(repr(near)) != Decimal(value):
            self._note("has more digits than a double holds, rounded")
        return near

    def _spelled(self, value: str) -> Decimal | None:
        plain = value.strip()
        if plain in ("NA", "", "."):  # how R and SAS print a missing number
            self._note(f"{plain!r} where a number is due, read as missing")
            return None
        if self._stated != "decimal":
            self._note("a number written as text")
        if value != plain:
            self._note("a number padded with blanks")
        try:
            return Decimal(plain)
        except InvalidOperation:
            raise ValueError("must be a number") from None

    def _moment(self, value: Any) -> date | datetime | time:
        if not isinstance(value, str):
            raise ValueError(f"must be an ISO 8601 {self._kind}")
        if self._kind == "date":
            return date.fromisoformat(value)
        if self._kind == "time":
            return time.fromisoformat(value)
        return datetime.fromisoformat(value).replace(tzinfo=None)


def _type(value: Any) -> str:
    return type(value).__name__
