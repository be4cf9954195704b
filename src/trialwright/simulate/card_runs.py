"""Many designs simulated together: one pool of threads, one bar of progress, each with its own number of trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from trialwright.simulate.designed import DesignedTrial
from trialwright.simulate.operating import simulate_design
from trialwright.simulate.outcomes import Outcomes

__all__ = ["Run", "simulate_runs"]

UNIT = 2**15
"""Trials of one piece of work: long enough to hide its overhead, short enough for both threads to end together."""


@dataclass(frozen=True)
class Run:
    """A design and how many of its trials are wanted."""

    designed: DesignedTrial
    trials: int


def simulate_runs(
    runs: Mapping[str, Run], seed: int, *, workers: int, progress: Callable[[int, int], None] | None
) -> dict[str, Outcomes]:
    """Return the outcomes of every run under its name; they do not depend on ``workers``, the number of threads."""
    units = [(name, first) for name, run in runs.items() for first in range(0, run.trials, UNIT)]
    done, whole = 0, sum(run.trials for run in runs.values())
    parts: dict[str, list[Outcomes]] = {name: [] for name in runs}

    def work(unit: tuple[str, int]) -> Outcomes:
        run = runs[unit[0]]
        return simulate_design(run.designed, min(UNIT, run.trials - unit[1]), seed, first=unit[1])

    with ThreadPoolExecutor(workers) as pool:
        for (name, _), found in zip(units, pool.map(work, units), strict=True):
            parts[name].append(found)
            done += found.trials
            if progress:
                progress(done, whole)
    return {name: _joined(runs[name].designed, seed, found) for name, found in parts.items()}


def _joined(designed: DesignedTrial, seed: int, parts: list[Outcomes]) -> Outcomes:
    def column(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    return Outcomes(designed, seed, 0, column("time"), column("enrolled"), column("events"), column("z"), None)
