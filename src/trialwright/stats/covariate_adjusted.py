"""The covariate-adjusted log-rank test and hazard ratio of a randomized comparison, stratified or not.

Ye, Shao and Yi 2024 (Biometrika 111:691): the score of the arm is a sum of one derived outcome per subject; regressing
these on baseline covariates within each arm removes the chance imbalance of the covariates from the score. The model
behind the hazard ratio stays the one of the arm alone: it is the same estimand as without covariates, only with less
variance, and the test holds its level whether or not the covariates are prognostic. Breslow's rule for ties.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.covariates import covariate_columns
from trialwright.stats.cox import HazardRatio
from trialwright.stats.estimates import Test, normal_tail, two_sided_z
from trialwright.stats.event_times import EventTimes
from trialwright.stats.log_rank import NO_INFORMATION
from trialwright.stats.risk_table import RiskTable
from trialwright.stats.simple_times import require_simple

STEP = 1e-13
MOST_STEPS = 200
ALIASED = "the covariates cannot be told apart within an arm: one is constant there or follows from the others"


@dataclass(frozen=True)
class CovariateAdjusted:
    """An adjusted log-rank test and hazard ratio of the second arm against the first."""

    test: Test
    """Two-sided, chi-square with 1 degree of freedom."""
    z: float | None
    """Below zero = fewer events than expected in the second arm."""
    p_one_sided: float | None
    """Probability of such a z or a smaller one."""
    effect: HazardRatio
    covariates: tuple[str, ...]
    share: float
    """Probability of the second arm used in the variance."""
    subjects: int
    events: int
    variance_ratio: float | None
    """Variance of the score with covariates over that without, at equal hazards; below 1 = precision gained."""


def covariate_adjusted(
    times: EventTimes,
    covariates: Mapping[str, ArrayLike],
    *,
    share: float | None = None,
    level: float = 0.95,
) -> CovariateAdjusted:
    """Return the covariate-adjusted log-rank test and hazard ratio, stratified by the strata of ``times``.

    ``covariates``: baseline columns [n] of numbers; none gives the log-rank test and Breslow's hazard ratio.
    ``share``: randomized share of the second arm; the observed one by default. With strata the derived outcomes are
    taken within strata, the regressions are pooled over them and covariates are centered within them. The test uses
    the hypergeometric variance, the hazard ratio the information of the Breslow likelihood (as RobinCar2). Raises
    ValueError unless there are exactly two arms with subjects and every covariate is a known number.

    >>> times = EventTimes.of([3, 5, 7, 9, 11, 12], [1, 1, 1, 1, 1, 0], ["A", "A", "B", "A", "B", "B"])
    >>> adjusted = covariate_adjusted(times, {"age": [70, 66, 61, 58, 65, 60]})
    >>> f"{adjusted.z:.4f} {adjusted.effect.coef:.4f}"
    '-1.5736 -1.7886'
    """
    names, x = covariate_columns(covariates, len(times))
    _require_two_arms(times)
    require_simple(times, "covariate adjustment")
    score = _Score.of(times, x, float(times.arm.mean()) if share is None else _checked(share))
    z, test, ratio = _test(score)
    effect = _effect(score, times.arms, level)
    return CovariateAdjusted(
        test=test,
        z=z,
        p_one_sided=None if z is None else normal_tail(z),
        effect=effect,
        covariates=names,
        share=score.share,
        subjects=len(times),
        events=int(times.event.sum()),
        variance_ratio=ratio,
    )


def _require_two_arms(times: EventTimes) -> None:
    present = [name for a, name in enumerate(times.arms) if (times.arm == a).any()]
    if len(times.arms) != 2 or len(present) != 2:
        raise ValueError(f"the comparison needs subjects in exactly two arms; got {', '.join(present)}. Choose two.")


def _checked(share: float) -> float:
    if not 0 < share < 1:
        raise ValueError(f"share must be in (0, 1); got {share}. For 2:1 allocation write share=2/3.")
    return share


class _Adjustment(NamedTuple):
    """What covariates take off the score and off its variance."""

    score: float
    variance: float


@dataclass(frozen=True, eq=False)
class _Score:
    """The score of the log hazard ratio theta at each theta, with the derived outcome of each subject."""

    times: EventTimes
    x: FloatArray
    share: float
    events: FloatArray
    """[C, 2] at each of C pairs of stratum and day with an event."""
    at_risk: FloatArray
    """[C, 2]"""
    first: IntArray
    """[n] first pair at which the subject is at risk."""
    last: IntArray
    """[n] the pair after the last."""

    @classmethod
    def of(cls, times: EventTimes, x: FloatArray, share: float) -> _Score:
        table = RiskTable.count(times)
        return cls(times, x, share, table.ties.events, table.ties.at_risk, *_places(times, table))

    @property
    def d(self) -> FloatArray:
        """[C] events of both arms."""
        d: FloatArray = self.events.sum(axis=1)
        return d

    def at(self, theta: float) -> tuple[float, float]:
        """Return the score and the information of the Breslow likelihood."""
        weighted = math.exp(theta) * self.at_risk[:, 1]
        mean = weighted / (weighted + self.at_risk[:, 0])
        return float((self.events[:, 1] - self.d * mean).sum()), float((self.d * mean * (1 - mean)).sum())

    def hypergeometric(self) -> float:
        """Return the variance of the score at theta = 0, ties accounted for."""
        y = self.at_risk.sum(axis=1)
        mean = self.at_risk[:, 1] / y
        return float((self.d * mean * (1 - mean) * (y - self.d) / np.maximum(y - 1, 1)).sum())

    def outcomes(self, theta: float) -> FloatArray:
        """Return O_i: the martingale of subject i, each day weighted with the other arm's share at risk."""
        ratio = math.exp(theta)
        total = ratio * self.at_risk[:, 1] + self.at_risk[:, 0]
        weight = np.stack([ratio * self.at_risk[:, 1] / total, self.at_risk[:, 0] / total])
        running = np.concatenate([np.zeros((2, 1)), np.cumsum(weight * self.d / total, axis=1)], axis=1)
        arm, event = self.times.arm, self.times.event
        outcomes: FloatArray = -np.where(arm == 1, ratio, 1.0) * (running[arm, self.last] - running[arm, self.first])
        outcomes[event] += weight[arm[event], self.last[event] - 1]
        return outcomes

    def adjustment(self, theta: float) -> _Adjustment | None:
        """Return what the covariates take off, or None when they cannot be told apart within an arm."""
        if self.x.shape[1] == 0:
            return _Adjustment(0.0, 0.0)
        outcomes = self.outcomes(theta)
        slopes = [self._slopes(outcomes, a) for a in (0, 1)]
        if slopes[0] is None or slopes[1] is None:
            return None
        x = _centered(self.x, self.times.stratum)
        second = self.times.arm == 1
        off = float((x[second] @ slopes[1]).sum() - (x[~second] @ slopes[0]).sum())
        both = slopes[0] + slopes[1]
        spread = len(x) * self.share * (1 - self.share) * float(both @ self._covariance() @ both)
        return _Adjustment(off, spread)

    def _slopes(self, outcomes: FloatArray, arm: int) -> FloatArray | None:
        chosen = self.times.arm == arm
        x = _centered(self.x[chosen], self.times.stratum[chosen])
        scale = np.sqrt((x**2).sum(axis=0))
        if (scale <= 1e-12 * np.abs(self.x).max(axis=0)).any() or np.linalg.cond(x / scale) > 1e10:
            return None
        slopes: FloatArray = np.linalg.lstsq(x / scale, outcomes[chosen], rcond=None)[0] / scale
        return slopes

    def _covariance(self) -> FloatArray:
        """Return the covariance of the covariates: mean over strata of two or more, weighted by their sizes."""
        stratum = self.times.stratum
        size = np.bincount(stratum)[stratum]
        x = _centered(self.x, stratum)[size > 1]
        weight = (size / (size - 1.0 + (size == 1)))[size > 1] / len(x)
        covariance: FloatArray = (x * weight[:, None]).T @ x
        return covariance


