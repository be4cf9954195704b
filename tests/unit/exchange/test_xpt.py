"""SAS transport files: bit-exact numbers, limits refused by name and value, and other readers agree."""

from __future__ import annotations

import shutil
import struct
import subprocess
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialwright.errors import DataError, OutputError
from trialwright.exchange import Dataset, Variable, read_dataset, write_dataset
from trialwright.exchange.datasets import dtype
from trialwright.exchange.ibm_floats import HIGHEST, LOWEST, ibm_doubles


def dataset(*columns: tuple[Variable, list[object]], name: str = "XX", label: str = "Examples") -> Dataset:
    series = [pl.Series(variable.name, values, dtype=dtype(variable.kind)) for variable, values in columns]
    return Dataset(name, label, tuple(variable for variable, _ in columns), pl.DataFrame(series))


def text(*values: str | None, length: int | None = None) -> tuple[Variable, list[object]]:
    return Variable("TERM", "Term", "text", length), list(values)


def number(*values: float | None) -> tuple[Variable, list[object]]:
    return Variable("VALUE", "Value", "number"), list(values)


def there_and_back(written: Dataset, folder: Path) -> Dataset:
    write_dataset(written, folder / "xx.xpt")
    return read_dataset(folder / "xx.xpt")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, "4110000000000000"),
        (-118.625, "c276a00000000000"),  # the worked example of IBM's format
        (0.1, "401999999999999a"),
        (0.0, "0000000000000000"),
        (float("nan"), "2e00000000000000"),
    ],
)
def test_numbers_are_written_as_ibm_doubles(value: float, expected: str) -> None:
    assert ibm_doubles(np.array([value])).tobytes().hex() == expected


@given(st.floats(LOWEST, HIGHEST, exclude_max=True), st.booleans())
def test_every_number_in_range_is_exact(size: float, negative: bool) -> None:
    value = -size if negative else size
    (word,) = struct.unpack(">Q", ibm_doubles(np.array([value])).tobytes())
    fraction, exponent = word & (2**56 - 1), (word >> 56 & 127) - 64
    assert (-1) ** (word >> 63) * fraction * 16**14 * 16.0 ** (exponent - 28) == value or (
        fraction * 2.0 ** (4 * exponent - 56) == size
    )


def test_a_dataset_comes_back_as_it_went(tmp_path: Path) -> None:
    written = dataset(
        text("NAUSEA", None, " led by a blank", length=40),
        number(0.1, None, -1e-9),
        (Variable("ADT", "Analysis Date", "date", display="DATE9."), [date(2024, 2, 29), None, date(1959, 12, 31)]),
        (Variable("ADTM", "Time", "datetime"), [datetime(2024, 2, 29, 23, 59, 59), None, datetime(1950, 1, 1)]),
        (Variable("ATM", "Clock", "time"), [time(8, 30), None, time(0, 0)]),
    )
    found = there_and_back(written, tmp_path)
    assert found.rows.equals(written.rows)
    assert [(v.name, v.label, v.kind) for v in found.variables] == [
        (v.name, v.label, v.kind) for v in written.variables
    ]
    assert (found.name, found.label, found.variables[0].length) == ("XX", "Examples", 40)
    assert found.warnings == ()


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 79, 80, 81])
def test_padding_is_never_taken_for_rows(tmp_path: Path, rows: int) -> None:
    written = dataset(text(*(["A"] * rows)))
    assert len(there_and_back(written, tmp_path)) == rows


