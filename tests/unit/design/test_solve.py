"""One quantity of a design from the others: each undoes each, and what cannot be is refused with what could."""

import itertools
import math
import re

import pytest

from trialwright.design import FixedPlan, Steps, events_schoenfeld, expected_events, power_schoenfeld, solve_design

TEST = {"alpha": 0.05, "sides": 2, "ratio": 2}
CONTROL = Steps((0, 4), (0.06, 0.09))
WHOLE = {"hazard_ratio": 0.59, "power": 0.8, "patients": 198, "accrual": 30}
SIX = ("hazard_ratio", "power", "events", "patients", "accrual", "follow_up")


def design(**given):
    return solve_design(CONTROL, **TEST, dropout=0.01, **given)


def test_follow_up_that_brings_the_events():
    found = design(**WHOLE)
    assert found.found == ("events", "follow_up")
    assert found.events == events_schoenfeld(0.59, power=0.8, **TEST)
    plan = FixedPlan(30, found.follow_up, CONTROL, Steps.of(0.01))
    assert found.time == plan.time
    expected = expected_events(plan.trial(0.59, ratio=2, patients=198), plan.time)
    assert expected.events == pytest.approx(found.events, rel=1e-12)


@pytest.mark.parametrize(
    "left_out",
    [pair for pair in itertools.combinations(SIX, 2) if not set(pair) <= {"patients", "accrual", "follow_up"}],
)
def test_any_two_follow_from_the_other_four(left_out):
    whole = design(**WHOLE)
    again = design(**{name: getattr(whole, name) for name in SIX if name not in left_out})
    assert again.found == left_out
    for name in SIX:
        assert getattr(again, name) == pytest.approx(getattr(whole, name), rel=1e-8), name


def number(pattern, message):
    return float(re.search(pattern, message).group(1))


def test_an_analysis_before_the_end_of_accrual_is_said():
    given = {"hazard_ratio": 0.59, "power": 0.8, "accrual": 42}
    control = Steps.of(math.log(2) / 3.6)
    with pytest.raises(ValueError, match=r"expected by 34\.39, before accrual ends at 42, with 162\.1 of 198") as error:
        solve_design(control, **TEST, **given, patients=198)
    fewer = number(r"nearest: ([\d.]+) patients", str(error.value))
    assert solve_design(control, **TEST, **given, patients=fewer * 0.9999).follow_up == pytest.approx(0, abs=0.01)


def test_too_few_patients_are_told_how_many_it_takes():
    with pytest.raises(ValueError, match=r"126\.869\) are never reached: 100 patients") as error:
        design(**WHOLE | {"patients": 100})
    more, power = (number(p, str(error.value)) for p in (r"nearest: ([\d.]+) patients", r"power ([\d.]+)"))
    assert design(**WHOLE | {"patients": more * 1.001}).follow_up > 30
    assert design(**WHOLE | {"patients": 100, "power": power - 0.001}).follow_up > 30


def test_accrual_cannot_undo_follow_up():
    with pytest.raises(ValueError, match="however short accrual is") as error:
        design(hazard_ratio=0.59, power=0.8, patients=198, follow_up=60)
    fewer = number(r"nearest: ([\d.]+) patients", str(error.value))
    assert design(hazard_ratio=0.59, power=0.8, patients=fewer * 0.999, follow_up=60).accrual < 2


def test_power_no_hazard_ratio_has():
    few = {"patients": 8, "accrual": 3, "follow_up": 1}
    with pytest.raises(ValueError, match=r"needs 8\.8\d* events even at a hazard ratio of 0\.135") as error:
        design(power=0.8, **few)
    power, more = (number(p, str(error.value)) for p in (r"or power ([\d.]+)", r"nearest: ([\d.]+) patients"))
    assert design(power=0.8, **few | {"patients": more * 1.0001}).hazard_ratio == pytest.approx(math.exp(-2), rel=1e-3)
    found = design(power=power - 0.0005, **few)
    assert found.hazard_ratio == pytest.approx(math.exp(-2), rel=0.02)
    assert power_schoenfeld(found.hazard_ratio, events=found.events, **TEST) == pytest.approx(found.power, rel=1e-9)


def test_follow_up_of_a_patient_may_end():
    given = {"hazard_ratio": 0.59, "power": 0.8, "accrual": 30, "follow_up": 24}
    short, long = (solve_design(CONTROL, **TEST, **given, longest=longest).patients for longest in (6, math.inf))
    assert short > 1.5 * long


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {},
            "give four of hazard_ratio, power, events, patients, accrual, follow_up, .*; got none",
        ),
        ({"hazard_ratio": 0.6, "power": 0.8, "events": 120, "patients": 200}, "not all of the first three"),
        (WHOLE | {"follow_up": 6}, "give four of"),
        (WHOLE | {"accrual": 0}, "accrual must be a finite number greater than 0; got 0"),
        (WHOLE | {"power": 80}, "power must be in"),
        (WHOLE | {"power": 0.02}, "power must exceed the type I error of one side; got 0.02"),
        (WHOLE | {"hazard_ratio": 1}, "hazard_ratio must differ from 1"),
        ({"events": 190, "patients": 198, "accrual": 30, "follow_up": 1}, "events must be between .* got 190"),
        (
            {"hazard_ratio": 0.6, "power": 0.8, "patients": 200, "follow_up": -1},
            "follow_up must be a finite number of at",
        ),
    ],
)
def test_wrong_questions_are_named(given, message):
    with pytest.raises(ValueError, match=message):
        design(**given)


def test_no_events_no_design():
    with pytest.raises(ValueError, match="control must have a hazard above 0"):
        solve_design(Steps.of(0), **TEST, **WHOLE)
