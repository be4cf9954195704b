"""Newton's method on a concave log-likelihood, and what is built on it: profile limits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.partial_likelihood import Derivatives

STEP = 1e-12
"""Newton's method ends when no standard coefficient moves by more than this (R's default leaves up to 3e-9)."""
NOISE = 1e-8
"""Below this a step that no longer shrinks is round-off."""
MOST_STEPS = 100
EARLY = 5
"""Steps after which a method that still does not slow down is suspected to climb for ever."""
FAR = 1e6

Likelihood = Callable[[FloatArray], Derivatives]
Watch = Callable[[FloatArray], FloatArray | None]


@dataclass(frozen=True, eq=False)
class Climb:
    """Where Newton's method came to."""

    b: FloatArray
    at: Derivatives
    steps: int
    settled: bool
    direction: FloatArray | None = None
    """Set where the likelihood rises for ever along it."""


def climb(likelihood: Likelihood, b: FloatArray, at: Derivatives, kept: list[int], watch: Watch | None = None) -> Climb:
    """Move the kept coefficients to the maximum, halving steps that lead downhill (the others stay).

    ``watch`` is asked, when steps do not shrink, whether a step points to where the likelihood rises for ever.
    """
    before = math.inf
    inside = np.ix_(kept, kept)
    for number in range(MOST_STEPS):
        step = np.zeros(len(b))
        step[kept] = _solve(at.information[inside], at.score[kept])
        size = float(np.abs(step).max(initial=0.0))
        if size <= STEP or (size <= NOISE and size >= before / 2):
            return Climb(b + step if size <= STEP else b, at, number, True)
        if watch and number >= EARLY and size > before / 4:
            direction = watch(step)
            if direction is not None:
                return Climb(b, at, number, False, direction)
        b, at, taken = _uphill(likelihood, b, at, step)
        if not taken:
            return Climb(b, at, number, size <= NOISE)
        before = size
    return Climb(b, at, MOST_STEPS, False)


def _solve(information: FloatArray, score: FloatArray) -> FloatArray:
    try:
        solved: FloatArray = np.linalg.solve(information, score)
    except np.linalg.LinAlgError:
        solved = np.linalg.lstsq(information, score)[0]
    return solved


def _uphill(
    likelihood: Likelihood, b: FloatArray, at: Derivatives, step: FloatArray
) -> tuple[FloatArray, Derivatives, bool]:
    """Take the step, halved until the log-likelihood does not fall by more than round-off."""
    slack = 1e-12 * (1 + abs(at.log_likelihood))
    while np.abs(step).max() > STEP / 100:
        with np.errstate(all="ignore"):
            there = likelihood(b + step)
        usable = np.isfinite(there.log_likelihood) and np.isfinite(there.information).all()
        if usable and there.log_likelihood >= at.log_likelihood - slack:
            return b + step, there, True
        step = step / 2
    return b, at, False


def independent(information: FloatArray, wanted: list[int], events: float) -> list[int]:
    """Return which of the wanted coefficients the information can tell apart, taken in their order.

    A coefficient is left out when what it adds to those before is less than 1e-10 of its own information.
    """
    kept: list[int] = []
    for k in wanted:
        own = float(information[k, k])
        if own <= 1e-12 * max(events, 1.0):
            continue
        if kept:
            link = information[np.ix_(kept, [k])][:, 0]
            rest = own - float(link @ _solve(information[np.ix_(kept, kept)], link))
        else:
            rest = own
        if rest > 1e-10 * own:
            kept.append(k)
    return kept


def profile_limit(
    likelihood: Likelihood, top: Climb, kept: list[int], k: int, *, se: float, z: float, side: int
) -> float | None:
    """Return where, on a side (-1, 1), the profile log-likelihood of coefficient k has fallen by z^2 / 2.

    These are the limits of Venzon and Moolgavkar (1988). Found by Newton's method on the signed root of twice the
    fall, whose slope is the score of k where the others are best.
    """
    others = [j for j in kept if j != k]
    climbed, at_top = top, top.at.log_likelihood
    low, high = 0.0, math.inf
    away = z * se
    for _ in range(MOST_STEPS):
        b = climbed.b.copy()
        b[k] = top.b[k] + side * away
        start = _evaluate(likelihood, b)
        if start is None:
            high, away = away, (low + away) / 2
            continue
        climbed_here = climb(likelihood, b, start, others)
        fall = 2 * (at_top - climbed_here.at.log_likelihood)
        root = math.sqrt(max(fall, 0.0))
        low, high = (away, high) if root < z else (low, away)
        climbed = climbed_here
        slope = -side * float(climbed.at.score[k]) / root if root > 0 else 0.0
        step = (z - root) / slope if slope > 0 else math.inf
        if abs(step) <= STEP * max(1.0, away):
            return float(top.b[k] + side * (away + step))
        new = away + step
        away = new if low < new < high else ((low + high) / 2 if math.isfinite(high) else 2 * away)
        if away > FAR or high - low <= STEP * away:
            return None if away > FAR else float(top.b[k] + side * away)
    return None


def _evaluate(likelihood: Likelihood, b: FloatArray) -> Derivatives | None:
    with np.errstate(all="ignore"):
        at = likelihood(b)
    return at if np.isfinite(at.log_likelihood) and np.isfinite(at.information).all() else None


def crossing(fall: Callable[[float], float], start: float, step: float) -> float | None:
    """Return where a function that falls along the sign of ``step`` crosses zero; None if it never does.

    NaN where the function is NaN on the way. Bracketed by doubling the step, then regula falsi with the Illinois rule.
    """
    x, value = start, fall(start)
    step = step if value > 0 else -step
    other, there = x, value
    while (there > 0) == (value > 0):
        x, value = other, there
        other = x + step
        if abs(other) > FAR:
            return None
        there = fall(other)
        if math.isnan(there):
            return there
        step *= 2
    return _illinois(fall, x, value, other, there)


def _illinois(fall: Callable[[float], float], a: float, fa: float, c: float, fc: float) -> float:
    for _ in range(200):
        if abs(c - a) <= STEP * max(1.0, abs(a), abs(c)):
            break
        finite = math.isfinite(fa) and math.isfinite(fc)
        x = (a * fc - c * fa) / (fc - fa) if finite else (a + c) / 2
        fx = fall(x)
        if math.isnan(fx):
            return fx
        if fx == 0 or abs(x - c) <= STEP * max(1.0, abs(x)):
            return x
        if (fx > 0) == (fc > 0):
            fa = fa / 2
        else:
            a, fa = c, fc
        c, fc = x, fx
    return c
