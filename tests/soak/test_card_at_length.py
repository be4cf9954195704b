"""PALMIRA's card on a million trials: the figures that longer runs of other programs found."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from trialwright.design import Scenario
from trialwright.protocol import load, read_document, study_file
from trialwright.simulate import Share, design_card, suppositions

pytestmark = pytest.mark.soak
MAIN = {"power": (0.8097, 0.00013), "upper": (0.0295, 0.00004), "lower": (0.0232, 0.00004)}
"""Of 10 million trials under the effect and 20 million without, each with its Monte Carlo error."""
OTHERS = {
    "scans every 8 weeks (the protocol's)": (0.803, 0.0274, 0.0243),
    "the same, up to 7 days before or after": (0.802, 0.0296, 0.0226),
    "scans every 12 weeks": (0.797, 0.0266, 0.0246),
    "4 equal strata, stratified": (0.790, 0.0289, 0.0230),
    "4 strata, hazards to ×2.2, unstratified": (0.766, 0.0253, 0.0194),
    "4 strata, hazards to ×2.2, stratified": (0.784, 0.0290, 0.0230),
}
"""Power and both tails of 400,000 trials each, in blocks of 3."""


def test_palmira_is_what_others_found(say: Callable[[str], None]) -> None:
    protocol = load("palmira")
    scenario = read_document(study_file("palmira", "scenario.yaml"), Scenario)
    supposed = suppositions(protocol, scenario)
    found = design_card(protocol, None, supposed, trials=1_000_000, other_trials=400_000, seed=11, workers=2)
    missed = [name for name, truth in MAIN.items() if not _near(say, name, getattr(found.main, name), *truth)]
    for row in found.rows:
        for name, value in zip(("power", "upper", "lower"), OTHERS.get(row.label, ()), strict=False):
            error = math.sqrt(value * (1 - value) / 400_000) + 0.0003
            if not _near(say, f"{row.label}, {name}", getattr(row, name), value, error):
                missed.append(f"{row.label}, {name}")
    assert not missed


def _near(say: Callable[[str], None], name: str, share: Share, value: float, error: float) -> bool:
    say(f"{name}: {share.value:.5f} ({share.se:.5f}), {value} expected")
    return abs(share.value - value) < 4 * math.hypot(share.se, error)
