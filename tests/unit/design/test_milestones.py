"""Answers of a forecast, and the milestones of a plan against closed forms."""

import math

import numpy as np
import pytest

from trialwright.design import (
    ArmRates,
    Forecast,
    PlannedCenters,
    PlannedMilestones,
    Prediction,
    Steps,
    Stratum,
    SupposedTrial,
    expected_events,
    forecast_plan,
    time_of_events,
    uniform_accrual,
)
from trialwright.design.forecast_chance import generator
from trialwright.design.planned_milestones import planned_trials


def palmira_like(median, longest=math.inf):
    arms = Stratum(ArmRates.of(0.59 * math.log(2) / median), ArmRates.of(math.log(2) / median))
    return SupposedTrial(uniform_accrual(198, 42), (arms,), ratio=2, longest=longest)


@pytest.mark.parametrize(("median", "expected"), [(3.6, 34.42), (5, 37.09), (6, 38.88), (8, 42.22), (10, 45.64)])
def test_time_of_127_expected_events(median, expected):
    assert time_of_events(palmira_like(median), 127) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("median", [3.6, 5, 6, 8, 10])
def test_exact_date_is_the_time_at_which_a_binomial_reaches_the_number(median):
    """The definition, with the tail of the binomial added term by term."""
    plan = PlannedMilestones(palmira_like(median))
    date = plan.date_of_event(127, levels=(0.9,))
    for time, chance in ((date.median, 0.5), (date.interval(0.9)[0], 0.05), (date.interval(0.9)[1], 0.95)):
        p = expected_events(plan.trial, time).events / 198
        tail = math.fsum(math.comb(198, k) * p**k * (1 - p) ** (198 - k) for k in range(127, 199))
        assert tail == pytest.approx(chance, abs=1e-9)
        assert plan.chance_by(127, time).value == pytest.approx(chance, abs=1e-9)


def test_exact_dates_against_patients_drawn_one_by_one():
    """Entries uniform over accrual, arms by a coin of 2 in 3: what the binomial stands for, within 4 errors."""
    chance, draws = np.random.default_rng(7), 20_000
    rate = np.where(chance.random((draws, 198)) < 2 / 3, 0.59, 1.0) * math.log(2) / 6
    events = np.sort(chance.uniform(0, 42, (draws, 198)) + chance.standard_exponential((draws, 198)) / rate, axis=1)
    plan = PlannedMilestones(palmira_like(6))
    for level in (0.5, 0.95):
        tails = (1 - level) / 2, (1 + level) / 2
        for limit, share in zip(plan.date_of_event(127, (level,)).interval(level), tails, strict=True):
            found = (events[:, 126] <= limit).mean()
            assert abs(found - share) < 4 * math.sqrt(share * (1 - share) / draws)


def test_counts_by_a_time():
    plan = PlannedMilestones(palmira_like(6))
    by = plan.events_by(38.88, levels=(0.95,))
    assert by.median == 127
    p = expected_events(plan.trial, 38.88).events / 198
    spread = 1.96 * math.sqrt(198 * p * (1 - p))
    assert by.interval(0.95) == pytest.approx((127 - spread, 127 + spread), abs=1)
    assert plan.patients_by(21).median == 99
    assert plan.patients_by(100).interval(0.95) == (198, 198)


def test_last_patient_in_is_the_largest_of_uniform_entries():
    last = PlannedMilestones(palmira_like(6)).last_patient_in(levels=(0.9,))
    assert last.median == pytest.approx(42 * 0.5 ** (1 / 198), rel=1e-12)
    assert last.interval(0.9)[0] == pytest.approx(42 * 0.05 ** (1 / 198), rel=1e-12)


def test_a_number_that_may_never_come():
    """Followed for 6 months at most with a median of 6: half have the event, so the 99th is a coin's toss."""
    arm = ArmRates.of(math.log(2) / 6)
    trial = SupposedTrial(uniform_accrual(198, 42), (Stratum(arm, arm),), longest=6)
    plan = PlannedMilestones(trial)
    half = math.fsum(math.comb(198, k) for k in range(99, 199)) / 2**198
    assert plan.chance_by(99, math.inf).value == pytest.approx(half, rel=1e-9)
    assert plan.date_of_event(99).interval(0.95)[1] == math.inf
    assert math.isfinite(plan.date_of_event(99).interval(0.95)[0])


def test_centers_that_are_all_alike_and_open_at_once_are_a_poisson_process():
    """The last of 60 patients at rate 0.5 is gamma of shape 60: mean 120, variance 240."""
    centers = PlannedCenters(((0.0, 0.0),) * 10, rate=0.05, shape=math.inf)
    arm = ArmRates.of(0.01)
    plan = forecast_plan(SupposedTrial(uniform_accrual(60, 1), (Stratum(arm, arm),)), centers, draws=20_000, seed=3)
    last = plan.entered.max(axis=1)
    assert last.mean() == pytest.approx(120, abs=4 * math.sqrt(240 / 20_000))
    assert last.var() == pytest.approx(240, rel=0.05)


def test_patients_come_as_centers_open():
    """One center from time 0 and one from time 10, both of rate 1: by 10 a Poisson of mean 10, by 20 of mean 30."""
    centers = PlannedCenters(((0.0, 0.0), (10.0, 10.0)), rate=1.0, shape=math.inf)
    arm = ArmRates.of(0.01)
    drawn = planned_trials(
        SupposedTrial(uniform_accrual(90, 1), (Stratum(arm, arm),)), centers, 20_000, generator(1, "test")
    )
    for time, mean in ((10, 10), (20, 30)):
        count = (drawn.entered <= time).sum(axis=1)
        assert count.mean() == pytest.approx(mean, abs=4 * math.sqrt(mean / 20_000))
        assert count.var() == pytest.approx(mean, rel=0.06)


