"""Operating characteristics: what is counted, what is refused, and small trials that can be checked by hand."""

from __future__ import annotations

import math
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trialwright.design import ArmRates, Steps, Stratum, SupposedTrial, uniform_accrual
from trialwright.simulate import (
    Allocating,
    Comparison,
    DesignedTrial,
    Look,
    Outcomes,
    Scanning,
    Share,
    Spread,
    Trigger,
    open_trial,
    simulate_design,
)

ARMS = Stratum(ArmRates.of(0.1), ArmRates.of(0.2))
SUPPOSED = SupposedTrial(uniform_accrual(60, 12), (ARMS,), ratio=2)
BLOCKS = Allocating((2, 1), (3,))


def plan(*looks: Look, patients: int = 60, supposed: SupposedTrial = SUPPOSED, **more: Any) -> DesignedTrial:
    return DesignedTrial(supposed, patients, BLOCKS, looks or (Look(Trigger(events=40), 1.96),), **more)


def outcomes(z: list[list[float]], *looks: Look, time: list[list[float]] | None = None) -> Outcomes:
    """Return outcomes with these z; look k at time 10 k with 20 k patients and 10 k events."""
    values = np.array(z)
    numbers = np.broadcast_to(np.arange(1, values.shape[1] + 1), values.shape)
    when = 10.0 * numbers if time is None else np.array(time)
    designed = plan(*looks)
    return Outcomes(designed, 1, 0, when, 20 * numbers, 10 * numbers, values, None)


TWO = (Look(Trigger(events=20), 2.5, 0.0), Look(Trigger(events=40), 2.0))


def test_a_trial_stops_at_the_first_bound_it_crosses() -> None:
    found = outcomes([[3.0, 0.0], [-0.5, 3.0], [1.0, 2.0], [1.0, 1.9], [1.0, -2.0]], *TWO)
    assert found.stopped.tolist() == [0, 0, 1, 2, 2]
    card = found.summary()
    assert card.above_any == Share.of(2, 5)
    assert card.below_any == Share.of(1, 5)
    assert card.neither == Share.of(2, 5)
    assert card.other_tail == Share.of(1, 5)
    assert [look.above.value for look in card.looks] == [0.2, 0.2]
    assert [look.below.value for look in card.looks] == [0.2, 0.0]
    assert [look.upper_tail.value for look in card.looks] == [0.2, 0.4]
    assert card.duration.mean == (10 + 10 + 20 + 20 + 20) / 5
    assert card.enrolled.mean == (20 + 20 + 40 + 40 + 40) / 5
    assert card.events.mean == (10 + 10 + 20 + 20 + 20) / 5


def test_looks_that_are_never_taken_do_not_reject_and_are_told() -> None:
    nan = math.nan
    found = outcomes([[1.0, nan], [3.0, nan], [nan, nan]], *TWO, time=[[10.0, nan], [10.0, nan], [nan, nan]])
    card = found.summary()
    assert card.above_any == Share.of(1, 3)
    assert card.never_finished == Share.of(2, 3)
    assert [look.never_reached.value for look in card.looks] == [1 / 3, 1.0]
    assert card.looks[0].no_statistic.value == 0
    assert card.duration.mean == 10
    assert math.isnan(card.looks[1].time.mean)


def test_a_test_that_does_not_exist_is_told() -> None:
    card = outcomes([[math.nan, 1.0], [3.0, 1.0]], *TWO).summary()
    assert card.looks[0].no_statistic == Share.of(1, 2)
    assert card.above_any == Share.of(1, 2)


def test_other_bounds_judge_the_same_trials() -> None:
    found = outcomes([[3.0, 0.0], [1.0, 2.0]], *TWO)
    assert found.under((2.5, 2.1)).summary().above_any == Share.of(1, 2)
    assert found.under((9.0, 9.0), (1.0, -9.0)).summary().below_any == Share.of(1, 2)
    with pytest.raises(ValueError, match="zip"):
        found.under((2.0,))


def test_a_spread_is_over_the_finite_values() -> None:
    spread = Spread.of(np.array([1.0, 3.0, math.inf, math.nan]))
    assert (spread.mean, spread.se, spread.quantiles[2]) == (2.0, 1.0, 2.0)
    assert math.isnan(Spread.of(np.array([math.nan])).mean)
    assert math.isnan(Spread.of(np.array([5.0])).se)


