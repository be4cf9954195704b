"""Reading and writing by the ending of the name: folders, compression, CSV with its list of variables, Parquet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from trialwright.errors import DataError, OutputError
from trialwright.exchange import Dataset, Variable, compare_datasets, convert, read_dataset, read_folder, write_dataset

PHARMAVERSE = Path(__file__).parents[4] / "shared" / "data" / "pharmaverse" / "sdtm"

AE = Dataset(
    "AE",
    "Adverse Events",
    (
        Variable("USUBJID", "Unique Subject Identifier", "text", 20),
        Variable("AESEQ", "Sequence Number", "integer"),
        Variable("AESTDT", "Start", "date", display="DATE9."),
        Variable("AVAL", "Value", "number"),
    ),
    pl.DataFrame(
        {
            "USUBJID": ["NA", 'a "quoted", é'],
            "AESEQ": [1, None],
            "AESTDT": [date(2024, 1, 2), None],
            "AVAL": [0.1, None],
        }
    ),
    keys=("USUBJID", "AESEQ"),
)


@pytest.mark.parametrize("ending", [".parquet", ".json.gz", ".xpt.gz", ".parquet.gz", ".dsjc"])
def test_a_dataset_comes_back_as_it_went(tmp_path: Path, ending: str) -> None:
    write_dataset(AE, tmp_path / f"ae{ending}")
    found = read_dataset(tmp_path / f"ae{ending}")
    assert found.rows.cast({"AESEQ": pl.Int64}).equals(AE.rows)
    assert [v.label for v in found.variables] == [v.label for v in AE.variables]


def test_parquet_keeps_everything(tmp_path: Path) -> None:
    write_dataset(AE, tmp_path / "ae.parquet")
    found = read_dataset(tmp_path / "ae.parquet")
    assert (found.name, found.label, found.variables, found.keys) == (AE.name, AE.label, AE.variables, AE.keys)


def test_csv_is_whole_with_its_list_of_variables(tmp_path: Path) -> None:
    write_dataset(AE, tmp_path / "in" / "ae.parquet")
    files = convert(tmp_path / "in", "csv", tmp_path / "out")
    assert [file.name for file in files] == ["ae.csv", "variables.csv"]
    found = read_folder(tmp_path / "out")["AE"]
    assert found.rows.equals(AE.rows)
    assert [(v.name, v.label, v.kind, v.display) for v in found.variables] == [
        (v.name, v.label, v.kind, v.display) for v in AE.variables
    ]
    assert found.label == "Adverse Events"


def test_files_converted_one_by_one_share_a_list_of_variables(tmp_path: Path) -> None:
    for name in ("dm", "ae", "rs"):
        label = f"Label of {name}"
        write_dataset(replace(AE, name=name.upper(), label=label), tmp_path / f"{name}.xpt")
        convert(tmp_path / f"{name}.xpt", "csv", tmp_path / "out")
    for name in ("dm", "ae", "rs"):
        source, copy = read_dataset(tmp_path / f"{name}.xpt"), read_dataset(tmp_path / "out" / f"{name}.csv")
        assert compare_datasets(source, copy).same
        assert [v.label for v in copy.variables] == [v.label for v in AE.variables]
        assert (copy.label, copy["USUBJID"].length) == (f"Label of {name}", None)


def test_converted_again_a_dataset_replaces_its_own_lines_in_the_list(tmp_path: Path) -> None:
    write_dataset(AE, tmp_path / "ae.parquet")
    (tmp_path / "out").mkdir()
    listed = tmp_path / "out" / "variables.csv"
    listed.write_text("dataset,variable,label,r_class,origin\nae,USUBJID,Old,character,CRF\nDM,AGE,Age,numeric,CRF\n")
    for _ in range(2):
        convert(tmp_path / "ae.parquet", "csv", tmp_path / "out", replace=True)
    rows = pl.read_csv(listed).rows(named=True)
    assert [(row["dataset"], row["variable"]) for row in rows] == [
        ("DM", "AGE"), ("AE", None), *(("AE", v.name) for v in AE.variables)
    ]  # fmt: skip
    assert (rows[0]["r_class"], rows[0]["origin"]) == ("numeric", "CRF")


def test_a_file_that_lists_no_variables_is_left_alone(tmp_path: Path) -> None:
    write_dataset(AE, tmp_path / "ae.xpt")
    (tmp_path / "variables.csv").write_text("name,unit\nAVAL,cm\n")
    with pytest.raises(DataError, match=r"variables\.csv: a list of variables must have a column dataset; it has name"):
        convert(tmp_path / "ae.xpt", "csv", tmp_path)
    assert not (tmp_path / "ae.csv").exists()


def test_a_renamed_file_keeps_its_labels(tmp_path: Path) -> None:
    write_dataset(AE, tmp_path / "events.xpt")
    convert(tmp_path / "events.xpt", "csv", tmp_path / "out")
    assert read_dataset(tmp_path / "out" / "events.csv")["AVAL"].label == "Value"


def test_files_that_are_there_are_not_overwritten_unless_told(tmp_path: Path) -> None:
    write_dataset(AE, tmp_path / "in" / "ae.xpt")
    write_dataset(AE, tmp_path / "in" / "dm.xpt")
    (tmp_path / "ae.json").write_text("precious")
    with pytest.raises(OutputError, match=r"ae\.json is there already; .*--replace"):
        convert(tmp_path / "in", "json", tmp_path)
    assert (tmp_path / "ae.json").read_text() == "precious"
    assert not (tmp_path / "dm.json").exists()
    convert(tmp_path / "in", "json", tmp_path, replace=True)
    assert read_folder(tmp_path, "json")["AE"].rows.equals(read_folder(tmp_path / "in")["AE"].rows.cast(AE.rows.schema))


def test_csv_alone_knows_the_numbers_of_sdtm_by_name(tmp_path: Path) -> None:
    (tmp_path / "tr.csv").write_text('"TRLNKID","TRSEQ","TRSTRESN","VISITNUM"\n"NA","1",,"2.1"\n')
    found = read_dataset(tmp_path / "tr.csv")
    assert found.rows.to_dicts() == [{"TRLNKID": "NA", "TRSEQ": 1.0, "TRSTRESN": None, "VISITNUM": 2.1}]


def test_a_number_that_is_none_leaves_the_column_text_and_is_said(tmp_path: Path) -> None:
    (tmp_path / "dm.csv").write_text('"USUBJID","AGE"\n"1","<65"\n')
    found = read_dataset(tmp_path / "dm.csv")
    assert found.rows["AGE"].to_list() == ["<65"]
    assert found.warnings == ("AGE: not all values are of kind number; kept as text",)


def test_parquet_of_others_is_described_by_its_types(tmp_path: Path) -> None:
    frame = pl.DataFrame({"A": ["", "x"], "N": [1, 2], "YES": [True, None], "X": [float("nan"), 1.5]})
    frame.with_columns(pl.lit(None).alias("NONE")).write_parquet(tmp_path / "zz.parquet")
    found = read_dataset(tmp_path / "zz.parquet")
    assert found.rows.to_dicts() == [
        {"A": None, "N": 1, "YES": "Y", "X": None, "NONE": None},
        {"A": "x", "N": 2, "YES": None, "X": 1.5, "NONE": None},
    ]
    assert [variable.kind for variable in found.variables] == ["text", "integer", "text", "number", "text"]


def test_a_dataset_without_rows_is_read(tmp_path: Path) -> None:
    empty = Dataset(AE.name, AE.label, AE.variables, AE.rows.clear())
    for ending in (".csv", ".parquet", ".json", ".ndjson", ".xpt"):
        write_dataset(empty, tmp_path / f"ae{ending}")
        assert read_dataset(tmp_path / f"ae{ending}").rows.columns == AE.rows.columns
        assert len(read_dataset(tmp_path / f"ae{ending}")) == 0


@pytest.mark.skipif(not PHARMAVERSE.is_dir(), reason=f"the folder {PHARMAVERSE} is missing")
def test_the_pharmaverse_folder_is_read_with_labels_and_types() -> None:
    found = read_dataset(PHARMAVERSE / "lb.csv.gz")
    assert (found["LBSTRESN"].kind, found["LBSTRESN"].label) == ("number", "Numeric Result/Finding in Standard Units")
    assert found.rows["LBSTRESN"].null_count() < len(found) == 59580
    assert found.warnings == ()


def test_a_folder_gives_uppercase_names_and_leaves_other_files(tmp_path: Path) -> None:
    write_dataset(AE, tmp_path / "ae.csv.gz")
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "_meta.json").write_text("{}")
    assert list(read_folder(tmp_path)) == ["AE"]


def test_two_files_of_one_name_need_an_ending(tmp_path: Path) -> None:
    write_dataset(AE, tmp_path / "ae.csv")
    write_dataset(AE, tmp_path / "ae.xpt")
    with pytest.raises(DataError, match=r"ae\.csv and ae\.xpt are both AE; .*--read xpt"):
        read_folder(tmp_path)
    assert read_folder(tmp_path, "xpt")["AE"].label == "Adverse Events"
    write_dataset(AE, tmp_path / "ae.csv.gz")
    with pytest.raises(DataError, match=r"ae\.csv and ae\.csv\.gz are both AE; keep one of them"):
        read_folder(tmp_path, "csv")


def test_a_folder_without_datasets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file ends in one of \.xpt, \.json"):
        read_folder(tmp_path)
    with pytest.raises(DataError, match="there is no such folder"):
        read_folder(tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "words"),
    [("ae.docx", r"must end in one of \.xpt"), ("ae.csv", "there is no such file"), ("", "name must end")],
)
def test_a_path_that_cannot_be_read_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_dataset(tmp_path / name)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"must end in one of"):
        write_dataset(AE, tmp_path / "ae.sas7bdat")
    with pytest.raises(DataError, match="format 'sas7bdat' is not known; known: xpt, json"):
        convert(tmp_path, "sas7bdat", tmp_path)


def test_columns_of_another_type_are_refused() -> None:
    with pytest.raises(DataError, match="XX: N, of kind number, must be held as Float64; got Int64"):
        Dataset("XX", "", (Variable("N", "", "number"),), pl.DataFrame({"N": [1]}))
