"""Laboratory grades of CTCAE: each boundary of each term from both sides, as ``value: grade``.

The limits of normal stand in the columns low and high. Grades as if symptoms and consequences were absent, unless the
case says otherwise.
"""

# ruff: noqa: E501 - a case is one line of a table

from dataclasses import replace
from decimal import Decimal

import pytest

from trialwright.derive import LabResult, grade_result, grade_rules, terms_without_numbers

BOTH = """
term                                            | test                                  | unit    | low  | high | values
Anemia                                          | hemoglobin                            | g/L     | 120  | 160  | 120:0 119.9:1 100:1 99.9:2 80:2 79.9:3 10:3
Anemia                                          | hemoglobin                            | g/dL    | 12   | 16   | 12:0 11.9:1 10:1 9.9:2 8:2 7.9:3
Anemia                                          | hemoglobin                            | mmol/L  | 7.5  | 10   | 7.5:0 7.4:1 6.2:1 6.1:2 4.9:2 4.8:3
Leukocytosis                                    | leukocytes                            | 10^9/L  | 4    | 11   | 11:0 12:0 100:0 100.1:3
Activated partial thromboplastin time prolonged | activated partial thromboplastin time | s       | 25   | 40   | 40:0 40.1:1 60:1 60.1:2 100:2 100.1:3
CD4 lymphocytes decreased                       | CD4 lymphocytes                       | 10^9/L  | 0.6  | 1.5  | 0.6:0 0.59:1 0.5:1 0.49:2 0.2:2 0.19:3 0.05:3 0.049:4
Cholesterol high                                | cholesterol                           | mmol/L  | 3    | 6    | 6:0 6.1:1 7.75:1 7.76:2 10.34:2 10.35:3 12.92:3 12.93:4
Cholesterol high                                | cholesterol                           | mg/dL   | 120  | 240  | 240:0 241:1 300:1 301:2 400:2 401:3 500:3 501:4
CPK increased                                   | creatine kinase                       | U/L     | 20   | 200  | 200:0 201:1 500:1 501:2 1000:2 1001:3 2000:3 2001:4
Haptoglobin decreased                           | haptoglobin                           | g/L     | 0.3  | 2    | 0.3:0 0.29:1 0.01:1
Lymphocyte count decreased                      | lymphocytes                           | 10^9/L  | 1    | 4    | 1:0 0.99:1 0.8:1 0.79:2 0.5:2 0.49:3 0.2:3 0.19:4
Lymphocyte count increased                      | lymphocytes                           | 10^9/L  | 1    | 3.5  | 4:0 4.01:2 20:2 20.1:3
Neutrophil count decreased                      | neutrophils                           | 10^9/L  | 2    | 7    | 2:0 1.99:1 1.5:1 1.49:2 1:2 0.99:3 0.5:3 0.49:4
Neutrophil count decreased                      | neutrophils                           | /uL     | 2000 | 7000 | 2000:0 1999:1 1500:1 1499:2 1000:2 999:3 500:3 499:4
Platelet count decreased                        | platelets                             | 10^9/L  | 150  | 400  | 150:0 149:1 75:1 74:2 50:2 49:3 25:3 24:4
White blood cell decreased                      | leukocytes                            | 10^9/L  | 4    | 11   | 4:0 3.9:1 3:1 2.9:2 2:2 1.9:3 1:3 0.9:4
Hypercalcemia                                   | corrected calcium                     | mmol/L  | 2.1  | 2.6  | 2.6:0 2.61:1 2.9:1 2.91:2 3.1:2 3.11:3 3.4:3 3.41:4
Hypercalcemia                                   | corrected calcium                     | mg/dL   | 8.5  | 10.5 | 10.5:0 10.6:1 11.5:1 11.6:2 12.5:2 12.6:3 13.5:3 13.6:4
Hypercalcemia (Ionized)                         | ionized calcium                       | mmol/L  | 1.1  | 1.3  | 1.3:0 1.31:1 1.5:1 1.51:2 1.6:2 1.61:3 1.8:3 1.81:4
Hyperkalemia                                    | potassium                             | mmol/L  | 3.5  | 5    | 5:0 5.1:1 5.5:1 5.6:2 6:2 6.1:3 7:3 7.1:4
Hypermagnesemia                                 | magnesium                             | mmol/L  | 0.7  | 1    | 1:0 1.01:1 1.23:1 1.24:3 3.3:3 3.31:4
Hypermagnesemia                                 | magnesium                             | mg/dL   | 1.7  | 2.4  | 2.4:0 2.5:1 3:1 3.1:3 8:3 8.1:4
Hypernatremia                                   | sodium                                | mmol/L  | 135  | 145  | 145:0 146:1 150:1 151:2 155:2 156:3 160:3 161:4
Hypertriglyceridemia                            | triglycerides                         | mmol/L  | 0.5  | 1.6  | 1.7:0 1.71:1 3.42:1 3.43:2 5.7:2 5.71:3 11.4:3 11.41:4
Hypertriglyceridemia                            | triglycerides                         | mg/dL   | 40   | 140  | 149:0 150:1 300:1 301:2 500:2 501:3 1000:3 1001:4
Hypoalbuminemia                                 | albumin                               | g/L     | 35   | 50   | 35:0 34:1 30:1 29:2 20:2 19:3
Hypoalbuminemia                                 | albumin                               | g/dL    | 3.5  | 5    | 3.5:0 3.4:1 3:1 2.9:2 2:2 1.9:3
Hypocalcemia                                    | corrected calcium                     | mmol/L  | 2.1  | 2.6  | 2.1:0 2.09:1 2:1 1.99:2 1.75:2 1.74:3 1.5:3 1.49:4
Hypocalcemia                                    | corrected calcium                     | mg/dL   | 8.5  | 10.5 | 8.5:0 8.4:1 8:1 7.9:2 7:2 6.9:3 6:3 5.9:4
Hypocalcemia (Ionized)                          | ionized calcium                       | mmol/L  | 1.1  | 1.3  | 1.1:0 1.09:1 1:1 0.99:2 0.9:2 0.89:3 0.8:3 0.79:4
Hypoglycemia                                    | glucose                               | mmol/L  | 3.9  | 6    | 3.9:0 3.8:1 3:1 2.9:2 2.2:2 2.1:3 1.7:3 1.6:4
Hypoglycemia                                    | fasting glucose                       | mg/dL   | 70   | 110  | 70:0 69:1 55:1 54:2 40:2 39:3 30:3 29:4
Hypokalemia                                     | potassium                             | mmol/L  | 3.5  | 5    | 3.5:0 3.4:1 3:1 2.9:3 2.5:3 2.4:4
Hypomagnesemia                                  | magnesium                             | mmol/L  | 0.7  | 1    | 0.7:0 0.69:1 0.5:1 0.49:2 0.4:2 0.39:3 0.3:3 0.29:4
Hypomagnesemia                                  | magnesium                             | mg/dL   | 1.7  | 2.4  | 1.7:0 1.6:1 1.2:1 1.1:2 0.9:2 0.89:3 0.7:3 0.69:4
"""

