"""Restricted means by hand, averaged over strata, with covariates, and where follow-up is too short."""

import math
from typing import Any

import numpy as np
import pytest

from trialwright.stats import (
    EventTimes,
    Tau,
    adjusted_restricted_means,
    compare_restricted_means,
    propose_tau,
    restricted_means,
)

FOUR = EventTimes.of([2, 4, 6, 9], [1, 1, 0, 1])
"""S is 3/4 from day 2, 1/2 from 4, 0 from 9."""
TWO = EventTimes.of([2, 4, 6, 9, 3, 5, 8, 9], [1, 1, 0, 1, 1, 0, 1, 1], list("AAAABBBB"))


def test_an_area_by_hand() -> None:
    found = restricted_means(FOUR, tau=8)["all"]
    assert found.mean.value == pytest.approx(2 + 0.75 * 2 + 0.5 * 4)
    after = [0.75 * 2 + 0.5 * 4, 0.5 * 4]
    variance = after[0] ** 2 / (4 * 3) + after[1] ** 2 / (3 * 2)
    assert found.mean.se == pytest.approx(math.sqrt(variance))
    assert found.lost.value == pytest.approx(2.5)
    assert (found.subjects, found.tau) == (4, Tau(8.0, "given"))


def test_after_the_last_event_no_area_is_left() -> None:
    assert restricted_means(FOUR, tau=20)["all"].mean.value == pytest.approx(2 + 1.5 + 2.5)
    assert restricted_means(FOUR, tau=20)["all"].mean.se == restricted_means(FOUR, tau=9)["all"].mean.se


def test_before_the_first_event_nothing_varies() -> None:
    found = restricted_means(FOUR, tau=1.5)["all"]
    assert (found.mean.value, found.mean.se, found.lost.value) == (1.5, 0, 0)
    compared = compare_restricted_means(TWO, tau=1)
    assert compared.difference.value == 0
    assert compared.difference.problem == "no standard error: the data show no variation"
    assert compared.lost_ratio.problem == "no event by tau: no time is lost in an arm"


def test_follow_up_that_ends_before_tau() -> None:
    times = EventTimes.of([2, 4, 6], [1, 1, 0])
    found = restricted_means(times, tau=7)["all"]
    assert (found.mean.value, found.mean.lower, found.lost.se) == (None, None, None)
    assert found.mean.problem == "tau 7 is after the last follow-up, 6"
    assert restricted_means(times, tau=7, beyond="carry")["all"].mean.value == pytest.approx(2 + 4 / 3 + 1)
    compared = compare_restricted_means(EventTimes.of([2, 9, 4, 6], [1, 1, 1, 0], list("AABB")), tau=7)
    for contrast in (compared.difference, compared.ratio, compared.lost_ratio):
        assert (contrast.value, contrast.p) == (None, None)
        assert contrast.problem == "arm B: tau 7 is after the last follow-up, 6"


def test_contrasts_by_hand() -> None:
    found, means = compare_restricted_means(TWO, tau=8), restricted_means(TWO, tau=8)
    a, b = means["A"].mean, means["B"].mean
    assert found.difference.value == pytest.approx(b.value - a.value)
    assert found.difference.se == pytest.approx(math.hypot(a.se or 0, b.se or 0))
    assert found.ratio.value == pytest.approx((b.value or 0) / (a.value or 1))
    assert found.ratio.se == pytest.approx(math.hypot((a.se or 0) / (a.value or 1), (b.se or 0) / (b.value or 1)))
    assert found.lost_ratio.value == pytest.approx((8 - (b.value or 0)) / (8 - (a.value or 0)))
    assert found.weights == (("all", 1.0),)
    assert found.ratio.lower == pytest.approx((found.ratio.value or 0) * math.exp(-1.959964 * (found.ratio.se or 0)))


def test_strata_are_averaged_with_mantel_haenszel_weights() -> None:
    day, event, arm = [2, 4, 6, 9, 3, 5, 8, 9, 1, 7, 5], [1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 0], list("AAAABBBBABA")
    stratum = list("xxxxxxxxyyz")
    times = EventTimes.of(day, event, arm, stratum)
    found = compare_restricted_means(times, tau=7)
    x = compare_restricted_means(times.only(np.array(stratum) == "x").unstratified(), tau=7)
    y = compare_restricted_means(times.only(np.array(stratum) == "y").unstratified(), tau=7)
    share = (4 * 4 / 8) / (4 * 4 / 8 + 1 / 2)
    assert found.weights == (("x", pytest.approx(share)), ("y", pytest.approx(1 - share)))
    expected = share * (x.difference.value or 0) + (1 - share) * (y.difference.value or 0)
    assert found.difference.value == pytest.approx(expected)
    assert found.difference.se == pytest.approx(share * (x.difference.se or 0))  # one patient an arm: no variance
    assert found.means[1].value == pytest.approx(share * (x.means[1].value or 0) + (1 - share) * 7)


def test_a_stratum_too_short_is_named() -> None:
    times = EventTimes.of([2, 9, 3, 9, 2, 4, 9, 9], [1, 0, 1, 0, 1, 0, 1, 0], list("AABBAABB"), list("xxxxyyyy"))
    assert compare_restricted_means(times, tau=5).difference.problem == (
        "arm A: tau 5 is after the last follow-up, 4 in stratum y"
    )


def test_a_proposed_tau_is_labelled() -> None:
    tau = propose_tau(TWO)
    assert tau == Tau(9.0, "the smaller of the arms' last times")
    assert compare_restricted_means(TWO, tau=tau).tau is tau


