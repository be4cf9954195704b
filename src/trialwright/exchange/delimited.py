"""CSV and Parquet as datasets: labels and types travel in a list of variables beside CSV, inside Parquet."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialwright.errors import DataError
from trialwright.exchange.datasets import Dataset, Kind, Variable, dtype
from trialwright.exchange.tables import read_delimited, read_table

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "LISTED",
    "csv_bytes",
    "is_numeric_variable",
    "parquet_bytes",
    "read_csv_dataset",
    "read_parquet_dataset",
    "variables_csv",
]

LISTED = "variables.csv"
"""The list of variables that stands beside the CSV files of a folder."""

_KEY = "trialwright.dataset"
_COLUMNS = ("dataset", "variable", "label", "type", "display")
_KINDS: Mapping[str, Kind] = {
    "character": "text",
    "logical": "text",
    "numeric": "number",
    "integer": "integer",
    "text": "text",
    "number": "number",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
}
_NUMERIC = re.compile(
    r"VISITNUM|VISITDY|TAETORD|AGE|..(SEQ|DY|STDY|ENDY|STRESN|STNRLO|STNRHI|DOSE|TPTNUM|NUM|PTCD|LLTCD|HLTCD|HLGTCD|"
    r"BDSYCD|SOCCD)"
)


def read_csv_dataset(path: Path) -> Dataset:
    """Return the dataset of a CSV file; empty is missing, every other text stands as it is.

    Types and labels come from ``variables.csv`` in the same folder, or from ``<folder>_variables.csv`` beside the
    folder; both list dataset, variable, label and type. Without a list the numeric variables of SDTM are known by their
    names. A column with a value that is no number stays text, with a warning.
    """
    import polars as pl

    name = path.name.partition(".")[0].upper()
    listed = _listed(path).get(name, {})
    frame = _empty_as_null(read_delimited(path))
    warnings, variables, columns = [], [], []
    for column in frame.iter_columns():
        label, kind, display = listed.get(column.name, ("", _by_name(column.name), None))
        typed = _typed(column, kind)
        if typed is None:
            warnings.append(f"{column.name}: not all values are of kind {kind}; kept as text")
            kind, typed = "text", column
        variables.append(Variable(column.name, label, kind, None, display))
        columns.append(typed)
    label = listed.get("", ("", "text", None))[0]
    return Dataset(name, label, tuple(variables), pl.DataFrame(columns), source=str(path), warnings=tuple(warnings))


def _empty_as_null(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return frame.with_columns(pl.all().replace("", None))


def is_numeric_variable(name: str) -> bool:
    """Tell whether a variable of SDTM holds numbers, by its name."""
    return _NUMERIC.fullmatch(name) is not None


def _by_name(name: str) -> Kind:
    return "number" if is_numeric_variable(name) else "text"


def _typed(column: pl.Series, kind: Kind) -> pl.Series | None:
    if kind == "text":
        return column
    stripped = column.str.strip_chars()
    if kind in ("number", "integer"):
        typed = stripped.cast(dtype(kind), strict=False)
    elif kind == "date":
        typed = stripped.str.to_date("%Y-%m-%d", strict=False)
    elif kind == "datetime":
        typed = stripped.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us")
    else:
        typed = stripped.str.to_time("%H:%M:%S", strict=False)
    return typed if typed.null_count() == column.null_count() else None


def _listed(path: Path) -> Mapping[str, Mapping[str, tuple[str, Kind, str | None]]]:
    folder = path.resolve().parent
    for place in (folder / LISTED, folder.parent / f"{folder.name}_variables.csv"):
        if place.is_file():
            about = place.stat()
            return _variables(place, (about.st_mtime_ns, about.st_size))
    return {}


@lru_cache(maxsize=8)
def _variables(place: Path, _changed: tuple[int, int]) -> Mapping[str, Mapping[str, tuple[str, Kind, str | None]]]:
    listed: dict[str, dict[str, tuple[str, Kind, str | None]]] = {}
    for row in read_table(place).iter_rows(named=True):
        known = _KINDS.get(row.get("type") or row.get("r_class") or "text")
        if known is None:
            kinds = ", ".join(_KINDS)
            raise DataError(f"{place}: {row['dataset']} {row['variable']} must have a type of {kinds}; correct it")
        described = (row["label"] or "", known, row.get("display"))
        listed.setdefault(row["dataset"].upper(), {})[row["variable"] or ""] = described
    return listed


def csv_bytes(dataset: Dataset) -> bytes:
    """Return the CSV of a dataset: all text in quotes, missing empty, dates and times in ISO 8601."""
    import polars as pl

    quoted = [pl.col(v.name) for v in dataset.variables if v.kind == "text"]
    frame = dataset.rows.with_columns(
        pl.col(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%S"), pl.col(pl.Time).dt.strftime("%H:%M:%S"), *quoted
    )
    if not dataset.variables:
        return b"\n"
    return frame.write_csv(quote_style="non_numeric", null_value="").encode()


def variables_csv(datasets: Iterable[Dataset], beside: Path | None = None) -> bytes:
    """Return the list of variables that lets ``csv_bytes`` be read back without loss.

    What the list in the file ``beside`` says of other datasets is kept; DataError when it is no list of variables.
    """
    import polars as pl

    rows = [
        row
        for dataset in datasets
        for row in (
            {"dataset": dataset.name, "variable": None, "label": dataset.label, "type": "text", "display": None},
            *(
                {"dataset": dataset.name, "variable": v.name, "label": v.label, "type": v.kind, "display": v.display}
                for v in dataset.variables
            ),
        )
    ]
    listed = pl.DataFrame(rows, schema=dict.fromkeys(_COLUMNS, pl.String))
    return _with_others(listed, beside).write_csv().encode()


def _with_others(listed: pl.DataFrame, beside: Path | None) -> pl.DataFrame:
    """Return the list after what a file says of other datasets, its further columns included."""
    import polars as pl

    if beside is None or not beside.is_file():
        return listed
    present = read_table(beside)
    if "dataset" not in present.columns:
        known = ", ".join(present.columns)
        raise DataError(f"{beside}: a list of variables must have a column dataset; it has {known}; move it away")
    same = pl.col("dataset").str.to_uppercase().is_in(listed["dataset"].unique().implode())
    return pl.concat([present.filter(~same.fill_null(False)), listed], how="diagonal")


def parquet_bytes(dataset: Dataset) -> bytes:
    """Return the Parquet file of a dataset, with labels, kinds and keys as metadata under ``trialwright.dataset``."""
    about = {
        "name": dataset.name,
        "label": dataset.label,
        "keys": dataset.keys,
        "variables": [asdict(variable) for variable in dataset.variables],
    }
    file = io.BytesIO()
    dataset.rows.write_parquet(file, metadata={_KEY: json.dumps(about)}, compression="zstd")
    return file.getvalue()


def read_parquet_dataset(content: bytes, source: str) -> Dataset:
    """Return the dataset of a Parquet file; the columns of others are described by their types alone."""
    import polars as pl

    frame = _plain_types(pl.read_parquet(io.BytesIO(content)))
    about: dict[str, Any] = json.loads(pl.read_parquet_metadata(io.BytesIO(content)).get(_KEY, "{}"))
    if not about:
        name = Path(source).name.partition(".")[0].upper()
        variables = tuple(Variable(column, "", _kind(kind)) for column, kind in frame.schema.items())
        return Dataset(name, "", variables, frame, source=source)
    variables = tuple(Variable(**variable) for variable in about["variables"])
    return Dataset(about["name"], about["label"], variables, frame, tuple(about["keys"]), source)


def _plain_types(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame in the six types of a dataset; time zones are dropped, yes/no becomes Y and N."""
    import polars as pl
    import polars.selectors as cs

    return frame.with_columns(
        cs.boolean().replace_strict({True: "Y", False: "N"}, return_dtype=pl.String),
        (cs.categorical() | cs.enum()).cast(pl.String),
        cs.by_dtype(pl.Null).cast(pl.String),
        cs.integer().cast(pl.Int64),
        (cs.float() | cs.decimal()).cast(pl.Float64).fill_nan(None),
        cs.datetime().dt.replace_time_zone(None).dt.cast_time_unit("us"),
    ).with_columns(cs.string().replace("", None))


def _kind(held: pl.DataType) -> Kind:
    kinds: tuple[Kind, ...] = ("text", "integer", "number", "date", "datetime", "time")
    for kind in kinds:
        if dtype(kind) == held:
            return kind
    raise DataError(f"a column of type {held} has no place in a dataset; make it text or a number")
