"""``trialwright design solve`` from the outside."""

import json
import math

import pytest

from trialwright.cli import main
from trialwright.design import PlannedStratum, Steps, dropout_hazard, solve_design

BASE = ("design", "solve", "--alpha", "0.05", "--sides", "2", "--ratio", "2:1")
EFFECT = ("--hazard-ratio", "0.59", "--power", "0.8")


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = main(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_the_follow_up_is_found(run):
    code, out, _ = run(*BASE, *EFFECT, "--control-median", "10", "--patients", "198", "--accrual", "42")
    rows = {line[:26].strip(): line[26:].split() for line in out.splitlines()}
    assert code == 0
    assert rows["Events"] == ["126.8693"]
    assert rows["Follow-up, months"] == ["3.5990"]
    assert rows["Patients"] == ["198.0000", "given"]
    assert rows["Hazard ratio at the bound"] == ["0.6913"]


def test_every_option_reaches_the_design(run):
    code, out, _ = run(
        *BASE, *EFFECT, "--stratum", "0.4:8", "--stratum", "0.6:12", "--rate", "6", "--follow-up", "12",
        "--accrual-speed", "0:1,3:2", "--dropout", "0.05", "--dropout-experimental", "0.1", "--margin", "1.1",
        "--longest", "30", "--json",
    )  # fmt: skip
    control, own = (Steps.of(dropout_hazard(p, within=12)) for p in (0.05, 0.1))
    strata = [PlannedStratum(Steps.of(math.log(2) / m), s, control, own) for s, m in ((0.4, 8), (0.6, 12))]
    expected = solve_design(
        strata, alpha=0.05, sides=2, ratio=2, hazard_ratio=0.59, power=0.8, rate=6, follow_up=12, margin=1.1,
        accrual_shape=Steps((0, 3), (1, 2)), longest=30,
    )  # fmt: skip
    found = json.loads(out)
    assert code == 0
    assert {name: found[name] for name in ("patients", "accrual", "events")} == {
        name: getattr(expected, name) for name in ("patients", "accrual", "events")
    }
    assert found["time"] == expected.time


def test_smallest_detectable_effect_either_way(run):
    given = ("--control-median", "10", "--power", "0.8", "--patients", "198", "--accrual", "30", "--follow-up", "12")
    less = json.loads(run(*BASE, *given, "--json")[1])["hazard_ratio"]
    more = json.loads(run(*BASE, *given, "--more-events", "--json")[1])["hazard_ratio"]
    assert less < 1 < more
    # More events come under the second, so that a slightly smaller effect is found.
    assert 0.9 / less < more < 1 / less


def test_what_cannot_be_is_refused_with_what_can(run):
    code, out, err = run(*BASE, *EFFECT, "--control-median", "3.6", "--patients", "198", "--accrual", "42")
    assert (code, out) == (2, "")
    assert (
        "before accrual ends at 42, with 162.1 of 198 patients entered; nearest: a hazard ratio of 0.62876, or" in err
    )
    assert ", or 154.67 patients, or" in err
    assert err.endswith("; all else as given\n")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (EFFECT, "give --control-median, or --stratum for each stratum; not both"),
        ((*EFFECT, "--control-median", "5"), "give four of --hazard-ratio, --power, --events, --patients, --accrual,"),
        ((*EFFECT, "--control-median", "5", "--dropout", "10"), "--dropout must be a share such as 0.1; got 10"),
        ((*EFFECT, "--control-median", "5", "--alpha", "0.6"), "--alpha must be at most 0.5; got 0.6; nearest: 0.5"),
        (
            (*EFFECT, "--control-median", "5", "--ratio", "0:1"),
            "--ratio must be two numbers above 0 with a colon, such as 2:1; got '0:1'",
        ),
        ((*EFFECT, "--stratum", "0.4"), "--stratum must be two numbers with a colon, such as 0.4:8; got '0.4'"),
        ((*EFFECT, "--control-median", "0"), "a median must be a finite number of months greater than 0; got 0.0"),
        (
            (*EFFECT, "--control-median", "5", "--rate", "5", "--patients", "90", "--accrual-speed", "1:1"),
            "starts must begin at 0",
        ),
        (
            ("--control-median", "5", "--power", "0.8", "--rate", "5", "--patients", "90", "--accrual", "9"),
            "give at most two of --patients, --accrual, --rate: the third follows",
        ),
    ],
)
def test_what_the_user_can_put_right_is_told(run, given, message):
    code, out, err = run(*BASE, *given)
    assert (code, out) == (2, "")
    assert message in err
