"""Covariate adjustment: what it leaves alone, what it gains, and what it cannot do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialwright.stats import (
    EventTimes,
    IntervalTimes,
    accelerated_failure,
    covariate_adjusted,
    pseudo_rmst,
    pseudo_survival,
)

RNG = np.random.default_rng(31)
N = 120
AGE = RNG.normal(60, 9, N)
ARM = (np.arange(N) % 2).tolist()
DAY = np.ceil(RNG.exponential(100, N) * np.exp(-0.05 * (AGE - 60))).astype(int)
EVENT = RNG.random(N) < 0.8
STRATUM = RNG.choice(["x", "y", "z"], N).tolist()
TIMES = EventTimes.of(DAY, EVENT, ARM, STRATUM)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_units_of_covariates_do_not_matter(shift: float, factor: float) -> None:
    one, other = (covariate_adjusted(TIMES, {"age": x}) for x in (AGE, AGE * factor + shift))
    assert other.z == pytest.approx(one.z, rel=1e-5)
    assert other.effect.coef == pytest.approx(one.effect.coef, rel=1e-5)


def test_swapping_arms_changes_signs() -> None:
    swapped = EventTimes.of(DAY, EVENT, ARM, STRATUM, arms=[1, 0])
    one, other = covariate_adjusted(TIMES, {"age": AGE}), covariate_adjusted(swapped, {"age": AGE})
    assert (other.z, other.effect.coef) == pytest.approx((-(one.z or 0), -(one.effect.coef or 0)), rel=1e-9)
    assert other.effect.se == pytest.approx(one.effect.se, rel=1e-9)


def test_a_prognostic_covariate_gains_precision_and_noise_hardly_any() -> None:
    gained = covariate_adjusted(TIMES, {"age": AGE}).variance_ratio
    noise = covariate_adjusted(TIMES, {"noise": RNG.normal(size=N)}).variance_ratio
    assert gained is not None and noise is not None
    assert gained < 0.95 < noise <= 1


def test_a_covariate_that_is_the_same_in_each_pair_leaves_the_score_alone() -> None:
    """With equal covariates in both arms there is no chance imbalance to remove; only the variance shrinks."""
    pairs = np.repeat(AGE[: N // 2], 2)
    times = EventTimes.of(DAY, EVENT, ARM)
    plain, adjusted = covariate_adjusted(times, {}), covariate_adjusted(times, {"age": pairs})
    assert plain.z is not None and adjusted.z is not None and adjusted.variance_ratio is not None
    # the slopes differ between arms, so the two sums of centered covariates vanish each on its own
    assert adjusted.z == pytest.approx(plain.z / math.sqrt(adjusted.variance_ratio), rel=1e-9)


def test_a_planned_share_is_taken() -> None:
    half = covariate_adjusted(TIMES, {"age": AGE}, share=0.5)
    assert half.share == 0.5 and covariate_adjusted(TIMES, {"age": AGE}).share == 0.5
    assert covariate_adjusted(TIMES, {"age": AGE}, share=2 / 3).variance_ratio != half.variance_ratio


def test_what_has_no_answer() -> None:
    constant = covariate_adjusted(TIMES, {"age": np.full(N, 60)})
    assert constant.z is None and "cannot be told apart" in (constant.test.problem or "")
    assert "cannot be told apart" in (constant.effect.problem or "")
    nobody = covariate_adjusted(EventTimes.of([3, 5, 7, 9], [0, 0, 0, 0], list("ABAB")), {})
    assert "no information" in (nobody.test.problem or "") and nobody.effect.hazard_ratio is None
    one_side = covariate_adjusted(EventTimes.of([3, 5, 7, 9], [1, 1, 0, 0], list("AABB")), {})
    assert one_side.z is not None and "0 or infinite" in (one_side.effect.problem or "")


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="exactly two arms; got A"):
        covariate_adjusted(EventTimes.of([3, 5], [1, 1], ["A", "A"]), {})
    with pytest.raises(ValueError, match=r"share must be in \(0, 1\)"):
        covariate_adjusted(TIMES, {}, share=2)
    with pytest.raises(ValueError, match=f"one number for each of the {N} subjects"):
        covariate_adjusted(TIMES, {"age": [1, 2]})
    with pytest.raises(ValueError, match="must be numbers"):
        covariate_adjusted(TIMES, {"site": STRATUM})


@pytest.mark.parametrize("part", [{"entry": [0, 1, 2, 3]}, {"weight": [1, 2, 1, 1]}])
def test_late_entry_and_weights_are_not_overlooked(part: dict[str, list[int]]) -> None:
    times = EventTimes.of([3, 5, 7, 9], [1, 1, 1, 1], list("ABAB"), **part)  # type: ignore[arg-type]
    for ask in (
        lambda: covariate_adjusted(times, {}),
        lambda: accelerated_failure(times, distribution="weibull"),
        lambda: pseudo_survival(times, [4]),
        lambda: pseudo_rmst(times, 4),
        lambda: IntervalTimes.from_event_times(times),
    ):
        with pytest.raises(ValueError, match=r"takes no (delayed entry|case weights)"):
            ask()


@pytest.mark.soak
def test_the_test_holds_its_level() -> None:
    """4,000 trials without a difference and with a strong covariate: 5 % within 4 Monte Carlo errors."""
    rng = np.random.default_rng(6)
    rejected = 0
    for _ in range(4000):
        x = rng.normal(size=150)
        times = EventTimes.of(
            np.ceil(rng.exponential(100, 150) * np.exp(x)), rng.random(150) < 0.8, rng.permutation(np.arange(150) % 2)
        )
        z = covariate_adjusted(times, {"x": x}).z
        rejected += z is not None and abs(z) > 1.959964
    assert abs(rejected / 4000 - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 4000)
