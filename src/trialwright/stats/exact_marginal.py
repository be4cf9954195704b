"""The exact marginal likelihood of tied events (SAS ``TIES=EXACT``), by one quadrature whatever the size of the tie.

Tied subjects failed one after another in an unknown order, and the likelihood is the sum over all orders (Kalbfleisch
and Prentice 1973). With r_j = exp(x_j b) and S the sum of r over those still at risk after the day it is the integral

    L = int_0^inf prod_j (1 - exp(-a_j u)) exp(-u) du,    a_j = r_j / S       (DeLong, Guirguis and So 1994)

Put u = exp(v): log of the integrand is concave in v, and the integrand is an entire function that vanishes at both
ends, so that the trapezoidal rule converges exponentially (Trefethen and Weideman 2014, section 5). The nodes are laid
around the mode, which lies between 0 and log(1 + d). Derivatives with respect to b are expectations over the nodes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trialwright.stats.arrays import FloatArray

NEGLIGIBLE = 40.0
"""The integrand is followed to exp(-40) of its height."""
WIDEST_STEP = 0.25
"""The nearest singular behavior lies pi / 2 off the real line: the error of this step is about exp(-39)."""
STEPS_PER_DEVIATION = 2.0
MOST_VALUES = 2_000_000


class TieGroups(NamedTuple):
    """G tied days, each of J kinds of subject, as they stand at one b."""

    events: FloatArray
    """[G, J] tied events of each kind"""
    log_rate: FloatArray
    """[G, J] log a = x b - log S"""
    centered: FloatArray
    """[G, J, p] covariates less their mean among those who stay, weighted by r"""
    spread: FloatArray
    """[G, p, p] covariance of the covariates among those who stay, weighted by r"""


def marginal_sums(groups: TieGroups) -> tuple[float, FloatArray, FloatArray]:
    """Return log-likelihood, score [p] and information [p, p] of the tied days.

    >>> one = TieGroups(np.ones((1, 2)), np.log([[0.5, 0.25]]), np.zeros((1, 2, 1)), np.zeros((1, 1, 1)))
    >>> float(np.exp(marginal_sums(one)[0]).round(12))  # 1 - 1 / 1.5 - 1 / 1.25 + 1 / 1.75
    0.104761904762
    """
    p = groups.centered.shape[2]
    log, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    for part in _parts(groups):
        values = _integrate(part)
        log += values[0]
        score += values[1]
        information += values[2]
    return log, score, information


def _parts(groups: TieGroups) -> list[TieGroups]:
    """Cut the groups so that the values at all nodes of a part stay few."""
    size = max(1, MOST_VALUES // (200 * max(1, groups.events.shape[1]) * (1 + groups.centered.shape[2])))
    starts = range(0, len(groups.events), size)
    return [TieGroups(*(array[start : start + size] for array in groups)) for start in starts]


def _integrate(groups: TieGroups) -> tuple[float, FloatArray, FloatArray]:
    nodes, step = _nodes(groups)
    y = _rates(groups.log_rate[:, None, :] + nodes[:, :, None])
    height = _log_integrand(groups.events, y, nodes)
    top = height.max(axis=1, keepdims=True)
    weight = np.exp(height - top)
    total = weight.sum(axis=1, keepdims=True)
    weight /= total
    k, h = _first(y), _second(y)
    mean_k = np.einsum("gq,gqj->gj", weight, k) * groups.events
    mean_h = np.einsum("gq,gqj->gj", weight, h) * groups.events
    slope = (k * groups.events[:, None, :]) @ groups.centered
    mean = np.einsum("gq,gqp->gp", weight, slope)
    away = slope - mean[:, None, :]
    outer = groups.centered * mean_h[:, :, None]
    return (
        float((top + np.log(step[:, None] * total)).sum()),
        mean.sum(axis=0),
        np.einsum("gj,gab->ab", mean_k, groups.spread)
        - np.einsum("gja,gjb->ab", outer, groups.centered)
        - np.einsum("gqa,gqb->ab", away * weight[:, :, None], away),
    )


def _nodes(groups: TieGroups) -> tuple[FloatArray, FloatArray]:
    """Return nodes [G, Q] and their distance [G]."""
    mode = _mode(groups)
    y = _rates(groups.log_rate + mode[:, None])
    curvature = np.exp(mode) - (groups.events * _second(y)).sum(axis=1)
    deviation = 1 / np.sqrt(curvature)
    step = np.minimum(WIDEST_STEP, deviation / STEPS_PER_DEVIATION)
    left, right = (_reach(groups, mode, side * deviation) for side in (-1.0, 1.0))
    below, above = (int(np.ceil((reach / step).max())) for reach in (left, right))
    return mode[:, None] + step[:, None] * np.arange(-below, above + 1), step


def _mode(groups: TieGroups) -> FloatArray:
    """Return the v at which each integrand is highest, near enough to lay the nodes: by bisection."""
    low = np.zeros(len(groups.events))
    high = np.log1p(groups.events.sum(axis=1))
    for _ in range(20):
        middle = (low + high) / 2
        slope = 1 - np.exp(middle) + (groups.events * _first(_rates(groups.log_rate + middle[:, None]))).sum(axis=1)
        low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
    mode: FloatArray = (low + high) / 2
    return mode


def _reach(groups: TieGroups, mode: FloatArray, deviation: FloatArray) -> FloatArray:
    """Return how far from the mode each integrand falls to nothing, on the side of the sign of ``deviation``."""
    reach = 9 * deviation
    top = _height(groups, mode)
    for _ in range(20):
        high = _height(groups, mode + reach) > top - NEGLIGIBLE
        if not high.any():
            break
        reach = np.where(high, 1.5 * reach, reach)
    return np.abs(reach)


def _height(groups: TieGroups, v: FloatArray) -> FloatArray:
    y = _rates(groups.log_rate + v[:, None])[:, None, :]
    height: FloatArray = _log_integrand(groups.events, y, v[:, None])[:, 0]
    return height


def _log_integrand(events: FloatArray, y: FloatArray, v: FloatArray) -> FloatArray:
    log: FloatArray = (np.log(-np.expm1(-y)) * events[:, None, :]).sum(axis=2)
    height: FloatArray = v - np.exp(np.minimum(v, 700.0)) + log
    return height


def _rates(log_rate: FloatArray) -> FloatArray:
    """Return a exp(v), within what exp can hold; beyond 700 the factor 1 - exp(-y) is 1."""
    rates: FloatArray = np.exp(np.clip(log_rate, -690.0, np.log(700.0)))
    return rates


def _first(y: FloatArray) -> FloatArray:
    """Return d log(1 - exp(-y)) / d log y = y / (exp(y) - 1)."""
    first: FloatArray = y / np.expm1(y)
    return first


def _second(y: FloatArray) -> FloatArray:
    """Return the second derivative of log(1 - exp(-y)) with respect to log y."""
    second: FloatArray = _first(y) * (1 + y / np.expm1(-y))
    return second
