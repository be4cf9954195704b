"""The fast lane: both kernels give the same bits, and what a trial written out by hand gives."""

import itertools
import math
import subprocess
import sys
from dataclasses import replace
from typing import NamedTuple

import numba
import numpy as np
import pytest

from trialwright.design import ArmRates, Steps, Stratum, SupposedTrial, uniform_accrual
from trialwright.simulate._kernels_lanes import nth_smallest
from trialwright.simulate._kernels_lanes_network import batcher, clean, merge, sort_lanes
from trialwright.simulate._kernels_lanes_vectors import LANES, larger, load, store
from trialwright.simulate.designed import Allocating, Comparison, DesignedTrial, Look, Scanning, Trigger
from trialwright.simulate.lanes import covers, run_lanes

HAZARD = math.log(2) / 3.6
NAMES = ("time", "enrolled", "events", "z", "log hazard ratio")


def plain(
    patients=198,
    events=(127,),
    upper=1.959964,
    hazard_ratio=0.59,
    ratio=(2, 1),
    sizes=(3,),
    method="permuted blocks",
    entering="uniform",
    dropout=(0.0, 0.0),
    longest=math.inf,
    months=42.0,
):
    arms = Stratum(ArmRates.of(hazard_ratio * HAZARD, dropout[0]), ArmRates.of(HAZARD, dropout[1]))
    supposed = SupposedTrial(uniform_accrual(patients, months), (arms,), ratio[0] / ratio[1], longest)
    looks = tuple(Look(Trigger(events=d), upper) for d in events)
    return DesignedTrial(supposed, patients, Allocating(ratio, sizes, method), looks, entering=entering)


DESIGNS = {
    "fixed": plain(),
    "two looks": plain(events=(76, 127), upper=2.2),
    "every event of few": plain(17, tuple(range(1, 18)), ratio=(1, 1), sizes=(2, 4)),
    "two patients": plain(2, (1, 2), ratio=(1, 1), sizes=(2,)),
    "a tile": plain(16, (5, 16), ratio=(1, 1), sizes=(8,)),
    "one more than a tile": plain(33, (33,), ratio=(1, 2), sizes=(3,)),
    "several sizes": plain(120, (20, 60, 90), sizes=(3, 6, 9), upper=1.5),
    "one to one": plain(213, (150,), ratio=(1, 1), sizes=(4,), hazard_ratio=1.0),
    "three to two": plain(301, (200, 250), ratio=(3, 2), sizes=(10, 5)),
    "simple": plain(100, (50, 80), method="simple", sizes=()),
    "spaced": plain(90, (30, 60), entering="spaced"),
    "poisson": plain(90, (30, 60), entering="poisson"),
    "dropout": plain(150, (40, 80, 110), dropout=(0.03, 0.0), upper=1.0),
    "short follow-up": plain(80, (30, 45, 60), longest=4.0),
    "both ends": plain(131, (64, 90), dropout=(0.05, 0.1), longest=9.0, ratio=(1, 1), sizes=(2,)),
    "longer than registers hold": plain(517, (300, 400), months=20.0),
    "fast accrual": plain(200, (20, 199), months=0.01),
    "slow accrual": plain(60, (20, 60), months=4000.0),
    "all scales": plain(40, (1, 20, 40), hazard_ratio=1e-100, ratio=(1, 1), sizes=(2,), months=1e-30),
}
by_design = pytest.mark.parametrize("designed", DESIGNS.values(), ids=DESIGNS)


def same_bits(first, second):
    return {name: np.array_equal(a, b, equal_nan=True) for name, a, b in zip(NAMES, first, second, strict=True)}


ALL_SAME = dict.fromkeys(NAMES, True)


@by_design
@pytest.mark.parametrize("every_look", [True, False], ids=["every look", "until stopped"])
def test_both_kernels_give_the_same_bits_for_every_trial(designed, every_look):
    wanted = {"hazard_ratios": True, "every_look": every_look}
    lanes, fused = (run_lanes(designed, 11, 203, 5, kernel=kernel, **wanted) for kernel in ("lanes", "fused"))
    assert lanes[3].shape == (203, len(designed.looks))
    assert same_bits(lanes, fused) == ALL_SAME


@pytest.mark.parametrize("kernel", ["lanes", "fused"])
def test_chunks_and_threads_change_nothing(kernel):
    designed = plain(60, (20, 45))
    whole = run_lanes(designed, 0, 9000, 3, kernel=kernel, workers=3)
    edges = [0, 1, 9, 4096, 4103, 8999, 9000]
    parts = [run_lanes(designed, a, b - a, 3, kernel=kernel) for a, b in itertools.pairwise(edges)]
    joined = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
    assert same_bits(whole, joined) == ALL_SAME
    assert len(np.unique(whole[0][:, 0])) == 9000