def _centered(x: FloatArray, stratum: IntArray) -> FloatArray:
    """Return the columns less their means within strata."""
    size = np.maximum(np.bincount(stratum), 1)
    means = np.stack([np.bincount(stratum, column) / size for column in x.T], axis=1)
    centered: FloatArray = x - means[stratum]
    return centered


def _places(times: EventTimes, table: RiskTable) -> tuple[IntArray, IntArray]:
    """Return the pairs of stratum and day [first, last) at which each subject is at risk [n]."""
    span = len(table.days) + 1
    stratum, day = np.nonzero(table.events.any(axis=2))
    keys = stratum * span + day
    reach = np.searchsorted(table.days, times.day, side="right")
    first = np.searchsorted(keys, times.stratum * np.int64(span))
    last = np.searchsorted(keys, times.stratum * np.int64(span) + reach)
    return first, last


def _test(score: _Score) -> tuple[float | None, Test, float | None]:
    plain = score.hypergeometric()
    if plain <= 0:
        return None, Test.impossible(NO_INFORMATION), None
    off = score.adjustment(0.0)
    if off is None:
        return None, Test.impossible(ALIASED), None
    if off.variance >= plain:
        return None, Test.impossible("the covariates explain all of the score; too many for so few events"), None
    z = (score.at(0.0)[0] - off.score) / math.sqrt(plain - off.variance)
    return z, Test.chi_square(z**2, 1), (plain - off.variance) / plain


