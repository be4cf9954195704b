"""What must hold for any studies: order, place and scale, bounds, and one more study."""

import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trialwright.evidence import (
    PoolingMethod,
    PoolingTest,
    Study,
    meta_regression,
    pool,
    pool_mantel_haenszel,
    pool_peto,
    pool_subgroups,
    rank_test,
    trim_and_fill,
)
from trialwright.evidence.heterogeneity import between_study_variance
from trialwright.evidence.mixed_model import MixedModel
from trialwright.stats import TwoByTwoTables

METHODS = get_args(PoolingMethod)
CLOSE = {"rel": 1e-6, "abs": 1e-9}


@st.composite
def studies(draw: st.DrawFn, least: int = 2, most: int = 9) -> list[Study]:
    count = draw(st.integers(least, most))
    estimates = draw(st.lists(st.integers(-300, 300), min_size=count, max_size=count))
    errors = draw(st.lists(st.integers(2, 100), min_size=count, max_size=count))
    pairs = zip(estimates, errors, strict=True)
    return [Study(str(i), y / 100, se / 100) for i, (y, se) in enumerate(pairs)]


methods = st.sampled_from(METHODS)
laws = settings(deadline=None, max_examples=80)


def answer(given: list[Study], method: PoolingMethod) -> list[float]:
    found = pool(given, method=method, test="z")
    mean, spread = found.inference, found.heterogeneity
    return [mean.estimate, mean.se, spread.tau2, spread.q]


@laws
@given(studies(), methods, st.randoms())
def test_order_does_not_matter(given: list[Study], method: PoolingMethod, random: object) -> None:
    shuffled = list(given)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert answer(shuffled, method) == pytest.approx(answer(given, method), **CLOSE)


@laws
@given(studies(), methods, st.integers(-500, 500))
def test_a_constant_moves_the_mean_and_nothing_else(given: list[Study], method: PoolingMethod, shift: int) -> None:
    moved = [replace(study, estimate=study.estimate + shift / 100) for study in given]
    estimate, *rest = answer(given, method)
    assert answer(moved, method) == pytest.approx([estimate + shift / 100, *rest], rel=1e-6, abs=1e-7)


@laws
@given(studies(), methods, st.sampled_from([-1.0, 0.01, 0.5, 3.0, 100.0]))
def test_a_factor_scales_everything(given: list[Study], method: PoolingMethod, factor: float) -> None:
    scaled = [replace(s, estimate=s.estimate * factor, se=s.se * abs(factor)) for s in given]
    mean, se, tau2, q = answer(given, method)
    found = answer(scaled, method)
    assert found == pytest.approx([mean * factor, se * abs(factor), tau2 * factor**2, q], rel=1e-5, abs=1e-9)


@laws
@given(studies(), methods)
def test_bounds(given: list[Study], method: PoolingMethod) -> None:
    found = pool(given, method=method)
    spread = found.heterogeneity
    assert spread.tau2 >= 0 and 0 <= spread.i2 <= 1 and 0 <= spread.p <= 1
    assert sum(found.weights) == pytest.approx(1) and min(found.weights) > 0
    estimates = [study.estimate for study in given]
    assert min(estimates) - 1e-12 <= found.inference.estimate <= max(estimates) + 1e-12
    for each in found.inferences:
        assert each.lower <= each.estimate <= each.upper and 0 <= each.p <= 1


@laws
@given(studies(), st.sampled_from(METHODS[1:]))
def test_ad_hoc_is_never_narrower_than_z_nor_than_hartung_and_knapp(given: list[Study], method: PoolingMethod) -> None:
    found = pool(given, method=method)
    width = {each.test: each.upper - each.lower for each in found.inferences}
    assert width["HK ad hoc"] >= max(width["HK"], width["z"]) * (1 - 1e-12)


