"""Synthesis where it can be done by hand: equal variances make every formula one of means and standard deviations."""

import math

import pytest

from trialwright.evidence import (
    PoolingMethod,
    Study,
    cumulative,
    egger,
    influence,
    leave_one_out,
    meta_regression,
    pool,
    pool_mantel_haenszel,
    pool_peto,
    pool_subgroups,
    rank_test,
    studies_of_tables,
    trim_and_fill,
)
from trialwright.stats import TwoByTwoTables

V = 0.04
Y = (0.0, 0.5, 1.0, 1.3)
MEAN, SQUARES, K = 0.7, 0.98, 4
SAMPLE, POPULATION = SQUARES / (K - 1), SQUARES / K


def made(estimates=Y, variance=V, groups=None):
    names = groups or [""] * len(estimates)
    rows = enumerate(zip(estimates, names, strict=True))
    return [Study("abcdefghij"[i], y, math.sqrt(variance), group) for i, (y, group) in rows]


@pytest.mark.parametrize(
    "method, tau2",
    [
        ("common", 0.0),
        ("DL", SAMPLE - V),
        ("PM", SAMPLE - V),
        ("EB", SAMPLE - V),
        ("HE", SAMPLE - V),
        ("REML", SAMPLE - V),
        ("ML", POPULATION - V),
        ("HS", POPULATION - V),
        ("SJ", SAMPLE * POPULATION / (POPULATION + V)),
    ],
)
def test_tau2_of_equal_variances(method: PoolingMethod, tau2: float) -> None:
    found = pool(made(), method=method)
    assert found.heterogeneity.tau2 == pytest.approx(tau2, abs=1e-12)
    assert found.under("z").estimate == pytest.approx(MEAN)
    assert found.under("z").se == pytest.approx(math.sqrt((V + tau2) / K))


@pytest.mark.parametrize("method", ["DL", "REML", "SJ"])
def test_hartung_and_knapp_of_equal_variances_is_the_t_test_of_the_estimates(method: PoolingMethod) -> None:
    found = pool(made(), method=method).under("HK")
    t = 3.182446305284263  # 97.5 percent point of Student's t with 3 degrees of freedom
    assert found.df == K - 1
    assert found.se == pytest.approx(math.sqrt(SAMPLE / K))
    assert found.upper - found.lower == pytest.approx(2 * t * math.sqrt(SAMPLE / K))


def test_measures_of_heterogeneity_by_hand() -> None:
    found = pool(made(), method="DL").heterogeneity
    q = SQUARES / V
    assert (found.q, found.df) == (pytest.approx(q), K - 1)
    assert found.i2 == pytest.approx((q - 3) / q)
    assert found.h2 == pytest.approx(q / 3)
    # chi-square with 3 degrees of freedom: 0.2157952826 below the lower, 9.3484036045 below the upper limit
    assert found.lower == pytest.approx(SQUARES / 9.3484036045 - V)
    assert found.upper == pytest.approx(SQUARES / 0.2157952826 - V, rel=1e-8)


def test_prediction_intervals_name_their_kind() -> None:
    found = pool(made(), method="DL", test="z")
    spread = math.sqrt(found.heterogeneity.tau2 + found.inference.se**2)
    for kind, quantile in (("z", 1.959963985), ("t, k-1", 3.182446305), ("t, k-2", 4.302652730)):
        predicted = found.predict(kind)
        assert predicted.kind == kind
        assert (predicted.lower, predicted.upper) == (
            pytest.approx(MEAN - quantile * spread),
            pytest.approx(MEAN + quantile * spread),
        )


def test_two_studies_predict_nothing_by_t_with_no_degrees_of_freedom() -> None:
    found = pool(made(Y[:2]))
    assert "needs three studies" in (found.predict("t, k-2").problem or "")
    assert found.predict("t, k-1").lower is not None


def test_a_common_effect_predicts_nothing() -> None:
    assert "common effect" in (pool(made(), method="common").predict("z").problem or "")


def test_studies_that_agree_too_closely_have_no_interval_of_tau2() -> None:
    found = pool(made((0.1, 0.1001, 0.0999, 0.1)))
    assert (found.heterogeneity.lower, found.heterogeneity.tau2) == (None, 0.0)
    assert "agree more closely" in (found.heterogeneity.problem or "")
    assert found.under("HK").upper - found.under("HK").lower < 0.001
    assert found.under("HK ad hoc").se == found.under("z").se
    assert any("narrower than those of z" in note for note in found.notes)


def test_few_studies_are_answered_by_hartung_and_knapp_and_many_by_z() -> None:
    assert pool(made()).test == "HK"
    assert pool(made([i / 10 for i in range(10)])).test == "z"
    assert pool(made(), method="common").test == "z"


