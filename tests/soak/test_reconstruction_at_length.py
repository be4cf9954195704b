"""Reconstruction at length: the whole set-up of 60 figures, and all 304 published ones."""

from itertools import product

import digitized
import numpy as np
import pytest

from trialwright.evidence import reconstruct

pytestmark = pytest.mark.soak
NOISES, READINGS = (0.0, 0.002, 0.005), range(4)


@pytest.mark.parametrize(
    "at_risk, events, most", [(True, True, 0.011), (True, False, 0.0138), (False, True, 0.020), (False, False, 0.0635)]
)
def test_sixty_figures(at_risk, events, most):
    found = []
    for name, noise, seed in product(digitized.SETS, NOISES, READINGS):
        figure = digitized.patient_data(name)
        true = digitized.events_of(figure)
        curves = digitized.read(figure, noise, seed, at_risk=at_risk)
        made = reconstruct(curves, seed=seed, events=true if events else None)
        if events:
            assert (made.events == list(true.values())).all()
        found.append(abs(made.log_hazard_ratio[made.central] - digitized.true_log_ratio(figure)))
    assert len(found) == 60
    assert np.mean(found) <= most


def test_every_published_figure():
    found = []
    for key, figure in digitized.kmdata():
        true = digitized.events_of(figure)
        curves = digitized.read(figure, 0.002, 1, at_risk=True, unit=key["Units"])
        made = reconstruct(curves, seed=1, events=true, solutions=5)
        assert (made.events == list(true.values())).all(), key["name"]
        found.append(abs(made.log_hazard_ratio[made.central] - digitized.true_log_ratio(figure)))
    assert len(found) == 304
    assert np.mean(found) <= 0.011
