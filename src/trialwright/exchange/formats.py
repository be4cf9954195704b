"""Datasets in and out of files: the ending of the name tells the format."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace as with_changes
from datetime import datetime
from pathlib import Path

from trialwright.errors import DataError, OutputError
from trialwright.exchange.dataset_json_read import read_dataset_json
from trialwright.exchange.dataset_json_write import compressed_json_bytes, json_bytes, ndjson_bytes
from trialwright.exchange.datasets import Dataset
from trialwright.exchange.delimited import (
    LISTED,
    csv_bytes,
    parquet_bytes,
    read_csv_dataset,
    read_parquet_dataset,
    variables_csv,
)
from trialwright.exchange.xpt_read import read_xpt
from trialwright.exchange.xpt_write import xpt_bytes

__all__ = ["FORMATS", "convert", "read_dataset", "read_folder", "write_dataset"]

UNDATED = datetime(1960, 1, 1)
"""The time of writing that a file states unless told otherwise: day zero of SAS, so that equal data are equal bytes."""


def read_dataset(path: Path) -> Dataset:
    """Return the dataset in a file: XPT version 5 or 8, Dataset-JSON 1.1, CSV or Parquet, also under gzip.

    Endings: .xpt, .json, .ndjson, .dsjc, .csv, .parquet, each with or without .gz. What a tolerant reader passed over
    stands in ``Dataset.warnings``. DataError when the file is not what its ending says, or a value not what its type
    says.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "dm.csv"
    >>> _ = path.write_text('"USUBJID","AGE"\\n"01-001","61"\\n')
    >>> read_dataset(path).rows.to_dicts()
    [{'USUBJID': '01-001', 'AGE': 61.0}]
    """
    ending = _ending(path)
    if ending not in _READERS:
        raise DataError(f"{path}: its name must end in one of {', '.join(FORMATS)}, or that and .gz; convert it first")
    if not path.is_file():
        raise DataError(f"{path}: {'this is a folder; use read_folder' if path.is_dir() else 'there is no such file'}")
    try:
        return _READERS[ending](path)
    except DataError:
        raise
    except Exception as error:  # each reader has fault classes of its own, down to bare Exception
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: cannot be read as {ending}: {reason[:300]}") from error


def read_folder(path: Path, ending: str | None = None) -> dict[str, Dataset]:
    """Return the datasets in the files of a folder by uppercase file name; other files are left alone.

    ``ending`` keeps to one format where a folder holds the same datasets in several. DataError when two files have one
    name, or no file is a dataset.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "dm.csv").write_text('"USUBJID"\\n"01-001"\\n')
    >>> list(read_folder(folder))
    ['DM']
    """
    if not path.is_dir():
        raise DataError(f"{path}: {'this is a file; name its folder' if path.is_file() else 'there is no such folder'}")
    wanted = FORMATS if ending is None else (_known(ending),)
    files: dict[str, Path] = {}
    for file in sorted(path.iterdir()):
        name = file.name.partition(".")[0].upper()
        if not file.is_file() or file.name.startswith(("_", ".")) or file.name == LISTED or _ending(file) not in wanted:
            continue
        if name in files:
            raise DataError(_both(name, files[name], file))
        files[name] = file
    if not files:
        raise DataError(f"{path}: no file ends in one of {', '.join(wanted)}; name the folder that holds the datasets")
    return {name: read_dataset(file) for name, file in files.items()}


def write_dataset(dataset: Dataset, path: Path, *, written_at: datetime = UNDATED) -> None:
    """Write a dataset in the format that the ending of ``path`` tells, gzipped when it ends in .gz.

    The bytes depend on the data and ``written_at`` alone. OutputError when the format cannot hold a value, a name or a
    label, or the file cannot be written; nothing is cut or rounded, and no part of a file is left behind.

    >>> import polars as pl, tempfile
    >>> from trialwright.exchange import Variable
    >>> dm = Dataset("DM", "Demographics", (Variable("USUBJID", "Unique Subject Identifier", "text"),),
    ...              pl.DataFrame({"USUBJID": ["01-001"]}))
    >>> path = Path(tempfile.mkdtemp()) / "dm.xpt"
    >>> write_dataset(dm, path)
    >>> read_dataset(path).rows.equals(dm.rows)
    True
    """
    ending = _ending(path)
    if ending not in _WRITERS:
        raise OutputError(f"{path}: its name must end in one of {', '.join(_WRITERS)}, or that and .gz")
    content = _WRITERS[ending](dataset, written_at)
    _write(path, gzip.compress(content, mtime=0) if path.name.casefold().endswith(".gz") else content)


def convert(path: Path, to: str, out: Path, *, ending: str | None = None, replace: bool = False) -> list[Path]:
    """Write the dataset or folder of datasets at ``path`` into folder ``out`` as ``to``; return the files written.

    CSV is accompanied by ``variables.csv``, which holds the labels and types that CSV has no place for; what one in
    ``out`` says of other datasets is kept. ``ending`` is that of ``read_folder``. OutputError when a file is there
    already, unless ``replace`` is true; then nothing is written.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "dm.csv").write_text('"USUBJID"\\n"01-001"\\n')
    >>> [file.name for file in convert(folder, "xpt", folder / "out")]
    ['dm.xpt']
    """
    form = _known(to)
    datasets = read_folder(path, ending) if path.is_dir() else {path.name.partition(".")[0].upper(): read_dataset(path)}
    files = {name: out / f"{name.lower()}{form}" for name in datasets}
    if not replace:
        _refuse_present(files.values())
    contents = {file: _WRITERS[form](datasets[name], UNDATED) for name, file in files.items()}
    if form == ".csv":  # CSV is known by the name of its file, so the list must say that name
        named = [with_changes(found, name=name) for name, found in datasets.items()]
        contents[out / LISTED] = variables_csv(named, out / LISTED)
    for file, content in contents.items():
        _write(file, content)
    return list(contents)


def _refuse_present(files: Iterable[Path]) -> None:
    present = [str(file) for file in files if file.exists()]
    if present:
        more = f" and {len(present) - 3} more" if len(present) > 3 else ""
        be = "is" if len(present) == 1 else "are"
        remedy = "choose another folder, or replace what is there (--replace; replace=True in Python)"
        raise OutputError(f"{', '.join(present[:3])}{more} {be} there already; {remedy}")


def _both(name: str, one: Path, other: Path) -> str:
    said = f"{one.parent}: {one.name} and {other.name} are both {name}"
    if _ending(one) == _ending(other):
        return f"{said}; keep one of them in the folder"
    choice = _ending(other)[1:]
    return f"{said}; keep one, or read one format alone (exchange --read {choice}; ending={choice!r} in Python)"


def _known(ending: str) -> str:
    dotted = f".{ending.casefold().removeprefix('.')}"
    if dotted not in FORMATS:
        raise DataError(f"format {ending!r} is not known; known: {', '.join(known[1:] for known in FORMATS)}")
    return dotted


def _ending(path: Path) -> str:
    return Path(path.name.casefold().removesuffix(".gz")).suffix


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if path.name.casefold().endswith(".gz") else content


_READERS: Mapping[str, Callable[[Path], Dataset]] = {
    ".xpt": lambda path: read_xpt(_content(path), str(path)),
    ".json": lambda path: read_dataset_json(_content(path), str(path)),
    ".ndjson": lambda path: read_dataset_json(_content(path), str(path)),
    ".dsjc": lambda path: read_dataset_json(_content(path), str(path)),
    ".csv": read_csv_dataset,
    ".parquet": lambda path: read_parquet_dataset(_content(path), str(path)),
}
_WRITERS: Mapping[str, Callable[[Dataset, datetime], bytes]] = {
    ".xpt": lambda dataset, at: xpt_bytes(dataset, written_at=at),
    ".json": lambda dataset, at: json_bytes(dataset, written_at=at),
    ".ndjson": lambda dataset, at: ndjson_bytes(dataset, written_at=at),
    ".dsjc": lambda dataset, at: compressed_json_bytes(dataset, written_at=at),
    ".csv": lambda dataset, _: csv_bytes(dataset),
    ".parquet": lambda dataset, _: parquet_bytes(dataset),
}
FORMATS = tuple(_READERS)
"""The endings of files that hold datasets."""
