"""Interaction of arm and level: closed answers, empty cells and infinite hazard ratios."""

import numpy as np
import pytest

from trialwright.stats import EventTimes, interaction


def times(days, events, arms, strata=None):
    return EventTimes.of(days, events, arms, strata, arms=["A", "B"])


def test_the_same_data_at_both_levels_show_no_interaction():
    days, events, arms = [3, 5, 8, 9, 12, 14], [1, 1, 0, 1, 1, 1], list("AABBAB")
    found = interaction(times(days * 2, events * 2, arms * 2), [0] * 6 + [1] * 6)
    assert found.likelihood_ratio.statistic == pytest.approx(0, abs=1e-9)
    assert found.wald.statistic == pytest.approx(0, abs=1e-9)
    assert found.likelihood_ratio.df == found.wald.df == 1


def test_levels_of_one_arm_or_without_events_lower_the_degrees_of_freedom():
    days, events, arms = [3, 5, 8, 9, 12, 14, 2, 4], [1, 1, 0, 1, 1, 1, 1, 1], list("AABBABAA")
    base = times(days[:6], events[:6], arms[:6])
    whole = times(days, events, arms)
    assert interaction(base, [0, 0, 0, 1, 1, 1]).likelihood_ratio.df == 1
    assert interaction(whole, [0, 0, 0, 1, 1, 1, 2, 2]).likelihood_ratio.df == 1
    early = times([*days[:6], 1, 1], [*events[:6], 0, 0], [*arms[:6], "A", "B"])
    with_empty = interaction(early, [0, 0, 0, 1, 1, 1, 2, 2])
    assert with_empty.likelihood_ratio.df == 1
    alone = interaction(base, [0, 0, 0, 1, 1, 1]).likelihood_ratio.statistic
    assert with_empty.likelihood_ratio.statistic == pytest.approx(alone, rel=1e-9)


@pytest.mark.parametrize("level", [[0] * 6, [0, 0, 1, 1, 0, 1]])
def test_nothing_to_test(level):
    found = interaction(times([3, 5, 8, 9, 12, 14], [1] * 6, list("AABBAB")), level)
    assert found.likelihood_ratio.p is None
    assert "no interaction to test" in found.wald.problem


def test_an_infinite_hazard_ratio_leaves_the_likelihood_ratio_and_no_wald_test():
    rng = np.random.default_rng(2)
    days, arms, level = rng.integers(1, 90, 80), np.repeat(["A", "B"], 40), np.tile([0, 1], 40)
    events = ~((arms == "B") & (level == 1)) & (rng.random(80) < 0.8)
    found = interaction(times(days, events, arms), level)
    assert found.likelihood_ratio.p < 0.001
    assert found.wald.p is None
    assert "0 or infinite" in found.wald.problem


def test_wrong_codes_are_refused():
    with pytest.raises(ValueError, match="level must be a whole number from 0 for each of the 2 subjects; got float64"):
        interaction(times([3, 5], [1, 1], list("AB")), [0.5, 1.0])
    with pytest.raises(ValueError, match="shape"):
        interaction(times([3, 5], [1, 1], list("AB")), [0])


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact", "discrete"])
def test_days_with_one_event_have_one_answer_under_every_rule(ties):
    """A level of one arm alone, a level without anybody, and no tie: all rules are one likelihood."""
    rng = np.random.default_rng(3)
    days, events, level = np.arange(1, 61), rng.random(60) < 0.8, rng.choice([0, 1, 3], 60)
    arms = np.where(level == 3, "A", rng.choice(["A", "B"], 60))
    found = interaction(times(days, events, arms), level, ties=ties)
    expected = interaction(times(days, events, arms), level)
    for ours, theirs in ((found.likelihood_ratio, expected.likelihood_ratio), (found.wald, expected.wald)):
        assert (ours.statistic, ours.df) == (pytest.approx(theirs.statistic, rel=1e-7), 1)


def test_the_discrete_rule_takes_many_cells_and_says_when_there_is_nothing_to_test():
    rng = np.random.default_rng(9)
    day, level, arm = rng.integers(1, 20, 400), rng.integers(0, 5, 400), rng.choice(["A", "B"], 400)
    found = interaction(times(day, rng.random(400) < 0.7, arm), level, ties="discrete")
    assert found.likelihood_ratio.df == found.wald.df == 4
    nothing = interaction(times([3, 5, 8, 9], [1] * 4, list("AABB")), [0] * 4, ties="discrete")
    assert "no interaction to test" in nothing.wald.problem