def test_groups_are_compared_by_the_squared_difference_over_its_variance() -> None:
    studies = made(groups=["low", "low", "high", "high"])
    found = pool_subgroups(studies, method="common", shared_tau2=True)
    assert found.between.statistic == pytest.approx((1.15 - 0.25) ** 2 / V)
    assert found.difference("high", "low").estimate == pytest.approx(0.9)
    assert found.difference("high", "low").se == pytest.approx(math.sqrt(V))
    within = [pool(group, method="common").heterogeneity.q for group in found.groups.values()]
    assert found.overall.heterogeneity.q == pytest.approx(sum(within) + found.between.statistic)


def test_a_regression_on_the_group_is_the_comparison_of_groups_with_shared_tau2() -> None:
    studies = made(groups=["low", "low", "high", "high"])
    one = pool_subgroups(studies, method="DL", shared_tau2=True)
    other = meta_regression(studies, {"group": [s.group for s in studies]}, method="DL", test="z")
    assert one.between.statistic == pytest.approx(other.moderators.statistic)
    assert one.within["low"].tau2 == pytest.approx(other.heterogeneity.tau2)
    assert other["group=low"].estimate == pytest.approx(-0.9)


def test_separate_tau2_pools_each_group_alone() -> None:
    studies = made((0, 0.6, 1, 3), groups=["low", "low", "high", "high"])
    found = pool_subgroups(studies, method="DL", shared_tau2=False)
    assert found.within["high"].tau2 == pytest.approx(2 - V)
    assert found.means["high"].se == pytest.approx(1.0)
    assert found.between.statistic == pytest.approx(1.7**2 / (1 + 0.09))


def test_a_line_through_equal_variances_is_least_squares() -> None:
    found = meta_regression(made((0.0, 1.0, 1.0, 2.0)), {"dose": [0, 1, 2, 3]}, method="DL", test="HK")
    assert found["dose"].estimate == pytest.approx(0.6)
    assert found["dose"].se == pytest.approx(math.sqrt(0.2 / 2 / 5))  # residual squares 0.2 on 2 degrees, Sxx = 5
    assert found.moderators.statistic == pytest.approx(found["dose"].statistic ** 2)
    assert found.moderators.df_residual == 2


def test_what_moderators_explain() -> None:
    found = meta_regression(made((0.0, 0.1, 1.0, 1.1)), {"late": [0, 0, 1, 1]}, method="DL", test="z")
    assert found.heterogeneity.tau2 == 0 and found.explained == 1
    nothing = meta_regression(made((0.1, 0.2, 0.1, 0.2)), {"late": [0, 0, 1, 1]}, method="DL", test="z")
    assert nothing.explained is None


def test_leaving_out_and_adding_one_at_a_time() -> None:
    assert [each.label for each in leave_one_out(made())] == list("abcd")
    means = [each.synthesis.under("z").estimate for each in leave_one_out(made(), method="common")]
    assert means == pytest.approx([2.8 / 3, 2.3 / 3, 1.8 / 3, 1.5 / 3])
    running = cumulative(made(), method="common")
    assert [each.inference.estimate for each in running] == pytest.approx([0, 0.25, 0.5, 0.7])
    assert [each.tau2 for each in running] == [None, 0, 0, 0]


def test_influence_of_equal_weights_by_hand() -> None:
    found = influence(made(), method="common")
    first = found[0]
    assert first.weight == pytest.approx(1 / 4)
    assert first.residual == pytest.approx(-(2.8 / 3) / math.sqrt(V + V / 3))
    assert first.cook == pytest.approx((0.7 - 2.8 / 3) ** 2 / (V / 4))
    assert first.covariance_ratio == pytest.approx(4 / 3)
    assert first.dffits == pytest.approx((0.7 - 2.8 / 3) / math.sqrt(V / 4))
    assert first.is_influential


def test_common_odds_ratio_of_one_trial_is_its_own() -> None:
    table = TwoByTwoTables.of([12], [40], [6], [38])
    found, (own,) = pool_mantel_haenszel(table, "odds ratio"), studies_of_tables(table, ["a"], "odds ratio")
    assert found.estimate.value == pytest.approx(12 * 32 / (28 * 6))
    assert found.estimate.se == pytest.approx(own.se)
    assert found.heterogeneity.problem == "one trial alone"


def test_peto_by_hand() -> None:
    """10 events of 20 v 20: expected 5, variance 20*20*10*30 / (40^2 * 39)."""
    found = pool_peto(TwoByTwoTables.of([7], [20], [3], [20]))
    assert found.estimate.value == pytest.approx(math.exp(2 / (120000 / 62400)))


