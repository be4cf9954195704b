"""Futility in every form: spent at other times, on two sides, on the hazard ratio, on the chance of success."""

import math

import numpy as np
import pytest
from scipy.special import ndtri

from trialwright.design import (
    Boundaries,
    Futility,
    Spending,
    conditional_power,
    crossing_probabilities,
    group_sequential_power,
    hazard_ratio_at,
    log_rank_mean,
    observed_boundaries,
    predictive_power,
    spending_boundaries,
)

OF, LINE = Spending("obrien-fleming"), Spending("kim-demets", 1.0)
INF = math.inf
T = (0.4, 0.7, 1.0)


def plan(futility: Futility | None = None, t=T, alpha=0.025, sides=1, **more) -> Boundaries:
    return spending_boundaries(t, OF, alpha=alpha, sides=sides, futility=futility, **more)


def size(found: Boundaries) -> float:
    """Return the type I error, futility kept only where it binds."""
    lower, inner = found.lower_under_null, found.inner_under_null
    crossed = crossing_probabilities(found.information, lower, found.upper, drift=0, inner=inner)
    return sum(crossed.above) + (sum(crossed.below) if found.sides == 2 else 0)


def test_spending_at_the_calendar():
    found = plan(spending_times=(0.2, 0.5, 1.0))
    assert found.alpha_spent == pytest.approx([OF.spent(0.025, t) for t in (0.2, 0.5, 1.0)])
    assert found.information == T
    assert found.upper[0] == pytest.approx(-ndtri(OF.spent(0.025, 0.2)), abs=1e-11)
    assert size(found) == pytest.approx(0.025, abs=1e-12)


def test_the_calendar_spends_the_type_ii_error_too():
    futility = Futility(binding=False, spending=LINE, beta=0.2)
    found = plan(futility, spending_times=(0.2, 0.5, 1.0))
    below = group_sequential_power(found, found.drift).below
    np.testing.assert_allclose(np.cumsum(below), [0.04, 0.1, 0.2], atol=1e-11)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ((0.5, 1), "each of 3 looks"),
        ((0.5, 0.4, 1), "must rise"),
        ((0.5, 0.7, 1.2), "spending times are fractions"),
    ],
)
def test_spending_times_that_cannot_be(times, said):
    with pytest.raises(ValueError, match=said):
        plan(spending_times=times)


def test_a_look_beyond_the_planned_end_spends_what_its_time_allows():
    found = observed_boundaries(
        [76, 130, 150], 127, OF, alpha=0.025, sides=1, last=True, spending_times=[0.5, 0.8, 0.95]
    )
    assert found.alpha_spent == pytest.approx([OF.spent(0.025, 0.5), OF.spent(0.025, 0.8), 0.025])
    assert found.information[1] > 1
    assert size(found) == pytest.approx(0.025, abs=1e-12)
    with pytest.raises(ValueError, match="only the last look may reach the planned 127"):
        observed_boundaries([76, 130, 150], 127, OF, alpha=0.025, sides=1, last=True)


@pytest.mark.parametrize("end", [100, 127, 150])
def test_futility_of_the_plan_at_observed_information(end):
    futility = Futility(binding=False, spending=LINE, beta=0.2)
    drift = 2.9
    interim = observed_boundaries([76], 127, OF, alpha=0.025, sides=1, last=False, futility=futility, drift=drift)
    whole = observed_boundaries([76, end], 127, OF, alpha=0.025, sides=1, last=True, futility=futility, drift=drift)
    assert whole.lower[0] == pytest.approx(interim.lower[0], abs=1e-12)
    assert group_sequential_power(interim, drift).below[0] == pytest.approx(0.2 * 76 / 127, abs=1e-12)
    assert whole.lower[1] == whole.upper[1] and whole.drift == drift
    assert size(whole) == pytest.approx(0.025, abs=1e-12)


def test_given_futility_at_observed_looks_takes_those_that_came():
    futility = Futility(binding=True, bounds=(0.0, 0.5))
    found = observed_boundaries([50, 100], 127, OF, alpha=0.025, sides=1, last=True, futility=futility)
    assert found.lower == (0.0, found.upper[1])
    sofar = observed_boundaries([50, 100], 127, OF, alpha=0.025, sides=1, last=False, futility=futility)
    assert sofar.lower == (0.0, 0.5)


def test_a_look_without_a_futility_test():
    futility = Futility(binding=False, spending=LINE, beta=0.2, tested=(False, True))
    found = plan(futility)
    below = group_sequential_power(found, found.drift).below
    assert found.lower[0] == -INF
    np.testing.assert_allclose(below, [0, 0.14, 0.06], atol=1e-11)


def test_a_look_for_futility_alone():
    found = plan(Futility(binding=False, bounds=(0.0, -INF)), tested=[False, True, True])
    assert found.upper[0] == INF and found.lower[:2] == (0.0, -INF)


@pytest.mark.parametrize("binding", [False, True])
@pytest.mark.parametrize("supposing", ["trend", "flat prior", 2.8])
def test_at_the_bound_the_chance_of_success_is_the_one_asked_for(binding, supposing):
    found = plan(Futility(binding=binding, chances=(0.05, 0.2), supposing=supposing))
    free = Boundaries(T, (-INF,) * 3, found.upper, 0.025, 1, False, found.alpha_spent)
    for look, chance in ((1, 0.05), (2, 0.2)):
        z, t = found.lower[look - 1], T[look - 1]
        drift = {"trend": z / math.sqrt(t)}.get(supposing, supposing)
        seen = (
            predictive_power(free, look, z)
            if drift == "flat prior"
            else conditional_power(free, look, z, drift=float(drift))
        )
        assert seen == pytest.approx(chance, abs=1e-10)
    assert size(found) == pytest.approx(0.025, abs=1e-12)
    assert (found.upper == plan().upper) != binding


