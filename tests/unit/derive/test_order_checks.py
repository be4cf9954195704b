"""Dates that contradict each other are listed with their record and rule."""

import pytest

from trialwright.derive import order_findings


@pytest.mark.parametrize(
    ("tables", "dataset", "record", "rule"),
    [
        (
            {"doses": "subject | started_on | ended_on\n01 | 2024-02-01 | 2024-01-31"},
            "doses",
            "doses 01 / intervention old / cycle 1",
            "end on or after start",
        ),
        (
            {"therapies": "subject | started_on | progressed_on\n01 | 2024-02-01 | 2024-01-31"},
            "therapies",
            "therapies 01 / therapy another drug / started_on 2024-02-01",
            "end on or after start",
        ),
        (
            {
                "deaths": "subject | died_on\n01 | 2024-02-01",
                "contacts": "subject | alive_on\n01 | 2024-02-02\n01 | 2024-02-01",
            },
            "contacts",
            "contacts 01 / alive_on 2024-02-02",
            "nothing after death",
        ),
        (
            {"deaths": "subject | died_on\n01 | 2023-12-31"},
            "deaths",
            "deaths 01",
            "on or after randomization",
        ),
        (
            {"therapies": "subject | started_on\n01 | 2023-12-31"},
            "therapies",
            "therapies 01 / therapy another drug / started_on 2023-12-31",
            "on or after randomization",
        ),
        (
            {"contacts": "subject | alive_on\n99 | 2024-02-02\n99 | 2024-02-03"},
            "contacts",
            "contacts 99",
            "subject screened or randomized",
        ),
    ],
)
def test_a_contradiction_is_one_finding(trial, tables, dataset, record, rule):
    (finding,) = order_findings(trial(subjects="subject\n01", **tables))
    assert (finding.dataset, finding.record, finding.rule) == (dataset, record, rule)


def test_dates_in_order_are_no_finding(trial):
    data = trial(
        subjects="subject\n01",
        doses="subject | started_on | ended_on\n01 | 2024-01-01 | 2024-01-01",
        deaths="subject | died_on\n01 | 2024-02-01",
        contacts="subject | alive_on\n01 | 2024-02-01",
    )
    assert order_findings(data) == ()
