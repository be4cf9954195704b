"""The fast lane of the fast simulation: plain designs, eight trials side by side in the processor's wide registers.

Two kernels give the same bits: ``lanes`` takes eight trials at once, ``fused`` one after the other. Lanes were measured
to be two to four times as fast with registers of 512, 256 and 128 bits and from 50 to 50,000 patients, so they are what
runs; the other one is there to hold them to it. Draws are counted, not drawn in turn: chunks and threads cannot matter.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from trialwright.simulate.designed import DesignedTrial

__all__ = ["LanePlan", "covers", "lane_plan", "run_lanes"]

Kernel = Literal["lanes", "fused"]
Floats = NDArray[np.float64]
Arrays = tuple[Any, Any, Any, Any, Any]
Words = tuple[Any, Any, Any]
"""Seed, digest of the design, number of the first trial."""
LANES, TILE, ROWS, MEASURES = 8, 16, 6, 4
CHUNK = 4096
"""Trials of one call of a kernel; results do not depend on it."""
LONGEST = 1e200
"""Spans and mean times below which no time of a trial comes near what the kernels take for never."""
ENTERING = ("uniform", "spaced", "poisson")


class LanePlan(NamedTuple):
    """A plain design as the kernels read it; times to an event are given by their means."""

    patients: int
    entering: int
    span: float
    """Time that accrual takes."""
    spacing: float
    """Mean time between two entries."""
    simple: bool
    experimental: int
    whole: int
    """Patients of both arms in the ratio."""
    sizes: NDArray[np.int64]
    mean_experimental: float
    mean_control: float
    ends: bool
    """Follow-up may end before the cut."""
    leaving: bool
    leaving_experimental: float
    leaving_control: float
    longest: float
    look_events: NDArray[np.int64]
    upper: Floats
    lower: Floats
    ratios: bool
    """Log hazard ratios are wanted."""
    every_look: bool
    """Looks are taken after a bound has been crossed, too."""


def covers(designed: DesignedTrial) -> bool:
    """Say whether the fast lane simulates a design.

    It does where there is one stratum with constant hazards and dropout, accrual at one rate, permuted blocks or simple
    allocation, times that are seen as they come, looks at numbers of events, and the log-rank test.

    >>> from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
    >>> from trialwright.simulate import Allocating, Look, Trigger
    >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
    >>> looks = (Look(Trigger(events=60)), Look(Trigger(time=30)))
    >>> [covers(DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (look,))) for look in looks]
    [True, False]
    """
    return (
        designed.test.statistic == "log-rank"
        and designed.scans is None
        and designed.grid is None
        and designed.allocation.method != "minimization"
        and all(_by_events(designed, k) for k in range(len(designed.looks)))
        and _is_constant(designed)
    )


def _by_events(designed: DesignedTrial, look: int) -> bool:
    trigger = designed.looks[look].trigger
    return trigger.events is not None and (trigger.time, trigger.follow_up, trigger.enrolled) == (None, None, None)


def _is_constant(designed: DesignedTrial) -> bool:
    supposed = designed.supposed
    if len(supposed.strata) > 1 or any(supposed.accrual.rates[1:]) or supposed.accrual.starts[1] > LONGEST:
        return False
    arms = (supposed.strata[0].experimental, supposed.strata[0].control)
    steady = all(len(arm.hazard.rates) == len(arm.dropout.rates) == 1 for arm in arms)
    return steady and min(arm.hazard.rates[0] for arm in arms) > 1 / LONGEST


def lane_plan(designed: DesignedTrial, *, ratios: bool = False, every_look: bool = True) -> LanePlan:
    """Return a design that the fast lane covers as its kernels read it."""
    supposed, allocation = designed.supposed, designed.allocation
    experimental, control = supposed.strata[0].experimental, supposed.strata[0].control
    leaving = any(arm.dropout.rates[0] > 0 for arm in (experimental, control))
    return LanePlan(
        patients=int(designed.patients),
        entering=ENTERING.index(designed.entering),
        span=float(supposed.accrual.starts[1]),
        spacing=1.0 / supposed.accrual.rates[0],
        simple=allocation.method == "simple",
        experimental=int(allocation.ratio[0]),
        whole=int(sum(allocation.ratio)),
        sizes=np.array(allocation.block_sizes or (sum(allocation.ratio),), np.int64),
        mean_experimental=_mean(experimental.hazard.rates[0]),
        mean_control=_mean(control.hazard.rates[0]),
        ends=leaving or supposed.longest < math.inf,
        leaving=leaving,
        leaving_experimental=_mean(experimental.dropout.rates[0]),
        leaving_control=_mean(control.dropout.rates[0]),
        longest=float(supposed.longest),
        look_events=np.array([look.trigger.events for look in designed.looks], np.int64),
        upper=np.array([look.upper for look in designed.looks], np.float64),
        lower=np.array([look.lower for look in designed.looks], np.float64),
        ratios=ratios,
        every_look=every_look,
    )


def _mean(rate: float) -> float:
    return 1.0 / rate if rate > 0 else math.inf


_plan = lru_cache(maxsize=64)(lane_plan)


def run_lanes(
    designed: DesignedTrial,
    first: int,
    trials: int,
    seed: int,
    *,
    hazard_ratios: bool = False,
    every_look: bool = True,
    kernel: Kernel = "lanes",
    workers: int = 1,
) -> Arrays:
    """Return time, enrolled, events, z and log hazard ratio of consecutive trials, arrays of shape (trials, looks).

    ``first``: number of the first trial; ``seed``: 0 to 2**64 - 1. Looks not taken have time, z and log hazard ratio
    NaN and counts 0. ``hazard_ratios``: log hazard ratios by the Cox model (NaN if not asked for). Not ``every_look``:
    looks after a bound is crossed are not taken. ``kernel``: both give the same bits. ``workers``: threads. ValueError
    for a design that is not covered, and for numbers out of range.

    >>> from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
    >>> from trialwright.simulate import Allocating, Look, Trigger
    >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
    >>> plan = DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (Look(Trigger(events=60), 1.96),))
    >>> time, enrolled, events, z, _ = run_lanes(plan, 0, 20, 1)
    >>> bool((z == run_lanes(plan, 0, 20, 1, kernel="fused")[3]).all()), z.shape
    (True, (20, 1))
    """
    _check(designed, kernel, seed, {"trials": (trials, 1), "first": (first, 0), "workers": (workers, 1)})
    run = {"lanes": _by_lanes, "fused": _one_by_one}[kernel]
    plan = _plan(designed, ratios=hazard_ratios, every_look=every_look)

    def chunk(start: int) -> Floats:
        words = (np.uint64(seed), np.uint64(designed.digest), np.uint64(start))
        return run(plan, words, min(CHUNK, first + trials - start))

    starts = range(first, first + trials, CHUNK)
    if workers == 1:
        parts = [chunk(start) for start in starts]
    else:
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(chunk, starts))
    return _arrays(np.concatenate(parts, axis=1), plan.look_events)


def _check(designed: DesignedTrial, kernel: str, seed: int, numbers: dict[str, tuple[int, int]]) -> None:
    if not covers(designed):
        raise ValueError(
            "this design needs simulate_design; run_lanes takes one stratum with constant rates, blocks or simple "
            "allocation, no scans or grid, looks by numbers of events alone, and the log-rank test"
        )
    for name, (value, least) in numbers.items():
        if value != int(value) or value < least:
            raise ValueError(f"{name} must be a whole number of at least {least}; got {value}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must be an integer from 0 to 2**64 - 1; got {seed}")
    if kernel not in get_args(Kernel):
        raise ValueError(f"kernel must be one of {', '.join(get_args(Kernel))}; got {kernel!r}")


def _arrays(found: Floats, events: NDArray[np.int64]) -> Arrays:
    """Return the arrays of the measures [MEASURES, trials, looks] of a kernel."""
    time, enrolled, z, ratio = found
    taken = ~np.isnan(time)
    counted = np.where(taken, enrolled, 0).astype(np.int64)
    return time, counted, np.where(taken, events, 0), z, ratio


def _by_lanes(plan: LanePlan, words: Words, trials: int) -> Floats:
    from trialwright.simulate._kernels_lanes import run_lanes_kernel

    groups, looks = -(-trials // LANES), len(plan.look_events)
    work = _aligned(ROWS * (plan.patients + 1 + TILE) * LANES).reshape(ROWS, -1)
    found = _aligned(groups * looks * MEASURES * LANES)
    found[:] = math.nan
    run_lanes_kernel(plan, words, work, found)
    by_trial = found.reshape(groups, looks, MEASURES, LANES).transpose(2, 0, 3, 1)
    return by_trial.reshape(MEASURES, groups * LANES, looks)[:, :trials]


def _aligned(count: int) -> Floats:
    """Return zeros that begin where a wide register's load does not straddle two lines of the cache."""
    raw = np.zeros(count + LANES)
    offset = (-raw.ctypes.data // raw.itemsize) % LANES
    return raw[offset : offset + count]


def _one_by_one(plan: LanePlan, words: Words, trials: int) -> Floats:
    from trialwright.simulate._kernels_fused import run_fused_kernel

    found = np.full((trials, len(plan.look_events), MEASURES), math.nan)
    run_fused_kernel(plan, words, found)
    return found.transpose(2, 0, 1)
