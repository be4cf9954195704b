# ruff: noqa: E501 - a case is one line of a table
from datetime import date

import pytest

from trialwright.derive import LAB_TEMPLATE, HysLaw, LabRules, hys_law, laboratory, shifts

RULES = LabRules("5", (), 30)
DOSES = "subject | cycle | started_on | ended_on\n01 | 1 | 2024-01-03 | 2024-01-30"
STOPPED = "subject | reason | ended_on\n01 | progression | 2024-01-30"
HEAD = "subject | number | test | value | unit | low | high | sampled_on"


def lab(trial, rows, rules=RULES, head=HEAD, **more):
    data = trial(subjects="subject\n01", doses=DOSES, dispositions=STOPPED, laboratory=f"{head}\n{rows}", **more)
    return laboratory(data, rules)


def by_number(found, *names):
    return {row["number"]: tuple(row[name] for name in names) for row in found.rows.iter_rows(named=True)}


def test_the_baseline_is_the_last_value_by_the_first_dose(trial):
    found = lab(
        trial,
        """01 | 1 | sodium | 140 | mmol/L | 135 | 145 | 2023-12-20
           01 | 2 | sodium | 141 | mmol/L | 135 | 145 | 2024-01-03
           01 | 3 | sodium | 142 | mmol/L | 135 | 145 | 2024-01-03
           01 | 4 | sodium |     | mmol/L | 135 | 145 | 2024-01-03
           01 | 5 | sodium | 143 | mmol/L | 135 | 145 | 2024-01-04""",
    )
    assert by_number(found, "is_baseline", "base", "change") == {
        1: (False, 142, None),
        2: (False, 142, None),
        3: (True, 142, None),
        4: (False, 142, None),
        5: (False, 142, 1.0),
    }
    assert by_number(found, "study_day")[1] == (-14,)
    assert by_number(found, "study_day")[5] == (2,)


def test_results_count_as_on_treatment_after_baseline_and_within_the_window(trial):
    found = lab(
        trial,
        """01 | 1 | sodium | 140 | mmol/L | 135 | 145 | 2024-01-03
           01 | 2 | sodium | 141 | mmol/L | 135 | 145 | 2024-01-03
           01 | 3 | sodium | 141 | mmol/L | 135 | 145 | 2024-02-29
           01 | 4 | sodium | 141 | mmol/L | 135 | 145 | 2024-03-01
           01 | 5 | sodium | 141 | mmol/L | 135 | 145 | """,
    )
    assert by_number(found, "on_treatment", "last_on_treatment") == {
        1: (False, False),
        2: (False, False),
        3: (True, True),
        4: (False, False),
        5: (False, False),
    }
    assert [(finding.record, finding.rule) for finding in found.findings] == [
        ("laboratory 01 / number 5", "date is known")
    ]
    endless = lab(trial, "01 | 1 | sodium | 140 | mmol/L | 135 | 145 | 2030-01-01", LabRules("5", (), None))
    assert by_number(endless, "on_treatment") == {1: (True,)}


def test_a_baseline_beyond_the_limit_moves_the_grades_of_version_5(trial):
    alt = "alanine aminotransferase"
    rows = f"""01 | 1 | {alt} | 80  | U/L | 5 | 40 | 2024-01-02
               01 | 2 | {alt} | 119 | U/L | 5 | 40 | 2024-01-10
               01 | 3 | {alt} | 120 | U/L | 5 | 40 | 2024-01-17
               01 | 4 | {alt} | 241 | U/L | 5 | 40 | 2024-01-24"""
    assert by_number(lab(trial, rows), "grade_high", "base_grade_high") == {1: (1, 1), 2: (0, 1), 3: (1, 1), 4: (2, 1)}
    four = lab(trial, rows, LabRules("4", (), 30))
    assert by_number(four, "grade_high") == {1: (1,), 2: (1,), 3: (1,), 4: (3,)}


def test_a_baseline_without_its_limit_decides_no_branch(trial):
    alt = "alanine aminotransferase"
    rows = f"""01 | 1 | {alt} | 80  | U/L | 5 |    | 2024-01-02
               01 | 2 | {alt} | 300 | U/L | 5 | 40 | 2024-01-10"""
    found = by_number(lab(trial, rows), "grade_high", "why_high")
    assert found[1] == (None, "cannot tell > 20.0 x ULN: no upper limit of normal")
    assert found[2] == (None, "no baseline with its limit, on which the rule depends")


