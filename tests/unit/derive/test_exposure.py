from datetime import date

import pytest

from trialwright.derive import exposure

HEAD = "subject | intervention | cycle | dose | change | started_on | ended_on"
FULL = """01 | new | 1 | 100 | none | 2024-01-01 | 2024-01-21
          01 | new | 2 | 100 | none | 2024-01-29 | 2024-02-18"""


STOPPED = "subject | reason | ended_on\n01 | progression | 2024-06-30"


def found(trial, rows, protocol=None, head=HEAD, ended=STOPPED):
    return exposure(trial(subjects="subject\n01", doses=f"{head}\n{rows}", dispositions=ended), protocol)


def one(trial, rows, protocol=None, head=HEAD):
    (row,) = found(trial, rows, protocol, head).rows.rows(named=True)
    return row


def test_days_count_the_first_and_the_last(trial):
    row = one(trial, FULL)
    names = ("first_dose", "last_dose", "cycles", "days", "dosing_days", "total_dose", "average_dose")
    assert tuple(row[name] for name in names) == (date(2024, 1, 1), date(2024, 2, 18), 2, 49, 42, 4200.0, 100.0)


def test_the_planned_dose_is_that_of_the_protocols_cycles(trial, small_protocol):
    row = one(trial, FULL, small_protocol)
    assert (row["planned_dose"], row["dose_ratio"], row["relative_dose_intensity"]) == (4200.0, 1.0, 1.0)
    assert row["why"] == "dose per day times days; planned: the first dose on the dosing days of every cycle begun"
    assert one(trial, FULL)["planned_dose"] is None


def test_relative_dose_intensity_falls_with_a_lower_dose_and_with_a_delay(trial, small_protocol):
    lower = FULL.replace("2 | 100 | none", "2 | 75 | reduced")
    row = one(trial, lower, small_protocol)
    assert (row["dose_ratio"], row["relative_dose_intensity"]) == (0.875, 0.875)
    late = """01 | new | 1 | 100 | none    | 2024-01-01 | 2024-01-21
              01 | new | 2 | 100 | delayed | 2024-02-05 | 2024-02-25"""
    row = one(trial, late, small_protocol)
    # 4,200 mg in 63 days against 4,200 mg in 56
    assert (row["dose_ratio"], round(row["relative_dose_intensity"], 6)) == (1.0, round(56 / 63, 6))
    assert (row["delays"], row["days_late"]) == (1, 7)


def test_a_planned_dose_that_was_recorded_comes_first(trial, small_protocol):
    head = f"{HEAD} | planned"
    row = one(trial, "01 | new | 1 | 75 | none | 2024-01-01 | 2024-01-10 | 100", small_protocol, head)
    assert (row["planned_dose"], row["dose_ratio"]) == (1000.0, 0.75)
    assert row["why"].endswith("as recorded, for the days of dosing")


def test_reductions_are_steps_down_and_recorded_ones_where_no_dose_is_stated(trial):
    rows = """01 | new | 1 | 100 | none    | 2024-01-01 | 2024-01-21
              01 | new | 2 | 75  | none    | 2024-01-29 | 2024-02-18
              01 | new | 3 | 75  | reduced | 2024-02-26 | 2024-03-17
              01 | new | 4 | 100 | none    | 2024-03-25 | 2024-04-14
              01 | old | 1 |     | none        | 2024-01-01 | 2024-01-21
              01 | old | 2 |     | reduced     | 2024-01-29 | 2024-02-18
              01 | old | 3 |     | increased   | 2024-02-29 | 2024-03-18
              01 | old | 4 |     | interrupted | 2024-03-29 | 2024-04-18"""
    names = ("intervention", "reductions", "increases", "interruptions", "delays")
    assert found(trial, rows).rows.select(names).rows() == [("new", 1, 1, 0, 0), ("old", 1, 1, 1, 0)]


