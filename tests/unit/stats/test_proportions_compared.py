"""Two proportions, rates and strata at the edges: nothing, everything, an empty group, and cases done by hand."""

import math
from typing import Any

import pytest

from trialwright import stats
from trialwright.stats import TwoByTwoTables

DIFFERENCES = [stats.wald_difference, stats.newcombe, stats.miettinen_nurminen, stats.mee]
SCORE_RATIOS = [stats.koopman, stats.miettinen_nurminen_ratio]
WALD_RATIOS = [stats.katz, stats.woolf]
EXACT_ODDS = [stats.conditional_odds_ratio, stats.miettinen_nurminen_odds_ratio]
STRATIFIED = [
    stats.mantel_haenszel_odds_ratio,
    stats.mantel_haenszel_risk_ratio,
    lambda tables: stats.mantel_haenszel_difference(tables, variance="sato"),
    lambda tables: stats.stratified_miettinen_nurminen(tables, weights="sample size"),
    lambda tables: stats.stratified_newcombe(tables, weights="mantel-haenszel"),
]


@pytest.mark.parametrize("call", [*DIFFERENCES, *SCORE_RATIOS, *WALD_RATIOS, *EXACT_ODDS])
@pytest.mark.parametrize("counts", [(0, 0, 1, 2), (1, 2, 0, 0), (0, 0, 0, 0)])
def test_an_empty_group(call: Any, counts: Any) -> None:
    found = call(*counts)
    assert (found.value, found.lower, found.upper, found.problem) == (None, None, None, "no subject")


@pytest.mark.parametrize("call", DIFFERENCES)
def test_everything_against_nothing(call: Any) -> None:
    found = call(10, 10, 0, 10)
    assert (found.value, found.upper, found.problem) == (1, 1, None)
    assert call(0, 10, 10, 10).lower == -1


@pytest.mark.parametrize("call", [stats.newcombe, stats.miettinen_nurminen, stats.mee])
@pytest.mark.parametrize("counts", [(0, 10, 0, 20), (10, 10, 20, 20)])
def test_no_difference_at_all_keeps_its_uncertainty(call: Any, counts: Any) -> None:
    found = call(*counts)
    assert found.value == 0
    assert -1 < found.lower < -0.1 < 0.1 < found.upper < 1


@pytest.mark.parametrize("call", SCORE_RATIOS)
def test_ratios_without_events(call: Any) -> None:
    infinite, zero, none = call(5, 10, 0, 10), call(0, 10, 5, 10), call(0, 10, 0, 10)
    assert (infinite.value, infinite.upper, infinite.problem) == (math.inf, math.inf, None)
    assert 1 < infinite.lower < 10
    assert (zero.value, zero.lower) == (0, 0)
    assert zero.upper == pytest.approx(1 / infinite.lower)
    assert (none.value, none.lower, none.upper) == (None, 0, math.inf)
    assert none.problem == "no event in either group: the ratio is not determined"


@pytest.mark.parametrize("call", EXACT_ODDS)
def test_odds_ratios_without_events(call: Any) -> None:
    infinite, zero, none = call(5, 10, 0, 10), call(0, 10, 5, 10), call(10, 10, 10, 10)
    assert (infinite.value, infinite.upper) == (math.inf, math.inf)
    assert 1 < infinite.lower < 10
    assert (zero.value, zero.lower, zero.upper) == (0, 0, pytest.approx(1 / infinite.lower))
    assert (none.value, none.lower, none.upper) == (None, 0, math.inf)
    assert none.problem == "every outcome is the same: nothing to compare"


@pytest.mark.parametrize("call", WALD_RATIOS)
def test_wald_limits_of_logarithms_need_events(call: Any) -> None:
    found = call(5, 10, 0, 10)
    assert (found.value, found.lower, found.upper) == (math.inf, None, None)
    assert "need" in found.problem