V4 = """
term                                 | test                       | unit   | low  | high | values
Alanine aminotransferase increased   | alanine aminotransferase   | U/L    | 5    | 40   | 40:0 41:1 120:1 121:2 200:2 201:3 800:3 801:4
Alkaline phosphatase increased       | alkaline phosphatase       | U/L    | 30   | 100  | 100:0 101:1 250:1 251:2 500:2 501:3 2000:3 2001:4
Aspartate aminotransferase increased | aspartate aminotransferase | U/L    | 5    | 40   | 40:0 41:1 120:1 121:2 200:2 201:3 800:3 801:4
Blood bilirubin increased            | bilirubin                  | umol/L | 3    | 20   | 20:0 21:1 30:1 31:2 60:2 61:3 200:3 201:4
GGT increased                        | gamma glutamyl transferase | U/L    | 5    | 60   | 60:0 61:1 150:1 151:2 300:2 301:3 1200:3 1201:4
INR increased                        | international normalized ratio | ratio | 0.8 | 1.2 | 1.2:0 1.3:1 1.8:1 1.9:2 3:2 3.1:3
Lipase increased                     | lipase                     | U/L    | 10   | 60   | 60:0 61:1 90:1 91:2 120:2 121:3 300:3 301:4
Serum amylase increased              | amylase                    | U/L    | 30   | 110  | 110:0 111:1 165:1 166:2 220:2 221:3 550:3 551:4
Hyperglycemia (Fasting)              | fasting glucose            | mmol/L | 3.9  | 6    | 6:0 6.1:1 8.9:1 9:2 13.9:2 14:3 27.8:3 27.9:4
Hyperglycemia (Fasting)              | fasting glucose            | mg/dL  | 70   | 110  | 110:0 111:1 160:1 161:2 250:2 251:3 500:3 501:4
Hyperglycemia                        | glucose                    | mmol/L | 3.9  | 6    | 6.1:0 13.9:0 14:3 27.8:3 27.9:4
Hyperglycemia                        | glucose                    | mg/dL  | 70   | 110  | 250:0 251:3 500:3 501:4
Hyperuricemia                        | urate                      | mmol/L | 0.2  | 0.42 | 0.42:0 0.43:1 0.59:1 0.6:4
Hyperuricemia                        | urate                      | umol/L | 200  | 420  | 420:0 421:1 590:1 591:4
Hyperuricemia                        | urate                      | mg/dL  | 3    | 7    | 7:0 7.1:1 10:1 10.1:4
Hyponatremia                         | sodium                     | mmol/L | 135  | 145  | 135:0 134:1 130:1 129:3 120:3 119:4
Hypophosphatemia                     | phosphate                  | mmol/L | 0.85 | 1.5  | 0.85:0 0.84:1 0.8:1 0.79:2 0.6:2 0.59:3 0.3:3 0.29:4
Hypophosphatemia                     | phosphate                  | mg/dL  | 2.7  | 4.5  | 2.7:0 2.6:1 2.5:1 2.4:2 2:2 1.9:3 1:3 0.9:4
"""