def test_trials_without_an_event_count_for_nothing() -> None:
    with_empty = TwoByTwoTables.of([7, 0], [20, 30], [3, 0], [20, 30])
    alone = TwoByTwoTables.of([7], [20], [3], [20])
    assert pool_peto(with_empty).estimate == pool_peto(alone).estimate
    assert pool_mantel_haenszel(with_empty, "odds ratio").estimate == pool_mantel_haenszel(alone, "odds ratio").estimate
    assert len(studies_of_tables(with_empty, ["a", "b"], "risk difference")) == 1


def test_a_line_of_effects_on_errors_is_found_by_egger_and_filled() -> None:
    errors = (0.1, 0.2, 0.3, 0.4, 0.5)
    studies = [Study(str(se), 1 - 2 * se + 1e-3 * (-1) ** i, se) for i, se in enumerate(errors)]
    found = egger(studies)
    assert found.slope.estimate == pytest.approx(-2, abs=0.02) and found.slope.p < 1e-4
    assert found.limit.estimate == pytest.approx(1, abs=0.005)
    assert rank_test(studies).tau == -1
    assert rank_test(studies).p == pytest.approx(2 / 120)
    filled = trim_and_fill(studies)
    assert filled.side == "right" and filled.missing == len(filled.filled) > 0
    assert filled.synthesis.inference.estimate > pool(studies).inference.estimate


def test_a_symmetric_funnel_lacks_nothing() -> None:
    pairs = [(-0.3, 0.3), (0.3, 0.3), (-0.1, 0.2), (0.1, 0.2), (0.0, 0.1)]
    found = trim_and_fill([Study(str(i), *pair) for i, pair in enumerate(pairs)], side="left")
    assert (found.missing, found.filled) == (0, ())


def test_a_line_that_fits_exactly_leaves_no_scatter_to_scale_by() -> None:
    studies = [Study(str(i), float(i), 0.5) for i in range(4)]
    found = meta_regression(studies, {"dose": [0.0, 1.0, 2.0, 3.0]}, test="HK")
    assert found["dose"].estimate == pytest.approx(1) and found["dose"].se < 1e-12
    assert found.moderators.p == pytest.approx(0, abs=1e-12)


def test_studies_that_all_say_the_same_lack_nothing() -> None:
    studies = [Study(str(se), 0.3, se) for se in (0.1, 0.2, 0.3, 0.4)]
    for rule in ("L0", "R0", "Q0"):
        assert trim_and_fill(studies, rule=rule, side="left").missing == 0  # type: ignore[arg-type]


def test_a_large_mean_does_not_drown_small_differences() -> None:
    near = pool([Study("a", 0.1e-6, 1e-7), Study("b", 0.5e-6, 1e-7), Study("c", 0.9e-6, 1e-7)]).heterogeneity
    far = pool([Study("a", 1 + 0.1e-6, 1e-7), Study("b", 1 + 0.5e-6, 1e-7), Study("c", 1 + 0.9e-6, 1e-7)]).heterogeneity
    assert far.tau2 == pytest.approx(near.tau2, rel=1e-6)
    assert (far.q, far.upper) == (pytest.approx(near.q, rel=1e-6), pytest.approx(near.upper, rel=1e-6))


@pytest.mark.parametrize(
    "estimates, errors, is_inside",
    [((0.0, 0.1, -2.4), (1.0, 1.0, 0.05), True), ((1.0, 0.9, -1.6), (0.05, 1.5, 1.0), False)],
)
def test_of_two_maxima_of_the_likelihood_the_higher_is_taken(
    estimates: tuple[float, ...], errors: tuple[float, ...], is_inside: bool
) -> None:
    """Both likelihoods have a maximum at 0 and one inside; the likelihood is written down anew."""

    def likelihood(tau2: float) -> float:
        weights = [1 / (se**2 + tau2) for se in errors]
        pairs = list(zip(weights, estimates, strict=True))
        mean = sum(w * y for w, y in pairs) / sum(weights)
        return sum(math.log(w) - w * (y - mean) ** 2 for w, y in pairs)

    values = [likelihood(i / 1000) for i in range(5000)]
    maxima = [i for i in range(1, 4999) if values[i - 1] < values[i] > values[i + 1]]
    assert values[0] > values[1] and len(maxima) == 1
    assert (values[maxima[0]] > values[0]) == is_inside
    rows = enumerate(zip(estimates, errors, strict=True))
    found = pool([Study(str(i), y, se) for i, (y, se) in rows], method="ML").heterogeneity.tau2
    assert found == pytest.approx(maxima[0] / 1000 if is_inside else 0.0, abs=1e-3)