def test_one_subject_in_each_group() -> None:
    assert stats.miettinen_nurminen(1, 1, 0, 1).value == 1
    assert stats.miettinen_nurminen(1, 1, 1, 1).value == 0


def test_conditional_odds_ratio_by_hand() -> None:
    """Tea tasting, 3 of 4 against 1 of 4: weights 1, 16, 36, 16, 1; psi solves 3 = expected total."""
    psi = stats.conditional_odds_ratio(3, 4, 1, 4).value
    weights = [1, 16, 36, 16, 1]
    assert psi is not None
    mean = sum(k * w * psi**k for k, w in enumerate(weights)) / sum(w * psi**k for k, w in enumerate(weights))
    assert mean == pytest.approx(3, abs=1e-12)


def test_farrington_manning_at_no_difference_is_the_pooled_z() -> None:
    found = stats.farrington_manning(56, 70, 48, 80, null=0.0)
    chi_square = stats.pearson_chi_square(56, 70, 48, 80)
    assert found.z == pytest.approx(math.sqrt(chi_square.statistic))
    assert found.p == pytest.approx(chi_square.p / 2)


def test_farrington_manning_by_the_likelihood() -> None:
    """At -0.1 the restricted proportions make the score of the binomial likelihood zero."""
    from trialwright.stats.differences import restricted_proportions

    p1, p2 = restricted_proportions(56, 70, 48, 80, -0.1)
    score = 56 / p1 - 14 / (1 - p1) + 48 / p2 - 32 / (1 - p2)
    assert score == pytest.approx(0, abs=1e-9)
    z = (0.2 + 0.1) / math.sqrt(p1 * (1 - p1) / 70 + p2 * (1 - p2) / 80)
    assert stats.farrington_manning(56, 70, 48, 80, null=-0.1).z == pytest.approx(z)


def test_farrington_manning_needs_variance() -> None:
    found = stats.farrington_manning(0, 5, 0, 5, null=0.0)
    assert (found.z, found.p) == (None, None)
    assert found.problem == "every outcome is the same: the difference has no variance"
    assert stats.farrington_manning(0, 0, 1, 5, null=0.0).problem == "no subject"
    with pytest.raises(ValueError, match=r"null must be a difference of shares in \(-1, 1\); got 10"):
        stats.farrington_manning(1, 5, 1, 5, null=10)


def test_mantel_haenszel_by_hand() -> None:
    """Two strata of 4: R = 3 x 1 / 4 + 2 x 3 / 4 and S = 1 x 1 / 4 + 1 x 2 / 4 ... as sums of cross products."""
    tables = TwoByTwoTables.of([2, 1], [3, 2], [0, 1], [1, 2])
    up, down = 2 * 1 / 4 + 1 * 1 / 4, 0 * 1 / 4 + 1 * 1 / 4
    assert stats.mantel_haenszel_odds_ratio(tables).value == pytest.approx(up / down)


@pytest.mark.parametrize("call", STRATIFIED)
def test_strata_with_an_empty_group_count_for_nothing(call: Any) -> None:
    whole = call(TwoByTwoTables.of([5, 8, 7], [10, 15, 9], [4, 6, 0], [11, 14, 0]))
    without = call(TwoByTwoTables.of([5, 8], [10, 15], [4, 6], [11, 14]))
    assert whole == without


@pytest.mark.parametrize("call", STRATIFIED)
def test_no_stratum_with_both_groups(call: Any) -> None:
    found = call(TwoByTwoTables.of([5, 0], [10, 0], [0, 6], [0, 14]))
    assert (found.value, found.lower, found.upper) == (None, None, None)
    assert found.problem


@pytest.mark.parametrize(
    "test",
    [stats.cochran_mantel_haenszel, stats.exact_stratified_test, stats.breslow_day],
)
def test_tests_without_information(test: Any) -> None:
    found = test(TwoByTwoTables.of([0, 10], [10, 10], [0, 5], [5, 5]))
    assert (found.statistic, found.p) == (None, None)
    assert "both groups and both outcomes" in found.problem


