"""Reading a digitized figure: what is accepted, and every fault with its file and line."""

import numpy as np
import pytest

from trialwright.errors import DataError
from trialwright.evidence import ReadCurve, read_curves

MONTH = 365.25 / 12


def refused(tmp_path, curve, at_risk=None, **more):
    path = tmp_path / "curve.csv"
    path.write_text(curve)
    other = tmp_path / "at_risk.csv"
    if at_risk is not None:
        other.write_text(at_risk)
    given = {"unit": "months"} | more
    with pytest.raises(DataError) as caught:
        read_curves(path, other if at_risk is not None else None, **given)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_arms_keep_the_order_of_the_file_and_their_numbers(tmp_path):
    (tmp_path / "c.csv").write_text("arm,time,survival\nB,1,0.9\nB,2,0.8\nA,1,0.95\n")
    (tmp_path / "r.csv").write_text("time,at_risk,arm\n0,50,A\n0,40,B\n1,30,B\n")
    (tmp_path / "m.csv").write_text("arm,time\nB,1.5\n")
    b, a = read_curves(tmp_path / "c.csv", tmp_path / "r.csv", tmp_path / "m.csv", unit="months")
    assert (b.arm, a.arm, b.patients, a.patients) == ("B", "A", 40, 50)
    assert b.day.tolist() == [MONTH, 2 * MONTH] and b.at_risk.tolist() == [30]
    assert b.marks.tolist() == [1.5 * MONTH] and a.marks.tolist() == []


def test_percent_is_taken_only_when_declared(tmp_path):
    text = "time,survival\n1,90\n2,80.5\n"
    hinted = refused(tmp_path, text, patients={"all": 9})
    assert hinted[0] == "curve.csv, line 2: survival must be between 0 and 1; got 90; if these are percent, say so"
    (curve,) = read_curves(tmp_path / "curve.csv", unit="days", percent=True, patients={"all": 9})
    assert curve.survival.tolist() == [0.9, 0.805]


def test_every_fault_of_every_file_is_listed_with_its_line(tmp_path):
    curve = "time,survival\n1,0.9\n2,0.95\n1.5,0.8\n3,1.2\n4,x\n5,0.7,3\n"
    at_risk = "time,at_risk\n0,50\n6,51\n3,40.5\n"
    assert refused(tmp_path, curve, at_risk) == [
        "curve.csv, line 6: survival must be a number; got 'x'",
        "curve.csv, line 7: 2 values are needed, as in the header; got 3",
        "curve.csv, line 5: survival must be between 0 and 1; got 1.2",
        "curve.csv, line 4: times must not go back; got 1.5 after 2",
        "curve.csv, line 3: a survival curve cannot rise; got 0.95 at 2 after 0.9, with a reading error of 0.002",
        "at_risk.csv, line 4: a number at risk must be a whole number; got 40.5",
        "at_risk.csv, line 4: times must go up; got 3 after 6",
        "at_risk.csv, line 3: numbers at risk cannot grow; got 51 after 50",
    ]


@pytest.mark.parametrize(
    "header, told",
    [
        ("0.5,1.0", "columns must be named, time, survival and arm if there are several; column 1 is not"),
        ("time,", "columns must be named, time, survival and arm if there are several; column 2 is not"),
        ("time,S", "column 'S' is not known; known: time, survival, arm"),
        ("time,time,survival", "column 'time' comes twice"),
    ],
)
def test_columns_must_be_named(tmp_path, header, told):
    assert refused(tmp_path, f"{header}\n1,0.9\n")[0] == f"curve.csv, line 1: {told}"


def test_numbers_at_risk_of_another_arm_are_refused(tmp_path):
    told = refused(tmp_path, "time,survival,arm\n1,0.9,A\n", "time,at_risk,arm\n0,10,A\n0,10,C\n")
    assert told == ["at_risk.csv, line 3: arm 'C' has no curve; known: A"]


def test_patients_are_needed_and_must_agree(tmp_path):
    needed = "arm A: the number of patients is needed: give it, or the number at risk at time 0"
    assert refused(tmp_path, "time,survival,arm\n1,0.9,A\n") == [needed]
    told = refused(tmp_path, "time,survival\n1,0.9\n", "time,at_risk\n0,10\n", patients={"all": 11})
    assert told == ["at_risk.csv, line 2: 10 are at risk at time 0, and 11 patients are given; these must be the same"]
    told = refused(tmp_path, "time,survival\n1,0.9\n", patients={"B": 11})
    assert told[0] == "patients: arm 'B' has no curve; known: all"


def test_a_missing_or_empty_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere.csv: cannot be read as a CSV file: No such file"):
        read_curves(tmp_path / "nowhere.csv", unit="days")
    assert refused(tmp_path, "") == ["curve.csv: is empty; a header with the names of the columns is needed"]


def test_noise_within_the_reading_error_is_no_rise():
    level = np.array([0.9, 0.912, 0.91])
    ReadCurve.of([1, 2, 3], level, unit="days", patients=10)
    with pytest.raises(ValueError, match="point 1: a survival curve cannot rise"):
        ReadCurve.of([1, 2, 3], level, unit="days", patients=10, reading_error=0.001)


def test_the_foot_of_a_step_holds():
    curve = ReadCurve.of([0, 1, 1, 2], [1, 1, 0.9, 0.9], unit="weeks", patients=10)
    assert (curve.day.tolist(), curve.survival.tolist()) == ([7, 14], [0.9, 0.9])


@pytest.mark.parametrize(
    "more, told",
    [
        ({"reading_error": 0.0}, "the reading error must be a share above 0"),
        ({"marks": [5]}, "mark 0: a mark must lie between 0 and the end of the curve, 2; got 5"),
        ({"patients": 0}, "there must be at least one patient; got 0"),
        ({"at_risk_time": [1], "at_risk": [12]}, "number at risk 0: 12 cannot be at risk of 10 patients"),
    ],
)
def test_arguments_that_cannot_be(more, told):
    with pytest.raises(ValueError, match=told):
        ReadCurve.of([1, 2], [0.9, 0.8], unit="days", **({"patients": 10} | more))