V5 = """
term                    | test                           | unit   | low | high | values
INR increased           | international normalized ratio | ratio  | 0.8 | 1.1  | 1.2:0 1.21:1 1.5:1 1.51:2 2.5:2 2.51:3
Lipase increased        | lipase                         | U/L    | 10  | 60   | 60:0 61:1 90:1 91:2 300:2 301:3
Serum amylase increased | amylase                        | U/L    | 30  | 110  | 110:0 111:1 165:1 166:2 550:2 551:3
Hyperuricemia           | urate                          | umol/L | 200 | 420  | 420:0 421:1 900:1
Hyponatremia            | sodium                         | mmol/L | 135 | 145  | 135:0 134:1 130:1 129:2 125:2 124:3 120:3 119:4
"""

BASELINE = """
version | term                                 | test                       | unit   | low | high | baseline | values
4 | Creatinine increased                 | creatinine                 | umol/L | 50 | 100 | 60  | 60:0 60.1:1 90:1 90.1:2 180:2 180.1:3 600:3 600.1:4
4 | Creatinine increased                 | creatinine                 | umol/L | 50 | 100 | 200 | 150:1 150.1:2 300:2 300.1:3 600:3 600.1:4
5 | Creatinine increased                 | creatinine                 | umol/L | 50 | 100 | 60  | 90:0 90.1:2 180:2 180.1:3 600:3 600.1:4
5 | Creatinine increased                 | creatinine                 | umol/L | 50 | 100 | 100 | 100:0 100.1:1 150:1 150.1:2 300:2 300.1:3 600:3 600.1:4
5 | Alanine aminotransferase increased   | alanine aminotransferase   | U/L    | 5  | 40  | 40  | 40:0 41:1 120:1 121:2 200:2 201:3 800:3 801:4
5 | Alanine aminotransferase increased   | alanine aminotransferase   | U/L    | 5  | 40  | 100 | 149:0 150:1 300:1 301:2 500:2 501:3 2000:3 2001:4
5 | Alkaline phosphatase increased       | alkaline phosphatase       | U/L    | 30 | 100 | 90  | 100:0 101:1 250:1 251:2 500:2 501:3 2000:3 2001:4
5 | Alkaline phosphatase increased       | alkaline phosphatase       | U/L    | 30 | 100 | 200 | 399:0 400:1 500:1 501:2 1000:2 1001:3 4000:3 4001:4
5 | Aspartate aminotransferase increased | aspartate aminotransferase | U/L    | 5  | 40  | 40  | 40:0 41:1 120:1 121:2 200:2 201:3 800:3 801:4
5 | Aspartate aminotransferase increased | aspartate aminotransferase | U/L    | 5  | 40  | 100 | 149:0 150:1 300:1 301:2 500:2 501:3 2000:3 2001:4
5 | Blood bilirubin increased            | bilirubin                  | umol/L | 3  | 20  | 10  | 20:0 21:1 30:1 31:2 60:2 61:3 200:3 201:4
5 | Blood bilirubin increased            | bilirubin                  | umol/L | 3  | 20  | 40  | 40:0 41:1 60:1 61:2 120:2 121:3 400:3 401:4
5 | GGT increased                        | gamma glutamyl transferase | U/L    | 5  | 60  | 60  | 60:0 61:1 150:1 151:2 300:2 301:3 1200:3 1201:4
5 | GGT increased                        | gamma glutamyl transferase | U/L    | 5  | 60  | 100 | 199:0 200:1 250:1 251:2 500:2 501:3 2000:3 2001:4
4 | Fibrinogen decreased                 | fibrinogen                 | g/L    | 2  | 4   | 2   | 2:0 1.99:1 1.51:1 1.5:2 1:3 0.51:3 0.5:4
4 | Fibrinogen decreased                 | fibrinogen                 | g/L    | 8  | 9   | 8   | 8:0 7.9:1 6.01:1 6:2 4.01:2 4:3 2.01:3 2:4
4 | Fibrinogen decreased                 | fibrinogen                 | g/L    | 2  | 4   | 4   | 2:0 1.99:3 1.01:3 1:4
5 | Fibrinogen decreased                 | fibrinogen                 | g/L    | 8  | 9   | 8   | 8:0 7.9:1 6:1 5.99:2 4:2 3.99:3 2:3 1.99:4
5 | Fibrinogen decreased                 | fibrinogen                 | mg/dL  | 100 | 400 | 200 | 100:0 99:1 75:1 74:2 50:2 49:4
5 | Fibrinogen decreased                 | fibrinogen                 | g/L    | 8  | 9   | 4   | 4:0 3.99:1 3.01:1 3:2 2.01:2 2:3 1.01:3 1:4 0.4:4
4 | Hemoglobin increased                 | hemoglobin                 | g/L    | 120 | 160 | 150 | 160:0 160.5:1 180:1 181:2 200:2 201:3
4 | Hemoglobin increased                 | hemoglobin                 | g/L    | 120 | 160 | 170 | 170:0 170.5:1 190:1 191:2 210:2 211:3
5 | Hemoglobin increased                 | hemoglobin                 | g/dL   | 12 | 16  | 17  | 16:0 16.1:1 18:1 18.1:2 20:2 20.1:3
4 | Creatinine increased                 | creatinine                 | umol/L | 50 | 100 | 130 | 100:0 100.1:1 150:1 150.1:2
5 | Creatinine increased                 | creatinine                 | umol/L | 50 | 100 | 200 | 150:1 150.1:2 300:2 300.1:3
4 | Fibrinogen decreased                 | fibrinogen                 | g/L    | 8  | 9   | 2   | 8:0 7.99:1 6:1 5.99:2 4:2 3.99:3 2:3 1.99:4
4 | Fibrinogen decreased                 | fibrinogen                 | g/L    | 1  | 4   | 0.5 | 0.5:2 0.49:4
4 | Fibrinogen decreased                 | fibrinogen                 | mg/dL  | 100 | 400 | 50 | 50:2 49:4
5 | Fibrinogen decreased                 | fibrinogen                 | g/L    | 1  | 4   | 1.2 | 0.5:2 0.49:4
5 | Fibrinogen decreased                 | fibrinogen                 | g/L    | 1  | 4   | 0.6 | 0.5:1 0.49:4
5 | Fibrinogen decreased                 | fibrinogen                 | mg/dL  | 100 | 400 | 60 | 50:1 49:4
4 | Hemoglobin increased                 | hemoglobin                 | g/dL   | 12 | 16  | 15  | 16:0 16.1:1 18:1 18.1:2 20:2 20.1:3
4 | Hemoglobin increased                 | hemoglobin                 | g/dL   | 12 | 16  | 17  | 17:0 17.1:1 19:1 19.1:2 21:2 21.1:3
5 | Hemoglobin increased                 | hemoglobin                 | g/L    | 120 | 160 | 150 | 160:0 160.5:1 180:1 180.5:2 200:2 200.5:3
"""

