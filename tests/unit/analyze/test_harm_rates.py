"""Adverse events against time, by hand."""

import math
from datetime import date, timedelta

import pytest

from trialwright.analyze import run
from trialwright.stats import clopper_pearson, poisson_rate, rate_ratio

YEAR = 365.25


def one(results, statistic, group="A", item="any", at=None):
    return results.one(endpoint="AE", statistic=statistic, group=group, item=item, at=at)


def test_a_rate_counts_days_from_the_first_dose_to_the_first_event(results):
    """01 had neutropenia on day 10, 02 nausea on day 11."""
    row, expected = one(results, "rate per patient-year, any grade"), poisson_rate(2, 21 / YEAR)
    assert (row.value, row.lower, row.upper) == pytest.approx((expected.value, expected.lower, expected.upper))
    assert (row.events, row.n, row.unit, row.method) == (2, 2, "per patient-year", "incidence-rate")
    assert row.conventions.startswith("0.06 patient-years at risk")
    assert results.subjects[row.subjects] == ("01", "02")


def test_who_has_no_event_is_at_risk_to_the_end_of_the_window(results):
    """02 took the last dose on 22 January; 30 days later is day 51 from the first dose."""
    row = one(results, "rate per patient-year, any grade", item="neutropenia")
    assert (row.events, row.value) == (1, pytest.approx(YEAR / (10 + 51)))


def test_an_arm_without_the_event_keeps_its_row(results):
    row = one(results, "rate per patient-year, any grade", "B", "neutropenia")
    assert (row.value, row.lower, row.events) == (0, 0, 0)
    assert row.upper and row.upper > 0


def test_grade_3_counts_from_its_own_first_day(results):
    row = one(results, "rate per patient-year, grade 3 or higher", item="nausea")
    assert (row.value, row.events) == (0, 0)
    assert one(results, "rate per patient-year, grade 3 or higher", "B", "nausea").value == pytest.approx(YEAR / 10)


def test_shares_have_limits(results):
    row, expected = one(results, "grade 3 or higher"), clopper_pearson(1, 2)
    assert (row.lower, row.upper, row.level) == (expected.lower, expected.upper, 0.95)
    assert one(results, "grade 3", item="nausea").lower is None


def test_rates_are_compared(results):
    row, expected = one(results, "rate ratio", "A v B", "any grade"), rate_ratio(2, 21, 1, 10)
    assert (row.value, row.lower, row.upper) == pytest.approx((expected.value, expected.lower, expected.upper))
    assert row.events == 3


def on(day):
    return (date(2024, 1, 1) + timedelta(days=day - 1)).isoformat()


@pytest.fixture
def competing(trial):
    """Five in arm A: nausea on days 10 and 30, a death on day 20, last seen on days 15 and 40; nobody in arm B."""
    subjects = "subject | arm\n" + "\n".join(f"0{i} | A" for i in range(1, 6))
    doses = "subject | cycle | started_on | ended_on\n" + "\n".join(f"0{i} | 1 | {on(1)} | " for i in range(1, 6))
    events = f"subject | term | grade | started_on\n01 | nausea | 1 | {on(10)}\n02 | nausea | 3 | {on(30)}"
    deaths = f"subject | died_on\n03 | {on(20)}"
    contacts = f"subject | alive_on\n04 | {on(15)}\n05 | {on(40)}"
    return trial(subjects=subjects, doses=doses, adverse_events=events, deaths=deaths, contacts=contacts)


@pytest.fixture
def landmarks(competing, protocol_with):
    item = {"endpoint": "AE", "population": "treated", "at_months": [1]}
    return run(competing, protocol_with(analysis={"items": [item]}))


def test_the_risk_has_death_as_a_competing_event(landmarks):
    """Of 5 at risk one on day 10; after a censoring one of 3 dies; one of 2 on day 30: 1/5 + 4/5 x 2/3 x 1/2."""
    row = one(landmarks, "risk, any grade", at=30.0)
    assert row.value == pytest.approx(1 / 5 + 4 / 5 * 2 / 3 / 2)
    assert (row.events, row.n, row.method) == (2, 5, "aalen-johansen")
    assert row.conventions.startswith("1 competing deaths, 1 censored before the day")
    assert row.lower and row.upper and row.lower < row.value < row.upper


def test_the_crude_share_stands_beside_it(landmarks):
    row = one(landmarks, "share by the day, any grade", at=30.0)
    assert (row.value, row.method) == (2 / 5, "incidence-proportion")
    assert "too low where follow-up is cut short" in row.conventions


def test_a_death_ends_the_time_at_risk(landmarks):
    row = one(landmarks, "rate per patient-year, grade 3 or higher")
    days = 10 + 30 + 20 + 15 + 40
    # 01 had grade 1 only, on the last day on which the patient was seen
    assert row.value == pytest.approx(YEAR / days)


def test_an_arm_without_patients_says_so(landmarks):
    for statistic, at in (("rate per patient-year, any grade", None), ("risk, any grade", 30.0)):
        row = one(landmarks, statistic, "B", at=at)
        assert row.value is None
        assert row.problem in ("no time of exposure", "no treated patient")
    ratio = one(landmarks, "rate ratio", "A v B", "any grade")
    assert (ratio.value, ratio.problem) == (None, "no time of exposure")


def test_an_infinite_ratio_has_no_value(trial, small_protocol):
    """A has the only event; the lower limit still says something."""
    subjects = "subject | arm\n01 | A\n02 | B"
    doses = f"subject | cycle | started_on | ended_on\n01 | 1 | {on(1)} | \n02 | 1 | {on(1)} | "
    contacts = f"subject | alive_on\n01 | {on(40)}\n02 | {on(40)}"
    events = f"subject | term | grade | started_on\n01 | rash | 1 | {on(10)}"
    data = trial(subjects=subjects, doses=doses, contacts=contacts, adverse_events=events)
    row = one(run(data, small_protocol), "rate ratio", "A v B", "any grade")
    assert (row.value, row.upper, row.problem) == (None, None, "the ratio is infinite")
    assert row.lower and math.isfinite(row.lower)


def test_who_was_never_treated_has_no_time_at_risk(four, protocol_with):
    item = {"endpoint": "AE", "population": "ITT"}
    row = one(run(four, protocol_with(analysis={"items": [item]})), "rate per patient-year, any grade", "B")
    assert (row.n, row.value) == (2, pytest.approx(YEAR / 10))
    assert row.conventions.endswith("; 1 never treated")


def test_times_and_worst_grades_count_the_same_patients(results):
    """Whoever has a worst grade of 3 or more has a first event of grade 3 or more."""
    for kind in ("any grade", "grade 3 or higher"):
        shares = results.where(endpoint="AE", statistic=kind)
        assert len(shares) == 6
        for share in shares:
            rate = one(results, f"rate per patient-year, {kind}", share.group, share.item)
            assert (rate.events, rate.n) == (share.events, share.n)
            assert set(results.subjects[rate.subjects]) == set(results.subjects[share.subjects])
