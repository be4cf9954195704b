"""Schoenfeld's number of events and its power."""

import json
import math
from pathlib import Path

import pytest

from trialwright.design import events_schoenfeld, power_schoenfeld

SHARED = Path(__file__).parents[4] / "shared" / "oracle"


def cross(*keys):
    path = SHARED / "design_cross.json"
    if not path.exists():
        pytest.skip(f"needs {SHARED}, which is not here")
    found = json.loads(path.read_text())
    for key in keys:
        found = found[key]
    return found


def test_equals_gsdesign():
    expected = cross("fixed_events", "gsDesign_nEvents_Schoenfeld")
    assert events_schoenfeld(0.59, power=0.8, alpha=0.05, sides=2, ratio=2) == pytest.approx(expected, rel=1e-12)
    assert cross("fixed_events", "gsDesign_nSurv_Schoenfeld", "d") == pytest.approx(expected, rel=1e-12)


def test_by_hand():
    # 1:1, HR 1/2, one-sided 2.5 %, 90 %: 4 (1.959964 + 1.281552)^2 / ln(2)^2 = 87.4793
    assert events_schoenfeld(0.5, power=0.9, alpha=0.025, sides=1, ratio=1) == pytest.approx(87.4793, abs=1e-3)


@pytest.mark.parametrize(
    ("hazard_ratio", "events", "ratio", "power"),
    [(0.59, 127, 2, 0.8004), (0.84, 127, 2, 0.1506), (0.59, 155, 136 / 62, 0.8614)],
)
def test_power(hazard_ratio, events, ratio, power):
    found = power_schoenfeld(hazard_ratio, events=events, alpha=0.05, sides=2, ratio=ratio)
    assert found == pytest.approx(power, abs=0.0001)


def test_the_ratio_that_came_about_needs_a_few_more_events():
    assert math.ceil(events_schoenfeld(0.59, power=0.8, alpha=0.05, sides=2, ratio=136 / 62)) == 132


@pytest.mark.parametrize("ratio", [0.5, 1, 2, 3])
@pytest.mark.parametrize("hazard_ratio", [0.4, 0.59, 1.7])
@pytest.mark.parametrize("sides", [1, 2])
def test_power_undoes_events(hazard_ratio, ratio, sides):
    events = events_schoenfeld(hazard_ratio, power=0.8, alpha=0.05, sides=sides, ratio=ratio)
    assert power_schoenfeld(hazard_ratio, events=events, alpha=0.05, sides=sides, ratio=ratio) == pytest.approx(0.8)
    turned = events_schoenfeld(1 / hazard_ratio, power=0.8, alpha=0.05, sides=sides, ratio=1 / ratio)
    assert turned == pytest.approx(events)


def test_no_effect_has_the_power_of_chance():
    assert power_schoenfeld(1.0, events=100, alpha=0.05, sides=2, ratio=1) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"hazard_ratio": 0}, "hazard_ratio must be a finite number greater than 0; got 0"),
        ({"hazard_ratio": 1}, "hazard_ratio must differ from 1"),
        ({"hazard_ratio": math.nan}, "hazard_ratio must be a finite number"),
        ({"power": 80}, r"power must be in \(0, 1\); got 80. For 80 % write 0.8."),
        ({"alpha": 0}, "alpha must be in"),
        ({"sides": 3}, "sides must be 1 or 2; got 3"),
        ({"ratio": -2}, "ratio must be a finite number greater than 0; got -2"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    right = {"hazard_ratio": 0.59, "power": 0.8, "alpha": 0.05, "sides": 2, "ratio": 2}
    with pytest.raises(ValueError, match=message):
        events_schoenfeld(**right | wrong)


def test_power_needs_events():
    with pytest.raises(ValueError, match="events must be greater than 0; got 0"):
        power_schoenfeld(0.59, events=0, alpha=0.05, sides=2, ratio=2)
