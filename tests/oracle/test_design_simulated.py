"""The fast simulation against lrstat and rpact, 500,000 trials each, and against ten million of a kernel in C."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from oracle_cases import shared

from trialwright.design import ArmRates, Steps, Stratum, SupposedTrial, uniform_accrual
from trialwright.simulate import (
    Allocating,
    Comparison,
    DesignedTrial,
    Look,
    Outcomes,
    Scanning,
    Trigger,
    simulate_design,
)

MEDIAN, HAZARD_RATIO, EVENTS, Z = 3.6, 0.59, 127, 1.959963984540054
WEEK = 7 / 30.4375
QUICK, LONG, LONGEST = 60_000, 1_000_000, 4_000_000


def cases() -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in json.loads(shared("design_simulated.json").read_text())["cases"]}


def palmira(ratio: float, strata: int = 1, step: float = 1.0, allocation: tuple[int, int] = (2, 1), **more: Any):
    """198 patients over 42 months, blocks of 3; ``step`` multiplies the hazard from stratum to stratum."""
    control = math.log(2) / MEDIAN
    each = tuple(
        Stratum(ArmRates.of(ratio * control * step**k), ArmRates.of(control * step**k), 1 / strata)
        for k in range(strata)
    )
    supposed = SupposedTrial(uniform_accrual(198, 42), each, allocation[0] / allocation[1])
    given = {"looks": (Look(Trigger(events=EVENTS), Z),)} | more
    return DesignedTrial(supposed, 198, Allocating(allocation, (sum(allocation),)), **given)


def of_lrstat(inputs: dict[str, Any]) -> DesignedTrial:
    """Return the design of a call of lrstat's lrsim: Poisson accrual, and simple allocation within blocks."""
    a, b = inputs["allocation1"], inputs["allocation2"]
    starts = np.atleast_1d(inputs["accrualTime"]).tolist()
    rates = np.atleast_1d(inputs["accrualIntensity"]).tolist()
    pieces = np.atleast_1d(inputs["piecewiseSurvivalTime"]).tolist()
    arms = [
        ArmRates(
            Steps(tuple(pieces), tuple(np.broadcast_to(inputs[f"lambda{arm}"], len(pieces)).tolist())),
            Steps.of(inputs[f"gamma{arm}"]),
        )
        for arm in (1, 2)
    ]
    supposed = SupposedTrial(Steps((*starts, 1e6), (*rates, 0.0)), (Stratum(*arms),), a / b)
    futility = [*np.atleast_1d(inputs.get("futilityBounds", [-math.inf] * (inputs["kMax"] - 1))).tolist(), -math.inf]
    looks = tuple(
        Look(Trigger(events=events), upper, lower)
        for events, upper, lower in zip(
            np.atleast_1d(inputs["plannedEvents"]).tolist(),
            np.atleast_1d(inputs["criticalValues"]).tolist(),
            futility,
            strict=True,
        )
    )
    weights = (float(inputs.get("rho1", 0)), float(inputs.get("rho2", 0)))
    test = Comparison("fleming-harrington", weights=(weights,)) if any(weights) else Comparison()
    allocation = Allocating((a, b), (a + b,))
    return DesignedTrial(supposed, inputs["n"], allocation, looks, test, entering="poisson")


def agree(found: Outcomes, case: dict[str, Any]) -> None:
    """Every quantity within four standard errors of both sides; those of lrstat's times are taken to be as ours."""
    card, other = found.summary(), math.sqrt(found.trials / case["n"])
    joint = math.hypot(card.above_any.se, case["reject_mc_se"])
    assert abs(card.above_any.value - case["reject"]) < 4 * joint
    per_look = np.atleast_1d(case.get("rejectPerStage", case["reject"]))
    for look, expected in zip(card.looks, per_look, strict=True):
        assert abs(look.above.value - expected) < 4 * look.above.se * math.hypot(1, other) + 1e-12
    spreads = [(card.duration, "expectedStudyDuration"), (card.enrolled, "expectedNumberOfSubjects")]
    for spread, name in [*spreads, (card.events, "expectedNumberOfEvents")]:
        if name in case:
            assert abs(spread.mean - case[name]) < 4 * spread.se * math.hypot(1, other) + 1e-9, name


@pytest.mark.parametrize(
    "name",
    ["palmira_fixed_h1", "palmira_fixed_h0", "palmira_gs_h1", "palmira_gs_fut_h1", "delayed_190", "delayed_190_fh01"],
)
def test_lrstat(name: str) -> None:
    case = cases()[name]
    agree(simulate_design(of_lrstat(case["inputs"]), QUICK, seed=1), case)


