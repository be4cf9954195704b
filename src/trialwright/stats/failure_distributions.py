"""Standard distributions of the error of a log-linear model of time: density and survival with two derivatives.

With W the error of log T = x b + scale W: the smallest-extreme-value distribution makes T Weibull (exponential with
scale 1), the normal log-normal, the logistic log-logistic (Kalbfleisch and Prentice 2002, chapter 2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from trialwright.stats.arrays import FloatArray

Failure = Literal["exponential", "weibull", "lognormal", "loglogistic"]


class LogDensity(NamedTuple):
    """A log density or log survival function with its first and second derivatives, each [n]."""

    value: FloatArray
    first: FloatArray
    second: FloatArray


class ErrorDistribution(NamedTuple):
    """The distribution of the standardized error."""

    density: Callable[[FloatArray], LogDensity]
    survival: Callable[[FloatArray], LogDensity]
    quantile: Callable[[float], float]
    """z below which the error is with probability p."""


def _extreme_density(z: FloatArray) -> LogDensity:
    hazard = np.exp(z)
    return LogDensity(z - hazard, 1 - hazard, -hazard)


def _extreme_survival(z: FloatArray) -> LogDensity:
    hazard = np.exp(z)
    return LogDensity(-hazard, -hazard, -hazard)


def _normal_density(z: FloatArray) -> LogDensity:
    return LogDensity(-(z**2) / 2 - math.log(2 * math.pi) / 2, -z, -np.ones_like(z))


def _normal_survival(z: FloatArray) -> LogDensity:
    from scipy.special import log_ndtr

    log = log_ndtr(-z)
    mills = np.exp(-(z**2) / 2 - math.log(2 * math.pi) / 2 - log)
    return LogDensity(log, -mills, -mills * (mills - z))


def _logistic_density(z: FloatArray) -> LogDensity:
    failed = 1 / (1 + np.exp(-z))
    return LogDensity(z - 2 * np.logaddexp(0, z), 1 - 2 * failed, -2 * failed * (1 - failed))


def _logistic_survival(z: FloatArray) -> LogDensity:
    failed = 1 / (1 + np.exp(-z))
    return LogDensity(-np.logaddexp(0, z), -failed, -failed * (1 - failed))


def _normal_quantile(p: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


_EXTREME = ErrorDistribution(_extreme_density, _extreme_survival, lambda p: math.log(-math.log1p(-p)))
DISTRIBUTIONS: dict[str, ErrorDistribution] = {
    "exponential": _EXTREME,
    "weibull": _EXTREME,
    "lognormal": ErrorDistribution(_normal_density, _normal_survival, _normal_quantile),
    "loglogistic": ErrorDistribution(_logistic_density, _logistic_survival, lambda p: math.log(p / (1 - p))),
}
