"""Every design of rpact, every number of it: sizes, times, patients entered, bounds as hazard ratios, expectations.

Bounds and their characteristics are compared in test_design_boundaries, which has the same designs with looks.
"""

import json
import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from oracle_cases import Differences, as_list, shared
from test_design_boundaries import PLANS as BOUNDARIES

from trialwright.design import (
    ArmRates,
    Steps,
    Stratum,
    SupposedTrial,
    drift_for_power,
    dropout_hazard,
    event_numbers,
    events_schoenfeld,
    expected_events,
    expected_information,
    group_sequential_power,
    hazard_ratio_at,
    inflation_factor,
    log_rank_mean,
    power_schoenfeld,
    solve_design,
    time_of_events,
    uniform_accrual,
)

EVENTS, TIMES, BOUNDS = 1e-6, 1e-5, 1e-6
GIVEN = {
    "typeOfComputation", "thetaH0", "directionUpper", "allocationRatioPlanned", "hazardRatio", "lambda2", "accrualTime",
    "totalAccrualTime", "dropoutRate1", "dropoutRate2", "dropoutTime", "piecewiseSurvivalTime",
}  # fmt: skip
"""What a design is asked with."""
ASKED_EVENTS = {"palmira_fixed_power", "palmira_gs_ldof_76_127"}


def reference():
    return json.loads(shared("design_rpact.json").read_text())


def case(id):
    return next(one for one in reference()["designs"] if one["id"] == id)


IDS = ["palmira_fixed_schoenfeld", "palmira_fixed_freedman", "palmira_fixed_hsiehfreedman", "palmira_fixed_power",
       "fixed_1to1_dropout", *BOUNDARIES]  # fmt: skip


def test_every_design_is_answered():
    assert {one["id"] for one in reference()["designs"]} == set(IDS)


@dataclass
class Answer:
    """A design as rpact was asked for it, and what of its plan has been compared."""

    id: str
    differences: Differences
    compared: set = field(default_factory=set)

    def __post_init__(self):
        found = case(self.id)
        self.design, self.plan = found["design"], found["plan"]
        self.hazard_ratio = as_list(self.plan["hazardRatio"])[0]
        self.ratio, self.sides = self.plan["allocationRatioPlanned"], self.design["sided"]
        self.test = {"alpha": self.design["alpha"], "sides": self.sides, "ratio": self.ratio}
        self.bounds = BOUNDARIES.get(self.id)

    @property
    def control(self):
        starts = tuple(self.plan.get("piecewiseSurvivalTime", (0,)))
        return Steps(starts, tuple(as_list(self.plan["lambda2"])))

    def dropout(self, arm):
        return dropout_hazard(self.plan[f"dropoutRate{arm}"], within=self.plan["dropoutTime"])

    def trial(self, patients, hazard_ratio=None):
        h = self.hazard_ratio if hazard_ratio is None else hazard_ratio
        arms = Stratum(ArmRates.of(self.control.times(h), self.dropout(1)), ArmRates.of(self.control, self.dropout(2)))
        if self.id == "piecewise_ph":
            accrual = Steps((0, 3, 6, 24), (8, 16, 24, 0))
        else:
            accrual = uniform_accrual(patients, self.plan["totalAccrualTime"])
        return SupposedTrial(accrual, (arms,), self.ratio)

    def check(self, key, ours, tolerance):
        self.differences.check(self.id, key, np.squeeze(np.asarray(ours)), np.squeeze(self.plan[key]), tolerance)
        self.compared.add(key)


def fixed_events(answer):
    formula = answer.plan["typeOfComputation"].replace("HsiehF", "Hsieh-F")
    rows = event_numbers(answer.hazard_ratio, power=1 - answer.design["beta"], **answer.test)
    return {row.formula: row.events for row in rows}[formula]


def most_events(answer):
    if answer.id in ASKED_EVENTS:
        return 127.0
    inflation = 1.0 if answer.bounds is None else inflation_factor(answer.bounds, 1 - answer.design["beta"])
    return inflation * fixed_events(answer)


def patients_of(answer, events):
    """The number given, or that which brings the events in the time given."""
    if answer.id == "piecewise_ph":
        return 504.0
    if answer.id.startswith("palmira"):
        return 198.0
    return solve_design(
        answer.control, **answer.test, hazard_ratio=answer.hazard_ratio, events=events,
        accrual=answer.plan["totalAccrualTime"], follow_up=answer.plan["followUpTime"],
        dropout=answer.dropout(2), dropout_experimental=answer.dropout(1),
    ).patients  # fmt: skip


