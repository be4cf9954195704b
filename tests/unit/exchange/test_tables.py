"""Tables of anybody's making: what each format gives, and what is said of files that cannot be used."""

import gzip
import importlib
import sys
from pathlib import Path

import polars as pl
import pytest

from trialwright.errors import DataError
from trialwright.exchange import read_table

ROWS = {"time": ["5", "8.5"], "arm": ["A", "B, late"]}


@pytest.fixture
def named(tmp_path):
    def named(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return named


CSV = b'time,arm\n5,A\n8.5,"B, late"\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", CSV),
        ("t.CSV", CSV),
        ("t.csv.gz", gzip.compress(CSV, mtime=0)),
        ("t.tsv", b"time\tarm\n5\tA\n8.5\tB, late\n"),
        ("mark.csv", b"\xef\xbb\xbf" + CSV),
        ("windows.csv", CSV.replace(b"\n", b"\r\n")),
        ("blank_lines.csv", CSV.replace(b"\n", b"\n\n")),
    ],
)
def test_delimited_text_comes_as_it_stands(named, name, content):
    assert read_table(named(name, content)).to_dict(as_series=False) == ROWS


def test_codes_that_look_like_numbers_or_missing_values_stay_as_they_are(named):
    found = read_table(named("t.csv", b"id,x\n007,NA\n1e5,\n"))
    assert found.to_dict(as_series=False) == {"id": ["007", "1e5"], "x": ["NA", None]}


def test_an_odd_value_far_down_changes_nothing_above(named):
    lines = b"".join(b"%d\n" % i for i in range(20_000))
    assert read_table(named("t.csv", b"x\n" + lines + b"odd\n"))["x"][[0, 20_000]].to_list() == ["0", "odd"]


def test_parquet_keeps_its_types(tmp_path):
    frame = pl.DataFrame({"time": [5, 8], "event": [True, False], "arm": ["A", None]})
    frame.write_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").equals(frame)


def test_sas_transport_files_are_read(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat", reason="pyreadstat is missing: SAS files cannot be read")
    frame = pl.DataFrame({"AVAL": [5.0, 8.5], "ARM": ["A", "B"]})
    pyreadstat.write_xport(frame, str(tmp_path / "t.xpt"), file_format_version=5)
    assert read_table(tmp_path / "t.xpt").equals(frame)


@pytest.mark.parametrize("name", ["t.xpt", "t.sas7bdat"])
def test_without_the_package_for_sas_files_the_remedy_is_told(named, name, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    importlib.invalidate_caches()
    with pytest.raises(DataError, match=r"pyreadstat, which is missing; install it .* or save the table as CSV"):
        read_table(named(name, b"anything"))


@pytest.mark.parametrize("name", ["t.xpt", "t.sas7bdat"])
def test_sas_files_that_are_none_are_refused(named, name):
    pytest.importorskip("pyreadstat", reason="pyreadstat is missing: SAS files cannot be read")
    with pytest.raises(DataError, match="cannot be read as"):
        read_table(named(name, b"no SAS file " * 100))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("t.xlsx", b"x", "must end in one of csv, tsv, parquet, xpt, sas7bdat"),
        ("t", b"x", "must end in one of"),
        ("t.csv", b"", "cannot be read as CSV"),
        ("t.csv", b"time,arm\n", "the table has no row"),
        ("t.csv", b"time,time\n5,6\n", "names more than one column time"),
        ("t.csv", b"time;arm\n5;A\n", "separated by semicolons"),
        ("t.csv", b"time,arm\n5,A,9\n", "cannot be read as CSV"),
        ("t.csv", b"time,arm\n5,\xff\xfe\n", "cannot be read as CSV"),
        ("t.csv.gz", b"time,arm\n5,A\n"[:4] * 9, "cannot be read as CSV|no row"),
        ("t.parquet", b"time,arm\n5,A\n", "cannot be read as PARQUET"),
    ],
)
def test_what_cannot_be_used_is_said(named, name, content, expected):
    path = named(name, content)
    with pytest.raises(DataError, match=expected) as refused:
        read_table(path)
    assert str(refused.value).startswith(str(path))


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="a folder"):
        read_table(tmp_path / "folder.csv")
