"""Datasets checked, converted and compared by command: what is printed, and the exit code."""

import csv
import gzip
import io
import json

import pytest
from typer.testing import CliRunner

from trialwright.cli import main
from trialwright.cli.commands import app

DM = '"STUDYID","DOMAIN","USUBJID","RFSTDTC"\n"S","DM","1","2014-01-05"\n'
AE = '"STUDYID","DOMAIN","USUBJID","AESEQ","AETERM","AESTDTC","AESTDY"\n"S","AE","{}","1","","2014-01-05","{}"\n'
RULE = {
    "core_id": "CORE-1",
    "rule_type": "Record Data",
    "description": "The term is missing.",
    "executability": "fully executable",
    "actions": [],
    "conditions": {"all": [{"operator": "empty", "value": {"target": "--TERM", "comparator": None}}]},
    "sensitivity": "Record",
    "domains": {"Include": ["AE"]},
    "classes": None,
}
LIBRARY = RULE | {"core_id": "CORE-2", "operations": [{"id": "$r", "operator": "required_variables"}]}
LACKING = RULE | {
    "core_id": "CORE-3",
    "conditions": {"all": [{"operator": "empty", "value": {"target": "--DECOD", "comparator": None}}]},
}


@pytest.fixture
def folder(tmp_path):
    study = tmp_path / "sdtm"
    study.mkdir()
    (study / "dm.csv").write_text(DM)
    (study / "ae.csv").write_text(AE.format("1", "1"))
    return study


@pytest.fixture
def rules(tmp_path):
    file = tmp_path / "rules.json.gz"
    listed = {rule["core_id"]: rule for rule in (RULE, LIBRARY, LACKING)}
    document = {"rules": listed, "index": {"sdtmig/3-4": list(listed)}}
    file.write_bytes(gzip.compress(json.dumps(document).encode()))
    return file


def run(*arguments):
    return CliRunner().invoke(app, ["exchange", *map(str, arguments)])


def code(*arguments):
    return main(["exchange", *map(str, arguments)])


def test_a_sound_study_ends_with_0(folder):
    result = run("check", folder)
    assert result.exit_code == 0
    assert "2 datasets, 2 records: AE, DM" in result.output
    assert "own checks: 16 rules" in result.output
    assert "0 findings" in result.output


def test_findings_are_listed_with_record_and_rule_and_end_with_1(folder, capsys):
    (folder / "ae.csv").write_text(AE.format("1", "0"))
    assert code("check", folder) == 1
    printed = capsys.readouterr()
    assert "study day  AE  1  the study day is not the one that follows" in printed.out
    assert "record 1  1 1  AESTDY=0; $day=1; AESTDTC=2014-01-05; RFSTDTC=2014-01-05" in printed.out
    assert "check failed: 1 finding of 1 rule, not allowed" in printed.err


def test_rules_of_a_file_are_run_and_those_that_cannot_be_are_listed_with_the_reason(folder, rules):
    result = run("check", folder, "--rules", rules)
    assert "CDISC CORE, sdtmig-3-4: 3 rules; 1 found something" in result.output
    assert "CORE-1  AE  1  The term is missing." in result.output
    assert "operation required_variables needs the variables of the CDISC Library" in result.output
    assert "AE has no variable AEDECOD\n        CORE-3" in result.output


def test_known_findings_are_allowed_with_a_reason_and_idle_ones_told(folder, rules, tmp_path):
    allowed = tmp_path / "allowed.yaml"
    allowed.write_text("allowed:\n  - {rule: CORE-1, reason: Terms come later.}\n  - {rule: CORE-9, reason: Once.}\n")
    result = run("check", folder, "--rules", rules, "--allow", allowed)
    assert result.exit_code == 0
    assert "0 findings, 1 allowed" in result.output
    assert "allowed, but not found: CORE-9" in result.output


def test_json_and_csv_hold_every_finding(folder, rules):
    document = json.loads(run("check", folder, "--rules", rules, "--json").output.partition("check failed")[0])
    (finding,) = document["findings"]
    assert finding["values"] == {"AETERM": None}
    answers = {rule["rule"]: (rule["answer"], rule["why"]) for rule in document["rules"]}
    assert answers["CORE-1"] == ("found", [])
    assert answers["CORE-3"] == ("unanswerable", ["AE has no variable AEDECOD"])
    lines = list(csv.DictReader(io.StringIO(run("check", folder, "--rules", rules, "--csv").output)))
    assert (lines[0]["rule"], lines[0]["record"], lines[0]["values"]) == ("CORE-1", "1", "AETERM=")


def test_more_records_than_shown_are_counted(folder, rules):
    line = AE.format("1", "1").splitlines()[1]
    (folder / "ae.csv").write_text(
        AE.format("1", "1") + "".join(line.replace('"1",""', f'"{n}",""') + "\n" for n in (2, 3))
    )
    assert "and 2 more" in run("check", folder, "--rules", rules, "--show", 1).output


