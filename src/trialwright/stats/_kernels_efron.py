"""Efron's partial likelihood of two arms over many tie groups, compiled; `efron.py` says why the closed form holds."""

from __future__ import annotations

import math
from typing import Any

from trialwright.stats.compiled import kernel

__all__ = ["efron_two_arms"]

MANY, SHIFT = 12, 12.0


@kernel
def _tails(x: float) -> tuple[float, float, float]:
    """Bernoulli sums of Stirling's series of log gamma, digamma and trigamma at x >= 12."""
    i = 1.0 / x
    s = i * i
    log = i * (1 / 12 + s * (-1 / 360 + s * (1 / 1260 + s * (-1 / 1680 + s * (1 / 1188 + s * (-691 / 360360))))))
    first = s * (1 / 12 + s * (-1 / 120 + s * (1 / 252 + s * (-1 / 240 + s * (1 / 132 + s * (-691 / 32760))))))
    second = i * s * (1 / 6 + s * (-1 / 30 + s * (1 / 42 + s * (-1 / 30 + s * (5 / 66 + s * (-691 / 2730))))))
    return log, first, second


@kernel
def _differences(low: float, d: float) -> tuple[float, float, float]:
    """lgamma(low + d) - lgamma(low), psi(low + d) - psi(low), psi'(low) - psi'(low + d)."""
    log, first, second = 0.0, 0.0, 0.0
    x = low
    while x < SHIFT:
        log += math.log(x)
        first += 1.0 / x
        second += 1.0 / (x * x)
        x += 1.0
    y = low + d
    rest = y - x
    ratio = math.log1p(rest / x)
    at_x, at_y = _tails(x), _tails(y)
    log += (y - 0.5) * ratio + rest * math.log(x) - rest + at_y[0] - at_x[0]
    first += ratio + rest / (2 * x * y) + at_x[1] - at_y[1]
    second += rest / (x * y) + (y - x) * (y + x) / (2 * x * x * y * y) + at_x[2] - at_y[2]
    return log, first, second


@kernel
def efron_two_arms(d0: Any, d1: Any, y0: Any, y1: Any, b: float) -> tuple[float, float, float]:
    """Log-likelihood, score and information at the log hazard ratio b; arrays [C] of events and at-risk numbers."""
    w = math.exp(b)
    likelihood, score, information = 0.0, 0.0, 0.0
    for i in range(len(d0)):
        d = d0[i] + d1[i]
        top, total = w * y1[i], w * y1[i] + y0[i]
        own, shared = w * d1[i] / d, (w * d1[i] + d0[i]) / d
        mean, square, log = 0.0, 0.0, 0.0
        if d < MANY:
            for passed in range(int(d)):
                rest = total - shared * passed
                p = (top - own * passed) / rest
                mean += p
                square += p * p
                log += math.log(rest)
        else:
            c, q = total / shared, own / shared
            e = w * (y1[i] * d0[i] - y0[i] * d1[i]) / (d * shared * shared)
            gamma, h1, h2 = _differences(c - d + 1, d)
            mean, square = d * q + e * h1, d * q * q + 2 * q * e * h1 + e * e * h2
            log = d * math.log(shared) + gamma
        likelihood += d1[i] * b - log
        score += d1[i] - mean
        information += mean - square
    return likelihood, score, information
