"""Pseudo-values of survival and of restricted mean survival time: one number per subject, to be regressed like any.

Andersen, Klein and Rosthoj 2003; Andersen and Perme 2010. Two forms: "leave-one-out", n theta - (n - 1) theta_(-i), and
"infinitesimal", theta + n times the derivative of theta by the weight of subject i (the infinitesimal jackknife, the
default of R's survival::pseudo), which differs from the first in the second order. Arms and strata are pooled: take
``times.only`` for a part. On a shared day events come before censorings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.curve import Beyond
from trialwright.stats.event_times import EventTimes
from trialwright.stats.simple_times import require_simple

Jackknife = Literal["infinitesimal", "leave-one-out"]


def pseudo_survival(
    times: EventTimes, at: ArrayLike, *, method: Jackknife = "infinitesimal", beyond: Beyond = "not estimable"
) -> FloatArray:
    """Return the pseudo-values [n, k] of survival at the days ``at`` [k], subjects in order.

    Raises ValueError for a negative day, an unknown method, or a day after the last follow-up where survival is not 0,
    unless ``beyond="carry"``.

    >>> times = EventTimes.of([2, 4, 4, 6], [1, 1, 0, 1])
    >>> pseudo_survival(times, [4]).round(3).ravel().tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    days = np.atleast_1d(np.asarray(at, dtype=np.float64))
    require_simple(times, "a pseudo-value")
    steps = _Steps.of(times)
    for day in days:
        _check_day("at", float(day), steps, beyond)
    one = _infinitesimal_survival if _known(method) == "infinitesimal" else _without_survival
    return np.stack([one(steps, int(np.searchsorted(steps.days, day, side="right"))) for day in days], axis=1)


def pseudo_rmst(
    times: EventTimes, tau: float, *, method: Jackknife = "infinitesimal", beyond: Beyond = "not estimable"
) -> FloatArray:
    """Return the pseudo-values [n] of the restricted mean survival time to day ``tau``, subjects in order.

    Raises ValueError as ``pseudo_survival`` does.

    >>> pseudo_rmst(EventTimes.of([2, 4, 6], [1, 1, 1]), 5).tolist()
    [2.0, 4.0, 5.0]
    """
    require_simple(times, "a pseudo-value")
    steps = _Steps.of(times)
    _check_day("tau", tau, steps, beyond)
    return (_infinitesimal_rmst if _known(method) == "infinitesimal" else _without_rmst)(steps, tau)


@dataclass(frozen=True, eq=False)
class _Steps:
    """The pooled counts at the T days on which somebody's follow-up ends, and where each subject stands in them."""

    days: FloatArray
    d: FloatArray
    at_risk: FloatArray
    place: IntArray
    """[n] position of the subject's day."""
    event: FloatArray
    """[n] 1 or 0."""

    @classmethod
    def of(cls, times: EventTimes) -> _Steps:
        ranks, place, leaving = np.unique(times.day, return_inverse=True, return_counts=True)
        d = np.bincount(place, times.event, len(ranks)).astype(float)
        days = ranks.astype(float) if times.values is None else times.values[ranks]
        at_risk = np.cumsum(leaving[::-1])[::-1].astype(float)
        return cls(days, d, at_risk, place, times.event.astype(float))

    @property
    def n(self) -> int:
        return len(self.place)

    def survival(self) -> FloatArray:
        """Return S after each day [T]."""
        survival: FloatArray = np.cumprod(1 - self.d / self.at_risk)
        return survival

    def widths(self, tau: float) -> FloatArray:
        """Return the days up to tau in front of the first step, between the steps and after the last [T + 1]."""
        edges = np.concatenate([[0.0], np.minimum(self.days, tau), [tau]])
        widths: FloatArray = np.diff(edges)
        return widths


def _known(method: Jackknife) -> Jackknife:
    if method not in get_args(Jackknife):
        raise ValueError(f"method must be one of {', '.join(get_args(Jackknife))}; got {method!r}")
    return method


