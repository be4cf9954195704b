"""Restricted mean survival time with covariates: regression of the restricted time, weighted for censoring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, FloatArray
from trialwright.stats.contrasts import Contrast
from trialwright.stats.covariates import covariate_columns
from trialwright.stats.event_times import EventTimes
from trialwright.stats.rmst import NO_TIME_LOST, Tau, as_tau

LEAST_UNCENSORED = 0.001
"""Probabilities of being uncensored are not taken below this (R survRM2)."""
STEP = 1e-13
MOST_STEPS = 50


@dataclass(frozen=True)
class AdjustedRestrictedMeans:
    """The restricted means of two arms at equal covariates, the second against the first."""

    tau: Tau
    arms: tuple[str, str]
    covariates: tuple[str, ...]
    difference: Contrast
    ratio: Contrast
    lost_ratio: Contrast
    """Ratio of the mean times lost; below one favors the second arm."""


def adjusted_restricted_means(
    times: EventTimes, covariates: Mapping[str, ArrayLike], *, tau: float | Tau, level: float = 0.95
) -> AdjustedRestrictedMeans:
    """Return difference, ratio and ratio of time lost of two arms, adjusted for covariates (ANCOVA form, Tian 2014).

    The time up to tau is regressed on arm and covariates, with the identity link for the difference and the log link
    for the ratios. Who is censored before tau counts through the others: weights 1 / G, G the Kaplan-Meier estimate of
    being uncensored within the arm, on the very day and with that day's censorings (as R survRM2), and a sandwich
    variance that knows G is estimated (Tian, Zhao and Wei 2014, Biostatistics 15:222-233). Strata enter as
    covariates; those of ``times`` are not read. Raises ValueError for covariates that are missing, constant or
    combinations of each other, for a tau after the last follow-up of an arm, delayed entry, weights, and other than
    two arms.

    >>> times = EventTimes.of([2, 4, 6, 9, 3, 5, 8, 9], [1, 1, 1, 1, 1, 0, 1, 1], list("AAAABBBB"))
    >>> found = adjusted_restricted_means(times, {"age": [50, 60, 70, 60, 50, 65, 70, 55]}, tau=8)
    >>> round(found.difference.value, 6)
    1.861736
    """
    until = as_tau(tau)
    names, columns = covariate_columns(covariates, len(times))
    sample = _Sample.of(times, columns, names, until)
    return AdjustedRestrictedMeans(
        tau=until,
        arms=(times.arms[0], times.arms[1]),
        covariates=names,
        difference=Contrast.difference(*_arm_effect(sample, sample.time, "identity"), level),
        ratio=_ratio(sample, sample.time, level),
        lost_ratio=_ratio(sample, until.time - sample.time, level),
    )


@dataclass(frozen=True, eq=False)
class _Sample:
    """The n subjects at tau: what the regressions read."""

    time: FloatArray
    """[n] up to tau."""
    known: BoolArray
    """[n] the event came or tau was reached."""
    arm: FloatArray
    """[n] 0 or 1."""
    x: FloatArray
    """[n, p] one, arm, covariates."""
    weight: FloatArray
    """[n] 1 / G for the known, 0 for the others."""

    @classmethod
    def of(cls, times: EventTimes, columns: FloatArray, names: tuple[str, ...], tau: Tau) -> _Sample:
        if len(times.arms) != 2 or len(set(times.arm.tolist())) != 2:
            raise ValueError(f"restricted means are compared in two arms, both with subjects; got {times.arms}")
        if times.entry is not None or times.weight is not None:
            raise ValueError("the regression of restricted means takes no delayed entry and no weights; leave them out")
        day = times.day.astype(float) if times.values is None else times.values[times.day]
        time = np.minimum(day, tau.time)
        known = times.event | (day >= tau.time)
        _check_reach(times, day, tau)
        x = np.column_stack([np.ones(len(time)), times.arm == 1, columns])
        _check_rank(x, names)
        weight = np.zeros(len(time))
        for a in (0, 1):
            own = times.arm == a
            weight[own] = known[own] / np.maximum(_uncensored(time[own], known[own]), LEAST_UNCENSORED)
        return cls(time, known, (times.arm == 1).astype(float), x, weight)


def _check_reach(times: EventTimes, day: FloatArray, tau: Tau) -> None:
    for a, name in enumerate(times.arms):
        last = day[times.arm == a].max()
        if last < tau.time and not times.event[(times.arm == a) & (day == last)].any():
            raise ValueError(f"tau must not be after the last follow-up of arm {name}, {last:g}; got {tau.time:g}")


def _check_rank(x: FloatArray, names: tuple[str, ...]) -> None:
    scaled = x - x.mean(axis=0)
    spread = np.sqrt((scaled**2).sum(axis=0))
    for name, constant in zip(names, spread[2:] <= 1e-12 * np.abs(x).max(axis=0)[2:], strict=True):
        if constant:
            raise ValueError(f"covariate {name} must vary; it is the same for all subjects. Leave it out.")
    if np.linalg.matrix_rank(scaled[:, 1:] / spread[1:], tol=1e-10) < x.shape[1] - 1:
        raise ValueError(f"covariates {', '.join(names)} and the arm must not be combinations of each other")


def _uncensored(time: FloatArray, known: BoolArray) -> FloatArray:
    """Return G(time) [n]: Kaplan-Meier of the censoring, whose events are the subjects not known."""
    _, place = np.unique(time, return_inverse=True)
    leaving = np.bincount(place)
    at_risk = np.cumsum(leaving[::-1])[::-1]
    return np.cumprod(1 - np.bincount(place, ~known) / at_risk)[place]


def _ratio(sample: _Sample, outcome: FloatArray, level: float) -> Contrast:
    weighted = [float(sample.weight[sample.arm == a] @ outcome[sample.arm == a]) for a in (0, 1)]
    if min(weighted) <= 0:
        return Contrast.impossible("log", level, NO_TIME_LOST)
    found = _arm_effect(sample, outcome, "log")
    return Contrast.ratio(float(np.exp(found[0])), found[1], level)


def _arm_effect(sample: _Sample, outcome: FloatArray, link: str) -> tuple[float, float]:
    """Return the coefficient of the arm with its standard error."""
    center = np.append([0.0, 0.0], sample.x[:, 2:].mean(axis=0))
    scale = np.append([1.0, 1.0], sample.x[:, 2:].std(axis=0))
    x = (sample.x - center) / scale  # does not change the arm's coefficient, keeps the equations well conditioned
    mean, slope = LINKS[link]
    beta = _solve(x, outcome, sample.weight, mean, slope)
    eta = x @ beta
    influence = _influence(sample, x * (sample.weight * (outcome - mean(eta)))[:, None])
    bread = np.linalg.inv((x * slope(eta)[:, None]).T @ x)
    return float(beta[1]), float(np.sqrt((bread @ (influence.T @ influence) @ bread)[1, 1]))


Link = Callable[[FloatArray], FloatArray]
LINKS: dict[str, tuple[Link, Link]] = {"identity": (lambda eta: eta, np.ones_like), "log": (np.exp, np.exp)}
"""The mean as a function of the linear predictor, and its slope."""


def _solve(x: FloatArray, y: FloatArray, w: FloatArray, mean: Link, slope: Link) -> FloatArray:
    """Return the root of sum w x (y - mean(x beta)), by Newton's method with long steps shortened."""
    start = np.zeros(x.shape[1])
    average = float(w @ y / w.sum())
    start[0] = average if mean is not np.exp else np.log(average)
    beta = start
    for _ in range(MOST_STEPS):
        eta = x @ beta
        try:
            step = np.linalg.solve((x * (w * slope(eta))[:, None]).T @ x, x.T @ (w * (y - mean(eta))))
        except np.linalg.LinAlgError:
            break
        longest = float(np.abs(x @ step).max()) if mean is np.exp else 0.0
        beta = beta + step / max(1.0, longest)
        if np.abs(step).max() <= STEP * max(1.0, np.abs(beta).max()):
            return beta
    raise ValueError("the regression of restricted means did not converge: too few known times for its covariates")


def _influence(sample: _Sample, score: FloatArray) -> FloatArray:
    """Return each subject's influence [n, p] on the score: its own, and that of its censoring on the weights.

    With M the mean score of those at risk: own + M(time) if censored - sum of M / at risk over earlier censorings of
    the arm (Tian, Zhao and Wei 2014; the martingale of the censoring in each arm).
    """
    influence = score.copy()
    for a in (0.0, 1.0):
        own = sample.arm == a
        influence[own] += _of_censoring(sample.time[own], ~sample.known[own], score[own])
    return influence


def _of_censoring(time: FloatArray, censored: BoolArray, score: FloatArray) -> FloatArray:
    distinct, place = np.unique(time, return_inverse=True)
    totals = np.zeros((len(distinct), score.shape[1]))
    np.add.at(totals, place, score)
    later = np.cumsum(totals[::-1], axis=0)[::-1]
    at_risk = np.cumsum(np.bincount(place)[::-1])[::-1][:, None]
    mean = later / at_risk
    spent = np.cumsum(mean * np.bincount(place, censored)[:, None] / at_risk, axis=0)
    influence: FloatArray = mean[place] * censored[:, None] - spent[place]
    return influence
