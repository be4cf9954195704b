"""The Aalen-Johansen estimate of cumulative incidence with competing causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from trialwright.stats.arrays import FloatArray, IntArray
from trialwright.stats.competing import CompetingTimes, display
from trialwright.stats.curve import Beyond
from trialwright.stats.estimates import Estimate, number, two_sided_z
from trialwright.stats.intervals import Interval, survival_limits
from trialwright.stats.risk_table import at_risk

IncidenceVariance = Literal["greenwood", "aalen"]


@dataclass(frozen=True, eq=False)
class Incidence:
    """The cumulative incidence of a cause in an arm at the T days on which somebody's follow-up ended."""

    arm: str
    cause: str
    days: FloatArray
    at_risk: IntArray | FloatArray
    """[T] just before the day; sums of weights where there are any."""
    events: IntArray | FloatArray
    """[T] by this cause."""
    incidence: FloatArray
    se: FloatArray
    lower: FloatArray
    """[T]; NaN where the transform does not exist: at incidence 0, and for three of the transforms at 1."""
    upper: FloatArray
    free: FloatArray
    """[T] probability that no cause has come: one less the incidences of all causes."""
    level: float
    interval: Interval
    variance: IncidenceVariance

    def at(self, day: float, *, beyond: Beyond = "not estimable") -> Estimate:
        """Return the incidence on a day, with its standard error and limits.

        Before the first end of follow-up it is 0. After the last one, unless every subject has had some event, it is
        not estimable, or carried forward if ``beyond="carry"``.
        """
        if not day >= 0:
            raise ValueError(f"day must be zero or more; got {day}")
        if beyond not in get_args(Beyond):
            raise ValueError(f"beyond must be carry or not estimable; got {beyond!r}")
        step = int(np.searchsorted(self.days, day, side="right")) - 1
        if step < 0:
            return Estimate(0.0, 0.0, 0.0, self.level, 0.0)
        if day > self.days[-1] and self.free[-1] > 0 and beyond == "not estimable":
            return Estimate(None, None, None, self.level, None, f"day {day:g} is after the last follow-up")
        value, lower = float(self.incidence[step]), number(self.lower[step])
        problem = None if lower is not None else f"no {self.interval} limits where incidence is {value:g}"
        return Estimate(value, lower, number(self.upper[step]), self.level, float(self.se[step]), problem)


class ArmCounts(NamedTuple):
    """Counts of an arm [T], strata pooled."""

    days: FloatArray
    at_risk: FloatArray
    events: FloatArray
    """By the cause."""
    all_events: FloatArray
    """By any cause."""


