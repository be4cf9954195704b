"""Times from hazards, by inversion: one uniform gives one time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trialwright.design import Piecewise
from trialwright.stats import DAYS_PER_MONTH

__all__ = ["day_of", "exponential_days", "piecewise_days"]

Floats = NDArray[np.float64]
NEVER = 2**30
"""A day after every trial."""


def exponential_days(uniform: Floats, monthly_hazard: Floats) -> Floats:
    """Return exponential times in days; infinite where the hazard is 0."""
    with np.errstate(divide="ignore"):
        return -np.log(uniform) / monthly_hazard * DAYS_PER_MONTH


def piecewise_days(uniform: Floats, hazard: Piecewise, multiplier: Floats | float = 1.0) -> Floats:
    """Return times in days whose hazard is ``multiplier`` times a piecewise constant one.

    The cumulative hazard is a broken line; the time is where it reaches the exponential -log(uniform)/multiplier.

    >>> two = Piecewise(from_months=(0, 6), hazard=(0.1, 0.2))
    >>> [round(float(day) / DAYS_PER_MONTH, 6) for day in piecewise_days(np.exp([-0.6, -0.8]), two)]
    [6.0, 7.0]
    """
    starts, rates = np.array(hazard.from_months), np.array(hazard.hazard)
    reached = np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(starts))])
    wanted = -np.log(uniform) / multiplier
    piece = np.searchsorted(reached, wanted, side="right") - 1
    with np.errstate(divide="ignore"):
        months = starts[piece] + (wanted - reached[piece]) / rates[piece]
    return np.asarray(months * DAYS_PER_MONTH)


def day_of(days: Floats) -> NDArray[np.int64]:
    """Return times as whole days, at least 1: something that happens after 3.2 days happens on day 4."""
    return np.maximum(np.ceil(np.minimum(days, NEVER)), 1).astype(np.int64)
