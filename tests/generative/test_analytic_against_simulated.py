"""Analytic power against simulated power on a grid of designs.

Every design is simulated 5,000 times (100,000 in soak) with the kernel that draws patients, blocks and all. The power
of the log-rank test with the estimate it is divided by and with sets at risk of whole patients must be within four
Monte Carlo errors; the other formulas are off by more, and by no more than what is stated here with its reason.
"""

import itertools
import math

import pytest
from design_grid import ALPHA, GRID, HAZARD_RATIOS, RATIOS, SIZES, STRATA, GridDesign

from trialwright.simulate import Allocating, Comparison, DesignedTrial, Look, Trigger, simulate_design

SEED, Z = 41, 1.959963984540054

SMALL = 0.006
"""What the first order leaves in trials of 60 patients, in chances; normal tails at some 40 events are not exact."""
FIRST_ORDER = 0.007
"""The same with 100,000 trials, where Monte Carlo error no longer hides it; it falls with the root of the patients."""


def simulated(design: GridDesign, trials: int) -> float:
    """Share of significant trials."""
    plan = DesignedTrial(
        design.trial,
        design.patients,
        Allocating(design.ratio, (sum(design.ratio),)),
        (Look(Trigger(time=design.time), Z),),
        Comparison("log-rank", stratified=design.strata > 1),
    )
    return float((simulate_design(plan, trials, SEED).z[:, 0] >= Z).mean())


def monte_carlo_error(power: float, trials: int) -> float:
    """Of a share if the power is what it is said to be; at least that of a chance of one in a thousand."""
    return math.sqrt(max(power * (1 - power), 0.001) / trials)


def test_the_grid_spans_what_it_says():
    assert len(GRID) >= 50
    assert {d.hazard_ratio for d in GRID} == set(HAZARD_RATIOS)
    assert {d.ratio for d in GRID} == set(RATIOS)
    assert {d.strata for d in GRID} == set(STRATA)
    assert {d.patients for d in GRID} == set(SIZES)
    pairs = set(itertools.product(RATIOS, STRATA))
    assert {(d.ratio, d.strata) for d in GRID} == pairs
    assert sum(d.delay > 0 for d in GRID) >= 10


@pytest.mark.parametrize("design", GRID, ids=str)
def test_power_is_what_trials_show(design):
    power, trials = design.powers["studentized"], 5_000
    off = power - simulated(design, trials)
    assert abs(off) <= 4 * monte_carlo_error(power, trials) + (SMALL if design.patients == 60 else 0.0)


@pytest.mark.soak
@pytest.mark.parametrize("design", GRID, ids=str)
def test_power_is_what_very_many_trials_show(design):
    power, trials = design.powers["studentized"], 100_000
    left = FIRST_ORDER * math.sqrt(60 / design.patients)
    assert abs(power - simulated(design, trials)) <= 4 * monte_carlo_error(power, trials) + left


@pytest.mark.parametrize("design", GRID, ids=str)
def test_formulas_agree_as_far_as_they_can(design):
    """All are one formula to first order, where the effect is small, allocation equal and nobody in strata."""
    powers = design.powers
    apart = max(powers.values()) - min(powers.values())
    # What they differ by goes with the effect, with how unequal the arms are, and with 1/sqrt(events).
    unequal = abs(math.log(design.trial.ratio))
    bound = (0.12 * abs(math.log(design.hazard_ratio)) + 0.09 * unequal) * math.sqrt(40 / design.log_rank.events)
    strata = 0.015 * (design.strata - 1) * math.sqrt(60 / design.patients)
    assert apart <= bound + strata + 0.003


@pytest.mark.parametrize("design", [d for d in GRID if d.hazard_ratio == 1], ids=str)
def test_no_effect_has_the_level_where_the_test_is_taken_at_its_word(design):
    for name in ("of the test", "alternative", "Schoenfeld"):
        assert design.powers[name] == pytest.approx(ALPHA, abs=1e-9)
    larger = design.trial.ratio > 1
    assert (design.powers["studentized"] > ALPHA) == larger or design.trial.ratio == 1
