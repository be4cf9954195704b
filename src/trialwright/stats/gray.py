"""Gray's test of equal cumulative incidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.competing import CompetingTimes
from trialwright.stats.estimates import Test
from trialwright.stats.log_rank import quadratic_form

NOTHING = 1e-12


@dataclass(frozen=True, eq=False)
class GrayTest:
    """A test of equal cumulative incidence of a cause with what it compares."""

    arms: tuple[str, ...]
    cause: str
    subjects: IntArray
    """[arms]"""
    observed: IntArray
    """[arms] events of the cause."""
    score: FloatArray
    """[arms] observed less expected events, summed over strata."""
    variance: FloatArray
    """[arms, arms]"""
    test: Test
    """Two-sided."""


class _Counts(NamedTuple):
    """Counts of a stratum on its days with events of any cause, [D, arms], and the incidences that follow."""

    at_risk: FloatArray
    own: FloatArray
    """Events of the cause."""
    other: FloatArray
    before: FloatArray
    """Probability of no event, just before the day."""
    after: FloatArray
    incidence: FloatArray
    """Of the cause, just before the day."""


def gray_test(times: CompetingTimes, cause: str, *, rho: float = 0.0) -> GrayTest:
    """Return Gray's test of the arms for a cause, stratified by the strata of ``times``.

    It compares subdistribution hazards: score_a = sum w (d_a - R_a d / R), R_a = Y_a (1 - F_a(t-)) / S_a(t-), with
    weight w = (1 - F(t-))^rho by the pooled incidence F, and the variance of Gray (1988, section 3), ties as in R's
    ``cmprsk::cuminc``. Score and variance are summed over strata. Whole case weights count subjects. Raises ValueError
    when fewer than two arms have subjects, and for delayed entry and fractional weights: R_a estimates how many would
    be followed without censoring, and Gray's variance counts tied events.

    >>> cause = [1, 1, 2, 0, 2, 1, 0, 1]
    >>> times = CompetingTimes.of([1, 2, 3, 4, 5, 6, 7, 8], cause, list("AABABBAB"), causes=["x", "y"])
    >>> found = gray_test(times, "x")
    >>> found.observed.tolist(), round(found.test.p, 4)
    ([2, 2], 0.3075)
    """
    code = times.code(cause)
    _require_counts(times)
    subjects = times.table.ends.sum(axis=(0, 1, 3))
    present = [name for name, n in zip(times.arms, subjects, strict=True) if n > 0]
    if len(present) < 2:
        raise ValueError(f"a comparison needs subjects in at least two arms; got {' and '.join(present)} only")
    ends, at_risk = times.table.ends, times.table.at_risk
    parts = [_stratum(_counts(e, y, code), rho) for e, y in zip(ends, at_risk, strict=True)]
    score, variance = sum(part[0] for part in parts), sum(part[1] for part in parts)
    observed = ends[..., code].sum(axis=(0, 1))
    test = quadratic_form(np.asarray(score), np.asarray(variance))
    return GrayTest(times.arms, cause, subjects, observed, np.asarray(score), np.asarray(variance), test)


def _require_counts(times: CompetingTimes) -> None:
    taken = {"delayed entry": times.entry is not None, "fractional weights": times.table.weighted}
    for name, given in taken.items():
        if given:
            raise ValueError(
                f"Gray's test takes no {name}: its numbers at risk are thinned by censoring alone, and its variance "
                f"counts tied events. Make the times without, or compare hazards with cause_specific_log_rank."
            )


def _counts(ends: IntArray, at_risk: IntArray, code: int) -> _Counts:
    happened = ends[..., 1:].any(axis=(1, 2))
    y, own = at_risk[happened].astype(float), ends[happened, :, code].astype(float)
    other = ends[happened, :, 1:].sum(axis=2) - own
    some = np.maximum(y, 1.0)
    after = np.cumprod(1 - (own + other) / some, axis=0)
    before = np.vstack([np.ones(after.shape[1]), after[:-1]]) if len(after) else after
    steps = before * own / some
    return _Counts(y, own, other, before, after, np.cumsum(steps, axis=0) - steps)


def _stratum(counts: _Counts, rho: float) -> tuple[FloatArray, FloatArray]:
    """Return score [arms] and variance [arms, arms] of a stratum."""
    y, own, before = counts.at_risk, counts.own, counts.before
    arms = y.shape[1]
    # subjects whom no cause has taken would number Y / S if there were no censoring
    alive = np.divide(y, before, out=np.zeros_like(y), where=y > 0)
    exposed = alive * (1 - counts.incidence)
    d, total = own.sum(axis=1), alive.sum(axis=1)
    total_exposed = exposed.sum(axis=1)
    pooled = np.cumsum(np.divide(d, total, out=np.zeros_like(d), where=total > 0))
    pooled_before = pooled - np.divide(d, total, out=np.zeros_like(d), where=total > 0)
    weight = (1 - pooled_before) ** rho
    share = np.divide(exposed, total_exposed[:, None], out=np.zeros_like(exposed), where=total_exposed[:, None] > 0)
    score: FloatArray = (weight[:, None] * (own - d[:, None] * share)).sum(axis=0)
    part = alive / np.where(total > 0, total, 1.0)[:, None]
    loading = weight[:, None, None] * (alive[:, :, None] * np.eye(arms) - alive[:, :, None] * part[:, None, :])
    # once arms have died out the pooled incidence may reach 1: there the loading is 0, or nothing is known
    free = total * (1 - pooled_before)
    hazard = np.divide(d, free, out=np.zeros_like(d), where=(d > 0) & (np.abs(free) > NOTHING * total))
    passed = np.cumsum(loading * hazard[:, None, None], axis=0)
    ahead = passed[-1:] - passed  # effect that an event now has on the scores to come
    return score, _variance(counts, loading, ahead, (pooled, total, d))


def _variance(
    counts: _Counts, loading: FloatArray, ahead: FloatArray, pool: tuple[FloatArray, FloatArray, FloatArray]
) -> FloatArray:
    """Return the sum over days and arms k of u u' times the variance of an event there, [arms, arms]."""
    pooled, total, d = pool
    y, before, after = counts.at_risk, counts.before, counts.after
    left = (1 - pooled)[:, None]
    lost = np.divide(left, after, out=np.zeros_like(y), where=after > 0)
    own_effect = loading + np.where(after > 0, 1 - lost, 1.0)[:, None, :] * ahead
    expected = np.where(y > 0, before * d[:, None] / np.where(y > 0, total[:, None] * y, 1.0), 0.0)
    size = total[:, None] * before
    tied = np.where(d[:, None] > 1, 1 - (d[:, None] - 1) / np.where(size > 1, size - 1, 1.0), 1.0)
    other = np.where(after > 0, before**2 * counts.other / np.maximum(y, 1.0) ** 2, 0.0)
    other_tied = np.where(counts.other > 1, 1 - (counts.other - 1) / np.maximum(y - 1, 1.0), 1.0)
    other_effect = lost[:, None, :] * ahead
    variance: FloatArray = np.einsum("tik,tjk,tk->ij", own_effect, own_effect, expected * tied)
    variance += np.einsum("tik,tjk,tk->ij", other_effect, other_effect, other * other_tied)
    return variance
