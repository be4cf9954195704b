"""Boundaries, power and final inference against rpact 4.5, gsDesign 3.11 and lrstat 0.3.3, and against a second way."""

import json
import math
from typing import Any

import numpy as np
import pytest
from oracle_cases import Differences, as_list, shared

from trialwright.design import (
    Boundaries,
    Futility,
    Spending,
    drift_for_power,
    expected_information,
    final_inference,
    group_sequential_power,
    haybittle_peto_boundaries,
    inflation_factor,
    repeated_interval,
    repeated_p,
    spending_boundaries,
    wang_tsiatis_boundaries,
)
from trialwright.stats.normal import phi, trivariate

OF, POCOCK = Spending("obrien-fleming"), Spending("pocock")
THIRDS = [1 / 3, 2 / 3, 1]
HSD = Futility(binding=False, spending=Spending("hwang-shih-decani", -2), beta=0.1)
LATE = [0.5, 0.75, 1]
PLANS: dict[str, Boundaries] = {
    "palmira_gs_ldof_76_127": spending_boundaries([76 / 127, 1], OF, alpha=0.025, sides=1),
    "of_k3": wang_tsiatis_boundaries(THIRDS, 0, alpha=0.025, sides=1),
    "pocock_k3": wang_tsiatis_boundaries(THIRDS, 0.5, alpha=0.025, sides=1),
    "asp_k3": spending_boundaries(LATE, POCOCK, alpha=0.025, sides=1),
    "hsd_m4_nonbinding_bshsd_m2": spending_boundaries(
        LATE, Spending("hwang-shih-decani", -4), alpha=0.025, sides=1, futility=HSD
    ),
    "asof_fut0_binding": spending_boundaries(
        [0.5, 1], OF, alpha=0.025, sides=1, futility=Futility(binding=True, bounds=(0.0,))
    ),
    "asof_two_sided_k3": spending_boundaries(THIRDS, OF, alpha=0.05, sides=2),
    "piecewise_ph": spending_boundaries([0.7, 1], OF, alpha=0.025, sides=1),
}
CROSS = {
    "ldof_76_127": "palmira_gs_ldof_76_127", "ldp_k3": "asp_k3", "hsd_m4_nonbinding": "hsd_m4_nonbinding_bshsd_m2",
    "hsd_m4": "hsd_m4_nonbinding_bshsd_m2", "OF_k3": "of_k3", "Pocock_k3": "pocock_k3",
}  # fmt: skip


def rpact(id: str) -> dict[str, Any]:
    designs = json.loads(shared("design_rpact.json").read_text())["designs"]
    return next(design for design in designs if design["id"] == id)


def answers(block: str, other: str) -> list[Any]:
    """Return the plans of a block, each with the reference it answers; the other program has one of its own."""
    return [pytest.param(id, marks=pytest.mark.reference(f"{block}/{id}"), id=id) for id in CROSS if id != other]


def cross(block: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared("design_cross.json").read_text())[block]
    return found


def test_converged_lan_demets_obrien_fleming(differences: Differences) -> None:
    upper = PLANS["palmira_gs_ldof_76_127"].upper
    differences.absolute("LDOF 76/127", "bounds", upper, [2.672699922730, 1.980719180926], 1e-11)


def test_every_sequential_design_of_the_reference_is_answered() -> None:
    designs = json.loads(shared("design_rpact.json").read_text())["designs"]
    assert {design["id"] for design in designs if design["design"]["kMax"] > 1} == set(PLANS)


@pytest.mark.oracle("rpact")
@pytest.mark.parametrize("id", PLANS)
def test_bounds_of_rpact(id: str, differences: Differences) -> None:
    plan, expected = PLANS[id], rpact(id)["design"]
    differences.check(id, "first bound", plan.upper[0], expected["criticalValues"][0], 1e-7)
    differences.check(id, "bounds", plan.upper, expected["criticalValues"], 1e-6)
    differences.check(id, "alpha spent", plan.alpha_spent, expected["alphaSpent"], 1e-6)
    levels = [level / plan.sides for level in plan.nominal]
    differences.check(id, "stage levels", levels, expected["stageLevels"], 1e-6)
    lower = as_list(expected["futilityBounds"])
    ours = plan.lower[:-1] if plan.sides == 1 else [-math.inf] * len(lower)
    differences.check(id, "futility bounds", ours, [-math.inf if b == -6 else b for b in lower], 1e-6)


@pytest.mark.oracle("rpact")
@pytest.mark.parametrize("id", PLANS)
def test_characteristics_of_rpact(id: str, differences: Differences) -> None:
    plan, design = PLANS[id], rpact(id)
    expected, power = design["characteristics"], 1 - design["design"]["beta"]
    drift = drift_for_power(plan, power)
    found = group_sequential_power(plan, drift)
    differences.check(id, "shift", drift**2, expected["shift"], 1e-6)
    inflation = inflation_factor(plan, power)
    differences.check(id, "inflation", inflation, expected["inflationFactor"], 1e-6)
    differences.check(id, "power", found.above, expected["rejectionProbabilities"], 1e-6)
    if plan.sides == 1:
        differences.check(id, "futility", found.below[:-1], as_list(expected["futilityProbabilities"]), 1e-6)
    for effect, key in ((drift, "1"), (drift / 2, "01"), (0.0, "0")):
        mean = inflation * expected_information(plan, effect)
        differences.check(id, f"mean {key}", mean, expected[f"averageSampleNumber{key}"], 1e-6)


