"""What must hold for any counts: symmetry, order, duality of test and interval, one stratum as no strata."""

import math
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trialwright import stats
from trialwright.stats import TwoByTwoTables
from trialwright.stats.differences import restricted_proportions

Table = tuple[int, int, int, int]


@st.composite
def groups(draw: st.DrawFn, most: int = 60) -> tuple[int, int]:
    n = draw(st.integers(1, most))
    return draw(st.integers(0, n)), n


@st.composite
def tables(draw: st.DrawFn) -> Table:
    (x1, n1), (x2, n2) = draw(groups()), draw(groups())
    return x1, n1, x2, n2


levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
ONE = [stats.clopper_pearson, stats.wilson, stats.jeffreys, stats.mid_p, stats.agresti_coull, stats.wald]
DIFFERENCES = [stats.wald_difference, stats.newcombe, stats.miettinen_nurminen, stats.mee]
RATIOS = [stats.koopman, stats.miettinen_nurminen_ratio, stats.conditional_odds_ratio]
RATIOS += [stats.miettinen_nurminen_odds_ratio]


@settings(deadline=None)
@given(groups(400), levels)
def test_one_proportion_lies_in_its_limits_and_mirrors(group: tuple[int, int], level: float) -> None:
    x, n = group
    for call in ONE:
        found: Any = call(x, n, level=level)
        other: Any = call(n - x, n, level=level)
        assert 0 <= found.lower <= found.value + 1e-12 and found.value - 1e-12 <= found.upper <= 1
        assert (found.lower, found.upper) == pytest.approx((1 - other.upper, 1 - other.lower), abs=1e-9)


@settings(deadline=None)
@given(groups(200), levels)
def test_exact_limits_hold_the_others(group: tuple[int, int], level: float) -> None:
    exact, mid = (call(*group, level=level) for call in (stats.clopper_pearson, stats.mid_p))
    assert exact.lower is not None and exact.upper is not None and mid.lower is not None and mid.upper is not None
    assert exact.lower <= mid.lower + 1e-12 and mid.upper <= exact.upper + 1e-12


@settings(deadline=None)
@given(tables(), levels)
def test_exchanging_groups_turns_a_difference_around(table: Table, level: float) -> None:
    x1, n1, x2, n2 = table
    for call in DIFFERENCES:
        found: Any = call(*table, level=level)
        other: Any = call(x2, n2, x1, n1, level=level)
        assert (found.value, found.lower, found.upper) == pytest.approx(
            (-other.value, -other.upper, -other.lower), abs=1e-7
        )
        assert found.lower - 1e-12 <= found.value <= found.upper + 1e-12


@settings(deadline=None)
@given(tables(), levels)
def test_exchanging_groups_inverts_a_ratio(table: Table, level: float) -> None:
    x1, n1, x2, n2 = table
    assume(0 < x1 + x2 < n1 + n2)
    for call in RATIOS:
        found: Any = call(*table, level=level)
        other: Any = call(x2, n2, x1, n1, level=level)
        assert found.lower <= found.value * (1 + 1e-12) and found.value <= found.upper * (1 + 1e-12)
        if found.lower > 0:
            assert found.lower == pytest.approx(1 / other.upper, rel=1e-7)
        else:
            assert other.upper == math.inf


@settings(deadline=None)
@given(tables(), st.floats(-0.999, 0.999))
def test_restricted_proportions_are_the_most_likely(table: Table, delta: float) -> None:
    """No pair with the same difference, next to the closed form or anywhere on a grid, is more likely."""
    p1, p2 = restricted_proportions(*table, delta)
    assert p1 - p2 == pytest.approx(delta, abs=1e-12)
    low, high = max(0.0, -delta), min(1.0, 1 - delta)
    best = _log_likelihood(table, p1, p2)
    for step in range(201):
        other = low + (high - low) * step / 200
        # Near a double root of the cubic its closed form keeps half the digits.
        assert _log_likelihood(table, other + delta, other) <= best + 1e-6 * (1 + abs(best))


def _log_likelihood(table: Table, p1: float, p2: float) -> float:
    x1, n1, x2, n2 = table
    return _term(x1, p1) + _term(n1 - x1, 1 - p1) + _term(x2, p2) + _term(n2 - x2, 1 - p2)


def _term(count: int, p: float) -> float:
    return 0.0 if count == 0 else count * math.log(max(p, 1e-300))


@settings(deadline=None)
@given(tables(), st.floats(-0.9, 0.9), st.sampled_from([0.8, 0.95]))
def test_the_score_test_and_its_interval_agree(table: Table, null: float, level: float) -> None:
    """Mee's interval holds a difference exactly when the Farrington-Manning test does not reject it."""
    interval, test = stats.mee(*table, level=level), stats.farrington_manning(*table, null=null)
    assume(test.z is not None and interval.lower is not None and interval.upper is not None)
    assume(min(abs(null - interval.lower), abs(null - interval.upper)) > 1e-6)
    rejected = abs(test.z) > -stats_quantile((1 - level) / 2)
    assert rejected == (not interval.lower <= null <= interval.upper)


