"""Whole virtual trials in which the treatment does nothing, analyzed as the real one would be."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray
from virtual_worlds import study

from trialwright import analyze, derive, simulate

KEYS = {"palmira": "PFS/ITT/A v B/log-rank P", "tiny": "PFS/ITT/new v standard/log-rank P"}


def p_value(name: str, seed: int, number: int) -> float:
    """Return the two-sided P of the stratified log-rank test at the final cut of one rehearsal without a difference."""
    protocol, scenario = study(name)
    data = simulate.trial(protocol, scenario.null(protocol.analysis.control), seed, number)
    on = derive.cut_dates(data, protocol)["final"]
    assert on is not None
    found = {row.key: row.value for row in analyze.run(data.cut(on), protocol, "final")}
    p = found[f"final/{KEYS[name]}"]
    assert p is not None
    return p


def replayed(name: str, seed: int, numbers: range) -> NDArray[np.float64]:
    """Return the same P values of many trials from the array-level simulator, with the sign of the statistic."""
    protocol, scenario = study(name)
    null = scenario.null(protocol.analysis.control)
    values = simulate.many(protocol, null, len(numbers), seed, first=numbers.start).values
    z = values[f"final/{KEYS[name]}".replace(" P", " z")]
    return np.asarray(values[f"final/{KEYS[name]}"] * np.sign(z))


def p_values(name: str, seed: int, count: int) -> NDArray[np.float64]:
    """Return the P values of many rehearsals, by two processes."""
    with _two() as pool:
        return np.array(list(pool.map(partial(p_value, name, seed), range(count), chunksize=5)))


def replays(name: str, seed: int, count: int) -> NDArray[np.float64]:
    """Return the signed P values of many replays, by two processes."""
    parts: Iterable[range] = (range(start, min(start + 1000, count)) for start in range(0, count, 1000))
    with _two() as pool:
        return np.concatenate(list(pool.map(partial(replayed, name, seed), parts)))


def _two() -> ProcessPoolExecutor:
    # Fresh processes: a copy of one that runs threads may wait for a lock that nobody holds.
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))
