"""Likelihood of proportional hazards for interval-censored times: log hazard ratios and steps of a baseline hazard.

With r = exp(z b) a subject with the event in (L, R] contributes exp(-r H(L)) - exp(-r H(R)), one without exp(-r H(L))
(Finkelstein 1986). H rises only in the innermost intervals of the stratum; after the last of them everybody has had
the event or nobody was seen to, so an interval that covers it says no more than its left end. On a grid of visits this
is the grouped-data model of Prentice and Gloeckler 1978. Steps are held at zero or above; those whose likelihood falls
as they rise stay at zero (Kuhn and Tucker), and the others move by Newton's method together with b.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray
from trialwright.stats.interval_times import IntervalTimes
from trialwright.stats.turnbull import innermost, npmle

SETTLED = 1e-14
SETTLED_RATIO = 1e-6
"""The search ends when the last Newton step moves the log hazard ratios by less; what is left is its square."""
MOST_STEPS = 500
FAR = 25.0
"""A log hazard ratio beyond which a likelihood has no maximum."""
FARTHEST = 1.0
"""No step moves a log hazard ratio by more than this."""


class Derivatives(NamedTuple):
    """Log-likelihood, gradient and information, log hazard ratios first, then steps."""

    log_likelihood: float
    gradient: FloatArray
    information: FloatArray


class Maximum(NamedTuple):
    """A maximum: the parameters and the derivatives there."""

    at: FloatArray
    derivatives: Derivatives


@dataclass(frozen=True, eq=False)
class IntervalLikelihood:
    """Distinct kinds of subjects: arm and what their interval covers of the K baseline steps of all strata."""

    arm: IntArray
    """[U]"""
    arms: int
    before: FloatArray
    """[U, K] 1 for steps before the left end."""
    within: FloatArray
    """[U, K] 1 for steps inside the interval of a seen event; zero where it says no more than its left end."""
    count: FloatArray
    """[U]"""
    start: FloatArray
    """[K] steps of largest likelihood at equal hazards."""

    @classmethod
    def of(cls, times: IntervalTimes) -> IntervalLikelihood:
        """Return the likelihood of all strata, with its maximum at equal hazards."""
        supports = [
            innermost(times.after[chosen], times.by[chosen])
            for s in range(len(times.strata))
            if (chosen := times.stratum == s).any()
        ]
        present = [s for s in range(len(times.strata)) if (times.stratum == s).any()]
        start = np.concatenate([_steps(npmle(support)[0]) for support in supports])
        sizes = np.array([len(support.after) - 1 for support in supports])
        offset = np.cumsum(sizes) - sizes
        first, last = np.empty(len(times), int), np.empty(len(times), int)
        for s, support, place, size in zip(present, supports, offset, sizes, strict=True):
            chosen = times.stratum == s
            first[chosen] = support.first + place
            last[chosen] = np.where(support.last > size, support.first, support.last) + place
        origin = np.zeros(len(times.strata), int)
        origin[present] = offset
        kinds, count = np.unique(
            np.stack([times.arm, origin[times.stratum], first, last]), axis=1, return_counts=True
        )  # fmt: skip
        arm, zero, first, last = kinds
        steps = np.arange(sizes.sum())
        before = (steps >= zero[:, None]) & (steps < first[:, None])
        within = (steps >= first[:, None]) & (steps < last[:, None])
        return cls(arm, len(times.arms), before.astype(float), within.astype(float), count.astype(float), start)

    def __call__(self, at: FloatArray) -> Derivatives:
        """Return the derivatives at log hazard ratios of the arms but the first and steps [arms - 1 + K]."""
        q = self.arms - 1
        ratio = np.exp(np.append(0.0, at[:q]))[self.arm]
        survived, x = ratio * (self.before @ at[q:]), ratio * (self.within @ at[q:])
        seen = self.within.any(axis=1)
        if (x[seen] <= 0).any():
            return Derivatives(-np.inf, np.zeros(len(at)), np.eye(len(at)))
        value, first, second = np.zeros(len(x)), np.zeros(len(x)), np.zeros(len(x))
        growth = np.expm1(np.minimum(x[seen], 700.0))
        value[seen], first[seen] = np.log(-np.expm1(-x[seen])), 1 / growth
        second[seen] = -(1 + 1 / growth) / growth
        design = (self.arm[:, None] == np.arange(1, self.arms)).astype(float)
        by_step = ratio[:, None] * (first[:, None] * self.within - self.before)
        by_predictor = x * first - survived
        curve = x**2 * second + by_predictor
        mixed = by_step + (ratio * x * second)[:, None] * self.within
        weighted = design * self.count[:, None]
        cross = weighted.T @ mixed
        steps = (self.within * (self.count * ratio**2 * second)[:, None]).T @ self.within
        information = -np.block([[(weighted * curve[:, None]).T @ design, cross], [cross.T, steps]])
        gradient = np.concatenate([weighted.T @ by_predictor, self.count @ by_step])
        return Derivatives(float(self.count @ (value - survived)), gradient, information)

    def maximize(self, ratios: FloatArray, *, fixed: bool, steps: FloatArray | None = None) -> Maximum | None:
        """Return the maximum from given log hazard ratios, which stay as they are if ``fixed``; None if there is none.

        Newton steps on the free parameters, each no farther than to where a baseline step becomes zero, so that every
        one of them leads uphill.
        """
        q = self.arms - 1
        at = np.concatenate([ratios, self.start if steps is None else steps])
        found = self(at)
        for _ in range(MOST_STEPS):
            if np.abs(at[:q]).max(initial=0.0) > FAR:
                return None
            step = self._direction(at, found, fixed)
            gain = float(step @ found.gradient)
            part = min(1.0, FARTHEST / max(np.abs(step[:q]).max(initial=0.0), 1e-300), _room(at[q:], step[q:]))
            at, found = self._uphill(at, part * step, found)
            if gain <= SETTLED * (1 + abs(found.log_likelihood)):
                return Maximum(at, found) if np.abs(step[:q]).max(initial=0.0) <= SETTLED_RATIO else None
        return None

    def _direction(self, at: FloatArray, found: Derivatives, fixed: bool) -> FloatArray:
        """Return the Newton step of the free parameters; steps at zero that would fall below are held and left out."""
        free: BoolArray = (at > 0) | (found.gradient > 0)
        free[: self.arms - 1] = not fixed
        while True:
            step = np.zeros(len(at))
            step[free] = _newton(found.information[np.ix_(free, free)], found.gradient[free])
            below = free & (at <= 0) & (step < 0)
            below[: self.arms - 1] = False
            if not below.any():
                return step
            free &= ~below

    def _uphill(self, at: FloatArray, step: FloatArray, found: Derivatives) -> tuple[FloatArray, Derivatives]:
        """Take the step, halved until the log-likelihood does not fall by more than round-off."""
        q, part = self.arms - 1, 1.0
        slack = 1e-14 * (1 + abs(found.log_likelihood))
        while part > 1e-15:
            there = at + part * step
            there[q:] = np.where(there[q:] <= 1e-14 * at[q:], 0.0, there[q:])
            tried = self(there)
            if tried.log_likelihood >= found.log_likelihood - slack:
                return there, tried
            part /= 2
        return at, found


def _room(steps: FloatArray, change: FloatArray) -> float:
    """Return how much of a change the first baseline step to reach zero allows."""
    falling = change < 0
    with np.errstate(over="ignore"):  # a change of next to nothing leaves all the room there is
        return float((-steps[falling] / change[falling]).min(initial=np.inf))


def _steps(mass: FloatArray) -> FloatArray:
    """Return the steps of the cumulative hazard that give all masses but the last, which is what remains."""
    survival = np.concatenate([[1.0], np.cumsum(mass[::-1])[::-1][1:]])
    steps: FloatArray = np.maximum(-np.diff(np.log(survival)), 0.0)
    return steps


def _newton(information: FloatArray, gradient: FloatArray) -> FloatArray:
    """Return the Newton step, the information raised on its diagonal until it is positive definite."""
    diagonal = np.abs(np.diag(information))
    scale = np.sqrt(np.maximum(diagonal, 1e-20 * max(1.0, diagonal.max(initial=0.0))))
    scaled = information / np.outer(scale, scale)
    ridge = 0.0
    while True:
        try:
            np.linalg.cholesky(scaled + ridge * np.eye(len(scaled)))
        except np.linalg.LinAlgError:
            ridge = max(10 * ridge, 1e-10)
            continue
        step: FloatArray = np.linalg.solve(scaled + ridge * np.eye(len(scaled)), gradient / scale) / scale
        return step