def _check_day(name: str, day: float, steps: _Steps, beyond: Beyond) -> None:
    if not 0 <= day < np.inf:
        raise ValueError(f"{name} must be a day, zero or more; got {day}")
    if beyond not in ("carry", "not estimable"):
        raise ValueError(f"beyond must be carry or not estimable; got {beyond!r}")
    if day > steps.days[-1] and steps.d[-1] < steps.at_risk[-1] and beyond == "not estimable":
        last = f"{steps.days[-1]:g}"
        raise ValueError(
            f"{name} must be at most the last follow-up, day {last}; got {day:g}. Or write beyond='carry'."
        )


def _derivative(steps: _Steps, weight: FloatArray) -> FloatArray:
    """Return -sum over the days of weight (Y dN_i - d Y_i) / (Y (Y - d)) [n]; weight [T] is 0 where Y = d."""
    left = steps.at_risk - steps.d
    share = np.divide(weight, left, out=np.zeros_like(left), where=left > 0)
    reduced = np.cumsum(share * steps.d / steps.at_risk)
    derivative: FloatArray = reduced[steps.place] - steps.event * share[steps.place]
    return derivative


def _infinitesimal_survival(steps: _Steps, upto: int) -> FloatArray:
    at = steps.survival()[upto - 1] if upto else 1.0
    weight = np.where(np.arange(len(steps.days)) < upto, at, 0.0)
    values: FloatArray = at + steps.n * _derivative(steps, weight)
    return values


def _infinitesimal_rmst(steps: _Steps, tau: float) -> FloatArray:
    areas = np.concatenate([[1.0], steps.survival()]) * steps.widths(tau)
    ahead = areas[1:][::-1].cumsum()[::-1]
    values: FloatArray = areas.sum() + steps.n * _derivative(steps, ahead)
    return values


def _factors_without(steps: _Steps) -> tuple[FloatArray, FloatArray]:
    """Return 1 - d/Y without a subject who is still at risk afterwards [T], and on the subject's own day [n]."""
    others = np.maximum(steps.at_risk - 1, 1)
    own = 1 - (steps.d[steps.place] - steps.event) / others[steps.place]
    return 1 - np.minimum(steps.d / others, 1), own


def _without_survival(steps: _Steps, upto: int) -> FloatArray:
    """The curve without subject i: one at risk less up to the own day, all as it was from there on."""
    before, own = _factors_without(steps)
    prefix = np.concatenate([[1.0], np.cumprod(before)])
    rest = np.concatenate([np.cumprod((1 - steps.d / steps.at_risk)[:upto][::-1])[::-1], [1.0]])
    left = steps.place < upto
    without = np.full(steps.n, prefix[upto])
    without[left] = (prefix[steps.place] * own)[left] * rest[steps.place[left] + 1]
    at = rest[0]
    values: FloatArray = steps.n * at - (steps.n - 1) * without
    return values


def _without_rmst(steps: _Steps, tau: float) -> FloatArray:
    before, own = _factors_without(steps)
    widths = steps.widths(tau)
    prefix = np.concatenate([[1.0], np.cumprod(before)])
    area = np.cumsum(prefix * widths)
    ahead = _area_ahead(1 - steps.d / steps.at_risk, widths)
    whole = widths[0] + ahead[0] * (1 - steps.d[0] / steps.at_risk[0])
    without = area[steps.place] + prefix[steps.place] * own * ahead[steps.place]
    values: FloatArray = steps.n * whole - (steps.n - 1) * without
    return values


def _area_ahead(factors: FloatArray, widths: FloatArray) -> FloatArray:
    """Return the area to tau under the curve that is 1 after each day [T]."""
    ahead = np.empty(len(factors))
    ahead[-1] = widths[-1]
    for k in range(len(factors) - 2, -1, -1):
        ahead[k] = widths[k + 1] + factors[k + 1] * ahead[k + 1]
    return ahead
