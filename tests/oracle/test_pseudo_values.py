"""Pseudo-values against survival::pseudo and the leave-one-out definition, both from R."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_cases import Differences, case_times, shared, shared_cases

from trialwright.stats import EventTimes, kaplan_meier, pseudo_rmst, pseudo_survival

CASES = [pytest.param(c, id=c["id"]) for c in shared_cases("survival.json") if c["kind"] == "pseudo"]


def test_the_reference_is_there() -> None:
    shared("survival.json")
    assert CASES


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("prefix", "method"), [("ij", "infinitesimal"), ("jackknife", "leave-one-out")])
def test_pseudo_values(case: dict[str, Any], prefix: str, method: Any, differences: Differences) -> None:
    times = case_times(case)
    expected, where = case["expect"], f"{case['id']}/{method}"
    survival = pseudo_survival(times, case["times"], method=method)
    differences.check(where, "survival", survival, expected[f"{prefix}_surv"])
    differences.check(where, "rmst", pseudo_rmst(times, case["tau"], method=method), expected[f"{prefix}_rmst"])


def area(times: EventTimes, tau: float) -> float:
    curve = kaplan_meier(times)["all"]
    edges = np.concatenate([[0.0], np.minimum(curve.days, tau), [tau]])
    return float(np.diff(edges) @ np.concatenate([[1.0], curve.survival]))


rows = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=12)


@settings(deadline=None)
@given(rows, st.integers(0, 9))
def test_leave_one_out_is_what_it_says(pairs: list[tuple[int, bool]], day: int) -> None:
    n = len(pairs)
    times = EventTimes.of(*zip(*pairs, strict=True))
    parts = [times.only(np.arange(n) != i) for i in range(n)]
    whole = kaplan_meier(times)["all"].at(day, beyond="carry").value or 0.0
    without = [kaplan_meier(part)["all"].at(day, beyond="carry").value or 0.0 for part in parts]
    found = pseudo_survival(times, [day], method="leave-one-out", beyond="carry")[:, 0]
    assert found == pytest.approx(n * whole - (n - 1) * np.array(without), abs=1e-9)
    areas = np.array([area(part, day) for part in parts])
    found = pseudo_rmst(times, day, method="leave-one-out", beyond="carry")
    assert found == pytest.approx(n * area(times, day) - (n - 1) * areas, abs=1e-9)


@settings(deadline=None)
@given(rows, st.integers(0, 9))
def test_the_mean_of_the_infinitesimal_ones_is_the_estimate(pairs: list[tuple[int, bool]], day: int) -> None:
    times = EventTimes.of(*zip(*pairs, strict=True))
    whole = kaplan_meier(times)["all"].at(day, beyond="carry").value or 0.0
    assert pseudo_survival(times, [day], beyond="carry").mean() == pytest.approx(whole, abs=1e-12)
    assert pseudo_rmst(times, day, beyond="carry").mean() == pytest.approx(area(times, day), abs=1e-12)


def test_without_censoring_they_are_the_observations() -> None:
    times = EventTimes.of([2, 4, 4, 9], [1, 1, 1, 1])
    for method in ("infinitesimal", "leave-one-out"):
        assert pseudo_survival(times, [4], method=method)[:, 0] == pytest.approx([0, 0, 0, 1], abs=1e-12)
        assert pseudo_rmst(times, 8, method=method) == pytest.approx([2, 4, 4, 8])


def test_a_day_after_the_last_follow_up_is_refused() -> None:
    times = EventTimes.of([2, 4, 6], [1, 1, 0])
    with pytest.raises(ValueError, match="at most the last follow-up, day 6; got 7"):
        pseudo_survival(times, [7])
    with pytest.raises(ValueError, match="tau must be at most the last follow-up"):
        pseudo_rmst(times, 7)
    assert pseudo_rmst(times, 7, beyond="carry").mean() == pytest.approx(2 + 2 * 2 / 3 + 3 / 3)
