"""The events of group 1 given the margins: the noncentral hypergeometric distribution, convolved over strata.

With odds ratio psi its probability at k is proportional to h(k) psi^k, h being that of independence (Fisher 1935;
Gart 1970 for several tables). Everything exact about odds ratios follows from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.counts import boundary
from trialwright.stats.proportions import no_likelier

FAR = 700.0
"""Logarithm beyond which an odds ratio is not looked for."""


@dataclass(frozen=True, eq=False)
class Conditional:
    """The distribution of the total of events in group 1, at independence, with the total observed."""

    counts: FloatArray
    """[k] possible totals, one apart."""
    logs: FloatArray
    """[k] logarithms of their probabilities up to a constant."""
    observed: int
    """Position in ``counts``."""

    def p(self) -> float:
        """Return the exact two-sided P value of independence: the sum over totals no likelier than the observed."""
        return no_likelier(np.exp(self.logs - self.logs.max()), self.observed)

    def odds_ratio(self) -> float | None:
        """Return the odds ratio under which the expected total is the observed: the conditional maximum likelihood.

        0 or infinite when the observed total is at an end, None when only one total is possible.
        """
        if len(self.counts) == 1:
            return None
        if self.observed in (0, len(self.counts) - 1):
            return math.inf if self.observed else 0.0
        wanted = self.counts[self.observed]
        return math.exp(boundary(-FAR, FAR, lambda log: float(self._at(log) @ self.counts) <= wanted))

    def limits(self, level: float) -> tuple[float, float]:
        """Return the odds ratios under which the tail from the observed total outwards is half of 1 - level."""
        tail, last = (1 - level) / 2, len(self.counts) - 1
        lower, upper = 0.0, math.inf
        if self.observed > 0:
            lower = math.exp(boundary(FAR, -FAR, lambda log: float(self._at(log)[self.observed :].sum()) >= tail))
        if self.observed < last:
            upper = math.exp(boundary(-FAR, FAR, lambda log: float(self._at(log)[: self.observed + 1].sum()) >= tail))
        return lower, upper

    def _at(self, log_odds_ratio: float) -> FloatArray:
        tilted = self.logs + log_odds_ratio * self.counts
        density = np.exp(tilted - tilted.max())
        return np.asarray(density / density.sum())


def conditional(tables: Iterable[tuple[int, int, int, int]]) -> Conditional:
    """Return the distribution of the sum of x1 over tables (x1, n1, x2, n2), each with its margins fixed.

    >>> conditional([(3, 4, 1, 4)]).p() == 34 / 70
    True
    """
    first, observed, density = 0, 0, np.ones(1)
    for x1, n1, x2, n2 in tables:
        events = x1 + x2
        least = max(0, events - n2)
        density = np.convolve(density, _density(np.arange(least, min(n1, events) + 1), n1, events, n2))
        first, observed = first + least, observed + x1
    counts = np.arange(first, first + len(density), dtype=np.float64)
    with np.errstate(divide="ignore"):
        return Conditional(counts, np.log(density), observed - first)


def _density(k: np.ndarray[tuple[int], np.dtype[np.int64]], n1: int, events: int, n2: int) -> FloatArray:
    from scipy.special import gammaln

    logs = -(gammaln(k + 1) + gammaln(n1 - k + 1) + gammaln(events - k + 1) + gammaln(n2 - events + k + 1))
    return np.asarray(np.exp(logs - logs.max()))
