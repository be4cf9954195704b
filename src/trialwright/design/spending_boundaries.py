"""Boundaries by spending functions, for a plan and for what was observed.

Lan and DeMets (1983); futility by given bounds or by spending the type II error (Pampallona and Tsiatis 1994). The
upper bounds spend alpha where there is no effect, the lower ones beta under the drift that gives the power wanted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trialwright.design.boundaries import LARGEST_DRIFT, ROUND_OFF, Boundaries, Futility, Sides, check_level, floats
from trialwright.design.recursion import REACH, check_rising, cross_at, nodes
from trialwright.design.spending import Spending

__all__ = ["observed_boundaries", "spending_boundaries"]

LEAST_DRIFT = 1e-3
Array = Any


def spending_boundaries(
    information: Sequence[float],
    spending: Spending,
    *,
    alpha: float,
    sides: Sides,
    futility: Futility | None = None,
    tested: Sequence[bool] | None = None,
) -> Boundaries:
    """Return the boundaries that spend ``alpha`` at looks planned at these fractions, the last of them 1.

    Two-sided boundaries are symmetric and spend alpha / 2 on each side. A look that is not ``tested`` for efficacy
    spends nothing; what it leaves falls to the next. Raises ValueError for fractions out of order or outside (0, 1].

    >>> found = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> [round(bound, 10) for bound in found.upper]
    [2.6726999227, 1.9807191809]
    """
    t = np.array(information, float)
    check_rising(t)
    if (t > 1).any() or t[-1] != 1:
        raise ValueError(
            f"fractions of the information must lie in (0, 1] and end with 1; got {t.tolist()}."
            " For looks at observed information use observed_boundaries."
        )
    return _spent(t, spending, (alpha, sides), futility, tested, last=True)


def observed_boundaries(
    information: Sequence[float],
    planned: float,
    spending: Spending,
    *,
    alpha: float,
    sides: Sides,
    last: bool,
    futility: Futility | None = None,
    tested: Sequence[bool] | None = None,
) -> Boundaries:
    """Return the boundaries at the information observed so far, such as events, where ``planned`` was to be the end.

    With ``last`` the last look gets all that is left of alpha, whether the trial ended early (underrunning) or late
    (overrunning); else it spends what the function allows at its fraction. Fractions in the answer are of ``planned``.

    >>> found = observed_boundaries([80, 130], 127, Spending("obrien-fleming"), alpha=0.025, sides=1, last=True)
    >>> round(found.information[1], 4), round(found.alpha_spent[1], 12)
    (1.0236, 0.025)
    """
    if not 0 < planned < math.inf:
        raise ValueError(f"planned must be the information planned for the end, greater than 0; got {planned}")
    t = np.array(information, float) / planned
    check_rising(t)
    if (t[:-1] >= 1).any():
        raise ValueError(f"only the last look may reach the planned {planned:g}; got {list(information)}")
    if t[-1] >= 1 and not last:
        raise ValueError(f"a look at {information[-1]:g} of {planned:g} planned leaves nothing for later: last=True")
    return _spent(t, spending, (alpha, sides), futility, tested, last=last)


def _spent(
    t: Array, spending: Spending, level: tuple[float, Sides], futility: Futility | None, tested: Sequence[bool] | None,
    *, last: bool,
) -> Boundaries:  # fmt: skip
    alpha, sides = level
    check_level(alpha, sides)
    if futility is not None and (sides == 2 or not last):
        raise ValueError("futility bounds need a one-sided test (sides=1) and a whole plan (last=True)")
    alphas = _spends(t, spending, alpha / sides, tested, last)
    plan = _Plan(t, alphas, alpha, sides, sides == 2 or (futility is not None and futility.binding))
    if futility is None:
        return _without_futility(plan)
    if futility.spending is None:
        return _with_given(plan, futility.bounds)
    return _with_beta_spending(plan, futility.spending, float(futility.beta or 0.0))


@dataclass(frozen=True)
class _Plan:
    """What is to be spent at each look, on one side."""

    t: Array
    alphas: Array
    alpha: float
    sides: Sides
    binding: bool

    def bounds(self, lower: Array, drift: float = 0.0, betas: Array | None = None) -> tuple[Array, Array]:
        """Return lower and upper bounds; NaN in ``lower`` is to be found."""
        from trialwright.design._kernels_boundaries import find_bounds

        t, reach, both = self.t, _reach(self.alphas), self.sides == 2
        lower, upper = lower.copy(), np.where(self.alphas > 0, np.nan, np.inf)
        beta = self.alphas if betas is None else betas
        x, w = nodes(t, np.full(len(t), -reach), _highest(self.alphas, reach))
        find_bounds(t, drift, self.alphas, beta, both, self.binding, reach, x, w, lower, upper)
        if np.isnan(upper).any() or np.isnan(lower).any():
            raise ValueError(f"no bounds found at {floats(t)} for what is to be spent, {floats(self.alphas)}")
        return lower, upper

    def result(self, lower: Array, upper: Array, drift: float | None = None) -> Boundaries:
        """Return the boundaries; ValueError where the lower ones are above the upper ones."""
        if (upper == -np.inf).any():
            look = int(np.argmin(upper)) + 1
            raise ValueError(f"no bound at look {look} spends its error: futility stops too many trials before it")
        if (lower > upper).any():
            raise ValueError(f"futility bounds must lie below the efficacy bounds {floats(upper)}; got {floats(lower)}")
        spent = np.cumsum(self.alphas) * self.sides
        return Boundaries(
            floats(self.t), floats(lower), floats(upper), self.alpha, self.sides, self.binding, floats(spent), drift
        )


def _without_futility(plan: _Plan) -> Boundaries:
    return plan.result(*plan.bounds(np.full(len(plan.t), -np.inf)))


def _with_given(plan: _Plan, given: tuple[float, ...]) -> Boundaries:
    looks = len(plan.t)
    if len(given) != looks - 1:
        raise ValueError(f"{looks} looks need {looks - 1} futility bounds; got {len(given)}: {given}")
    lower, upper = plan.bounds(np.array([*given, -np.inf]))
    lower[-1] = upper[-1]
    return plan.result(lower, upper)


def _with_beta_spending(plan: _Plan, spending: Spending, beta: float) -> Boundaries:
    """Return the boundaries whose last bounds meet: the drift is the root of the type II error minus beta."""
    from scipy.optimize import brentq

    betas = np.diff([0.0, *(spending.spent(beta, fraction) for fraction in plan.t[:-1]), beta])
    unknown = np.append(np.where(betas[:-1] > 0, np.nan, -np.inf), -np.inf)

    def at(drift: float) -> tuple[Array, Array]:
        lower, upper = plan.bounds(unknown, drift, betas)
        lower[-1] = upper[-1]
        return lower, upper

    def excess(drift: float) -> float:
        return float(cross_at(plan.t, *at(drift), drift)[1].sum()) - beta

    if not excess(LEAST_DRIFT) > 0:
        raise ValueError(f"alpha = {plan.alpha} and beta = {beta} are met without any effect; lower one of them")
    drift = float(brentq(excess, LEAST_DRIFT, LARGEST_DRIFT, xtol=ROUND_OFF))
    return plan.result(*at(drift), drift)


def _highest(alphas: Array, reach: float) -> Array:
    """Return what the upper bounds cannot exceed: P(Z > z) <= exp(-z^2 / 2)."""
    spends = alphas > 0
    return np.minimum(reach, np.sqrt(-2 * np.log(alphas, where=spends, out=np.full(len(alphas), -(reach**2) / 2))))


def _reach(alphas: Array) -> float:
    """Return how far out densities are kept: farther than usual where less than 1e-17 is to be spent."""
    least = alphas[alphas > 0].min(initial=1e-3)
    return max(REACH, math.sqrt(-2 * math.log(least)) + 2)


def _spends(t: Array, spending: Spending, error: float, tested: Sequence[bool] | None, last: bool) -> Array:
    """Return what is spent at each look; with ``last`` all that is left at the last."""
    used = (True,) * len(t) if tested is None else tuple(tested)
    if len(used) != len(t) or not used[-1]:
        raise ValueError(f"tested must say yes or no for each of {len(t)} looks, and yes for the last; got {used}")
    allowed = np.array([spending.spent(error, fraction) for fraction in t])
    if last:
        allowed[-1] = error
    return np.diff(np.maximum.accumulate(np.where(used, allowed, 0.0)), prepend=0.0)
