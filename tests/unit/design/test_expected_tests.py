"""Restricted mean, milestone and average hazard ratio designs, variances of the log-rank test, any curve in steps."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from trialwright.design import (
    ArmRates,
    ExpectedTest,
    Steps,
    Stratum,
    SupposedTrial,
    expected_events,
    expected_hazard_ratio,
    expected_log_rank,
    expected_milestone,
    expected_restricted_mean,
    log_normal_steps,
    scaled_accrual,
    steps_of_curve,
    uniform_accrual,
    weibull_steps,
)
from trialwright.stats import FlemingHarrington, Gehan, ModestlyWeighted, PetoPeto, TaroneWare

ASKED = {"alpha": 0.05, "sides": 2}
ONE = Stratum(ArmRates.of(0.05, 0.01), ArmRates.of(Steps((0, 4), (0.1, 0.12)), 0.02))
TRIAL = SupposedTrial(uniform_accrual(300, 12), (ONE,), ratio=2)
WEIGHTS = [None, FlemingHarrington(0, 1), Gehan(), TaroneWare(), PetoPeto(), ModestlyWeighted(until=6.0),
           ModestlyWeighted(at_least=0.6)]  # fmt: skip


def all_at_once(hazards, patients=100.0):
    """Everybody enters within a moment and nobody leaves: binomial and other textbook variances hold."""
    return SupposedTrial(
        uniform_accrual(patients, 1e-9), (Stratum(ArmRates.of(hazards[0]), ArmRates.of(hazards[1])),), 1
    )


def test_milestone_without_censoring_is_binomial():
    found = expected_milestone(all_at_once((0.05, 0.1)), 30, 12)
    s = [math.exp(-12 * h) for h in (0.05, 0.1)]
    assert (found.experimental, found.control) == pytest.approx(s, rel=1e-12)
    assert found.plain[0] == pytest.approx(s[0] - s[1], rel=1e-12)
    assert found.plain[1] ** 2 == pytest.approx(sum(v * (1 - v) / 50 for v in s), rel=1e-8)
    errors = [(1 - v) / v / 50 / math.log(v) ** 2 for v in s]
    assert found.cloglog == pytest.approx((math.log(0.1 / 0.05), math.sqrt(sum(errors))), rel=1e-8)


def test_restricted_mean_without_censoring_is_a_mean():
    found = expected_restricted_mean(all_at_once((0.05, 0.1)), 30, 12)
    variance = 0.0
    for hazard, mean in ((0.05, found.experimental), (0.1, found.control)):
        assert mean == pytest.approx((1 - math.exp(-12 * hazard)) / hazard, rel=1e-12)
        square = quad(lambda t, h=hazard: 2 * t * math.exp(-h * t), 0, 12, epsabs=1e-13)[0]
        variance += (square - mean**2) / 50
    assert found.variance == pytest.approx(variance, rel=1e-8)


def test_restricted_mean_with_censoring_by_quadrature():
    found = expected_restricted_mean(TRIAL, 20, 15)

    def at_risk(t):  # of the control arm: 100 patients entering over 12
        return 100 * min(1, (20 - t) / 12) * survival(t) * math.exp(-0.02 * t)

    def survival(t):
        return math.exp(-0.1 * min(t, 4) - 0.12 * max(t - 4, 0))

    def left(t):
        return quad(survival, t, 15, points=[4] if t < 4 else None, epsabs=1e-12)[0]

    parts = [
        quad(lambda t, h=h: left(t) ** 2 * h / at_risk(t), a, b, epsabs=1e-12)[0]
        for a, b, h in ((0, 4, 0.1), (4, 8, 0.12), (8, 15, 0.12))
    ]
    alone = SupposedTrial(TRIAL.accrual, (Stratum(ArmRates.of(0), ONE.control),), 2)
    assert expected_restricted_mean(alone, 20, 15).variance == pytest.approx(sum(parts), rel=1e-9)
    assert found.control == pytest.approx(left(0), rel=1e-11)


def test_equal_strata_are_one_stratum():
    two = SupposedTrial(TRIAL.accrual, (Stratum(ONE.experimental, ONE.control, 0.5),) * 2, 2)
    for stratified in (True, False):
        one, halves = (expected_restricted_mean(t, 20, 15, stratified=stratified) for t in (TRIAL, two))
        assert (halves.difference, halves.variance) == pytest.approx((one.difference, one.variance), rel=1e-12)
        first, second = (expected_milestone(t, 20, 15, stratified=stratified) for t in (TRIAL, two))
        assert (*second.plain, *second.cloglog) == pytest.approx((*first.plain, *first.cloglog), rel=1e-12)
    ours, theirs = expected_hazard_ratio(TRIAL, 20), expected_hazard_ratio(two, 20)
    assert theirs.average == pytest.approx(ours.average, rel=1e-12)
    assert theirs.information == pytest.approx(ours.information, rel=1e-12)


def test_average_hazard_ratio_over_strata_by_hand():
    arms = [Stratum(ArmRates.of(h * r), ArmRates.of(h), s) for h, r, s in ((0.1, 0.5, 0.25), (0.05, 0.8, 0.75))]
    found = expected_hazard_ratio(SupposedTrial(uniform_accrual(200, 10), tuple(arms)), 25)
    each = expected_events(SupposedTrial(uniform_accrual(200, 10), tuple(arms)), 25)
    events = [a + b for a, b in zip(each.experimental, each.control, strict=True)]
    mean = (events[0] * math.log(0.5) + events[1] * math.log(0.8)) / sum(events)
    assert found.average == pytest.approx(math.exp(mean), rel=1e-12)
    information = sum(1 / (1 / a + 1 / b) for a, b in zip(each.experimental, each.control, strict=True))
    assert found.information == pytest.approx(information, rel=1e-12)
    assert found.information_null == pytest.approx(sum(events) / 4, rel=1e-12)


def test_a_change_of_hazard_is_no_change_of_the_ratio():
    """Information is added over periods of one hazard ratio, not over every step of the hazard."""
    steps = Steps((0, 3, 7), (0.1, 0.2, 0.05))
    arms = (Stratum(ArmRates.of(steps.times(0.7)), ArmRates.of(steps)),)
    trial = SupposedTrial(uniform_accrual(200, 10), arms)
    each = expected_events(trial, 25)
    found = expected_hazard_ratio(trial, 25)
    assert found.average == pytest.approx(0.7, rel=1e-12)
    assert found.information == pytest.approx(1 / (1 / each.experimental[0] + 1 / each.control[0]), rel=1e-12)


@pytest.mark.parametrize("weight", WEIGHTS, ids=str)
@pytest.mark.parametrize("variance", ["of the test", "alternative", "studentized"])
def test_size_undoes_power(weight, variance):
    patients = expected_log_rank(TRIAL, 20, weight=weight).test(variance).patients_for(0.8, **ASKED)
    again = SupposedTrial(uniform_accrual(patients, 12), (ONE,), 2)
    test = expected_log_rank(again, 20, weight=weight).test(variance)
    assert test.power(**ASKED) == pytest.approx(0.8, abs=1e-10)
    assert test.events_for(0.8, **ASKED) == pytest.approx(expected_events(again, 20).events, rel=1e-9)


@pytest.mark.parametrize("power", [0.3, 0.5, 0.99])
def test_any_power_has_an_answer_or_says_why_not(power):
    """In a handful of patients the spread of the estimate alone makes chance results; no size is read off that."""
    test = expected_log_rank(TRIAL, 20).test("studentized")
    patients = test.patients_for(power, **ASKED)
    again = SupposedTrial(uniform_accrual(patients, 12), (ONE,), 2)
    assert expected_log_rank(again, 20).test("studentized").power(**ASKED) == pytest.approx(power, abs=1e-9)
    spread = ExpectedTest("z", 100.0, 50.0, 0.5, 1.0, 1.0, 0.0, 3.0)
    with pytest.raises(ValueError, match=r"power \(0\.03\) must be larger for z: about .* patients are too few"):
        spread.patients_for(0.03, **ASKED)


@pytest.mark.parametrize("weight", WEIGHTS, ids=str)
def test_no_effect_leaves_the_variance_of_the_test(weight):
    null = SupposedTrial(uniform_accrual(300, 12), (Stratum(ONE.control, ONE.control),), 1)
    found = expected_log_rank(null, 20, weight=weight)
    assert found.score == pytest.approx(0, abs=1e-9 * math.sqrt(found.variance))
    assert found.alternative_variance == pytest.approx(found.variance, rel=1e-9)
    assert found.covariance == pytest.approx(0, abs=1e-9 * found.variance)


def test_weights_named_alike_are_alike():
    def z(weight):
        return expected_log_rank(TRIAL, 20, weight=weight).z

    assert z(FlemingHarrington(0, 0)) == pytest.approx(z(None), rel=1e-12)
    assert z(ModestlyWeighted(until=0)) == pytest.approx(z(None), rel=1e-12)
    assert z(ModestlyWeighted(at_least=1.0)) == pytest.approx(z(None), rel=1e-12)
    assert z(PetoPeto()) == pytest.approx(z(FlemingHarrington(1, 0)), rel=1e-12)
    # Never bounded, 1/S: the floor is below all survival reached.
    assert z(ModestlyWeighted(until=500)) == pytest.approx(z(ModestlyWeighted(at_least=1e-9)), rel=1e-12)


def test_gehan_without_censoring_is_the_survival():
    trial = all_at_once((0.05, 0.1))
    gehan, peto = (expected_log_rank(trial, 30, weight=weight) for weight in (Gehan(), FlemingHarrington(1, 0)))
    assert gehan.z == pytest.approx(peto.z, rel=1e-9)
    assert gehan.alternative_variance == pytest.approx(100**2 * peto.alternative_variance, rel=1e-9)


def test_a_margin_of_the_true_ratio_is_no_effect():
    arms = (Stratum(ArmRates.of(0.07), ArmRates.of(0.05)),)
    found = expected_log_rank(SupposedTrial(uniform_accrual(300, 12), arms, 2), 20, margin=1.4)
    assert found.score == pytest.approx(0, abs=1e-10)
    assert found.alternative_variance == pytest.approx(found.variance, rel=1e-10)
    superior = expected_log_rank(SupposedTrial(uniform_accrual(300, 12), arms, 2), 20)
    assert superior.test("alternative").power(**ASKED, benefit="more events") > 0.4


def test_arms_drawn_one_by_one_vary_more():
    balanced, drawn = (expected_log_rank(TRIAL, 20, balanced=flag) for flag in (True, False))
    assert drawn.alternative_variance > balanced.alternative_variance * 1.01
    assert drawn.variance == balanced.variance


def test_waiting_for_events_takes_their_chance_away():
    time, events = (expected_log_rank(TRIAL, 11, at_events=flag) for flag in (False, True))
    assert events.alternative_variance < time.alternative_variance
    null = SupposedTrial(uniform_accrual(300, 12), (Stratum(ONE.control, ONE.control),), 2)
    # V is 2/9 of the events under no effect: given their number it hardly varies by itself.
    free, fixed = (expected_log_rank(null, 11, at_events=flag).variance_spread for flag in (False, True))
    assert fixed < 0.25 * free
    with pytest.raises(ValueError, match="those of Gehan grow with accrual"):
        expected_log_rank(TRIAL, 11, weight=Gehan(), at_events=True)


@settings(deadline=None)
@given(st.floats(0.3, 3), st.floats(0.4, 2.5), st.floats(0.01, 0.2))
def test_exchanging_the_arms_turns_the_sign(ratio, hazard_ratio, hazard):
    arms = ArmRates.of(hazard * hazard_ratio, 0.01), ArmRates.of(hazard, 0.02)
    trials = [SupposedTrial(uniform_accrual(200, 12), (Stratum(*pair),), r) for pair, r in (
        (arms, ratio), (arms[::-1], 1 / ratio))]  # fmt: skip
    for of in (
        lambda t: expected_log_rank(t, 24).test("studentized"),
        lambda t: expected_restricted_mean(t, 24, 10).test(),
        lambda t: expected_milestone(t, 24, 10).test("cloglog"),
        lambda t: expected_hazard_ratio(t, 24).test(),
    ):
        first, second = (of(trial) for trial in trials)
        assert first.power(**ASKED) == pytest.approx(second.power(**ASKED, benefit="more events"), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("shape", [0.5, 0.9, 1.0, 1.4, 3.0])
def test_weibull_in_steps(shape):
    found = weibull_steps(shape=shape, median=9, until=40, error=1e-3)
    at = np.linspace(0, 40, 3001)
    off = np.abs(np.exp(-found.steps.until(at)) - np.exp(-math.log(2) * (at / 9) ** shape)).max()
    assert off <= 1e-3
    assert off == pytest.approx(found.error, rel=0.02, abs=1e-12)


def test_log_normal_in_steps():
    from scipy.special import ndtr

    found = log_normal_steps(sigma=0.8, median=9, until=40, error=1e-3)
    at = np.linspace(1e-6, 40, 3001)
    assert np.abs(np.exp(-found.steps.until(at)) - ndtr(-np.log(at / 9) / 0.8)).max() <= 1e-3


def test_an_exponential_curve_is_one_step():
    assert steps_of_curve(lambda t: 0.1 * t, until=10, error=1e-6).steps == Steps((0.0,), (0.1,))


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.floats(0, 0.99))
def test_quantile_undoes_survival(rates, probability):
    steps = Steps((0, 2, 5), tuple(rates))
    assert -math.expm1(-steps.until(steps.quantile([probability]))[0]) == pytest.approx(probability, abs=1e-12)


def test_a_hazard_that_ends_leaves_survivors():
    assert Steps((0, 5), (0.1, 0)).quantile([0.2, 0.5]).tolist() == pytest.approx([-math.log(0.8) / 0.1, math.inf])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: expected_restricted_mean(TRIAL, 20, 20), "tau must be within the longest follow-up, 20; got 20"),
        (lambda: expected_restricted_mean(TRIAL, 20, 0), "tau must be a finite number greater than 0; got 0"),
        (lambda: expected_milestone(TRIAL, 0, 5), "time must be a finite number greater than 0"),
        (lambda: expected_milestone(all_at_once((0, 0.1)), 20, 5), "milestone must leave events to expect"),
        (lambda: expected_milestone(TRIAL, 20, 5).test("log"), "scale must be 'plain' or 'cloglog'; got 'log'"),
        (lambda: expected_milestone(TRIAL, 20, 5).test("plain", margin=-1), "margin must be finite and at least 0"),
        (lambda: expected_restricted_mean(TRIAL, 20, 5).test(margin=-1), "margin must be finite and at least 0"),
        (lambda: expected_hazard_ratio(all_at_once((0, 0.1)), 20), "hazards must be above 0 in both arms"),
        (lambda: expected_hazard_ratio(all_at_once((0, 0)), 20), "time must leave events to expect; none are by 20"),
        (lambda: expected_log_rank(TRIAL, 20).test("best"), "variance must be 'of the test', 'alternative' or"),
        (lambda: expected_log_rank(TRIAL, 20, weight="FH"), "weight must be FlemingHarrington, Gehan,"),
        (
            lambda: expected_log_rank(TRIAL, 20).test("alternative").patients_for(0.8, **ASKED, benefit="more events"),
            "no number of patients gives log-rank power for more events",
        ),
        (lambda: ExpectedTest("z", 1, 1, 1, 1, 1).patients_for(0.02, **ASKED), "power must exceed the type I error"),
        (lambda: ExpectedTest("z", 1, 1, 1, 1, 1).power(**ASKED, benefit="less"), "benefit must be 'fewer events' or"),
        (lambda: ExpectedTest("z", 1, 1, 1, 1, 1).power(alpha=5, sides=2), "alpha must be in"),
        (lambda: ExpectedTest("z", 1, 1, 1, 1, 1).power(alpha=0.05, sides=3), "sides must be 1 or 2; got 3"),
        (lambda: weibull_steps(shape=0, median=9, until=40, error=0.1), "shape must be a finite number greater than 0"),
        (lambda: weibull_steps(shape=1, median=9, until=40, error=0), "error must be in"),
        (lambda: weibull_steps(shape=9, median=9, until=40, error=1e-9), "error must be larger: .* pieces leave"),
        (lambda: steps_of_curve(lambda t: -t, until=4, error=0.1), "cumulative_hazard must be 0 at 0, finite, and"),
        (lambda: Steps.of(1).quantile([1.0]), "probabilities must be in"),
        (lambda: scaled_accrual(Steps((0, 5), (0, 1)), 10, 3), "shape must have a rate above 0 within 3"),
    ],
)
def test_wrong_questions_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
