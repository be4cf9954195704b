"""Pointwise limits of a survival probability by five transforms.

With sigma the Greenwood standard error of log S and z the normal quantile of the level: plain S -+ z S sigma;
log S exp(-+ z sigma); log-log exp(-exp(log(-log S) +- z sigma / |log S|)); logit expit(logit S -+ z sigma / (1 - S));
arcsin sin^2(asin(sqrt S) -+ (z / 2) sigma sqrt(S / (1 - S))) (Kalbfleisch and Prentice 2002, section 1.4; Borgan and
Liestol 1990). Where a transform is not defined (S = 0; S = 1 but for plain and log) the limits are NaN, as in R.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from trialwright.stats.arrays import FloatArray

Interval = Literal["plain", "log", "log-log", "logit", "arcsin"]


def survival_limits(
    survival: FloatArray, sigma: FloatArray, z: float, interval: Interval
) -> tuple[FloatArray, FloatArray]:
    """Return lower and upper limits [T] of survival [T] with standard errors ``sigma`` [T] of log survival."""
    if interval not in TRANSFORMS:
        raise ValueError(f"interval must be one of {', '.join(get_args(Interval))}; got {interval!r}")
    with np.errstate(all="ignore"):
        lower, upper = (TRANSFORMS[interval](survival, sign * z * sigma) for sign in (-1.0, 1.0))
    return lower, upper


def _plain(s: FloatArray, shift: FloatArray) -> FloatArray:
    return np.where(s > 0, np.clip(s + s * shift, 0.0, 1.0), np.nan)


def _log(s: FloatArray, shift: FloatArray) -> FloatArray:
    return np.where(s > 0, np.minimum(s * np.exp(shift), 1.0), np.nan)


def _log_log(s: FloatArray, shift: FloatArray) -> FloatArray:
    log = np.log(s)
    return _inside(s, np.exp(-np.exp(np.log(-log) + shift / log)))


def _logit(s: FloatArray, shift: FloatArray) -> FloatArray:
    return _inside(s, 1 / (1 + np.exp(-(np.log(s / (1 - s)) + shift / (1 - s)))))


def _arcsin(s: FloatArray, shift: FloatArray) -> FloatArray:
    angle = np.arcsin(np.sqrt(s)) + shift / 2 * np.sqrt(s / (1 - s))
    return _inside(s, np.sin(np.clip(angle, 0.0, np.pi / 2)) ** 2)


def _inside(s: FloatArray, limit: FloatArray) -> FloatArray:
    return np.where((s > 0) & (s < 1), limit, np.nan)


TRANSFORMS: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "plain": _plain,
    "log": _log,
    "log-log": _log_log,
    "logit": _logit,
    "arcsin": _arcsin,
}
