"""Recruitment by center: the likelihood against gamma functions, its maximum, and draws against their moments."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln

from trialwright.design import Centers, PlannedCenters, fit_recruitment
from trialwright.design.center_arrivals import arrivals
from trialwright.design.recruitment_forecast import _log_likelihood

UNEQUAL = {"a": 14, "b": 0, "c": 3, "d": 1, "e": 0, "f": 7, "g": 2, "h": 22}


def centers(counts=UNEQUAL, exposure=100, planned=(), now=200):
    opened = dict.fromkeys(counts, now - exposure + 1)
    opened |= {f"later {day}": day for day in planned}
    site = [name for name, n in counts.items() for _ in range(n)]
    return Centers.of(site, [now] * len(site), opened=opened, now=now)


def negative_binomial(n, t, m, v):
    shape = 1 / v
    rate = shape / m
    return sum(
        gammaln(shape + k) - gammaln(shape) + shape * math.log(rate / (rate + d)) + k * math.log(d / (rate + d))
        for k, d in zip(n, t, strict=True)
    )


@pytest.mark.parametrize("v", [0.01, 0.8, 4])
@pytest.mark.parametrize("m", [0.01, 0.2])
def test_likelihood_is_negative_binomial(m, v):
    """Up to a constant that holds neither parameter."""
    made = centers()
    ours = _log_likelihood(made, m, v) - _log_likelihood(made, 0.05, 1.0)
    theirs = negative_binomial(made.patients, made.exposure, m, v)
    assert ours == pytest.approx(theirs - negative_binomial(made.patients, made.exposure, 0.05, 1.0), rel=1e-9)


def test_without_variation_the_likelihood_is_that_of_poisson_counts():
    made = centers()
    n, t = made.patients.sum(), made.exposure.sum()
    found = _log_likelihood(made, 0.03, 0.0) - _log_likelihood(made, 0.05, 0.0)
    assert found == pytest.approx(n * math.log(0.03 / 0.05) - (0.03 - 0.05) * t, rel=1e-12)


def test_maximum_against_a_general_search():
    """With different days of opening, where no closed form helps."""
    opened = {"a": 1, "b": 51, "c": 120, "d": 181, "e": 11}
    site = ["a"] * 12 + ["b"] * 2 + ["c"] * 9 + ["e"]
    made = Centers.of(site, [200] * len(site), opened=opened, now=200)
    fit = fit_recruitment(made)
    found = minimize(
        lambda x: -negative_binomial(made.patients, made.exposure, math.exp(x[0]), math.exp(x[1])),
        [-3, 0],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12},
    )
    assert fit.rate == pytest.approx(math.exp(found.x[0]), rel=1e-4)
    assert fit.variation**2 == pytest.approx(math.exp(found.x[1]), rel=1e-4)
    assert fit.shape == pytest.approx(1 / fit.variation**2)


def test_with_one_exposure_the_mean_is_the_mean_count():
    assert fit_recruitment(centers()).rate == pytest.approx(49 / 800, rel=1e-9)


def test_counts_more_alike_than_chance_show_no_variation():
    fit = fit_recruitment(centers({"a": 5, "b": 5, "c": 6}))
    assert (fit.variation, fit.shape) == (0, math.inf)


def test_exposure_and_counts():
    opened = {"a": 1, "b": 11, "unknown": None, "silent": None, "next": 31, "today": 20}
    made = Centers.of(["a", "b", "b", "unknown", "unknown"], [3, 15, 20, 8, 9], opened=opened, now=20)
    assert made.names == ("a", "b", "unknown", "today")
    assert made.exposure.tolist() == [20, 10, 12, 1]  # the unknown one from the day after its first patient, day 9
    assert made.patients.tolist() == [1, 2, 1, 0]
    assert made.planned == (30,)


def test_a_center_of_unknown_opening_that_began_today_tells_nothing_but_is_open():
    made = Centers.of(["a", "a", "b"], [3, 5, 20], opened={"a": 1, "b": None}, now=20)
    assert made.names == ("a",)
    assert made.planned == (20,)


def test_draws_have_the_moments_of_the_posterior_predictive():
    """One center, much exposure: its own rate is all but known, and the wait for 20 patients is gamma."""
    made = centers({"a": 4000}, exposure=40_000, now=50_000)
    days = fit_recruitment(made).draw(20, 4000, np.random.default_rng(2)) - 50_000
    assert days[:, -1].mean() == pytest.approx(200, rel=0.02)
    assert days[:, -1].std() == pytest.approx(math.sqrt(20) * 10, rel=0.05)
    assert (np.diff(days, axis=1) >= 0).all()


def test_draws_carry_what_is_not_known():
    """Ten patients in one center: spread of the rate about 1/sqrt(10), beside that of the counts."""
    few, many = (
        fit_recruitment(centers({f"{k}": n for k in range(8)}, exposure=n * 10, now=5000)).draw(
            40, 4000, np.random.default_rng(1)
        )
        for n in (3, 300)
    )
    assert few[:, -1].std() > 1.3 * many[:, -1].std()


def test_centers_still_to_open_make_recruitment_faster():
    plain, more = (
        fit_recruitment(centers(planned=planned)).draw(60, 2000, np.random.default_rng(1))[:, -1].mean()
        for planned in ((), (201, 215, 230, 240))
    )
    assert more < plain - 10


def test_a_center_that_opens_late_brings_nobody_before():
    rates, openings = np.full((500, 1), 1.0), np.full((500, 1), 30.0)
    assert arrivals(np.zeros(500), openings, rates, 5, np.random.default_rng(1)).min() > 30


def test_without_any_rate_nobody_comes():
    none = arrivals(np.zeros(2), np.empty((2, 0)), np.empty((2, 0)), 3, np.random.default_rng(1))
    assert np.isinf(none).all()


def test_planned_openings_lie_within_their_window_and_rates_have_their_mean():
    opened, rates = PlannedCenters.alike(50, within=100, rate=0.2, shape=0.9).drawn(2000, np.random.default_rng(3))
    assert 0 <= opened.min() < 1 and 99 < opened.max() <= 100
    assert rates.mean() == pytest.approx(0.2, rel=0.02)
    assert rates.var() == pytest.approx(0.04 / 0.9, rel=0.05)


@pytest.mark.parametrize(
    ("site", "days", "opened", "message"),
    [
        (["a"], [5], {"b": 1}, "center 'a' has a patient but is not in opened; known: b"),
        (["a"], [5], {"a": 6}, "center 'a' opened on day 6, after its first patient on day 5"),
        (["a"], [25], {"a": 6}, "randomized must not come after the cut-off, day 20; got 25"),
        (["a"], [5, 6], {"a": 1}, "must be as many; got 1 and 2"),
    ],
)
def test_centers_that_contradict_themselves(site, days, opened, message):
    with pytest.raises(ValueError, match=message):
        Centers.of(site, days, opened=opened, now=20)


def test_no_patient_tells_no_rate():
    with pytest.raises(ValueError, match="at least one patient beyond the first"):
        fit_recruitment(Centers.of(["a"], [5], opened={"a": None, "b": 3}, now=20))