def test_hazard_ratios_are_near_what_is_supposed_and_their_bias_is_told() -> None:
    card = simulate_design(plan(Look(Trigger(events=50), 1.96)), 4000, 3, hazard_ratios=True).summary()
    look = card.looks[0]
    assert card.supposed_log_hazard_ratio == round(math.log(0.5), 12)
    assert look.log_hazard_ratio is not None and look.bias is not None
    assert abs(look.bias) < 0.03
    assert look.log_hazard_ratio.mean == look.bias + card.supposed_log_hazard_ratio
    assert simulate_design(plan(), 2, 3).summary().looks[0].log_hazard_ratio is None


def test_a_ratio_that_changes_is_no_one_number() -> None:
    delayed = Stratum(ArmRates.of(Steps((0, 3), (0.2, 0.1))), ArmRates.of(0.2))
    supposed = SupposedTrial(uniform_accrual(60, 12), (delayed,), ratio=2)
    card = simulate_design(plan(supposed=supposed), 20, 3, hazard_ratios=True).summary()
    assert card.supposed_log_hazard_ratio is None
    assert card.looks[0].bias is None


def test_the_same_patients_under_other_looks_tests_and_scans() -> None:
    bare = ["entry", "stratum", "arm", "event"]
    one = open_trial(plan(), 3, 9).select(bare)
    others = [
        plan(Look(Trigger(time=14.0))),
        plan(test=Comparison("cox")),
        plan(scans=Scanning.regular(2.0, window=0.5, missed=0.2)),
    ]
    assert all(open_trial(other, 3, 9).select(bare).equals(one) for other in others)
    assert not open_trial(plan(), 4, 9).select(bare).equals(one)
    assert not open_trial(plan(), 3, 8).select(bare).equals(one)
    assert plan().digest == plan(supposed=replace(SUPPOSED, longest=float("inf"))).digest
    assert plan().digest != plan(patients=59).digest


def test_a_number_written_as_a_whole_number_is_the_same_design() -> None:
    whole = SupposedTrial(Steps((0, 12), (5, 0)), (ARMS,), ratio=2)
    real = SupposedTrial(Steps((0.0, 12.0), (5.0, 0.0)), (ARMS,), ratio=2.0)
    assert plan(supposed=whole).digest == plan(supposed=real).digest


def looked(**conditions: Any) -> float:
    return float(simulate_design(plan(Look(Trigger(**conditions))), 1, 5).time[0, 0])


def test_conditions_of_a_look() -> None:
    patients = open_trial(plan(), 0, 5)
    entry = patients["entry"].to_list()
    calendar = sorted((patients["entry"] + patients["event"]).to_list())
    assert looked(time=7.5) == 7.5
    assert looked(enrolled=20) == pytest.approx(entry[19])
    assert looked(follow_up=6.0) == pytest.approx(entry[-1] + 6)
    assert looked(events=33) == pytest.approx(calendar[32])
    assert looked(events=33, time=7.5) == pytest.approx(max(calendar[32], 7.5))
    assert looked(events=33, time=7.5, how="first") == pytest.approx(min(calendar[32], 7.5))
    assert looked(events=33, enrolled=60, follow_up=1.0) == pytest.approx(max(calendar[32], entry[-1] + 1))


def test_a_look_is_not_taken_before_an_earlier_one() -> None:
    found = simulate_design(plan(Look(Trigger(time=30.0)), Look(Trigger(events=10))), 5, 5)
    assert (found.time[:, 1] == 30.0).all()


def test_events_that_never_come_leave_the_look_out() -> None:
    leaving = Stratum(ArmRates.of(0.01, 1.0), ArmRates.of(0.01, 1.0))
    supposed = SupposedTrial(uniform_accrual(60, 12), (leaving,), ratio=2)
    found = simulate_design(plan(Look(Trigger(events=40), 1.96), Look(Trigger(time=20.0)), supposed=supposed), 50, 1)
    assert np.isnan(found.time[:, 0]).all() and np.isnan(found.z[:, 0]).all()
    assert not found.enrolled[:, 0].any() and not found.events[:, 0].any()
    assert (found.time[:, 1] == 20.0).all()
    assert found.summary().looks[0].never_reached.value == 1


