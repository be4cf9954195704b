"""One quantity of a design from the others: each undoes each, and what cannot be is refused with what could."""

import itertools
import math
import re

import pytest

from trialwright.design import (
    ArmRates,
    FixedPlan,
    InfeasibleDesignError,
    PlannedStratum,
    Steps,
    Stratum,
    SupposedTrial,
    events_schoenfeld,
    expected_events,
    power_schoenfeld,
    solve_design,
    uniform_accrual,
)
from trialwright.design.planned_course import PlannedCourse

TEST = {"alpha": 0.05, "sides": 2, "ratio": 2}
CONTROL = Steps((0, 4), (0.06, 0.09))
WHOLE = {"hazard_ratio": 0.59, "power": 0.8, "patients": 198, "accrual": 30}
SEVEN = ("hazard_ratio", "power", "events", "patients", "accrual", "follow_up", "rate")


def design(**given):
    return solve_design(CONTROL, **TEST, dropout=0.01, **given)


def test_follow_up_that_brings_the_events():
    found = design(**WHOLE)
    assert found.found == ("events", "follow_up", "rate")
    assert found.events == events_schoenfeld(0.59, power=0.8, **TEST)
    plan = FixedPlan(30, found.follow_up, CONTROL, Steps.of(0.01))
    assert found.time == plan.time
    expected = expected_events(plan.trial(0.59, ratio=2, patients=198), plan.time)
    assert expected.events == pytest.approx(found.events, rel=1e-12)


ENOUGH = [
    four
    for four in itertools.combinations(SEVEN, 4)
    if not set(four) >= {"hazard_ratio", "power", "events"} and not set(four) >= {"patients", "accrual", "rate"}
]


@pytest.mark.parametrize("given", ENOUGH, ids="-".join)
@pytest.mark.parametrize("more", [{}, {"margin": 1.3}, {"accrual_shape": Steps((0, 6, 12), (1, 2, 4))}], ids=str)
def test_any_three_follow_from_the_other_four(given, more):
    whole = design(**WHOLE | {"hazard_ratio": 0.59 * more.get("margin", 1)}, **more)
    again = design(**{name: getattr(whole, name) for name in given}, **more)
    assert again.found == tuple(name for name in SEVEN if name not in given)
    for name in (*SEVEN, "at_bound"):
        assert getattr(again, name) == pytest.approx(getattr(whole, name), rel=1e-8), name


STRATA = (
    PlannedStratum(Steps.of(0.05), 0.7, Steps.of(0.01), Steps.of(0.03)),
    PlannedStratum(Steps((0, 6), (0.2, 0.1)), 0.3),
)


def test_strata_with_hazards_and_dropout_of_their_own():
    found = solve_design(STRATA, **TEST, **WHOLE | {"patients": 260})
    arms = (
        Stratum(ArmRates.of(0.59 * 0.05, 0.03), ArmRates.of(0.05, 0.01), 0.7),
        Stratum(ArmRates.of(Steps((0, 6), (0.2, 0.1)).times(0.59)), ArmRates.of(Steps((0, 6), (0.2, 0.1))), 0.3),
    )
    trial = SupposedTrial(uniform_accrual(260, 30), arms, 2)
    assert expected_events(trial, found.time).events == pytest.approx(found.events, rel=1e-12)
    assert found.events == events_schoenfeld(0.59, power=0.8, **TEST)
    with pytest.raises(ValueError, match="dropout belongs to each stratum"):
        solve_design(STRATA, **TEST, **WHOLE, dropout=0.1)


def test_ramp_up_is_scaled():
    ramp = Steps((0, 3, 6), (1, 2, 4))
    found = design(**WHOLE, accrual_shape=ramp)
    # 3 + 2 * 3 + 4 * 24 patients at a relative rate of 1
    assert found.rate == pytest.approx(198 / (3 + 6 + 96), rel=1e-14)
    assert found.follow_up > design(**WHOLE).follow_up


@pytest.mark.parametrize("shape", [Steps.of(1), Steps((0, 3, 5, 9), (1, 0, 2, 4))])
def test_time_in_which_so_many_enter(shape):
    course = PlannedCourse((PlannedStratum(CONTROL),), shape, 1.0)
    for patients in (1, 3, 4.5, 30):
        assert course.per_rate(course.time_to_enter(patients)) == pytest.approx(patients, rel=1e-14)


def test_more_events_as_the_benefit():
    """A response that should come sooner: hazard ratio 1.5; exchanging the arms gives the design for 1/1.5."""
    course = {"power": 0.9, "patients": 300, "accrual": 20}
    found = solve_design(CONTROL, **TEST, hazard_ratio=1.5, **course)
    assert found.events == pytest.approx(events_schoenfeld(1 / 1.5, power=0.9, **TEST), rel=1e-12)
    again = solve_design(
        CONTROL, **TEST, benefit="more events", power=0.9, patients=300, accrual=20, follow_up=found.follow_up
    )
    assert again.hazard_ratio == pytest.approx(1.5, rel=1e-9)
    assert found.at_bound > 1
    with pytest.raises(ValueError, match=r"hazard ratio of 1\.5 with margin 1\.0 means 'more events'"):
        solve_design(CONTROL, **TEST, hazard_ratio=1.5, benefit="fewer events", **course)
    with pytest.raises(ValueError, match="benefit must be 'fewer events' or 'more events'; got 'less'"):
        solve_design(CONTROL, **TEST, hazard_ratio=1.5, benefit="less", **course)


