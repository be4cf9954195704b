"""The fast simulation is held to the slow one: any design, trial by trial, and to itself whatever does the work.

The slow one draws with Python's whole numbers, walks every scan, and asks the real estimators on event times.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from trialwright.design import ArmRates, Steps, Stratum, SupposedTrial
from trialwright.simulate import (
    Allocating,
    Comparison,
    DesignedTrial,
    Look,
    Outcomes,
    Scanning,
    Trigger,
    open_trial,
    operating,
    simulate_design,
)
from trialwright.simulate.designed_reference import ReferenceTrial
from trialwright.simulate.lanes import covers, run_lanes

QUICK = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
SEEDS = st.integers(0, 2**64 - 1)
RATES = st.sampled_from([0.02, 0.1, 0.35])
DROPOUTS = st.one_of(
    st.just(Steps((0,), (0.0,))),
    st.builds(Steps.of, st.sampled_from([0.01, 0.2])),
    st.just(Steps((0, 4.5), (0.0, 0.1))),
    st.just(Steps((0, 2), (0.3, 0.0))),
)
HAZARDS = st.one_of(
    st.builds(Steps.of, RATES),
    st.builds(lambda a, b: Steps((0, 3.5), (a, b)), st.sampled_from([0.0, 0.1]), RATES),
    st.builds(lambda a, b: Steps((0, 2, 9), (a, b, 0.0)), RATES, RATES),
)
ARMS = st.builds(ArmRates, HAZARDS, DROPOUTS)
SHARES = st.sampled_from([(1.0,), (0.5, 0.5), (0.2, 0.5, 0.3), (0.1, 0.2, 0.3, 0.4)])
RATIOS = st.sampled_from([(1, 1), (2, 1), (1, 3), (3, 2)])
ACCRUALS = st.sampled_from(
    [
        Steps((0, 12), (5.0, 0.0)),
        Steps((0, 2, 4, 10), (1.0, 3.0, 9.0, 0.0)),
        Steps((0, 3, 5, 9), (4.0, 0.0, 7.0, 0.0)),
    ]
)
SCANS = st.one_of(
    st.none(),
    st.builds(
        lambda plan, window, missed, gap: Scanning(*plan, window, missed, gap),
        st.sampled_from([((0,), (2.0,)), ((0, 4), (2.0, 3.0)), ((0, 5, 12.3), (2.0, 4.0, 2.5))]),
        st.sampled_from([0.0, 0.4, 0.95]),
        st.sampled_from([0.0, 0.1, 0.6]),
        st.sampled_from([None, 1, 2]),
    ),
)
TESTS = st.sampled_from(
    [
        Comparison(),
        Comparison(stratified=True),
        Comparison("cox"),
        Comparison("cox", stratified=True),
        Comparison("fleming-harrington", weights=((0.0, 1.0),)),
        Comparison("fleming-harrington", stratified=True, weights=((1.0, 0.5),)),
        Comparison("max-combo", weights=((0.0, 0.0), (0.0, 1.0), (1.0, 0.0))),
        Comparison("restricted mean", at=5.0),
        Comparison("restricted mean", stratified=True, at=3.0),
        Comparison("milestone", at=4.0),
    ]
)


@st.composite
def allocations(draw: Callable[[Any], Any], ratio: tuple[int, int]) -> Allocating:
    method = draw(st.sampled_from(["permuted blocks", "simple", "minimization"]))
    sizes = draw(st.sampled_from([(1,), (2,), (1, 2), (3, 1, 2)])) if method == "permuted blocks" else ()
    return Allocating(ratio, tuple(size * sum(ratio) for size in sizes), method, draw(st.booleans()))


@st.composite
def looks(draw: Callable[[Any], Any], patients: int) -> tuple[Look, ...]:
    """One to three looks: numbers of events, and the other conditions."""
    events = sorted(draw(st.sets(st.integers(1, patients), min_size=1, max_size=3)))
    found = []
    for k, count in enumerate(events):
        more = {"time": 3.0 + 4 * k, "follow_up": 1.5 * k, "enrolled": max(patients - 7 * k, 1)}
        kept = draw(st.sets(st.sampled_from(sorted(more)), max_size=2))
        only = {name: more[name] for name in kept}
        by_events = draw(st.booleans()) or not only
        how = draw(st.sampled_from(["all", "first"]))
        found.append(Look(Trigger(events=count if by_events else None, how=how, **only), 2.0, -1.0))
    return tuple(found)


@st.composite
def designs(draw: Callable[[Any], Any]) -> DesignedTrial:
    ratio, patients = draw(RATIOS), draw(st.integers(2, 60))
    strata = tuple(Stratum(draw(ARMS), draw(ARMS), share) for share in draw(SHARES))
    supposed = SupposedTrial(draw(ACCRUALS), strata, ratio[0] / ratio[1], draw(st.sampled_from([math.inf, 6.0])))
    return DesignedTrial(
        supposed,
        patients,
        draw(allocations(ratio)),
        draw(looks(patients)),
        draw(TESTS),
        draw(SCANS),
        draw(st.sampled_from(["uniform", "spaced", "poisson"])),
        draw(st.sampled_from([None, None, 1.0, 0.1])),
    )


def near(one: float, other: float) -> bool:
    same = one == other or (math.isnan(one) and math.isnan(other))
    return same or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def differences(found: Outcomes) -> Iterator[str]:
    """Return every number on which the kernel and the reference disagree."""
    assert found.log_hazard_ratio is not None
    for t in range(found.trials):
        trial = ReferenceTrial.draw(found.designed, found.first + t, found.seed)
        for k, cut in enumerate(trial.cuts()):
            fast = [float(row[t, k]) for row in (found.time, found.enrolled, found.events, found.z)]
            fast.append(float(found.log_hazard_ratio[t, k]))
            slow = [cut, *trial.look(cut)] if cut < math.inf else [math.nan, 0, 0, math.nan, math.nan]
            names = ("time", "enrolled", "events", "z", "log hazard ratio")
            for name, one, other in zip(names, fast, slow, strict=True):
                if not near(one, other):
                    yield f"trial {t}, look {k}, {name}: {one}, and {other} by the reference"


@settings(QUICK, max_examples=100)
@given(designs(), SEEDS, st.integers(0, 2**40))
def test_any_design_trial_by_trial(designed: DesignedTrial, seed: int, first: int) -> None:
    found = simulate_design(designed, 3, seed, first=first, hazard_ratios=True)
    assert list(differences(found)) == []


def plain(patients: int, events: tuple[int, ...], **changes: Any) -> DesignedTrial:
    arms = Stratum(ArmRates.of(0.12), ArmRates.of(0.19))
    supposed = SupposedTrial(Steps((0, 20), (patients / 20, 0.0)), (arms,), 2)
    given_looks = tuple(Look(Trigger(events=count), 1.96) for count in events)
    return DesignedTrial(supposed, patients, Allocating((2, 1), (3, 6)), given_looks, **changes)


@settings(QUICK, max_examples=60)
@given(
    st.integers(2, 300),
    SEEDS,
    st.sampled_from([(0.0, math.inf), (0.03, math.inf), (0.0, 5.0)]),
    st.sampled_from(["uniform", "spaced", "poisson"]),
    st.data(),
)
def test_the_fast_lane_and_the_general_kernel_show_the_same(
    patients: int, seed: int, ends: tuple[float, float], entering: Any, data: st.DataObject
) -> None:
    """Counts are equal; times and z to round-off, the lane keeping flags in the last bits of its times."""
    dropout, longest = ends
    events = tuple(sorted(data.draw(st.sets(st.integers(1, patients), min_size=1, max_size=3))))
    arms = Stratum(ArmRates.of(0.12, dropout), ArmRates.of(0.19, dropout))
    supposed = SupposedTrial(Steps((0, 20), (patients / 20, 0.0)), (arms,), 2, longest)
    given_looks = tuple(Look(Trigger(events=count)) for count in events)
    designed = DesignedTrial(supposed, patients, Allocating((2, 1), (3, 6)), given_looks, entering=entering)
    assert covers(designed)
    lane = run_lanes(designed, 5, 9, seed, hazard_ratios=True)
    general = operating.run_general(designed, 5, 9, seed, hazard_ratios=True)
    for k in (1, 2):
        assert (lane[k] == general[k]).all()
    for k in (0, 3, 4):
        np.testing.assert_allclose(lane[k], general[k], rtol=1e-9, atol=1e-9, equal_nan=True)


@settings(QUICK, max_examples=40)
@given(st.integers(2, 300), SEEDS, st.data())
def test_looks_have_their_events_and_everybody_is_drawn_once(patients: int, seed: int, data: st.DataObject) -> None:
    events = tuple(sorted(data.draw(st.sets(st.integers(1, patients), min_size=1, max_size=3))))
    designed = plain(patients, events)
    found = simulate_design(designed, 5, seed)
    assert (found.events == np.array(events)).all()
    table = open_trial(designed, 4, seed)
    for k, count in enumerate(events, start=1):
        shown = table.filter(table[f"event_{k}"].is_not_null())
        assert shown[f"event_{k}"].sum() == count
        assert shown.height == found.enrolled[4, k - 1]
        seen = shown.filter(shown[f"event_{k}"])
        assert (seen[f"time_{k}"] == seen["event"]).all()
    assert table.height == table["event"].n_unique() == patients
    assert table["entry"].is_sorted()


@settings(QUICK, max_examples=25)
@given(designs(), SEEDS)
def test_counts_in_blocks_never_leave_the_ratio(designed: DesignedTrial, seed: int) -> None:
    table = open_trial(designed, 0, seed)
    plan = designed.allocation
    if plan.method != "permuted blocks":
        assert set(table["arm"]) <= {"experimental", "control"}
        return
    lists = table.group_by("stratum").all()["arm"].to_list() if plan.by_stratum else [table["arm"].to_list()]
    a, b = plan.ratio
    most = max(plan.block_sizes) // (a + b) * a * b
    for arms in lists:
        experimental = np.cumsum([arm == "experimental" for arm in arms])
        control = np.arange(1, len(arms) + 1) - experimental
        assert np.abs(experimental * b - control * a).max() <= most


def backwards(work: Callable[[Any], Any], parts: Iterable[Any]) -> Iterator[Any]:
    return reversed([work(part) for part in reversed(list(parts))])


def same(one: Outcomes, other: Outcomes, part: slice = slice(None)) -> bool:
    names = ("time", "enrolled", "events", "z", "log_hazard_ratio")
    return all(np.array_equal(getattr(one, name)[part], getattr(other, name), equal_nan=True) for name in names)


@pytest.mark.parametrize("scans", [None, Scanning.regular(2.0, window=0.5, missed=0.1, gap=2)])
def test_outcomes_depend_on_no_chunk_thread_or_executor(
    monkeypatch: pytest.MonkeyPatch, scans: Scanning | None
) -> None:
    designed = plain(61, (20, 40), scans=scans)
    whole = simulate_design(designed, 301, 5, hazard_ratios=True)
    monkeypatch.setattr(operating, "CHUNK", 17)
    told: list[tuple[int, int]] = []
    again = simulate_design(
        designed, 301, 5, hazard_ratios=True, progress=lambda done, trials: told.append((done, trials))
    )
    assert same(whole, again)
    assert told[0] == (17, 301)
    assert told[-1] == (301, 301)
    assert same(whole, simulate_design(designed, 301, 5, hazard_ratios=True, workers=3))
    assert same(whole, simulate_design(designed, 301, 5, hazard_ratios=True, map=backwards))
    with ThreadPoolExecutor(2) as pool:
        assert same(whole, simulate_design(designed, 301, 5, hazard_ratios=True, map=pool.map))
    part = simulate_design(designed, 3, 5, first=100, hazard_ratios=True)
    assert same(whole, part, slice(100, 103))
