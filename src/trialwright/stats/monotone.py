"""Likelihoods that rise for ever: their directions, and what remains in the limit.

A partial likelihood has no maximum along g when on every day the events have the largest x g of all at risk (under the
exact rules: of all who stay), not all being equal (Bryson and Johnson 1981; Heinze and Schemper 2001). In the limit
only those who share the value of the event count at risk: the likelihood of the same model stratified by x g as well.
That is maximized in turn, so that the supremum, the finite coefficients and profiles of the others are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.cox_model import CoxModel
from trialwright.stats.newton import Climb, climb, independent
from trialwright.stats.partial_likelihood import Derivatives

TOLERANCE = 1e-9
MOST_ROWS = 20_000
"""Rows up to which a direction is sought by linear programming where rounding the step does not give one."""
MEANT = 1e-6


@dataclass(frozen=True, eq=False)
class Supremum:
    """The highest log-likelihood, reached or approached."""

    climb: Climb
    """In the model that remains"""
    kept: list[int]
    infinite: dict[int, int]
    """Coefficients without a finite value, and their sign"""
    model: CoxModel
    settled: bool

    @property
    def log_likelihood(self) -> float:
        """The supremum of the log-likelihood."""
        return self.climb.at.log_likelihood


def supremum(model: CoxModel, b: FloatArray, wanted: list[int], at: Derivatives | None = None) -> Supremum:
    """Maximize over the wanted standard coefficients from b [p]; the others stay as they are in b.

    ``at`` are the derivatives at b where they are known.
    """
    if at is None:
        with np.errstate(all="ignore"):
            at = model.likelihood(b)
    kept = independent(at.information, wanted, model.events)
    found = climb(model.likelihood, b, at, kept, watch=lambda step: direction(model, step, kept))
    if found.direction is None:
        return Supremum(found, kept, {}, model, found.settled)
    g = found.direction
    infinite = {k: int(np.sign(g[k])) for k in kept if abs(g[k]) > MEANT * np.abs(g).max()}
    start = found.b.copy()
    start[list(infinite)] = 0.0
    v = model.rows.x @ g
    rest = supremum(
        model.refined(v, TOLERANCE * np.ptp(v)), start, [k for k in wanted if k not in infinite] + [*infinite]
    )
    return replace(rest, infinite={**rest.infinite, **infinite})


def direction(model: CoxModel, step: FloatArray, kept: list[int]) -> FloatArray | None:
    """Return a direction [p] along which the likelihood rises for ever, near the step, or None.

    The step is rounded in the units of the covariates: where a level of a factor has no event the direction is whole.
    """
    raw = step / model.scale
    for decimals in (0, 1, 2, 3):
        g: FloatArray = np.round(raw / np.abs(raw).max(), decimals) * model.scale
        if g.any() and recedes(model, g):
            return g
    if len(model.rows.x) <= MOST_ROWS and model.rows.entry is None:
        return _by_linear_program(model, kept)
    return step if recedes(model, step, 1e-6) else None


def recedes(model: CoxModel, g: FloatArray, tolerance: float = TOLERANCE) -> bool:
    """Return whether the likelihood rises for ever, and nowhere falls, along g [p]."""
    v = model.sets.rows.x @ g
    slack = tolerance * np.ptp(v)
    least, most = model.sets.extremes(v)
    exact = model.rule in ("exact", "discrete")
    top = most.staying if exact else np.maximum(most.staying, most.events)
    bottom = least.staying if exact else np.minimum(least.staying, least.events)
    highest = most.events if exact else least.events
    return bool((least.events >= top - slack).all() and (bottom < highest - slack).any())


def both_ways(model: CoxModel, kept: list[int], k: int, sign: int) -> bool:
    """Return whether the likelihood rises for ever along directions with coefficient k of either sign.

    One of them with the given sign is known. Then its bound is approached whatever the value of the coefficient.
    """
    if len(model.rows.x) > MOST_ROWS or model.rows.entry is not None:
        return False
    gain = np.zeros(len(kept))
    gain[kept.index(k)] = -sign
    g = _furthest(model, kept, gain)
    return g is not None and recedes(model, g, 1e-7)


def _by_linear_program(model: CoxModel, kept: list[int]) -> FloatArray | None:
    """Maximize the score along g in [-1, 1]^p under the conditions; zero means that there is no direction."""
    g = _furthest(model, kept, model.likelihood(np.zeros(len(model.scale))).score[kept])
    return g if g is not None and recedes(model, g, 1e-7) else None


def _furthest(model: CoxModel, kept: list[int], gain: FloatArray) -> FloatArray | None:
    """Return the direction [p] of largest gain along which the likelihood falls nowhere; None if no gain is there."""
    from scipy.optimize import linprog

    found = linprog(np.append(-gain, np.zeros(len(model.sets.first))), **_conditions(model, kept), method="highs")
    if found.status != 0 or -found.fun <= 1e-7:
        return None
    g = np.zeros(len(model.scale))
    g[kept] = found.x[: len(kept)]
    return g


def _conditions(model: CoxModel, kept: list[int]) -> dict[str, object]:
    """Return the conditions on g [p] and the highest value m [C] at risk on each day.

    Of the events: x g >= m. Of those who leave without an event: x g <= m of their last day; m of the next day <= m.
    Events bound m of their own day under Breslow and Efron, of the day before under the exact rules.
    """
    from scipy.sparse import csr_array, hstack, vstack

    sets = model.sets
    x, groups = sets.rows.x[:, kept], len(sets.first)
    exact = model.rule in ("exact", "discrete")
    at = np.flatnonzero(sets.rows.event)
    gone = np.flatnonzero(~sets.rows.event & (sets.owner >= 0))
    earlier = np.where(np.append(False, sets.same_stratum), np.arange(groups) - 1, -1)
    bound = sets.owner[at] if not exact else earlier[sets.owner[at]]

    def pick(index: IntArray) -> csr_array:
        return csr_array((np.ones(len(index)), (np.arange(len(index)), index)), shape=(len(index), groups))

    later = np.flatnonzero(earlier >= 0)
    blocks = [
        hstack([csr_array(-x[at]), pick(sets.owner[at])]),
        hstack([csr_array(x[gone]), -pick(sets.owner[gone])]),
        hstack([csr_array(x[at[bound >= 0]]), -pick(bound[bound >= 0])]),
        hstack([csr_array((len(later), len(kept))), pick(later) - pick(earlier[later])]),
    ]
    rows = vstack(blocks)
    return {
        "A_ub": rows,
        "b_ub": np.zeros(rows.shape[0]),
        "bounds": [(-1, 1)] * len(kept) + [(None, None)] * groups,
    }
