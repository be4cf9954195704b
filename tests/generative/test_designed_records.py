"""Trials of the fast simulation, written down as records, give derivation and test what the kernel counted."""

import math
from datetime import timedelta
from pathlib import Path

import pytest

from trialwright.derive import time_to_event
from trialwright.design import Scenario
from trialwright.protocol import load, read_document, study_file
from trialwright.simulate import DesignedTrial, designed, designed_records, simulate_design
from trialwright.stats import EventTimes, log_rank

TINY = Path(__file__).parents[1] / "studies" / "tiny"
STUDIES = {
    "palmira": ("palmira", study_file("palmira", "scenario.yaml")),
    "tiny": (TINY / "protocol.yaml", TINY / "scenario.yaml"),
}
VARIANTS = (
    {},
    {"scans.missed": 0.3},
    {"scans.jitter_sd_days": 0.0, "scans.not_evaluable": 0.2},
    {"contacts.lost": 0.2},
)
TRIALS, SEED = 4, 11


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("values", VARIANTS, ids=str)
def test_the_records_of_a_trial_are_derived_to_what_was_counted(study, values):
    protocol, scenario = load(STUDIES[study][0]), read_document(STUDIES[study][1], Scenario).with_values(values)
    plan = designed(protocol, scenario)
    counted = simulate_design(plan, TRIALS, SEED)
    control = protocol.analysis.control
    arms = [control, *(arm.id for arm in protocol.arms if arm.id != control)]
    for number in range(TRIALS):
        data = designed_records(protocol, scenario, plan, number, SEED)
        for look, time in enumerate(counted.time[number]):
            if not math.isfinite(time):
                continue
            cut = data.cut(scenario.recruitment.opens_on + timedelta(days=int(time)))
            who = time_to_event(cut, protocol, protocol.sample_size.endpoint).join(cut["allocations"], on="subject")
            strata = who["stratum"].to_list() if plan.test.stratified else None
            seen = EventTimes.of(who["days"].to_list(), who["event"].to_list(), who["arm"].to_list(), strata, arms=arms)
            assert len(seen) == counted.enrolled[number, look]
            assert seen.event.sum() == counted.events[number, look]
            assert -log_rank(seen).z == pytest.approx(counted.z[number, look], rel=1e-9, abs=1e-9)


def test_a_design_in_months_has_no_records():
    protocol, scenario = load("palmira"), read_document(study_file("palmira", "scenario.yaml"), Scenario)
    plan = designed(protocol, scenario)
    without = DesignedTrial(plan.supposed, plan.patients, plan.allocation, plan.looks, plan.test, plan.scans)
    with pytest.raises(ValueError, match="whole days"):
        designed_records(protocol, scenario, without, 0, 1)