@pytest.mark.reference("palmira_fixed_rpact_hr1")
def test_rpact_spaces_its_patients_evenly() -> None:
    case = cases()["palmira_fixed_rpact_hr1"]
    found = simulate_design(palmira(1.0, entering="spaced"), QUICK, seed=2)
    agree(found, case)
    time = found.summary().looks[0].time
    assert abs(time.mean - case["analysisTime"]) < 4 * time.se * math.hypot(1, math.sqrt(QUICK / case["n"]))


# Type I error towards the experimental arm and towards control, power at 1.96, month of 127 events: 400,000 trials.
SCENARIOS = {
    "2:1": ({}, 0.0288, 0.0235, 0.809, 34.3),
    "1:1": ({"allocation": (1, 1)}, 0.0259, 0.0255, 0.836, 33.7),
    "scans every 8 weeks": ({"scans": Scanning.regular(8 * WEEK)}, 0.0274, 0.0243, 0.803, 35.2),
    "scans within a week of that": ({"scans": Scanning.regular(8 * WEEK, window=WEEK)}, 0.0296, 0.0226, 0.802, 35.2),
    "scans every 12 weeks": ({"scans": Scanning.regular(12 * WEEK)}, 0.0266, 0.0246, 0.797, 35.7),
    "4 strata": ({"strata": 4, "test": Comparison(stratified=True)}, 0.0289, 0.0230, 0.790, 34.3),
    "4 prognostic strata": ({"strata": 4, "step": 1.3}, 0.0253, 0.0194, 0.766, 32.1),
    "the same, in the test": (
        {"strata": 4, "step": 1.3, "test": Comparison(stratified=True)}, 0.0290, 0.0230, 0.784, 32.1,
    ),
}  # fmt: skip


def within(share: float, expected: float, trials: int, others: int, digits: float) -> bool:
    """Say whether two shares are within four standard errors of both and the rounding of the printed one."""
    spread = math.sqrt(expected * (1 - expected) * (1 / trials + 1 / others))
    return abs(share - expected) < 4 * spread + digits


def held(name: str, trials: int) -> None:
    more, upper, lower, power, month = SCENARIOS[name]
    null = simulate_design(palmira(1.0, **more), trials, seed=3, workers=2).summary().looks[0]
    assert within(null.upper_tail.value, upper, trials, 400_000, 5e-5)
    assert within(null.lower_tail.value, lower, trials, 400_000, 5e-5)
    card = simulate_design(palmira(HAZARD_RATIO, **more), trials, seed=4, workers=2).summary()
    assert within(card.above_any.value, power, trials, 400_000, 5e-4)
    assert abs(card.looks[0].time.mean - month) < 0.05 + 4 * card.looks[0].time.se


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_of_the_reference(name: str) -> None:
    held(name, QUICK // 2)


POWER = {111: 0.7576, 122: 0.7945, 124: 0.8007, 125: 0.8037, 126: 0.8067, 127: 0.8097, 133: 0.8267}


@pytest.mark.parametrize("events", [111, 127, 133])
def test_power_by_events(events: int) -> None:
    found = simulate_design(palmira(HAZARD_RATIO, looks=(Look(Trigger(events=events), Z),)), QUICK, seed=5)
    assert within(found.summary().above_any.value, POWER[events], QUICK, 10_000_000, 5e-5)


def test_two_looks() -> None:
    looks = (Look(Trigger(events=76), 2.672699922730), Look(Trigger(events=127), 1.980719180926))
    found = simulate_design(palmira(HAZARD_RATIO, looks=looks), QUICK, seed=6).summary()
    assert within(found.above_any.value, 0.8076, QUICK, 10_000_000, 5e-5)


@pytest.mark.soak
def test_tight_figures() -> None:
    """Four million trials: power .8097, tails .0295 and .0232 of ten and twenty million by another kernel."""
    found = simulate_design(palmira(HAZARD_RATIO), LONGEST, seed=7, workers=2).summary()
    assert within(found.above_any.value, 0.8097, LONGEST, 10_000_000, 5e-5)
    null = simulate_design(palmira(1.0), LONGEST, seed=8, workers=2).summary().looks[0]
    assert within(null.upper_tail.value, 0.0295, LONGEST, 20_000_000, 5e-5)
    assert within(null.lower_tail.value, 0.0232, LONGEST, 20_000_000, 5e-5)


@pytest.mark.soak
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_at_length(name: str) -> None:
    held(name, LONG)
