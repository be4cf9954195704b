"""Tables of anybody's making: CSV, TSV, Parquet, SAS transport (XPT) and SAS7BDAT files as polars frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialwright.errors import DataError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["pyreadstat", "read_delimited", "read_table"]


def read_table(path: Path) -> pl.DataFrame:
    """Return the table in a file; the ending of its name tells the format.

    CSV and TSV (``.gz`` too) come as text as it stands, so that no number, code or missing value has been guessed at,
    empty lines left out; the other formats have types of their own. XPT and SAS7BDAT need the package pyreadstat.
    DataError when the file cannot be read as what it is named, has no row, or names two columns alike.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "trial.csv"
    >>> _ = path.write_text("days,arm\\n12,A\\n7,B\\n")
    >>> read_table(path).to_dict(as_series=False)
    {'days': ['12', '7'], 'arm': ['A', 'B']}
    """
    read = _READERS.get(_ending(path))
    if read is None:
        raise DataError(f"{path}: its name must end in one of {', '.join(_READERS)}; convert the file first")
    if not path.is_file():
        raise DataError(f"{path}: {'this is a folder; name a file' if path.is_dir() else 'there is no such file'}")
    frame = _refused(read, path)
    if frame.height == 0:
        raise DataError(f"{path}: the table has no row")
    return frame


def _ending(path: Path) -> str:
    return path.name.casefold().removesuffix(".gz").rpartition(".")[2]


def _refused(read: Callable[[Path], pl.DataFrame], path: Path) -> pl.DataFrame:
    try:
        return read(path)
    except DataError:
        raise
    except Exception as error:  # each reader has fault classes of its own, down to bare Exception
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: cannot be read as {_ending(path).upper()}: {reason[:300]}") from error


def _delimited(separator: str) -> Callable[[Path], pl.DataFrame]:
    def read(path: Path) -> pl.DataFrame:
        import polars as pl

        frame = pl.read_csv(path, separator=separator, has_header=False, infer_schema=False)
        names = [str(name or "") for name in frame.row(0)] if frame.height else []
        _check_names(path, names)
        rows = frame.slice(1).rename(dict(zip(frame.columns, names, strict=True)))
        return rows.filter(~pl.all_horizontal(pl.all().is_null())) if len(names) > 1 else rows

    return read


def _check_names(path: Path, names: list[str]) -> None:
    if len(names) == 1 and ";" in names[0]:
        raise DataError(f"{path}: the first line is separated by semicolons; write commas, or tabs and the ending .tsv")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        shown = ", ".join(name or "(empty)" for name in twice)
        raise DataError(f"{path}: the first line names more than one column {shown}; give each a name of its own")


def _parquet(path: Path) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(path)


def _sas(function: str) -> Callable[[Path], pl.DataFrame]:
    def read(path: Path) -> pl.DataFrame:
        frame, _ = getattr(pyreadstat(path), function)(path, output_format="polars")
        found: pl.DataFrame = frame
        return found

    return read


def read_delimited(path: Path) -> pl.DataFrame:
    """Return a CSV file as text, every value as it stands; unlike ``read_table`` it may have no row."""
    return _delimited(",")(path)


def pyreadstat(path: Path) -> Any:
    """Return the package that reads SAS files; DataError when it is not installed."""
    from importlib import import_module

    try:
        return import_module("pyreadstat")
    except ImportError as error:
        remedy = "install it (pip install 'trialwright[cdisc]'), or save the table as CSV or Parquet"
        raise DataError(f"{path}: SAS files are read by the package pyreadstat, which is missing; {remedy}") from error


_READERS: Mapping[str, Callable[[Path], pl.DataFrame]] = {
    "csv": _delimited(","),
    "tsv": _delimited("\t"),
    "parquet": _parquet,
    "xpt": _sas("read_xport"),
    "sas7bdat": _sas("read_sas7bdat"),
}
