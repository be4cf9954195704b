"""Boundaries: what they spend, what they refuse, and the forms known in closed form."""

import math

import numpy as np
import pytest
from scipy.special import ndtri

from trialwright.design import (
    Boundaries,
    Futility,
    Spending,
    crossing_probabilities,
    group_sequential_power,
    haybittle_peto_boundaries,
    observed_boundaries,
    spending_boundaries,
    wang_tsiatis_boundaries,
)

OF = Spending("obrien-fleming")
INF = math.inf


def spent(plan: Boundaries) -> list[float]:
    """Return what the boundaries really spend, by the recursion with more looks of no consequence between."""
    between = sorted({*plan.information, *(t * 0.93 for t in plan.information)})
    place = {t: k for k, t in enumerate(plan.information)}
    upper = [plan.upper[place[t]] if t in place else INF for t in between]
    lower = [plan.lower_under_null[place[t]] if t in place else -INF for t in between]
    found = crossing_probabilities(between, lower, upper, drift=0)
    total = np.cumsum(found.above) + (np.cumsum(found.below) if plan.sides == 2 else 0)
    return [float(total[between.index(t)]) for t in plan.information]


@pytest.mark.parametrize("looks", [1, 2, 5, 12])
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize(
    "spending", [OF, Spending("pocock"), Spending("kim-demets", 3.0), Spending("hwang-shih-decani", -4.0)]
)
def test_the_function_is_spent(looks, sides, spending):
    t = [(k + 1) / looks for k in range(looks)]
    plan = spending_boundaries(t, spending, alpha=0.05, sides=sides)
    expected = [sides * spending.spent(0.05 / sides, x) for x in t]
    np.testing.assert_allclose(plan.alpha_spent, expected, rtol=1e-12)
    np.testing.assert_allclose(spent(plan), expected, rtol=1e-10, atol=1e-13)


def test_one_look_is_the_fixed_test():
    for plan in (
        spending_boundaries([1], OF, alpha=0.05, sides=2),
        wang_tsiatis_boundaries([1], 0.25, alpha=0.05, sides=2),
        haybittle_peto_boundaries([1], 3, alpha=0.05, sides=2),
    ):
        assert plan.upper == pytest.approx((1.959963984540054,), abs=1e-12)
        assert plan.lower == (-plan.upper[0],)
        assert plan.nominal == pytest.approx((0.05,), abs=1e-13)


@pytest.mark.parametrize("t", [[0.02, 1], [0.01, 0.02, 1], [0.5, 0.505, 1], [1 / 200, 0.99, 1]])
def test_looks_far_apart_and_close_together(t):
    plan = spending_boundaries(t, OF, alpha=0.025, sides=1)
    assert plan.upper[0] == pytest.approx(-ndtri(OF.spent(0.025, t[0])), abs=1e-12)
    np.testing.assert_allclose(spent(plan)[-1], 0.025, rtol=1e-11)


@pytest.mark.parametrize("delta", [-1.0, 0.2, 1.0])
def test_wang_tsiatis_has_its_shape_and_level(delta):
    t = [0.05, 0.6, 1]
    plan = wang_tsiatis_boundaries(t, delta, alpha=0.05, sides=2)
    constants = [bound * x ** (0.5 - delta) for bound, x in zip(plan.upper, t, strict=True)]
    np.testing.assert_allclose(constants, constants[-1], rtol=1e-14)
    assert spent(plan)[-1] == pytest.approx(0.05, abs=1e-12)
    assert plan.alpha_spent[-1] == pytest.approx(0.05, abs=1e-12)


def test_haybittle_peto_spends_the_rest_at_the_end():
    plan = haybittle_peto_boundaries([0.3, 0.6, 1], 3.0, alpha=0.025, sides=1)
    assert plan.upper[:2] == (3.0, 3.0)
    assert spent(plan)[-1] == pytest.approx(0.025, abs=1e-12)


