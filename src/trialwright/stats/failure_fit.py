"""The maximum of the likelihood of a log-linear model of censored times.

In terms of a = b / scale and c = 1 / scale the error is z = c u - x a, and the log-likelihood is concave for every
distribution with a log-concave density (Burridge 1981): Newton's method with halved steps finds the maximum if there
is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trialwright.stats.arrays import BoolArray, FloatArray
from trialwright.stats.failure_distributions import DISTRIBUTIONS, Failure

STEP = 1e-11
MOST_STEPS = 100
NO_MAXIMUM = "the likelihood has no maximum: an estimate is infinite, or the scale falls to 0"


class LogTimeFit(NamedTuple):
    """A fitted model of log time."""

    coef: FloatArray
    """[k]"""
    scale: float
    covariance: FloatArray
    """[k + 1, k + 1], the log of the scale last; [k, k] for the exponential."""
    log_likelihood: float
    """Of the times themselves."""


def fit_log_time(x: FloatArray, u: FloatArray, event: BoolArray, distribution: Failure) -> LogTimeFit | str:
    """Return the estimates, found with columns and log time centered and scaled; or the problem that prevents them.

    ``x`` [n, k] with 1 in the first column, ``u`` [n] log times, ``event`` [n].
    """
    middle, spread = x.mean(axis=0), x.std(axis=0)
    middle[0], spread[0] = 0.0, 1.0
    shift = u.mean()
    found = _maximum((x - middle) / spread, u - shift, event, distribution)
    if isinstance(found, str):
        return found
    back = np.diag(1 / spread)
    back[0, 1:] = -middle[1:] / spread[1:]
    coef, covariance = back @ found.coef, found.covariance
    coef[0] += shift
    whole = np.eye(len(covariance))
    whole[: len(back), : len(back)] = back
    of_times = found.log_likelihood - float(u[event].sum())
    return LogTimeFit(coef, found.scale, whole @ covariance @ whole.T, of_times)


@dataclass(frozen=True, eq=False)
class _Likelihood:
    """The log-likelihood of log time at (a, c), z = c u - x a."""

    w: FloatArray
    """[n, k + 1] columns -x and u."""
    event: BoolArray
    distribution: Failure

    def __call__(self, at: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return its value, its gradient and its information."""
        form, c, event = DISTRIBUTIONS[self.distribution], at[-1], self.event
        z = self.w @ at
        first, second = np.empty(len(z)), np.empty(len(z))
        with np.errstate(over="ignore", invalid="ignore"):
            density, survival = form.density(z[event]), form.survival(z[~event])
            first[event], first[~event] = density.first, survival.first
            second[event], second[~event] = density.second, survival.second
            value = float(density.value.sum() + survival.value.sum() + event.sum() * math.log(c))
            gradient, information = first @ self.w, -(self.w * second[:, None]).T @ self.w
        gradient[-1] += event.sum() / c
        information[-1, -1] += event.sum() / c**2
        return value if math.isfinite(value) else -math.inf, gradient, information


def _maximum(x: FloatArray, u: FloatArray, event: BoolArray, distribution: Failure) -> LogTimeFit | str:
    """Maximize over a and c; c stays 1 for the exponential."""
    likelihood = _Likelihood(np.column_stack([-x, u]), event, distribution)
    free = x.shape[1] + (distribution != "exponential")
    at = np.zeros(x.shape[1] + 1)
    at[0], at[-1] = math.log(np.exp(u).sum() / event.sum()), 1.0
    value, gradient, information = likelihood(at)
    for _ in range(MOST_STEPS):
        try:
            step = np.append(np.linalg.solve(information[:free, :free], gradient[:free]), np.zeros(len(at) - free))
        except np.linalg.LinAlgError:
            break
        step = _uphill(likelihood, at, step, value)
        at = at + step
        value, gradient, information = likelihood(at)
        if np.abs(step).max() <= STEP * (1 + np.abs(at).max()):
            return _at_maximum(at, value, information[:free, :free])
    return NO_MAXIMUM


def _at_maximum(at: FloatArray, value: float, information: FloatArray) -> LogTimeFit | str:
    try:
        return _in_time(at, value, np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return NO_MAXIMUM


def _uphill(likelihood: _Likelihood, at: FloatArray, step: FloatArray, value: float) -> FloatArray:
    """Return the step, halved until c stays positive and the log-likelihood does not fall by more than round-off."""
    slack = 1e-12 * (1 + abs(value))
    while np.abs(step).max() > STEP:
        there = at + step
        if there[-1] > 0 and likelihood(there)[0] >= value - slack:
            break
        step = step / 2
    return step


def _in_time(at: FloatArray, value: float, inverse: FloatArray) -> LogTimeFit:
    """Turn (a, c) into coefficients and log scale; at the maximum the information transforms by the Jacobian."""
    a, c = at[:-1], float(at[-1])
    if len(inverse) == len(a):
        return LogTimeFit(a, 1.0, inverse, value)
    jacobian = np.block([[np.eye(len(a)) / c, -a[:, None] / c**2], [np.zeros((1, len(a))), -np.ones((1, 1)) / c]])
    return LogTimeFit(a / c, 1 / c, jacobian @ inverse @ jacobian.T, value)