@pytest.mark.oracle("gsDesign")
@pytest.mark.parametrize("id", answers("gsDesign_bounds", "hsd_m4"))
def test_gsdesign(id: str, differences: Differences) -> None:
    plan, expected = PLANS[CROSS[id]], cross("gsDesign_bounds")[id]
    differences.check(id, "bounds", plan.upper, expected["upper"], 5e-9)
    if expected["lower"] is not None:
        differences.check(id, "lower bounds", plan.lower, expected["lower"], 1e-6)
        assert plan.drift is not None
    power = 0.8 if id.startswith("ld") else 0.9
    inflation = inflation_factor(plan, power)
    differences.check(id, "inflation", inflation, expected["inflation"], 1e-6)
    means = [inflation * expected_information(plan, d) for d in (0.0, drift_for_power(plan, power))]
    differences.check(id, "expected information", means, expected["enH0_enH1"], 1e-6)


@pytest.mark.oracle("lrstat")
@pytest.mark.parametrize("id", answers("lrstat_bounds", "hsd_m4_nonbinding"))
def test_lrstat(id: str, differences: Differences) -> None:
    differences.check(id, "bounds", PLANS[CROSS[id]].upper, cross("lrstat_bounds")[id], 1e-6)


@pytest.mark.oracle("rpact")
@pytest.mark.reference("palmira_gs_ldof_76_127")
def test_power_for_given_events(differences: Differences) -> None:
    plan = rpact("palmira_gs_ldof_76_127")["plan"] | rpact("palmira_gs_ldof_76_127").get("power", {})
    expected = plan["overallReject"]
    ratios = as_list(plan["hazardRatio"])
    drifts = [-math.log(ratio) * math.sqrt(127 * 2 / 9) for ratio in ratios]
    found = [sum(group_sequential_power(PLANS["palmira_gs_ldof_76_127"], drift).above) for drift in drifts]
    differences.check("palmira_gs_ldof_76_127", "power", found, expected, 1e-6)


@pytest.mark.oracle("rpact")
@pytest.mark.reference("other/analysis")
def test_final_inference(differences: Differences) -> None:
    expected = json.loads(shared("design_rpact.json").read_text())["other"]["analysis"]
    root = math.sqrt(127 * 2 / 9)

    def plan(alpha: float) -> Boundaries:
        return spending_boundaries([0.6, 1], OF, alpha=alpha, sides=1)

    def ratio(drift: float, events: float = 127) -> float:
        return math.exp(-drift / root * math.sqrt(127 / events))

    found = final_inference(plan(0.025), 2, 2.4)
    differences.check("analysis", "P", found.p_one_sided, expected["finalPValues"][1], 1e-6)
    differences.check("analysis", "estimate", ratio(found.drift), expected["medianUnbiasedEstimates"][1], 1e-5)
    limits = [expected[f"finalConfidenceInterval{end}Bounds"][1] for end in ("Lower", "Upper")]
    differences.check("analysis", "limits", [ratio(found.upper), ratio(found.lower)], limits, 1e-5)
    for look, z in ((1, 1.2), (2, 2.4)):
        # rpact turns z into a hazard ratio by the events of the look, 76, not by 0.6 of 127
        lower, upper = (limit * math.sqrt((0.6, 1)[look - 1]) for limit in repeated_interval(plan(0.025), look, z))
        events = (76, 127)[look - 1]
        limits = [expected[f"repeatedConfidenceInterval{end}Bounds"][look - 1] for end in ("Lower", "Upper")]
        differences.check("analysis", "repeated", [ratio(upper, events), ratio(lower, events)], limits, 1e-5)
        p = repeated_p(plan, look, z)
        differences.absolute("analysis", "repeated P", p, expected["repeatedPValues"][look - 1], 1e-6)


@pytest.mark.parametrize("family", [OF, POCOCK, Spending("kim-demets", 2.0), Spending("hwang-shih-decani", 1.0)])
@pytest.mark.parametrize("t", [[0.2, 0.55, 1.0], [0.5, 0.9, 1.0], [0.05, 0.1, 1.0]])
def test_spent_by_the_multivariate_normal(family: Spending, t: list[float]) -> None:
    plan = spending_boundaries(t, family, alpha=0.025, sides=1)
    corr = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    a, b, c = plan.upper
    far = 30.0
    stay = [float(phi(np.array(a))), *(float(trivariate(np.array(v), corr)) for v in ((a, b, far), (a, b, c)))]
    np.testing.assert_allclose([1 - s for s in stay], plan.alpha_spent, rtol=0, atol=1e-12)


def test_symmetric_bounds_by_the_multivariate_normal() -> None:
    t = np.array([0.4, 0.7, 1.0])
    plan = haybittle_peto_boundaries(t, 3.0, alpha=0.05, sides=2)
    corr = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    within = 0.0
    for corner in np.ndindex(2, 2, 2):
        limits = np.array([u if side == 0 else -u for u, side in zip(plan.upper, corner, strict=True)])
        within += (-1) ** sum(corner) * float(trivariate(limits, corr))
    assert abs(1 - within - 0.05) < 1e-12
