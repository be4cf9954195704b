"""Best overall response and success of each patient. Randomized 2024-01-01: week 6 is 02-12, week 24 is 06-17."""

import polars as pl
import pytest

from trialwright.derive import best_response, response

WEEK_8, WEEK_16, WEEK_23, WEEK_24 = "2024-02-26", "2024-04-22", "2024-06-10", "2024-06-17"


def best(trial, protocol, endpoint, scans):
    lines = "\n".join(f"01 | {on} | {response}" for on, response in (scan.split(" ") for scan in scans))
    data = trial(subjects="subject\n01", assessments=f"subject | assessed_on | response\n{lines}")
    return best_response(data, protocol, endpoint).row(0, named=True)


@pytest.mark.parametrize(
    ("scans", "expected"),
    [
        ([f"{WEEK_8} CR"], "CR"),
        ([f"{WEEK_8} PR", f"{WEEK_16} CR"], "CR"),
        ([f"{WEEK_8} PR", f"{WEEK_16} SD"], "PR"),
        ([f"{WEEK_8} SD", f"{WEEK_16} PD", f"{WEEK_24} PR"], "SD"),
        ([f"{WEEK_8} SD"], "SD"),
        (["2024-02-11 SD"], "NE"),
        (["2024-02-12 SD"], "SD"),
        (["2024-02-11 SD", f"{WEEK_16} PD"], "PD"),
        ([f"{WEEK_8} NON-CR/NON-PD"], "NON-CR/NON-PD"),
        (["2024-02-11 NON-CR/NON-PD"], "NE"),
        ([f"{WEEK_8} NE"], "NE"),
        ([f"{WEEK_8} NE", f"{WEEK_16} PD"], "PD"),
        ([], "NE"),
    ],
)
def test_best_response_is_the_best_before_progression(trial, small_protocol, scans, expected):
    assert best(trial, small_protocol, "ORR", scans)["best"] == expected


@pytest.mark.parametrize(
    ("scans", "confirmed"),
    [
        ([f"{WEEK_8} CR", "2024-03-25 CR"], "CR"),
        ([f"{WEEK_8} CR", "2024-03-24 CR"], "SD"),
        ([f"{WEEK_8} CR", "2024-03-24 CR", f"{WEEK_16} CR"], "CR"),
        ([f"{WEEK_8} PR", f"{WEEK_16} PR"], "PR"),
        ([f"{WEEK_8} PR", f"{WEEK_16} CR"], "PR"),
        ([f"{WEEK_8} PR", f"{WEEK_16} NE", f"{WEEK_24} PR"], "PR"),
        ([f"{WEEK_8} PR", f"{WEEK_16} NE", f"{WEEK_23} NE", f"{WEEK_24} PR"], "SD"),
        ([f"{WEEK_8} PR", f"{WEEK_16} SD", f"{WEEK_24} PR"], "SD"),
        ([f"{WEEK_8} PR", f"{WEEK_16} PD"], "SD"),
        (["2024-02-11 PR", f"{WEEK_16} PD"], "PD"),
        (["2024-02-11 PR", f"{WEEK_16} NE"], "NE"),
        ([f"{WEEK_8} PR", f"{WEEK_16} NE"], "SD"),
        ([f"{WEEK_8} PR"], "SD"),
        ([f"{WEEK_8} NE", f"{WEEK_16} NE"], "NE"),
    ],
)
def test_confirmation_asks_for_a_second_response_after_four_weeks(trial, small_protocol, scans, confirmed):
    assert best(trial, small_protocol, "CORR", scans)["best"] == confirmed


def test_a_partial_response_that_follows_a_complete_one_confirms_nothing(trial, small_protocol):
    """Whoever reads visible disease after a complete response is wrong about one of them (table 3, note)."""
    lines = [f"01 | {on} | SD" for on in (WEEK_8, "2024-03-11", WEEK_16)]
    data = trial(subjects="subject\n01", assessments="subject | assessed_on | response\n" + "\n".join(lines))
    reported = pl.Series("response", [None, "PR", "CR", "PR"])
    responses = response(data, small_protocol).with_columns(reported)
    assert best_response(data, small_protocol, "CORR", responses)["best"].to_list() == ["SD"]


def test_the_unconfirmed_best_response_stands_beside_the_confirmed(trial, small_protocol):
    row = best(trial, small_protocol, "CORR", [f"{WEEK_8} PR"])
    assert (row["unconfirmed"], row["best"], row["success"]) == ("PR", "SD", False)


@pytest.mark.parametrize(
    ("why", "scans", "success"),
    [
        ("a response at any time", [f"{WEEK_8} PR", f"{WEEK_16} PD"], True),
        ("stable disease at week 24", [f"{WEEK_8} SD", f"{WEEK_24} SD"], True),
        ("stable disease a window before week 24", [f"{WEEK_23} SD"], True),
        ("stable disease a day earlier is not enough", ["2024-06-09 SD"], False),
        ("non-target lesions left at week 24", [f"{WEEK_24} NON-CR/NON-PD"], True),
        ("progression before week 24", [f"{WEEK_16} PD", f"{WEEK_24} SD"], False),
        ("not evaluable at week 24", [f"{WEEK_16} SD", f"{WEEK_24} NE"], False),
        ("no scan", [], False),
    ],
)
def test_clinical_benefit_is_a_response_or_24_weeks_without_progression(trial, small_protocol, why, scans, success):
    assert best(trial, small_protocol, "CBR", scans)["success"] is success, why


def test_every_randomized_patient_has_a_row_with_its_reason(trial, small_protocol):
    data = trial(subjects="subject\n01\n02", assessments="subject | assessed_on | response\n02 | 2024-02-26 | PR")
    rows = {row["subject"]: row for row in best_response(data, small_protocol, "ORR").rows(named=True)}
    assert rows["01"]["why"] == "NE: no assessment after baseline; no success"
    assert (rows["01"]["best_on"], rows["01"]["source"]) == (None, "none")
    assert rows["02"]["why"] == "PR: partial response, 2024-02-26; success by response"
    assert rows["02"]["source"] == "assessments 02 / number 1"


def test_another_kind_of_endpoint_is_refused(trial, small_protocol):
    with pytest.raises(ValueError, match="'PFS' must be a response endpoint; its kind is 'time to event'"):
        best_response(trial(subjects="subject\n01"), small_protocol, "PFS")