def test_a_baseline_in_another_unit_is_converted(trial):
    rows = """01 | 1 | creatinine | 1.0   | mg/dL   | 0.6 | 1.2 | 2024-01-02
              01 | 2 | creatinine | 133   | umol/L  | 50  | 150 | 2024-01-10
              01 | 3 | creatinine | 132   | umol/L  | 50  | 150 | 2024-01-11
              01 | 4 | creatinine | 133   | furlong | 50  | 150 | 2024-01-12"""
    found = by_number(lab(trial, rows), "base", "grade_high")
    assert round(found[2][0], 2) == 88.40
    assert (found[2][1], found[3][1]) == (2, 0)  # 1.5 x baseline is 132.6
    assert found[4] == (None, None)


def test_units_that_are_not_known_are_findings_and_give_no_grade(trial):
    rows = """01 | 1 | sodium  | 140 | grains | 135 | 145 | 2024-01-02
              01 | 2 | albumin | 40  | mmol/L | 35  | 50  | 2024-01-02
              01 | 3 | sodium  |     | mmol/L | 135 | 145 | 2024-01-10"""
    found = lab(trial, rows)
    assert by_number(found, "grade_low") == {1: (None,), 2: (None,), 3: (None,)}
    assert {(one.record, one.rule) for one in found.findings} == {
        ("laboratory 01 / number 1", "unit is known"),
        ("laboratory 01 / number 2", "unit goes with the test"),
        ("laboratory 01 / number 3", "result is a number"),
    }


def test_urine_is_not_graded_by_the_rules_of_blood(trial):
    head = f"{HEAD} | specimen"
    rows = """01 | 1 | glucose | 1.0 | mmol/L | 3.9 | 6 | 2024-01-10 | urine
              01 | 2 | glucose | 1.0 | mmol/L | 3.9 | 6 | 2024-01-10 | serum"""
    found = by_number(lab(trial, rows, head=head), "grade_low", "why_low")
    assert found == {1: (None, "not graded in urine"), 2: (4, "< 1.7 mmol/L, 30 mg/dL")}


def test_tests_without_grades_keep_their_range(trial):
    found = lab(trial, "01 | 1 | chloride | 90 | mmol/L | 95 | 105 | 2024-01-10")
    assert by_number(found, "range", "term_low", "grade_low", "term_high") == {1: ("low", None, None, None)}
    assert found.findings == ()


@pytest.mark.parametrize(
    ("unit", "calcium", "albumin_unit", "albumin", "expected"),
    [("mmol/L", "2.0", "g/L", "30", 2.2), ("mmol/L", "2.0", "g/dL", "4.5", 1.9), ("mg/dL", "8.0", "g/dL", "3.0", 8.8)],
)
def test_calcium_is_corrected_for_the_albumin_of_the_day(trial, unit, calcium, albumin_unit, albumin, expected):
    rows = f"""01 | 1 | calcium | {calcium} | {unit}         | 2.1 | 2.6 | 2024-01-10
               01 | 2 | albumin | {albumin} | {albumin_unit} | 35  | 50  | 2024-01-10"""
    made = lab(trial, rows).rows.filter(test="corrected calcium").row(0, named=True)
    assert round(made["value"], 1) == expected
    assert made["source"] == "laboratory 01 / number 1; laboratory 01 / number 2"
    assert made["term_low"] == "Hypocalcemia"


def test_calcium_without_albumin_is_listed_and_not_graded(trial):
    rows = "01 | 1 | calcium | 1.0 | mmol/L | 2.1 | 2.6 | 2024-01-10"
    found = lab(trial, rows)
    assert [finding.what for finding in found.findings] == ["no albumin of the same day; not graded"]
    assert by_number(found, "term_low") == {1: (None,)}
    assert by_number(lab(trial, rows, LAB_TEMPLATE), "grade_low") == {1: (4,)}


def test_the_template_grades_all_lymphocytes_as_cd4(trial):
    rows = "01 | 1 | lymphocytes | 0.6 | 10^9/L | 1.0 | 4.0 | 2024-01-10"
    assert by_number(lab(trial, rows), "term_low", "grade_low") == {1: ("Lymphocyte count decreased", 2)}
    assert by_number(lab(trial, rows, LAB_TEMPLATE), "term_low", "grade_low") == {1: ("CD4 lymphocytes decreased", 1)}


def test_never_treated_patients_have_no_baseline(trial):
    data = trial(subjects="subject\n01", laboratory=f"{HEAD}\n01 | 1 | sodium | 120 | mmol/L | 135 | 145 | 2024-01-10")
    found = laboratory(data, RULES)
    assert by_number(found, "base", "on_treatment", "grade_low") == {1: (None, False, 3)}


