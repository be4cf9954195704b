"""Kernel: the log-rank statistic of many allocations of the same outcomes. Importing this module imports numba."""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.stats.compiled import kernel

Array = Any


@kernel
def fill_z(
    arms: Array, score: Array, order: Array, begin: Array, end: Array, spread: Array, at_risk: Array, z: Array
) -> None:  # fmt: skip
    """Fill z [t] of allocations ``arms`` [t, n] of zeros and ones; NaN where the variance is 0.

    ``score`` [n] a subject's part of observed - expected; ``order`` [n] subjects by stratum, longest follow-up first;
    tie c has order[begin[c] : end[c]] at risk, ``at_risk[c]`` of them, its variance is spread[c] p (1 - p). Ties of a
    stratum follow each other from the last day to the first.
    """
    for t in range(len(arms)):
        difference, variance = 0.0, 0.0
        arm = arms[t]
        for i in range(len(score)):
            difference += arm[i] * score[i]
        ones, i, start = 0, 0, -1
        for c in range(len(end)):
            if begin[c] != start:
                ones, i, start = 0, begin[c], begin[c]
            while i < end[c]:
                ones += arm[order[i]]
                i += 1
            p = ones / at_risk[c]
            variance += spread[c] * p * (1.0 - p)
        z[t] = difference / np.sqrt(variance) if variance > 0.0 else np.nan