def test_a_look_without_a_test_spends_nothing():
    plan = spending_boundaries([0.3, 0.6, 1], OF, alpha=0.025, sides=1, tested=[False, True, True])
    without = spending_boundaries([0.6, 1], OF, alpha=0.025, sides=1)
    assert plan.upper[0] == INF and plan.nominal[0] == 0 and plan.alpha_spent[0] == 0
    np.testing.assert_allclose(plan.upper[1:], without.upper, rtol=1e-12)


def test_a_users_function():
    shares = {0.5: 0.1, 1: 1}
    plan = spending_boundaries([0.5, 1], Spending.user(shares), alpha=0.025, sides=1)
    assert plan.alpha_spent == pytest.approx((0.0025, 0.025))
    nothing = spending_boundaries([0.5, 1], Spending.user({0.5: 0, 1: 1}), alpha=0.025, sides=1)
    assert nothing.upper == pytest.approx((INF, 1.959963984540054), abs=1e-12)


def test_observed_as_planned_is_the_plan():
    plan = spending_boundaries([76 / 127, 1], OF, alpha=0.025, sides=1)
    observed = observed_boundaries([76, 127], 127, OF, alpha=0.025, sides=1, last=True)
    assert observed == plan


@pytest.mark.parametrize("end", [110, 140])
def test_the_last_look_spends_all_that_is_left(end):
    plan = observed_boundaries([76, end], 127, OF, alpha=0.025, sides=1, last=True)
    assert plan.upper[0] == pytest.approx(2.672699922730, abs=1e-11)
    assert plan.information[1] == end / 127
    assert spent(plan)[-1] == pytest.approx(0.025, abs=1e-12)
    # more information between the looks leaves less correlation, so a higher bound
    assert (plan.upper[1] > 1.980719180926) == (end > 127)


def test_an_interim_look_spends_what_its_fraction_allows():
    plan = observed_boundaries([60, 80], 127, OF, alpha=0.025, sides=1, last=False)
    assert plan.alpha_spent == pytest.approx([OF.spent(0.025, d / 127) for d in (60, 80)])


@pytest.mark.parametrize("binding", [False, True])
def test_beta_is_spent_and_the_last_bounds_meet(binding):
    t, beta = [0.4, 0.7, 1], Spending("kim-demets", 1.5)
    futility = Futility(binding=binding, spending=beta, beta=0.1)
    plan = spending_boundaries(t, OF, alpha=0.025, sides=1, futility=futility)
    found = group_sequential_power(plan, plan.drift)
    np.testing.assert_allclose(np.cumsum(found.below), [beta.spent(0.1, x) for x in t], rtol=1e-10)
    assert sum(found.above) == pytest.approx(0.9, abs=1e-11)
    assert plan.lower[-1] == plan.upper[-1]
    assert spent(plan)[-1] == pytest.approx(0.025, abs=1e-12)
    assert plan.lower_under_null == (plan.lower if binding else (-INF,) * 3)


def test_binding_futility_lowers_the_later_bounds_only():
    free = spending_boundaries([0.5, 1], OF, alpha=0.025, sides=1)
    kept = [
        spending_boundaries([0.5, 1], OF, alpha=0.025, sides=1, futility=Futility(binding=b, bounds=(0.3,)))
        for b in (False, True)
    ]
    assert kept[0].upper == free.upper
    assert kept[1].upper[0] == free.upper[0] and kept[1].upper[1] < free.upper[1]
    assert sum(group_sequential_power(kept[1], 0.0).above) == pytest.approx(0.025, abs=1e-12)


@pytest.mark.parametrize(
    ("information", "said"),
    [
        ([1, 0.6], "must rise"),
        ([0.6, 0.6, 1], "must rise"),
        ([0, 1], "greater than 0"),
        ([-0.5, 1], "greater than 0"),
        ([0.6, 1.2], r"lie in \(0, 1\]"),
        ([0.3, 0.6], "end with 1"),
        ([math.nan, 1], "finite"),
        ([], "at least one look"),
        ([0.5, 0.5 + 1e-7, 1], "looks 1 and 2 are too close"),
    ],
)
def test_looks_that_cannot_be(information, said):
    with pytest.raises(ValueError, match=said):
        spending_boundaries(information, OF, alpha=0.025, sides=1)


