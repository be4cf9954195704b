"""The compiled pass over Efron's tie groups gives the plain one's numbers, whatever the sizes."""

import numpy as np
import pytest

import trialwright.stats.partial_likelihood as partial_likelihood
from trialwright.stats.risk_table import Ties


@pytest.mark.parametrize("most_events", [1, 4, 40, 400])
@pytest.mark.parametrize("most_staying", [3, 50, 5_000, 1_000_000])
def test_compiled_equals_plain(monkeypatch, most_events, most_staying):
    chance = np.random.default_rng(most_events + most_staying)
    events = chance.integers(0, most_events + 1, (50, 2)).astype(float)
    events[events.sum(axis=1) == 0, 0] = 1
    ties = Ties(np.zeros(50, int), events, events + chance.integers(0, most_staying, (50, 2)))
    b = np.array([0, chance.normal()])
    monkeypatch.setattr(partial_likelihood, "LARGE", 0)
    compiled = partial_likelihood.partial_likelihood(ties, "efron")(b)
    monkeypatch.setattr(partial_likelihood, "LARGE", 10**12)
    plain = partial_likelihood.partial_likelihood(ties, "efron")(b)
    assert compiled.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    assert compiled.score == pytest.approx(plain.score, rel=1e-9, abs=1e-9)
    assert compiled.information == pytest.approx(plain.information, rel=1e-11)