def test_continuous_times_have_their_own_unit() -> None:
    scaled = EventTimes.from_continuous([0.5, 1.0, 1.5, 2.25], [1, 1, 0, 1])
    found, whole = restricted_means(scaled, tau=2.0)["all"].mean, restricted_means(FOUR, tau=8)["all"].mean
    assert found.value == pytest.approx((whole.value or 0) / 4)
    assert found.se == pytest.approx((whole.se or 0) / 4)
    assert propose_tau(scaled).time == 2.25


@pytest.mark.parametrize("tau", [0, -3, math.inf, math.nan])
def test_a_tau_that_does_not_exist(tau: float) -> None:
    with pytest.raises(ValueError, match=r"tau must be positive and finite; got .* propose_tau gives a proposal"):
        restricted_means(FOUR, tau=tau)


def test_comparisons_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="in two arms; got all"):
        compare_restricted_means(FOUR, tau=3)
    with pytest.raises(ValueError, match="no stratum holds subjects of both arms"):
        compare_restricted_means(EventTimes.of([1, 2], [1, 1], list("AB"), list("xy")), tau=1)
    with pytest.raises(ValueError, match="beyond must be carry or not estimable; got 'extend'"):
        restricted_means(FOUR, tau=3, beyond="extend")  # type: ignore[arg-type]


def trial(n: int = 200) -> tuple[EventTimes, dict[str, Any]]:
    rng = np.random.default_rng(11)
    arm, age = rng.integers(0, 2, n), rng.normal(60, 10, n)
    day = np.ceil(rng.exponential(300 * np.exp(0.3 * arm - 0.02 * (age - 60)))).astype(int)
    end = rng.integers(200, 700, n)
    times = EventTimes.coded(np.minimum(day, end), day <= end, arm, arms=["A", "B"])
    return times, {"age": age}


def test_without_censoring_it_is_the_regression_of_the_time() -> None:
    """All known at tau: weights are 1 and the difference is that of least squares, its variance the sandwich."""
    times, covariates = trial()
    full = EventTimes.coded(times.day, [True] * len(times), times.arm, arms=times.arms)
    found = adjusted_restricted_means(full, covariates, tau=365).difference
    y = np.minimum(times.day, 365)
    x = np.column_stack([np.ones(len(y)), times.arm, covariates["age"]])
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    bread, residual = np.linalg.inv(x.T @ x), y - x @ beta
    assert found.value == pytest.approx(beta[1], rel=1e-10)
    assert found.se == pytest.approx(np.sqrt((bread @ (x.T * residual**2) @ x @ bread)[1, 1]), rel=1e-10)


def test_without_covariates_it_is_the_difference_of_the_weighted_means() -> None:
    """The product of the two Kaplan-Meier estimates is the share at risk, so 1 / G gives the area, but for ties."""
    times, _ = trial()
    plain = compare_restricted_means(times, tau=190)  # nobody is censored before day 200
    found = adjusted_restricted_means(times, {}, tau=190)
    for name in ("difference", "ratio", "lost_ratio"):
        ours, theirs = getattr(found, name), getattr(plain, name)
        assert ours.value == pytest.approx(theirs.value, rel=1e-10)
        assert ours.se == pytest.approx(theirs.se, rel=1e-10)


def test_covariates_far_from_zero_change_nothing() -> None:
    times, covariates = trial()
    shifted = {"age": covariates["age"] * 1e3 + 1e8}
    a, b = (adjusted_restricted_means(times, c, tau=365) for c in (covariates, shifted))
    assert b.difference.value == pytest.approx(a.difference.value, rel=1e-6)
    assert b.ratio.se == pytest.approx(a.ratio.se, rel=1e-6)


def test_covariates_buy_precision() -> None:
    times, covariates = trial()
    adjusted = adjusted_restricted_means(times, covariates, tau=365).difference
    assert 0 < (adjusted.se or 0) < (compare_restricted_means(times, tau=365).difference.se or 0)


@pytest.mark.parametrize(
    ("covariates", "tau", "message"),
    [
        ({"age": [1.0] * 8}, 8, "covariate age must vary; it is the same for all subjects"),
        ({"x": [1, 2, 3, 4] * 2, "y": [2, 4, 6, 8] * 2}, 8, "covariates x, y and the arm must not be combinations"),
        ({"x": [0] * 4 + [1] * 4}, 8, "covariates x and the arm must not be combinations"),
        ({"x": [1, 2, 3, math.nan] * 2}, 8, "covariate x must be known and finite; got nan at position 3"),
        ({}, 10, "tau must not be after the last follow-up of arm A, 9; got 10"),
    ],
)
def test_regressions_that_do_not_exist(covariates: Any, tau: float, message: str) -> None:
    times = EventTimes.of([2, 4, 6, 9, 3, 5, 8, 9], [1, 1, 1, 0, 1, 0, 1, 1], list("AAAABBBB"))
    with pytest.raises(ValueError, match=message):
        adjusted_restricted_means(times, covariates, tau=tau)


def test_a_regression_of_other_than_two_arms() -> None:
    with pytest.raises(ValueError, match="two arms, both with subjects"):
        adjusted_restricted_means(FOUR, {}, tau=3)
    late = EventTimes.of([5, 6], [1, 1], list("AB"), entry=[1, 1])
    with pytest.raises(ValueError, match="no delayed entry and no weights"):
        adjusted_restricted_means(late, {}, tau=3)


def test_no_time_is_lost() -> None:
    found = adjusted_restricted_means(TWO, {}, tau=1)
    assert found.lost_ratio.problem == "no event by tau: no time is lost in an arm"
    assert found.difference.value == pytest.approx(0)
