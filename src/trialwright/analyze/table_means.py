"""Restricted mean survival times of the arms of a table, compared with the control up to a stated time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trialwright.stats import RiskTable, Tau, compare_restricted_means, propose_tau, restricted_means

if TYPE_CHECKING:
    from trialwright.stats import Beyond, EventTimes, RestrictedMean, RestrictedMeans

__all__ = ["Means", "restricted"]


@dataclass(frozen=True, eq=False)
class Means:
    """Restricted means up to ``tau``: by arm, and each arm against the control."""

    tau: Tau
    arms: Mapping[str, RestrictedMean]
    comparisons: Mapping[str, RestrictedMeans]
    """By the name ``A v B``; strata pooled."""
    problem: str | None = None


def restricted(times: EventTimes, tau: float | None, *, level: float, beyond: Beyond) -> Means:
    """Return the restricted means; without a ``tau`` up to the smaller of the arms' last times, labelled as such."""
    pooled = times.unstratified()
    until = propose_tau(pooled) if tau is None else Tau(tau)
    if until.time <= 0:
        return Means(until, {}, {}, "no restricted mean: an arm is followed for no time at all")
    return Means(
        until,
        restricted_means(pooled, tau=until, level=level, beyond=beyond),
        {
            f"{name} v {times.arms[0]}": compare_restricted_means(
                RiskTable.count(_pair(pooled, a)), tau=until, level=level, beyond=beyond
            )
            for a, name in enumerate(times.arms)
            if a > 0
        },
    )


def _pair(times: EventTimes, arm: int) -> EventTimes:
    """Return the subjects of the control and of one arm, as two arms."""
    if len(times.arms) == 2:
        return times
    both = times.only((times.arm == 0) | (times.arm == arm))
    return replace(both, arm=(both.arm == arm).astype(np.int32), arms=(times.arms[0], times.arms[arm]))
