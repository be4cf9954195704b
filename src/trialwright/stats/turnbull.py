"""The nonparametric maximum likelihood estimate of survival from interval-censored times, by arm.

Turnbull 1976: all mass lies in innermost intervals, those from a left end to the next right end with no end between.
Found by alternating self-consistency steps with iterative convex minorants (Wellner and Zhan 1997) and stopped by the
Kuhn-Tucker conditions, which bound how much log-likelihood is still missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.interval_times import NEVER, IntervalTimes

GAP = 1e-11
"""Missing log-likelihood per subject at which the search ends."""
MOST_STEPS = 20_000


@dataclass(frozen=True, eq=False)
class IntervalCurve:
    """An estimated distribution with its mass in m innermost intervals (after, by]; within them it is undetermined."""

    arm: str
    after: IntArray
    """[m]"""
    by: FloatArray
    """[m] infinite for the last one if somebody was never seen with the event."""
    mass: FloatArray
    """[m]"""
    subjects: int
    gap: float
    """Bound of the log-likelihood still missing, from the Kuhn-Tucker conditions."""

    def bounds_at(self, day: float) -> tuple[float, float]:
        """Return the lowest and the highest survival on a day that have the same likelihood; equal between intervals.

        >>> curve = turnbull(IntervalTimes.of([0, 4], [4, 9]))["all"]
        >>> curve.bounds_at(4), curve.bounds_at(6)
        ((0.5, 0.5), (0.0, 0.5))
        """
        begun, over = float(self.mass[self.after < day].sum()), float(self.mass[self.by <= day].sum())
        return max(0.0, 1 - begun), max(0.0, 1 - over)

    def quantile(self, p: float = 0.5) -> tuple[float, float]:
        """Return the interval (after, by] in which a share ``p`` has had the event.

        >>> turnbull(IntervalTimes.of([0, 4, 4], [4, 9, 9]))["all"].quantile()
        (4.0, 9.0)
        """
        if not 0 < p < 1:
            raise ValueError(f"p must be in (0, 1), the share that has had the event; got {p}")
        place = int(np.searchsorted(np.cumsum(self.mass), p - 1e-9))
        place = min(place, len(self.mass) - 1)
        return float(self.after[place]), float(self.by[place])


def turnbull(times: IntervalTimes) -> dict[str, IntervalCurve]:
    """Return the estimate of each arm that has subjects, by name; strata are pooled.

    >>> curve = turnbull(IntervalTimes.of([0, 0, 4], [4, 9, 9]))["all"]
    >>> curve.after.tolist(), curve.mass.round(6).tolist()
    ([0, 4], [0.5, 0.5])
    """
    found = {}
    for a, name in enumerate(times.arms):
        chosen = times.arm == a
        if chosen.any():
            support = innermost(times.after[chosen], times.by[chosen])
            mass, gap = npmle(support)
            ends = np.where(support.by == NEVER, np.inf, support.by)
            found[name] = IntervalCurve(name, support.after, ends, mass, int(chosen.sum()), gap)
    return found


class Support(NamedTuple):
    """Innermost intervals, and which of them [first, last) each subject covers."""

    after: IntArray
    """[m]"""
    by: IntArray
    """[m]"""
    first: IntArray
    """[n]"""
    last: IntArray
    """[n]"""


def innermost(after: IntArray, by: IntArray) -> Support:
    """Return the innermost intervals of subjects with events in (after, by]."""
    days = np.concatenate([by, after])
    left = np.repeat([False, True], [len(by), len(after)])
    order = np.lexsort((left, days))  # at one day right ends first: (3, 5] and (5, 7] do not meet
    left, days = left[order], days[order]
    inner = np.flatnonzero(left[:-1] & ~left[1:])
    begins, ends = days[inner], days[inner + 1]
    return Support(begins, ends, np.searchsorted(begins, after), np.searchsorted(ends, by, side="right"))


def npmle(support: Support) -> tuple[FloatArray, float]:
    """Return the masses [m] of largest likelihood and a bound of the log-likelihood they miss."""
    pairs, counts = np.unique(np.stack([support.first, support.last]), axis=1, return_counts=True)
    problem = _Problem(pairs[0], pairs[1], counts.astype(float), len(support.after))
    mass = np.full(problem.size, 1 / problem.size)
    gap = np.inf
    for _ in range(MOST_STEPS):
        mass = problem.convex_minorant(mass * problem.gradient(mass) / problem.n)
        gap = float(problem.gradient(mass).max() - problem.n)
        if gap <= GAP * problem.n:
            return mass, max(gap, 0.0)
    raise ArithmeticError(f"the estimate did not settle in {MOST_STEPS} steps; {gap:.1e} of log-likelihood missing")


@dataclass(frozen=True, eq=False)
class _Problem:
    """Distinct pairs [first, last) of innermost intervals with the number of subjects."""

    first: IntArray
    last: IntArray
    count: FloatArray
    size: int

    @property
    def n(self) -> float:
        return float(self.count.sum())

    def probability(self, mass: FloatArray) -> FloatArray:
        """Return the probability of each pair."""
        running = np.concatenate([[0.0], np.cumsum(mass)])
        probability: FloatArray = running[self.last] - running[self.first]
        return probability

    def log_likelihood(self, mass: FloatArray) -> float:
        probability = self.probability(mass)
        if (probability <= 0).any():
            return -np.inf
        return float(self.count @ np.log(probability))

    def gradient(self, mass: FloatArray) -> FloatArray:
        """Return the derivative by each mass [m]; at the maximum it is n where there is mass and no more elsewhere."""
        share = self.count / self.probability(mass)
        change = np.bincount(self.first, share, self.size + 1) - np.bincount(self.last, share, self.size + 1)
        gradient: FloatArray = np.cumsum(change)[:-1]
        return gradient

    def convex_minorant(self, mass: FloatArray) -> FloatArray:
        """Return the masses after one Newton step of the cumulated ones, made monotone and halved until uphill."""
        if self.size == 1:
            return mass
        at = np.cumsum(mass)[:-1]
        share = self.count / self.probability(mass)
        size = self.size + 1
        slope = (np.bincount(self.last, share, size) - np.bincount(self.first, share, size))[1:-1]
        squares = share**2 / self.count
        curvature = (np.bincount(self.last, squares, size) + np.bincount(self.first, squares, size))[1:-1]
        target = np.clip(_monotone(at + slope / curvature, curvature), 0.0, 1.0)
        before, part = self.log_likelihood(mass), 1.0
        while part > 1e-10:
            tried: FloatArray = np.diff(np.concatenate([[0.0], at + part * (target - at), [1.0]]))
            if self.log_likelihood(tried) > before:
                return tried
            part /= 2
        return mass


def _monotone(values: FloatArray, weight: ArrayLike) -> FloatArray:
    """Return the nondecreasing values closest in weighted squares: pool adjacent violators (Ayer et al. 1955)."""
    blocks: list[tuple[float, float, int]] = []
    for value, w in zip(values.tolist(), np.asarray(weight).tolist(), strict=True):
        blocks.append((value, w, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (v2, w2, n2), (v1, w1, n1) = blocks.pop(), blocks.pop()
            blocks.append(((v1 * w1 + v2 * w2) / (w1 + w2), w1 + w2, n1 + n2))
    return np.repeat([b[0] for b in blocks], [b[2] for b in blocks])
