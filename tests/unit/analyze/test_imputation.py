"""Imputation after censoring: closed answers, the pieces, the draws, and Rubin's rules."""

import math

import numpy as np
import pytest

from trialwright.analyze.imputation import (
    Courses,
    Hazards,
    completed,
    draw_hazards,
    pooled,
    uniforms,
)


def courses(day, event, open_until, first=0):
    return Courses(
        np.array(day), np.array(event, bool), np.array(open_until), np.arange(first, first + len(day), dtype=np.int64)
    )


def test_cumulative_hazard_and_its_inverse_over_pieces():
    hazards = Hazards(np.array([0.0, 10.0, 30.0]), np.array([[0.01, 0.02, 0.04], [0.1, 0.1, 0.1]]))
    days = np.array([5.0, 10.0, 20.0, 30.0, 50.0])
    assert hazards.cumulative(days) == pytest.approx(
        np.array([[0.05, 0.1, 0.3, 0.5, 1.3], [0.5, 1.0, 2.0, 3.0, 5.0]]), rel=1e-12
    )
    assert hazards.day_at(hazards.cumulative(days)) == pytest.approx(np.vstack((days, days)), rel=1e-12)
    assert np.isinf(hazards.day_at(np.full((2, 1), np.inf))).all()


def test_residual_times_are_quantiles_of_the_exponential_divided_by_delta():
    """With one constant hazard h the time left is -log(u) / (h delta), whatever came before."""
    n = 999
    quantiles = (np.arange(n) + 0.5)[None, :] / n
    known = Hazards(np.zeros(1), np.full((1, 1), 0.01))
    arm = courses([40] * n, [False] * n, [10**9] * n)
    for delta in (0.5, 1.0, 3.0):
        day, event = completed(arm, known, delta, quantiles)
        assert event.all()
        assert day[0] == pytest.approx(40 - np.log(quantiles[0]) / (0.01 * delta), abs=1.0)
        assert (day[0] > 40).all()


def test_extreme_deltas():
    known = Hazards(np.zeros(1), np.full((3, 1), 0.01))
    arm = courses([40, 50, 60], [False, False, True], [100, 50, 60])
    chance = uniforms(1, "test", 3, 3)
    day, event = completed(arm, known, math.inf, chance)
    assert day.tolist() == [[41, 50, 60]] * 3
    assert event.tolist() == [[True, False, True]] * 3
    day, event = completed(arm, known, 0.0, chance)
    assert day.tolist() == [[100, 50, 60]] * 3
    assert event.tolist() == [[False, False, True]] * 3
    with pytest.raises(ValueError, match="delta must be zero or more; got -1"):
        completed(arm, known, -1.0, chance)


def test_pieces_hold_about_as_many_events_each_and_none_is_empty():
    arm = courses([5, 5, 9, 20, 21, 40, 60, 80], [1, 1, 1, 1, 1, 1, 0, 0], [80] * 8)
    chance = np.full((2, 4), 0.5)
    hazards = draw_hazards(arm, 3, chance)
    assert hazards.starts.tolist() == [0, 5, 20]
    """The second and fourth of six event days; the last piece has no end."""
    assert draw_hazards(arm, 1, chance).starts.tolist() == [0]
    assert draw_hazards(courses([7, 7, 9], [1, 1, 0], [9] * 3), 4, chance).starts.tolist() == [0]
    assert draw_hazards(courses([7, 9], [0, 0], [9] * 2), 4, chance) is None


def test_hazards_have_the_posterior_of_jeffreys_prior():
    """Mean (d + 1/2) / T and variance (d + 1/2) / T^2 for d events in T days at risk, within 4 Monte Carlo errors."""
    arm = courses([10, 20, 30, 40], [1, 1, 0, 1], [40] * 4)
    m = 40_000
    rate = draw_hazards(arm, 1, uniforms(3, "hazard", m, 1)).rate[:, 0]
    mean, variance = 3.5 / 100, 3.5 / 100**2
    assert rate.mean() == pytest.approx(mean, abs=4 * math.sqrt(variance / m))
    kurtosis = 3 + 6 / 3.5
    assert rate.var() == pytest.approx(variance, abs=4 * variance * math.sqrt((kurtosis - 1) / m))


def test_uniforms_are_fixed_by_seed_purpose_and_place():
    one = uniforms(5, "time", 4, 10)
    assert (uniforms(5, "time", 9, 3)[:4] == one[:, :3]).all()
    assert not (uniforms(6, "time", 4, 10) == one).any()
    assert not (uniforms(5, "hazard", 4, 10) == one).any()
    assert ((one > 0) & (one < 1)).all()
    many = uniforms(5, "time", 100, 1000)
    assert many.mean() == pytest.approx(0.5, abs=4 * math.sqrt(1 / 12 / many.size))


def test_pooling_by_hand_and_without_variance_between():
    found = pooled(np.array([[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]]), np.full((2, 3), 4.0))
    total = 4 + (1 + 1 / 3) * 1
    assert found.value.tolist() == [2.0, 2.0]
    assert found.se == pytest.approx([math.sqrt(total), 2.0])
    assert found.df[0] == pytest.approx(2 * (1 + 4 / (4 / 3)) ** 2)
    lower, upper = found.limits(0.95)
    assert (upper[1] - lower[1]) / 2 == pytest.approx(2 * 1.959963984540054, rel=1e-9)
    assert found.p[1] == pytest.approx(math.erfc(1 / math.sqrt(2)), rel=1e-9)


def test_one_estimate_that_is_not_finite_spoils_the_pool():
    found = pooled(np.array([[1.0, -math.inf], [1.0, 2.0]]), np.array([[1.0, math.nan], [1.0, 1.0]]))
    assert np.isnan([found.value[0], found.se[0], found.p[0]]).all()
    assert found.value[1] == 1.5
    with pytest.raises(ValueError, match="at least 2 imputations; got 1"):
        pooled(np.ones((2, 1)), np.ones((2, 1)))
