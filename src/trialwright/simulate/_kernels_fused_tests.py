"""Log-rank test and Cox model of one trial from its sorted keys, by the steps of ``_kernels_lanes_tests``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trialwright.simulate._kernels_draws import minus_log
from trialwright.stats import kernel

Array = Any
ARM, CENSORED, FLAGS = 1, 2, 3
"""Bits of an observed time: experimental arm, no event."""
SETTLED = 1e-10
MOST_STEPS = 100


@kernel
def log_rank(keys: Array, m: int, m1: int) -> Any:
    """Return z of the log-rank test (Mantel 1966), positive where the experimental arm does better, or NaN."""
    n, n1, difference, variance = np.float64(m), np.float64(m1), 0.0, 0.0
    for i in range(m):
        experimental, seen = keys[i] & ARM, keys[i] & CENSORED == 0
        share = n1 / n
        change = share - 1.0 if experimental else share
        difference = difference + change if seen else difference
        variance = variance + share * (1.0 - share) if seen else variance
        n -= 1.0
        n1 -= experimental
    return difference / math.sqrt(variance) if variance > 0.0 else math.nan


@kernel
def log_hazard_ratio(keys: Array, m: int, m1: int) -> Any:
    """Return the log hazard ratio of the Cox model of the arm, by the steps of the lanes."""
    above, below = _informative(keys, m, m1)
    if not (above and below):
        return math.inf if above else -math.inf if below else math.nan
    ratio = 1.0
    for _ in range(MOST_STEPS):
        score, information = _score(keys, m, m1, ratio)
        step = max(min(score / information, 1.0), -1.0)
        ratio = ratio * ((2.0 + step) / (2.0 - step))
        if abs(step) <= SETTLED:
            return -minus_log(ratio)
    return math.nan


@kernel
def _informative(keys: Array, m: int, m1: int) -> Any:
    """Return whether an event of the experimental arm met controls at risk, and the other way round."""
    above, below, n, n1 = False, False, m, m1
    for i in range(m):
        experimental, seen = keys[i] & ARM, keys[i] & CENSORED == 0
        above |= seen & (experimental > 0) & (n1 < n)
        below |= seen & (experimental == 0) & (n1 > 0)
        n -= 1
        n1 -= experimental
    return above, below


@kernel
def _score(keys: Array, m: int, m1: int, ratio: float) -> Any:
    """Return the first derivative of the partial log-likelihood and the negative of the second."""
    n, n1, score, information = np.float64(m), np.float64(m1), 0.0, 0.0
    for i in range(m):
        experimental, seen = keys[i] & ARM, keys[i] & CENSORED == 0
        weighted = n1 * ratio
        share = weighted / (n - n1 + weighted)
        change = 1.0 - share if experimental else -share
        score = score + change if seen else score
        information = information + share * (1.0 - share) if seen else information
        n -= 1.0
        n1 -= experimental
    return score, information
