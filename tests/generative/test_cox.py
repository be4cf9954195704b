"""Laws of the Cox model for all data: symmetries, identities, and a second programmer."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trialwright.stats import (
    CoxData,
    Design,
    EventTimes,
    cox,
    cox_regression,
    log_rank,
    profile_hazard_ratios,
)

RULES = ["efron", "breslow", "exact", "discrete"]
row = st.tuples(st.integers(1, 8), st.booleans(), st.integers(0, 3), st.integers(-2, 2), st.integers(0, 1))
rows = st.lists(row, min_size=4, max_size=22)
rules = st.sampled_from(RULES)
quick = settings(max_examples=60, deadline=None)


def data_of(given_rows: list[Any], scale: float = 1.0, shift: float = 0.0) -> CoxData:
    day, event, a, b, stratum = (np.array(column) for column in zip(*given_rows, strict=True))
    matrix = np.column_stack([a * scale + shift, b]).astype(float)
    return CoxData.of(day, event.astype(bool), Design(("a", "b"), matrix, ("a", "b")), stratum=stratum)


def same(one: Any, other: Any, tolerance: float = 1e-7) -> bool:
    if one is None or other is None or math.isinf(one) or math.isinf(other):
        return bool(one == other)
    return bool(abs(one - other) <= tolerance * max(1.0, abs(one)))


@quick
@given(rows, rules, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(given_rows: Any, rule: Any, chance: Any) -> None:
    mixed = list(given_rows)
    chance.shuffle(mixed)
    one, other = cox_regression(data_of(given_rows), ties=rule), cox_regression(data_of(mixed), ties=rule)
    assert same(one.log_likelihood, other.log_likelihood, 1e-9)
    for a, b in zip(one.coefficients, other.coefficients, strict=True):
        assert same(a.coef, b.coef) and same(a.lower, b.lower, 1e-6) and same(a.upper, b.upper, 1e-6)


@quick
@given(rows, rules, st.sampled_from([0.001, 3.0, 1e5]), st.sampled_from([0.0, -40.0, 1e6]))
def test_scaling_and_shifting_a_covariate(given_rows: Any, rule: Any, scale: float, shift: float) -> None:
    plain = cox_regression(data_of(given_rows), ties=rule)
    moved = cox_regression(data_of(given_rows, scale, shift * scale), ties=rule)
    assert same(plain.log_likelihood, moved.log_likelihood, 1e-8)
    assert same(plain["b"].coef, moved["b"].coef, 1e-5)
    coef = moved["a"].coef
    assert same(plain["a"].coef, None if coef is None else coef * scale, 1e-5)


@quick
@given(rows, rules)
def test_every_answer_is_a_number_or_has_its_problem(given_rows: Any, rule: Any) -> None:
    fit = cox_regression(data_of(given_rows), ties=rule)
    for own in fit.coefficients:
        numbers = (own.hazard_ratio, own.lower, own.upper, own.coef, own.se, own.z, own.p)
        assert not any(v is not None and math.isnan(v) for v in numbers)
        assert (own.problem is None) == (own.se is not None)
        if own.hazard_ratio is not None:
            assert own.lower <= own.hazard_ratio <= own.upper
    assert fit.log_likelihood is None or fit.log_likelihood >= (fit.log_likelihood_null or 0.0) - 1e-9
    assert (fit.problem is None) == all(own.problem is None for own in fit.coefficients)


def times_of(given_rows: Any) -> EventTimes:
    day, event, a, _, stratum = (np.array(column) for column in zip(*given_rows, strict=True))
    assume(len(set((a > 1).tolist())) == 2)
    return EventTimes.coded(day, event.astype(bool), (a > 1) * 1, stratum, arms=["A", "B"], strata=["x", "y"])


@quick
@given(rows, rules)
def test_the_risk_table_and_the_rows_give_the_same_model(given_rows: Any, rule: Any) -> None:
    times = times_of(given_rows)
    table, fit = cox(times, ties=rule), cox_regression(CoxData.from_times(times), ties=rule)
    one, other = table.effect, fit.coefficients[0]
    assert same(one.coef, other.coef) and same(one.se, other.se)
    assert same(one.lower, other.lower, 1e-6) and same(one.upper, other.upper, 1e-6)
    assert same(table.score.p, fit.score.p) and same(table.likelihood_ratio.p, fit.likelihood_ratio.p)


@quick
@given(rows)
def test_the_discrete_score_test_is_the_stratified_log_rank(given_rows: Any) -> None:
    times = times_of(given_rows)
    fit = cox_regression(CoxData.from_times(times), ties="discrete")
    assert same(fit.score.statistic, log_rank(times).test.statistic, 1e-9)


@quick
@given(rows)
def test_without_ties_all_rules_agree(given_rows: Any) -> None:
    untied = [(place * 3 + 1, *rest) for place, (_, *rest) in enumerate(given_rows)]
    one, *others = (cox_regression(data_of(untied), ties=rule) for rule in RULES)
    for other in others:
        assert same(one.log_likelihood, other.log_likelihood, 1e-9)
        assert all(same(a.coef, b.coef) for a, b in zip(one.coefficients, other.coefficients, strict=True))


@quick
@given(rows, rules)
def test_swapping_the_arms_turns_profile_limits_round(given_rows: Any, rule: Any) -> None:
    times = times_of(given_rows)
    swapped = EventTimes.coded(times.day, times.event, 1 - times.arm, times.stratum, arms=["B", "A"], strata=["x", "y"])
    one, other = profile_hazard_ratios(times, ties=rule)["B"], profile_hazard_ratios(swapped, ties=rule)["A"]

    def inverse(v: float | None) -> float | None:
        return None if v is None else math.inf if v == 0 else 1 / v

    assert same(one.lower, inverse(other.upper), 1e-6) and same(one.upper, inverse(other.lower), 1e-6)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("stratified", [False, True])
def test_surpyval_as_second_programmer(rule: str, stratified: bool) -> None:
    """SurPyval calls the marginal likelihood exact and the discrete one kp."""
    surpyval = pytest.importorskip("surpyval", reason="surpyval, the second programmer, is not installed")
    rng = np.random.default_rng(20)
    n = 80
    day, event, x = rng.integers(1, 40, n), rng.random(n) < 0.7, rng.normal(size=(n, 2))
    stratum = rng.integers(0, 2, n) if stratified else None
    ours = cox_regression(CoxData.of(day, event, Design(("a", "b"), x, ("a", "b")), stratum=stratum), ties=rule)  # type: ignore[arg-type]
    given_strata = {} if stratum is None else {"strata": stratum}
    method = {"discrete": "kp"}.get(rule, rule)
    theirs = surpyval.CoxPH.fit(x=day, Z=x, c=1 - event.astype(int), tie_method=method, **given_strata)
    np.testing.assert_allclose(ours.coef, theirs.params, rtol=1e-6)
