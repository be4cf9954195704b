"""Differences of survival at a landmark, where they exist and where not."""

import math

import pytest

from trialwright.stats import EventTimes, kaplan_meier, survival_difference

TIMES = EventTimes.of([5, 8, 9, 9, 3, 4, 6, 9], [1, 1, 0, 0, 1, 1, 1, 0], list("EEEECCCC"))


def test_by_hand() -> None:
    curves = kaplan_meier(TIMES)
    found = survival_difference(curves["E"], curves["C"], 7)
    se = math.sqrt(0.75 * 0.25 / 4 + 0.25 * 0.75 / 4)  # binomial without censoring
    assert found.difference.value == 0.5
    assert found.difference.se == pytest.approx(se)
    assert found.plain.z == pytest.approx(0.5 / se)
    g = math.log(-math.log(0.75)) - math.log(-math.log(0.25))
    v = 0.1875 / 4 * (1 / (0.75 * math.log(0.75)) ** 2 + 1 / (0.25 * math.log(0.25)) ** 2)
    assert found.log_log.z == pytest.approx(g / math.sqrt(v))
    assert found.difference.upper == 1.0  # clipped


def test_exchanged_arms_turn_the_signs() -> None:
    curves = kaplan_meier(TIMES)
    one, other = (survival_difference(curves[a], curves[b], 5) for a, b in ("EC", "CE"))
    assert one.plain.z == -(other.plain.z or 0)
    assert one.log_log.z == pytest.approx(-(other.log_log.z or 0))
    assert one.log_log.p == pytest.approx(other.log_log.p)


def test_before_any_event_there_is_no_test() -> None:
    curves = kaplan_meier(TIMES)
    found = survival_difference(curves["E"], curves["C"], 1)
    assert found.difference.value == 0
    assert found.plain.p is None and "no event in either arm" in str(found.plain.problem)
    assert "survival is 0 or 1" in str(found.log_log.problem)


def test_after_the_last_follow_up_there_is_no_difference_unless_carried() -> None:
    curves = kaplan_meier(TIMES)
    found = survival_difference(curves["E"], curves["C"], 10)
    assert found.difference.value is None
    assert found.difference.problem == "E: day 10 is after the last follow-up; C: day 10 is after the last follow-up"
    assert survival_difference(curves["E"], curves["C"], 10, beyond="carry").difference.value == 0.25


def test_survival_zero_has_no_standard_error() -> None:
    curves = kaplan_meier(EventTimes.of([1, 2, 3, 4], [1, 1, 1, 0], list("AABB")))
    found = survival_difference(curves["B"], curves["A"], 3)
    assert found.difference.value == 0.5
    assert found.plain.z is None and "survival is 0 in an arm" in str(found.plain.problem)


def test_curves_of_two_levels_are_refused() -> None:
    one, other = kaplan_meier(TIMES)["E"], kaplan_meier(TIMES, level=0.9)["C"]
    with pytest.raises(ValueError, match=r"one level; got 0.95 and 0.9"):
        survival_difference(one, other, 5)