class ByHand(NamedTuple):
    """A trial without any kernel, patients in order of entry."""

    entry: list
    arm: list
    event: list
    stop: list

    def calendar(self):
        whole = zip(self.entry, self.event, self.stop, strict=True)
        return sorted(a + t for a, t, end in whole if t <= end)

    def look(self, d):
        """Return time, enrolled, events, z and log hazard ratio at the d-th event."""
        calendar = self.calendar()
        if len(calendar) < d:
            return math.nan, 0, 0, math.nan, math.nan
        cut = calendar[d - 1]
        rows = []
        for a, arm, t, end in zip(*self, strict=True):
            if a <= cut:
                seen = t <= end and a + t <= cut
                rows.append((t if seen else min(end, cut - a), seen, arm))
        return cut, len(rows), sum(seen for _, seen, _ in rows), log_rank_by_hand(rows), ratio_by_hand(rows)


def at_risk(rows):
    """Yield for each event its arm, and the numbers at risk in the experimental and the control arm."""
    for time, seen, arm in rows:
        if seen:
            later = [other for t, _, other in rows if t >= time]
            yield arm, sum(later), len(later) - sum(later)


def log_rank_by_hand(rows):
    difference = variance = 0.0
    for arm, n1, n0 in at_risk(rows):
        difference += n1 / (n1 + n0) - arm
        variance += n1 * n0 / (n1 + n0) ** 2
    return difference / math.sqrt(variance) if variance else math.nan


def ratio_by_hand(rows):
    """Return the root of the score of the Cox model, by halving."""
    counts = list(at_risk(rows))
    above = any(arm and n0 for arm, _, n0 in counts)
    below = any(not arm and n1 for arm, n1, _ in counts)
    if not (above and below):
        return math.inf if above else -math.inf if below else math.nan
    low, high = -30.0, 30.0
    while high - low > 1e-13:
        b = (low + high) / 2
        score = sum(arm - n1 * math.exp(b) / (n1 * math.exp(b) + n0) for arm, n1, n0 in counts)
        low, high = (b, high) if score > 0 else (low, b)
    return low


def mixed(word):
    word %= 2**64
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    word = (word ^ word >> 27) * 0x94D049BB133111EB % 2**64
    return word ^ word >> 31


def draws_of(designed, seed, number):
    golden = 0x9E3779B97F4A7C15
    key = mixed(seed + golden)
    for part in (designed.digest, number):
        key = mixed(key ^ (part + golden) % 2**64)

    def uniform(purpose, place):
        return ((mixed(key + (purpose * 2**32 + place + 1) * golden) >> 12) + 0.5) * 2.0**-52

    return uniform


def by_hand(designed, seed, number):
    uniform, n = draws_of(designed, seed, number), designed.patients
    arms = (designed.supposed.strata[0].control, designed.supposed.strata[0].experimental)
    arm = arms_by_hand(designed, uniform)
    event = [-math.log(uniform(3, i)) / arms[arm[i]].hazard.rates[0] for i in range(n)]
    leaving = [arms[a].dropout.rates[0] for a in arm]
    stop = [-math.log(uniform(4, i)) / rate if rate else math.inf for i, rate in enumerate(leaving)]
    return ByHand(entries_by_hand(designed, uniform), arm, event, [min(end, designed.supposed.longest) for end in stop])


def entries_by_hand(designed, uniform):
    n, months = designed.patients, designed.supposed.accrual.starts[1]
    if designed.entering == "spaced":
        return [months * (i + 1) / n for i in range(n)]
    sums = np.cumsum([-math.log(uniform(0, i)) for i in range(n + 1)])
    scale = months / sums[-1] if designed.entering == "uniform" else 1 / designed.supposed.accrual.rates[0]
    return (sums[:n] * scale).tolist()


def arms_by_hand(designed, uniform):
    a, whole = designed.allocation.ratio[0], sum(designed.allocation.ratio)
    if designed.allocation.method == "simple":
        return [int(uniform(2, i) * whole < a) for i in range(designed.patients)]
    sizes, word, arms = designed.allocation.block_sizes, 0, []
    while len(arms) < designed.patients:
        size = sizes[0]
        if len(sizes) > 1:
            size, word = sizes[int(uniform(2, word) * len(sizes))], word + 1
        left = size * a // whole
        for places in range(size, 0, -1):
            arms.append(int(uniform(2, word) * places < left))
            left, word = left - arms[-1], word + 1
    return arms[: designed.patients]


