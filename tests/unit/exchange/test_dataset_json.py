"""Dataset-JSON 1.1: every encoding, the official examples, the schema, and what a tolerant reader says."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest

from trialwright.errors import DataError, OutputError
from trialwright.exchange import Dataset, Variable, read_dataset, write_dataset

DATA = Path(__file__).parents[4] / "shared" / "data"
OFFICIAL = DATA / "datasetjson"
PILOT = DATA / "cdiscpilot01"
ENDINGS = (".json", ".ndjson", ".dsjc")

official = pytest.mark.skipif(not OFFICIAL.is_dir(), reason=f"the folder {OFFICIAL} is missing")
pilot = pytest.mark.skipif(not PILOT.is_dir(), reason=f"the folder {PILOT} is missing")

EXAMPLE = Dataset(
    "ADX",
    "Examples",
    (
        Variable("USUBJID", "Subject", "text", 6),
        Variable("ASEQ", "Number", "integer"),
        Variable("AVAL", "Value", "number", display="8.2"),
        Variable("ADT", "Date", "date", display="DATE9."),
        Variable("ADTM", "Date and Time", "datetime"),
        Variable("ATM", "Time", "time"),
    ),
    pl.DataFrame(
        {
            "USUBJID": ["é-1", None],
            "ASEQ": [1, None],
            "AVAL": [0.1, None],
            "ADT": [date(2024, 2, 29), None],
            "ADTM": [datetime(2024, 2, 29, 8, 30), None],
            "ATM": [time(8, 30), None],
        },
        schema_overrides={"ADTM": pl.Datetime("us")},
    ),
    keys=("USUBJID", "ASEQ"),
)


def document(*columns: dict[str, Any], rows: list[list[Any]], **head: Any) -> dict[str, Any]:
    named = [{"itemOID": "IT", "name": f"V{at}", "label": "", **column} for at, column in enumerate(columns, 1)]
    fixed = {"datasetJSONCreationDateTime": "2024-01-01T00:00:00", "datasetJSONVersion": "1.1.0", "itemGroupOID": "IG"}
    return {**fixed, "records": len(rows), "name": "XX", "label": "", "columns": named, "rows": rows, **head}


def read(found: Any, folder: Path) -> Dataset:
    (folder / "xx.json").write_text(found if isinstance(found, str) else json.dumps(found))
    return read_dataset(folder / "xx.json")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_dataset_comes_back_as_it_went(tmp_path: Path, ending: str) -> None:
    write_dataset(EXAMPLE, tmp_path / f"adx{ending}")
    found = read_dataset(tmp_path / f"adx{ending}")
    assert found.rows.equals(EXAMPLE.rows)
    assert (found.variables, found.keys, found.label, found.warnings) == (
        EXAMPLE.variables,
        EXAMPLE.keys,
        "Examples",
        (),
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_data_are_the_same_bytes(tmp_path: Path, ending: str) -> None:
    for name in ("a", "b"):
        write_dataset(EXAMPLE, tmp_path / f"{name}{ending}")
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()


@official
def test_written_files_follow_the_official_schema(tmp_path: Path) -> None:
    official = jsonschema.Draft201909Validator(json.loads((OFFICIAL / "dataset.schema.json").read_text()))
    write_dataset(EXAMPLE, tmp_path / "adx.json")
    write_dataset(EXAMPLE, tmp_path / "adx.ndjson")
    whole = json.loads((tmp_path / "adx.json").read_text())
    first = json.loads((tmp_path / "adx.ndjson").read_text().splitlines()[0])
    assert [fault.message for fault in official.iter_errors(whole)] == []
    # the schema published for NDJSON points at nothing within itself
    assert [fault.message for fault in official.iter_errors(first)] == []
    assert list(official.iter_errors(whole | {"records": -1})) != []


def test_content_tells_the_encoding_and_not_the_name(tmp_path: Path) -> None:
    whole = json.dumps(document({"dataType": "string"}, rows=[["A"]])).encode()
    head = {key: value for key, value in json.loads(whole).items() if key != "rows"}
    lines = json.dumps(head).encode() + b'\n["A"]\n'
    for number, content in enumerate((gzip.compress(whole), zlib.compress(whole), gzip.compress(lines), lines, whole)):
        (tmp_path / f"{number}.dsjc").write_bytes(content)
        assert read_dataset(tmp_path / f"{number}.dsjc").rows.to_dicts() == [{"V1": "A"}]


@official
@pytest.mark.parametrize("name", ["ae", "cm", "dm", "ie", "rs", "ta", "ti", "ts", "tv"])
def test_the_official_files_of_one_dataset_hold_the_same(tmp_path: Path, name: str) -> None:
    transport = read_dataset(OFFICIAL / f"{name}.xpt")
    for ending in ENDINGS:
        found = read_dataset(OFFICIAL / f"{name}{ending}")
        assert found.rows.with_columns(pl.col(pl.Int64).cast(pl.Float64)).equals(transport.rows)
        assert [(v.name, v.label) for v in found.variables] == [(v.name, v.label) for v in transport.variables]
        for back in (".xpt", *ENDINGS):
            write_dataset(found, tmp_path / f"{name}{back}")
            again = read_dataset(tmp_path / f"{name}{back}")
            assert again.rows.cast({pl.Int64: pl.Float64}).equals(transport.rows)


@pilot
def test_files_of_an_r_tool_are_read_with_warnings_and_right_numbers() -> None:
    found = read_dataset(PILOT / "datasetjson" / "dm.json")
    transport = read_dataset(PILOT / "xpt" / "dm.xpt")
    assert "the label of the dataset is [], not text; left empty" in found.warnings
    assert any(warning.startswith("DMDY: a number padded with blanks") for warning in found.warnings)
    assert any(warning.startswith("DMDY: 'NA' where a number is due, read as missing") for warning in found.warnings)
    assert found.rows["AGE"].to_list() == transport.rows["AGE"].to_list()
    assert found.rows["DMDY"].to_list() == transport.rows["DMDY"].to_list()


def test_na_is_a_text(tmp_path: Path) -> None:
    assert read(document({"dataType": "string"}, rows=[["NA"], [""], [None]]), tmp_path).rows["V1"].to_list() == [
        "NA",
        None,
        None,
    ]


def test_a_partial_date_of_sdtm_stays_text(tmp_path: Path) -> None:
    found = read(document({"dataType": "date"}, rows=[["2014-01"], ["2014-01-02T11:45"]]), tmp_path)
    assert found.rows["V1"].to_list() == ["2014-01", "2014-01-02T11:45"]


def test_decimals_beyond_a_double_are_said(tmp_path: Path) -> None:
    column = {"dataType": "decimal", "targetDataType": "decimal"}
    found = read(document(column, rows=[["0.12345678"], ["0.1234567890123456789"]]), tmp_path)
    assert found.rows["V1"].to_list() == [0.12345678, 0.12345678901234568]
    assert found.warnings == ("V1: has more digits than a double holds, rounded (1 values)",)


def test_the_number_of_records_is_checked(tmp_path: Path) -> None:
    found = read(document({"dataType": "string"}, rows=[["A"]], records=3), tmp_path)
    assert found.warnings == ("records says 3, the file holds 1 rows",)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (document({"dataType": "integer"}, rows=[[1], ["one"]]), r"row 2: V1 must be a number; got 'one'"),
        (document({"dataType": "integer"}, rows=[[1.5]]), r"row 1: V1 must be a whole number; got 1\.5"),
        (document({"dataType": "double"}, rows=[[True]]), r"row 1: V1 must be a number; got True"),
        (document({"dataType": "string"}, rows=[[["x"]]]), r"row 1: V1 must be text"),
        (document({"dataType": "date", "targetDataType": "integer"}, rows=[["2014-01"]]), r"row 1: V1 .*2014-01"),
        (document({"dataType": "text"}, rows=[]), r"V1 has dataType 'text'; known: string, URI"),
        (document({"dataType": "string"}, rows=[["A", "B"]]), r"row 1: must be a list of 1 values; got 2 values"),
        ({"name": "XX"}, "must list its columns"),
        ([], "must begin with an object"),
        ('{"name": ', "line 1: is no JSON"),
    ],
)
def test_what_leaves_doubt_is_refused_with_row_and_variable(tmp_path: Path, broken: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(broken, tmp_path)


def test_a_broken_compressed_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "xx.dsjc").write_bytes(zlib.compress(b"{}" * 500)[:8])
    with pytest.raises(DataError, match="is compressed and breaks off"):
        read_dataset(tmp_path / "xx.dsjc")


def test_json_has_no_number_for_infinity(tmp_path: Path) -> None:
    endless = Dataset("XX", "", (Variable("N", "", "number"),), pl.DataFrame({"N": [1.0, float("inf")]}))
    with pytest.raises(OutputError, match="XX, row 2: N is inf"):
        write_dataset(endless, tmp_path / "xx.json")
