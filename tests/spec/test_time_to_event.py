"""Times to event other than progression-free survival, and the limits of its rules."""

import pytest

from trialwright.derive import time_to_event


def ends(data, protocol, endpoint):
    rows = time_to_event(data, protocol, endpoint).rows(named=True)
    return {row["subject"]: (row["event"], row["days"], row["why"]) for row in rows}


def test_without_event_time_ends_at_the_last_evaluable_scan(trial, small_protocol):
    data = trial(
        subjects="""subject | randomized_on
                    01      | 2020-01-01
                    02      | 2020-01-01 """,
        assessments="""subject | assessed_on | response
                       01      | 2020-03-01  | SD
                       01      | 2020-05-01  | NE """,
    )
    assert ends(data, small_protocol, "PFS") == {
        "01": (False, 61, "last adequate assessment"),
        "02": (False, 1, "no adequate assessment"),
    }


def test_survival_ends_with_death_or_with_the_last_sign_of_life(trial, small_protocol):
    data = trial(
        subjects="subject\n01\n02\n03\n04\n05",
        assessments="subject | assessed_on | response\n03 | 2024-02-26 | SD",
        deaths="subject | died_on\n01 | 2024-03-01",
        contacts="subject | alive_on\n01 | 2024-02-01\n02 | 2024-02-10\n02 | 2024-05-10\n03 | 2024-02-01",
        doses="subject | started_on | ended_on\n05 | 2024-01-03 | 2024-01-30",
    )
    assert ends(data, small_protocol, "OS") == {
        "01": (True, 61, "death"),
        "02": (False, 131, "last known alive"),
        "03": (False, 57, "last known alive"),
        "04": (False, 1, "last known alive"),
        "05": (False, 30, "last known alive"),
    }


def test_an_end_of_study_is_no_sign_of_life(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        contacts="subject | alive_on\n01 | 2024-02-10",
        dispositions="subject | ended | reason | ended_on\n01 | study | lost to follow-up | 2024-06-01",
    )
    assert ends(data, small_protocol, "OS") == {"01": (False, 41, "last known alive")}


def test_time_to_progression_censors_deaths(trial, small_protocol):
    data = trial(
        subjects="subject\n01\n02",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | SD\n02 | 2024-02-26 | PD",
        deaths="subject | died_on\n01 | 2024-04-01\n02 | 2024-04-01",
    )
    assert ends(data, small_protocol, "TTP") == {
        "01": (False, 57, "last adequate assessment"),
        "02": (True, 57, "progression"),
    }


def test_duration_of_response_starts_at_the_first_response_of_responders(trial, small_protocol):
    data = trial(
        subjects="subject\n01\n02\n03",
        assessments="""subject | assessed_on | response
                       01      | 2024-02-26  | SD
                       01      | 2024-04-22  | PR
                       01      | 2024-06-17  | PD
                       02      | 2024-02-26  | SD
                       03      | 2024-02-26  | PR
                       03      | 2024-04-22  | SD """,
    )
    assert ends(data, small_protocol, "DOR") == {
        "01": (True, 57, "progression"),
        "03": (False, 57, "last adequate assessment"),
    }
    assert ends(data, small_protocol, "TTR") == {"01": (True, 113, "response"), "03": (True, 57, "response")}


def test_a_response_after_progression_makes_no_responder(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | PD\n01 | 2024-04-22 | PR",
    )
    assert ends(data, small_protocol, "DOR") == {}


def test_time_to_chemotherapy_passes_other_drugs_by_and_ends_with_death_or_contact(trial, small_protocol):
    data = trial(
        subjects="subject\n01\n02\n03",
        therapies="""subject | started_on | chemotherapy
                     01      | 2024-03-01 | no
                     01      | 2024-05-01 | yes
                     02      | 2024-03-01 | no """,
        deaths="subject | died_on\n03 | 2024-02-01",
    )
    assert ends(data, small_protocol, "TTC") == {
        "01": (True, 122, "chemotherapy"),
        "02": (False, 61, "last known alive"),
        "03": (False, 32, "died without the event"),
    }