PRESUMED = """
version | term             | test      | unit   | low | high | presume        | values
5 | Lipase increased        | lipase    | U/L    | 10  | 60  | symptoms     | 60:0 61:1 90:1 91:2 120:2 121:3 300:3 301:4
5 | Serum amylase increased | amylase   | U/L    | 30  | 110 | symptoms     | 110:0 111:1 165:1 166:2 220:2 221:3 550:3 551:4
4 | Hyperuricemia           | urate     | umol/L | 200 | 420 | consequences | 420:0 421:3 590:3 591:4
5 | Hyperuricemia           | urate     | umol/L | 200 | 420 | consequences | 420:0 421:3 900:3
4 | Hypokalemia             | potassium | mmol/L | 3.5 | 5   | symptoms     | 3.5:0 3.4:2 3:2 2.9:3 2.5:3 2.4:4
5 | Hypokalemia             | potassium | mmol/L | 3.5 | 5   | symptoms     | 3.5:0 3.4:2 3:2 2.9:3 2.5:3 2.4:4
5 | Hyponatremia            | sodium    | mmol/L | 135 | 145 | symptoms     | 135:0 134:1 130:1 129:3 120:3 119:4
"""


def cases(text):
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    return [pytest.param(row, id=f"{row['term']} {row['unit']} {row.get('baseline', '')}") for row in rows]


