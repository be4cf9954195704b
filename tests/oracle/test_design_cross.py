"""Every case of design_cross.json: where it is answered, and here those that are not answered elsewhere.

Event formulas and the times of events are in test_design_fixed, bounds in test_design_boundaries.
"""

import json
import math

import pytest
from oracle_cases import shared

from trialwright.design import (
    ArmRates,
    FixedPlan,
    Steps,
    Stratum,
    SupposedTrial,
    event_numbers,
    expected_events,
    expected_hazard_ratio,
    expected_log_rank,
    expected_milestone,
    expected_restricted_mean,
    time_of_events,
)
from trialwright.stats import FlemingHarrington

CONTROL = math.log(2) / 10
LATE = Stratum(ArmRates.of(Steps((0, 3), (CONTROL, 0.6 * CONTROL)), 0.005), ArmRates.of(CONTROL, 0.005))
DELAYED = SupposedTrial(Steps((0, 2, 4, 24), (4, 8, 12, 0)), (LATE,), ratio=2)
"""No effect for three months, then a hazard ratio of 0.6."""

ANSWERED = {
    "fixed_events": {
        "gsDesign_nEvents_Schoenfeld": "test_size", "gsDesign_nSurv_Schoenfeld": "test_design_fixed",
        "gsDesign_nSurv_Freedman": "test_design_fixed", "gsDesign_nSurv_LachinFoulkes": "test_design_fixed",
        "gsDesign_nSurv_BernsteinLagakos": "test_design_fixed", "lrstat_lrschoenfeld": "here", "note": "",
    },
    "gsDesign2_fixed_ahr_T48": {"events": "here", "n": "here", "note": ""},
    "gsDesign_bounds": dict.fromkeys(
        ("ldof_76_127", "ldp_k3", "hsd_m4_nonbinding", "OF_k3", "Pocock_k3"), "test_design_boundaries"
    ),
    "lrstat_bounds": dict.fromkeys(("ldof_76_127", "ldp_k3", "hsd_m4", "OF_k3", "Pocock_k3"), "test_design_boundaries"),
    "delayed_effect_ahr": dict.fromkeys(("time", "ahr", "event", "info", "info0", "note"), "here"),
    "delayed_effect_lrstat": {"logrank": "here", "fh01": "here", "note": ""},
    "rmst18_lrstat": dict.fromkeys(("power", "byStage", "settings", "note"), "here"),
}  # fmt: skip


def cross():
    return json.loads(shared("design_cross.json").read_text())


def test_every_case_is_answered():
    found = {key: set(block) for key, block in cross().items() if key != "software"}
    assert found == {key: set(block) for key, block in ANSWERED.items()}


@pytest.mark.oracle("gsDesign2")
@pytest.mark.reference("delayed_effect_ahr")
def test_average_hazard_ratio_and_its_information(differences):
    expected = cross()["delayed_effect_ahr"]
    found = [expected_hazard_ratio(DELAYED, time) for time in expected["time"]]
    for what, ours, key in (
        ("average hazard ratio", [one.average for one in found], "ahr"),
        ("events", [one.events for one in found], "event"),
        ("information", [one.information for one in found], "info"),
        ("information without an effect", [one.information_null for one in found], "info0"),
    ):
        differences.check("delayed_effect_ahr", what, ours, expected[key], 1e-10)


@pytest.mark.oracle("gsDesign2")
@pytest.mark.reference("gsDesign2_fixed_ahr_T48")
def test_size_by_the_average_hazard_ratio(differences):
    expected = cross()["gsDesign2_fixed_ahr_T48"]
    plan = FixedPlan(accrual=42, follow_up=6, control=Steps.of(math.log(2) / 3.6))
    found = expected_hazard_ratio(plan.trial(0.59, ratio=2), 48).test()
    asked = {"alpha": 0.05, "sides": 2}
    differences.check("gsDesign2_fixed_ahr_T48", "patients", found.patients_for(0.8, **asked), expected["n"], 1e-10)
    differences.check("gsDesign2_fixed_ahr_T48", "events", found.events_for(0.8, **asked), expected["events"], 1e-10)


@pytest.mark.oracle("lrstat")
@pytest.mark.parametrize(("name", "weight"), [("logrank", None), ("fh01", FlemingHarrington(0, 1))])
def test_weighted_log_rank_under_a_delayed_effect(name, weight, differences):
    expected, found = cross()["delayed_effect_lrstat"][name], expected_log_rank(DELAYED, 42, weight=weight)
    differences.check(name, "power", found.power(alpha=0.025, sides=1), expected["power"], 1e-9)
    differences.check(name, "events", found.events, expected["events"], 1e-10)
    differences.check(name, "patients", found.patients, expected["subjects"], 1e-12)


