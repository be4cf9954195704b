"""The Cox model of two arms climbs with one number; it arrives where the general method does."""

import sys

import numpy as np
import pytest

from trialwright.stats import EventTimes, cox
from trialwright.stats.newton import climb
from trialwright.stats.partial_likelihood import partial_likelihood


def trial(n: int, effect: float, share: float, seed: int, last: int = 60) -> EventTimes:
    rng = np.random.default_rng(seed)
    arm = (rng.random(n) < share).astype(int)
    day = rng.exponential(20 * np.exp(-effect * arm)).astype(int).clip(0, last)
    return EventTimes.coded(day, day < last, arm, rng.integers(0, 2, n), arms=["A", "B"], strata=["x", "y"])


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact", "discrete"])
@pytest.mark.parametrize(("effect", "share"), [(0.0, 0.5), (-0.6, 0.67), (2.5, 0.1), (-3.0, 0.9)])
def test_one_coefficient_climbs_to_the_top_of_the_general_method(effect, share, ties):
    times = trial(150, effect, share, 5)
    likelihood = partial_likelihood(times.table.ties, ties)
    top = climb(likelihood, np.zeros(2), likelihood(np.zeros(2)), [1])
    found = cox(times, ties=ties)
    assert top.settled
    assert found.effect.coef == pytest.approx(top.b[1], rel=1e-11, abs=1e-12)
    assert found.covariance == pytest.approx(1 / top.at.information[1:, 1:], rel=1e-11)
    assert found.log_likelihood == pytest.approx(top.at.log_likelihood, rel=1e-13)


def test_a_step_too_far_is_halved(monkeypatch):
    asked = []

    def watched(likelihood, b, at, kept):
        asked.append(b[1])
        return climb(likelihood, b, at, kept)

    monkeypatch.setattr(sys.modules["trialwright.stats.cox"], "climb", watched)
    # L = w / ((3000 + w) (2999 + w)): the only subject of arm B is second of 3,001, and a full step from 0 goes too far
    day = [1, 2] + [3] * 2_999
    times = EventTimes.coded(day, [True, True] + [False] * 2_999, [0, 1] + [0] * 2_999, arms=["A", "B"])
    effect = cox(times).effect
    assert asked == [0.0]
    assert effect.coef == pytest.approx(np.log(np.sqrt(3_000 * 2_999)), rel=1e-10)
