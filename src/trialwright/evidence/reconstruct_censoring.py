"""Laws of censoring for a figure without numbers at risk: when would each patient's follow-up have ended?

The potential follow-up is Weibull: shape 1 is loss at a constant rate, a large shape an analysis at one time. Where
the events are given its scale follows from them: of the deaths that the curve promises, those are seen that come before
the end of the follow-up, so that D / n is the mean of its survival G over the drops of the curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.evidence.reconstruct_cells import Cells

__all__ = ["Laws"]

Vector = NDArray[np.float64]
SHAPES = np.exp(np.linspace(np.log(0.7), np.log(10.0), 24))
SEEN = np.linspace(0.3, 0.98, 12)
"""Of the deaths that the curve promises, the share that is seen, where the events are not given."""
STEPS = 40
LONGEST, SHORTEST = 8.0, -6.0
"""Logarithm of the scale over the length of the curve."""


@dataclass(frozen=True, eq=False)
class Laws:
    """Censoring laws over the cells."""

    leaving: Vector
    """[laws, m] probability to leave in the cell."""
    dying: Vector
    """[laws, m] deaths expected after the cell for each patient at risk then."""

    @classmethod
    def none(cls, cells: Cells) -> Laws:
        """Return a placeholder for an arm whose numbers at risk say who leaves."""
        nothing = np.zeros((1, len(cells.read)))
        return cls(nothing, nothing)

    @classmethod
    def of(cls, cells: Cells, patients: int, events: int | None) -> Laws:
        """Return laws of every shape; of every share of deaths seen too, where the events are not given."""
        if events is not None:
            wanted = [(shape, events / patients) for shape in SHAPES]
        else:
            promised = 1 - cells.smooth[-1]
            wanted = [(shape, seen * promised) for shape in SHAPES[::2] for seen in SEEN]
        drops, middle = _drops(cells)
        return cls._made(cells, [(k, float(np.exp(_log_scale(middle, drops, k, share)))) for k, share in wanted])

    @classmethod
    def following(cls, cells: Cells, median: float) -> Laws:
        """Return laws of every shape whose potential follow-up has this median, in days."""
        scaled = median / cells.edges[-1]
        return cls._made(cells, [(shape, scaled / float(np.log(2)) ** (1 / shape)) for shape in SHAPES])

    @classmethod
    def _made(cls, cells: Cells, laws: list[tuple[float, float]]) -> Laws:
        made = [_law(cells, shape, scale) for shape, scale in laws]
        return cls(np.array([leaving for leaving, _ in made]), np.array([dying for _, dying in made]))


def _drops(cells: Cells) -> tuple[Vector, Vector]:
    """Return the fall of the smooth curve in each cell, and the middle of the cell in lengths of the curve."""
    time = cells.edges / cells.edges[-1]
    return -np.diff(np.concatenate([[1.0], cells.smooth])), (time[1:] + time[:-1]) / 2


def _law(cells: Cells, shape: float, scale: float) -> tuple[Vector, Vector]:
    time = cells.edges / cells.edges[-1]
    drops, middle = _drops(cells)
    total = np.minimum((time / scale) ** shape, 500.0)
    seen = np.exp(-np.minimum((middle / scale) ** shape, 500.0)) * drops
    after = np.concatenate([np.cumsum(seen[::-1])[::-1], [0.0]])[1:]
    facing = np.maximum(np.exp(-total[1:]) * cells.smooth, 1e-300)
    return -np.expm1(-np.diff(total)), np.minimum(after / facing, 1.0)


def _log_scale(middle: Vector, drops: Vector, shape: float, share: float) -> float:
    """Return the logarithm of the scale at which a share of all patients is seen to die; else an end of the range."""
    low, high = SHORTEST, LONGEST
    for _ in range(STEPS):
        center = (low + high) / 2
        seen = float(np.exp(-np.minimum((middle / np.exp(center)) ** shape, 500.0)) @ drops)
        low, high = (center, high) if seen < share else (low, center)
    return (low + high) / 2