@by_design
def test_a_trial_by_hand_shows_the_same(designed):
    numbers = range(20, 23 if designed.patients > 250 else 33)
    found = run_lanes(designed, numbers[0], len(numbers), 5, hazard_ratios=True)
    for t, number in enumerate(numbers):
        trial = by_hand(designed, 5, number)
        for k, look in enumerate(designed.looks):
            expected = trial.look(look.trigger.events)
            shown = [array[t, k] for array in found]
            assert shown == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), (number, k)


def test_a_look_is_at_its_event_exactly():
    designed = plain(150, (40, 80, 110), dropout=(0.03, 0.01))
    time, enrolled, events, *_ = run_lanes(designed, 0, 40, 8)
    for t in range(40):
        trial = by_hand(designed, 8, t)
        calendar = np.array(trial.calendar())
        for k, d in enumerate((40, 80, 110)):
            near = 1e-12 * time[t, k]
            assert np.searchsorted(calendar, time[t, k] - near) == d - 1
            assert np.searchsorted(calendar, time[t, k] + near) == d == events[t, k]
            assert np.searchsorted(trial.entry, time[t, k]) == enrolled[t, k]


def test_a_look_whose_events_never_come_is_not_taken():
    designed = plain(80, (30, 45, 60), longest=4.0)
    time, enrolled, events, z, _ = run_lanes(designed, 0, 400, 5)
    possible = np.array([len(by_hand(designed, 5, t).calendar()) for t in range(400)])
    missing = possible[:, None] < [30, 45, 60]
    assert 0 < missing[:, 1].mean() < 1 and missing[:, 2].all()
    assert np.array_equal(np.isnan(time), missing)
    assert np.array_equal(np.isnan(z), missing)
    assert not enrolled[missing].any() and not events[missing].any()


def test_no_look_is_taken_after_a_bound_is_crossed_unless_asked_for():
    designed = DESIGNS["several sizes"]
    lower = replace(designed, looks=tuple(replace(look, lower=-0.2) for look in designed.looks))
    whole, shortened = (run_lanes(lower, 0, 500, 1, every_look=every) for every in (True, False))
    crossed = (whole[3] >= 1.5) | (whole[3] <= -0.2)
    before = np.cumsum(crossed, axis=1) - crossed > 0
    assert 0.1 < before[:, 1].mean() < 0.9
    assert np.isnan(shortened[0][before]).all() and not shortened[2][before].any()
    assert all(np.array_equal(a[~before], b[~before], equal_nan=True) for a, b in zip(whole, shortened, strict=True))


def test_bounds_and_later_looks_do_not_change_the_patients():
    alone, later = run_lanes(plain(), 0, 300, 1), run_lanes(plain(events=(76, 127), upper=3.0), 0, 300, 1)
    assert np.array_equal(alone[3][:, 0], later[3][:, 1])


@pytest.mark.parametrize(
    ("designed", "above", "below"),
    [
        (plain(), 0.8097, 0.0),
        (plain(hazard_ratio=1.0), 0.0295, 0.0232),
    ],
    ids=["HR 0.59", "HR 1"],
)
def test_power_and_both_tails_of_127_events(designed, above, below):
    z, trials = run_lanes(designed, 0, 400_000, 2026, workers=2)[3], 400_000
    for share, expected in (((z >= 1.959964).mean(), above), ((z <= -1.959964).mean(), below)):
        # Four Monte Carlo standard errors, and the last digit of the value.
        assert share == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / trials) + 1e-4)


def test_power_of_two_looks():
    z = run_lanes(plain(events=(76, 127)), 0, 400_000, 7, workers=2)[3]
    power = ((z[:, 0] >= 2.672699922730) | (z[:, 1] >= 1.980719180926)).mean()
    assert power == pytest.approx(0.8076, abs=4 * math.sqrt(0.81 * 0.19 / 400_000) + 1e-4)


def wide(values):
    """Return lanes as the kernels want them in memory: one row for each patient."""
    return np.ascontiguousarray(values, np.float64).ravel()


def test_the_network_sorts_every_number_of_tiles():
    rng = np.random.default_rng(4)
    for n in range(16, 1041, 16):
        values = rng.integers(0, n, (n, LANES)).astype(float)
        keys = wide(values)
        sort_lanes(keys, n)
        assert np.array_equal(keys.reshape(n, LANES), np.sort(values, axis=0)), n


