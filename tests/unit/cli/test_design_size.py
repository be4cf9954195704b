"""``trialwright design size`` from the outside."""

import json

import pytest

from trialwright.cli import main

BASE = ("design", "size", "--hazard-ratio", "0.59", "--power", "0.8", "--alpha", "0.05", "--sides", "2")
PLAN = ("--accrual", "42", "--follow-up", "6", "--control-median", "3.6")


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = main(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_formulas_side_by_side(run):
    code, out, err = run(*BASE, "--ratio", "2:1", *PLAN)
    rows = {line[:23].strip(): line[23:].split() for line in out.splitlines()[1:]}
    assert (code, err) == (0, "")
    assert rows["Schoenfeld"] == ["126.87", "138.36"]
    assert rows["Freedman"] == ["110.95", "121.00"]
    assert rows["Lachin-Foulkes"] == ["125.08", "136.41"]
    assert len(rows) == 7


def test_without_a_plan_the_table_says_what_is_missing(run):
    code, out, _ = run(*BASE, "--ratio", "2:1")
    assert code == 0
    assert out.count("needs accrual, follow-up and the control arm's hazard") == 4


def test_json_has_all_digits(run):
    code, out, _ = run(*BASE, "--ratio", "1:2", *PLAN, "--dropout", "0.05", "--json")
    rows = json.loads(out)
    assert code == 0
    assert rows[0]["events"] == pytest.approx(126.869349449831, rel=1e-12)
    assert rows[0]["patients"] > rows[0]["events"]
    assert {"formula", "events", "patients", "problem"} == set(rows[0])


def test_options_reach_the_plan(run):
    def patients(*more):
        return json.loads(run(*BASE, *PLAN, *more, "--json")[1])[0]["patients"]

    assert patients() < patients("--dropout", "0.2") < patients("--dropout", "0.2", "--longest", "3")


def test_margin(run):
    code, out, _ = run("design", "size", "--hazard-ratio", "1", "--margin", "1.3", "--alpha", "0.025", "--sides", "1")
    assert code == 0
    assert "456.10" in out  # 4 ((1.959964 + 0.841621) / log 1.3)^2
    assert out.count("has no margin other than 1") == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--ratio", "2"), "--ratio must be two numbers above 0 with a colon, such as 2:1; got '2'"),
        (("--ratio", "2:0"), "--ratio must be two numbers"),
        (("--ratio", "-2:1"), "ratio must be a finite number greater than 0; got -2.0"),
        (("--accrual", "42"), "missing: --follow-up, --control-median"),
        (("--dropout", "0.1"), "missing: --accrual, --follow-up, --control-median"),
        ((*PLAN[2:], "--accrual", "0"), "--accrual must be a finite number greater than 0; got 0.0"),
        ((*PLAN[:4], "--control-median", "0"), "--control-median must be a finite number greater than 0; got 0.0"),
        ((*PLAN, "--dropout", "5"), "probability must be in [0, 1); got 5.0. For 2 % write 0.02."),
        ((*PLAN, "--longest", "0"), "longest must be greater than 0; got 0.0"),
        (("--hazard-ratio", "1"), "hazard_ratio must differ from 1"),
        (("--sides", "3"), "sides must be 1 or 2; got 3"),
    ],
)
def test_what_the_user_can_put_right_is_told(run, more, message):
    code, out, err = run(*BASE, *more)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
