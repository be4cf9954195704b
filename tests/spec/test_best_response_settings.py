"""What the settings of a response endpoint change. Randomized 2024-01-01: week 6 is 02-12, week 24 is 06-17."""

from datetime import date

import polars as pl
import pytest

from trialwright.derive import best_response, response

WEEK_8, WEEK_16, WEEK_24, WEEK_32 = "2024-02-26", "2024-04-22", "2024-06-17", "2024-08-12"


def patient(trial, scans, **tables):
    lines = "\n".join(f"01 | {on} | {kind}" for on, kind in (scan.split(" ") for scan in scans))
    return trial(subjects="subject\n01", assessments=f"subject | assessed_on | response\n{lines}", **tables)


def best(data, protocol, endpoint="ORR"):
    return best_response(data, protocol, endpoint).row(0, named=True)


def recorded(trial, protocol, kinds, endpoint="ORR"):
    """Return the answer of a patient whose recorded responses lesions could not give."""
    data = patient(trial, [f"{on} SD" for on in (WEEK_8, WEEK_16, WEEK_24, WEEK_32)[: len(kinds)]])
    responses = response(data, protocol).with_columns(pl.Series("response", [None, *kinds]))
    return best_response(data, protocol, endpoint, responses).row(0, named=True)


@pytest.mark.parametrize(
    ("allowed", "scans", "confirmed"),
    [
        (0, ["PR", "PR"], "PR"),
        (0, ["PR", "NE", "PR"], "SD"),
        (1, ["PR", "NE", "PR"], "PR"),
        (1, ["PR", "NE", "NE", "PR"], "SD"),
        (2, ["PR", "NE", "NE", "PR"], "PR"),
    ],
)
def test_so_many_assessments_that_are_not_evaluable_may_lie_before_a_confirmation(
    trial, changed_endpoint, allowed, scans, confirmed
):
    protocol = changed_endpoint("CORR", not_evaluable_between=allowed)
    assert recorded(trial, protocol, scans, "CORR")["best"] == confirmed


@pytest.mark.parametrize(("reference", "found"), [("randomization", "SD"), ("first dose", "NE")])
def test_the_weeks_of_stable_disease_count_from_the_reference_day(trial, changed_endpoint, reference, found):
    """Week 6 after randomization is 02-12, after the first dose of 01-02 it is 02-13."""
    protocol = changed_endpoint("ORR", reference=reference)
    doses = "subject | started_on | ended_on\n01 | 2024-01-02 | 2024-01-29\n01 | 2024-02-01 | 2024-02-28"
    assert best(patient(trial, ["2024-02-12 SD"], doses=doses), protocol)["best"] == found


@pytest.mark.parametrize(("reference", "success"), [("randomization", True), ("first dose", False)])
def test_the_weeks_of_benefit_count_from_the_reference_day_too(trial, changed_endpoint, reference, success):
    protocol = changed_endpoint("CBR", reference=reference)
    doses = "subject | started_on | ended_on\n01 | 2024-01-02 | 2024-01-29"
    assert best(patient(trial, ["2024-06-10 SD"], doses=doses), protocol, "CBR")["success"] is success


@pytest.mark.parametrize(
    ("within", "scans", "found"),
    [
        (None, [f"{WEEK_8} NE", f"{WEEK_24} PD"], "PD"),
        (168, [f"{WEEK_8} NE", f"{WEEK_24} PD"], "PD"),
        (167, [f"{WEEK_8} NE", f"{WEEK_24} PD"], "NE"),
        (112, [f"{WEEK_8} SD", f"{WEEK_24} PD", f"{WEEK_32} PR"], "SD"),
        (56, ["2024-02-05 SD", WEEK_16 + " PD"], "NE"),
    ],
)
def test_a_progression_long_after_the_last_evaluable_assessment_is_not_evaluable(
    trial, changed_endpoint, within, scans, found
):
    protocol = changed_endpoint("ORR", progression_within_days=within)
    assert best(patient(trial, scans), protocol)["best"] == found


def test_a_late_progression_says_what_it_was(trial, changed_endpoint):
    protocol = changed_endpoint("ORR", progression_within_days=100)
    row = best(patient(trial, [f"{WEEK_24} PD"]), protocol)
    assert row["why"] == (
        "NE: no evaluable assessment, 2024-06-17 (PD 168 days after the last evaluable day 2024-01-01); no success"
    )


@pytest.mark.parametrize(
    ("read", "kinds", "found"),
    [
        ("as recorded", ["CR", "PR"], ("CR", "SD")),
        ("progression", ["CR", "PR"], ("CR", "SD")),
        ("as recorded", ["SD", "CR", "PR", "PR"], ("CR", "PR")),
        ("progression", ["SD", "CR", "PR", "PR"], ("CR", "SD")),
        ("as recorded", ["CR", "NE", "CR"], ("CR", "CR")),
        ("progression", ["CR", "NE", "CR"], ("CR", "CR")),
    ],
)
def test_disease_seen_after_a_complete_response_is_as_recorded_or_progression(
    trial, changed_endpoint, read, kinds, found
):
    """Best response unconfirmed and confirmed after four weeks."""
    protocol = changed_endpoint("CORR", after_complete=read)
    row = recorded(trial, protocol, kinds, "CORR")
    assert (row["unconfirmed"], row["best"]) == found


@pytest.mark.parametrize("called", ["NE", "MISSING"])
def test_nobody_who_was_assessed_is_missing(trial, changed_endpoint, called):
    protocol = changed_endpoint("CORR", without_assessment=called)
    assert best(patient(trial, []), protocol, "CORR")["best"] == called
    assert best(patient(trial, ["2024-02-05 PR"]), protocol, "CORR")["best"] == "NE"


def test_disease_control_counts_stable_disease_of_the_minimum_duration(trial, changed_endpoint):
    protocol = changed_endpoint("ORR", success=["CR", "PR", "SD", "NON-CR/NON-PD"])
    rows = [best(patient(trial, [scan]), protocol) for scan in (f"{WEEK_8} SD", "2024-02-11 SD", f"{WEEK_8} PD")]
    assert [row["success"] for row in rows] == [True, False, False]
    assert rows[0]["success_on"] == date(2024, 2, 26)


def test_a_therapy_ends_what_counts_where_the_endpoint_says_so(trial, changed_endpoint):
    data = patient(trial, [f"{WEEK_8} SD", f"{WEEK_16} PR"], therapies="subject | started_on\n01 | 2024-03-15")
    assert best(data, changed_endpoint("ORR"))["best"] == "PR"
    assert best(data, changed_endpoint("ORR", until=["new therapy"]))["best"] == "SD"


@pytest.mark.parametrize(
    ("endpoint", "scans", "days"),
    [
        ("ORR", [f"{WEEK_8} PR", f"{WEEK_16} CR"], (WEEK_16, WEEK_8, WEEK_8)),
        ("CORR", [f"{WEEK_8} PR"], (WEEK_8, None, None)),
        ("CBR", [f"{WEEK_24} SD", f"{WEEK_32} PR"], (WEEK_32, WEEK_32, WEEK_24)),
        ("CBR", [f"{WEEK_8} SD"], (WEEK_8, None, None)),
    ],
)
def test_best_response_first_response_and_success_have_days_of_their_own(trial, small_protocol, endpoint, scans, days):
    row = best(patient(trial, scans), small_protocol, endpoint)
    found = (row["best_on"], row["responded_on"], row["success_on"])
    assert found == tuple(day and date.fromisoformat(day) for day in days)