@pytest.mark.oracle("rpact")
@pytest.mark.parametrize("id", IDS)
def test_every_number_of_the_plan(id, differences):
    answer = Answer(id, differences)
    events = most_events(answer)
    patients = patients_of(answer, events)
    sizes(answer, events, patients)
    courses(answer, events, patients)
    effects_at_bounds(answer, events)
    if answer.bounds is not None:
        expectations(answer, events, patients)
    powers(answer)
    assert set(answer.plan) - GIVEN == answer.compared


def sizes(answer, events, patients):
    plan, control = answer.plan, answer.control
    answer.check("lambda1", control.times(1).rates * np.atleast_1d(plan["hazardRatio"]), 1e-12)
    if "median2" in plan:
        answer.check("median2", control.quantile([0.5]), 1e-12)
        medians = [control.times(h).quantile([0.5])[0] for h in as_list(plan["hazardRatio"])]
        answer.check("median1", medians, 1e-12)
    answer.check("maxNumberOfEvents", events, EVENTS)
    answer.check("maxNumberOfSubjects", patients, EVENTS)
    if "maxNumberOfSubjects1" in plan:
        answer.check("maxNumberOfSubjects1", patients * answer.ratio / (1 + answer.ratio), EVENTS)
        answer.check("maxNumberOfSubjects2", patients / (1 + answer.ratio), EVENTS)
    if "eventsFixed" in plan:
        answer.check("eventsFixed", fixed_events(answer), EVENTS)
        # Where patients are given, they are given for the fixed design too.
        given = answer.id == "piecewise_ph" or answer.id.startswith("palmira")
        answer.check("nFixed", patients if given else patients_of(answer, fixed_events(answer)), EVENTS)
    intensity = [rate for rate in answer.trial(patients).accrual.rates if rate]
    answer.check("accrualIntensity", intensity, EVENTS)
    if "chi" in plan:
        answer.check("chi", events / patients, EVENTS)


def stages(answer, events):
    return events * np.array([1.0] if answer.bounds is None else answer.bounds.information)


def courses(answer, events, patients):
    """When each number of events has come, and who has entered by then."""
    each = stages(answer, events)
    answer.check("cumulativeEventsPerStage", each, EVENTS)
    answer.check("eventsPerStage", each, EVENTS)
    trials = [answer.trial(patients, h) for h in as_list(answer.plan["hazardRatio"])]
    answer.times = np.array([[time_of_events(trial, count) for trial in trials] for count in each])
    answer.entered = np.array(
        [[expected_events(trial, t).enrolled for trial, t in zip(trials, row, strict=True)] for row in answer.times]
    )
    # rpact's search for the last time of this design stops early: at its 28.6309 our events and a quadrature of them
    # agree to 1e-14 on 281.7875, which is not the 281.7738 it asked for.
    tolerance = 1e-4 if answer.id == "piecewise_ph" else TIMES
    answer.check("analysisTime", answer.times, tolerance)
    # For a fixed design of given patients rpact prints those planned, though not all have entered by then.
    planned = "eventsFixed" in answer.plan and answer.id.startswith("palmira")
    answer.check("numberOfSubjects", [[patients]] if planned else answer.entered, tolerance)
    answer.check("maxStudyDuration", answer.times[-1], tolerance)
    # What is left after accrual is small against the time it is the difference of.
    after = answer.times[-1] - answer.plan["totalAccrualTime"]
    answer.differences.absolute(answer.id, "followUpTime", after, as_array(answer.plan["followUpTime"]), 30 * tolerance)
    answer.compared.add("followUpTime")
    if answer.bounds is None:
        answer.check("studyDuration", answer.times[-1], TIMES)
        for key in {"expectedEventsH1", "expectedNumberOfEvents"} & set(answer.plan):
            answer.check(key, np.full_like(answer.times[-1], events), EVENTS)


def as_array(value):
    return np.atleast_1d(np.asarray(value, float))


def effects_at_bounds(answer, events):
    z = np.array([1.959963984540054]) if answer.bounds is None else np.array(answer.bounds.upper)

    def ratios(values):
        pairs = zip(values, stages(answer, events), strict=False)
        return [hazard_ratio_at(value, events=count, ratio=answer.ratio) for value, count in pairs]

    if answer.sides == 2:
        lower, upper = ratios(z), ratios(-z)
        answer.check("criticalValuesEffectScaleLower", lower, BOUNDS)
        answer.check("criticalValuesEffectScaleUpper", upper, BOUNDS)
    else:
        answer.check("criticalValuesEffectScale", ratios(z), BOUNDS)
    nominal = [answer.sides * 0.025] if answer.bounds is None else answer.bounds.nominal
    answer.check("criticalValuesPValueScale", nominal, BOUNDS)
    if "futilityBoundsEffectScale" in answer.plan:
        lower = np.array(answer.bounds.lower[:-1])
        answer.check("futilityBoundsEffectScale", ratios(lower), BOUNDS)
        answer.check("futilityBoundsPValueScale", [math.erfc(v / math.sqrt(2)) / 2 for v in lower], BOUNDS)


