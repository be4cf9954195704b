"""What a reconstruction of patients from a curve must keep, each rule on its smallest figure."""

import numpy as np
import pytest

from trialwright.errors import DataError
from trialwright.evidence import ReadCurve, reconstruct
from trialwright.stats import DAYS_PER_MONTH, kaplan_meier

MONTHS = np.arange(1.0, 37.0)


def died(times, since, until=np.inf):
    """Events between two months."""
    day = times.day / DAYS_PER_MONTH
    return int((times.event & (day > since) & (day <= until)).sum())


def test_nobody_dies_where_the_curve_is_flat():
    """83 patients; from month 24 to 36 the number at risk falls from 44 to 29, and survival stays at 0.537.

    Whoever aligns to the numbers at risk first takes the fifteen who leave, and the 29 at the end, for deaths.
    """
    curve = ReadCurve.of(
        MONTHS,
        np.maximum(1 - 0.463 * MONTHS / 24, 0.537),
        unit="months",
        at_risk_time=[0, 12, 24, 36],
        at_risk=[83, 63, 44, 29],
    )
    found = reconstruct(curve, seed=1)
    for times in found.solutions:
        assert died(times, 24.1) == 0
        assert int((times.day >= 36 * DAYS_PER_MONTH).sum()) == 29
        assert kaplan_meier(times)["all"].at(times.day.max()).value == pytest.approx(0.537, abs=0.012)
    with pytest.raises(DataError, match=r"as read, curve and numbers at risk hold 3\d to 3\d events"):
        reconstruct(curve, seed=1, events=54)


def test_a_step_is_as_many_deaths_as_its_size_says():
    """Ten at risk, seven after a step from 1 to 0.7: three deaths, all within the step."""
    curve = ReadCurve.of([2, 3, 4], [1, 0.7, 0.7], unit="months", at_risk_time=[0, 2, 3.5], at_risk=[10, 10, 7])
    for times in reconstruct(curve, seed=1, solutions=5).solutions:
        assert (died(times, 0), died(times, 2, 3.1)) == (3, 3)


def test_the_sizes_of_the_steps_tell_who_is_at_risk():
    """No number at risk: after the first death of ten, a fall by a fifth means that five were left."""
    curve = ReadCurve.of([1, 2, 3, 4, 5], [0.9, 0.9, 0.72, 0.72, 0.72], unit="years", patients=10, reading_error=0.001)
    for times in reconstruct(curve, seed=1, solutions=10).solutions:
        first, second = np.sort(times.day[times.event])
        assert int((times.day >= second).sum()) == 5
        assert first <= 366 < second


def test_who_is_at_risk_when_the_curve_ends_is_followed_to_its_end():
    curve = ReadCurve.of([6, 12], [0.9, 0.8], unit="months", at_risk_time=[0, 12], at_risk=[40, 20])
    for times in reconstruct(curve, seed=1, solutions=3).solutions:
        assert int((times.day >= 12 * DAYS_PER_MONTH).sum()) == 20
        assert not times.event[times.day >= 12 * DAYS_PER_MONTH].any()


def test_every_mark_is_a_patient():
    """Three marks in the second half; there nobody else is censored."""
    curve = ReadCurve.of(
        [2, 4, 6, 8],
        [0.9, 0.8, 0.8, 0.7],
        unit="months",
        at_risk_time=[0, 4],
        at_risk=[20, 16],
        marks=[5.0, 5.5, 7.5],
    )
    for times in reconstruct(curve, seed=1, solutions=5).solutions:
        month = times.day[~times.event] / DAYS_PER_MONTH
        assert all((np.abs(month - mark) < 0.25).any() for mark in (5.0, 5.5, 7.5))


def test_events_given_in_all_add_up_over_the_arms():
    at_risk = {"unit": "months", "at_risk_time": [0, 6]}
    one = ReadCurve.of([3, 6, 9, 12], [0.9, 0.8, 0.7, 0.6], at_risk=[100, 75], arm="A", **at_risk)
    two = ReadCurve.of([3, 6, 9, 12], [0.95, 0.9, 0.85, 0.8], at_risk=[100, 80], arm="B", **at_risk)
    found = reconstruct([one, two], seed=1, events=45)
    assert found.events.sum(axis=1).tolist() == [45] * 20
    assert len(set(found.events[:, 0].tolist())) > 1


def test_printed_medians_and_rates_bind_the_curve():
    at_risk = {"unit": "months", "at_risk_time": [0, 6], "at_risk": [200, 130]}
    curve = ReadCurve.of([3, 6, 9, 12], [0.82, 0.66, 0.52, 0.4], **at_risk, reading_error=0.01)
    found = reconstruct(curve, seed=1, medians={"all": "9.3"}, rates={("all", 6.0): "0.67"})
    median, rate = found.answers
    assert (median.name, rate.name) == ("median of all", "rate of all at 6 months")
    free = [kaplan_meier(times)["all"] for times in reconstruct(curve, seed=1).solutions]
    assert median.met > 2 * sum(abs(each.quantile(0.5).value / DAYS_PER_MONTH - 9.3) <= 0.05 for each in free)
    assert rate.met >= 18 > sum(abs(each.at(6 * DAYS_PER_MONTH).value - 0.67) <= 0.005 for each in free)
