"""What must hold of the datasets of any study, each with the record that breaks it; and findings that are allowed."""

from collections import Counter

import polars as pl
import pytest
from references import ROOT

from trialwright.errors import DocumentError
from trialwright.exchange import (
    Allowed,
    Dataset,
    DatasetFinding,
    Variable,
    allow,
    check_study,
    read_allowed,
    read_folder,
)

HELD = {pl.String: "text", pl.Int64: "integer", pl.Float64: "number"}


def dataset(name, **columns):
    rows = pl.DataFrame(columns).with_columns(pl.col(pl.Null).cast(pl.String))
    return Dataset(name, "", tuple(Variable(key, "", HELD[type(kind)]) for key, kind in rows.schema.items()), rows)


def sound():
    """Return a study with nothing wrong in it, as columns."""
    return {
        "DM": {"STUDYID": ["S", "S"], "DOMAIN": ["DM", "DM"], "USUBJID": ["1", "2"], "BRTHDTC": ["1950", "1960-05"],
               "RFSTDTC": ["2014-01-05", "2014-02"], "RFENDTC": ["2015", None], "DTHDTC": ["2015-06-01", None]},
        "AE": {"STUDYID": ["S", "S"], "DOMAIN": ["AE", "AE"], "USUBJID": ["1", "1"], "AESEQ": [1, 2],
               "AESTDTC": ["2014-01-04", "2014-01-05T10:00"], "AEENDTC": ["2014-01", None], "AESTDY": [-1, 1]},
        "SUPPAE": {"STUDYID": ["S"], "RDOMAIN": ["AE"], "USUBJID": ["1"], "IDVAR": ["AESEQ"], "IDVARVAL": ["2"],
                   "QNAM": ["AETRTEM"]},
    }  # fmt: skip


def findings(columns):
    found = check_study({name: dataset(name, **each) for name, each in columns.items()}).findings
    return [(each.dataset, each.record, each.rule) for each in found]


def test_a_sound_study_has_no_finding():
    assert findings(sound()) == []


@pytest.mark.parametrize(
    ("name", "variable", "values", "expected"),
    [
        ("AE", "USUBJID", ["1", None], [("AE", 2, "subject missing"), ("SUPPAE", 1, "parent")]),
        ("AE", "USUBJID", ["1", "3"], [("AE", 2, "subject known"), ("SUPPAE", 1, "parent")]),
        ("DM", "USUBJID", ["1", "1"], [("DM", 1, "subject once"), ("DM", 2, "subject once")]),
        ("AE", "STUDYID", ["S", "T"], [("AE", 2, "study known")]),
        ("AE", "DOMAIN", ["AE", "CM"], [("AE", 2, "domain")]),
        ("AE", "AESEQ", [None, 2], [("AE", 1, "sequence missing")]),
        ("AE", "AESEQ", [2, 2], [("AE", 1, "sequence once"), ("AE", 2, "sequence once")]),
        ("AE", "AEENDTC", ["2014-02-30", "soon"], [("AE", 1, "date"), ("AE", 2, "date")]),
        ("AE", "AEENDTC", ["2014-01-03", "2013"], [("AE", 1, "start before end"), ("AE", 2, "start before end")]),
        ("DM", "RFENDTC", ["2013", None], [("DM", 1, "reference period")]),
        ("DM", "BRTHDTC", ["2014-02", None], [("DM", 1, "birth")]),
        ("DM", "DTHDTC", ["2014-01-04", None], [("AE", 2, "after death")]),
        ("AE", "AESTDY", [0, 1], [("AE", 1, "study day")]),
        ("SUPPAE", "IDVARVAL", ["3"], [("SUPPAE", 1, "parent")]),
    ],
)
def test_one_thing_wrong_is_found_where_it_is(name, variable, values, expected):
    columns = sound()
    columns[name][variable] = values
    assert findings(columns) == expected


def test_a_qualifier_given_twice_and_a_study_without_subjects():
    columns = sound()
    columns["SUPPAE"] = {name: values * 2 for name, values in columns["SUPPAE"].items()}
    assert findings(columns) == [("SUPPAE", 1, "qualifier once"), ("SUPPAE", 2, "qualifier once")]
    assert ("study", None, "demographics") in findings({"AE": sound()["AE"]})


def test_the_pilot_study_breaks_what_it_is_known_to_break():
    folder = ROOT.parent / "shared" / "data" / "cdiscpilot01" / "xpt"
    if not folder.exists():
        pytest.skip(f"{folder} is missing")
    found = Counter((each.dataset, each.rule) for each in check_study(read_folder(folder)).findings)
    assert found == {("AE", "study day"): 1}


def test_allowed_findings_are_taken_out_and_idle_ones_told(tmp_path):
    file = tmp_path / "allowed.yaml"
    file.write_text("allowed:\n  - {rule: R1, dataset: AE, reason: Meant.}\n  - {rule: R9, reason: Long gone.}\n")
    allowed = read_allowed(file)
    mine, theirs = DatasetFinding("AE", 1, "R1", "x"), DatasetFinding("CM", 1, "R1", "x")
    assert allow([mine, theirs], allowed) == ([theirs], [mine], [Allowed(rule="R9", reason="Long gone.")])
    file.write_text("allowed:\n  - {rule: R1, reason: ''}\n")
    with pytest.raises(DocumentError, match="reason"):
        read_allowed(file)