def stats_quantile(p: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


@settings(deadline=None)
@given(tables(), levels)
def test_one_stratum_is_no_stratum(table: Table, level: float) -> None:
    x1, n1, x2, n2 = table
    one = TwoByTwoTables.of([x1], [n1], [x2], [n2])
    pairs: list[tuple[Any, Any]] = [
        (stats.newcombe(*table, level=level), stats.stratified_newcombe(one, weights="sample size", level=level)),
        (
            stats.miettinen_nurminen(*table, level=level),
            stats.stratified_miettinen_nurminen(one, weights="mantel-haenszel", level=level),
        ),
    ]
    if 0 < x1 + x2 < n1 + n2:
        pairs.append(
            (stats.conditional_odds_ratio(*table, level=level), stats.exact_stratified_odds_ratio(one, level=level))
        )
        chi, cmh = stats.pearson_chi_square(*table).statistic, stats.cochran_mantel_haenszel(one).statistic
        n = n1 + n2
        assert chi is not None and cmh == pytest.approx(chi * (n - 1) / n, rel=1e-9, abs=1e-12)
        assert stats.exact_stratified_test(one).p == pytest.approx(stats.fisher_exact(*table).p, rel=1e-9)
    # Yan and Su take the variance of the Wilson limits, l (1 - l) / n, for Newcombe's squared distance: the same number
    for plain, stratified in pairs:
        assert (stratified.value, stratified.lower, stratified.upper) == pytest.approx(
            (plain.value, plain.lower, plain.upper), rel=1e-7, abs=1e-7
        )


@settings(deadline=None)
@given(st.lists(tables(), min_size=1, max_size=5), st.randoms())
def test_the_order_of_strata_is_nothing(found: list[Table], random: Any) -> None:
    turned = random.sample(found, len(found))
    one, other = (TwoByTwoTables.of(*zip(*rows, strict=True)) for rows in (found, turned))
    for call in (stats.cochran_mantel_haenszel, stats.exact_stratified_test, stats.breslow_day):
        a, b = call(one), call(other)
        assert a.problem == b.problem
        if a.p is not None:
            assert b.p == pytest.approx(a.p, rel=1e-6, abs=1e-9)
    first, second = (stats.stratified_miettinen_nurminen(t, weights="mantel-haenszel") for t in (one, other))
    assert (first.lower, first.upper) == pytest.approx((second.lower, second.upper), abs=1e-8)


@settings(deadline=None)
@given(st.integers(0, 300), st.floats(0.01, 1e4), st.integers(0, 300), st.floats(0.01, 1e4), levels)
def test_rates_scale_and_invert(x1: int, t1: float, x2: int, t2: float, level: float) -> None:
    rate, slow = stats.poisson_rate(x1, t1, level=level), stats.poisson_rate(x1, 2 * t1, level=level)
    assert rate.lower is not None and rate.value is not None and rate.upper is not None and slow.upper is not None
    assert rate.lower <= rate.value <= rate.upper == pytest.approx(2 * slow.upper)
    ratio, turned = stats.rate_ratio(x1, t1, x2, t2, level=level), stats.rate_ratio(x2, t2, x1, t1, level=level)
    if x1 and x2:
        assert (ratio.lower, ratio.upper) == pytest.approx((1 / turned.upper, 1 / turned.lower))  # type: ignore[operator]
        assert stats.exact_rate_test(x1, t1, x2, t2).p == pytest.approx(stats.exact_rate_test(x2, t2, x1, t1).p)


@pytest.mark.parametrize("share", [0.001, 0.05, 0.21, 0.5, 0.77, 0.95])
@pytest.mark.parametrize("n", [1, 7, 40])
def test_exact_limits_cover_what_they_promise(n: int, share: float) -> None:
    """Summed over all outcomes, an exact 90 % interval holds the true share at least 90 % of the time."""
    weights = [math.comb(n, x) * share**x * (1 - share) ** (n - x) for x in range(n + 1)]
    held: Any = [stats.clopper_pearson(x, n, level=0.9) for x in range(n + 1)]
    assert sum(w for w, found in zip(weights, held, strict=True) if found.lower <= share <= found.upper) >= 0.9


@pytest.mark.parametrize(("one", "two"), [(0.5, 0.5), (0.1, 0.6), (0.8, 0.75)])
def test_exact_odds_ratios_cover_what_they_promise(one: float, two: float) -> None:
    n1, n2 = 8, 11
    truth, covered = one / (1 - one) / (two / (1 - two)), 0.0
    for x1 in range(n1 + 1):
        for x2 in range(n2 + 1):
            found: Any = stats.conditional_odds_ratio(x1, n1, x2, n2, level=0.9)
            weight = math.comb(n1, x1) * one**x1 * (1 - one) ** (n1 - x1)
            weight *= math.comb(n2, x2) * two**x2 * (1 - two) ** (n2 - x2)
            covered += weight * (found.lower <= truth <= found.upper)
    assert covered >= 0.9


@pytest.mark.parametrize("mean", [0.05, 1.0, 7.3, 40.0])
def test_exact_rates_cover_what_they_promise(mean: float) -> None:
    covered, weight = 0.0, math.exp(-mean)
    for x in range(200):
        found: Any = stats.poisson_rate(x, 2.0, level=0.9)
        covered += weight * (found.lower <= mean / 2 <= found.upper)
        weight *= mean / (x + 1)
    assert covered >= 0.9
