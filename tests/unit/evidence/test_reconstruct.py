"""Reconstruction: its promises on two arms, what it chooses by, and what it refuses."""

import numpy as np
import pytest

from trialwright.errors import DataError
from trialwright.evidence import Printed, ReadCurve, reconstruct
from trialwright.stats import DAYS_PER_MONTH, cox

GRID = np.linspace(0.25, 24, 96)
TABLE = [0.0, 6.0, 12.0, 18.0]


def curve(arm, rate, at_risk, **more):
    given = {"at_risk_time": TABLE, "at_risk": at_risk} | more
    return ReadCurve.of(GRID, np.exp(-rate * GRID), unit="months", arm=arm, **given)


CONTROL = curve("control", 0.06, [100, 68, 44, 25])
TREATED = curve("treated", 0.035, [120, 95, 72, 46])


@pytest.fixture(scope="module")
def found():
    return reconstruct([CONTROL, TREATED], seed=7, events={"control": 69, "treated": 59})


def test_patients_numbers_at_risk_and_events_are_exact_in_every_data_set(found):
    assert len(found.solutions) == 20
    for times in found.solutions:
        assert times.arms == ("control", "treated")
        for a, (read, events) in enumerate([(CONTROL, 69), (TREATED, 59)]):
            own = times.day[times.arm == a]
            assert (len(own), int(times.event[times.arm == a].sum())) == (read.patients, events)
            assert [int((own >= day).sum()) for day in read.at_risk_day] == read.at_risk.tolist()


def test_data_sets_differ_and_the_central_one_is_in_their_middle(found):
    assert len({times.day.tobytes() for times in found.solutions}) >= 15
    ratios = found.log_hazard_ratio
    assert cox(found.best).effect.coef == ratios[found.central]
    assert abs(ratios[found.central] - np.median(ratios)) == np.abs(ratios - np.median(ratios)).min()
    assert found.off.max() < 0.006


def test_the_seed_decides(found):
    given = {"events": {"control": 69, "treated": 59}}
    same = reconstruct([CONTROL, TREATED], seed=7, **given)
    other = reconstruct([CONTROL, TREATED], seed=8, **given)
    days = [times.day.tobytes() for times in found.solutions]
    assert [times.day.tobytes() for times in same.solutions] == days
    assert all(times.day.tobytes() not in days for times in other.solutions)


def test_an_arm_is_drawn_the_same_alone():
    alone = reconstruct(CONTROL, seed=7, events=69).solutions[0]
    beside = reconstruct([CONTROL, TREATED], seed=7, events={"control": 69, "treated": 59}).solutions[0]
    assert alone.day.tolist() == beside.day[beside.arm == 0].tolist()


def test_a_printed_hazard_ratio_chooses_among_the_data_sets(found):
    target = f"{float(np.exp(np.median(found.log_hazard_ratio))) + 0.01:.2f}"
    chosen = reconstruct([CONTROL, TREATED], seed=7, hazard_ratio=target, solutions=10)
    (answer,) = chosen.answers
    assert (answer.printed, answer.met, answer.of) == (target, 10, 10)
    assert chosen.shift < 0.02


def test_a_printed_p_value_chooses_too():
    free = reconstruct([CONTROL, TREATED], seed=7, p="0.003", solutions=5)
    (answer,) = free.answers
    assert answer.name == "P" and 0 < answer.low <= answer.high < 0.02


def test_a_hazard_ratio_beyond_the_reading_errors_is_told_not_forced():
    told = reconstruct([CONTROL, TREATED], seed=7, hazard_ratio="1.30", solutions=5)
    (answer,) = told.answers
    assert (answer.met, told.shift) == (0, 0.0)
    assert answer.high < 0.8


def test_a_misread_axis_is_found_from_the_events():
    """The curves were read 0.8 times as low as they are: the factor 1.25 comes back from the true events."""
    true = reconstruct([CONTROL, TREATED], seed=3, solutions=5)
    events = int(np.median(true.events.sum(axis=1)))
    misread = [
        ReadCurve.of(
            GRID,
            1 - 0.8 * (1 - read.survival),
            unit="months",
            arm=read.arm,
            patients=read.patients,
            at_risk_time=read.at_risk_day / DAYS_PER_MONTH,
            at_risk=read.at_risk,
        )
        for read in (CONTROL, TREATED)
    ]
    found = reconstruct(misread, seed=3, events=events, stretch=True, solutions=5)
    assert found.stretch == pytest.approx((1.25, 1.25), abs=0.03)
    assert found.events.sum(axis=1).tolist() == [events] * 5
    ratio = float(np.exp(np.median(true.log_hazard_ratio)))
    both = reconstruct(misread, seed=3, events=events, hazard_ratio=f"{ratio:.3f}", stretch=True, solutions=5)
    assert both.stretch == pytest.approx((1.25, 1.25), abs=0.06)


@pytest.mark.parametrize(
    "given, kind, told",
    [
        ({"events": 221}, DataError, "all arms: 221 events are more than the 220 patients"),
        ({"events": {"control": 69}}, ValueError, "must name every arm, control, treated; got control"),
        ({"events": {"control": 101, "treated": 59}}, DataError, "arm control: 101 events are more than the 100"),
        ({"events": {"control": 30, "treated": 59}}, DataError, "arm control: .* hold (69|70) to (69|70) events"),
        ({"hazard_ratio": "0,6"}, ValueError, "a printed figure must be a number above 0"),
        ({"medians": {"drug": 11}}, ValueError, "medians: arm 'drug' has no curve; known: control, treated"),
        ({"seed": -1}, ValueError, "seed must be a whole number from 0"),
        ({"solutions": 0}, ValueError, "solutions must be at least 1"),
        ({"stretch": True}, ValueError, "stretch needs the printed events"),
    ],
)
def test_refused(given, kind, told):
    with pytest.raises(kind, match=told):
        reconstruct([CONTROL, TREATED], **({"seed": 1} | given))


def test_a_comparison_needs_two_arms_of_different_names():
    with pytest.raises(ValueError, match="a hazard ratio or P value compares two arms; got 1: control"):
        reconstruct(CONTROL, seed=1, hazard_ratio="0.8")
    with pytest.raises(ValueError, match="every curve needs an arm of its own"):
        reconstruct([CONTROL, CONTROL], seed=1)


def test_numbers_at_risk_in_fractions_of_days_hold():
    """A time of a third of a month is no whole day; a patient of that day must fall on the right side."""
    read = curve("all", 0.05, [90, 80, 61], at_risk_time=[0.0, 1 / 3, 7.77])
    for times in reconstruct(read, seed=2, solutions=5).solutions:
        assert [int((times.day >= day).sum()) for day in read.at_risk_day] == [80, 61]


@pytest.mark.parametrize(
    "text, low, high", [("0.8", 0.75, 0.85), ("0.80", 0.795, 0.805), (14.5, 14.45, 14.55), ("1e-3", 5e-4, 1.5e-3)]
)
def test_printed_figures_stand_for_a_range(text, low, high):
    printed = Printed.of(text)
    assert (printed.low, printed.high) == pytest.approx((low, high))