def expectations(answer, events, patients):
    plan, bounds = answer.plan, answer.bounds
    drifts = [
        log_rank_mean(h, events=events, ratio=answer.ratio)
        if answer.id in ASKED_EVENTS
        else drift_for_power(bounds, 1 - answer.design["beta"])
        for h in as_list(plan["hazardRatio"])
    ]
    found = [group_sequential_power(bounds, drift) for drift in drifts]
    # On two sides rpact leaves out the trials that end significant in the wrong direction, 8e-7 of them here.
    ends = [one.above if answer.sides == 2 else np.add(one.above, one.below) for one in found]
    stop = np.array(ends).T
    stop[-1] = 1 - stop[:-1].sum(axis=0)
    duration = (stop * answer.times).sum(axis=0)
    answer.check("studyDuration", duration, 1e-4 if answer.id == "piecewise_ph" else TIMES)
    above = np.array([one.above for one in found]).T
    rejected = plan["rejectPerStage"]
    answer.differences.check(
        answer.id, "rejectPerStage", above.squeeze(),
        np.squeeze(list(rejected.values()) if isinstance(rejected, dict) else rejected), EVENTS,
    )  # fmt: skip
    answer.compared.add("rejectPerStage")
    answer.check("earlyStop", stop[:-1].sum(axis=0), EVENTS)
    if answer.id in ASKED_EVENTS:
        expected = [events * expected_information(bounds, drift) for drift in drifts]
        answer.check("expectedNumberOfEvents", expected, EVENTS)
        return
    answer.check("studyDurationH1", duration, 1e-4 if answer.id == "piecewise_ph" else TIMES)
    for key, drift in (("H1", drifts[0]), ("H01", drifts[0] / 2), ("H0", 0.0)):
        answer.check(f"expectedEvents{key}", events * expected_information(bounds, drift), EVENTS)
    answer.check("expectedNumberOfSubjectsH1", (stop * answer.entered).sum(axis=0), TIMES)
    below = np.array([one.below for one in found]).T[:-1]
    if "futilityPerStage" in plan:
        answer.check("futilityPerStage", below.squeeze(), EVENTS)
        answer.check("futilityStop", below.sum(), EVENTS)


def powers(answer):
    plan = answer.plan
    if answer.id not in ASKED_EVENTS:
        return
    if answer.bounds is None:
        found = [power_schoenfeld(h, events=127, **answer.test) for h in plan["hazardRatio"]]
        answer.check("overallReject", found, EVENTS)
        differences, rejected = answer.differences, plan["rejectPerStage"]["stage = 1"]
        differences.check(answer.id, "rejectPerStage", found, rejected, EVENTS)
        answer.check("earlyStop", [0, 0, 0], EVENTS)
        answer.compared.add("rejectPerStage")
        return
    drifts = [log_rank_mean(h, events=127, ratio=2) for h in plan["hazardRatio"]]
    answer.check("overallReject", [sum(group_sequential_power(answer.bounds, d).above) for d in drifts], EVENTS)
    # rpact has no bound at -infinity: its -6 stops 1e-9 of all trials.
    for key in ("futilityPerStage", "futilityStop"):
        given = plan[key]["stage = 1"] if isinstance(plan[key], dict) else plan[key]
        answer.differences.absolute(answer.id, key, [0.0] * len(given), given, 1e-8)
        answer.compared.add(key)


@pytest.mark.oracle("rpact")
@pytest.mark.reference("other/piecewise_exponential")
def test_piecewise_exponential(differences):
    expected = reference()["other"]["piecewise_exponential"]
    rates = Steps(tuple(expected["cuts"]), tuple(expected["lambda"]))
    differences.check("piecewise_exponential", "cdf", -np.expm1(-rates.until(expected["time"])), expected["cdf"], 1e-12)
    quantiles = rates.quantile(expected["quantile_prob"])
    differences.check("piecewise_exponential", "quantile", quantiles, expected["quantile"], 1e-12)


def test_schoenfeld_of_a_margin_is_that_of_the_ratio_to_it():
    found = events_schoenfeld(0.9, power=0.8, alpha=0.05, sides=2, ratio=2, margin=1.2)
    assert found == pytest.approx(events_schoenfeld(0.75, power=0.8, alpha=0.05, sides=2, ratio=2), rel=1e-12)