def apply(pairs, values):
    """Return what a network leaves of its values: numbers, or columns of numbers."""
    values = list(values)
    for low, high in pairs:
        values[low], values[high] = np.minimum(values[low], values[high]), np.maximum(values[low], values[high])
    return values


@pytest.mark.parametrize("n", [2, 4, 8, 16])
def test_a_network_sorts_all_zeros_and_ones(n):
    pairs = list(batcher(n))
    given = np.arange(2**n) >> np.arange(n)[:, None] & 1
    assert np.array_equal(apply(pairs, given), np.sort(given, axis=0))
    assert n != 16 or len(pairs) == 63


@pytest.mark.parametrize(("n", "present"), [(4, 1), (4, 3), (4, 4), (8, 5), (8, 8)])
def test_runs_are_merged_whatever_is_present(n, present):
    for low in range(n + 1):
        for high in range(present + 1):
            given = [0] * low + [1] * (n - low) + [0] * high + [1] * (present - high)
            assert apply(merge(n, present), given) == sorted(given)
    assert all(high < n + present for _, high in [*merge(n, present), *clean(n, n, present)])


@numba.njit
def nth(values, n, k, guess):
    found = np.empty(LANES)
    latest = load(values, 0)
    for i in range(1, n):
        latest = larger(load(values, i), latest)
    store(found, 0, nth_smallest(values, n, k, latest > 0.0, guess, latest))
    return found


@pytest.mark.parametrize("guess", [1e-9, 0.5, 3.0, 1e9])
@pytest.mark.parametrize("levels", [1, 2, 5, 10**9])
def test_the_nth_smallest_is_found_from_any_guess_and_among_equals(guess, levels):
    rng = np.random.default_rng(levels)
    for n in (1, 2, 7, 60):
        values = (rng.integers(0, levels, (n, LANES)) + 1.0) / levels * 4
        for k in range(1, n + 1):
            assert np.array_equal(nth(wide(values), n, k, guess), np.sort(values, axis=0)[k - 1])


def stepped(designed):
    arm = ArmRates(Steps((0, 3), (0.1, 0.2)), Steps.of(0.0))
    return replace(designed.supposed, strata=(Stratum(arm, arm),))


COVERED = plain()
NOT_COVERED = {
    "test": replace(COVERED, test=Comparison("cox")),
    "scans": replace(COVERED, scans=Scanning.regular(2)),
    "grid": replace(COVERED, grid=1.0),
    "minimization": replace(COVERED, allocation=Allocating((2, 1), method="minimization")),
    "time": replace(COVERED, looks=(Look(Trigger(events=9, time=3)),)),
    "enrolled": replace(COVERED, looks=(Look(Trigger(enrolled=9)),)),
    "follow-up": replace(COVERED, looks=(Look(Trigger(follow_up=9)),)),
    "hazards in steps": replace(COVERED, supposed=stepped(COVERED)),
    "accrual in steps": replace(
        COVERED, supposed=replace(COVERED.supposed, accrual=Steps((0, 6, 42), (3.0, 5.0, 0.0)))
    ),
    "two strata": replace(
        COVERED,
        supposed=replace(COVERED.supposed, strata=(replace(COVERED.supposed.strata[0], share=0.5),) * 2),
    ),
    "no hazard": plain(hazard_ratio=0.0),
    "hardly a hazard": plain(hazard_ratio=1e-300),
    "accrual without end": plain(months=1e300),
}


@by_design
def test_plain_designs_are_covered(designed):
    assert covers(designed)


@pytest.mark.parametrize("designed", NOT_COVERED.values(), ids=NOT_COVERED)
def test_others_are_left_to_the_general_kernel(designed):
    assert not covers(designed)
    with pytest.raises(ValueError, match="needs simulate_design"):
        run_lanes(designed, 0, 8, 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"trials": 0}, "trials must be a whole number of at least 1; got 0"),
        ({"first": -1}, "first must be a whole number of at least 0; got -1"),
        ({"workers": 0}, "workers must be a whole number of at least 1; got 0"),
        ({"seed": -1}, "seed must be an integer from 0 to"),
        ({"kernel": "scalar"}, "kernel must be one of lanes, fused; got 'scalar'"),
    ],
    ids=["trials", "first", "workers", "seed", "kernel"],
)
def test_numbers_out_of_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        run_lanes(COVERED, **{"first": 0, "trials": 8, "seed": 1} | wrong)


def test_kernels_are_imported_when_they_run():
    asked = "import sys, trialwright.simulate.lanes; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
