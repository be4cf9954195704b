import csv
from decimal import Decimal
from pathlib import Path

import pytest

from trialwright.derive import (
    LabResult,
    convert,
    grade_result,
    grade_rules,
    known_unit,
    lab_tests,
    terms_without_numbers,
    unit_factor,
)

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "ctcae"


def rule(test, version="5", direction="high"):
    (found,) = [each for each in grade_rules(version, test) if each.direction == direction]
    return found


def grade(found, value, presume=(), **more):
    plain = {"test": found.tests[0], "unit": None, "low": None, "high": None}
    return grade_result(found, LabResult(value=value, **plain | more), presume=presume)


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the folder {FOLDER} is not here")
@pytest.mark.parametrize("version", ["4", "5"])
def test_every_term_of_the_published_list_is_graded_or_named_as_not_gradable(version):
    with (FOLDER / f"ctcae_v{version}_lab_terms.csv").open(encoding="utf-8-sig") as file:
        published = {(row["TERM"], {"H": "high", "L": "low"}[row["DIRECTION"]]) for row in csv.DictReader(file)}
    ours = {(found.term, found.direction) for found in grade_rules(version)}
    assert len(published) >= 37
    assert published == ours


def test_products_at_a_boundary_are_exact():
    alt = rule("alanine aminotransferase", "4")
    assert 3 * 0.3 < 0.9  # binary floating point would call 0.9 above three times 0.3
    assert grade(alt, 0.9, high=0.3).grade == 1
    assert grade(rule("creatinine", "4"), 1.1 * 1.5, high=1.1, baseline=1.1).grade == 1
    assert grade(rule("creatinine", "4"), 1.6500000000000001, high=1.1, baseline=1.1).grade == 1
    assert grade(rule("creatinine", "4"), 1.65000000000001, high=1.1, baseline=1.1).grade == 2


def test_a_missing_limit_gives_no_grade_unless_a_worse_one_is_certain():
    neutrophils = rule("neutrophils", direction="low")
    assert grade(neutrophils, 1.7, unit="10^9/L") == (None, "cannot tell < 1 x LLN: no lower limit of normal")
    assert grade(neutrophils, 0.4, unit="10^9/L").grade == 4
    assert grade(rule("creatinine", "4"), 500, unit="umol/L", baseline=100).grade is None
    assert grade(rule("alanine aminotransferase", "4"), 500, unit="U/L").grade is None


def test_one_known_condition_is_enough_within_its_grade():
    creatinine = rule("creatinine")
    assert grade(creatinine, 350, unit="umol/L", high=100, baseline=None).grade == 3
    assert grade(creatinine, 50, unit="umol/L", high=100).grade is None


@pytest.mark.parametrize(("unit", "why"), [(None, "no unit"), ("furlong", "no factor from the unit 'furlong'")])
def test_without_a_known_unit_there_is_no_grade(unit, why):
    found = grade(rule("potassium"), 9.0, unit=unit, high=5.0)
    assert found == (None, f"cannot tell > 7.0 mmol/L: {why}")
    assert grade(rule("alanine aminotransferase", "4"), 500, unit=unit, high=40).grade == 3


def test_a_baseline_is_never_graded_against_itself():
    alt = rule("alanine aminotransferase")
    own = {"unit": "U/L", "high": 40, "baseline": 90, "beyond_at_baseline": True}
    assert grade(alt, 90, **own).grade == 0
    assert grade(alt, 90, **own, is_baseline=True).grade == 1
    assert grade(rule("creatinine", "4"), 90, unit="umol/L", high=100, baseline=90, is_baseline=True).grade == 0
    fibrinogen = rule("fibrinogen", "4", "low")
    assert grade(fibrinogen, 1.9, unit="g/L", low=2, baseline=1.9, is_baseline=True).grade == 1


def test_without_a_baseline_the_rules_of_version_5_that_branch_on_it_give_no_grade():
    alt = rule("alanine aminotransferase")
    assert grade(alt, 900, unit="U/L", high=40) == (None, "no baseline with its limit, on which the rule depends")
    assert grade(alt, 900, unit="U/L", high=40, is_baseline=True).grade == 4


def test_results_in_another_unit_than_the_thresholds_are_converted():
    assert grade(rule("neutrophils", direction="low"), 499, unit="cells/uL", low=2000).grade == 4
    assert grade(rule("potassium"), 5.6, unit="mEq/L", high=5.0).grade == 2
    assert grade(rule("glucose", direction="low"), 2.95, unit="mmol/l", low=3.9).grade == 2
    assert grade(rule("triglycerides"), 5.8 * 88.545 * 10, unit="mg/L", high=1000).grade == 3


@pytest.mark.parametrize(
    ("test", "value", "unit", "to", "expected"),
    [
        ("creatinine", 1, "mg/dL", "umol/L", 88.40),
        ("bilirubin", 1, "mg/dL", "umol/L", 17.10),
        ("glucose", 1, "mmol/L", "mg/dL", 18.02),
        ("cholesterol", 1, "mmol/L", "mg/dL", 38.67),
        ("triglycerides", 1, "mmol/L", "mg/dL", 88.55),
        ("calcium", 1, "mmol/L", "mg/dL", 4.01),
        ("calcium", 1, "mEq/L", "mmol/L", 0.50),
        ("magnesium", 1, "mmol/L", "mg/dL", 2.43),
        ("phosphate", 1, "mmol/L", "mg/dL", 3.10),
        ("urate", 1, "mg/dL", "umol/L", 59.48),
        ("hemoglobin", 1, "mmol/L", "g/dL", 1.61),
        ("albumin", 3.5, "g/dL", "g/L", 35.00),
        ("sodium", 140, "mEq/L", "mmol/L", 140.00),
        ("lipase", 1, "ukat/L", "U/L", 60.00),
        ("platelets", 150000, "/mm3", "10^9/L", 150.00),
        ("fibrinogen", 250, "mg/dL", "g/L", 2.50),
    ],
)
def test_unit_factors_are_those_of_the_textbooks(test, value, unit, to, expected):
    assert round(convert(test, value, unit, to), 2) == expected


def test_factors_there_and_back_are_one():
    for one, other in [("mg/dL", "umol/L"), ("g/L", "mmol/L"), ("mg/L", "mg/dL")]:
        product = unit_factor("creatinine", one, other) * unit_factor("creatinine", other, one)
        assert abs(product - 1) < Decimal("1e-20")


def test_unknown_units_are_refused():
    with pytest.raises(ValueError, match=r"no factor from 'furlong' to 'g/L'; known units: 10\^9/L"):
        convert("albumin", 1, "furlong", "g/L")
    with pytest.raises(ValueError, match="no factor from 'mmol/L' to 'g/L'"):
        convert("albumin", 1, "mmol/L", "g/L")
    assert unit_factor("albumin", "titer", "titer") == 1
    assert known_unit(None) is None


def test_unknown_versions_tests_and_presumptions_are_refused():
    with pytest.raises(ValueError, match="version must be one of 4, 5; got '6'"):
        grade_rules("6")
    with pytest.raises(ValueError, match="has no grades by numbers; known: CD4 lymphocytes"):
        grade_rules("5", "hematocrit")
    with pytest.raises(ValueError, match=r"presume must be of .*symptoms; got 'pain'"):
        grade(rule("potassium"), 5, presume=("pain",))


def test_tests_are_listed():
    assert len(lab_tests()) == 31
    assert {"neutrophils", "creatinine", "international normalized ratio"} <= set(lab_tests())
    assert terms_without_numbers("5")["Hypophosphatemia"].startswith("supplements")
