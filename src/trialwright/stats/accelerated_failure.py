"""Accelerated-failure-time models: exponential, Weibull, log-normal, log-logistic.

log T = x b + scale W (Kalbfleisch and Prentice 2002, section 2.3; the parametrization of R's survreg).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from trialwright.stats.arrays import BoolArray, FloatArray
from trialwright.stats.covariates import covariate_columns
from trialwright.stats.estimates import Estimate, Test, two_sided_z
from trialwright.stats.event_times import EventTimes
from trialwright.stats.failure_distributions import DISTRIBUTIONS, Failure
from trialwright.stats.failure_fit import LogTimeFit, fit_log_time
from trialwright.stats.simple_times import require_simple

INTERCEPT = "intercept"


@dataclass(frozen=True, eq=False)
class AcceleratedFailure:
    """A fitted model of log time, or the problem that prevents it (then all estimates are None)."""

    distribution: Failure
    names: tuple[str, ...]
    """[k] intercept, arms and strata but the first of each, covariates."""
    coef: FloatArray | None
    """[k] of log time: exp(coef) multiplies time."""
    scale: float | None
    """1 by definition for the exponential."""
    covariance: FloatArray | None
    """[k + 1, k + 1], the log of the scale last; [k, k] for the exponential."""
    log_likelihood: float | None
    """Of the times themselves (not of their logarithms), as in survreg."""
    likelihood_ratio: Test
    """Against the model of intercept and strata."""
    subjects: int
    events: int
    level: float
    problem: str | None = None

    def acceleration_factor(self, name: str) -> Estimate:
        """Return exp(coef): times are that much longer per unit of the column. ``se`` is of the logarithm."""
        if self.problem:
            return self._nothing(self.problem)
        gradient = self._gradient(name, 1.0, 0.0)
        return self._ratio(float(gradient[: len(self.names)] @ self._fit().coef), gradient)

    def hazard_ratio(self, name: str) -> Estimate:
        """Return exp(-coef / scale), for exponential and Weibull models. ``se`` is of the logarithm."""
        if self.distribution not in ("exponential", "weibull"):
            return self._nothing(f"hazards are not proportional in a {self.distribution} model")
        return self._over_scale(name)

    def odds_ratio(self, name: str) -> Estimate:
        """Return exp(-coef / scale) of a log-logistic model: the ratio of odds of having failed, at any time."""
        if self.distribution != "loglogistic":
            return self._nothing(f"odds are not proportional in a {self.distribution} model")
        return self._over_scale(name)

    def survival(self, day: float, at: Mapping[str, float]) -> Estimate:
        """Return survival beyond a day at given columns; limits on the scale of the error, ``se`` of survival.

        ``at`` holds every name but the intercept. Raises ValueError for a day not above 0 or names that differ.
        """
        if not day > 0:
            raise ValueError(f"day must be above 0; got {day}")
        x = self._point(at)
        if self.problem:
            return self._nothing(self.problem)
        fit = self._fit()
        z = (math.log(day) - float(x @ fit.coef)) / fit.scale
        se = self._se(np.append(-x / fit.scale, -z))
        half = two_sided_z(self.level) * se
        log = DISTRIBUTIONS[self.distribution].survival(np.array([z, z + half, z - half]))
        value, lower, upper = np.exp(log.value).tolist()
        return Estimate(value, lower, upper, self.level, abs(float(log.first[0])) * value * se)

    def quantile(self, p: float, at: Mapping[str, float]) -> Estimate:
        """Return the day by which a share ``p`` has had the event at given columns; limits on the log scale.

        Raises ValueError for a ``p`` outside (0, 1) or names that differ.
        """
        if not 0 < p < 1:
            raise ValueError(f"p must be in (0, 1), the share that has had the event; got {p}")
        x = self._point(at)
        if self.problem:
            return self._nothing(self.problem)
        fit = self._fit()
        z = DISTRIBUTIONS[self.distribution].quantile(p)
        days = self._ratio(float(x @ fit.coef) + fit.scale * z, np.append(x, fit.scale * z))
        se = None if days.se is None or days.value is None else days.se * days.value
        return Estimate(days.value, days.lower, days.upper, self.level, se)

    def _over_scale(self, name: str) -> Estimate:
        if self.problem:
            return self._nothing(self.problem)
        fit = self._fit()
        b = float(fit.coef[self._place(name)])
        return self._ratio(-b / fit.scale, self._gradient(name, -1 / fit.scale, b / fit.scale))

    def _ratio(self, log: float, gradient: FloatArray) -> Estimate:
        se = self._se(gradient)
        half = two_sided_z(self.level) * se
        return Estimate(math.exp(log), math.exp(log - half), math.exp(log + half), self.level, se)

    def _se(self, gradient: FloatArray) -> float:
        covariance = self._fit().covariance
        g = gradient[: len(covariance)]
        return math.sqrt(float(g @ covariance @ g))

    def _gradient(self, name: str, by_coef: float, by_log_scale: float) -> FloatArray:
        gradient = np.zeros(len(self.names) + 1)
        gradient[self._place(name)], gradient[-1] = by_coef, by_log_scale
        return gradient

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise ValueError(f"{name!r} is not a column of the model; known: {', '.join(self.names)}")
        return self.names.index(name)

    def _point(self, at: Mapping[str, float]) -> FloatArray:
        if set(at) != set(self.names) - {INTERCEPT}:
            raise ValueError(f"at must hold {', '.join(self.names[1:]) or 'nothing'}; got {', '.join(at) or 'nothing'}")
        return np.array([1.0, *(float(at[name]) for name in self.names[1:])])

    def _fit(self) -> LogTimeFit:
        if self.coef is None or self.scale is None or self.covariance is None or self.log_likelihood is None:
            raise ValueError(f"the model has no estimates: {self.problem}")
        return LogTimeFit(self.coef, self.scale, self.covariance, self.log_likelihood)

    def _nothing(self, problem: str) -> Estimate:
        return Estimate(None, None, None, self.level, None, problem)


def accelerated_failure(
    times: EventTimes,
    covariates: Mapping[str, ArrayLike] | None = None,
    *,
    distribution: Failure,
    level: float = 0.95,
) -> AcceleratedFailure:
    """Return the model of the arms, the strata (as factors, on log time) and the covariates of ``times``.

    ``covariates``: columns [n] of numbers. Columns are called "arm B", "stratum y" and by the names of covariates. Not
    estimable, with a problem: a time of 0, no event (in an arm or a stratum), columns that cannot be told apart.
    Raises ValueError for an unknown distribution and covariates that are not known numbers.

    >>> times = EventTimes.of([10, 30, 20, 60, 50], [1, 1, 1, 1, 0], ["A", "A", "B", "B", "B"])
    >>> model = accelerated_failure(times, distribution="exponential")
    >>> [round(float(t), 6) for t in np.exp(model.coef)]  # days per event: 40 / 2 and 130 / 2
    [20.0, 3.25]
    >>> round(model.hazard_ratio("arm B").value, 6)
    0.307692
    """
    if distribution not in get_args(Failure):
        raise ValueError(f"distribution must be one of {', '.join(get_args(Failure))}; got {distribution!r}")
    two_sided_z(level)
    require_simple(times, "a model of log time")
    design = _Design.of(times, covariates or {})
    found = design.problem or _fitted(design, np.ones(len(design.names), bool), distribution)
    estimates = None if isinstance(found, str) else found
    problem = found if isinstance(found, str) else None
    return AcceleratedFailure(
        distribution=distribution,
        names=design.names,
        coef=estimates.coef if estimates else None,
        scale=estimates.scale if estimates else None,
        covariance=estimates.covariance if estimates else None,
        log_likelihood=estimates.log_likelihood if estimates else None,
        likelihood_ratio=_likelihood_ratio(design, found, distribution),
        subjects=len(times),
        events=int(times.event.sum()),
        level=level,
        problem=problem,
    )


@dataclass(frozen=True, eq=False)
class _Design:
    """Columns of the model with the logarithms of the times."""

    names: tuple[str, ...]
    x: FloatArray
    """[n, k], the first column 1."""
    log_time: FloatArray
    event: BoolArray
    tested: BoolArray
    """[k] neither intercept nor stratum."""
    problem: str | None

    @classmethod
    def of(cls, times: EventTimes, covariates: Mapping[str, ArrayLike]) -> _Design:
        given, columns = covariate_columns(covariates, len(times))
        arms, arm_columns = _levels("arm", times.arm, times.arms)
        strata, stratum_columns = _levels("stratum", times.stratum, times.strata)
        names = (INTERCEPT, *arms, *strata, *given)
        x = np.column_stack([np.ones(len(times)), arm_columns, stratum_columns, columns])
        days = times.day.astype(float) if times.values is None else times.values[times.day]
        tested = np.array([name != INTERCEPT and name not in strata for name in names])
        with np.errstate(divide="ignore"):
            design = cls(names, x, np.log(days), times.event, tested, None)
        return cls(names, x, design.log_time, times.event, tested, _problem(times, design))


def _levels(kind: str, codes: ArrayLike, names: tuple[str, ...]) -> tuple[list[str], FloatArray]:
    """Return a 0/1 column for each level with subjects but the first."""
    code = np.asarray(codes)
    present = [c for c in range(len(names)) if (code == c).any()]
    return [f"{kind} {names[c]}" for c in present[1:]], (code[:, None] == np.array(present[1:], int)).astype(float)


def _problem(times: EventTimes, design: _Design) -> str | None:
    if np.isneginf(design.log_time).any():
        return f"{np.isneginf(design.log_time).sum()} subjects have time 0, which no distribution of log time allows"
    for kind, codes, names in (("arm", times.arm, times.arms), ("stratum", times.stratum, times.strata)):
        events = np.bincount(codes, times.event, len(names))
        for name, n, d in zip(names, np.bincount(codes, minlength=len(names)), events, strict=True):
            if n and not d:
                return f"no event in {kind} {name}" if len(names) > 1 else "no event"
    spread = design.x[:, 1:].std(axis=0)
    constant = [name for name, s in zip(design.names[1:], spread, strict=True) if s == 0]
    if constant:
        return f"{', '.join(constant)} is the same for all subjects"
    scaled = (design.x[:, 1:] - design.x[:, 1:].mean(axis=0)) / spread
    if scaled.shape[1] and np.linalg.cond(scaled) > 1e8:
        return f"the columns {', '.join(design.names[1:])} cannot be told apart: one follows from the others"
    return None


def _likelihood_ratio(design: _Design, found: LogTimeFit | str, distribution: Failure) -> Test:
    if isinstance(found, str):
        return Test.impossible(found)
    if not design.tested.any():
        return Test.impossible("the model has no arm to compare and no covariate")
    null = _fitted(design, ~design.tested, distribution)
    if isinstance(null, str):
        return Test.impossible(null)
    return Test.chi_square(max(0.0, 2 * (found.log_likelihood - null.log_likelihood)), int(design.tested.sum()))


def _fitted(design: _Design, chosen: BoolArray, distribution: Failure) -> LogTimeFit | str:
    return fit_log_time(design.x[:, chosen], design.log_time, design.event, distribution)