def test_the_same_data_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xpt", "b.xpt"):
        write_dataset(dataset(text("NAUSEA"), number(1)), tmp_path / name)
    assert (tmp_path / "a.xpt").read_bytes() == (tmp_path / "b.xpt").read_bytes()
    write_dataset(dataset(text("NAUSEA"), number(1)), tmp_path / "c.xpt", written_at=datetime(2026, 3, 1))
    assert b"01MAR26:00:00:00" in (tmp_path / "c.xpt").read_bytes()


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (dataset(text("é" * 101)), r"XX, row 1: TERM has 202 bytes, more than the 200 bytes of XPT: 'éé"),
        (dataset(text("ok", "éé", length=3)), r"XX, row 2: TERM has 4 bytes, more than the stated length 3: 'éé'"),
        (dataset(text("A"), name="TOOLONGNAME"), "dataset TOOLONGNAME must be 1 to 8 capital letters"),
        (dataset((Variable("term", "", "text"), ["A"])), "variable term must be 1 to 8 capital letters"),
        (dataset((Variable("TERM", "ü" * 21, "text"), ["A"])), "label of variable TERM has 42 bytes; XPT holds 40"),
        (dataset(text("A"), label="x" * 41), "label of dataset XX has 41 bytes"),
        (dataset(number(1, 1e76)), "row 2: VALUE is 1e\\+76, which XPT does not hold"),
        (dataset(number(float("inf"))), "row 1: VALUE is inf"),
        (dataset(number(float("nan"))), "row 1: VALUE is nan"),
        (dataset((Variable("N", "", "integer"), [2**53 + 1])), "row 1: N is 9007199254740993"),
        (dataset(text("A", None)), "the last row is blank"),
        (dataset((Variable("N", "", "number", display="8.2 %"), [1])), "'8.2 %' is no display format"),
    ],
)
def test_what_does_not_fit_is_refused_with_name_and_value(tmp_path: Path, refused: Dataset, words: str) -> None:
    with pytest.raises(OutputError, match=words):
        write_dataset(refused, tmp_path / "xx.xpt")
    assert not (tmp_path / "xx.xpt").exists()


def test_text_that_is_not_utf8_is_read_as_windows_1252_and_said(tmp_path: Path) -> None:
    write_dataset(dataset(text("patient_s")), tmp_path / "xx.xpt")
    content = (tmp_path / "xx.xpt").read_bytes().replace(b"patient_s", b"patient\x92s")
    (tmp_path / "xx.xpt").write_bytes(content)
    found = read_dataset(tmp_path / "xx.xpt")
    assert found.rows["TERM"].to_list() == ["patient\N{RIGHT SINGLE QUOTATION MARK}s"]
    assert found.warnings == ("text is not UTF-8; read as windows-1252",)


def test_a_date_with_a_fraction_stays_a_number(tmp_path: Path) -> None:
    written = dataset((Variable("ADT", "Date", "number", display="DATE9."), [1.5]))
    found = there_and_back(written, tmp_path)
    assert found.rows["ADT"].to_list() == [1.5]
    assert found.warnings == ("ADT: shown as DATE9, but not whole; kept as a number",)


def test_a_file_of_several_datasets_is_refused(tmp_path: Path) -> None:
    write_dataset(dataset(text("A")), tmp_path / "xx.xpt")
    content = (tmp_path / "xx.xpt").read_bytes()
    (tmp_path / "two.xpt").write_bytes(content + content[240:])
    with pytest.raises(DataError, match="holds 2 datasets; write each into a file of its own"):
        read_dataset(tmp_path / "two.xpt")


def test_a_file_that_is_no_transport_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "xx.xpt").write_text("hello")
    with pytest.raises(DataError, match=r"xx\.xpt: cannot be read as \.xpt"):
        read_dataset(tmp_path / "xx.xpt")


def test_version_8_is_read_with_long_names(tmp_path: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"A_LONG_NAME_OF_A_VARIABLE": ["x"], "N": [1.25]})
    pyreadstat.write_xport(frame, tmp_path / "long.xpt", table_name="LONG", file_format_version=8)
    assert read_dataset(tmp_path / "long.xpt").rows.to_dicts() == [{"A_LONG_NAME_OF_A_VARIABLE": "x", "N": 1.25}]


def test_r_reads_the_same_values(tmp_path: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    write_dataset(dataset(text("NAUSEA", "RASH"), number(0.1, -1234.5678901234567)), tmp_path / "xx.xpt")
    script = 'x <- foreign::read.xport("xx.xpt"); cat(as.character(x$TERM), sprintf("%a", x$VALUE))'
    run = subprocess.run(["Rscript", "-e", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    if "no package called" in run.stderr:
        pytest.skip("the R package foreign is not installed")
    assert run.stdout.split() == ["NAUSEA", "RASH", "0x1.999999999999ap-4", "-0x1.34a4584fd0fdfp+10"]