def rule(row, version):
    (found,) = [each for each in grade_rules(version, row["test"]) if each.term == row["term"]]
    return found


def check(row, version, presume=(), **more):
    found = rule(row, version)
    for pair in row["values"].split():
        value, grade = pair.split(":")
        result = LabResult(row["test"], float(value), row["unit"], float(row["low"]), float(row["high"]), **more)
        assert grade_result(found, result, presume=presume).grade == int(grade), pair


def with_baseline(row, found):
    baseline = float(row["baseline"])
    beyond = baseline > float(row["high"]) if found.direction == "high" else baseline < float(row["low"])
    return {"baseline": baseline, "beyond_at_baseline": beyond}


@pytest.mark.parametrize("version", ["4", "5"])
@pytest.mark.parametrize("row", cases(BOTH))
def test_terms_that_both_versions_grade_alike(row, version):
    check(row, version)


@pytest.mark.parametrize("row", cases(V4))
def test_version_4(row):
    check(row, "4")


@pytest.mark.parametrize("row", cases(V5))
def test_version_5(row):
    check(row, "5")


@pytest.mark.parametrize("row", cases(BASELINE))
def test_grades_that_look_at_the_baseline(row):
    check(row, row["version"], **with_baseline(row, rule(row, row["version"])))


@pytest.mark.parametrize("row", cases(PRESUMED))
def test_the_worst_case_presumes_what_a_number_does_not_tell(row):
    check(row, row["version"], presume=(row["presume"],))


