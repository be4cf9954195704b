"""Forecasts from pooled data: models against the fits of stats, conditional draws against algebra, calibration."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from trialwright.design import (
    ArmRates,
    Centers,
    Interim,
    PlannedCenters,
    Stratum,
    SupposedTrial,
    fit_event_models,
    fit_interim,
    forecast_calibration,
    forecast_interim,
    uniform_accrual,
)
from trialwright.design.event_models import MODELS, LogTime, Rates, rates_after
from trialwright.stats import EventTimes, accelerated_failure, piecewise_exponential

DRAWS = 20_000


def sample(n=400, shape=1.0, mean=100, seed=1):
    chance = np.random.default_rng(seed)
    time = np.ceil(mean * chance.standard_exponential(n) ** (1 / shape)).astype(int)
    limit = chance.integers(20, 250, n)
    return EventTimes.of(np.minimum(time, limit), time <= limit)


def model(times, name):
    return next(each for each in fit_event_models(times).models if each.name == name)


@pytest.mark.parametrize("name", ["exponential", "weibull", "lognormal"])
def test_likelihoods_are_those_of_stats(name):
    times = sample()
    assert model(times, name).log_likelihood == pytest.approx(
        accelerated_failure(times, distribution=name).log_likelihood, rel=1e-12
    )


def test_pieces_have_as_many_events_and_the_hazards_of_stats():
    times = sample()
    course = model(times, "piecewise exponential").course
    assert isinstance(course, Rates) and len(course.cuts) == 3
    hazards = piecewise_exponential(times, course.cuts).hazards
    assert [each.events for each in hazards] == course.events.tolist()
    assert max(course.events) - min(course.events) < 12
    assert sum(course.exposure) == times.day.sum()


def test_weights_are_those_of_the_bayesian_information_criterion():
    times = sample()
    models = {each.name: each for each in fit_event_models(times).models}
    d = int(times.event.sum())
    parameters = {"exponential": 1, "weibull": 2, "lognormal": 2, "piecewise exponential": 4}
    for name, k in parameters.items():
        assert models[name].bic == pytest.approx(k * math.log(d) - 2 * models[name].log_likelihood)
    raw = {name: math.exp(-(each.bic - models["exponential"].bic) / 2) for name, each in models.items()}
    for name, each in models.items():
        assert each.weight == pytest.approx(raw[name] / sum(raw.values()))


def test_the_shape_of_the_data_takes_the_weight():
    assert model(sample(shape=1), "exponential").weight > 0.5
    assert model(sample(shape=2.5), "weibull").weight > 0.5


def test_arms_are_pooled():
    times = sample()
    told = EventTimes.of(times.day, times.event, ["A", "B"] * 200, ["x", "x", "y", "y"] * 100)
    one, other = (fit_event_models(each).models for each in (times, told))
    assert [each.log_likelihood for each in one] == [each.log_likelihood for each in other]


def test_few_events_leave_models_out_with_their_problem():
    found = fit_event_models(EventTimes.of([5, 9, 9], [1, 0, 0]))
    by_name = {each.name: each for each in found.models}
    assert by_name["piecewise exponential"].problem == "fewer than 20 events at different times"
    assert by_name["exponential"].weight + by_name["weibull"].weight + by_name["lognormal"].weight == 1
    with pytest.raises(ValueError, match="no model can be fitted: piecewise exponential: fewer than 20"):
        fit_event_models(EventTimes.of([5, 9, 9], [1, 0, 0]), ["piecewise exponential"])


def test_unknown_models_list_the_known_ones():
    with pytest.raises(ValueError, match="some of exponential, weibull, lognormal, piecewise exponential; got 'gamma'"):
        fit_event_models(sample(), ["gamma"])


def spread_of(p):
    return 4 * math.sqrt(p * (1 - p) / DRAWS)


@pytest.mark.parametrize("elapsed", [0.0, 60.0])
def test_conditional_times_of_log_time_models(elapsed):
    """P(T > t | T > elapsed) = S(t) / S(elapsed), with parameters held at their estimates."""
    parameters, unit = np.tile([4.5, math.log(0.7)], (DRAWS, 1)), np.random.default_rng(1).standard_exponential(DRAWS)
    survival = {
        "weibull": lambda t: math.exp(-math.exp((math.log(t) - 4.5) / 0.7)) if t else 1.0,
        "lognormal": lambda t: float(ndtr(-(math.log(t) - 4.5) / 0.7)) if t else 1.0,
    }
    for name, s in survival.items():
        course = LogTime(name, parameters[0], np.eye(2))
        times = course.after(parameters, np.array([elapsed]), unit[:, None])[:, 0]
        for t in (80, 120, 300):
            p = s(t) / s(elapsed)
            assert abs((times > t).mean() - p) < spread_of(p)


def test_conditional_times_of_steps():
    hazards, elapsed = np.array([[0.02, 0.0, 0.05]]), np.array([0.0, 15.0, 40.0])
    unit = np.random.default_rng(2).standard_exponential((DRAWS, 3))
    times = rates_after([10.0, 30.0], np.repeat(hazards, DRAWS, axis=0), elapsed, unit)
    cumulated = lambda t: 0.02 * min(t, 10) + 0.05 * max(t - 30, 0)  # noqa: E731
    for column, since in enumerate(elapsed):
        for t in (since + 3, 45, 70):
            p = math.exp(cumulated(since) - cumulated(t))
            assert abs((times[:, column] > t).mean() - p) < spread_of(p) + 1e-12


def test_log_normal_times_far_in_the_tail_are_finite_and_later():
    course = LogTime("lognormal", np.array([0.0, -1.0]), np.eye(2))
    times = course.after(np.array([[0.0, -1.0]]), np.array([1e4]), np.array([[1e-3]]))
    assert 1e4 < times[0, 0] < 1.01e4


def test_draws_of_parameters_have_the_spread_of_the_fit():
    times = sample()
    fit = accelerated_failure(times, distribution="weibull")
    drawn = model(times, "weibull").course.draw(DRAWS, np.random.default_rng(1))
    assert np.cov(drawn.T) == pytest.approx(fit.covariance, rel=0.1, abs=1e-4)
    assert drawn.mean(axis=0) == pytest.approx([fit.coef[0], math.log(fit.scale)], abs=0.002)


def followed(events=40, others=20, day=100, now=100):
    """Everybody in on day 1 and followed to the cut-off, events on one day of their own each."""
    days = np.r_[np.arange(1, events + 1) * 2, np.full(others, day)]
    flags = np.arange(events + others) < events
    return Interim.of(np.ones(events + others, int), days, flags, np.zeros(events + others, bool), now=now)


def test_next_event_against_algebra():
    """Exponential, nobody left: given gamma(d + 1/2, E), none of r comes within x with chance (1 + r x/E)^-(d + 1/2).

    Days are whole and rounded up, so the event has come by the end of day 100 + x exactly if it came by x.
    """
    interim = followed()
    fit = fit_interim(interim, patients=60, models=["exponential"])
    # Leaving is never seen; its rate is gamma(1/2, E), and an event counts only if it comes first.
    exposure = float(interim.days.sum())
    forecast = forecast_interim(fit, draws=DRAWS, seed=2)
    chance = np.random.default_rng(3)
    leaves = chance.gamma(0.5, size=100_000) / exposure
    comes = chance.gamma(40.5, size=100_000) / exposure
    for x in (1, 3, 10):
        by = 1 - (1 - comes / (comes + leaves) * (1 - np.exp(-(comes + leaves) * x))) ** 20
        assert abs(forecast.chance_by(41, 100 + x).value - by.mean()) < spread_of(by.mean()) + 0.002
    plain = [1 - (1 + 20 * x / exposure) ** -40.5 for x in (1, 3, 10)]
    assert [forecast.chance_by(41, 100 + x).value for x in (1, 3, 10)] == pytest.approx(plain, abs=0.03)


def test_the_past_stands():
    forecast = forecast_interim(fit_interim(followed(), patients=60), draws=500, seed=1)
    assert forecast.date_of_event(10, (0.95,)).interval(0.95) == (20, 20)
    assert forecast.events_by(100).interval(0.95) == (40, 40)
    assert (np.sort(forecast.events, axis=1)[:, 40] > 100).all()
    with pytest.raises(ValueError, match="day must not come before day 100"):
        forecast.events_by(99)


def test_patients_keep_their_order():
    """The second and the fourth had the event, the third left."""
    interim = Interim.of([1, 2, 3, 4, 5], [60, 30, 20, 10, 56], [0, 1, 0, 1, 0], [0, 0, 1, 0, 0], now=60)
    forecast = forecast_interim(fit_interim(interim, patients=5), draws=200, seed=1)
    assert (forecast.entered == [1, 2, 3, 4, 5]).all()
    assert (forecast.events[:, [1, 3]] == [31, 13]).all()
    assert np.isinf(forecast.events[:, 2]).all()
    assert (forecast.events[:, [0, 4]] > 60).all()


def test_those_who_left_never_have_the_event():
    interim = Interim.of([1] * 30, [20] * 10 + [50] * 20, [1] * 10 + [0] * 20, [0] * 10 + [1] * 20, now=200)
    forecast = forecast_interim(fit_interim(interim, patients=30), draws=100, seed=1)
    assert forecast.chance_by(11, math.inf).value == 0
    assert forecast.date_of_event(11).median == math.inf


def test_leaving_early_makes_events_later_or_none():
    def forecast(left):
        days = [30] * 20 + [60] * 20 + [100] * 20
        interim = Interim.of([1] * 60, days, [1] * 20 + [0] * 40, [0] * 20 + [left] * 20 + [0] * 20, now=100)
        return forecast_interim(fit_interim(interim, patients=60, models=["exponential"]), draws=2000, seed=1)

    assert forecast(1).chance_by(45, math.inf).value < forecast(0).chance_by(45, math.inf).value


def test_new_patients_enter_after_the_cut_off_and_have_events_after_entry():
    interim = followed()
    opened = {"a": 1, "b": 1, "c": 150}
    centers = Centers.of(["a"] * 40 + ["b"] * 20, [1] * 60, opened=opened, now=100)
    forecast = forecast_interim(fit_interim(interim, patients=90, centers=centers), draws=500, seed=1)
    assert forecast.entered[:, 60:].min() > 100
    assert (forecast.events >= forecast.entered).all()
    assert forecast.last_patient_in().median > 100
    assert forecast.patients_by(100).interval(0.95) == (60, 60)


def test_the_same_seed_gives_the_same_forecast():
    fit = fit_interim(followed(), patients=60)
    one, other = (forecast_interim(fit, draws=1500, seed=seed).events for seed in (1, 2))
    assert (one == forecast_interim(fit, draws=1500, seed=1).events).all()
    assert (one != other).any()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1], [0], [0], [0]), "days must be at least 1.*patient 0, randomized on day 1, followed for 0 days"),
        (([1], [-3], [0], [0]), "days must be at least 1"),
        (([5], [97], [0], [0]), "follow-up must end by the cut-off, day 100"),
        (([5], [7], [1], [1]), "nobody can both have the event and have left"),
        (([5], [7, 8], [1], [1]), "as many, at least one; got 1, 2, 1, 1"),
        (([], [], [], []), "at least one; got 0, 0, 0, 0"),
    ],
)
def test_data_that_cannot_be(columns, message):
    with pytest.raises(ValueError, match=message):
        Interim.of(*columns, now=100)


def test_what_a_forecast_needs():
    none = Interim.of([1, 1], [50, 60], [0, 0], [0, 0], now=100)
    with pytest.raises(ValueError, match=r"no event was seen by the cut-off.*forecast from the plan"):
        fit_interim(none, patients=2)
    with pytest.raises(ValueError, match="patients must be at least the 60 who are randomized; got 50"):
        fit_interim(followed(), patients=50)
    with pytest.raises(ValueError, match="10 patients are still to come: centers must tell how fast"):
        fit_interim(followed(), patients=70)
    early = Centers.of(["a"], [1], opened={"a": 1}, now=90)
    with pytest.raises(ValueError, match="centers must be at the cut-off of the data, day 100; got day 90"):
        fit_interim(followed(), patients=70, centers=early)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """60 virtual trials, within 3.3 standard errors; the soak tests make 400."""
    arm = ArmRates.of(0.004, 0.0005)
    trial = SupposedTrial(uniform_accrual(120, 700), (Stratum(arm, arm),))
    centers = PlannedCenters.alike(30, within=300, rate=0.006, shape=1.2)
    found = forecast_calibration(
        trial, centers, look=40, number=80, trials=60, draws=200, seed=1, levels=(0.5, 0.9), models=["exponential"]
    )
    assert abs(found.coverage(0.9).value - 0.9) < 3.3 * math.sqrt(0.09 / 60)
    assert abs(found.coverage(0.5).value - 0.5) < 3.3 * math.sqrt(0.25 / 60)
    assert abs(found.late.value - 0.5) < 3.3 * math.sqrt(0.25 / 60)
    assert (found.lower <= found.median[:, None]).all() and (found.median[:, None] <= found.upper).all()


def test_calibration_refuses_looks_that_tell_nothing():
    arm = ArmRates.of(0.004, 0.0005)
    trial = SupposedTrial(uniform_accrual(20, 70), (Stratum(arm, arm),))
    centers = PlannedCenters.alike(3, within=3, rate=0.1, shape=1)
    with pytest.raises(ValueError, match="look must come before number, both up to 20; got 9 and 9"):
        forecast_calibration(trial, centers, look=9, number=9, trials=2, draws=9, seed=1)
    leaving = SupposedTrial(uniform_accrual(20, 70), (Stratum(ArmRates.of(1e-9, 1.0), ArmRates.of(1e-9, 1.0)),))
    with pytest.raises(ValueError, match="never reached its 9 events"):
        forecast_calibration(leaving, centers, look=9, number=10, trials=2, draws=9, seed=1)


def test_every_model_is_named():
    assert MODELS == ("exponential", "weibull", "lognormal", "piecewise exponential")