@pytest.mark.oracle("lrstat")
@pytest.mark.reference("rmst18_lrstat")
def test_restricted_mean(differences):
    expected = cross()["rmst18_lrstat"]
    stage, tau, time = expected["byStage"][0], 18, expected["byStage"][0]["analysisTime"]
    found = expected_restricted_mean(DELAYED, time, tau)
    differences.check("rmst18", "power", found.test().power(alpha=0.025, sides=1), expected["power"], 1e-9)
    differences.check("rmst18", "information", 1 / found.variance, stage["information"], 1e-9)
    bound = stage["efficacyBounds"] * math.sqrt(found.variance)
    differences.check("rmst18", "difference at the bound", bound, stage["efficacyRmstDiff"], 1e-9)
    differences.check("rmst18", "events", found.events, stage["numberOfEvents"], 1e-10)
    differences.check("rmst18", "patients", found.patients, stage["numberOfSubjects"], 1e-12)
    leaving = tuple(
        Stratum(*(ArmRates(arm.dropout, arm.hazard) for arm in (s.experimental, s.control))) for s in [LATE]
    )
    left = expected_events(SupposedTrial(DELAYED.accrual, leaving, 2), time).events
    differences.check("rmst18", "dropouts", left, stage["numberOfDropouts"], 1e-10)
    # All patients have been in for 18 months by month 42: those followed so far are those who neither failed nor left.
    survival = expected_milestone(DELAYED, time, tau)
    alive = (2 * survival.experimental + survival.control) / 3
    reached = 264 * alive * math.exp(-0.005 * tau)
    differences.check("rmst18", "followed to tau", reached, stage["numberOfMilestone"], 1e-10)


@pytest.mark.oracle("lrstat")
@pytest.mark.reference("fixed_events/lrstat_lrschoenfeld")
def test_events_calibrated_by_simulation(differences):
    """lrstat finds 124.03 events from Schoenfeld's 126.87 and the power that 10,000 simulated trials have with those.

    Schoenfeld's number times ((z of alpha + z of the power wanted) / (z of alpha + z of the power had))^2. With the
    power we expect it is another number; the two powers must agree within four of its Monte Carlo errors.
    """
    from scipy.special import ndtr, ndtri

    events = next(r.events for r in event_numbers(0.59, power=0.8, alpha=0.05, sides=2, ratio=2))
    wanted, critical = ndtri(0.975) + ndtri(0.8), ndtri(0.975)
    theirs = ndtr(wanted * math.sqrt(events / cross()["fixed_events"]["lrstat_lrschoenfeld"]) - critical)
    plan = FixedPlan(accrual=42, follow_up=0, control=Steps.of(math.log(2) / 3.6))
    trial = plan.trial(0.59, ratio=2, patients=198)
    found = expected_log_rank(trial, time_of_events(trial, events), at_events=True)
    ours = found.test("studentized").power(alpha=0.05, sides=2)
    differences.absolute("lrstat_lrschoenfeld", "power", ours, theirs, 4 * math.sqrt(0.8 * 0.2 / 10_000))


SIMULATED = {
    "palmira_fixed_h1": (0.59, None, 127),
    "palmira_fixed_h0": (1.0, None, 127),
    "delayed_190": (None, None, 190),
    "delayed_190_fh01": (None, FlemingHarrington(0, 1), 190),
}


@pytest.mark.oracle("lrstat")
@pytest.mark.parametrize("id", SIMULATED)
def test_power_of_half_a_million_simulated_trials(id, differences):
    """With the estimate it is divided by, the test's power is within 0.0065 of the truth, at 2:1, with any effect.

    That is what the first-order delta method leaves, not Monte Carlo error (0.0006). The level at 2:1 is said to be
    above 2.5 %, as it is; the other two variances cannot say so.
    """
    expected = next(c for c in json.loads(shared("design_simulated.json").read_text())["cases"] if c["id"] == id)
    hazard_ratio, weight, events = SIMULATED[id]
    palmira = FixedPlan(accrual=42, follow_up=0, control=Steps.of(math.log(2) / 3.6))
    trial = DELAYED if hazard_ratio is None else palmira.trial(hazard_ratio, ratio=2, patients=198)
    found = expected_log_rank(trial, time_of_events(trial, events), weight=weight, at_events=True)
    ours = found.test("studentized").power(alpha=0.025, sides=1)
    differences.absolute(id, "power", ours, expected["reject"], 0.0065)
    others = [found.test(variance).power(alpha=0.025, sides=1) for variance in ("of the test", "alternative")]
    assert abs(ours - expected["reject"]) < max(abs(power - expected["reject"]) for power in others)
