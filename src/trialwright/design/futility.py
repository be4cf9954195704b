"""Bounds for what is to be spent at each look, with each kind of futility.

One-sided, futility is a lower bound; two-sided, an inner wedge between two bounds (Pampallona and Tsiatis 1994, J Stat
Plan Inference 42:19-35). Bounds that are to be found are NaN for the kernels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from trialwright.design.boundaries import ROUND_OFF, Boundaries, Sides, Supposing, floats
from trialwright.design.conditional import chance_of_success
from trialwright.design.recursion import REACH, leave_at, nodes
from trialwright.design.rising_root import rising_root

__all__ = ["Plan", "with_beta_spending", "with_chances", "with_given"]

LEAST_DRIFT = 1e-3
FARTHEST = 12.0
"""No chance of success that is asked for lies beyond this z."""
MOST_ROUNDS = 200
Array = Any


@dataclass(frozen=True)
class Plan:
    """What is to be spent at each look, on one side; ``last`` if the last of the looks ends the trial."""

    t: Array
    alphas: Array
    alpha: float
    sides: Sides
    binding: bool
    last: bool

    @property
    def none(self) -> Array:
        """Futility bounds that never stop."""
        return np.full(len(self.t), -np.inf if self.sides == 1 else 0.0)

    def bounds(self, futile: Array, drift: float = 0.0, betas: Array | None = None) -> tuple[Array, Array]:
        """Return futility bounds (lower, or inner on two sides) and upper bounds; NaN in ``futile`` is to be found."""
        return self.found(futile, self.unknown, drift, betas)[:2]

    @property
    def unknown(self) -> Array:
        """Upper bounds that are to be found wherever something is spent."""
        return np.where(self.alphas > 0, np.nan, np.inf)

    def found(
        self, futile: Array, upper: Array, drift: float, betas: Array | None
    ) -> tuple[Array, Array, float]:  # fmt: skip
        """Return futility and upper bounds with NaN replaced, and the chance to stop for futility under the drift."""
        from trialwright.design._kernels_boundaries import find_bounds
        from trialwright.design._kernels_wedge import find_wedge

        t, alphas, reach, both = self.t, self.alphas, _reach(self.alphas), self.sides == 2
        futile, upper = futile.copy(), upper.copy()
        beta = alphas if betas is None else betas
        x, w = nodes(t, np.full(len(t), -reach), _highest(alphas, reach))
        if both and (drift or futile.any()):  # NaN is true
            chance = find_wedge(t, drift, alphas, beta, self.binding, reach, x, w, futile, upper)
        else:
            lower = np.empty(len(t)) if both else futile
            chance = find_bounds(t, drift, alphas, beta, both, self.binding, reach, x, w, lower, upper)
        if np.isnan(upper).any() or np.isnan(futile).any():
            raise ValueError(f"no bounds found at {floats(t)} for what is to be spent, {floats(alphas)}")
        return futile, upper, chance

    def closed(self, futile: Array, upper: Array) -> tuple[Array, Array]:
        """Return the bounds with futility reaching up to success at the end of the trial."""
        if self.last:
            futile[-1] = upper[-1]
        return futile, upper

    def without_futility(self) -> Boundaries:
        """Return the boundaries that stop for efficacy only."""
        return self.result(*self.bounds(self.none))

    def result(self, futile: Array, upper: Array, drift: float | None = None) -> Boundaries:
        """Return the boundaries; ValueError where those for futility are above the upper ones."""
        if (upper == -np.inf).any():
            look = int(np.argmin(upper)) + 1
            raise ValueError(f"no bound at look {look} spends its error: futility stops too many trials before it")
        if (futile > upper).any():
            raise ValueError(
                f"futility bounds must lie below the efficacy bounds {floats(upper)}; got {floats(futile)}"
            )
        spent = floats(np.cumsum(self.alphas) * self.sides)
        if self.sides == 1:
            return Boundaries(floats(self.t), floats(futile), floats(upper), self.alpha, 1, self.binding, spent, drift)
        inner = floats(futile) if futile.any() else ()
        binding = self.binding or not inner
        return Boundaries(
            floats(self.t), floats(-upper), floats(upper), self.alpha, 2, binding, spent, drift, inner
        )  # fmt: skip


def with_given(plan: Plan, given: tuple[float, ...]) -> Boundaries:
    """Return the boundaries with these futility bounds, one for each look before the last that was planned."""
    looks = len(plan.t)
    needed = looks - 1 if plan.last else looks
    if len(given) < needed:
        raise ValueError(f"{looks} looks need {needed} futility bounds; got {len(given)}: {given}")
    if plan.sides == 2 and min(given) < 0:
        raise ValueError(f"inner bounds must be at least 0, 0 where there is none; got {given}")
    return plan.result(*_with(plan, np.array(given[:needed])))


def _with(plan: Plan, given: Array) -> tuple[Array, Array]:
    futile = plan.none
    futile[: len(given)] = given
    return plan.closed(*plan.bounds(futile))


def with_beta_spending(plan: Plan, betas: Array, drift: float | None) -> Boundaries:
    """Return the boundaries that spend ``betas``, under the drift given or that under which the last bounds meet.

    On two sides the type II error is to stop inside the wedge, so power counts success on either side.
    """
    unknown = np.where(betas > 0, np.nan, plan.none)
    if plan.last:
        unknown[-1] = plan.none[-1]
    if drift is None:
        if not plan.last:
            raise ValueError("before the last look, spending a type II error needs the drift of the plan")
        drift = _drift(plan, unknown, betas)
    return plan.result(*plan.closed(*plan.bounds(unknown, drift, betas)), drift)


def _drift(plan: Plan, unknown: Array, betas: Array) -> float:
    """Return the drift under which the chance to stop for futility is all of beta.

    Futility that does not bind leaves the upper bounds alone: they are found once.
    """
    from scipy.special import ndtri

    beta = float(betas.sum())
    upper = plan.unknown if plan.binding else plan.bounds(plan.none)[1]

    def missing(drift: float) -> float:
        return beta - plan.found(unknown, upper, drift, betas)[2]

    if not missing(LEAST_DRIFT) < 0:
        raise ValueError(f"alpha = {plan.alpha} and beta = {beta:g} are met without any effect; lower one of them")
    return rising_root(missing, float(-ndtri(plan.alpha / plan.sides) - ndtri(beta)), LEAST_DRIFT)


def futile_chance(t: Array, sides: Sides, futile: Array, upper: Array, drift: float) -> float:
    """Return the chance to stop for futility at any look, with bounds closed at the last."""
    if sides == 1:
        return float(leave_at(t, futile, upper, None, drift)[1].sum())
    return float(leave_at(t, -upper, upper, (-futile, futile), drift)[2].sum())


def with_chances(plan: Plan, chances: tuple[float, ...], supposing: Supposing | None) -> Boundaries:
    """Return the boundaries that stop where the chance of success is lower than these.

    The chance counts success at every later look, without later futility. Binding bounds lower the upper ones, which
    raises the chances: both are found in turn until they move no more.
    """
    looks = len(plan.t)
    if plan.sides == 2 or not plan.last:
        raise ValueError("chances of success as futility need a one-sided test (sides=1) and a whole plan (last=True)")
    if len(chances) != looks - 1:
        raise ValueError(f"{looks} looks need {looks - 1} chances of success; got {len(chances)}: {chances}")
    given = plan.none[:-1]
    for _ in range(MOST_ROUNDS):
        _, upper = _with(plan, given)
        found = _z_of_chances(plan, upper, chances, supposing or 0.0)
        moved = np.abs(np.subtract(found, given, where=found != given, out=np.zeros(looks - 1))).max(initial=0.0)
        given = found
        if not plan.binding or moved < ROUND_OFF:
            return plan.result(*_with(plan, given))
    raise ValueError(f"binding futility at the chances {chances} leaves no bounds that agree; lower the chances")


def _z_of_chances(plan: Plan, upper: Array, chances: tuple[float, ...], supposing: Supposing) -> Array:
    spent = floats(np.cumsum(plan.alphas))
    free = Boundaries(floats(plan.t), floats(plan.none), floats(upper), plan.alpha, 1, False, spent)
    return np.array([_z_of(free, look, chance, supposing) for look, chance in enumerate(chances, start=1)])


def _z_of(free: Boundaries, look: int, chance: float, supposing: Supposing) -> float:
    from scipy.optimize import brentq

    def excess(z: float) -> float:
        return chance_of_success(free, look, z, supposing) - chance

    if excess(-FARTHEST) >= 0:
        return -math.inf
    if excess(FARTHEST) <= 0:
        raise ValueError(f"at look {look} the chance of success is never above {chance:g}; lower it")
    return float(brentq(excess, -FARTHEST, FARTHEST, xtol=ROUND_OFF))


def _highest(alphas: Array, reach: float) -> Array:
    """Return what the upper bounds cannot exceed: P(Z > z) <= exp(-z^2 / 2)."""
    spends = alphas > 0
    return np.minimum(reach, np.sqrt(-2 * np.log(alphas, where=spends, out=np.full(len(alphas), -(reach**2) / 2))))


def _reach(alphas: Array) -> float:
    """Return how far out densities are kept: farther than usual where less than 1e-17 is to be spent."""
    least = alphas[alphas > 0].min(initial=1e-3)
    return max(REACH, math.sqrt(-2 * math.log(least)) + 2)
