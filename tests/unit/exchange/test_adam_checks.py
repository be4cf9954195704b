"""Each check of analysis datasets passes what is right and finds what is wrong, by its row."""

from datetime import date

import polars as pl
import pytest

from trialwright.exchange import ADAM, Codelist, Dataset, DatasetSpec, VariableSpec, built, check_across, check_dataset

TIME = {
    "STUDYID": "X",
    "USUBJID": "X-1",
    "TRTP": "A",
    "TRTA": "A",
    "ASEQ": 1,
    "PARAM": "Progression-free survival (days)",
    "PARAMCD": "PFS",
    "STARTDT": date(2020, 1, 1),
    "ADT": date(2020, 1, 10),
    "AVAL": 10,
    "CNSR": 0,
    "EVNTDESC": "Disease Progression",
    "CNSDTDSC": None,
    "SRCDOM": "ADRS",
    "SRCVAR": "ADT",
    "SRCSEQ": 3,
    "SRCREC": "assessments 1 / number 1",
}
SIZE = {
    "STUDYID": "X",
    "USUBJID": "X-1",
    "TRTP": "A",
    "TRTA": "A",
    "ASEQ": 1,
    "PARAM": "Target Lesions Sum of Diameters by Investigator",
    "PARAMCD": "SDIAM",
    "PARCAT1": None,
    "PARCAT2": None,
    "PARCAT3": None,
    "ADT": date(2020, 1, 1),
    "ADY": 1,
    "AVISIT": "BASELINE",
    "AVISITN": 0,
    "AVAL": 40.0,
    "BASE": 40.0,
    "CHG": 0.0,
    "PCHG": 0.0,
    "NADIR": None,
    "CHGNAD": None,
    "PCHGNAD": None,
    "ABLFL": "Y",
    "ANL01FL": "Y",
    "ANL02FL": None,
    "ANL03FL": None,
    "PDFL": None,
    "LSEXP": "T1",
    "LSASS": "T1",
    "SRCREC": "assessments 1 / number 0",
}
LATER = {"ASEQ": 2, "ADT": date(2020, 3, 1), "ADY": 61, "AVAL": 30.0, "CHG": -10.0, "PCHG": -25.0, "ABLFL": None}


def made(name, row, *changes):
    return built(ADAM[name], pl.DataFrame([{**row, **change} for change in changes], infer_schema_length=None))


def rules(dataset):
    return [finding.rule for finding in check_dataset(dataset, ADAM[dataset.name])]


def test_right_rows_give_no_findings():
    assert rules(made("ADTTE", TIME, {})) == []
    assert rules(made("ADTR", SIZE, {}, LATER)) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"AVAL": 9}, "days"),
        ({"ADT": date(2019, 12, 31), "AVAL": 0}, "order of dates"),
        ({"CNSDTDSC": "Last Adequate Tumor Assessment"}, "censor date"),
        ({"CNSR": 1}, "censor date"),
        ({"CNSR": 9, "CNSDTDSC": "Randomization"}, "codelist"),
        ({"SRCVAR": None}, "source"),
        ({"SRCREC": None}, "traceable"),
        ({"EVNTDESC": None}, "required"),
        ({"TRTP": "A" * 41}, "length"),
        ({"TRTP": "Ä" * 21}, "length"),
    ],
)
def test_one_fault_in_a_time_is_one_finding(change, rule):
    found = check_dataset(made("ADTTE", TIME, change), ADAM["ADTTE"])
    assert [(finding.rule, finding.record, finding.subject) for finding in found] == [(rule, 1, "X-1")]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"CHG": -9.0, "PCHG": -22.5}, ["change"]),
        ({"PCHG": -24.0}, ["percent change"]),
        ({"ABLFL": "Y"}, ["one baseline", "one baseline"]),
        ({"BASE": 41.0, "CHG": -11.0, "PCHG": -1100 / 41}, ["baseline"]),
        ({"ADY": 0}, ["study day"]),
        ({"ANL01FL": "N"}, ["codelist"]),
        ({"PARAM": "Sum of Diameters"}, ["one PARAM", "one PARAM"]),
    ],
)
def test_one_fault_in_a_size_is_found(change, rule):
    assert rules(made("ADTR", SIZE, {}, LATER | change)) == rule