@laws
@given(studies(), st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_limits_of_tau2_hold_paule_and_mandels_where_it_is_above_0(given: list[Study], level: float) -> None:
    found = pool(given, method="PM", level=level).heterogeneity
    if found.lower is None or found.upper is None:
        assert found.tau2 == 0
    elif found.df >= 2 or level > 0.8:  # with one degree of freedom the mean of chi-square is far above its median
        assert found.lower - 1e-9 <= found.tau2 <= found.upper + 1e-9


@laws
@given(studies(), st.sampled_from(["ML", "REML"]))
def test_no_tau2_is_likelier(given: list[Study], method: PoolingMethod) -> None:
    """The likelihood, written down anew, on 400 values of tau2."""
    y, v = (np.array([getattr(s, name) for s in given]) for name in ("estimate", "variance"))

    def likelihood(tau2: float) -> float:
        w = 1 / (v + tau2)
        mean = float((w * y).sum() / w.sum())
        restricted = math.log(w.sum()) if method == "REML" else 0.0
        return float(np.log(w).sum() - (w * (y - mean) ** 2).sum()) - restricted

    found = likelihood(between_study_variance(MixedModel.of(given), method))
    best = max(map(likelihood, [0.0, *np.geomspace(1e-6, 100, 400).tolist()]))
    assert found >= best - 1e-9 * max(1, abs(best))


@laws
@given(studies())
def test_one_more_study_narrows_a_common_effect(given: list[Study]) -> None:
    """Its variance falls by exactly the information the study brings."""
    before, last = pool(given, method="common").inference, given[0]
    after = pool([*given, replace(last, label="again")], method="common").inference
    assert 1 / after.se**2 == pytest.approx(1 / before.se**2 + 1 / last.variance)


@laws
@given(studies(), methods)
def test_studies_that_all_say_the_same_are_answered_so(given: list[Study], method: PoolingMethod) -> None:
    same = [replace(study, estimate=0.3) for study in given]
    found = pool(same, method=method)
    assert found.inference.estimate == pytest.approx(0.3)
    assert found.heterogeneity.tau2 == pytest.approx(0, abs=1e-12)


@laws
@given(studies(least=4), methods, st.integers(1, 4), st.integers(-50, 50))
def test_moving_and_stretching_a_moderator_changes_its_coefficient_alone(
    given: list[Study], method: PoolingMethod, factor: int, shift: int
) -> None:
    dose = [float(i % 3) + i / 10 for i in range(len(given))]
    one = meta_regression(given, {"dose": dose}, method=method, test="z")
    other = meta_regression(given, {"dose": [factor * d + shift for d in dose]}, method=method, test="z")
    assert other["dose"].estimate * factor == pytest.approx(one["dose"].estimate, rel=1e-5, abs=1e-8)
    assert other.moderators.statistic == pytest.approx(one.moderators.statistic, rel=1e-5, abs=1e-8)
    assert other.heterogeneity.tau2 == pytest.approx(one.heterogeneity.tau2, rel=1e-5, abs=1e-8)


@laws
@given(studies(least=4))
def test_total_heterogeneity_is_that_within_and_between_groups(given: list[Study]) -> None:
    grouped = [replace(study, group="ab"[i % 2]) for i, study in enumerate(given)]
    found = pool_subgroups(grouped, method="common", shared_tau2=True)
    within = sum(pool(group, method="common").heterogeneity.q for group in found.groups.values())
    assert found.overall.heterogeneity.q == pytest.approx(within + (found.between.statistic or 0), rel=1e-7, abs=1e-9)
    assert found.difference("a", "b").estimate == pytest.approx(-found.difference("b", "a").estimate)


@laws
@given(studies(least=3))
def test_small_study_tests_mirror(given: list[Study]) -> None:
    assume(len({study.se for study in given}) > 1)
    mirrored = [replace(study, estimate=-study.estimate) for study in given]
    assume(len({round(study.estimate / study.se, 9) for study in given}) == len(given))
    one, other = rank_test(given), rank_test(mirrored)
    assert (one.tau, one.p) == pytest.approx((-other.tau, other.p))
    left, right = (trim_and_fill(s, side=d, method="DL") for s, d in ((given, "left"), (mirrored, "right")))  # type: ignore[arg-type]
    assert left.missing == right.missing
    assert left.synthesis.inference.estimate == pytest.approx(-right.synthesis.inference.estimate, abs=1e-9)


@st.composite
def tables(draw: st.DrawFn) -> TwoByTwoTables:
    rows = []
    for _ in range(draw(st.integers(1, 5))):
        n1, n2 = draw(st.integers(1, 60)), draw(st.integers(1, 60))
        rows.append((draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2))
    return TwoByTwoTables.of(*zip(*rows, strict=True))


@laws
@given(tables())
def test_exchanging_groups_turns_tables_around(given: TwoByTwoTables) -> None:
    swapped = TwoByTwoTables.of(given.x2, given.n2, given.x1, given.n1)
    calls = [pool_peto, *(lambda t, m=m: pool_mantel_haenszel(t, m) for m in ("odds ratio", "risk ratio"))]
    for call in calls:
        try:
            one = call(given)
        except ValueError:
            with pytest.raises(ValueError, match="allow no common"):
                call(swapped)
            continue
        other = call(swapped)
        assert one.estimate.value == pytest.approx(1 / other.estimate.value)
        assert (one.p, one.heterogeneity.statistic) == pytest.approx((other.p, other.heterogeneity.statistic), abs=1e-9)


@laws
@given(studies(), methods, st.sampled_from(get_args(PoolingTest)))
def test_p_is_small_exactly_where_the_interval_leaves_out_0(
    given: list[Study], method: PoolingMethod, test: PoolingTest
) -> None:
    assume(method != "common" or test in {"z", "t"})
    found = pool(given, method=method, test=test).inference
    assume(abs(found.p - 0.05) > 1e-9 and found.se > 1e-12)
    assert (found.p < 0.05) == (found.lower > 0 or found.upper < 0)
