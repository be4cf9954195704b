"""``trialwright derive``: what it prints and writes, and how it ends."""

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from trialwright import simulate
from trialwright.cli import main
from trialwright.cli.rehearsal import read_study
from trialwright.records import TABLES

STUDY = str(Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml")
SETTINGS = str(Path(__file__).parents[1] / "derive" / "settings.yaml")
SDTM = Path(__file__).resolve().parents[4] / "shared" / "data" / "pharmaverse" / "sdtm"
CUT = "2100-01-01"


@pytest.fixture
def run(capsys):
    """Run a command; return its exit code, standard output and standard error."""

    def run(*arguments: object):
        code = main([str(each) for each in arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture(scope="module")
def virtual():
    read = read_study(STUDY, None, None)
    return simulate.trial(read.protocol, read.scenario, 1)


@pytest.fixture
def folder(virtual, tmp_path):
    """The tables of a virtual trial as ``rehearse`` writes them."""
    (tmp_path / "trial" / "tables").mkdir(parents=True)
    for name, table in virtual.tables.items():
        table.write_csv(tmp_path / "trial" / "tables" / f"{name}.csv")
    return tmp_path / "trial"


def test_a_trial_without_faults_is_summed_up(run, folder, virtual):
    code, out, err = run("derive", folder, "--study", STUDY)
    assert (code, err) == (0, "")
    assert out.startswith(f"{virtual['allocations'].height} randomized (")
    assert "data not cut; rules protocol" in out
    assert "PFS: " in out
    assert "findings" not in out


def test_the_cut_off_comes_first(run, folder, virtual):
    first = virtual["allocations"]["randomized_on"].sort()[4]
    code, out, _ = run("derive", folder, "--study", STUDY, "--cutoff", first)
    assert code == 0
    assert out.startswith("5 randomized (")
    assert f"data cut-off {first}; " in out


@pytest.mark.parametrize("format", ["parquet", "csv", "xpt", "json"])
def test_a_folder_gets_analysis_datasets_tables_and_manifest(run, folder, tmp_path, format):
    code, _, err = run(
        "derive", folder, "--study", STUDY, "--out", tmp_path / "out", "--format", format, "--rules", "fda"
    )
    assert (code, err) == (0, "")
    written = {path.name for path in (tmp_path / "out" / "adam").iterdir()}
    assert {f"adsl.{format}", f"adrs.{format}", f"adtte.{format}", "define.xml"} <= written
    times = pl.read_csv(tmp_path / "out" / "derived" / "times.csv")
    assert times["why"].null_count() == times["source"].null_count() == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["rules"], manifest["findings"], manifest["virtual patients"]) == ("fda", 0, False)


def test_the_same_data_give_the_same_bytes(run, folder, tmp_path):
    for name in ("one", "two"):
        assert run("derive", folder, "--study", STUDY, "--out", tmp_path / name, "--format", "xpt")[0] == 0
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) > 10
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)


def test_rule_sets_stand_side_by_side(run, folder, tmp_path):
    code, out, _ = run("derive", folder, "--study", STUDY, "--compare", "--out", tmp_path / "out")
    assert code == 0
    assert "PFS: events by protocol " in out
    sides = pl.read_csv(tmp_path / "out" / "compare" / "PFS.csv")
    assert sides["rules"].unique(maintain_order=True).to_list() == ["protocol", "fda", "fda-stops", "ema", "template"]
    differing = pl.read_csv(tmp_path / "out" / "compare" / "PFS.differences.csv")
    assert f"; {differing.height} differ" in out


def test_one_subject_is_explained_rule_by_rule(run, folder, virtual):
    subject = virtual["allocations"]["subject"][0]
    code, out, _ = run("derive", folder, "--study", STUDY, "--explain", subject, "--rules", "fda")
    assert code == 0
    assert out.startswith(f"Subject {subject}: randomized ")
    assert "PFS, rules fda: " in out
    assert out.count("DECIDES") >= 2
    assert "PFS, rules ema: " in run("derive", folder, "--study", STUDY, "--explain", subject, "--compare")[1]


def damaged(folder, table, change):
    path = folder / "tables" / f"{table}.csv"
    kinds = {column.name: pl.String for column in TABLES[table].columns}
    change(pl.read_csv(path, schema_overrides=kinds)).write_csv(path)


def test_dates_that_cannot_be_are_listed_and_end_with_code_1(run, folder, tmp_path):
    damaged(
        folder, "contacts", lambda rows: rows.with_columns(subject=pl.lit("nobody")).unique(["subject", "alive_on"])
    )
    code, out, err = run("derive", folder, "--study", STUDY, "--out", tmp_path / "out")
    assert code == 1
    assert "contacts: contacts nobody: subject screened or randomized: " in out
    assert err == "check failed: 1 findings in the data; what could be derived was derived\n"
    findings = pl.read_csv(tmp_path / "out" / "findings.csv")
    assert findings.select("dataset", "record", "rule").rows() == [
        ("contacts", "contacts nobody", "subject screened or randomized")
    ]
    assert (tmp_path / "out" / "adam" / "define.xml").is_file()


