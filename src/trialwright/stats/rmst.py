"""Restricted mean survival time: the area under a survival curve up to a time tau that is always named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.contrasts import Contrast, Scale
from trialwright.stats.curve import Beyond
from trialwright.stats.estimates import Estimate, two_sided_z
from trialwright.stats.event_times import EventTimes
from trialwright.stats.log_rank import require_arms
from trialwright.stats.risk_table import RiskTable, as_table

NO_TIME_LOST = "no event by tau: no time is lost in an arm"


@dataclass(frozen=True)
class Tau:
    """The time up to which survival is averaged, and the rule that chose it, to be printed beside every number."""

    time: float
    """Days, or the unit of continuous times."""
    rule: str = "given"


@dataclass(frozen=True)
class RestrictedMean:
    """The restricted means of one arm."""

    arm: str
    tau: Tau
    subjects: float
    """Their number, or with weights their sum."""
    mean: Estimate
    """Mean time free of the event up to tau (RMST), with limits mean -+ z SE within 0 and tau."""
    lost: Estimate
    """Mean time lost up to tau (RMTL): tau - mean, with the same SE."""


@dataclass(frozen=True)
class RestrictedMeans:
    """The restricted means of two arms compared, the second against the first."""

    tau: Tau
    arms: tuple[str, str]
    means: tuple[Estimate, Estimate]
    """By arm; stratified, averaged over strata with the weights below."""
    difference: Contrast
    ratio: Contrast
    lost_ratio: Contrast
    """Ratio of the mean times lost; below one favors the second arm."""
    weights: tuple[tuple[str, float], ...]
    """Strata with their share of the comparison, n1 n0 / (n1 + n0) over its sum; a stratum of one arm has none."""


def propose_tau(times: EventTimes | RiskTable) -> Tau:
    """Return the latest time that every arm's follow-up reaches: the smaller of the arms' last times.

    A proposal for a plan that names none, and labelled as such; R's survRM2 takes the same. It looks at the data:
    a confirmatory analysis fixes tau beforehand.

    >>> propose_tau(EventTimes.of([5, 9, 7, 8], [1, 0, 1, 0], list("AABB")))
    Tau(time=8.0, rule="the smaller of the arms' last times")
    """
    table = as_table(times)
    leaving = (table.events + table.censored).sum(axis=0).T
    lasts = [table.days[np.nonzero(arm)[0][-1]] for arm in leaving if arm.any()]
    return Tau(float(table.display(np.array([min(lasts)]))[0]), "the smaller of the arms' last times")


def restricted_means(
    times: EventTimes | RiskTable, *, tau: float | Tau, level: float = 0.95, beyond: Beyond = "not estimable"
) -> dict[str, RestrictedMean]:
    """Return the restricted mean of each arm that has subjects, by name; strata are pooled.

    Area under the Kaplan-Meier curve to tau; variance sum of A^2 d / (Y (Y - d)) over events up to tau, A the area from
    the event to tau (Klein and Moeschberger 2003, eq. 4.5.2; Greenwood, without the factor m / (m - 1) that some
    programs add). Where an arm's follow-up ends before tau with survival above 0, ``beyond`` calls the mean "not
    estimable" or carries the last value forward ("carry", R survfit). Raises ValueError for a tau that is not positive.

    >>> restricted_means(EventTimes.of([2, 4, 6, 9], [1, 1, 1, 1]), tau=6)["all"].mean.value
    4.5
    """
    table, until = as_table(times), as_tau(tau)
    parts = {
        name: _area(_counts(table, slice(None), a), until, beyond)
        for a, name in enumerate(table.arms)
        if table.subjects[:, a].sum() > 0
    }
    return {name: _restricted_mean(name, part, until, level) for name, part in parts.items()}


def compare_restricted_means(
    times: EventTimes | RiskTable, *, tau: float | Tau, level: float = 0.95, beyond: Beyond = "not estimable"
) -> RestrictedMeans:
    """Return difference, ratio and ratio of time lost of two arms, stratified by the strata of ``times``.

    Ratios by the delta method on the logarithm (Royston and Parmar 2013; Uno et al. 2014). With several strata each
    arm's mean is the average of its means by stratum, weighted by n1 n0 / (n1 + n0) (Mantel-Haenszel weights), so that
    all three compare like with like; one stratum gives the unstratified comparison. A stratum where tau cannot be
    reached leaves no answer, and the problem names it. Raises ValueError unless two arms have subjects.

    >>> times = EventTimes.of([2, 4, 6, 9, 3, 5, 8, 9], [1, 1, 1, 1, 1, 0, 1, 1], list("AAAABBBB"))
    >>> round(compare_restricted_means(times, tau=8).difference.value, 6)
    1.75
    """
    table, until = as_table(times), as_tau(tau)
    if len(table.arms) != 2:
        raise ValueError(f"restricted means are compared in two arms; got {', '.join(table.arms)}")
    require_arms(table)
    met = [s for s in range(len(table.strata)) if (table.subjects[s] > 0).all()]
    if not met:
        raise ValueError("no stratum holds subjects of both arms; pool strata with EventTimes.unstratified")
    weights = np.array([_weight(table.subjects[s]) for s in met])
    weights /= weights.sum()
    areas = [[_cell(table, s, a, until, beyond) for a in (0, 1)] for s in met]
    problem = next((f"{area.problem}{_where(table, s)}" for s, row in zip(met, areas, strict=True) for area in row
                    if area.problem), None)  # fmt: skip
    means = weights @ np.array([[area.mean for area in row] for row in areas])
    variances = weights**2 @ np.array([[area.variance for area in row] for row in areas])
    return RestrictedMeans(
        tau=until,
        arms=(table.arms[0], table.arms[1]),
        means=(
            _limited(means[0], variances[0], until, level, problem),
            _limited(means[1], variances[1], until, level, problem),
        ),
        **_contrasts(means, variances, until, level, problem),
        weights=tuple((table.strata[s], float(w)) for s, w in zip(met, weights, strict=True)),
    )


@dataclass(frozen=True)
class _Area:
    mean: float
    variance: float
    subjects: float
    problem: str | None


def as_tau(tau: float | Tau) -> Tau:
    """Return tau with its rule; ValueError unless it is positive and finite."""
    given = tau if isinstance(tau, Tau) else Tau(float(tau))
    if not 0 < given.time < np.inf:
        raise ValueError(f"tau must be positive and finite; got {given.time}. propose_tau gives a proposal.")
    return given


def _weight(subjects: FloatArray) -> float:
    return float(subjects[0] * subjects[1] / subjects.sum())


def _where(table: RiskTable, s: int) -> str:
    return "" if len(table.strata) == 1 else f" in stratum {table.strata[s]}"


def _cell(table: RiskTable, s: int, a: int, tau: Tau, beyond: Beyond) -> _Area:
    part = _area(_counts(table, slice(s, s + 1), a), tau, beyond)
    name = f"arm {table.arms[a]}: {part.problem}" if part.problem else None
    return replace(part, problem=name)


class _Counts(NamedTuple):
    """One arm in some strata, pooled; each [T]."""

    times: FloatArray
    events: FloatArray
    leaving: FloatArray
    at_risk: FloatArray


def _counts(table: RiskTable, strata: slice, a: int) -> _Counts:
    events, censored = (counts[strata, :, a].sum(axis=0, dtype=float) for counts in (table.events, table.censored))
    at_risk = table.at_risk[strata, :, a].sum(axis=0, dtype=float)
    return _Counts(table.display(table.days), events, events + censored, at_risk)


def _area(counts: _Counts, tau: Tau, beyond: Beyond) -> _Area:
    if beyond not in ("carry", "not estimable"):
        raise ValueError(f"beyond must be carry or not estimable; got {beyond!r}")
    kept = (counts.events > 0) & (counts.times <= tau.time)
    d, y, t = counts.events[kept], counts.at_risk[kept], counts.times[kept]
    survival = np.cumprod(1 - d / y)
    after = np.cumsum((survival * np.diff(np.append(t, tau.time)))[::-1])[::-1]  # area from each event to tau
    mean = float(np.append(t, tau.time)[0] + after.max(initial=0.0))
    last = float(counts.times[np.nonzero(counts.leaving)[0][-1]])
    short = tau.time > last and survival.min(initial=1.0) > 0 and beyond == "not estimable"
    problem = f"tau {tau.time:g} is after the last follow-up, {last:g}" if short else None
    return _Area(mean, _greenwood(after, d, y), float(counts.leaving.sum()), problem)


def _greenwood(after: FloatArray, d: FloatArray, y: FloatArray) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = after**2 * d / (y * (y - d))
    return float(np.where(d < y, terms, 0.0).sum())  # nobody left: no area, so no variance


def _restricted_mean(name: str, part: _Area, tau: Tau, level: float) -> RestrictedMean:
    mean = _limited(part.mean, part.variance, tau, level, part.problem)
    lost = _limited(tau.time - part.mean, part.variance, tau, level, part.problem)
    return RestrictedMean(name, tau, part.subjects, mean, lost)


def _limited(mean: float, variance: float, tau: Tau, level: float, problem: str | None) -> Estimate:
    half = two_sided_z(level) * float(np.sqrt(variance))
    if problem:
        return Estimate(None, None, None, level, problem=problem)
    lower, upper = max(0.0, float(mean) - half), min(tau.time, float(mean) + half)
    return Estimate(float(mean), lower, upper, level, float(np.sqrt(variance)))


def _contrasts(
    means: FloatArray, variances: FloatArray, tau: Tau, level: float, problem: str | None
) -> dict[str, Contrast]:
    if problem:
        scales: dict[str, Scale] = {"difference": "plain", "ratio": "log", "lost_ratio": "log"}
        return {name: Contrast.impossible(scale, level, problem) for name, scale in scales.items()}
    lost = tau.time - means
    return {
        "difference": Contrast.difference(float(means[1] - means[0]), float(np.sqrt(variances.sum())), level),
        "ratio": _ratio(means, variances, level),
        "lost_ratio": _ratio(lost, variances, level),
    }


def _ratio(means: FloatArray, variances: FloatArray, level: float) -> Contrast:
    if not (means > 0).all():
        return Contrast.impossible("log", level, NO_TIME_LOST)
    return Contrast.ratio(float(means[1] / means[0]), float(np.sqrt((variances / means**2).sum())), level)