def _effect(score: _Score, arms: tuple[str, ...], level: float) -> HazardRatio:
    names = (arms[1], arms[0])
    if score.hypergeometric() <= 0:
        return _impossible(names, level, NO_INFORMATION)
    unadjusted = _root(score, 0.0, 0.0)
    if unadjusted is None:
        return _impossible(names, level, "the hazard ratio without covariates is 0 or infinite")
    off = score.adjustment(unadjusted)
    if off is None:
        return _impossible(names, level, ALIASED)
    theta = _root(score, off.score, unadjusted)
    if theta is None:
        return _impossible(names, level, "the adjusted score has no root")
    information = score.at(theta)[1]
    if off.variance >= information:
        return _impossible(names, level, "the covariates explain all of the score; too many for so few events")
    return _estimated(names, level, theta, math.sqrt(information - off.variance) / information)


def _root(score: _Score, target: float, start: float) -> float | None:
    """Return the theta at which the score equals ``target``, or None where it never does.

    The score falls from the events of one arm to minus those of the other, so beyond reach there is no root.
    """
    both = (score.at_risk > 0).all(axis=1)
    highest, lowest = score.events[both, 1].sum(), -score.events[both, 0].sum()
    if not lowest < target < highest:
        return None
    theta, step = start, 1.0
    for _ in range(MOST_STEPS):
        value, information = score.at(theta)
        step = max(-1.0, min(1.0, (value - target) / information))
        theta += step
        if abs(step) <= STEP * max(1.0, abs(theta)):
            return theta
    return None


def _estimated(names: tuple[str, str], level: float, theta: float, se: float) -> HazardRatio:
    z, half = theta / se, two_sided_z(level) * se
    ratio, lower, upper = (math.exp(b) for b in (theta, theta - half, theta + half))
    return HazardRatio(*names, ratio, lower, upper, level, theta, se, z, 2 * normal_tail(-abs(z)))


def _impossible(names: tuple[str, str], level: float, problem: str) -> HazardRatio:
    return HazardRatio(*names, None, None, None, level, None, None, None, None, problem)