@pytest.mark.parametrize(
    ("version", "grades"), [("4", {1.0: 0, 1.1: 1, 1.6: 2, 2.6: 3}), ("5", {1.0: 0, 1.1: 1, 1.6: 2})]
)
def test_on_anticoagulation_the_ratio_is_also_compared_with_the_baseline(version, grades):
    (inr,) = grade_rules(version, "international normalized ratio")
    for value, grade in grades.items():
        result = LabResult("international normalized ratio", value, None, 0.8, 3, 1.0, False)
        assert grade_result(inr, result, presume=("anticoagulation",)).grade == grade
    assert grade_result(inr, LabResult(inr.tests[0], 1.1, None, 0.8, 3, 1.0, False), presume=()).grade == 0


def asked(version):
    """Yield rule, result, presumptions and grade of every case of a version."""
    own = [("", V4 if version == "4" else V5), ("", BOTH), ("baseline", BASELINE), ("presume", PRESUMED)]
    for kind, text in own:
        for row in (case.values[0] for case in cases(text)):
            if row.get("version", version) == version:
                found = rule(row, version)
                more = with_baseline(row, found) if kind == "baseline" else {}
                presume = (row["presume"],) if kind == "presume" else ()
                for value, grade in (pair.split(":") for pair in row["values"].split()):
                    limits = (float(row["low"]), float(row["high"]))
                    yield found, LabResult(row["test"], float(value), row["unit"], *limits, **more), presume, int(grade)


FLIPPED = {">": ">=", ">=": ">", "<": "<=", "<=": "<"}


def mutants(found):
    """Yield a rule with one number a little more, a little less, or one comparison that takes in its threshold or not."""
    for branch in ("grades", "abnormal"):
        for place, (grade, conditions) in enumerate(getattr(found, branch) or ()):
            for index, condition in enumerate(conditions):
                for changed in changes(condition):
                    new = (*conditions[:index], changed, *conditions[index + 1 :])
                    grades = list(getattr(found, branch))
                    grades[place] = (grade, new)
                    yield f"{branch} {grade}: {condition} -> {changed}", replace(found, **{branch: tuple(grades)})


def changes(condition):
    for which, (number, unit) in enumerate(condition.numbers):
        for factor in ("0.9", "1.1") if number else ("0.9",):
            other = (number or Decimal(1)) * Decimal(factor)
            numbers = (*condition.numbers[:which], (other, unit), *condition.numbers[which + 1 :])
            yield replace(condition, numbers=numbers, text=f"{other} for {number}")
    yield replace(condition, comparison=FLIPPED[condition.comparison], text=FLIPPED[condition.comparison])


HELD_ELSEWHERE = ("anticoagulation",)


@pytest.mark.parametrize("version", ["4", "5"])
def test_the_mutation_of_any_threshold_fails_some_case(version):
    known = list(asked(version))
    alive = []
    for found in grade_rules(version):
        own = [case for case in known if case[0] is found]
        for name, mutant in mutants(found):
            same = all(
                grade_result(mutant, result, presume=presume).grade == grade for _, result, presume, grade in own
            )
            if same and not any(presumed in name for presumed in HELD_ELSEWHERE):
                alive.append(f"{found.term} {name}")
    assert alive == []


def test_every_rule_has_a_case():
    tables = {"4": [BOTH, V4], "5": [BOTH, V5]}
    for version, own in tables.items():
        named = {row.values[0]["term"] for text in [*own, BASELINE] for row in cases(text)}
        assert {rule.term for rule in grade_rules(version)} <= named


def test_version_5_grades_glucose_and_phosphate_by_treatment():
    assert set(terms_without_numbers("5")) == {"Hyperglycemia", "Hypophosphatemia"}
    assert terms_without_numbers("4") == {}
    assert not set(terms_without_numbers("5")) & {rule.term for rule in grade_rules("5")}