@pytest.mark.parametrize("alpha", [0, -0.1, 0.5, 2.5, math.nan])
def test_alpha_that_cannot_be(alpha):
    for build in (
        lambda: spending_boundaries([1], OF, alpha=alpha, sides=1),
        lambda: wang_tsiatis_boundaries([1], 0, alpha=alpha, sides=1),
    ):
        with pytest.raises(ValueError, match=r"alpha must be in \(0, 0.5\)"):
            build()


def test_other_refusals():
    with pytest.raises(ValueError, match="sides must be 1 or 2"):
        spending_boundaries([1], OF, alpha=0.025, sides=3)
    with pytest.raises(ValueError, match="tested must say"):
        spending_boundaries([0.5, 1], OF, alpha=0.025, sides=1, tested=[True, False])
    with pytest.raises(ValueError, match="1 futility bounds; got 2"):
        spending_boundaries([0.5, 1], OF, alpha=0.025, sides=1, futility=Futility(binding=True, bounds=(0.0, 0.0)))
    with pytest.raises(ValueError, match="below the efficacy"):
        spending_boundaries([0.5, 1], OF, alpha=0.025, sides=1, futility=Futility(binding=False, bounds=(5.0,)))
    with pytest.raises(ValueError, match="no bound at look 2"):
        spending_boundaries([0.5, 1], OF, alpha=0.025, sides=1, futility=Futility(binding=True, bounds=(2.9,)))
    with pytest.raises(ValueError, match="already spend all"):
        haybittle_peto_boundaries([0.5, 1], 1.0, alpha=0.025, sides=1)
    with pytest.raises(ValueError, match="interim must be"):
        haybittle_peto_boundaries([0.5, 1], math.nan, alpha=0.025, sides=1)
    with pytest.raises(ValueError, match="delta must be"):
        wang_tsiatis_boundaries([1], 3, alpha=0.025, sides=1)
    with pytest.raises(ValueError, match="only the last look may reach"):
        observed_boundaries([127, 130], 127, OF, alpha=0.025, sides=1, last=True)
    with pytest.raises(ValueError, match="leaves nothing for later"):
        observed_boundaries([76, 127], 127, OF, alpha=0.025, sides=1, last=False)
    with pytest.raises(ValueError, match="planned must be"):
        observed_boundaries([76], 0, OF, alpha=0.025, sides=1, last=False)
    with pytest.raises(ValueError, match="drift must be"):
        crossing_probabilities([1], [-INF], [2], drift=INF)
    with pytest.raises(ValueError, match="must not exceed"):
        crossing_probabilities([1], [3], [2], drift=0)
    with pytest.raises(ValueError, match="one lower and one upper"):
        crossing_probabilities([1], [1, 1], [2], drift=0)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Spending("haybittle"), "known: obrien-fleming, pocock"),
        (lambda: Spending("pocock", 1.0), "takes no parameter"),
        (lambda: Spending("kim-demets"), "a power greater than 0"),
        (lambda: Spending("kim-demets", -1.0), "a power greater than 0"),
        (lambda: Spending("hwang-shih-decani", 0.0), "other than 0"),
        (lambda: Spending("user"), "points go with"),
        (lambda: Spending.user({0.5: 0.4, 1: 0.9}), "must end with 1"),
        (lambda: Spending.user({0.5: 0.4, 0.7: 0.3, 1: 1}), "must not fall"),
        (lambda: Spending.user({1.5: 1}), r"rise within \(0, 1\]"),
        (lambda: Futility(binding=True), "either bounds or a spending function or chances"),
        (lambda: Futility(binding=True, spending=OF), "beta go together"),
        (lambda: Futility(binding=True, spending=OF, beta=1.2), "beta must be in"),
        (lambda: Futility(binding=True, bounds=(math.nan,)), "must be numbers"),
    ],
)
def test_spending_and_futility_that_cannot_be(make, said):
    with pytest.raises(ValueError, match=said):
        make()
