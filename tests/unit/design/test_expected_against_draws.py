"""The test a design expects, against the tests of drawn trials: delayed effect, dropout by arm, strata, weights."""

import math

import numpy as np
import pytest

from trialwright.design import ArmRates, Steps, Stratum, SupposedTrial, expected_log_rank
from trialwright.stats import FlemingHarrington

TRIALS, TIME = 1500, 30.0
TRIAL = SupposedTrial(
    Steps((0, 6, 24), (20, 40, 0)),
    (
        Stratum(ArmRates.of(Steps((0, 3), (0.08, 0.04)), 0.02), ArmRates.of(0.08, 0.005), 0.6),
        Stratum(ArmRates.of(Steps((0, 3), (0.2, 0.1)), 0.02), ArmRates.of(0.2, 0.005), 0.4),
    ),
    ratio=2,
)


def draw(rng):
    """Time under observation, event, arm and stratum of the patients of one trial."""
    n = round(TRIAL.patients)
    # Accrual is at two rates: 120 patients in the first 6 months, 720 in the next 18.
    entry = np.where(rng.random(n) < 120 / 840, 6 * rng.random(n), 6 + 18 * rng.random(n))
    arm, stratum = rng.random(n) < 2 / 3, (rng.random(n) < 0.4).astype(int)
    early = np.array([0.08, 0.2])[stratum]
    exponential = rng.exponential(size=n)
    late = np.where(arm, early / 2, early)
    event = np.where(exponential < 3 * early, exponential / early, 3 + (exponential - 3 * early) / late)
    leaving = rng.exponential(size=n) / np.where(arm, 0.02, 0.005)
    end = np.minimum(leaving, TIME - entry)
    return np.minimum(event, end), event <= end, arm, stratum


def score_and_variance(time, event, arm, gamma):
    order = np.argsort(time)
    event, arm = event[order], arm[order]
    at_risk = np.arange(len(time), 0, -1)
    share = np.cumsum(arm[::-1])[::-1] / at_risk
    survival = np.cumprod(1 - event / at_risk)
    weight = (1 - np.concatenate([[1.0], survival[:-1]])) ** gamma
    return np.sum((weight * (arm - share))[event]), np.sum((weight**2 * share * (1 - share))[event])


def drawn(gamma, stratified):
    rng = np.random.default_rng(20201)
    found = []
    for _ in range(TRIALS):
        time, event, arm, stratum = draw(rng)
        groups = [stratum == 0, stratum == 1] if stratified else [np.full(len(time), True)]
        found.append(np.sum([score_and_variance(time[g], event[g], arm[g], gamma) for g in groups], axis=0))
    return np.array(found)


@pytest.mark.parametrize("stratified", [True, False])
@pytest.mark.parametrize("gamma", [0, 1])
def test_mean_and_variance(gamma, stratified):
    weight = FlemingHarrington(0, gamma)
    found = drawn(gamma, stratified)
    expected = expected_log_rank(TRIAL, TIME, weight=weight, stratified=stratified, balanced=False)
    error = found[:, 0].std() / math.sqrt(TRIALS)
    # In a finite trial the last sets at risk are small; that costs each tested group some 0.3 of an event here.
    assert found[:, 0].mean() == pytest.approx(expected.score, abs=4 * error + 0.3 * (1 + stratified))
    assert abs(expected.score) > 20 * error
    assert found[:, 1].mean() == pytest.approx(expected.variance, rel=0.02)
    # The variance of a sample variance is about 2/trials; the test's own variance is 4 to 15 % larger here.
    assert found[:, 0].var(ddof=1) / expected.alternative_variance == pytest.approx(1, abs=4 * math.sqrt(2 / TRIALS))