def test_no_chance_no_futility():
    found = plan(Futility(binding=False, chances=(0.0, 0.2), supposing="trend"))
    assert found.lower[0] == -INF and found.lower[1] > -INF


def test_futility_on_the_hazard_ratio():
    futility = Futility.at_hazard_ratios([1.0, INF], events=[76, 100], ratio=2, binding=False)
    assert futility.bounds == (0.0, -INF)
    one = Futility.at_hazard_ratios([0.9], events=[76], ratio=2, binding=False).bounds[0]
    assert one == pytest.approx(-math.log(0.9) * math.sqrt(76 * 2 / 9), abs=1e-14)
    assert hazard_ratio_at(one, events=76, ratio=2) == pytest.approx(0.9, abs=1e-14)
    assert hazard_ratio_at(INF, events=76, ratio=2) == 0 and log_rank_mean(1, events=5, ratio=1) == 0


@pytest.mark.parametrize("binding", [False, True])
def test_inner_wedge_spends_its_error_and_keeps_the_size(binding):
    found = plan(Futility(binding=binding, spending=LINE, beta=0.2), alpha=0.05, sides=2)
    stops = group_sequential_power(found, found.drift)
    np.testing.assert_allclose(np.cumsum(stops.within), [0.08, 0.14, 0.2], atol=1e-11)
    assert sum(stops.above) + sum(stops.below) == pytest.approx(0.8, abs=1e-11)
    assert size(found) == pytest.approx(0.05, abs=1e-12)
    assert found.inner[-1] == found.upper[-1] and found.lower == tuple(-b for b in found.upper)
    assert (found.upper == pytest.approx(plan(alpha=0.05, sides=2).upper, abs=1e-12)) != binding


def test_a_look_for_the_wedge_alone():
    found = plan(Futility(binding=False, spending=LINE, beta=0.2), alpha=0.05, sides=2, tested=[False, True, True])
    assert found.upper[0] == INF and found.lower[0] == -INF
    stops = group_sequential_power(found, found.drift)
    np.testing.assert_allclose(stops.within, [0.08, 0.06, 0.06], atol=1e-11)


@pytest.mark.parametrize("sides", [1, 2])
def test_one_look_with_futility_is_the_fixed_test(sides):
    found = plan(Futility(binding=True, spending=LINE, beta=0.1), t=[1], alpha=0.025 * sides, sides=sides)
    assert found.upper == pytest.approx((1.959963984540054,), abs=1e-12)
    # on two sides success below counts too, though next to never
    assert found.drift == pytest.approx(ndtri(0.975) + ndtri(0.9), abs=1e-12 if sides == 1 else 1e-5)


def test_given_inner_bounds():
    found = plan(Futility(binding=True, bounds=(0.0, 0.4)), alpha=0.05, sides=2)
    assert found.inner[:2] == (0.0, 0.4)
    assert size(found) == pytest.approx(0.05, abs=1e-12)
    with pytest.raises(ValueError, match="inner bounds must be at least 0"):
        plan(Futility(binding=True, bounds=(-0.1, 0.4)), alpha=0.05, sides=2)


def test_the_outlook_knows_of_the_wedge():
    wide = plan(Futility(binding=False, bounds=(0.0, 1.5)), alpha=0.05, sides=2)
    free = plan(alpha=0.05, sides=2)
    assert conditional_power(wide, 1, 1.0, drift=2.0) < conditional_power(free, 1, 1.0, drift=2.0)
    assert predictive_power(wide, 1, 1.0) < predictive_power(free, 1, 1.0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Futility(binding=True, chances=(1.2,), supposing="trend"), r"chances of success must be in \[0, 1\)"),
        (lambda: Futility(binding=True, chances=(0.2,)), "chances need what they suppose"),
        (lambda: Futility(binding=True, bounds=(0.2,), supposing=1.0), "chances need what they suppose"),
        (lambda: Futility(binding=True, chances=(0.2,), supposing="hope"), "'trend' or 'flat prior'; got 'hope'"),
        (lambda: Futility(binding=True, bounds=(0.2,), tested=(True,)), "tested goes with a spending function"),
        (lambda: Futility.at_hazard_ratios([1], events=[1, 2], ratio=1, binding=True), "a hazard ratio and its events"),
        (lambda: Futility.at_hazard_ratios([0], events=[1], ratio=1, binding=True), "hazard_ratio must be"),
        (lambda: Futility.at_hazard_ratios([1], events=[0], ratio=1, binding=True), "events must be"),
        (lambda: plan(Futility(binding=False, chances=(0.1, 0.1), supposing=0.0), sides=2), "one-sided"),
        (lambda: plan(Futility(binding=False, chances=(0.1,), supposing=0.0)), "need 2 chances of success; got 1"),
        (lambda: plan(Futility(binding=False, spending=LINE, beta=0.2, tested=(True,))), "2 looks before the last"),
        (lambda: crossing_probabilities([1], [-INF], [2], drift=0, inner=[-1]), "inner needs one bound"),
    ],
)
def test_futility_that_cannot_be(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_observed_futility_that_cannot_be():
    def seen(futility, last, **more):
        return observed_boundaries([76], 127, OF, alpha=0.025, sides=1, last=last, futility=futility, **more)

    with pytest.raises(ValueError, match="needs the drift of the plan"):
        seen(Futility(binding=False, spending=LINE, beta=0.2), last=False)
    with pytest.raises(ValueError, match="drift goes with futility"):
        seen(None, last=False, drift=2.8)
    with pytest.raises(ValueError, match="a whole plan"):
        seen(Futility(binding=False, chances=(0.1,), supposing="trend"), last=False)
