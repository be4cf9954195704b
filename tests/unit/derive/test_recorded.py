"""Responses as recorded: which records count, what they become, and what is said of the others."""

from datetime import date

import pytest

from trialwright.derive import best_response, record_findings, recorded_response, time_to_event
from trialwright.records import TrialData

WHO = {"subject": "01", "evaluator": "investigator"}


@pytest.fixture
def as_recorded(small_protocol):
    plan = small_protocol.assessments.model_copy(update={"responses": "as recorded"})
    return small_protocol.model_copy(update={"assessments": plan})


def told(*records, **tables):
    """Return data of one patient with records written as ``day response``, in the order of the table."""
    rows = [
        WHO
        | {"kind": "overall", "response": response, "record": f"RS {place}"}
        | {"assessed_on": None if day == "?" else date.fromisoformat(day)}
        for place, (day, response) in enumerate((record.split() for record in records), 1)
    ]
    start = {"subject": "01", "stratum": "", "position": 0, "block": 0, "arm": "A", "randomized_on": date(2024, 1, 1)}
    return TrialData.from_rows("x", {"allocations": [start], "recorded_responses": rows} | tables, virtual=True)


def found(data):
    return [
        (row["number"], f"{row['assessed_on']:%m-%d}", row["response"], row["source"])
        for row in recorded_response(data, "investigator").rows(named=True)
    ]


def test_records_become_assessments_in_the_order_of_their_days():
    assert found(told("2024-04-22 PR", "2024-02-26 SD")) == [
        (1, "02-26", "SD", "recorded_responses 01 / record RS 2"),
        (2, "04-22", "PR", "recorded_responses 01 / record RS 1"),
    ]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["CR", "NE"], 1),
        (["CR", "PR"], 2),
        (["SD", "PR"], 1),
        (["SD", "NON-CR/NON-PD"], 2),
        (["PD", "NON-CR/NON-PD"], 1),
        (["SD", "SD"], 2),
        (["PR", "CHECK"], 1),
    ],
)
def test_of_one_day_the_worst_counts_and_of_equal_ones_the_last(words, kept):
    data = told(*(f"2024-02-26 {word}" for word in words))
    assert [row[3] for row in found(data)] == [f"recorded_responses 01 / record RS {kept}"]
    assert len(record_findings(data)) == 1


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        ("2024-02-26 CHECK", "known response"),
        ("? PR", "day of the assessment"),
        ("2023-12-31 PR", "after randomization"),
    ],
)
def test_what_does_not_count_is_listed_with_its_record(record, rule):
    data = told(record)
    assert found(data) == []
    (finding,) = record_findings(data)
    assert (finding.rule, finding.record) == (rule, "recorded_responses 01 / record RS 1")


def test_a_record_of_the_day_of_randomization_counts():
    assert [row[2] for row in found(told("2024-01-01 PD"))] == ["PD"]


def test_a_baseline_is_an_assessment_of_number_0_or_lesions_found_by_randomization():
    scan = WHO | {"number": 0, "planned_on": date(2023, 12, 20), "assessed_on": date(2023, 12, 20)}
    lesion = WHO | {"lesion": "T1", "role": "target", "organ": "lung", "node": False, "found_on": date(2023, 12, 22)}
    late = lesion | {"found_on": date(2024, 1, 2)}
    assert found(told(assessments=[scan]))[0][:2] == (0, "12-20")
    assert found(told(lesions=[lesion]))[0][:2] == (0, "12-22")
    assert found(told(lesions=[late])) == []
    assert recorded_response(told(lesions=[lesion]), "investigator")["complete"].to_list() == [True]


def test_endpoints_rest_on_the_records_where_the_plan_says_so(as_recorded, small_protocol):
    data = told("2024-02-26 PR", "2024-04-22 PD")
    assert best_response(data, as_recorded, "ORR")["best"].to_list() == ["PR"]
    row = time_to_event(data, as_recorded, "PFS").row(0, named=True)
    assert (row["days"], row["event"], row["source"]) == (113, True, "recorded_responses 01 / record RS 2")
    assert best_response(data, small_protocol, "ORR")["best"].to_list() == ["NE"]


def test_another_evaluator_never_mixes_in():
    assert recorded_response(told("2024-02-26 SD"), "central").height == 0
