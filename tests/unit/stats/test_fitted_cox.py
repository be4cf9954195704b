"""Residuals and tests of proportional hazards of fitted models: both ways in, identities, and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialwright.stats import (
    CoxData,
    EventTimes,
    FittedCox,
    cox,
    cox_regression,
    cox_residuals,
    design_matrix,
    proportional_hazards_test,
)

RNG = np.random.default_rng(12)
N = 90
DAY = RNG.integers(1, 25, N)
EVENT = RNG.random(N) < 0.75
ARM = np.where(np.arange(N) % 3 == 0, "A", "B").tolist()
AGE = RNG.normal(60, 9, N)
SITE = RNG.choice(["n", "s", "w"], N)
STRATUM = RNG.choice(["x", "y"], N).tolist()
TIMES = EventTimes.of(DAY, EVENT, ARM, STRATUM)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_model_of_the_arm_by_both_ways(ties: str) -> None:
    one = FittedCox.from_arms(TIMES, cox(TIMES, ties=ties))  # type: ignore[arg-type]
    other = FittedCox.from_regression(cox_regression(CoxData.from_times(TIMES), ties=ties))  # type: ignore[arg-type]
    first, second = cox_residuals(one), cox_residuals(other)
    for name in ("martingale", "deviance", "score", "dfbeta", "schoenfeld", "scaled_schoenfeld"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), abs=1e-9)
    found = [proportional_hazards_test(fit).overall.statistic for fit in (one, other)]
    assert found[0] == pytest.approx(found[1], rel=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_sums_at_the_estimate(ties: str) -> None:
    weight, entry = RNG.integers(1, 4, N), np.minimum(RNG.integers(0, 5, N), DAY - 1)
    data = CoxData.of(DAY, EVENT, {"age": AGE}, entry=entry, weight=weight, stratum=STRATUM)
    found = cox_residuals(FittedCox.from_regression(cox_regression(data, ties=ties)))  # type: ignore[arg-type]
    assert weight @ found.martingale == pytest.approx(0, abs=1e-9)
    assert weight @ found.score == pytest.approx(0, abs=1e-6)


@given(st.floats(-1e8, 1e8), st.floats(1e-3, 1e3))
def test_units_of_covariates_do_not_matter(shift: float, factor: float) -> None:
    coef = cox_regression(CoxData.of(DAY, EVENT, {"age": AGE})).coefficients[0].coef
    assert coef is not None
    fits = [
        FittedCox.of(DAY, EVENT, x[:, None], [b], names=["age"], ties="efron")
        for x, b in ((AGE, coef), (AGE * factor + shift, coef / factor))
    ]
    one, other = (cox_residuals(fit) for fit in fits)
    assert other.martingale == pytest.approx(one.martingale, abs=1e-3)
    tests = [proportional_hazards_test(fit, "rank").overall.statistic for fit in fits]
    assert tests[1] == pytest.approx(tests[0], rel=1e-2, abs=1e-4)


def test_a_factor_is_one_term() -> None:
    design = design_matrix({"age": AGE, "site": SITE})
    fit = cox_regression(CoxData.of(DAY, EVENT, design))
    found = proportional_hazards_test(FittedCox.from_regression(fit, design.terms))
    assert {name: test.df for name, test in found.terms.items()} == {"age": 1, "site": 2}
    assert found.overall.df == 3


def test_an_effect_that_reverses_is_found_and_a_constant_one_is_not() -> None:
    arm = np.arange(400) % 2
    rng = np.random.default_rng(5)
    constant = np.ceil(rng.exponential(100, 400) / (1 + arm)).astype(int) + 1
    crossing = np.where(arm == 1, 90 + rng.integers(0, 20, 400), rng.integers(1, 200, 400))
    p = []
    for day in (constant, crossing):
        times = EventTimes.of(day, np.ones(400), arm)
        p.append(proportional_hazards_test(FittedCox.from_arms(times, cox(times))).overall.p)
    assert p[0] is not None and p[0] > 0.05
    assert p[1] is not None and p[1] < 1e-6


def test_dfbeta_is_about_the_change_when_a_row_is_left_out() -> None:
    data = CoxData.of(DAY, EVENT, {"age": AGE})
    fit = cox_regression(data)
    found = cox_residuals(FittedCox.from_regression(fit)).dfbeta[:, 0]
    whole = fit.coefficients[0].coef or 0.0
    change = [whole - (cox_regression(data.only(np.arange(N) != i)).coefficients[0].coef or 0.0) for i in range(N)]
    assert np.corrcoef(found, change)[0, 1] > 0.99


def test_refusals() -> None:
    with pytest.raises(ValueError, match="ties must be efron or breslow for residuals"):
        FittedCox.from_arms(TIMES, cox(TIMES, ties="exact"))
    empty = EventTimes.of([3, 5, 7, 9], [1, 1, 0, 0], ["A", "A", "B", "B"])
    with pytest.raises(ValueError, match="hazard ratios must be finite"):
        FittedCox.from_arms(empty, cox(empty))
    with pytest.raises(ValueError, match="coefficients must be finite; not so for x"):
        FittedCox.from_regression(cox_regression(CoxData.of([3, 5, 7, 9], [1, 1, 0, 0], {"x": [0, 0, 1, 1]})))
    columns = np.column_stack([AGE, AGE])
    with pytest.raises(ValueError, match="tell the covariates apart"):
        cox_residuals(FittedCox.of(DAY, EVENT, columns, [0, 0], names=["a", "b"], ties="efron"))
    with pytest.raises(ValueError, match="without an event"):
        cox_residuals(FittedCox.of(DAY, EVENT & False, AGE[:, None], [0], names=["age"], ties="efron"))
    fit = FittedCox.of(DAY, EVENT, AGE[:, None], [0], names=["age"], ties="efron")
    with pytest.raises(ValueError, match="transform must be one of km, rank, identity, log"):
        proportional_hazards_test(fit, "sqrt")  # type: ignore[arg-type]
    zero = FittedCox.of([0, 1, 2], [1, 1, 0], [[1.0], [2], [3]], [0], names=["x"], ties="efron")
    with pytest.raises(ValueError, match="an event at time 0"):
        proportional_hazards_test(zero, "log")
    with pytest.raises(ValueError, match="covariates must be known and finite"):
        FittedCox.of([1, 2], [1, 1], [[1.0], [np.nan]], [0], names=["x"], ties="efron")


def test_one_event_day_tells_nothing_about_time() -> None:
    fit = FittedCox.of([5, 5, 5, 6], [1, 1, 1, 0], [[0.0], [1], [0], [1]], [-1.0], names=["x"], ties="efron")
    found = proportional_hazards_test(fit)
    assert found.overall.statistic is None and "no information" in (found.overall.problem or "")