def test_percent_of_a_baseline_of_nothing_is_empty():
    nothing = {"AVAL": 0.0, "BASE": 0.0, "PCHG": None}
    grown = LATER | {"BASE": 0.0, "AVAL": 6.0, "CHG": 6.0, "PCHG": None}
    assert rules(made("ADTR", SIZE, nothing, grown)) == []
    assert rules(made("ADTR", SIZE, nothing, grown | {"PCHG": 100.0})) == ["percent change"]


def test_two_rows_of_the_same_keys_are_both_found():
    twice = made("ADTTE", TIME, {}, {"ASEQ": 2})
    assert rules(twice) == ["keys", "keys"]


def test_many_findings_of_one_rule_are_counted_beyond_a_hundred():
    rows = [{"USUBJID": f"X-{n}", "AVAL": 9} for n in range(150)]
    found = check_dataset(made("ADTTE", TIME, *rows), ADAM["ADTTE"])
    assert len(found) == 101
    assert found[-1].what.endswith("; 50 rows more")


def test_variables_are_held_to_their_specification():
    spec = DatasetSpec(
        "ADX",
        "Example",
        "one row per subject",
        "ADAM OTHER",
        ("USUBJID",),
        (
            VariableSpec("USUBJID", "Unique Subject Identifier", "text", "DM.USUBJID", 10, required=True),
            VariableSpec("SEX", "Sex", "text", "DM.SEX", 1, Codelist("SEX", "Sex", (("F", "Female"),))),
            VariableSpec("AGE", "Age", "integer", "DM.AGE", optional=True),
        ),
    )
    right = built(spec, pl.DataFrame({"USUBJID": ["1"], "SEX": ["F"], "AGE": [61]}))
    assert check_dataset(right, spec) == ()
    turned = Dataset("ADX", "", right.variables[1::-1], right.rows.select("SEX", "USUBJID"), spec.keys)
    assert [finding.what for finding in check_dataset(turned, spec)] == [
        "the order must be that of the specification; it is ['SEX', 'USUBJID']"
    ]
    stray = Dataset("ADX", "", right.variables, right.rows, spec.keys)
    other = DatasetSpec("ADX", "", "", "", spec.keys, (*spec.variables[:1], *spec.variables[2:]))
    assert [finding.what for finding in check_dataset(stray, other)] == ["SEX is not in the specification"]


def test_subjects_and_sources_are_looked_up_across_datasets():
    subjects = pl.DataFrame({"USUBJID": ["X-1"], "RANDDT": [date(2020, 1, 10)]})
    adsl = Dataset(
        "ADSL",
        "",
        (VariableSpec("USUBJID", "", "text", "").variable, VariableSpec("RANDDT", "", "date", "").variable),
        subjects,
    )
    own = {"SRCDOM": "ADSL", "SRCVAR": "RANDDT", "SRCSEQ": None}
    assert check_across({"ADSL": adsl, "ADTTE": made("ADTTE", TIME, own)}) == ()
    late = made("ADTTE", TIME, own | {"ADT": date(2020, 1, 11)})
    assert [finding.rule for finding in check_across({"ADSL": adsl, "ADTTE": late})] == ["source date"]
    stranger = made("ADTTE", TIME, {"USUBJID": "X-2"})
    assert [finding.rule for finding in check_across({"ADSL": adsl, "ADTTE": stranger})] == ["subjects"]
    nowhere = made("ADTTE", TIME, own | {"SRCVAR": "TRTSDT"})
    assert [finding.what for finding in check_across({"ADSL": adsl, "ADTTE": nowhere})] == [
        "ADSL has no variable TRTSDT"
    ]