def test_scans_show_events_at_their_days_only() -> None:
    patients = open_trial(plan(Look(Trigger(time=25.0)), scans=Scanning.regular(2.0)), 0, 5)
    assert ((patients["time_1"] % 2.0) == 0).all()
    seen = patients.filter(patients["event_1"])
    assert ((seen["time_1"] - seen["event"]).is_between(0, 2)).all()


def test_two_missed_scans_in_a_row_censor() -> None:
    often = Scanning.regular(1.0, missed=0.6, gap=2)
    patients = open_trial(plan(Look(Trigger(time=40.0)), scans=often), 0, 5)
    kept = open_trial(plan(Look(Trigger(time=40.0)), scans=replace(often, gap=None)), 0, 5)
    lost = patients.filter(patients["seen"].is_infinite())
    assert 0 < patients["event_1"].sum() < kept["event_1"].sum()
    assert (lost["time_1"] < lost["event"]).all()


def test_whole_days_are_whole() -> None:
    supposed = SupposedTrial(uniform_accrual(60, 365), (Stratum(ArmRates.of(0.004), ArmRates.of(0.01)),), ratio=2)
    patients = open_trial(plan(supposed=supposed, grid=1.0), 0, 5)
    for name in ("entry", "event", "time_1"):
        known = patients[name].drop_nulls()
        assert (known == known.round()).all()


def test_simple_allocation_and_minimization_keep_the_ratio_on_average() -> None:
    for method in ("simple", "minimization"):
        allocation = Allocating((2, 1), (), method)
        designed = replace(plan(), allocation=allocation)
        shares = [(open_trial(designed, k, 1)["arm"] == "experimental").mean() for k in range(40)]
        spread = 0.01 if method == "minimization" else 4 * math.sqrt(2 / 9 / 60 / 40)
        assert abs(np.mean(shares) - 2 / 3) < max(spread, 0.012), method


def test_processes_give_the_same_numbers() -> None:
    designed = plan(scans=Scanning.regular(2.0))
    with ProcessPoolExecutor(1) as pool:
        away = simulate_design(designed, 50, 5, map=pool.map)
    assert np.array_equal(away.z, simulate_design(designed, 50, 5).z)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"trials": 0}, "trials must be a whole number of at least 1; got 0"),
        ({"first": -1}, "first must be a whole number of at least 0; got -1"),
        ({"workers": 0}, "workers must be a whole number of at least 1; got 0"),
        ({"seed": -1}, "seed must be an integer from 0 to 2\\*\\*64 - 1; got -1"),
        ({"first": 2**64 - 1, "trials": 2}, "first \\+ trials must be at most"),
        ({"workers": 2, "map": map}, "not both"),
    ],
)
def test_what_cannot_be_simulated_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate_design(plan(), **{"trials": 1, "seed": 1} | wrong)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: plan(Look(Trigger(enrolled=61))), "enrolled must be at most the 60 patients"),
        (lambda: plan(patients=1), "patients must be a whole number from 2"),
        (lambda: Comparison("milestone", stratified=True, at=3.0), "compare restricted means"),
        (lambda: Comparison("fleming-harrington"), "takes 1 to 1 pairs of weights"),
        (lambda: Comparison("max-combo", weights=((0.0, 0.0),) * 5), "takes 2 to 4 pairs of weights"),
        (lambda: Comparison("fleming-harrington", weights=((-1.0, 0.0),)), "rho and gamma must be finite"),
        (lambda: Allocating((2, 1), (), "minimization", p_best=1.0), "p_best must be above 0.5 and below 1"),
    ],
)
def test_designs_that_mean_nothing_are_refused(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_more_strata_than_lists_of_allocation_are_refused() -> None:
    many = tuple(replace(ARMS, share=1 / 5000) for _ in range(5000))
    with pytest.raises(ValueError, match="at most 4096 strata; got 5000"):
        plan(supposed=SupposedTrial(uniform_accrual(60, 12), many, ratio=2))


def test_importing_the_room_compiles_nothing() -> None:
    code = "import sys, trialwright.simulate; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
