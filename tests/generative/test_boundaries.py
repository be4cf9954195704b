"""Boundaries of random designs, found a second time on dense nodes in plain numpy."""

import itertools
import math

import numpy as np
import pytest
from dense_looks import chance_above, futile_bounds, upper_bounds
from hypothesis import given, settings
from hypothesis import strategies as st

from trialwright.design import (
    Boundaries,
    Futility,
    NormalPrior,
    Spending,
    assurance,
    group_sequential_power,
    pampallona_tsiatis_boundaries,
    spending_boundaries,
)

NEAR = 1e-9

steps = st.lists(st.floats(0.15, 1.0), min_size=1, max_size=4)
spendings = st.one_of(
    st.sampled_from([Spending("obrien-fleming"), Spending("pocock")]),
    st.floats(0.7, 3.5).map(lambda rho: Spending("kim-demets", rho)),
    st.floats(-4.0, 2.0).filter(lambda gamma: abs(gamma) > 0.01).map(lambda g: Spending("hwang-shih-decani", g)),
)
alphas = st.floats(0.005, 0.1)


def fractions(increments: list[float]) -> list[float]:
    total = list(itertools.accumulate(increments))
    return [*(part / total[-1] for part in total[:-1]), 1.0]


def increments(plan: Boundaries) -> list[float]:
    return [float(part) / plan.sides for part in np.diff(plan.alpha_spent, prepend=0.0)]


@settings(max_examples=8, deadline=None)
@given(steps=steps, spending=spendings, alpha=alphas, sides=st.sampled_from([1, 2]))
def test_efficacy_alone(steps: list[float], spending: Spending, alpha: float, sides: int) -> None:
    plan = spending_boundaries(fractions(steps), spending, alpha=alpha, sides=sides)  # type: ignore[arg-type]
    spent = increments(plan)
    least = min(spent)
    inner = [0.0] * len(steps) if sides == 2 else None
    again = upper_bounds(list(plan.information), spent, [-math.inf] * len(steps), inner)
    # a bound that spends next to nothing is known to the round-off of its chance
    np.testing.assert_allclose(plan.upper, again, rtol=0, atol=max(NEAR, 1e-14 / least))


@settings(max_examples=8, deadline=None)
@given(
    steps=steps, spending=spendings, beta_spending=spendings, beta=st.floats(0.05, 0.3), binding=st.booleans(),
    sides=st.sampled_from([1, 2]),
)  # fmt: skip
def test_spending_a_type_ii_error(
    steps: list[float], spending: Spending, beta_spending: Spending, beta: float, binding: bool, sides: int
) -> None:
    futility = Futility(binding=binding, spending=beta_spending, beta=beta)
    t = fractions(steps)
    plan = spending_boundaries(t, spending, alpha=0.025 * sides, sides=sides, futility=futility)  # type: ignore[arg-type]
    futile = plan.inner if sides == 2 and plan.inner else plan.lower
    drift = plan.drift or 0.0
    betas = [float(part) for part in np.diff([0.0, *(beta_spending.spent(beta, x) for x in t)])]
    kept = list(futile) if binding else [-math.inf if sides == 1 else 0.0] * len(t)
    again = upper_bounds(t, increments(plan), kept, kept if sides == 2 else None)
    slack = max(NEAR, 1e-14 / min(increments(plan)), 1e-14 / min(betas))
    np.testing.assert_allclose(plan.upper, again, rtol=0, atol=slack)
    found = futile_bounds(t, betas, list(plan.upper), drift, wedge=sides == 2)
    np.testing.assert_allclose(futile[:-1], found, rtol=0, atol=slack)
    assert futile[-1] == plan.upper[-1]
    stops = group_sequential_power(plan, drift)
    assert sum(stops.above) + (sum(stops.below) if sides == 2 else 0) == pytest.approx(1 - beta, abs=1e-10)


@settings(max_examples=5, deadline=None)
@given(
    steps=steps, delta=st.floats(-0.3, 0.5), beta=st.floats(0.05, 0.3), binding=st.booleans(),
    sides=st.sampled_from([1, 2]),
)  # fmt: skip
def test_one_shape_for_success_and_futility(
    steps: list[float], delta: float, beta: float, binding: bool, sides: int
) -> None:
    t = fractions(steps)
    plan = pampallona_tsiatis_boundaries(t, delta, alpha=0.05, beta=beta, sides=sides, binding=binding)  # type: ignore[arg-type]
    futile, drift = plan.inner if sides == 2 else plan.lower, plan.drift or 0.0
    kept = list(futile) if binding else [-math.inf if sides == 1 else 0.0] * len(t)
    slack = max(NEAR, 1e-13 / min(increments(plan)))
    again = upper_bounds(t, increments(plan), kept, kept if sides == 2 else None)
    np.testing.assert_allclose(plan.upper, again, rtol=0, atol=slack)
    stops = group_sequential_power(plan, drift)
    assert sum(stops.within if sides == 2 else stops.below) == pytest.approx(beta, abs=1e-10)
    assert plan.alpha_spent[-1] == pytest.approx(0.05, abs=1e-12)
    c1, c2 = plan.upper[-1], drift - plan.upper[-1]
    for x, high, low in zip(t, plan.upper, futile, strict=True):
        assert high == pytest.approx(c1 * x ** (delta - 0.5), rel=1e-12)
        shape = drift * math.sqrt(x) - c2 * x ** (delta - 0.5)
        assert low == pytest.approx(shape if sides == 1 else max(0.0, shape), abs=1e-12)


@settings(max_examples=6, deadline=None)
@given(steps=steps, futile=st.floats(-1.0, 0.8), drift=st.floats(-2.0, 5.0))
def test_given_binding_futility_and_its_power(steps: list[float], futile: float, drift: float) -> None:
    t = fractions(steps)
    bounds = (futile,) * (len(t) - 1)
    futility = Futility(binding=True, bounds=bounds) if bounds else None
    plan = spending_boundaries(t, Spending("pocock"), alpha=0.025, sides=1, futility=futility)
    again = upper_bounds(t, increments(plan), list(plan.lower), None)
    np.testing.assert_allclose(plan.upper, again, rtol=0, atol=NEAR)
    power = sum(group_sequential_power(plan, drift).above)
    assert power == pytest.approx(chance_above(t, list(plan.lower), list(plan.upper), drift), abs=1e-11)


@settings(max_examples=6, deadline=None)
@given(steps=steps, mean=st.floats(-1.0, 4.0), sd=st.floats(0.01, 2.0))
def test_assurance_is_power_averaged_over_the_prior(steps: list[float], mean: float, sd: float) -> None:
    plan = spending_boundaries(fractions(steps), Spending("obrien-fleming"), alpha=0.025, sides=1)
    x, w = np.polynomial.hermite_e.hermegauss(80)
    powers = np.array([group_sequential_power(plan, float(mean + sd * unit)).above for unit in x])
    averaged = w @ powers / math.sqrt(2 * math.pi)
    np.testing.assert_allclose(assurance(plan, NormalPrior(mean, sd)).above, averaged, rtol=0, atol=1e-9)
