"""Between the log-rank statistic and the hazard ratio.

Schoenfeld (1981): with d events and shares p1, p2 of the arms, z has mean -log(hazard ratio) sqrt(d p1 p2) and variance
1. Positive z is for the experimental arm, whose hazard is the numerator.
"""

from __future__ import annotations

import math

__all__ = ["hazard_ratio_at", "log_rank_mean"]


def log_rank_mean(hazard_ratio: float, *, events: float, ratio: float) -> float:
    """Return the mean of z under a hazard ratio: with the planned events, the drift of a sequential design.

    ``ratio`` is experimental to control, 2 for 2:1.

    >>> round(log_rank_mean(0.59, events=127, ratio=2), 6)
    2.803027
    """
    if not 0 < hazard_ratio < math.inf:
        raise ValueError(f"hazard_ratio must be a finite number greater than 0; got {hazard_ratio}")
    return math.log(1 / hazard_ratio) * root_information(events, ratio)


def hazard_ratio_at(z: float, *, events: float, ratio: float) -> float:
    """Return the hazard ratio whose mean is z: what a bound on z is on the scale of the effect; 0 for infinite z.

    >>> round(hazard_ratio_at(1.980719180926, events=127, ratio=2), 6)
    0.688773
    """
    return math.exp(-z / root_information(events, ratio))


def root_information(events: float, ratio: float) -> float:
    """Return the square root of the information about the log hazard ratio: sqrt(d p1 p2)."""
    for name, value in (("events", events), ("ratio", ratio)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a finite number greater than 0; got {value}")
    return math.sqrt(events * ratio) / (1 + ratio)
