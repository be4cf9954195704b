"""Arrivals at centers that open one after the other: a Poisson process whose rate steps up at each opening."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["PlannedCenters", "arrivals"]


@dataclass(frozen=True)
class PlannedCenters:
    """Centers that are planned: when each opens, and how fast it recruits (Anisimov and Fedorov 2007).

    ``openings`` holds for each center the first and last time at which it may open, uniformly between them; a known
    day is written twice. ``rate`` is the mean number of patients of a center per unit of time, ``shape`` that of the
    gamma distribution of the centers' rates (infinity: all alike). ValueError for numbers out of range.

    >>> len(PlannedCenters.alike(20, within=6, rate=0.4, shape=1.2).openings)
    20
    """

    openings: tuple[tuple[float, float], ...]
    rate: float
    shape: float

    def __post_init__(self) -> None:
        if not self.openings:
            raise ValueError("openings must name at least one center; got none")
        for first, last in self.openings:
            if not 0 <= first <= last < math.inf:
                raise ValueError(f"openings must be two times of at least 0, the earlier first; got {(first, last)}")
        if not 0 < self.rate < math.inf:
            raise ValueError(f"rate must be a finite number greater than 0; got {self.rate}")
        if not self.shape > 0:
            raise ValueError(f"shape must be greater than 0; got {self.shape}")

    @classmethod
    def alike(cls, count: int, *, within: float, rate: float, shape: float) -> PlannedCenters:
        """Return so many centers, each of which opens at any time between 0 and ``within``."""
        return cls(((0.0, float(within)),) * count, rate, shape)

    def drawn(self, draws: int, chance: np.random.Generator) -> tuple[Reals, Reals]:
        """Return opening times and rates, each [draws, centers]."""
        import numpy as np

        first, last = np.array(self.openings, np.float64).T
        size = (draws, len(self.openings))
        opened = first + (last - first) * chance.random(size)
        if math.isinf(self.shape):
            return opened, np.full(size, self.rate)
        return opened, chance.gamma(self.shape, self.rate / self.shape, size)


def arrivals(present: Reals, openings: Reals, rates: Reals, patients: int, chance: np.random.Generator) -> Reals:
    """Return the times [draws, patients] of the next patients, in order.

    ``present`` [draws] is the rate of the centers already open at time 0; ``openings`` and ``rates`` [draws, centers]
    are of those that open later. The cumulated rate is a broken line: the j-th patient comes where it reaches the sum
    of j exponentials of mean 1. Infinity where no center ever recruits.
    """
    import numpy as np

    draws = len(present)
    order = np.argsort(openings, axis=1)
    start = np.column_stack([np.zeros(draws), np.take_along_axis(openings, order, axis=1)])
    speed = np.cumsum(np.column_stack([present, np.take_along_axis(rates, order, axis=1)]), axis=1)
    reached = np.cumsum(np.column_stack([np.zeros(draws), speed[:, :-1] * np.diff(start, axis=1)]), axis=1)
    total = np.cumsum(chance.standard_exponential((draws, patients)), axis=1)
    piece = _last_below(reached, total)
    at_start, at_reached, at_speed = (np.take_along_axis(each, piece, axis=1) for each in (start, reached, speed))
    gone = at_speed <= 0
    return np.where(gone, np.inf, at_start + (total - at_reached) / np.where(gone, 1.0, at_speed))


def _last_below(edges: Reals, values: Reals) -> NDArray[np.intp]:
    """Return for each value [draws, k] the last of its row's rising edges [draws, e] that lies at or below it.

    One search for all rows: rows are set apart by more than any edge or value.
    """
    import numpy as np

    apart = np.arange(len(edges))[:, None] * (max(float(edges.max()), float(values.max())) + 1)
    found = np.searchsorted((edges + apart).ravel(), (values + apart).ravel(), side="right").reshape(values.shape)
    return np.asarray(found - 1 - np.arange(len(edges))[:, None] * edges.shape[1], np.intp)