def test_more_unequal_centers_make_a_wider_forecast():
    def width(shape):
        arm = ArmRates.of(0.01)
        trial = SupposedTrial(uniform_accrual(90, 1), (Stratum(arm, arm),))
        plan = forecast_plan(trial, PlannedCenters.alike(20, within=50, rate=0.02, shape=shape), draws=2000, seed=1)
        lower, upper = plan.last_patient_in().interval(0.95)
        return upper - lower

    assert width(math.inf) < width(2) < width(0.5)


def test_drawn_events_have_the_rates_of_the_plan():
    """Hazards in steps, dropout and a longest follow-up: the share with the event against the closed form."""
    one = ArmRates(Steps((0, 30), (0.02, 0.005)), Steps((0, 50), (0.001, 0.01)))
    other = ArmRates.of(0.01, 0.002)
    trial = SupposedTrial(uniform_accrual(200, 1), (Stratum(one, other),), ratio=2, longest=120)
    plan = forecast_plan(trial, PlannedCenters(((0, 0),), rate=1e6, shape=math.inf), draws=2000, seed=5)
    # Everybody enters at once, so the calendar is the time since entry.
    for time in (10, 40, 100, 500):
        expected = expected_events(trial, 1 + time).events
        found = (plan.events <= time + 0.5).sum(axis=1)
        assert found.mean() == pytest.approx(expected, abs=4 * found.std() / math.sqrt(2000) + 0.01 * 200 * 0.02)


def test_answers_of_draws():
    events = np.array([[4, 2, 9.0], [5, np.inf, 3], [np.inf, 8, 7], [1, 2, 3]])
    forecast = Forecast(np.array([[0, 1, 2.0]] * 3 + [[0, 1, 6]]), events, start=0)
    assert forecast.days_of_event(2).tolist() == [4, 5, 8, 2]
    assert forecast.date_of_event(2, (0.5,)) == Prediction(4, ((0.5, 2, 5),))
    assert forecast.chance_by(3, 9) == (0.5, 0.25)
    assert forecast.chance_by(3, math.inf).value == 0.5
    assert forecast.date_of_event(3).interval(0.95)[1] == math.inf
    assert (forecast.mean_events_by(4), forecast.mean_patients_by(2)) == (1.5, 2.75)
    assert forecast.events_by(5).median == 2
    assert forecast.patients_by(2).interval(0.95) == (2, 3)
    assert forecast.last_patient_in().interval(0.95) == (2, 6)


def test_the_same_seed_gives_the_same_draws_whatever_their_number():
    trial, centers = palmira_like(6), PlannedCenters.alike(20, within=6, rate=0.3, shape=1)
    said = []
    short = forecast_plan(trial, centers, draws=1000, seed=4)
    long = forecast_plan(trial, centers, draws=2500, seed=4, say=lambda *done: said.append(done))
    assert (long.events[:1000] == short.events).all()
    assert (forecast_plan(trial, centers, draws=1000, seed=5).events != short.events).any()
    assert said == [(1000, 2500), (2000, 2500), (2500, 2500)]


def ask(what):
    arm = ArmRates.of(0.1)
    trial = SupposedTrial(uniform_accrual(10, 4), (Stratum(arm, arm),))
    return what(PlannedMilestones(trial)), what(forecast_plan(trial, PlannedCenters(((0, 0),), 9, 1), draws=9, seed=1))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            lambda plan: plan.date_of_event(11),
            "number must be from 1 to 10: each patient has one event at most; got 11",
        ),
        (lambda plan: plan.chance_by(0, 5), "number must be from 1 to 10"),
        (lambda plan: plan.date_of_event(5, (95,)), r"level must be in \(0, 1\); got 95"),
        (lambda plan: plan.date_of_event(5).interval(0.3), "level must be one of 0.5, 0.8, 0.95; got 0.3"),
        (lambda plan: plan.events_by(-1), "got -1"),
        (lambda plan: plan.patients_by(math.nan), "got nan"),
    ],
)
def test_what_cannot_be_asked(what, message):
    with pytest.raises(ValueError, match=message):
        ask(what)


@pytest.mark.parametrize(
    ("openings", "rate", "shape", "message"),
    [
        ((), 1, 1, "at least one center"),
        (((3.0, 1.0),), 1, 1, "the earlier first"),
        (((-1.0, 1.0),), 1, 1, "of at least 0"),
        (((0.0, 1.0),), 0, 1, "rate must be a finite number greater than 0"),
        (((0.0, 1.0),), 1, 0, "shape must be greater than 0"),
    ],
)
def test_centers_that_cannot_be(openings, rate, shape, message):
    with pytest.raises(ValueError, match=message):
        PlannedCenters(openings, rate, shape)


def test_patients_of_a_plan_are_whole():
    arm = ArmRates.of(0.1)
    with pytest.raises(ValueError, match=r"a whole number of patients; got 10\.5"):
        PlannedMilestones(SupposedTrial(uniform_accrual(10.5, 4), (Stratum(arm, arm),)))
    with pytest.raises(ValueError, match="draws must be at least 1; got 0"):
        forecast_plan(palmira_like(6), PlannedCenters.alike(2, within=1, rate=1, shape=1), draws=0, seed=1)
    with pytest.raises(ValueError, match="seed must be an integer from 0"):
        forecast_plan(palmira_like(6), PlannedCenters.alike(2, within=1, rate=1, shape=1), draws=1, seed=-1)