def test_a_drug_whose_dose_nobody_states_has_no_findings(trial):
    rows = "01 | old | 1 |  | none | 2024-01-01 | 2024-01-28"
    outcome = found(trial, rows)
    assert (outcome.rows["total_dose"].to_list(), outcome.findings) == ([None], ())
    assert outcome.rows["why"].to_list() == ["no dose in all: the dose of cycle 1 is not stated"]


def test_reasons_are_listed_once(trial):
    head = f"{HEAD} | reason"
    rows = """01 | new | 1 | 100 | none        | 2024-01-01 | 2024-01-21 |
              01 | new | 2 | 75  | reduced     | 2024-01-29 | 2024-02-18 | neutropenia
              01 | new | 3 | 75  | delayed     | 2024-03-04 | 2024-03-17 | holiday
              01 | new | 4 | 75  | interrupted | 2024-04-04 | 2024-04-17 | neutropenia"""
    assert one(trial, rows, head=head)["reasons"] == "holiday, neutropenia"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("01 | new | 1 | 100 | none | 2024-01-01 | ", "no dose in all: the last day of cycle 1 is not known"),
        ("01 | new | 1 |     | none | 2024-01-01 | 2024-01-21", "no dose in all: the dose of cycle 1 is not stated"),
    ],
)
def test_what_cannot_be_added_up_is_null_and_listed(trial, small_protocol, rows, why):
    outcome = found(trial, rows, small_protocol)
    (row,) = outcome.rows.rows(named=True)
    assert (row["total_dose"], row["average_dose"], row["relative_dose_intensity"], row["why"]) == (
        None,
        None,
        None,
        why,
    )
    assert [finding.rule for finding in outcome.findings] == ["dose can be added up"]


def test_a_cycle_that_goes_on_is_left_out_of_the_doses(trial, small_protocol):
    rows = f"{FULL}\n01 | new | 3 | 100 | none | 2024-02-26 | "
    outcome = found(trial, rows, small_protocol, ended="subject | reason | ended_on")
    (row,) = outcome.rows.rows(named=True)
    assert (row["cycles"], row["days"], row["total_dose"], row["planned_dose"]) == (3, 57, 4200.0, 4200.0)
    assert row["relative_dose_intensity"] == 1.0
    assert row["why"].endswith("cycle 3 goes on, without its dose")
    assert outcome.findings == ()
    first = found(trial, "01 | new | 1 | 100 | none | 2024-02-26 | ", ended="subject | reason | ended_on")
    assert first.rows.select("days", "dosing_days", "total_dose", "why").row(0) == (
        1,
        0,
        None,
        "no dose in all: the only cycle goes on",
    )


@pytest.mark.parametrize(
    ("rows", "rule", "what"),
    [
        ("01 | new | 1 | 90 | none | 2024-01-01 | 2024-01-21", "dose level of the protocol", "90 is none of 100, 75"),
        ("01 | tea | 1 | 90 | none | 2024-01-01 | 2024-01-21", "drug of the protocol", "'tea' is not in the protocol"),
        (
            "01 | old | 1 | 10 | none | 2024-01-21 | 2024-01-01",
            "end not before start",
            "ends 2024-01-01, starts 2024-01-21; counted as no days",
        ),
        (
            "01 | old | 1 | 10 | none | 2024-01-01 | 2024-01-28\n01 | old | 2 | 10 | none | 2024-01-28 | 2024-02-24",
            "doses do not overlap",
            "starts 2024-01-28, before the end of cycle 1",
        ),
    ],
)
def test_doses_that_cannot_be_right_are_listed_and_kept(trial, small_protocol, rows, rule, what):
    outcome = found(trial, rows, small_protocol)
    assert [(finding.rule, finding.what) for finding in outcome.findings] == [(rule, what)]
    assert outcome.rows.height == 1


def test_a_drug_taken_as_planned_has_no_findings(trial, small_protocol):
    assert found(trial, FULL, small_protocol).findings == ()
    adjacent = "01 | old | 1 | 10 | none | 2024-01-01 | 2024-01-28\n01 | old | 2 | 10 | none | 2024-01-29 | 2024-02-25"
    assert found(trial, adjacent, small_protocol).findings == ()