def test_homogeneity_needs_a_finite_common_odds_ratio() -> None:
    found = stats.breslow_day(TwoByTwoTables.of([3, 4], [5, 5], [0, 0], [5, 5]))
    assert found.problem == "the common odds ratio is 0 or infinite"
    assert stats.mantel_haenszel_odds_ratio(TwoByTwoTables.of([3], [5], [0], [5])).value == math.inf
    exact = stats.exact_stratified_odds_ratio(TwoByTwoTables.of([3, 4], [5, 5], [0, 0], [5, 5]))
    assert (exact.value, exact.upper) == (math.inf, math.inf)
    assert 1 < (exact.lower or 0) < math.inf


def test_stratified_newcombe_without_variation() -> None:
    found = stats.stratified_newcombe(TwoByTwoTables.of([0, 0], [8, 8], [0, 0], [8, 8]), weights="sample size")
    assert found.value == 0
    assert found.lower == pytest.approx(-(found.upper or 0))
    assert 0.05 < (found.upper or 0) < 0.4


def test_names_are_known() -> None:
    tables = TwoByTwoTables.of([1], [2], [1], [2])
    with pytest.raises(ValueError, match="weights must be one of mantel-haenszel, sample size; got 'equal'"):
        stats.stratified_miettinen_nurminen(tables, weights="equal")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="variance must be one of sato, greenland-robins; got 'newey'"):
        stats.mantel_haenszel_difference(tables, variance="newey")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="events must be a whole number"):
        TwoByTwoTables.of([3], [2], [1], [2])
    with pytest.raises(ValueError, match=r"counts must be of the same strata.*got \[2, 1, 1, 1\] strata"):
        TwoByTwoTables.of([1, 1], [2], [1], [2])


def test_rates_at_the_edges() -> None:
    none = stats.poisson_rate(0, 10)
    assert (none.value, none.lower, none.upper) == (0, 0, pytest.approx(-math.log(0.025) / 10))
    assert stats.poisson_rate(0, 0).problem == "no time of exposure"
    infinite = stats.rate_ratio(3, 10, 0, 12)
    assert (infinite.value, infinite.upper) == (math.inf, math.inf)
    assert infinite.lower == pytest.approx(1 / (stats.rate_ratio(0, 12, 3, 10).upper or 0))
    neither = stats.rate_ratio(0, 10, 0, 12)
    assert (neither.value, neither.lower, neither.upper) == (None, 0, math.inf)
    assert neither.problem == "no event in either group: the ratio is not determined"
    assert stats.exact_rate_test(0, 10, 0, 12).problem == "no event in either group: nothing to compare"
    assert stats.rate_difference(0, 10, 0, 0).problem == "no time of exposure"
    assert stats.exact_rate_test(0, 10, 0, 0).problem == "no time of exposure"


@pytest.mark.parametrize(("events", "exposure"), [(1, 0), (1, -1), (1, math.inf), (0, math.nan)])
def test_exposures_that_cannot_be(events: int, exposure: float) -> None:
    with pytest.raises(ValueError, match="exposure must be a finite time"):
        stats.poisson_rate(events, exposure)


@pytest.mark.parametrize("events", [-1, 1.5, math.nan])
def test_events_that_cannot_be(events: Any) -> None:
    with pytest.raises(ValueError, match="events must be a whole number, zero or more"):
        stats.rate_ratio(events, 1, 1, 1)


def test_a_large_trial_stays_exact() -> None:
    """Clopper-Pearson of 0 of n is 1 - (alpha / 2)^(1 / n) also for a million."""
    found = stats.clopper_pearson(0, 10**6)
    assert found.upper == pytest.approx(-math.expm1(math.log(0.025) / 10**6), rel=1e-12)
    assert stats.jeffreys(0, 10).lower == 0 and stats.jeffreys(10, 10).upper == 1
    assert stats.mid_p(0, 10).upper == pytest.approx(1 - 0.05**0.1, rel=1e-12)
