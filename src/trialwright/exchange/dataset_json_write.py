"""CDISC Dataset-JSON 1.1 written as JSON, NDJSON or compressed NDJSON; the same bytes for the same data."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trialwright.errors import OutputError
from trialwright.exchange.datasets import Dataset, Kind, Variable

if TYPE_CHECKING:
    import polars as pl

__all__ = ["compressed_json_bytes", "json_bytes", "ndjson_bytes"]

_TYPES: dict[Kind, dict[str, str]] = {
    "text": {"dataType": "string"},
    "integer": {"dataType": "integer"},
    "number": {"dataType": "double"},
    "date": {"dataType": "date", "targetDataType": "integer"},
    "datetime": {"dataType": "datetime", "targetDataType": "integer"},
    "time": {"dataType": "time", "targetDataType": "integer"},
}


def json_bytes(dataset: Dataset, *, written_at: datetime) -> bytes:
    """Return the file as one JSON object, a row to a line."""
    head = _json(_head(dataset, written_at))
    rows = ",\n".join(_json(row) for row in _rows(dataset))
    return f'{head[:-1]},"rows":[\n{rows}\n]}}\n'.encode()


def ndjson_bytes(dataset: Dataset, *, written_at: datetime) -> bytes:
    """Return the file with what is said about the dataset in the first line and a row in each further line."""
    lines = [_json(_head(dataset, written_at)), *(_json(row) for row in _rows(dataset))]
    return "".join(f"{line}\n" for line in lines).encode()


def compressed_json_bytes(dataset: Dataset, *, written_at: datetime) -> bytes:
    """Return NDJSON under zlib, as the specification of .dsjc asks."""
    return zlib.compress(ndjson_bytes(dataset, written_at=written_at), 9)


def _head(dataset: Dataset, at: datetime) -> dict[str, Any]:
    return {
        "datasetJSONCreationDateTime": at.isoformat(timespec="seconds"),
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": f"IG.{dataset.name}",
        "records": len(dataset),
        "name": dataset.name,
        "label": dataset.label,
        "columns": [_column(dataset, variable) for variable in dataset.variables],
    }


def _column(dataset: Dataset, variable: Variable) -> dict[str, Any]:
    column: dict[str, Any] = {
        "itemOID": f"IT.{dataset.name}.{variable.name}",
        "name": variable.name,
        "label": variable.label,
        **_TYPES[variable.kind],
    }
    if variable.kind == "text":
        needed = int(dataset.rows[variable.name].str.len_chars().max() or 1)  # type: ignore[arg-type]
        column["length"] = variable.length or max(needed, 1)
    if variable.display:
        column["displayFormat"] = variable.display
    if variable.name in dataset.keys:
        column["keySequence"] = dataset.keys.index(variable.name) + 1
    return column


def _rows(dataset: Dataset) -> Iterator[Sequence[Any]]:
    columns = [_values(dataset, variable) for variable in dataset.variables]
    return zip(*columns, strict=True) if columns else iter(())


def _values(dataset: Dataset, variable: Variable) -> list[Any]:
    column = dataset.rows[variable.name]
    if variable.kind == "number":
        _check_finite(dataset, column)
        return column.to_list()
    if variable.kind in ("date", "datetime", "time"):
        return _iso(column)
    return column.fill_null("").to_list() if variable.kind == "text" else column.to_list()


def _check_finite(dataset: Dataset, column: pl.Series) -> None:
    bad = (~column.is_finite()).fill_null(value=False)
    if bad.any():
        row = int(bad.arg_max() or 0)
        raise OutputError(
            f"{dataset.name}, row {row + 1}: {column.name} is {column[row]}, which JSON has no number for; use null"
        )


def _iso(column: pl.Series) -> list[Any]:
    return [None if value is None else value.isoformat() for value in column]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
