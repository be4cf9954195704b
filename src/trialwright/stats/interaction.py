"""Whether the effect of the arms differs between the levels of a factor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, FloatArray, IntArray
from trialwright.stats.estimates import Test
from trialwright.stats.event_times import EventTimes
from trialwright.stats.interaction_rows import interaction_of_rows
from trialwright.stats.partial_likelihood import Derivatives, PartialLikelihood, TieRule, partial_likelihood
from trialwright.stats.risk_table import RiskTable, Ties

MOST_STEPS = 100
NEAR = 1e-6
"""So near the maximum one full step of Newton's method squares the distance; the likelihood could not show it."""
FAR = 15.0
"""A log hazard ratio beyond this runs to infinity: the likelihood of so rare an event is flat."""
NOTHING_TO_TEST = "fewer than two levels have events while both arms are at risk, so there is no interaction to test"


@dataclass(frozen=True)
class Interaction:
    """Tests that the hazard ratio of the arms is the same at every level."""

    likelihood_ratio: Test
    wald: Test
    """Impossible where a hazard ratio is 0 or infinite; the likelihood ratio is then that of the limit."""


def interaction(times: EventTimes, level: ArrayLike, *, ties: TieRule = "efron") -> Interaction:
    """Test arm by level in the Cox model with main effects of both; ``level`` [n] are codes from 0.

    The model with interaction is the model of the arms-by-levels cells, so both follow from one risk table (Cox 1972;
    R: ``coxph(Surv(day, event) ~ arm * level)``). Strata of ``times`` are kept. Cells without anybody at risk at an
    event lower the degrees of freedom. Raises ValueError for codes that are no whole numbers from 0, or of another
    length.

    >>> times = EventTimes.of([3, 5, 7, 9, 8, 2, 6, 4], [1] * 8, list("AABBAABB"))
    >>> found = interaction(times, [0, 0, 0, 0, 1, 1, 1, 1]).likelihood_ratio
    >>> round(found.statistic, 6), found.df
    (2.931552, 1)
    """
    codes = _codes(level, len(times))
    if ties == "discrete":
        tests = interaction_of_rows(times, codes, ties)
        return Interaction(*(tests or (Test.impossible(NOTHING_TO_TEST),) * 2))
    table, main = _cells(times, codes)
    if not len(main):
        return Interaction(Test.impossible(NOTHING_TO_TEST), Test.impossible(NOTHING_TO_TEST))
    likelihood = partial_likelihood(table, ties)
    start = likelihood(np.zeros(len(main))).information
    df = _rank(start) - _rank(main.T @ start @ main)
    if df < 1:
        return Interaction(Test.impossible(NOTHING_TO_TEST), Test.impossible(NOTHING_TO_TEST))
    everything: FloatArray = np.eye(len(main))[:, 1:]
    _, reduced = _maximum(likelihood, main)
    b, full = _maximum(likelihood, everything)
    gain = 2 * (full.log_likelihood - reduced.log_likelihood)
    return Interaction(Test.chi_square(max(0.0, gain), df), _wald(b, full, main, df))


def _rank(information: FloatArray) -> int:
    """Return how many contrasts the data speak of."""
    return int(np.linalg.matrix_rank(information, tol=1e-9 * max(1.0, float(np.abs(information).max()))))


def _codes(level: ArrayLike, n: int) -> IntArray:
    codes = np.asarray(level)
    if codes.shape != (n,) or codes.dtype.kind not in "iu" or codes.min() < 0:
        raise ValueError(f"level must be a whole number from 0 for each of the {n} subjects; got {codes.dtype} of "
                         f"shape {codes.shape}")  # fmt: skip
    return codes.astype(np.int64)


def _cells(times: EventTimes, codes: IntArray) -> tuple[Ties, FloatArray]:
    """Return the ties of the cells that are at risk at an event, and the main effects' design [cells, effects]."""
    levels = int(codes.max()) + 1
    cell, names = times.arm.astype(np.int64) * levels + codes, tuple(map(str, range(len(times.arms) * levels)))
    table = RiskTable.count(replace(times, arm=cell.astype(np.int32), arms=names))
    ties = table.ties
    present: BoolArray = ties.at_risk.sum(axis=0) > 0
    arm, level = np.divmod(np.flatnonzero(present), levels)
    main = np.hstack((np.eye(len(times.arms))[arm], np.eye(levels)[level]))
    return Ties(ties.stratum, ties.events[:, present], ties.at_risk[:, present]), main


def _maximum(likelihood: PartialLikelihood, design: FloatArray) -> tuple[FloatArray, Derivatives]:
    """Return b = design x effects with the highest likelihood, or far on the way to it, and the derivatives there."""
    b: FloatArray = np.zeros(len(design))
    at = likelihood(b)
    for _ in range(MOST_STEPS):
        effects = np.linalg.lstsq(design.T @ at.information @ design, design.T @ at.score, rcond=1e-11)[0]
        step = design @ effects
        size = float(np.abs(step).max())
        if size < NEAR:
            b = b + step - step[0]
            return b, likelihood(b)
        step *= min(1.0, 5.0 / size)
        next_b, there = _uphill(likelihood, b, at, step - step[0])
        b, at = (next_b, there) if there.log_likelihood >= at.log_likelihood else (b, at)
        if np.abs(b).max() > 4 * FAR:
            break
    return b, at


def _uphill(
    likelihood: PartialLikelihood, b: FloatArray, at: Derivatives, step: FloatArray
) -> tuple[FloatArray, Derivatives]:
    there = likelihood(b + step)
    while there.log_likelihood < at.log_likelihood and np.abs(step).max() > 1e-12:
        step = step / 2
        there = likelihood(b + step)
    return b + step, there


def _wald(b: FloatArray, at: Derivatives, main: FloatArray, df: int) -> Test:
    """Return the Wald test of all contrasts that the data speak of and the main effects leave out."""
    if np.abs(b).max() > FAR:
        problem = "a hazard ratio is 0 or infinite: some cell of arm and level has no event while others are at risk"
        return Test.impossible(problem)
    _, direction = np.linalg.eigh(at.information)
    known = direction[:, len(b) - _rank(at.information) :]
    _, _, rows = np.linalg.svd(main.T @ known)
    contrasts = known @ rows[known.shape[1] - df :].T
    estimate = contrasts.T @ b
    variance = contrasts.T @ np.linalg.pinv(at.information, rcond=1e-11, hermitian=True) @ contrasts
    return Test.chi_square(float(estimate @ np.linalg.solve(variance, estimate)), df)
