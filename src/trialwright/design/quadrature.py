"""Integrals over time since entry, where everything is smooth between the changes of rates.

Gauss-Legendre in every cell; integrals up to each node by the antiderivatives of the Legendre polynomials that agree
with the integrand at the nodes of the cell (Abramowitz and Stegun 1964, 22.7.10 and 25.4.29).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from trialwright.design.event_probability import ArmRates, SupposedTrial, cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["Grid", "grid_of"]

NODES = 24
STEEPEST = 4.0
"""A cell is cut so that no chance falls by more than exp(-4) in it: 24 nodes then leave only rounding."""


@dataclass(frozen=True)
class Grid:
    """Times since entry at which integrands are taken [M], the weight of each [M], and half the width of the cells."""

    at: Reals
    width: Reals
    half: Reals

    def total(self, integrand: Reals) -> float:
        """Return the integral over the whole grid."""
        return float(self.width @ integrand)

    def until(self, integrand: Reals) -> Reals:
        """Return the integral from 0 to each node."""
        import numpy as np

        whole = (self.width * integrand).reshape(-1, NODES).sum(axis=1)
        before = np.cumsum(whole) - whole
        within = self.half[:, None] * (integrand.reshape(-1, NODES) @ _antiderivative().T)
        return np.asarray((before[:, None] + within).ravel())


def grid_of(trial: SupposedTrial, time: float, *, end: float | None = None, cuts: Iterable[float] = ()) -> Grid:
    """Return the grid from entry to the longest follow-up at a calendar time, or to ``end``, with cells cut there."""
    import numpy as np

    arms = [arm for stratum in trial.strata for arm in (stratum.experimental, stratum.control)]
    edges = cells(trial, arms, time)
    last = edges[-1] if end is None else end
    inner = [cut for cut in (*edges, *cuts) if 0 < cut < last]
    edges = _fine(np.unique([0.0, *inner, last]), arms)
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges) / 2
    middle = edges[:-1] + half
    return Grid((middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel(), half)


def _fine(edges: Reals, arms: list[ArmRates]) -> Reals:
    import numpy as np

    steepest = np.max([arm.hazard.at(edges[:-1]) + arm.dropout.at(edges[:-1]) for arm in arms], axis=0)
    pieces = np.maximum(1, np.ceil(steepest * np.diff(edges) / STEEPEST)).astype(int)
    cut = [np.linspace(a, b, k, endpoint=False) for a, b, k in zip(edges, edges[1:], pieces, strict=False)]
    return np.concatenate([*cut, edges[-1:]])


@cache
def _antiderivative() -> Reals:
    """Return the matrix [NODES, NODES] that takes values at the nodes of (-1, 1) to integrals from -1 to each node."""
    import numpy as np

    x, w = np.polynomial.legendre.leggauss(NODES)
    degree = np.arange(NODES)
    polynomials = np.polynomial.legendre.legvander(x, NODES)
    coefficients = (2 * degree[:, None] + 1) / 2 * polynomials[:, :NODES].T * w
    # The integral of P_k from -1 is (P_k+1 - P_k-1) / (2 k + 1), with x + 1 for k = 0.
    before = np.column_stack([np.full(NODES, -1.0), polynomials[:, : NODES - 1]])
    integrals = (polynomials[:, 1:] - before) / (2 * degree + 1)
    return np.asarray(integrals @ coefficients)