def test_rules_are_checked():
    with pytest.raises(ValueError, match="presume must be of"):
        LabRules("5", ("pain",), 30)
    with pytest.raises(ValueError, match="graded_as must name tests with grades"):
        LabRules("5", (), 30, {"lymphocytes": "lymphs"})
    with pytest.raises(ValueError, match="version must be one of"):
        LabRules("3", (), 30)


def test_shifts_take_the_worst_grade_on_treatment_by_direction(trial):
    rows = """01 | 1 | sodium | 134 | mmol/L | 135 | 145 | 2024-01-02
              01 | 2 | sodium | 128 | mmol/L | 135 | 145 | 2024-01-10
              01 | 3 | sodium | 152 | mmol/L | 135 | 145 | 2024-01-17
              01 | 4 | sodium | 127 | mmol/L | 135 | 145 | 2024-01-24
              01 | 5 | sodium | 100 | mmol/L | 135 | 145 | 2024-06-24"""
    found = shifts(lab(trial, rows).rows)
    names = ("direction", "base_grade", "worst_grade", "worst_on", "worsened", "source")
    assert found.select(names).rows() == [
        ("high", 0, 2, date(2024, 1, 17), True, "laboratory 01 / number 3"),
        ("low", 1, 2, date(2024, 1, 10), True, "laboratory 01 / number 2"),
    ]


def test_shifts_keep_patients_without_a_grade_on_either_side(trial):
    rows = """01 | 1 | sodium    | 134 | mmol/L | 135 | 145 | 2024-01-02
              01 | 2 | potassium | 3.0 | mmol/L | 3.5 | 5   | 2024-01-10"""
    found = shifts(lab(trial, rows).rows).filter(direction="low")
    assert found.select("test", "base_grade", "worst_grade", "worsened", "why").rows() == [
        ("potassium", None, 1, None, "highest grade on treatment, the earliest of equals"),
        ("sodium", 1, None, None, "no grade on treatment"),
    ]


LIVER = {
    "both raised on one day": ("121 | 2024-01-10", "41 | 2024-01-10", "199 | 2024-01-10", True, "all three criteria met"),
    "bilirubin on the last day of the window": (
        "121 | 2024-01-10", "41 | 2024-01-13", "199 | 2024-01-10", True, "all three criteria met",
    ),
    "bilirubin a day too late": ("121 | 2024-01-10", "41 | 2024-01-14", "199 | 2024-01-10", None, "no bilirubin within 3 days"),
    "bilirubin at twice its limit": (
        "121 | 2024-01-10", "40 | 2024-01-10", "199 | 2024-01-10", False, "bilirubin not above 2 x its limit within 3 days",
    ),
    "phosphatase at twice its limit": (
        "121 | 2024-01-10", "41 | 2024-01-10", "200 | 2024-01-10", False, "alkaline phosphatase not below 2 x its limit",
    ),
    "phosphatase of another day": (
        "121 | 2024-01-10", "41 | 2024-01-10", "199 | 2024-01-11", None, "no alkaline phosphatase on the day",
    ),
}  # fmt: skip


@pytest.mark.parametrize("enzyme", ["alanine aminotransferase", "aspartate aminotransferase"])
@pytest.mark.parametrize("case", LIVER)
def test_hys_law(trial, case, enzyme):
    parts = [text.split(" | ") for text in LIVER[case][:3]]
    rows = [
        f"01 | {number} | {test} | {value} | U/L | 1 | {high} | {on}"
        for number, ((value, on), test, high) in enumerate(
            zip(parts, (enzyme, "bilirubin", "alkaline phosphatase"), (40, 20, 100), strict=True), 1
        )
    ]
    (found,) = hys_law(lab(trial, "\n".join(rows)).rows, HysLaw(days=3)).rows(named=True)
    assert (found["met"], found["why"], found["transaminase"]) == (*LIVER[case][3:], enzyme)


def test_hys_law_needs_a_transaminase_above_its_threshold_on_treatment(trial):
    rows = """01 | 1 | alanine aminotransferase | 120 | U/L | 1 | 40 | 2024-01-10
              01 | 2 | alanine aminotransferase | 900 | U/L | 1 | 40 | 2024-06-10
              01 | 3 | alanine aminotransferase | 900 | U/L | 1 | 40 | 2024-01-01"""
    assert hys_law(lab(trial, rows).rows, HysLaw(days=0)).height == 0
    with pytest.raises(ValueError, match="days must be 0 or more; got -1"):
        HysLaw(days=-1)
