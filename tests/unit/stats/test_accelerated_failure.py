"""Parametric models: closed forms, what is asked of a fit, and what has no answer."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialwright.stats import EventTimes, accelerated_failure

FORMS = ("exponential", "weibull", "lognormal", "loglogistic")
RNG = np.random.default_rng(20)
DAYS = RNG.integers(5, 400, 60)
EVENT = RNG.random(60) < 0.8
ARM = np.where(np.arange(60) % 2, "B", "A").tolist()
AGE = RNG.normal(60, 8, 60)
TIMES = EventTimes.of(DAYS, EVENT, ARM)


def test_the_exponential_of_two_arms_is_events_over_time() -> None:
    model = accelerated_failure(TIMES, distribution="exponential")
    rate = [EVENT[TIMES.arm == a].sum() / DAYS[TIMES.arm == a].sum() for a in (0, 1)]
    found = model.hazard_ratio("arm B")
    assert found.value == pytest.approx(rate[1] / rate[0], rel=1e-10)
    assert found.se == pytest.approx(math.sqrt(sum(1 / EVENT[TIMES.arm == a].sum() for a in (0, 1))), rel=1e-10)
    assert model.acceleration_factor("arm B").value == pytest.approx(rate[0] / rate[1], rel=1e-10)
    day, arm_b = 100.0, {"arm B": 1.0}
    assert model.survival(day, arm_b).value == pytest.approx(math.exp(-day * rate[1]), rel=1e-10)
    assert model.quantile(0.5, arm_b).value == pytest.approx(math.log(2) / rate[1], rel=1e-10)


def test_without_censoring_the_log_normal_is_least_squares() -> None:
    times = EventTimes.of(DAYS, np.ones(60))
    model = accelerated_failure(times, {"age": AGE}, distribution="lognormal")
    x = np.column_stack([np.ones(60), AGE])
    coef, squares, *_ = np.linalg.lstsq(x, np.log(DAYS), rcond=None)
    assert model.coef == pytest.approx(coef, rel=1e-10)
    assert model.scale == pytest.approx(math.sqrt(squares[0] / 60), rel=1e-10)


@pytest.mark.parametrize("form", FORMS)
def test_survival_at_a_quantile_and_limits_around_it(form: str) -> None:
    model = accelerated_failure(TIMES, {"age": AGE}, distribution=form)  # type: ignore[arg-type]
    at = {"arm B": 1.0, "age": 55.0}
    day = model.quantile(0.3, at)
    assert day.value and day.lower and day.upper and day.lower < day.value < day.upper
    found = model.survival(day.value, at)
    assert found.value == pytest.approx(0.7, rel=1e-10)
    # both limits are the same line of errors, seen along time and along survival
    assert model.survival(day.lower, at).upper is not None
    assert found.lower is not None and found.upper is not None and found.lower < 0.7 < found.upper


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("factor", [7, 30])
def test_time_in_other_units_moves_the_intercept_only(form: str, factor: int) -> None:
    one = accelerated_failure(TIMES, {"age": AGE}, distribution=form)  # type: ignore[arg-type]
    other = accelerated_failure(
        EventTimes.of(DAYS * factor, EVENT, ARM), {"age": AGE}, distribution=form  # type: ignore[arg-type]
    )  # fmt: skip
    assert one.coef is not None and other.coef is not None
    assert other.coef - one.coef == pytest.approx([math.log(factor), 0, 0], abs=1e-9)
    assert other.scale == pytest.approx(one.scale, rel=1e-9)
    assert other.likelihood_ratio.statistic == pytest.approx(one.likelihood_ratio.statistic, rel=1e-8)


@given(st.floats(-1e6, 1e6), st.floats(0.01, 1e4))
def test_covariates_in_other_units(shift: float, factor: float) -> None:
    one = accelerated_failure(TIMES, {"age": AGE}, distribution="weibull")
    other = accelerated_failure(TIMES, {"age": AGE * factor + shift}, distribution="weibull")
    assert one.coef is not None and other.coef is not None
    assert other.coef[2] * factor == pytest.approx(one.coef[2], rel=1e-6)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-10)


def test_swapping_the_arms_inverts_ratios() -> None:
    swapped = EventTimes.of(DAYS, EVENT, ARM, arms=["B", "A"])
    one = accelerated_failure(TIMES, distribution="weibull").hazard_ratio("arm B")
    other = accelerated_failure(swapped, distribution="weibull").hazard_ratio("arm A")
    assert one.value and other.value and one.lower and other.upper
    assert (one.value * other.value, one.lower * other.upper) == pytest.approx((1, 1), rel=1e-9)


def test_strata_are_factors_and_stay_in_the_model_without_effects() -> None:
    stratum = np.where(np.arange(60) % 3, "x", "y").tolist()
    strata = EventTimes.of(DAYS, EVENT, ARM, stratum)
    model = accelerated_failure(strata, distribution="loglogistic")
    by_hand = accelerated_failure(
        EventTimes.of(DAYS, EVENT, ARM), {"y": [float(s == "y") for s in stratum]}, distribution="loglogistic"
    )
    assert model.names == ("intercept", "arm B", "stratum y")
    assert model.coef == pytest.approx(by_hand.coef, rel=1e-10)
    null = accelerated_failure(EventTimes.of(DAYS, EVENT, None, stratum), distribution="loglogistic")
    assert model.log_likelihood is not None and null.log_likelihood is not None
    assert model.likelihood_ratio.statistic == pytest.approx(2 * (model.log_likelihood - null.log_likelihood), rel=1e-8)
    assert model.likelihood_ratio.df == 1
    assert null.likelihood_ratio.problem == "the model has no arm to compare and no covariate"


@pytest.mark.parametrize(
    ("day", "event", "arm", "covariates", "problem"),
    [
        ([0, 5, 9], [1, 1, 1], None, {}, "1 subjects have time 0"),
        ([3, 5, 9], [0, 0, 0], None, {}, "no event"),
        ([3, 5, 9, 8], [1, 1, 0, 0], "AABB", {}, "no event in arm B"),
        ([3, 5, 9, 8], [1, 1, 1, 0], None, {"age": [4, 4, 4, 4]}, "age is the same for all subjects"),
        ([3, 5, 9, 8], [1, 1, 1, 0], "AABB", {"again": [0, 0, 1, 1]}, "cannot be told apart"),
        ([7, 7, 7], [1, 1, 1], None, {}, "the scale falls to 0"),
        ([3, 5, 9, 8, 9, 9], [1, 1, 1, 0, 0, 0], None, {"x": [0, 0, 0, 1, 1, 1]}, "an estimate is infinite"),
    ],
)
def test_what_has_no_answer(day, event, arm, covariates, problem) -> None:  # type: ignore[no-untyped-def]
    times = EventTimes.of(day, event, arm)
    model = accelerated_failure(times, covariates, distribution="weibull")
    assert problem in (model.problem or "")
    assert model.coef is None and model.likelihood_ratio.statistic is None
    name = model.names[-1]
    assert problem in (model.hazard_ratio(name).problem or "")
    assert problem in (model.survival(4, dict.fromkeys(model.names[1:], 0.0)).problem or "")


def test_ratios_that_a_form_does_not_have() -> None:
    model = accelerated_failure(TIMES, distribution="lognormal")
    assert model.hazard_ratio("arm B").problem == "hazards are not proportional in a lognormal model"
    assert model.odds_ratio("arm B").value is None
    assert (accelerated_failure(TIMES, distribution="loglogistic").odds_ratio("arm B").value or 0) > 0


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="distribution must be one of exponential, weibull"):
        accelerated_failure(TIMES, distribution="gompertz")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="covariate age must be known and finite; got nan at position 2"):
        accelerated_failure(TIMES, {"age": [1, 2, math.nan, *AGE[3:]]}, distribution="weibull")
    model = accelerated_failure(TIMES, distribution="weibull")
    with pytest.raises(ValueError, match="'arm C' is not a column of the model; known: intercept, arm B"):
        model.hazard_ratio("arm C")
    with pytest.raises(ValueError, match="at must hold arm B; got nothing"):
        model.survival(5, {})
    with pytest.raises(ValueError, match="day must be above 0"):
        model.survival(0, {"arm B": 1})
    with pytest.raises(ValueError, match=r"p must be in \(0, 1\)"):
        model.quantile(1, {"arm B": 1})
