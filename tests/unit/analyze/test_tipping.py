"""The map of deltas and jump to reference."""

import math

import numpy as np
import pytest

from trialwright.analyze.imputation import Courses, Pooled
from trialwright.analyze.tipping import TippingMap, imputed, jump_to_reference, tipping_map
from trialwright.stats import EventTimes, cox, log_rank


def arm(rng, n, hazard, first):
    time, left = np.ceil(rng.exponential(1 / hazard, n)), np.ceil(rng.uniform(20, 400, n))
    reach = rng.integers(300, 700, n)
    day = np.minimum(time, np.minimum(left, reach)).astype(np.int64)
    event = time <= np.minimum(left, reach)
    return Courses(day, event, np.where(event, day, reach), np.arange(first, first + n))


@pytest.fixture(scope="module")
def two():
    rng = np.random.default_rng(11)
    return arm(rng, 90, 0.004, 0), arm(rng, 60, 0.007, 90), rng.integers(0, 2, 150)


def drawn_from(two, **changed):
    return imputed(*two, **({"pieces": 3, "imputations": 20, "seed": 4} | changed))


def test_without_anything_to_impute_the_map_is_the_analysis_itself(two):
    one, other, stratum = two
    closed = [Courses(c.day, c.event, c.day, c.place) for c in (one, other)]
    found = tipping_map(imputed(*closed, stratum, pieces=3, imputations=3, seed=1), (0.5, 2.0), (1.0, 3.0))
    arms = ["new"] * len(one.day) + ["old"] * len(other.day)
    days, events = np.concatenate((one.day, other.day)), np.concatenate((one.event, other.event))
    times = EventTimes.of(days, events, arms, stratum, arms=["old", "new"])
    effect = cox(times, ties="efron").effect
    assert found.log_hazard_ratio.value == pytest.approx(np.full((2, 2), effect.coef), rel=1e-9)
    assert found.log_hazard_ratio.se == pytest.approx(np.full((2, 2), effect.se), rel=1e-9)
    assert found.z.p == pytest.approx(np.full((2, 2), log_rank(times).test.p), rel=1e-9)


def test_the_same_seed_gives_the_same_map_whatever_the_workers_and_the_other_deltas(two):
    deltas = (0.5, 1.0, 2.0)
    found = tipping_map(drawn_from(two), deltas, deltas)
    alone = tipping_map(drawn_from(two), (2.0,), (0.5,), workers=1)
    assert found.z.value[2, 0] == alone.z.value[0, 0]
    assert found.log_hazard_ratio.se[2, 0] == alone.log_hazard_ratio.se[0, 0]
    other = tipping_map(drawn_from(two, seed=5), (2.0,), (0.5,))
    assert other.z.value[0, 0] != alone.z.value[0, 0]


def test_bad_news_for_an_arm_counts_against_it(two):
    deltas = (0.25, 1.0, 4.0)
    found = tipping_map(drawn_from(two), deltas, deltas).z.value
    assert (np.diff(found, axis=0) > 0).all(), "more events in the experimental arm: z rises"
    assert (np.diff(found, axis=1) < 0).all()


def test_jump_to_reference_dilutes_the_effect():
    rng = np.random.default_rng(5)
    drawn = drawn_from((arm(rng, 90, 0.002, 0), arm(rng, 60, 0.012, 90), np.zeros(150, np.int64)), imputations=50)
    own = tipping_map(drawn, (1.0,), (1.0,)).log_hazard_ratio
    jumped = jump_to_reference(drawn).log_hazard_ratio
    assert own.value[0, 0] < jumped.value[0, 0] < 0


def test_progress_is_told_row_by_row(two):
    shares = []
    tipping_map(drawn_from(two, imputations=2), (0.5, 1.0, 2.0, 4.0), (1.0,), progress=shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_an_arm_without_an_event_has_no_hazard(two):
    one, other, stratum = two
    quiet = Courses(one.day, np.zeros_like(one.event), one.open_until, one.place)
    assert imputed(quiet, other, stratum, pieces=3, imputations=2, seed=1) is None


def made(p_values):
    """A map whose P values are given, over experimental deltas 1/4 to 4 and one of the control."""
    p = np.array(p_values)[:, None]
    blank = np.zeros_like(p)
    return TippingMap(
        (0.25, 0.5, 1.0, 2.0, 4.0), (1.0,), Pooled(blank, blank, blank, p), Pooled(blank, blank, blank, p)
    )


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.001, 0.01, 0.03, 0.04, 0.2], 4.0),
        ([0.001, 0.04, 0.2, 0.3, 0.4], 0.5),
        ([0.2, 0.3, 0.04, 0.3, 0.4], 0.5),
        ([0.2, 0.3, 0.4, 0.5, 0.6], None),
        ([0.2, 0.3, math.nan, 0.01, 0.6], None),
        ([0.01, math.nan, 0.4, 0.5, 0.6], 0.25),
    ],
)
def test_the_tipping_delta_is_the_nearest_at_which_the_decision_differs(p_values, expected):
    assert made(p_values).tipping_delta(0.05) == expected
