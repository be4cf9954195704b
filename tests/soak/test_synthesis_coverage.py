"""How often the interval of a synthesis holds the true mean, and a prediction interval the next study."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import get_args

import numpy as np
import pytest

from trialwright.evidence import PoolingTest, PredictionKind, Study, Synthesis, pool

pytestmark = pytest.mark.soak
Say = Callable[[str], None]
COUNT = 4000
ERROR = sqrt(0.05 * 0.95 / COUNT)


def simulated(k: int, tau2: float, seed: int) -> list[tuple[Synthesis, float]]:
    """Return syntheses of studies with mean 0, and the true effect of one more study each."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(COUNT):
        se = rng.uniform(0.1, 0.4, k)
        y = rng.normal(0, np.sqrt(se**2 + tau2))
        studies = [Study(str(i), a, b) for i, (a, b) in enumerate(zip(y.tolist(), se.tolist(), strict=True))]
        found.append((pool(studies, test="HK"), float(rng.normal(0, sqrt(tau2)))))
    return found


def coverage(found: list[tuple[Synthesis, float]], test: PoolingTest) -> float:
    limits = [each.under(test) for each, _ in found]
    return sum(each.lower <= 0 <= each.upper for each in limits) / len(limits)


@pytest.mark.parametrize("k", [3, 4, 8])
@pytest.mark.parametrize("tau2", [0.0, 0.02, 0.1])
def test_hartung_and_knapp_hold_their_level_where_z_does_not(k: int, tau2: float, say: Say) -> None:
    """IntHout 2014: close to 95 percent for any number of studies, somewhat below where their sizes differ.

    Here variances differ by up to 16 to 1, which costs up to two percent; the Monte Carlo error is 0.34 percent.
    """
    found = simulated(k, tau2, seed=100 * k + round(1000 * tau2))
    knapp, corrected, normal = coverage(found, "HK"), coverage(found, "HK ad hoc"), coverage(found, "z")
    say(f"k={k} tau2={tau2}: HK {knapp:.1%}, ad hoc {corrected:.1%}, z {normal:.1%} (standard error {ERROR:.2%})")
    assert abs(knapp - 0.95) < 0.02 + 2 * ERROR
    assert corrected >= knapp - 1e-12
    if tau2 == 0.1:
        assert normal < 0.95 - 3 * ERROR and normal < knapp


def predicted(found: list[tuple[Synthesis, float]], kind: PredictionKind) -> float:
    """Return how often the next study's true effect lies in the interval."""
    pairs = [(each.predict(kind), following) for each, following in found]
    inside = [p.lower <= x <= p.upper for p, x in pairs if p.lower is not None and p.upper is not None]
    assert len(inside) == COUNT
    return sum(inside) / COUNT


@pytest.mark.parametrize("k", [4, 8])
def test_the_next_study_lies_in_the_prediction_interval(k: int, say: Say) -> None:
    """Where studies differ much: t with k - 2 degrees of freedom holds about 95 percent, z far fewer."""
    found = simulated(k, 0.3, seed=k)
    shares = {kind: predicted(found, kind) for kind in get_args(PredictionKind)}
    say(f"k={k}: next study predicted by {', '.join(f'{kind} {share:.1%}' for kind, share in shares.items())}")
    assert shares["z"] < shares["t, k-1"] < shares["t, k-2"]
    assert shares["z"] < 0.95 - 3 * ERROR
    assert abs(shares["t, k-2"] - 0.95) < 0.03
