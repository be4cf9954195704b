"""``trialwright design size`` from the outside."""

import json
import math
import re

import pytest

from trialwright.cli import main
from trialwright.design import FixedPlan, Steps, expected_log_rank, expected_restricted_mean
from trialwright.stats import FlemingHarrington

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
    rows = {row[0]: row[1:] for row in (re.split(r"  +", line.strip()) for line in out.splitlines()[1:-3])}
    assert (code, err) == (0, "")
    assert rows["Schoenfeld"][:2] == ["126.87", "138.36"]
    assert rows["Freedman"][:2] == ["110.95", "121.00"]
    assert rows["Lachin-Foulkes"][:2] == ["125.08", "136.41"]
    power, error = (float(number.strip("()")) for number in rows["Schoenfeld"][2].split())
    assert power == pytest.approx(0.806, abs=4 * error) and 0.002 < error < 0.004
    # Of the tests the average hazard ratio is the formula of this name where there is one stratum and one ratio.
    assert rows["Average hazard ratio of strata and periods"] == rows["Average hazard ratio"]
    assert rows["Average hazard ratio"][:2] == ["126.01", "137.43"]
    assert list(rows)[7:10] == [f"Log-rank, {name}" for name in ("variance of the test", "Yung and Liu", "studentized")]
    assert len(rows) == 11


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
    assert {"formula", "events", "patients", "problem", "simulated_power", "monte_carlo_error"} == set(rows[0])
    assert rows[0]["simulated_power"] == pytest.approx(0.8, abs=0.05)


def test_simulated_power_is_of_the_direction_asked_for_and_of_this_test_only(run):
    found = json.loads(run("design", "size", "--hazard-ratio", "1.6", *PLAN, "--tau", "6", "--json")[1])
    power = {row["formula"]: row["simulated_power"] for row in found}
    assert power["Schoenfeld"] == pytest.approx(0.8, abs=0.03)
    assert power["Restricted mean to 6"] is None
    assert json.loads(run(*BASE, "--trials", "0", "--json")[1])[0]["simulated_power"] is None
    assert "superiority only" in run("design", "size", "--hazard-ratio", "0.9", "--margin", "1.3")[1]


def test_options_reach_the_plan(run):
    def patients(*more):
        return json.loads(run(*BASE, *PLAN, *more, "--json")[1])[0]["patients"]

    assert patients() < patients("--dropout", "0.2") < patients("--dropout", "0.2", "--longest", "3")


def test_margin(run):
    code, out, _ = run("design", "size", "--hazard-ratio", "1", "--margin", "1.3", "--alpha", "0.025", "--sides", "1")
    assert code == 0
    assert "456.10" in out  # 4 ((1.959964 + 0.841621) / log 1.3)^2
    assert out.count("has no margin other than 1") == 2


def test_tests_beside_the_formulas(run):
    more = ("--weight", "fh:0,1", "--tau", "18", "--milestone", "12", "--json")
    rows = {row["formula"]: row for row in json.loads(run(*BASE, "--ratio", "2:1", *PLAN, *more)[1])}
    assert list(rows)[-3:] == ["Restricted mean to 18", "Survival at 12, plain", "Survival at 12, cloglog"]
    arms = FixedPlan(accrual=42, follow_up=6, control=Steps.of(math.log(2) / 3.6)).trial(0.59, ratio=2)
    asked = {"alpha": 0.05, "sides": 2}
    weighted = expected_log_rank(arms, 48, weight=FlemingHarrington(0, 1)).test("alternative")
    assert rows["Fleming-Harrington(0, 1), Yung and Liu"]["patients"] == weighted.patients_for(0.8, **asked)
    mean = expected_restricted_mean(arms, 48, 18).test()
    assert rows["Restricted mean to 18"]["events"] == pytest.approx(mean.events_for(0.8, **asked), rel=1e-12)


def test_a_late_effect_leaves_formulas_of_one_hazard_ratio_without_answer(run):
    rows = json.loads(run(*BASE, *PLAN, "--delay", "3", "--json")[1])
    assert [row["problem"] for row in rows[:7]] == ["needs an effect from the start"] * 7
    early = json.loads(run(*BASE, *PLAN, "--json")[1])
    assert all(late["events"] > row["events"] for late, row in zip(rows[7:], early[7:], strict=True))


@pytest.mark.parametrize("weight", ["gehan", "tarone-ware", "peto", "fh:1,0", "modest:6"])
def test_every_weight_has_a_name(run, weight):
    code, out, _ = run(*BASE, *PLAN, "--weight", weight, "--json")
    assert (code, len(json.loads(out))) == (0, 14)


def test_more_events_as_the_benefit(run):
    rows = json.loads(run("design", "size", "--hazard-ratio", "1.5", *PLAN, "--json")[1])
    assert all(row["patients"] > row["events"] > 100 for row in rows)


def test_whole_numbers_and_an_effect_on_the_other_side_are_told(run):
    lines = run(*BASE, "--ratio", "2:1", *PLAN, "--trials", "0")[1].splitlines()
    # 138.36 patients bring 126.87 events, so that 127 take 138.50.
    assert lines[-1] == "For a protocol, rounded up: 127 events, 139 patients (Schoenfeld)."
    worse = run("design", "size", "--hazard-ratio", "1.5", "--trials", "0")[1].splitlines()
    assert worse[-2] == "For a protocol, rounded up: 191 events (Schoenfeld)."
    assert "a hazard ratio of 1.5 is above 1: the experimental arm is supposed worse, or more events are" in worse[-1]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--ratio", "2"), "--ratio must be two numbers above 0 with a colon, such as 2:1; got '2'"),
        (("--ratio", "2:0"), "--ratio must be two numbers"),
        (("--ratio", "-2:1"), "--ratio must be two numbers above 0 with a colon, such as 2:1; got '-2:1'"),
        (("--accrual", "42"), "missing: --follow-up, --control-median"),
        (("--dropout", "0.1"), "missing: --accrual, --follow-up, --control-median"),
        ((*PLAN[2:], "--accrual", "0"), "--accrual must be a finite number greater than 0; got 0.0"),
        ((*PLAN[:4], "--control-median", "0"), "--control-median must be a finite number greater than 0; got 0.0"),
        ((*PLAN, "--dropout", "5"), "--dropout must be a share such as 0.1; got 5"),
        ((*PLAN, "--longest", "0"), "longest must be greater than 0; got 0.0"),
        (("--hazard-ratio", "1"), "--hazard-ratio must differ from 1"),
        (("--tau", "18"), "--tau: needs --accrual, --follow-up, --control-median"),
        (("--delay", "3", "--weight", "peto"), "--weight, --delay: needs --accrual"),
        ((*PLAN, "--weight", "fh:1"), "--weight must be fh:RHO,GAMMA, gehan, tarone-ware, peto or modest:MONTHS; got"),
        ((*PLAN, "--delay", "-1"), "start must be a finite number of at least 0; got -1.0"),
        ((*PLAN, "--tau", "48"), "tau must be within the longest follow-up, 48; got 48"),
        (("--alpha", "0.6"), "--alpha must be at most 0.5; got 0.6; nearest: 0.5"),
        (("--alpha", "5"), "--alpha must be at most 0.5; got 5; nearest: 0.05"),
        (("--sides", "3"), "--sides must be 1 or 2; got 3"),
    ],
)
def test_what_the_user_can_put_right_is_told(run, more, message):
    code, out, err = run(*BASE, *more)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
