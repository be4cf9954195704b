"""What an interim look promises, where a closed form or an integral by hand exists."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from trialwright.design import (
    NormalPrior,
    Spending,
    assurance,
    conditional_power,
    group_sequential_power,
    outlook,
    predictive_power,
    spending_boundaries,
)

OF = Spending("obrien-fleming")
TWO = spending_boundaries([0.6, 1], OF, alpha=0.025, sides=1)
TEN = spending_boundaries([k / 10 for k in range(1, 11)], OF, alpha=0.025, sides=1)
THREE = spending_boundaries([0.4, 0.7, 1], OF, alpha=0.025, sides=1)


def test_conditional_power_under_no_effect_the_trend_and_the_design():
    seen = outlook(TWO, 1, 1.3, drift=2.8)
    path, left = 1.3 * math.sqrt(0.6), 0.4
    expected = [ndtr((path + drift * left - TWO.upper[1]) / math.sqrt(left)) for drift in (0, path / 0.6, 2.8)]
    assert [seen.null, seen.trend, seen.design] == pytest.approx(expected, abs=1e-13)
    assert seen.predictive == predictive_power(TWO, 1, 1.3)


@pytest.mark.parametrize("prior", [None, NormalPrior(1.5, 0.8), NormalPrior(0.0, 3.0)])
def test_predictive_power_is_conditional_power_averaged(prior):
    z, t = 1.1, 0.4
    precision = t + (0 if prior is None else 1 / prior.sd**2)
    mean = (z * math.sqrt(t) + (0 if prior is None else prior.mean / prior.sd**2)) / precision
    x, w = np.polynomial.hermite_e.hermegauss(120)
    chances = [conditional_power(THREE, 1, z, drift=mean + unit / math.sqrt(precision)) for unit in x]
    averaged = float(w @ np.array(chances)) / math.sqrt(2 * math.pi)
    assert predictive_power(THREE, 1, z, prior) == pytest.approx(averaged, abs=1e-10)


def test_certainty_is_conditional_power_and_power():
    sure = NormalPrior(2.8, 0.0)
    assert predictive_power(THREE, 1, 0.9, sure) == pytest.approx(conditional_power(THREE, 1, 0.9, drift=2.8))
    assert assurance(THREE, sure).above == pytest.approx(group_sequential_power(THREE, 2.8).above, abs=1e-14)


@pytest.mark.parametrize(("mean", "sd"), [(2.8, 1.0), (0.0, 5.0), (-1.0, 0.3)])
def test_assurance_of_one_look_has_a_closed_form(mean, sd):
    fixed = spending_boundaries([1], OF, alpha=0.025, sides=1)
    expected = ndtr((mean - 1.959963984540054) / math.sqrt(1 + sd**2))  # O'Hagan et al. 2005, equation 3
    assert assurance(fixed, NormalPrior(mean, sd)).above == pytest.approx((expected,), abs=1e-13)


def test_a_prior_worth_the_data_so_far_is_the_data_so_far():
    before = NormalPrior.flat().after(0.4, 1.2)
    joined = before.after(0.3, 0.5)
    path = 1.2 * math.sqrt(0.4) + 0.5 * math.sqrt(0.3)
    assert (joined.mean, joined.sd) == pytest.approx((path / 0.7, 1 / math.sqrt(0.7)), abs=1e-14)
    prior = NormalPrior.worth(0.8, 76, events=127, ratio=2)
    assert prior.sd == pytest.approx(math.sqrt(127 / 76), abs=1e-14)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: NormalPrior(math.inf, 1.0), "finite drift"),
        (lambda: NormalPrior(0.0, -1.0), "at least 0"),
        (lambda: assurance(TWO, NormalPrior.flat()), "flat prior has no average"),
        (lambda: assurance(TEN, NormalPrior(2.0, 500.0)), "too flat to average over"),
    ],
)
def test_priors_that_cannot_be(call, said):
    with pytest.raises(ValueError, match=said):
        call()
