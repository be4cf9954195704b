from datetime import date

import pytest

from trialwright.derive import first_adverse_events, safety_follow_up

DOSES = "subject | cycle | started_on | ended_on\n01 | 1 | 2024-01-03 | 2024-01-30"
STOPPED = "subject | reason | ended_on\n01 | progression | 2024-02-10"


def follow_up(data, protocol):
    (row,) = safety_follow_up(data, protocol).rows(named=True)
    return row["first_dose"].isoformat(), row["until"].isoformat(), row["died"], row["why"]


@pytest.mark.parametrize(
    ("tables", "until", "died", "why"),
    [
        ({"contacts": "2024-07-01"}, "2024-02-29", False, "end of the window after treatment"),
        ({"contacts": "2024-02-20"}, "2024-02-20", False, "last known alive"),
        ({"contacts": "2024-02-20", "died": "2024-02-29"}, "2024-02-29", True, "death"),
        ({"contacts": "2024-02-20", "died": "2024-03-01"}, "2024-02-29", False, "end of the window after treatment"),
    ],
)
def test_at_risk_to_the_end_of_the_window_or_the_death(trial, small_protocol, tables, until, died, why):
    more = {"contacts": f"subject | alive_on\n01 | {tables['contacts']}"}
    if "died" in tables:
        more["deaths"] = f"subject | died_on\n01 | {tables['died']}"
    data = trial(subjects="subject\n01\n02", doses=DOSES, dispositions=STOPPED, **more)
    assert follow_up(data, small_protocol) == ("2024-01-03", until, died, why)


def test_while_treatment_goes_on_the_last_proof_of_life_ends_the_time(trial, small_protocol):
    doses = "subject | cycle | started_on | ended_on\n01 | 1 | 2024-01-03 | "
    contacts = "subject | alive_on\n01 | 2024-03-01\n01 | 2024-09-01"
    data = trial(subjects="subject\n01", doses=doses, contacts=contacts)
    assert follow_up(data, small_protocol)[1:3] == ("2024-09-01", False)
    assert follow_up(data.cut(date(2024, 6, 1)), small_protocol)[1] == "2024-03-01"


def test_the_first_event_of_each_grade(trial, small_protocol):
    events = """subject | number | term   | grade | started_on
                01      | 1      | nausea | 3     | 2024-02-04
                01      | 2      | nausea | 3     | 2024-02-01
                01      | 3      | nausea | 1     | 2024-01-04
                01      | 4      | nausea | 1     | 2024-01-02
                02      | 5      | nausea | 1     | 2024-01-04 """
    data = trial(subjects="subject\n01\n02", doses=DOSES, dispositions=STOPPED, adverse_events=events)
    found = [tuple(row) for row in first_adverse_events(data, small_protocol).rows()]
    assert found == [("01", "nausea", 1, date(2024, 1, 4)), ("01", "nausea", 3, date(2024, 2, 1))]