def aalen_johansen(
    times: CompetingTimes,
    cause: str,
    *,
    level: float = 0.95,
    interval: Interval = "log-log",
    variance: IncidenceVariance = "greenwood",
) -> dict[str, Incidence]:
    """Return the cumulative incidence of a cause in each arm that has subjects, by name; strata are pooled.

    F(t) = sum S(s-) d_k(s) / Y(s) with S the Kaplan-Meier estimate for any cause (Aalen and Johansen 1978).
    ``variance`` "greenwood" treats the ends of a day as multinomial and equals the infinitesimal jackknife of R's
    ``survfit`` (Andersen, Borgan, Gill and Keiding 1993, section IV.4.1.3); "aalen" treats the causes as independent
    Poisson processes with the hypergeometric correction for ties, as R's ``cmprsk::cuminc`` does (Aalen 1978). Limits
    are the pointwise transforms of a survival curve applied to F itself, as R does: log-log is log(-log F).

    With delayed entry Y counts those who have entered; the variances hold as they are, while R's jackknife is then
    another estimate. A weight of 2 counts as two subjects that are alike, in the variance too; fractional weights
    sum likewise, and "aalen", which counts the tied events of a day, refuses them.

    >>> times = CompetingTimes.of([2, 4, 6, 8], [1, 2, 1, 0], causes=["relapse", "death"])
    >>> found = aalen_johansen(times, "relapse")["all"]
    >>> found.incidence.tolist(), found.free.tolist()
    ([0.25, 0.25, 0.5, 0.5], [0.75, 0.5, 0.25, 0.25])
    """
    if variance not in get_args(IncidenceVariance):
        raise ValueError(f"variance must be one of {', '.join(get_args(IncidenceVariance))}; got {variance!r}")
    if variance == "aalen" and times.table.weighted:
        raise ValueError("variance aalen needs whole weights, which count tied events; got fractional ones")
    code, z = times.code(cause), two_sided_z(level)
    found = {}
    for a, name in enumerate(times.arms):
        if not (times.arm == a).any():
            continue
        counts = _arm(times, a, code)
        before, free, incidence = _steps(counts)
        square = (_greenwood if variance == "greenwood" else _aalen)(counts, before, free, incidence)
        se = np.sqrt(np.maximum(square, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            lower, upper = survival_limits(incidence, se / incidence, z, interval)
        kind = float if times.table.weighted else int
        y, d = counts.at_risk.astype(kind), counts.events.astype(kind)
        found[name] = Incidence(
            name, cause, counts.days, y, d, incidence, se, lower, upper, free, level, interval, variance
        )
    return found


def _arm(times: CompetingTimes, arm: int, code: int) -> ArmCounts:
    table = times.table
    ends = table.ends[:, :, arm].sum(axis=0)
    leaving = ends.sum(axis=1)
    entered = None if table.entered is None else table.entered[:, :, arm].sum(axis=0)
    kept = leaving > 0
    reaching = at_risk(leaving, entered)[kept].astype(float)
    return ArmCounts(
        display(times, table.days[kept]),
        reaching,
        ends[kept, code].astype(float),
        ends[kept, 1:].sum(axis=1).astype(float),
    )


def _steps(counts: ArmCounts) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return S just before each day, S after it, and F after it."""
    free = np.cumprod(1 - counts.all_events / counts.at_risk)
    before = np.concatenate([[1.0], free[:-1]])
    return before, free, np.cumsum(before * counts.events / counts.at_risk)


def _greenwood(counts: ArmCounts, before: FloatArray, free: FloatArray, incidence: FloatArray) -> FloatArray:
    """sum (F(t) - F(s))^2 d / (Y (Y - d)) + S^2 d_k (Y - d_k) / Y^3 - 2 (F(t) - F(s)) S d_k / Y^2 over s <= t."""
    y, d_k, d = counts.at_risk, counts.events, counts.all_events
    # where all at risk have an event, F stays as it is: the factor F(t) - F(s) is 0
    growth = np.divide(d, y * (y - d), out=np.zeros_like(y), where=y > d)
    mixed = np.where(y > d, before * d_k / y**2, 0.0)
    own = before**2 * d_k * (y - d_k) / y**3
    return _spread(incidence, growth, mixed) + np.cumsum(own)


def _spread(incidence: FloatArray, growth: FloatArray, mixed: FloatArray) -> FloatArray:
    """Return sum over s <= t of (F(t) - F(s))^2 growth(s) - 2 (F(t) - F(s)) mixed(s), for each t."""
    f = incidence
    second, first = np.cumsum(growth), np.cumsum(growth * f + mixed)
    spread: FloatArray = f**2 * second - 2 * f * first + np.cumsum(f**2 * growth + 2 * f * mixed)
    return spread


def _aalen(counts: ArmCounts, before: FloatArray, free: FloatArray, incidence: FloatArray) -> FloatArray:
    """Sum over s <= t of the squared effect of each cause on F(t) times the variance of its increment.

    An event of the cause changes F(t) by S(s-) - (F(t) - F(s)) S(s-) / S(s), one of another cause by the second term
    alone.
    """
    y = counts.at_risk
    fall = np.divide(before, free, out=np.zeros_like(y), where=free > 0)
    own, other = (_increments(d, y) for d in (counts.events, counts.all_events - counts.events))
    growth = fall**2 * (own + other)
    return _spread(incidence, growth, fall * before * own) + np.cumsum(before**2 * own)


def _increments(d: FloatArray, y: FloatArray) -> FloatArray:
    """Return the variance of d / Y: d / Y^2, less for tied events."""
    increments: FloatArray = d / y**2 * np.where(d > 1, (y - d) / np.maximum(y - 1, 1), 1.0)
    return increments
