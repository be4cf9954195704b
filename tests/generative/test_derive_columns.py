"""The paths by columns give what the readable ones give, patient by patient, on any table of lesions."""

import importlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lesion_tables import PATIENT, lesion_tables
from polars.testing import assert_frame_equal

from trialwright.derive.assessed import assessed_by_subject
from trialwright.derive.best_columns import best_goes_by_columns, bests_by_columns
from trialwright.derive.best_response import bests
from trialwright.derive.course import courses
from trialwright.derive.response import patient_by_patient
from trialwright.derive.response_columns import by_columns
from trialwright.derive.time_columns import goes_by_columns, times_by_columns
from trialwright.derive.time_to_event import time_to_event, times

ENOUGH = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
PATIENTS = st.lists(PATIENT, max_size=4)


@ENOUGH
@given(PATIENTS)
def test_responses_by_columns_are_those_of_each_patient(patients):
    data = lesion_tables(patients)
    assert_frame_equal(by_columns(data, "investigator"), patient_by_patient(data, "investigator"))


@ENOUGH
@given(PATIENTS, st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(patients, random):
    mixed = lesion_tables(patients, shuffle=lambda rows: random.sample(rows, len(rows)))
    expected = patient_by_patient(lesion_tables(patients), "investigator")
    assert_frame_equal(patient_by_patient(mixed, "investigator"), expected)
    assert_frame_equal(by_columns(mixed, "investigator"), expected)


RULES = st.fixed_dictionaries(
    {
        "without_baseline": st.sampled_from(["censor at origin", "count event"]),
        "new_therapy": st.sampled_from(["censor before", "ignore"]),
        "missed_visits": st.sampled_from(["censor before", "ignore"]),
        "missed_visits_by": st.sampled_from(["days", "scheduled visits"]),
        "missed_visits_allowed": st.integers(0, 2),
        "adequate": st.sampled_from(["evaluable", "any"]),
        "without_event": st.just("last adequate assessment"),
    }
)
KINDS = ["progression", "death", "clinical progression", "new therapy", "chemotherapy"]
EVENTS = st.lists(st.sampled_from(KINDS), min_size=1, unique=True)


@ENOUGH
@given(PATIENTS, RULES, EVENTS)
def test_times_by_columns_are_those_of_each_patient(small_protocol, patients, rules, events):
    data = lesion_tables(patients)
    pfs = small_protocol.endpoint("PFS")
    plan = pfs.model_copy(update={"events": tuple(events), "censoring": type(pfs.censoring).model_validate(rules)})
    assert goes_by_columns(plan)
    seen = patient_by_patient(data, "investigator")
    found = courses(data, seen, "investigator", assessed_by_subject(seen, "investigator"))
    assert_frame_equal(times_by_columns(data, small_protocol, plan, seen), times(found, small_protocol, plan))


@ENOUGH
@given(
    PATIENTS,
    st.sampled_from(["NE", "MISSING"]),
    st.lists(st.sampled_from(["CR", "PR", "SD", "NON-CR/NON-PD"]), min_size=1, unique=True),
    st.one_of(st.none(), st.integers(1, 20)),
)
def test_best_responses_by_columns_are_those_of_each_patient(small_protocol, patients, missing, success, weeks):
    data = lesion_tables(patients)
    changed = {"without_assessment": missing, "success": tuple(success), "stable_weeks": weeks, "stable_window_days": 3}
    plan = small_protocol.endpoint("ORR").model_copy(update=changed)
    assert best_goes_by_columns(plan)
    seen = patient_by_patient(data, "investigator")
    expected = bests(data, plan, assessed_by_subject(seen, "investigator"))
    assert_frame_equal(bests_by_columns(data, plan, seen), expected)


def test_confirmed_responses_go_patient_by_patient(small_protocol):
    assert not best_goes_by_columns(small_protocol.endpoint("CORR"))


@pytest.mark.parametrize("endpoint", ["OS", "TTNT", "DOR", "TTR"])
def test_endpoints_of_other_kinds_go_patient_by_patient(small_protocol, endpoint):
    assert not goes_by_columns(small_protocol.endpoint(endpoint))


@pytest.mark.parametrize("module", ["response", "time_to_event"])
def test_the_public_functions_choose_by_size(small_protocol, monkeypatch, module):
    data = lesion_tables([])
    expected = time_to_event(data, small_protocol, "PFS-FDA")
    monkeypatch.setattr(importlib.import_module(f"trialwright.derive.{module}"), "MANY", 0)
    assert_frame_equal(time_to_event(data, small_protocol, "PFS-FDA"), expected)


ORDER = ["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE"]


@ENOUGH
@given(PATIENT, st.data())
def test_a_target_not_evaluable_never_improves_the_response(patient, draw):
    # A part takes the role of its whole, and a lesion that merged into this one its state: those may be progression.
    records = [
        (name, number)
        for name, lesion in patient["lesions"].items()
        for number, (state, _, _) in lesion["seen"].items()
        if name[0] == "T"
        and number > 0
        and lesion["split_from"] is None
        and state in {"measured", "too small", "absent"}
    ]
    if not records:
        return
    name, number = draw.draw(st.sampled_from(sorted(records)))
    before = {row["number"]: row["response"] for row in rows_of(patient)}
    lesion = patient["lesions"][name]
    lost = lesion | {"seen": lesion["seen"] | {number: ("not evaluable", None, lesion["seen"][number][2])}}
    after = {
        row["number"]: row["response"] for row in rows_of(patient | {"lesions": patient["lesions"] | {name: lost}})
    }
    assert ORDER.index(after[number]) >= ORDER.index(before[number])


def rows_of(patient):
    return patient_by_patient(lesion_tables([patient]), "investigator").rows(named=True)
