"""Delayed entry and case weights by hand."""

from typing import Any

import numpy as np
import pytest

from trialwright.stats import EventTimes, RiskTable, cox, fleming_harrington, kaplan_meier, log_rank, nelson_aalen


def test_a_subject_is_at_risk_from_the_day_after_entry() -> None:
    #  entry 0 0 4 5, end 3 5 6 8; the fourth enters on day 5 and is not at risk on it
    times = EventTimes.of([3, 5, 6, 8], [1, 1, 0, 1], entry=[0, 0, 4, 5])
    found = kaplan_meier(times)["all"]
    assert found.at_risk.tolist() == [2, 2, 2, 1]
    assert found.survival.tolist() == [0.5, 0.25, 0.25, 0.0]
    assert found.subjects == 4
    assert found.at_risk_at([0, 3, 4, 5, 6, 7, 8, 9]).tolist() == [0, 2, 1, 2, 2, 1, 1, 0]
    assert found.left_at([0, 3, 4, 5, 6, 8]).tolist() == [2, 1, 2, 2, 1, 0]


def test_entry_on_the_first_day_changes_nothing() -> None:
    day, event, arm = [3, 5, 6, 8], [1, 1, 0, 1], list("ABAB")
    delayed = EventTimes.of(day, event, arm, entry=[0] * 4)
    plain = EventTimes.of(day, event, arm)
    assert log_rank(delayed).test == log_rank(plain).test
    assert cox(delayed).effect == cox(plain).effect
    np.testing.assert_array_equal(kaplan_meier(delayed)["A"].survival, kaplan_meier(plain)["A"].survival)


def test_an_early_risk_set_that_dies_out_ends_the_curve() -> None:
    found = kaplan_meier(EventTimes.of([2, 9, 10], [1, 1, 0], entry=[0, 4, 5]))["all"]
    assert found.survival.tolist() == [0, 0, 0]
    assert found.at(9).problem == "no log-log limits where survival is 0"


def test_tables_with_and_without_delayed_entry_add_up() -> None:
    late, early = EventTimes.of([6, 8], [0, 1], entry=[4, 5]), EventTimes.of([3, 5], [1, 1])
    total = RiskTable.count(late) + RiskTable.count(early)
    assert kaplan_meier(total)["all"].at_risk.tolist() == [2, 2, 2, 1]
    assert kaplan_meier(RiskTable.count(early) + RiskTable.count(late))["all"].survival.tolist() == [0.5, 0.25, 0.25, 0]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ([3, 0], "entry must be before the end of follow-up; got 3 at position 0"),
        ([-1, 0], "entry must be zero or more; got -1"),
        ([0.5, 0], "entry must be whole; got 0.5"),
        ([float("nan"), 0], "entry must be known"),
        ([0], "entry must have one entry for each of the 2 subjects"),
    ],
)
def test_entries_that_cannot_be(entry: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EventTimes.of([3, 5], [1, 1], entry=entry)


@pytest.mark.parametrize("weight", [[0, 1], [-1, 1], [float("nan"), 1], [float("inf"), 1]])
def test_weights_are_positive_and_finite(weight: list[float]) -> None:
    with pytest.raises(ValueError, match="weight must be positive and finite"):
        EventTimes.of([3, 5], [1, 1], weight=weight)


def test_a_whole_weight_counts_as_so_many_subjects() -> None:
    weighted = EventTimes.of([3, 5, 6, 8], [1, 1, 0, 1], list("ABAB"), weight=[2, 1, 3, 1])
    repeated = EventTimes.of([3, 3, 5, 6, 6, 6, 8], [1, 1, 1, 0, 0, 0, 1], list("AABAAAB"))
    assert not RiskTable.count(weighted).weighted
    assert kaplan_meier(weighted)["A"].se.tolist() == kaplan_meier(repeated)["A"].se.tolist()
    assert log_rank(weighted).test == log_rank(repeated).test
    assert cox(weighted).effect == cox(repeated).effect
    assert kaplan_meier(weighted)["A"].subjects == 5


def test_tie_rules_that_count_events_refuse_fractional_weights() -> None:
    times = EventTimes.of([3, 5, 6, 8], [1, 1, 0, 1], list("ABAB"), weight=[0.5, 1, 3, 1])
    assert cox(times, ties="breslow").effect.coef is not None
    with pytest.raises(ValueError, match="ties 'efron' need whole weights"):
        cox(times)


def test_fractional_weights_leave_nobody_after_the_last_event() -> None:
    rng = np.random.default_rng(3)
    times = EventTimes.of(rng.permutation(200), np.ones(200, bool), weight=rng.uniform(0.1, 3, 200))
    found = kaplan_meier(times)["all"]
    assert found.survival[-1] == 0
    assert (np.diff(found.survival) < 0).all()
    assert found.at_risk[0] == pytest.approx(times.weight.sum())


def test_entry_and_weight_follow_the_subjects() -> None:
    times = EventTimes.of([3, 5], [1, 1], list("AB"), entry=[0, 2], weight=[1.5, 2]).only([False, True])
    assert (times.entry.tolist(), times.weight.tolist()) == ([2], [2.0])
    assert times.pooled().entry.tolist() == [2]


def test_real_times_of_entry_are_ranked_with_the_others() -> None:
    real = EventTimes.from_continuous([1.5, 2.5, 4.0], [1, 1, 0], entry=[0.0, 1.5, 2.0])
    assert kaplan_meier(real)["all"].at_risk.tolist() == [1, 2, 1]
    assert kaplan_meier(real)["all"].days.tolist() == [1.5, 2.5, 4.0]
    with pytest.raises(ValueError, match="entry must have one entry"):
        EventTimes.from_continuous([1.5], [1], entry=[0.0, 0.5])


def test_hazard_and_its_variances_by_hand() -> None:
    #  day 2: 2 of 5; day 4: 1 of 2
    times = EventTimes.of([2, 2, 3, 4, 6], [1, 1, 0, 1, 0])
    aalen = nelson_aalen(times)["all"]
    assert aalen.hazard.tolist() == pytest.approx([0.4, 0.4, 0.9, 0.9])
    assert aalen.se[-1] ** 2 == pytest.approx(2 / 25 + 1 / 4)
    greenwood = nelson_aalen(times, variance="greenwood")["all"]
    assert greenwood.se[-1] ** 2 == pytest.approx(2 * 3 / 125 + 1 / 8)
    assert aalen.lower[0] == 0
    log = nelson_aalen(times, interval="log")["all"]
    assert log.lower[-1] * log.upper[-1] == pytest.approx(0.81)
    assert fleming_harrington(times)["all"].survival[-1] == pytest.approx(np.exp(-0.9))


def test_unknown_forms_of_the_hazard() -> None:
    wrong: Any = "delta"
    with pytest.raises(ValueError, match="variance must be one of aalen, greenwood; got 'delta'"):
        nelson_aalen(EventTimes.of([1], [1]), variance=wrong)
    with pytest.raises(ValueError, match="interval must be one of plain, log; got 'delta'"):
        nelson_aalen(EventTimes.of([1], [1]), interval=wrong)
