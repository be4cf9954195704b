"""Log-rank test and Cox model of eight trials at once, from observed times in ascending order.

An observed time carries its arm and whether it is an event in the two lowest bits. Times are continuous: every event is
one of its own. ``m`` vectors are sorted; ``n`` and ``n1`` are those enrolled, in all and in the experimental arm.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trialwright.simulate._kernels_lanes_draws import minus_log_lanes
from trialwright.simulate._kernels_lanes_patients import ARM, CENSORED
from trialwright.simulate._kernels_lanes_vectors import (
    anywhere,
    both,
    either,
    is_set,
    larger,
    load,
    negative,
    root,
    select,
    smaller,
    splat,
    unless,
    word_of,
)
from trialwright.stats import kernel

Array = Any
SETTLED = 1e-10
MOST_STEPS = 100


@kernel
def log_rank(keys: Array, m: int, n: Any, n1: Any) -> Any:
    """Return z of the log-rank test (Mantel 1966), positive where the experimental arm does better, or NaN.

    The hypergeometric variance of a single event is that of a Bernoulli variable.
    """
    difference, variance = splat(0.0), splat(0.0)
    for i in range(m):
        bits = word_of(load(keys, i))
        experimental, seen = is_set(bits & np.uint64(ARM)), unless(is_set(bits & np.uint64(CENSORED)))
        share = n1 / n
        change = select(experimental, share - 1.0, share)
        difference = select(seen, difference + change, difference)
        variance = select(seen, variance + share * (1.0 - share), variance)
        n = n - 1.0
        n1 = select(experimental, n1 - 1.0, n1)
    return select(variance > 0.0, difference / root(variance), splat(math.nan))


@kernel
def log_hazard_ratio(keys: Array, m: int, n: Any, n1: Any) -> Any:
    """Return the log hazard ratio of the Cox model of the arm (1972) by Newton's method from 0.

    Infinite where one arm has no event while the other is at risk. The ratio itself is carried, and multiplied by
    (2 + step) / (2 - step), which is exp(step) to the order of step**3: no exponential is needed.
    """
    above, below = _informative(keys, m, n, n1)
    finite = both(above, below)
    ratio, moving = splat(1.0), finite
    for _ in range(MOST_STEPS):
        if not anywhere(moving):
            break
        score, information = _score(keys, m, n, n1, ratio)
        step = larger(smaller(score / information, splat(1.0)), splat(-1.0))
        ratio = select(moving, ratio * ((2.0 + step) / (2.0 - step)), ratio)
        moving = both(moving, larger(step, negative(step)) > SETTLED)
    infinite = select(above, splat(math.inf), select(below, splat(-math.inf), splat(math.nan)))
    estimate = select(moving, splat(math.nan), negative(minus_log_lanes(ratio)))
    return select(finite, estimate, infinite)


@kernel
def _informative(keys: Array, m: int, n: Any, n1: Any) -> Any:
    """Return whether an event of the experimental arm met controls at risk, and the other way round."""
    above, below = n < 0.0, n < 0.0
    for i in range(m):
        bits = word_of(load(keys, i))
        experimental, seen = is_set(bits & np.uint64(ARM)), unless(is_set(bits & np.uint64(CENSORED)))
        above = either(above, both(both(seen, experimental), n1 < n))
        below = either(below, both(both(seen, unless(experimental)), n1 > 0.0))
        n = n - 1.0
        n1 = select(experimental, n1 - 1.0, n1)
    return above, below


@kernel
def _score(keys: Array, m: int, n: Any, n1: Any, ratio: Any) -> Any:
    """Return the first derivative of the partial log-likelihood and the negative of the second."""
    score, information = splat(0.0), splat(0.0)
    for i in range(m):
        bits = word_of(load(keys, i))
        experimental, seen = is_set(bits & np.uint64(ARM)), unless(is_set(bits & np.uint64(CENSORED)))
        weighted = n1 * ratio
        share = weighted / (n - n1 + weighted)
        change = select(experimental, 1.0 - share, negative(share))
        score = select(seen, score + change, score)
        information = select(seen, information + share * (1.0 - share), information)
        n = n - 1.0
        n1 = select(experimental, n1 - 1.0, n1)
    return score, information
