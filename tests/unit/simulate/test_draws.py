"""Draws of the fast simulator: published words, uniform and uncorrelated numbers, a logarithm of its own."""

import itertools
import math

import numba
import numpy as np
import pytest

from trialwright.simulate import _kernels_draws as draws
from trialwright.simulate._kernels_lanes_draws import exponential_lanes, minus_log_lanes, uniform_lanes
from trialwright.simulate._kernels_lanes_vectors import LANES, lane_numbers, load, store

PUBLISHED = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]
"""The first words of splitmix64 from the state 1234567, as in the tests of its public implementations."""
N = 200_000
FOUR = 4 / math.sqrt(N)
"""Four standard errors of a correlation, or of a mean of numbers with variance 1."""


@numba.njit
def uniforms(seed, scenario, first, trials, count):
    found = np.empty((trials, count))
    for t in range(trials):
        key = np.uint64(draws.trial_key(seed, scenario, first + np.uint64(t)))
        for i in range(count):
            found[t, i] = draws.uniform(key, np.uint64(i))
    return found


@numba.njit
def logs(values):
    found = np.empty(len(values))
    for i in range(len(values)):
        found[i] = draws.minus_log(values[i])
    return found


@numba.njit
def lane_logs(values):
    found = np.empty(len(values))
    for i in range(len(values) // LANES):
        store(found, i, minus_log_lanes(load(values, i)))
    return found


@numba.njit
def lane_draws(seed, scenario, count):
    key = draws.trial_key(seed, scenario, lane_numbers())
    uniform, exponential = np.empty(count * LANES), np.empty(count * LANES)
    for i in range(count):
        store(uniform, i, uniform_lanes(key, np.uint64(i)))
        store(exponential, i, exponential_lanes(key, np.uint64(i)))
    return uniform, exponential


def drawn(trials, count, seed=1, scenario=2, first=0):
    return uniforms(np.uint64(seed), np.uint64(scenario), np.uint64(first), trials, count)


def by_hand(word):
    word %= 2**64
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    word = (word ^ word >> 27) * 0x94D049BB133111EB % 2**64
    return word ^ word >> 31


def test_words_are_those_published():
    assert [int(draws.word(np.uint64(1234567), np.uint64(i))) for i in range(5)] == PUBLISHED


@pytest.mark.parametrize("state", [0, 1, 2**63, 2**64 - 1, 0x0123456789ABCDEF])
def test_words_are_those_of_whole_numbers_without_limit(state):
    counters = [0, 1, 7, 2**32, 6 * 2**32 + 5, 2**64 - 1]
    found = [int(draws.word(np.uint64(state), np.uint64(c))) for c in counters]
    assert found == [by_hand(state + (c + 1) * 0x9E3779B97F4A7C15) for c in counters]


@pytest.mark.parametrize(("seed", "scenario", "trial"), [(0, 0, 0), (1, 2, 3), (2**64 - 1, 2**63, 12_345)])
def test_a_key_mixes_seed_scenario_and_trial(seed, scenario, trial):
    expected = by_hand(seed + 0x9E3779B97F4A7C15)
    for part in (scenario, trial):
        expected = by_hand(expected ^ (part + 0x9E3779B97F4A7C15) % 2**64)
    assert int(draws.trial_key(np.uint64(seed), np.uint64(scenario), np.uint64(trial))) == expected


def test_keys_of_neighbors_differ():
    near = itertools.product((0, 1, 2, 2**32, 2**64 - 1), repeat=3)
    keys = {int(draws.trial_key(*(np.uint64(part) for part in parts))) for parts in near}
    assert len(keys) == 5**3


def test_numbers_are_uniform_and_stay_inside():
    values = np.sort(drawn(1000, 200).ravel())
    assert 0 < values[0] < values[-1] < 1
    ranks = np.arange(1, N + 1) / N
    distance = max((ranks - values).max(), (values - ranks + 1 / N).max())
    # Kolmogorov 1933: 1.95 / sqrt(n) is passed by chance once in a thousand.
    assert distance < 1.95 / math.sqrt(N)
    assert values.mean() == pytest.approx(0.5, abs=FOUR * math.sqrt(1 / 12))
    assert values.var() == pytest.approx(1 / 12, abs=FOUR * math.sqrt(1 / 180))


def test_every_bit_of_a_number_is_a_fair_coin():
    bits = (drawn(1000, 200).ravel() * 2.0**52).astype(np.uint64)
    shares = [float(((bits >> np.uint64(b)) & np.uint64(1)).mean()) for b in range(52)]
    # Fifty-two bits at once: five standard errors.
    assert np.abs(np.array(shares) - 0.5).max() < 5 * 0.5 / math.sqrt(N)


def test_the_middle_of_the_last_part_is_below_one():
    assert (2.0**52 - 1 + 0.5) * 2.0**-52 < 1
    assert draws.minus_log((2.0**52 - 0.5) * 2.0**-52) > 0


NEIGHBORS = {
    "trial": {"first": 1},
    "seed": {"seed": 2},
    "scenario": {"scenario": 3},
    "seed and scenario swapped": {"seed": 2, "scenario": 1},
}


@pytest.mark.parametrize("changed", NEIGHBORS.values(), ids=NEIGHBORS)
def test_neighbors_are_not_correlated(changed):
    first, second = drawn(1000, 200), drawn(1000, 200, **changed)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < FOUR


def test_neighboring_places_are_not_correlated():
    values = drawn(1000, 201)
    assert abs(np.corrcoef(values[:, 1:].ravel(), values[:, :-1].ravel())[0, 1]) < FOUR


def log_arguments():
    rng = np.random.default_rng(3)
    near = [np.nextafter(x, y) for x in (0.5, 1.0, math.sqrt(0.5), math.sqrt(2)) for y in (0.0, 9.0)]
    fixed = [2.0**-53, 0.5, 1.0, 1 - 2.0**-53, 1 + 2.0**-52, math.e, 1e300, 2.0**-1022, *near]
    return np.concatenate([rng.random(N), np.exp(rng.uniform(-700, 700, N)), rng.uniform(0.7, 1.42, N), fixed])


def test_the_logarithm_is_right_to_two_units_in_the_last_place():
    if np.finfo(np.longdouble).nmant < 60:
        pytest.skip("this machine has no numbers of extended precision")
    values = log_arguments()
    found, exact = logs(values), -np.log(values.astype(np.longdouble))
    error = np.abs(found - exact) / np.spacing(np.abs(exact.astype(np.float64)))
    assert error.max() < 2


def test_lanes_draw_what_single_trials_draw_to_the_last_bit():
    uniform, exponential = lane_draws(np.uint64(1), np.uint64(2), 300)
    single = drawn(LANES, 300)
    assert np.array_equal(uniform.reshape(300, LANES), single.T)
    assert np.array_equal(exponential, logs(uniform))


def test_lanes_take_the_same_logarithm():
    values = log_arguments()
    values = values[: len(values) // LANES * LANES]
    assert np.array_equal(lane_logs(values), logs(values))