def test_a_missing_table_is_a_finding_and_the_rest_is_derived(run, folder):
    (folder / "tables" / "samples.csv").unlink()
    code, out, _ = run("derive", folder, "--study", STUDY)
    assert code == 1
    assert "samples: samples.csv: every table of a trial: the file is missing; nothing is known of it" in out
    assert "PFS: " in out


def test_arms_and_strata_the_plan_does_not_have_are_listed(run, folder, virtual, tmp_path):
    subject = virtual["allocations"]["subject"][0]
    first = pl.col("subject") == subject
    for table, column in (("allocations", "arm"), ("strata", "level")):
        value = pl.when(first).then(pl.lit("Q")).otherwise(column).alias(column)
        damaged(folder, table, lambda rows, value=value: rows.with_columns(value))
    code, out, err = run("derive", folder, "--study", STUDY)
    assert code == 1
    assert f"allocations: allocations {subject}: arm of the plan: arm 'Q' is not in the plan; its arms are new, " in out
    assert f"strata: strata {subject} / factor liver: stratum of the plan: level 'Q' is not in the plan; " in out
    assert err.startswith("check failed: 2 findings")


def test_values_that_cannot_be_are_listed_by_line_and_the_rest_is_derived(run, folder):
    place = pl.int_range(pl.len())
    damaged(folder, "deaths", lambda rows: rows.with_columns(died_on=_at(place == 1, "2022-02-30", "died_on")))
    damaged(folder, "doses", lambda rows: rows.with_columns(dose=_at(place == 2, "much", "dose")))
    damaged(folder, "dispositions", lambda rows: rows.with_columns(reason=_at(place == 0, "moon", "reason")))
    damaged(folder, "contacts", lambda rows: pl.concat([rows, rows.head(1)]))
    lines = pl.read_csv(folder / "tables" / "contacts.csv").height + 1
    code, out, err = run("derive", folder, "--study", STUDY)
    assert code == 1
    told = "deaths: line 3: died_on is a day of the calendar as YYYY-MM-DD: died_on is '2022-02-30'; "
    assert told + "the row is left out" in out
    assert "doses: line 4: dose is a number: dose is 'much'; the value is taken as missing" in out
    assert "dispositions: line 2: reason is one of progression, " in out
    assert f"contacts: line {lines}: one row for each key: lines 2 and {lines} are both of subject " in out
    assert err.startswith("check failed: 4 findings")
    assert "PFS: " in out


def _at(where, value, column):
    return pl.when(where).then(pl.lit(value)).otherwise(column)


def test_a_lesion_that_cannot_be_read_does_not_stop_the_rest(run, folder):
    damaged(folder, "lesions", lambda rows: rows.with_columns(role=_at(pl.int_range(pl.len()) == 0, "wart", "role")))
    code, out, _ = run("derive", folder, "--study", STUDY)
    assert code == 1
    assert "role is 'wart'; the row is left out" in out
    assert re.search(r"measurements\.csv: measurement of a listed lesion: \d+ measurements are of lesions that", out)
    assert re.search(r"^PFS: \d+ events of 60 ", out, re.MULTILINE)


def test_a_line_is_counted_over_values_that_hold_line_breaks(run, folder):
    first, second = pl.int_range(pl.len()) == 0, pl.int_range(pl.len()) == 1
    damaged(
        folder,
        "visits",
        lambda rows: rows.with_columns(visit=_at(first, "one\ntwo", "visit"), number=_at(second, "x", "number")),
    )
    code, out, _ = run("derive", folder, "--study", STUDY)
    assert code == 1
    assert "visits: line 4: number is a whole number: number is 'x'; the row is left out" in out


def test_an_endpoint_without_its_tables_has_no_result(run, folder):
    for name in ("deaths", "lesions"):
        (folder / "tables" / f"{name}.csv").unlink()
    damaged(folder, "allocations", lambda rows: rows.with_columns(arm=pl.lit("Q")))
    code, out, _ = run("derive", folder, "--study", STUDY)
    assert code == 1
    lines = out.splitlines()
    assert "OS: not derivable: table deaths is missing" in lines
    assert any(line.startswith("PFS: not derivable: tables ") for line in lines)
    assert "ORR: not derivable: table lesions is missing" in lines
    assert "measurements are of lesions that could not be read in lesions.csv; they are left out" in out
    counts = lines.index(next(line for line in lines if line.endswith(" findings in the data"))) + 1
    assert [line.split()[1] for line in lines[counts : counts + 2]] == ["lesions:", "deaths:"]


