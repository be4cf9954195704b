"""The fast simulation of a designed trial: many virtual trials, looked at as the design says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from trialwright.simulate._kernels_designed_tables import Tables, tables
from trialwright.simulate.designed import DesignedTrial
from trialwright.simulate.lanes import covers, run_lanes
from trialwright.simulate.outcomes import Outcomes

__all__ = ["simulate_design"]

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
Arrays = tuple[Any, ...]
CHUNK = 4096
"""Trials of one piece of work; results do not depend on it."""


def simulate_design(
    designed: DesignedTrial,
    trials: int,
    seed: int,
    *,
    first: int = 0,
    hazard_ratios: bool = False,
    map: Map | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Outcomes:
    """Return what the looks of ``trials`` virtual trials show, trial ``first`` being the first.

    A trial is a pure function of design, seed (0 to 2**64 - 1) and its number: chunks, threads and machines do not
    matter, and designs that differ in looks, bounds, test or scans only see the same patients. ``hazard_ratios`` asks
    for the Cox model at every look, ``workers`` for so many threads; or give the ``map`` of any executor instead.
    ``progress`` is called with the trials done and all. ValueError for numbers out of range.

    Max-combo needs the probability of several normal variables for each look of each trial, and is slow: its z is the
    normal quantile of the one-sided P value (Karrison 2016).

    >>> from trialwright.design import ArmRates, Stratum, SupposedTrial, uniform_accrual
    >>> from trialwright.simulate import Allocating, Look, Trigger
    >>> supposed = SupposedTrial(uniform_accrual(90, 12), (Stratum(ArmRates.of(0.1), ArmRates.of(0.2)),), ratio=2)
    >>> plan = DesignedTrial(supposed, 90, Allocating((2, 1), (3,)), (Look(Trigger(events=60), 1.96),))
    >>> one, whole = simulate_design(plan, 1, seed=3, first=7), simulate_design(plan, 10, seed=3)
    >>> float(one.z[0, 0]) == float(whole.z[7, 0])
    True
    """
    _check(trials, seed, first, workers, map)
    work = _Chunk(designed, seed, hazard_ratios)
    starts = range(first, first + trials, CHUNK)
    chunks = [(start, min(CHUNK, first + trials - start)) for start in starts]
    if map is not None or workers == 1:
        parts = _collected((map or _map)(work, chunks), chunks, progress)
    else:
        with ThreadPoolExecutor(workers) as pool:
            parts = _collected(pool.map(work, chunks), chunks, progress)
    time, enrolled, events, z, ratio = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Outcomes(designed, seed, first, time, enrolled, events, z, ratio if hazard_ratios else None)


_map: Map = map


def _check(trials: int, seed: int, first: int, workers: int, given: Map | None) -> None:
    for name, value, least in (("trials", trials, 1), ("first", first, 0), ("workers", workers, 1)):
        if value != int(value) or value < least:
            raise ValueError(f"{name} must be a whole number of at least {least}; got {value}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must be an integer from 0 to 2**64 - 1; got {seed}")
    if first + trials > 2**64:
        raise ValueError(f"first + trials must be at most 2**64; got {first} + {trials}")
    if given is not None and workers > 1:
        raise ValueError("give workers, for threads here, or the map of an executor; not both")


def _collected(
    parts: Iterable[Arrays], chunks: list[tuple[int, int]], progress: Callable[[int, int], None] | None
) -> list[Arrays]:
    done, kept, whole = 0, [], sum(size for _, size in chunks)
    for part, (_, size) in zip(parts, chunks, strict=True):
        kept.append(part)
        done += size
        if progress:
            progress(done, whole)
    return kept


@dataclass(frozen=True)
class _Chunk:
    """The work of consecutive trials; a value, so that it can be sent to another process."""

    designed: DesignedTrial
    seed: int
    hazard_ratios: bool

    def __call__(self, chunk: tuple[int, int]) -> Arrays:
        run = run_lanes if covers(self.designed) else run_general
        return run(self.designed, *chunk, self.seed, hazard_ratios=self.hazard_ratios)


_tables = lru_cache(maxsize=64)(tables)


def run_general(designed: DesignedTrial, first: int, trials: int, seed: int, *, hazard_ratios: bool = False) -> Arrays:
    """Return time, enrolled, events, z and log hazard ratio of consecutive trials by the kernel for every design."""
    from trialwright.simulate._kernels_designed import run

    plan: Tables = _tables(designed)
    shape = (trials, len(designed.looks))
    time, z, ratio = (np.full(shape, math.nan) for _ in range(3))
    enrolled, events = (np.zeros(shape, np.int64) for _ in range(2))
    m = len(designed.test.weights)
    parts = np.full((*shape, m + m * m if designed.test.statistic == "max-combo" else 0), math.nan)
    words = (np.uint64(seed), np.uint64(designed.digest), np.uint64(first))
    run(plan, *words, hazard_ratios, time, enrolled, events, z, ratio, parts)
    if designed.test.statistic == "max-combo":
        z = _max_combo(parts, m)
    return time, enrolled, events, z, ratio


def _max_combo(parts: Any, m: int) -> Any:
    """Return the normal quantiles of the one-sided P values, from differences and (lower) covariances of the parts."""
    from scipy.special import ndtri

    from trialwright.stats import any_beyond

    z = np.full(parts.shape[:2], math.nan)
    for place in np.ndindex(*z.shape):
        lower = np.tril(parts[place][m:].reshape(m, m))
        covariance = lower + np.tril(lower, -1).T
        variances = np.diag(covariance)
        if (variances > 0).all():
            scale = np.sqrt(variances)
            largest = float((parts[place][:m] / scale).max())
            z[place] = -ndtri(any_beyond(largest, covariance / np.outer(scale, scale), two_sided=False))
    return z