@pytest.mark.parametrize(("progressed_on", "event"), [("2024-07-01", True), ("2024-07-02", False)])
def test_two_missed_visits_are_two_intervals_and_the_window_at_both_ends(trial, small_protocol, progressed_on, event):
    scans = f"subject | assessed_on | response\n01 | 2024-02-26 | SD\n01 | {progressed_on} | PD"
    data = trial(subjects="subject\n01", assessments=scans)
    assert ends(data, small_protocol, "PFS-FDA")["01"][0] is event


def test_the_gap_follows_the_interval_in_force(trial, protocol_with):
    """Every 8 weeks, from week 16 every 24: one scan missed after week 8 leaves week 16 and week 40."""
    protocol = protocol_with(assessments={"every_weeks": [[0, 8], [16, 24]]})
    scans = "subject | assessed_on | response\n01 | 2024-02-26 | SD\n01 | 2024-10-07 | PD"
    data = trial(subjects="subject\n01", assessments=scans)
    assert ends(data, protocol, "PFS-FDA") == {"01": (True, 281, "progression")}


def test_a_therapy_on_the_day_of_the_event_does_not_censor(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | PD",
        therapies="subject | started_on\n01 | 2024-02-26",
    )
    assert ends(data, small_protocol, "PFS-FDA") == {"01": (True, 57, "progression")}


def test_without_event_a_new_therapy_still_censors_before_it(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | SD\n01 | 2024-04-22 | SD",
        therapies="subject | started_on\n01 | 2024-03-01\n01 | 2024-05-01",
    )
    assert ends(data, small_protocol, "PFS-FDA") == {"01": (False, 57, "new anticancer therapy")}
    assert ends(data, small_protocol, "PFS") == {"01": (False, 113, "last adequate assessment")}


def test_a_scan_on_the_day_of_the_new_therapy_is_not_before_it(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | SD",
        therapies="subject | started_on\n01 | 2024-02-26",
    )
    assert ends(data, small_protocol, "PFS-FDA") == {"01": (False, 1, "new anticancer therapy")}


def test_survival_censored_at_a_new_therapy_ends_the_day_before(trial, small_protocol):
    data = trial(subjects="subject\n01", therapies="subject | started_on\n01 | 2024-03-01")
    assert ends(data, small_protocol, "OS-therapy") == {"01": (False, 60, "new anticancer therapy")}


def test_a_scan_on_the_day_of_death_closes_the_gap(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | SD\n01 | 2024-10-07 | SD",
        deaths="subject | died_on\n01 | 2024-10-07",
    )
    assert ends(data, small_protocol, "PFS-FDA") == {"01": (True, 281, "death")}


def test_what_happened_before_the_origin_is_no_event(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        assessments="subject | assessed_on | response\n01 | 2024-02-26 | PR",
        therapies="subject | started_on\n01 | 2024-02-01",
        contacts="subject | alive_on\n01 | 2024-04-01",
    )
    assert ends(data, small_protocol, "TTNT") == {"01": (False, 36, "last known alive")}


def test_a_baseline_that_missed_a_target_lesion_is_not_usable(trial, small_protocol):
    data = trial(
        subjects="subject | randomized_on\n01 | 2024-01-01",
        assessments="subject | number | assessed_on\n01 | 0 | 2023-12-25\n01 | 1 | 2024-02-26",
        lesions="subject | lesion | role\n01 | T1 | target\n01 | T2 | target\n01 | X1 | new",
        measurements="""subject | number | lesion | diameter | state       | assessed_on
                        01      | 0      | T1     | 300      | measured    | 2023-12-25
                        01      | 1      | X1     |          | unequivocal | 2024-02-26 """,
    )
    assert ends(data, small_protocol, "PFS-FDA") == {"01": (False, 1, "no usable baseline assessment")}
    assert ends(data, small_protocol, "PFS") == {"01": (True, 57, "progression")}


def test_another_kind_of_endpoint_is_refused(trial, small_protocol):
    with pytest.raises(ValueError, match="'ORR' must be a time to event; its kind is 'response'"):
        time_to_event(trial(subjects="subject\n01"), small_protocol, "ORR")
