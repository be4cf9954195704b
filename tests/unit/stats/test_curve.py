"""Kaplan-Meier by hand."""

import math
from typing import Any

import pytest

from trialwright.stats import Curve, EventTimes, kaplan_meier, reverse_kaplan_meier

Z = 1.959963984540054


def curve(day: list[float], event: list[int], **options: Any) -> Curve:
    return kaplan_meier(EventTimes.of(day, event), **options)["all"]


def test_product_limit_with_a_censoring_on_the_day_of_an_event() -> None:
    #  day 5: 1 of 5 dies; day 8: 1 of 4 dies, the one censored that day is still at risk; day 9: 1 of 2 dies
    found = curve([5, 8, 8, 9, 12], [1, 1, 0, 1, 0])
    assert found.at_risk.tolist() == [5, 4, 2, 1]
    assert found.survival.tolist() == pytest.approx([4 / 5, 4 / 5 * 3 / 4, 4 / 5 * 3 / 4 / 2, 0.3])
    variance = [1 / (5 * 4), 1 / (5 * 4) + 1 / (4 * 3), 1 / (5 * 4) + 1 / (4 * 3) + 1 / (2 * 1)]
    expected = [s * math.sqrt(v) for s, v in zip([0.8, 0.6, 0.3], variance, strict=True)]
    assert found.se[:3].tolist() == pytest.approx(expected)


def test_log_log_limits() -> None:
    found = curve([1, 2, 3, 4], [1, 0, 0, 0])
    sigma = math.sqrt(1 / (4 * 3))
    half = Z * sigma / abs(math.log(0.75))
    assert found.lower[0] == pytest.approx(math.exp(-math.exp(math.log(-math.log(0.75)) + half)))
    assert found.upper[0] == pytest.approx(math.exp(-math.exp(math.log(-math.log(0.75)) - half)))


def test_curves_of_arms_pool_the_strata() -> None:
    times = EventTimes.of([1, 2, 3, 4], [1, 1, 1, 0], list("ABAB"), list("xxyy"), arms=["B", "A", "C"])
    curves = kaplan_meier(times)
    assert list(curves) == ["B", "A"]
    assert curves["A"].days.tolist() == [1, 3]
    assert kaplan_meier(times.pooled())["all"].subjects == 4


def test_the_median_is_the_first_day_with_survival_below_one_half() -> None:
    assert curve([1, 2, 3], [1, 1, 1]).quantile(0.5).value == 2


@pytest.mark.parametrize(("flat", "expected"), [("R", 5.0), ("SAS", 5.0)])
def test_the_median_is_the_middle_of_a_flat_piece(flat: Any, expected: float) -> None:
    assert curve([2, 4, 6, 9], [1, 1, 1, 1]).quantile(0.5, flat=flat).value == expected
    # ten events: 1 - 1/n multiplied up is not 0.5 in floating point
    assert curve(list(range(1, 11)), [1] * 10).quantile(0.5, flat=flat).value == 5.5


def test_flat_at_one_half_to_the_last_follow_up() -> None:
    found = curve([54, 75, 77, 84, 99, 120], [1, 1, 1, 0, 0, 0])
    assert found.quantile(0.5, flat="R").value == (77 + 120) / 2
    estimate = found.quantile(0.5, flat="SAS")
    assert estimate.value is None
    assert estimate.problem == "survival equals 0.5 from day 77 to the last follow-up"


def test_a_median_that_is_not_reached() -> None:
    estimate = curve([3, 5, 8], [1, 0, 0]).quantile(0.5)
    assert (estimate.value, estimate.upper) == (None, None)
    assert estimate.problem == "not reached: survival stays above 0.5 to day 8"


def test_all_censored() -> None:
    found = curve([3, 5], [0, 0])
    assert found.quantile(0.5).value is None
    assert found.survival.tolist() == [1, 1]
    assert found.at(4).value == 1
    assert found.at(4).lower is None and found.at(4).problem == "no log-log limits where survival is 1"


def test_survival_on_days() -> None:
    found = curve([5, 8, 9, 9], [1, 1, 0, 0])
    assert [found.at(day).value for day in (0, 4.9, 5, 7, 8, 9)] == [1, 1, 0.75, 0.75, 0.5, 0.5]
    beyond = found.at(10)
    assert (beyond.value, beyond.problem) == (None, "day 10 is after the last follow-up")
    assert found.at(10, beyond="carry").value == 0.5


def test_survival_stays_zero_once_all_have_had_the_event() -> None:
    estimate = curve([5, 8], [1, 1]).at(100)
    assert estimate.value == 0
    assert (estimate.lower, estimate.upper, estimate.se) == (None, None, None)
    assert estimate.problem == "no log-log limits where survival is 0"


def test_numbers_at_risk_before_and_left_after() -> None:
    found = curve([5, 8, 8], [1, 1, 0])
    assert found.at_risk_at([0, 5, 8, 9]).tolist() == [3, 3, 2, 0]
    assert found.left_at([0, 5, 8, 9]).tolist() == [3, 2, 0, 0]


def test_follow_up_exchanges_events_and_censorings() -> None:
    times = EventTimes.of([2, 4, 6, 8], [0, 1, 0, 1])
    assert reverse_kaplan_meier(times)["all"].survival.tolist() == [0.75, 0.75, 0.375, 0.375]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.quantile(50), "p must be in"),
        (lambda c: c.quantile(0.5, flat="STATA"), "flat must be R or SAS; got 'STATA'"),
        (lambda c: c.at(-1), "day must be zero or more; got -1"),
        (lambda c: c.at(float("nan")), "day must be zero or more; got nan"),
        (lambda c: c.at(1, beyond="guess"), "beyond must be carry or not estimable"),
    ],
)
def test_questions_that_make_no_sense(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(curve([5, 8], [1, 1]))


def test_unknown_conventions_are_refused() -> None:
    with pytest.raises(ValueError, match="interval must be one of plain, log, log-log, logit, arcsin; got 'cloglog'"):
        curve([5], [1], interval="cloglog")
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\); got 95"):
        curve([5], [1], level=95)