@pytest.mark.parametrize("name", ["nothing", "sdtm/dm.txt"])
def test_what_cannot_be_read_ends_with_2(folder, name, capsys):
    (folder / "dm.txt").write_text("x")
    assert code("check", folder.parent / name) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_rules_and_lists_that_cannot_be_used_end_with_2(folder, rules, tmp_path, capsys):
    assert code("check", folder, "--rules", tmp_path / "none.json") == 2
    assert code("check", folder, "--rules", rules, "--standard", "sdtmig-9") == 2
    assert "known: sdtmig-3-4" in capsys.readouterr().err
    (tmp_path / "allowed.yaml").write_text("allowed:\n  - {rule: CORE-1}\n")
    assert code("check", folder, "--allow", tmp_path / "allowed.yaml") == 2


def test_a_single_file_is_checked_alone(folder):
    result = run("check", folder / "ae.csv")
    assert result.exit_code == 1
    assert "demographics  study  1  there is no dataset DM" in result.output


@pytest.mark.parametrize("to", ["xpt", "json", "ndjson", "dsjc", "csv", "parquet"])
def test_a_folder_is_converted_and_is_the_same_after(folder, tmp_path, to):
    out = tmp_path / "out"
    result = run("convert", folder, "--to", to, "--out", out)
    assert result.exit_code == 0
    assert str(out / f"dm.{to}") in result.output.splitlines()
    values = run("compare", folder / "dm.csv", out / f"dm.{to}", "--json").output.partition("check failed")[0]
    assert json.loads(values)["datasets"][0]["values"] == []


def test_a_second_conversion_is_refused_without_replace(folder, tmp_path, capsys):
    command = ("convert", folder, "--to", "xpt", "--out", tmp_path / "out")
    assert code(*command) == 0
    assert code(*command) == 2
    assert "are there already; choose another folder, or replace what is there (--replace" in capsys.readouterr().err
    assert code(*command, "--replace") == 0


def test_of_a_folder_with_several_formats_one_is_read(folder, capsys):
    assert code("convert", folder, "--to", "xpt", "--out", folder) == 0
    assert code("convert", folder, "--to", "json", "--out", folder.parent / "out") == 2
    assert "--read xpt" in capsys.readouterr().err
    assert code("convert", folder, "--to", "json", "--out", folder.parent / "out", "--read", "xpt") == 0
    assert code("compare", folder, folder, "--read", "xpt") == 0


def test_a_copy_in_csv_does_not_differ_for_lengths_it_cannot_state(folder, tmp_path, capsys):
    assert code("convert", folder / "dm.csv", "--to", "xpt", "--out", tmp_path) == 0
    assert code("convert", tmp_path / "dm.xpt", "--to", "csv", "--out", tmp_path) == 0
    assert code("compare", tmp_path / "dm.xpt", tmp_path / "dm.csv") == 0
    assert "nothing differs" in capsys.readouterr().out


def test_missing_datasets_stand_before_other_findings(folder, tmp_path):
    (folder / "dm.csv").rename(tmp_path / "dm.csv")
    (folder / "ae.csv").write_text(AE.format("1", "1").replace("2014-01-05", "2014-01-50"))
    checked = run("check", folder).output
    assert checked.index("there is no dataset DM") < checked.index("no date of ISO 8601")
    (tmp_path / "ae.csv").write_text(AE.format("1", "2"))
    compared = run("compare", tmp_path, folder).output
    assert compared.index("DM: only in") < compared.index("AE: 1 and 1 records")


def test_an_unknown_format_ends_with_2(folder, tmp_path, capsys):
    assert code("convert", folder, "--to", "xlsx", "--out", tmp_path / "out") == 2
    assert "xpt" in capsys.readouterr().err


def test_what_a_reader_passed_over_is_told_when_converting(tmp_path, capsys):
    (tmp_path / "lb.csv").write_text('"USUBJID","LBSEQ"\n"1","one"\n')
    assert code("convert", tmp_path / "lb.csv", "--to", "parquet", "--out", tmp_path / "out") == 0
    assert "warning: LB: LBSEQ: not all values are of kind number" in capsys.readouterr().err


def test_differences_are_printed_and_end_with_1(folder, capsys):
    other = folder / "other.csv"
    other.write_text(AE.format("1", "2"))
    assert code("compare", folder / "ae.csv", folder / "ae.csv") == 0
    assert "nothing differs" in capsys.readouterr().out
    assert code("compare", folder / "ae.csv", other, "--keys", "USUBJID,AESEQ") == 1
    printed = capsys.readouterr()
    assert "1 and 1 records, 1 paired by USUBJID, AESEQ" in printed.out
    assert "USUBJID=1, AESEQ=1.0  AESTDY    1.0    2.0" in printed.out
    assert "differing: AE" in printed.err
    assert code("compare", folder / "ae.csv", other, "--keys", "USUBJID", "--tolerance", "1") == 0
    assert code("compare", folder / "ae.csv", other, "--relative", "0.5") == 0


def test_folders_are_compared_dataset_by_dataset(folder, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "dm.csv").write_text(DM + '"S","DM","2",""\n')
    assert code("compare", folder, other) == 1
    printed = capsys.readouterr()
    assert "records only in the second: 1" in printed.out
    assert f"AE: only in {folder}" in printed.out
    assert "differing: DM, AE" in printed.err
    assert code("compare", folder, other / "dm.csv") == 2
    assert code("compare", folder / "dm.csv", other / "dm.csv", "--keys", "AESEQ") == 2
    assert "there is no variable AESEQ; known: STUDYID" in capsys.readouterr().err
