"""Numbers as they are printed."""

import pytest

from trialwright.report import format as printed
from trialwright.results import Result


def row(statistic: str, value: float | None, **more: object) -> Result:
    where = {"cut": "final", "endpoint": "PFS", "population": "ITT", "group": "A", "problem": None if value else "none"}
    return Result(statistic=statistic, value=value, **where | more)


@pytest.mark.parametrize(
    ("statistic", "value", "unit", "text"),
    [
        ("median", 150.0, "days", "4.9"),
        ("follow-up", 365.25, "days", "12.0"),
        ("median", None, "days", "not reached"),
        ("rate", 0.42083, "share", "42.1%"),
        ("rate", None, "share", "not estimable"),
        ("difference", -0.0205, "share", "−2.1%"),
        ("hazard ratio", 0.8449, "", "0.84"),
        ("hazard ratio", None, "", "not estimable"),
        ("log-rank P", 0.14923, "", "0.1492"),
        ("log-rank P", 0.00004, "", "<0.0001"),
        ("difference P", 0.00006, "", "0.0001"),
        ("events", 155.0, "patients", "155"),
        ("median", 59.0, "", "59"),
        ("median", 59.5, "", "59.5"),
        ("relative dose intensity", 0.9123, "ratio", "0.91"),
    ],
)
def test_a_number_is_printed_by_its_kind(statistic: str, value: float | None, unit: str, text: str) -> None:
    assert printed.estimate(row(statistic, value, unit=unit)) == text


def test_a_median_of_nobody_is_not_estimable_rather_than_not_reached() -> None:
    assert printed.estimate(row("median", None, unit="days", n=0)) == "not estimable"


def test_limits_are_printed_in_the_unit_of_the_value() -> None:
    assert printed.interval(row("median", 150.0, unit="days", lower=100.0, upper=None)) == "3.3 to not reached"
    assert printed.interval(row("rate", 0.5, unit="share", lower=0.4, upper=0.6)) == "40.0 to 60.0"
    assert printed.interval(row("hazard ratio", 0.84, lower=0.66, upper=1.071)) == "0.66 to 1.07"
    assert printed.interval(row("events", 5.0)) == ""


def test_a_count_of_zero_has_no_percentage() -> None:
    assert printed.count_and_share(row("any grade", 0.0, problem=None, events=0, n=40, unit="share")) == "0"
    assert printed.count_and_share(row("any grade", 0.25, events=10, n=40, unit="share")) == "10 (25.0%)"


def test_a_date_is_printed_as_its_convention_says() -> None:
    assert printed.estimate(row("first randomized", 18000.0, unit="date", conventions="2019-04-14")) == "2019-04-14"