def test_non_inferiority():
    found = design(**WHOLE | {"hazard_ratio": 1.0, "patients": 700}, margin=1.3)
    assert found.events == pytest.approx(9 / 2 * (2.801585 / math.log(1.3)) ** 2, rel=1e-6)
    # An upper limit of exactly the margin: 1.3 exp(-1.96 / sqrt(d 2/9)).
    assert found.at_bound == pytest.approx(1.3 * math.exp(-1.959964 / math.sqrt(found.events * 2 / 9)), rel=1e-7)


def test_the_hazard_ratio_at_the_bound_has_half_the_power():
    found = design(**WHOLE)
    assert power_schoenfeld(found.at_bound, events=found.events, **TEST) == pytest.approx(0.5, abs=1e-9)


def test_what_is_nearest_is_a_design():
    """Each single change the error names is refused a little before and accepted as it is."""
    given = WHOLE | {"patients": 100}
    with pytest.raises(InfeasibleDesignError) as error:
        design(**given)
    nearest = error.value.nearest
    assert set(nearest) == {"patients", "power", "hazard_ratio"}
    for name, value in nearest.items():
        assert design(**given | {name: value}).follow_up > 30
        with pytest.raises(InfeasibleDesignError):
            design(**given | {name: value / (1.001 if name == "patients" else 0.999)})


INFEASIBLE = {
    "analysis before accrual ends": {"power": 0.8, "events": 127, "patients": 260, "rate": 4},
    "too many patients": {"hazard_ratio": 0.59, "power": 0.8, "patients": 400, "accrual": 60},
    "too few patients": WHOLE | {"patients": 100},
    "follow-up too long": {"hazard_ratio": 0.59, "power": 0.8, "patients": 198, "follow_up": 60},
    "no hazard ratio has the power": {"power": 0.8, "patients": 8, "accrual": 3, "follow_up": 1},
    "events beyond every hazard ratio": {"events": 190, "patients": 198, "accrual": 30, "follow_up": 1},
}


@pytest.mark.parametrize("given", INFEASIBLE.values(), ids=INFEASIBLE)
def test_every_suggestion_solves_at_its_printed_digits(given):
    with pytest.raises(InfeasibleDesignError) as error:
        design(**given)
    _, _, ways = str(error.value).partition("; nearest: ")
    printed = re.findall(r"\d[\d.e+-]*", ways)
    assert len(printed) == len(error.value.nearest) >= 1
    assert ways.endswith("; all else as given")
    for name, value in zip(error.value.nearest, printed, strict=True):
        assert getattr(design(**given | {name: float(value)}), name) == float(value)


def test_an_analysis_before_the_end_of_accrual_is_said():
    given = {"hazard_ratio": 0.59, "power": 0.8, "accrual": 42}
    control = Steps.of(math.log(2) / 3.6)
    with pytest.raises(
        InfeasibleDesignError, match=r"expected by 34\.39, before accrual ends at 42, with 162\.1 of 198"
    ) as error:
        solve_design(control, **TEST, **given, patients=198)
    fewer = error.value.nearest["patients"]
    assert solve_design(control, **TEST, **given, patients=fewer * 0.9999).follow_up == pytest.approx(0, abs=0.01)


def test_too_few_patients_are_told_how_many_it_takes():
    with pytest.raises(InfeasibleDesignError, match=r"126\.869\) are never reached: 100 patients") as error:
        design(**WHOLE | {"patients": 100})
    more, power = (error.value.nearest[name] for name in ("patients", "power"))
    assert design(**WHOLE | {"patients": more * 1.001}).follow_up > 30
    assert design(**WHOLE | {"patients": 100, "power": power - 0.001}).follow_up > 30


def test_accrual_cannot_undo_follow_up():
    with pytest.raises(InfeasibleDesignError, match="however short accrual is") as error:
        design(hazard_ratio=0.59, power=0.8, patients=198, follow_up=60)
    fewer = error.value.nearest["patients"]
    assert design(hazard_ratio=0.59, power=0.8, patients=fewer * 0.999, follow_up=60).accrual < 2


def test_power_no_hazard_ratio_has():
    few = {"patients": 8, "accrual": 3, "follow_up": 1}
    with pytest.raises(InfeasibleDesignError, match=r"needs 8\.8\d* events even at a hazard ratio of 0\.135") as error:
        design(power=0.8, **few)
    found = design(power=0.8, **few | {"patients": error.value.nearest["patients"]})
    assert found.hazard_ratio == pytest.approx(math.exp(-2), rel=1e-3)
    assert power_schoenfeld(found.hazard_ratio, events=found.events, **TEST) == pytest.approx(0.8, rel=1e-9)


def test_follow_up_of_a_patient_may_end():
    given = {"hazard_ratio": 0.59, "power": 0.8, "accrual": 30, "follow_up": 24}
    short, long = (solve_design(CONTROL, **TEST, **given, longest=longest).patients for longest in (6, math.inf))
    assert short > 1.5 * long


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {},
            "give four of hazard_ratio, power, events, patients, accrual, follow_up, rate, .*; got none",
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