def test_an_endpoint_keeps_its_result_when_other_tables_are_missing(run, folder):
    (folder / "tables" / "lesions.csv").unlink()
    code, out, _ = run("derive", folder, "--study", STUDY)
    assert code == 1
    assert re.search(r"^OS: \d+ events of \d+ ", out, re.MULTILINE)


def test_an_evaluator_the_plan_does_not_know_is_listed_with_a_count(run, folder, virtual):
    damaged(folder, "assessments", lambda rows: rows.with_columns(evaluator=pl.lit("stranger")))
    code, out, _ = run("derive", folder, "--study", STUDY)
    assert code == 1
    count = virtual["assessments"].height
    assert (
        f"assessments: evaluator stranger: evaluator of the plan: {count} records of 'stranger' count in nothing" in out
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rules", "nmpa"), "rule set 'nmpa' is not known; known: protocol, fda, fda-stops, ema, template"),
        (("--explain", "nobody"), "subject 'nobody' was not randomized; randomized are "),
        (("--explain", "nobody", "--out", "x"), "--explain prints one subject and writes nothing"),
        (("--sdtm", "x.yaml"), "holds tables of a trial, not SDTM; leave --sdtm out"),
        (("--cutoff", "1999-01-01"), "the data cut-off 1999-01-01 leaves no patient"),
    ],
)
def test_what_cannot_run_ends_with_code_2_and_says_why(run, folder, arguments, message):
    code, _, err = run("derive", folder, "--study", STUDY, *arguments)
    assert code == 2
    assert message in err


def test_a_table_of_other_columns_cannot_run(run, folder):
    damaged(folder, "allocations", lambda rows: rows.rename({"arm": "group"}))
    code, _, err = run("derive", folder, "--study", STUDY)
    assert code == 2
    assert "column 'group' is not known" in err


def test_nothing_is_written_when_the_format_is_not_known(run, folder, tmp_path):
    code, _, err = run("derive", folder, "--study", STUDY, "--out", tmp_path / "out", "--format", "docx")
    assert code == 2
    assert "format 'docx' is not known" in err
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_holds_no_data(run, tmp_path):
    code, _, err = run("derive", tmp_path, "--study", STUDY)
    assert code == 2
    assert "name the folder that holds the datasets" in err


@pytest.fixture
def sdtm(tmp_path):
    """The tumor domains of the published study, as files of their domains."""
    if not SDTM.is_dir():
        pytest.skip(f"the folder {SDTM} is not here")
    (tmp_path / "sdtm").mkdir()
    names = {"dm": "dm", "ds": "ds", "ex": "ex", "tu": "tu_onco_recist", "tr": "tr_onco_recist", "rs": "rs_onco_recist"}
    for domain, name in names.items():
        shutil.copy(SDTM / f"{name}.csv", tmp_path / "sdtm" / f"{domain}.csv")
    return tmp_path / "sdtm"


def test_sdtm_without_a_protocol_is_derived_from_a_settings_file(run, sdtm, tmp_path):
    code, out, _ = run("derive", sdtm, "--study", SETTINGS, "--out", tmp_path / "out", "--format", "json")
    assert code == 1
    assert "; rules template\n" in out
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["rules"] == "template"
    assert "PFS: 6 events of 254 (death 3, progression 3)" in out
    assert "TR: partial date" in out
    findings = pl.read_csv(tmp_path / "out" / "findings.csv")
    assert f"{findings.height} findings in the data" in out
    assert not (set(findings.columns) ^ {"dataset", "record", "rule", "what"})


def test_a_missing_domain_leaves_what_does_not_need_it(run, sdtm):
    (sdtm / "rs.csv").unlink()
    code, out, _ = run("derive", sdtm, "--study", SETTINGS)
    assert code == 1
    assert "OS: 3 events of 254 (death 3)" in out
    assert "  1  RS: missing dataset\n" in out
    assert "PFS: not derivable: table recorded_responses is missing" in out


def test_a_subject_of_sdtm_is_explained(run, sdtm):
    code, out, _ = run("derive", sdtm, "--study", SETTINGS, "--explain", "01-710-1083", "--rules", "fda")
    assert code == 0
    assert "PFS, rules fda: day 1 from randomization, censored 2013-07-22: no usable baseline assessment" in out
    assert "5 an event: comes too late: death 2013-08-02" in out


def test_data_of_another_study_are_told(run, sdtm, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(Path(SETTINGS).read_text(encoding="utf-8").replace("CDISCPILOT01", "OTHER"), encoding="utf-8")
    code, out, _ = run("derive", sdtm, "--study", other)
    assert code == 1
    assert "study: CDISCPILOT01: study of the plan: the data name study 'CDISCPILOT01', the plan 'OTHER'" in out
