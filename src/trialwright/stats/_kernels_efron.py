"""Efron's partial likelihood of two arms over many tie groups, compiled; `efron.py` says why the closed form holds.

A pass is bound by logarithms and divisions, so each group takes one logarithm and four divisions if it can.
"""

from __future__ import annotations

import math
from typing import Any

from trialwright.stats.compiled import kernel

__all__ = ["efron_two_arms"]

MANY, SHIFT = 12, 12.0
FAR = 100.0
"""Above this three terms of Stirling's series leave out less than 1e-17."""
NEAR = 0.05
"""Below this six terms of the series of the inverse hyperbolic tangent leave out less than 2e-17 of it."""
HUGE = 1e100
"""A product of risk sets is turned into its logarithm before it could overflow."""


@kernel
def _tails(x: float, i: float) -> tuple[float, float, float]:
    """Bernoulli sums of Stirling's series of log gamma, digamma and trigamma at x >= 12; i is 1 / x."""
    s = i * i
    if x >= FAR:
        log = i * (1 / 12 + s * (-1 / 360 + s * (1 / 1260)))
        first = s * (1 / 12 + s * (-1 / 120 + s * (1 / 252)))
        return log, first, i * s * (1 / 6 + s * (-1 / 30 + s * (1 / 42)))
    log = i * (1 / 12 + s * (-1 / 360 + s * (1 / 1260 + s * (-1 / 1680 + s * (1 / 1188 + s * (-691 / 360360))))))
    first = s * (1 / 12 + s * (-1 / 120 + s * (1 / 252 + s * (-1 / 240 + s * (1 / 132 + s * (-691 / 32760))))))
    second = i * s * (1 / 6 + s * (-1 / 30 + s * (1 / 42 + s * (-1 / 30 + s * (5 / 66 + s * (-691 / 2730))))))
    return log, first, second


@kernel
def _log_of_ratio(x: float, y: float) -> float:
    """log(y / x) for y not below x, by log r = 2 artanh((r - 1) / (r + 1)) where they are close."""
    u = (y - x) / (x + y)
    if u > NEAR:
        return math.log1p((y - x) / x)
    s = u * u
    return 2 * u * (1 + s * (1 / 3 + s * (1 / 5 + s * (1 / 7 + s * (1 / 9 + s * (1 / 11))))))


@kernel
def _differences(low: float, d: float, unit: float) -> tuple[float, float, float]:
    """d log(unit) + lgamma(low + d) - lgamma(low), psi(low + d) - psi(low), psi'(low) - psi'(low + d)."""
    product, first, second = 1.0, 0.0, 0.0
    x = low
    while x < SHIFT:
        product *= x
        first += 1.0 / x
        second += 1.0 / (x * x)
        x += 1.0
    y = low + d
    rest = y - x
    ratio = _log_of_ratio(x, y)  # a dozen events or more: y is not below x
    i, j = 1.0 / x, 1.0 / y
    at_x, at_y = _tails(x, i), _tails(y, j)
    log = d * math.log(unit * x) if x == low else d * math.log(unit) + math.log(product) + rest * math.log(x)
    log += (y - 0.5) * ratio - rest + at_y[0] - at_x[0]
    gap = rest * i * j
    first += ratio + gap / 2 + at_x[1] - at_y[1]
    second += gap + gap * (i + j) / 2 + at_x[2] - at_y[2]
    return log, first, second


@kernel
def efron_two_arms(d0: Any, d1: Any, y0: Any, y1: Any, b: float) -> tuple[float, float, float]:
    """Log-likelihood, score and information at the log hazard ratio b; arrays [C] of events and at-risk numbers."""
    w = math.exp(b)
    likelihood, score, information = 0.0, 0.0, 0.0
    for i in range(len(d0)):
        d, one, total = d0[i] + d1[i], w * y1[i], w * y1[i] + y0[i]
        mean, square, log = 0.0, 0.0, 0.0
        if d < MANY:
            own, shared, product = w * d1[i] / d, (w * d1[i] + d0[i]) / d, 1.0
            for passed in range(int(d)):
                rest = total - shared * passed
                p = (one - own * passed) / rest
                mean += p
                square += p * p
                product *= rest
                if not 1 / HUGE < product < HUGE:
                    log += math.log(product)
                    product = 1.0
            log += math.log(product)
        else:
            of_events = 1.0 / (w * d1[i] + d0[i])
            q, per_unit = w * d1[i] * of_events, d * of_events
            e = w * (y1[i] * d0[i] - y0[i] * d1[i]) * of_events * per_unit
            log, h1, h2 = _differences(total * per_unit - d + 1, d, (w * d1[i] + d0[i]) / d)
            mean, square = d * q + e * h1, d * q * q + 2 * q * e * h1 + e * e * h2
        likelihood += d1[i] * b - log
        score += d1[i] - mean
        information += mean - square
    return likelihood, score, information
