"""The log-rank statistic of many allocations of the same outcomes: what a randomization-based test is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.event_times import EventTimes
from trialwright.stats.log_rank import spread_of_ties, tie_weights
from trialwright.stats.risk_table import RiskTable
from trialwright.stats.weights import LOG_RANK, Weight


@dataclass(frozen=True, eq=False)
class FixedOutcomes:
    """Outcomes of n subjects, prepared for the (weighted, stratified) log-rank z under any allocation to two arms.

    Days, events, strata and the pooled weights stay, so each subject's part of observed - expected stays too: the
    weight of its own event less the sum of w d / Y over the events of its stratum up to its last day.

    >>> times = EventTimes.of([3, 5, 7, 9], [1, 1, 1, 1], ["A", "A", "B", "B"])
    >>> FixedOutcomes.of(times).z([[0, 0, 1, 1], [1, 1, 0, 0]]).round(6).tolist()
    [-1.697749, 1.697749]
    """

    score: FloatArray
    """[n]"""
    order: IntArray
    """[n] subjects by stratum, longest follow-up first."""
    begin: IntArray
    """[C] where in the order the stratum of a tie begins."""
    end: IntArray
    """[C] where in the order those at risk end."""
    spread: FloatArray
    """[C] variance of the weighted events of the second arm, but for p (1 - p)."""
    at_risk: FloatArray
    """[C]"""

    @classmethod
    def of(cls, times: EventTimes, weight: Weight = LOG_RANK) -> FixedOutcomes:
        """Prepare the outcomes of ``times``, whose arms are not read. ValueError for delayed entry and case weights."""
        if times.entry is not None or times.weight is not None:
            raise ValueError("allocations are drawn again for subjects followed from the start who count once each")
        table = RiskTable.count(times.pooled())
        ties, w = table.ties, tie_weights(table, weight)
        day = table.days[np.nonzero(table.events.any(axis=2))[1]]
        order = np.lexsort((-times.day.astype(np.int64), times.stratum))
        begin = np.searchsorted(times.stratum[order], ties.stratum)
        at_risk = ties.at_risk[:, 0]
        backwards = np.lexsort((-day.astype(np.int64), ties.stratum))
        return cls(
            score=_scores(times, ties.stratum, day, w, w * ties.events[:, 0] / at_risk),
            order=order,
            begin=begin[backwards],
            end=(begin + at_risk.astype(np.int64))[backwards],
            spread=(spread_of_ties(ties) * w**2)[backwards],
            at_risk=at_risk[backwards],
        )

    def z(self, arms: ArrayLike) -> FloatArray:
        """Return z [t] of allocations [t, n] of 0 (reference) and 1; NaN where an allocation leaves no information."""
        from trialwright.stats._kernels_reallocated import fill_z

        given = np.ascontiguousarray(arms, np.int8)
        if given.ndim != 2 or given.shape[1] != len(self.score):
            raise ValueError(f"arms must be [allocations, {len(self.score)} subjects]; got shape {given.shape}")
        if given.size and not 0 <= given.min() <= given.max() <= 1:
            raise ValueError(f"arms must be 0 or 1; got {given.min()} to {given.max()}")
        z = np.empty(len(given))
        fill_z(given, self.score, self.order, self.begin, self.end, self.spread, self.at_risk, z)
        return z


def _scores(times: EventTimes, stratum: IntArray, day: IntArray, w: FloatArray, hazard: FloatArray) -> FloatArray:
    """Return each subject's score [n]; ``stratum``, ``day``, ``w``, ``hazard`` of the ties [C] in their order."""
    span = int(times.day.max()) + 1
    keys = stratum.astype(np.int64) * span + day
    own = times.stratum.astype(np.int64) * span + times.day
    upto = np.searchsorted(keys, own, side="right")
    first = np.searchsorted(keys, times.stratum.astype(np.int64) * span)
    sums = np.concatenate(([0.0], np.cumsum(hazard)))
    events = np.where(times.event, np.append(w, 0.0)[np.maximum(upto - 1, 0)], 0.0)
    return np.asarray(events - (sums[upto] - sums[first]))
