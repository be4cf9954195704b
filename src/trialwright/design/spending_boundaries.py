"""Boundaries by spending functions, for a plan and for what was observed.

Lan and DeMets (1983); futility by given bounds or by spending the type II error (Pampallona and Tsiatis 1994). The
upper bounds spend alpha where there is no effect, the lower ones beta under the drift that gives the power wanted.
Spending at other times than the information's: Lan and DeMets (1989, Biometrics 45:1017-1020).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from trialwright.design.boundaries import Boundaries, Futility, Sides, check_level
from trialwright.design.futility import Plan, with_beta_spending, with_chances, with_given
from trialwright.design.recursion import check_rising
from trialwright.design.spending import Spending

__all__ = ["observed_boundaries", "spending_boundaries"]

Array = Any


def spending_boundaries(
    information: Sequence[float],
    spending: Spending,
    *,
    alpha: float,
    sides: Sides,
    futility: Futility | None = None,
    tested: Sequence[bool] | None = None,
    spending_times: Sequence[float] | None = None,
) -> Boundaries:
    """Return the boundaries that spend ``alpha`` at looks planned at these fractions, the last of them 1.

    Two-sided boundaries are symmetric and spend alpha / 2 on each side. A look that is not ``tested`` for efficacy
    spends nothing; what it leaves falls to the next. ``spending_times``, such as fractions of the calendar time, say
    how much may be spent where the fractions of the information do not. Raises ValueError for fractions out of order
    or outside (0, 1].

    >>> found = spending_boundaries([76 / 127, 1], Spending("obrien-fleming"), alpha=0.025, sides=1)
    >>> [round(bound, 10) for bound in found.upper]
    [2.6726999227, 1.9807191809]
    """
    t = np.array(information, float)
    check_rising(t)
    if (t > 1).any() or t[-1] != 1:
        raise ValueError(
            f"fractions of the information must lie in (0, 1] and end with 1; got {t.tolist()}. {_nearest(t)}"
            " For looks at observed information use observed_boundaries."
        )
    if futility is not None and len(futility.bounds) >= len(t):
        raise ValueError(f"{len(t)} looks need {len(t) - 1} futility bounds; got {len(futility.bounds)}")
    check_level(alpha, sides)
    times = _times(spending_times, t)
    alphas = _spends(times, spending, alpha / sides, tested, last=True)
    binding = futility is not None and futility.binding
    return _with_futility(Plan(t, alphas, alpha, sides, binding, last=True), times, futility)


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
    spending_times: Sequence[float] | None = None,
    drift: float | None = None,
) -> Boundaries:
    """Return the boundaries at the information observed so far, such as events, where ``planned`` was to be the end.

    With ``last`` the last look gets all that is left of alpha, whether the trial ended early (underrunning) or late
    (overrunning); else it spends what the function allows at its fraction. Fractions in the answer are of ``planned``.
    An earlier look may lie beyond the planned end only if ``spending_times`` say what it may spend. Futility that
    spends a type II error does so under the ``drift`` of the plan; given bounds may be as many as were planned.

    >>> found = observed_boundaries([80, 130], 127, Spending("obrien-fleming"), alpha=0.025, sides=1, last=True)
    >>> round(found.information[1], 4), round(found.alpha_spent[1], 12)
    (1.0236, 0.025)
    """
    if not 0 < planned < math.inf:
        raise ValueError(f"planned must be the information planned for the end, greater than 0; got {planned}")
    t = np.array(information, float) / planned
    check_rising(t)
    times = _times(spending_times, t)
    if (times[:-1] >= 1).any():
        raise ValueError(f"only the last look may reach the planned {planned:g}; got {list(information)}")
    if times[-1] >= 1 and not last:
        raise ValueError(f"a look at {information[-1]:g} of {planned:g} planned leaves nothing for later: last=True")
    check_level(alpha, sides)
    alphas = _spends(times, spending, alpha / sides, tested, last=last)
    binding = futility is not None and futility.binding
    return _with_futility(Plan(t, alphas, alpha, sides, binding, last), times, futility, drift)


def _nearest(t: Array) -> str:
    if t[-1] > 1:
        return f"Divided by the last they are {', '.join(f'{x:.4g}' for x in t / t[-1])}."
    return f"Add the final look: {', '.join(f'{x:.4g}' for x in t)}, 1."


def _times(spending_times: Sequence[float] | None, t: Array) -> Array:
    """Return where the spending function is read at each look: at its information unless told otherwise."""
    if spending_times is None:
        return t
    times = np.array(spending_times, float)
    if len(times) != len(t):
        raise ValueError(f"each of {len(t)} looks needs a spending time; got {len(times)}: {list(spending_times)}")
    check_rising(times)
    if (times > 1).any():
        raise ValueError(f"spending times are fractions in (0, 1]; got {list(spending_times)}")
    return times


def _with_futility(plan: Plan, times: Array, futility: Futility | None, drift: float | None = None) -> Boundaries:
    if drift is not None and (futility is None or futility.spending is None):
        raise ValueError("drift goes with futility that spends a type II error")
    if futility is None:
        return plan.without_futility()
    if futility.bounds:
        return with_given(plan, futility.bounds)
    if futility.spending is None:
        return with_chances(plan, futility.chances, futility.supposing)
    used = _used(futility.tested, len(times))
    betas = _spends(times, futility.spending, float(futility.beta or 0.0), used, last=plan.last)
    return with_beta_spending(plan, betas, drift)


def _used(tested: tuple[bool, ...], looks: int) -> tuple[bool, ...] | None:
    """Return the looks that spend a type II error: the last always does."""
    if tested and len(tested) != looks - 1:
        raise ValueError(f"futility: tested must say yes or no for each of {looks - 1} looks before the last")
    return (*tested, True) if tested else None


def _spends(t: Array, spending: Spending, error: float, tested: Sequence[bool] | None, *, last: bool) -> Array:
    """Return what is spent at each look; with ``last`` all that is left at the last."""
    used = (True,) * len(t) if tested is None else tuple(tested)
    if len(used) != len(t) or not used[-1]:
        raise ValueError(f"tested must say yes or no for each of {len(t)} looks, and yes for the last; got {used}")
    allowed = np.array([spending.spent(error, fraction) for fraction in t])
    if last:
        allowed[-1] = error
    return np.diff(np.maximum.accumulate(np.where(used, allowed, 0.0)), prepend=0.0)
