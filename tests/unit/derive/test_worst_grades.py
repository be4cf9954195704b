from datetime import date

from trialwright.derive import worst_grades

DOSES = """subject | cycle | started_on | ended_on
           01      | 1     | 2024-01-03 | 2024-01-30
           01      | 2     | 2024-01-31 | 2024-02-27 """


def found(data, protocol):
    return {(row["term"], row["grade"]): row["source"] for row in worst_grades(data, protocol).rows(named=True)}


def test_the_worst_grade_of_each_term_with_its_record(trial, small_protocol):
    events = """subject | number | term   | grade | started_on
                01      | 1      | nausea | 1     | 2024-01-04
                01      | 2      | nausea | 3     | 2024-02-04
                01      | 3      | nausea | 3     | 2024-02-01
                01      | 4      | rash   | 2     | 2024-02-04 """
    data = trial(subjects="subject\n01", doses=DOSES, adverse_events=events)
    assert found(data, small_protocol) == {
        ("nausea", 3): "adverse_events 01 / number 3",
        ("rash", 2): "adverse_events 01 / number 4",
    }


def test_only_events_from_the_first_dose_to_the_window_after_the_last(trial, small_protocol):
    events = """subject | term   | grade | started_on
                01      | before | 1     | 2024-01-02
                01      | first  | 1     | 2024-01-03
                01      | last   | 1     | 2024-03-28
                01      | after  | 1     | 2024-03-29 """
    data = trial(subjects="subject\n01", doses=DOSES, adverse_events=events)
    assert [term for term, _ in found(data, small_protocol)] == ["first", "last"]


def test_while_treatment_goes_on_nothing_is_too_late(trial, small_protocol):
    events = "subject | term | grade | started_on\n01 | late | 1 | 2024-02-20"
    data = trial(subjects="subject\n01", doses=DOSES, adverse_events=events)
    assert found(data.cut(date(2024, 2, 20)), small_protocol) == {("late", 1): "adverse_events 01 / number 1"}


def test_an_unfinished_cycle_of_ended_treatment_closes_the_window(trial, small_protocol):
    data = trial(
        subjects="subject\n01",
        doses="subject | cycle | started_on | ended_on\n01 | 1 | 2024-01-03 | ",
        dispositions="subject | reason | ended_on\n01 | withdrawal | 2024-01-05",
        adverse_events="subject | term | grade | started_on\n01 | soon | 1 | 2024-02-02\n01 | late | 1 | 2024-02-03",
    )
    assert [term for term, _ in found(data, small_protocol)] == ["soon"]


def test_patients_without_a_dose_have_no_rows(trial, small_protocol):
    events = "subject | term | grade | started_on\n01 | nausea | 1 | 2024-02-20"
    assert found(trial(subjects="subject\n01", adverse_events=events), small_protocol) == {}
