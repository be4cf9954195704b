"""Efron's sums over tied events in closed form, for two arms.

With w = exp(b), A = w Y1, B = w d1 / d, C = w Y1 + Y0, D = (w d1 + d0) / d the l-th of d tied events has
p_l = (A - B l) / (C - D l), l = 0..d-1. With c = C / D, q = B / D, e = (A - B c) / D the sums are differences of
digamma and trigamma values (partial fractions; Abramowitz and Stegun 1964, 6.3.6 and 6.4.6):

    sum p           = d q + e H1,                     H1 = psi(c + 1) - psi(c - d + 1)
    sum p^2         = d q^2 + 2 q e H1 + e^2 H2,      H2 = psi'(c - d + 1) - psi'(c + 1)
    sum log(C - Dl) = d log D + lgamma(c + 1) - lgamma(c - d + 1)

The differences are taken term by term in Stirling's series, so that they do not cancel where c is much larger than d.
Below about a dozen events the plain sum is as fast and more exact.
"""

from __future__ import annotations

import numpy as np

from trialwright.stats.arrays import FloatArray

SHIFT = 12
"""The series is used for arguments above this; smaller ones are stepped up by recurrence."""
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730)
"""Above 12 the first term left out is below 1e-16."""
LAST, *TERMS = [(x / (2 * k * (2 * k - 1)), x / (2 * k), x) for k, x in enumerate(BERNOULLI, start=1)][::-1]
"""Coefficients of log gamma, digamma and trigamma, the highest powers first."""


def efron_sums(events: FloatArray, at_risk: FloatArray, b: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return sum log(C - D l), sum p_l and sum p_l (1 - p_l) [C] for events and at-risk numbers [C, 2].

    The number of events on each day must be at least 12.

    >>> log, mean, spread = efron_sums(np.array([[7.0, 5.0]]), np.array([[20.0, 30.0]]), 0.0)
    >>> f"{log[0]:.10f} {mean[0]:.10f} {spread[0]:.10f}"
    '45.5095683373 7.4869471461 2.8126028785'
    """
    w = np.exp(b)
    d = events.sum(axis=1)
    one_b = w * events[:, 1] / d
    total_d = (w * events[:, 1] + events[:, 0]) / d
    c = (w * at_risk[:, 1] + at_risk[:, 0]) / total_d
    q = one_b / total_d
    # A - B c without cancellation: w (Y1 d0 - Y0 d1) / (d D)
    e = w * (at_risk[:, 1] * events[:, 0] - at_risk[:, 0] * events[:, 1]) / (d * total_d**2)
    log_gamma, h1, h2 = _differences(c - d + 1, d)
    mean = d * q + e * h1
    square = d * q**2 + 2 * q * e * h1 + e**2 * h2
    return d * np.log(total_d) + log_gamma, mean, mean - square


def _differences(low: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lgamma(low + d) - lgamma(low), psi(low + d) - psi(low) and psi'(low) - psi'(low + d)."""
    small = low < SHIFT
    if not small.any():
        return _series(low, d)
    log, first, second = _series(np.where(small, low + SHIFT, low), np.where(small, d - SHIFT, d))
    stepped = low[small, None] + np.arange(SHIFT)
    log[small] += np.log(stepped).sum(axis=1)
    first[small] += (1 / stepped).sum(axis=1)
    second[small] += (1 / stepped**2).sum(axis=1)
    return log, first, second


def _series(x: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    y = x + d
    ratio = np.log1p(d / x)
    log = (y - 0.5) * ratio + d * np.log(x) - d
    first = ratio + d / (2 * x * y)
    second = d / (x * y) + (y - x) * (y + x) / (2 * x**2 * y**2)
    at_x, at_y = _tails(x), _tails(y)
    return log + at_y[0] - at_x[0], first + at_x[1] - at_y[1], second + at_x[2] - at_y[2]


def _tails(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the Bernoulli sums of Stirling's series at x, by Horner's rule: powers would cost most of a Cox model."""
    inverse = 1 / x
    square = inverse * inverse
    log, first, second = (np.full_like(x, last) for last in LAST)
    for terms in TERMS:
        for total, term in zip((log, first, second), terms, strict=True):
            np.multiply(total, square, out=total)
            np.add(total, term, out=total)
    return log * inverse, first * square, second * inverse * square
