"""The path by columns gives what the readable one gives, patient by patient, on any table of lesions."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lesion_tables import PATIENT, lesion_tables
from polars.testing import assert_frame_equal

from trialwright.derive.response import patient_by_patient
from trialwright.derive.response_columns import by_columns

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
