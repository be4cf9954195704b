"""Power, outlook and final inference of sequential designs, where a closed form or a second way exists."""

import math

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from trialwright.design import (
    Futility,
    Spending,
    conditional_power,
    crossing_probabilities,
    drift_for_power,
    expected_information,
    final_inference,
    group_sequential_power,
    inflation_factor,
    predictive_power,
    repeated_interval,
    repeated_p,
    spending_boundaries,
)

OF = Spending("obrien-fleming")


def plan(t=(0.6, 1), alpha=0.025, sides=1, futility=None):
    return spending_boundaries(t, OF, alpha=alpha, sides=sides, futility=futility)


@pytest.mark.parametrize("drift", [-1.0, 0.0, 2.8, 15.0])
def test_every_trial_ends_once(drift):
    found = group_sequential_power(plan((0.3, 0.6, 1), futility=Futility(binding=False, bounds=(0.0, 0.5))), drift)
    assert sum(found.above) + sum(found.below) == pytest.approx(1, abs=1e-13)


def test_one_look_has_the_power_of_the_fixed_test():
    fixed = plan((1,))
    assert drift_for_power(fixed, 0.9) == pytest.approx(ndtri(0.975) + ndtri(0.9), abs=1e-12)
    assert inflation_factor(fixed, 0.9) == pytest.approx(1, abs=1e-12)
    assert expected_information(fixed, 2.0) == 1


def test_mirrored_bounds_mirror_the_chances():
    one = crossing_probabilities([0.4, 1], [-1.0, -2.0], [2.5, 2.0], drift=1.3)
    other = crossing_probabilities([0.4, 1], [-2.5, -2.0], [1.0, 2.0], drift=-1.3)
    np.testing.assert_allclose(one.above, other.below, rtol=1e-12)
    np.testing.assert_allclose(one.below, other.above, rtol=1e-12)


def test_expected_information_of_two_looks():
    found = plan()
    stops = 1 - ndtr(found.upper[0] - 2.8 * math.sqrt(0.6))
    assert expected_information(found, 2.8) == pytest.approx(1 - 0.4 * stops, abs=1e-13)


@pytest.mark.parametrize("z", [-1.0, 0.7, 2.2])
def test_outlook_with_one_look_left(z):
    found, t = plan(), 0.6
    path, left = z * math.sqrt(t), 1 - t
    conditional = ndtr((path + 2.8 * left - found.upper[1]) / math.sqrt(left))
    assert conditional_power(found, 1, z, drift=2.8) == pytest.approx(conditional, abs=1e-13)
    predictive = ndtr((path / t - found.upper[1]) / math.sqrt(left / t))
    assert predictive_power(found, 1, z) == pytest.approx(predictive, abs=1e-12)


def test_conditional_power_averages_to_power():
    found, drift = plan((0.4, 0.7, 1)), 2.5
    x, w = np.polynomial.legendre.leggauss(80)
    low, high = drift * math.sqrt(0.4) - 9, found.upper[0]
    z = (low + high) / 2 + (high - low) / 2 * x
    density = np.exp(-((z - drift * math.sqrt(0.4)) ** 2) / 2) / math.sqrt(2 * math.pi)
    later = [conditional_power(found, 1, float(each), drift=drift) for each in z]
    total = (high - low) / 2 * (w * density) @ later
    assert total == pytest.approx(sum(group_sequential_power(found, drift).above[1:]), abs=1e-12)


def test_at_the_first_look_nothing_is_adjusted():
    found = final_inference(plan(), 1, 2.9)
    root = math.sqrt(0.6)
    assert found.p_one_sided == pytest.approx(ndtr(-2.9), abs=1e-14)
    expected = [z / root for z in (2.9, 2.9 - ndtri(0.975), 2.9 + ndtri(0.975))]
    assert [found.drift, found.lower, found.upper] == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("sides", [1, 2])
def test_on_the_last_bound_the_evidence_is_just_enough(sides):
    found = plan((0.5, 0.75, 1), alpha=0.025 * sides, sides=sides)
    shown = final_inference(found, 3, found.upper[2])
    assert shown.p_one_sided == pytest.approx(0.025, abs=1e-12)
    assert shown.lower == pytest.approx(0, abs=1e-11)
    assert shown.lower < shown.drift < shown.upper


@pytest.mark.parametrize("z", [-8.0, 8.0])
def test_chances_far_out_stay_chances(z):
    found = plan()
    shown = (final_inference(found, 2, z).p_one_sided, predictive_power(found, 1, z))
    assert all(0 <= chance <= 1 for chance in (*shown, conditional_power(found, 1, z, drift=20.0)))


def test_futility_counts_in_the_p_value_only_when_it_binds():
    p = [
        final_inference(plan(futility=Futility(binding=binding, bounds=(0.0,))), 2, 2.0).p_one_sided
        for binding in (False, True)
    ]
    assert p[0] == final_inference(plan(), 2, 2.0).p_one_sided
    assert p[1] < p[0]


def test_the_median_is_unbiased():
    found = plan()
    shown = final_inference(found, 2, 2.4)
    above = crossing_probabilities([0.6, 1], [-math.inf] * 2, [found.upper[0], 2.4], drift=shown.drift).above
    assert sum(above) == pytest.approx(0.5, abs=1e-12)


def test_repeated_interval_and_p_agree():
    found = plan()
    lower, upper = repeated_interval(found, 1, found.upper[0])
    assert lower == 0 and upper == pytest.approx(2 * found.upper[0] / math.sqrt(0.6))
    assert repeated_p(lambda alpha: plan(alpha=alpha), 1, found.upper[0]) == pytest.approx(0.025, rel=1e-10)
    assert repeated_p(lambda alpha: plan(alpha=alpha), 2, found.upper[1]) == pytest.approx(0.025, rel=1e-10)
    two = plan(alpha=0.05, sides=2)
    assert repeated_p(lambda alpha: plan(alpha=alpha, sides=2), 2, two.upper[1]) == pytest.approx(0.05, rel=1e-10)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: drift_for_power(plan(), 0.02), "power must be in"),
        (lambda: drift_for_power(plan(), 1.0), "power must be in"),
        (lambda: conditional_power(plan(), 2, 1.0, drift=1), "before the last of 2"),
        (lambda: predictive_power(plan(), 0, 1.0), "before the last of 2"),
        (lambda: conditional_power(plan(), 1, math.nan, drift=1), "z must be a finite number"),
        (lambda: final_inference(plan(), 3, 1.0), "look must be from 1 to 2"),
        (lambda: repeated_interval(plan(), 1, math.inf), "z must be a finite number"),
    ],
)
def test_questions_that_have_no_answer(call, said):
    with pytest.raises(ValueError, match=said):
        call()
