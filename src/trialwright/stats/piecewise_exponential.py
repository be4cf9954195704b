"""Hazards that are constant between given cut points, by arm, and their ratios.

Events over exposure in each interval (Holford 1976; Friedman 1982). Given the number of events of a stratum and an
interval, that of one arm is binomial with odds ratio x exposure / exposure, so the ratio needs no nuisance parameters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.cox import HazardRatio
from trialwright.stats.estimates import Estimate, Test, normal_tail, two_sided_z
from trialwright.stats.event_times import EventTimes

RateLimits = Literal["exact", "wald"]
STEP = 1e-12
MOST_STEPS = 100
FAR = 300.0
"""A log hazard ratio at which a likelihood without a maximum has reached its bound."""


@dataclass(frozen=True)
class PieceHazard:
    """The hazard of one arm in the days (begins, ends], strata together."""

    arm: str
    begins: float
    ends: float
    """Infinite for the last interval."""
    events: int
    exposure: float
    """Days."""
    hazard: Estimate
    """Per day."""


@dataclass(frozen=True)
class PieceRatios:
    """The hazard of one arm over that of the reference arm, by interval and in common."""

    by_interval: tuple[HazardRatio, ...]
    common: HazardRatio
    equality: Test
    """Likelihood-ratio test that the ratio is the same in all intervals."""


@dataclass(frozen=True)
class PiecewiseExponential:
    """Hazards by arm and interval, with ratios against the first arm."""

    cuts: tuple[float, ...]
    hazards: tuple[PieceHazard, ...]
    ratios: tuple[PieceRatios, ...]
    """One for each arm but the first."""
    level: float
    limits: RateLimits


def piecewise_exponential(
    times: EventTimes, cuts: Sequence[float], *, limits: RateLimits = "exact", level: float = 0.95
) -> PiecewiseExponential:
    """Return hazards between the days ``cuts``, increasing and above 0; none gives one interval.

    Intervals are (0, c1], (c1, c2], ..., so an event on the day of a cut belongs to the interval that ends there, and
    one on day 0 to the first. ``limits`` of hazards: "exact" from the chi-square distribution of events (Garwood
    1936), "wald" on the log scale. Ratios are stratified by the strata of ``times`` and compare two arms at a time;
    Wald limits, and where one arm has no event while both are exposed, 0 or infinity with the finite limit of the
    likelihood ratio. Who enters late is exposed from then on. Raises ValueError for cuts that do not increase and for
    case weights.

    >>> times = EventTimes.of([10, 30, 20, 60, 50], [1, 1, 1, 1, 0], ["A", "A", "B", "B", "B"])
    >>> [(h.arm, h.events, h.exposure) for h in piecewise_exponential(times, [25]).hazards]
    [('A', 1, 35.0), ('A', 1, 5.0), ('B', 1, 70.0), ('B', 1, 60.0)]
    """
    edges = _edges(cuts)
    if limits not in get_args(RateLimits):
        raise ValueError(f"limits must be one of {', '.join(get_args(RateLimits))}; got {limits!r}")
    two_sided_z(level)
    if times.weight is not None:
        raise ValueError("hazards between cut points take no case weights; make the event times without them")
    events, exposure = _counts(times, edges)
    return PiecewiseExponential(
        cuts=tuple(edges[1:-1].tolist()),
        hazards=tuple(
            PieceHazard(
                name, float(edges[k]), float(edges[k + 1]), int(d), float(e), _hazard(float(d), float(e), limits, level)
            )
            for name, d_arm, e_arm in zip(times.arms, events.sum(axis=0), exposure.sum(axis=0), strict=True)
            for k, (d, e) in enumerate(zip(d_arm, e_arm, strict=True))
        ),
        ratios=tuple(
            _ratios((name, times.arms[0]), events[:, [0, a]], exposure[:, [0, a]], level)
            for a, name in enumerate(times.arms)
            if a > 0
        ),
        level=level,
        limits=limits,
    )


def _edges(cuts: Sequence[float]) -> FloatArray:
    edges = np.array([0.0, *cuts, math.inf])
    if np.isnan(edges).any() or not (np.diff(edges) > 0).all():
        raise ValueError(f"cuts must be days above 0 in increasing order; got {list(cuts)}")
    return edges


def _counts(times: EventTimes, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return events and days of exposure, each [strata, arms, intervals]."""
    days = times.day.astype(float) if times.values is None else times.values[times.day]
    pieces = len(edges) - 1
    shape = (len(times.strata), len(times.arms), pieces)
    cell = times.stratum.astype(int) * len(times.arms) + times.arm
    own = np.searchsorted(edges[1:-1], days, side="left")
    events = np.bincount(cell * pieces + own, times.event, math.prod(shape)).reshape(shape)
    spent = [_between(days, low, high) for low, high in pairwise(edges)]
    if times.entry is not None:
        since = times.entry.astype(float) if times.values is None else times.values[times.entry]
        spent = [s - _between(since, low, high) for s, (low, high) in zip(spent, pairwise(edges), strict=True)]
    exposure = np.stack([np.bincount(cell, s, shape[0] * shape[1]) for s in spent], axis=1).reshape(shape)
    return events.astype(float), exposure.astype(float)


def _between(days: FloatArray, low: float, high: float) -> FloatArray:
    """Return the days spent between two days by somebody followed from the start."""
    spent: FloatArray = np.minimum(np.maximum(days - low, 0), high - low)
    return spent


def _hazard(d: float, exposure: float, limits: RateLimits, level: float) -> Estimate:
    if exposure == 0:
        return Estimate(None, None, None, level, problem="nobody is followed in this interval")
    rate = d / exposure
    if limits == "exact":
        low, high = _garwood(d, level)
        return Estimate(rate, low / exposure, high / exposure, level, math.sqrt(d) / exposure)
    if d == 0:
        return Estimate(0.0, None, None, level, None, "no event: no Wald limits; take exact ones")
    spread = math.exp(two_sided_z(level) / math.sqrt(d))
    return Estimate(rate, rate / spread, rate * spread, level, math.sqrt(d) / exposure)


def _garwood(d: float, level: float) -> tuple[float, float]:
    """Return exact limits of the mean of a Poisson count."""
    from scipy.special import gammaincinv

    tail = (1 - level) / 2
    return (0.0 if d == 0 else float(gammaincinv(d, tail)), float(gammaincinv(d + 1, 1 - tail)))


def _ratios(arms: tuple[str, str], events: FloatArray, exposure: FloatArray, level: float) -> PieceRatios:
    """Return the ratios from counts [strata, 2, intervals]."""
    whole = _Cells.of(events, exposure)
    pieces = [_Cells.of(events[..., [k]], exposure[..., [k]]) for k in range(events.shape[2])]
    common = _ratio(arms, whole, level)
    return PieceRatios(tuple(_ratio(arms, piece, level) for piece in pieces), common, _equality(whole, pieces))


@dataclass(frozen=True, eq=False)
class _Cells:
    """Pairs of stratum and interval with an event while both arms are exposed."""

    d: FloatArray
    """[C, 2]"""
    exposure: FloatArray
    """[C, 2]"""

    @classmethod
    def of(cls, events: FloatArray, exposure: FloatArray) -> _Cells:
        d, e = (np.moveaxis(part, 1, 2).reshape(-1, 2) for part in (events, exposure))
        told = (e > 0).all(axis=1) & (d.sum(axis=1) > 0)
        return cls(d[told], e[told])

    def log_likelihood(self, b: float) -> float:
        """Return the binomial log-likelihood at log hazard ratio b, without its constant."""
        odds = b + np.log(self.exposure[:, 1] / self.exposure[:, 0])
        return -float((self.d[:, 1] * np.logaddexp(0, -odds) + self.d[:, 0] * np.logaddexp(0, odds)).sum())

    def share(self, b: float) -> FloatArray:
        """Return the probability [C] that an event is one of the second arm."""
        weighted = math.exp(b) * self.exposure[:, 1]
        share: FloatArray = weighted / (weighted + self.exposure[:, 0])
        return share

    def maximum(self) -> float:
        """Return the b with the largest likelihood: -FAR, FAR or by Newton's method, the likelihood being concave."""
        mine, theirs = self.d[:, 1].sum(), self.d[:, 0].sum()
        if mine == 0 or theirs == 0:
            return -FAR if mine == 0 else FAR
        exposed = self.exposure.sum(axis=0)
        b, n = math.log(mine / theirs * exposed[0] / exposed[1]), self.d.sum(axis=1)
        for _ in range(MOST_STEPS):
            p = self.share(b)
            step = float((mine - n @ p) / (n @ (p * (1 - p))))
            b += max(-1.0, min(1.0, step))
            if abs(step) <= STEP:
                break
        return b


NOTHING = "no information: there is no event while both arms are exposed"


def _ratio(arms: tuple[str, str], cells: _Cells, level: float) -> HazardRatio:
    if len(cells.d) == 0:
        return HazardRatio(*arms, None, None, None, level, None, None, None, None, NOTHING)
    b = cells.maximum()
    if abs(b) == FAR:
        return _unbounded(arms, cells, b, level)
    p = cells.share(b)
    se = 1 / math.sqrt(float(cells.d.sum(axis=1) @ (p * (1 - p))))
    half = two_sided_z(level) * se
    ratio, lower, upper = (math.exp(v) for v in (b, b - half, b + half))
    return HazardRatio(*arms, ratio, lower, upper, level, b, se, b / se, 2 * normal_tail(-abs(b / se)))


def _unbounded(arms: tuple[str, str], cells: _Cells, far: float, level: float) -> HazardRatio:
    """Return the ratio 0 or infinity; its finite limit is where the log-likelihood has fallen by z^2 / 2."""
    drop = cells.log_likelihood(far) - two_sided_z(level) ** 2 / 2
    near, beyond = far, -far
    while abs(near - beyond) > STEP:
        middle = (near + beyond) / 2
        if middle in (near, beyond):
            break
        near, beyond = (middle, beyond) if cells.log_likelihood(middle) > drop else (near, middle)
    limit = math.exp(near)
    empty, value = (arms[0], 0.0) if far < 0 else (arms[1], math.inf)
    problem = f"no event in arm {empty} while both arms are exposed; the finite limit is of the likelihood ratio"
    lower, upper = (0.0, limit) if far < 0 else (limit, math.inf)
    return HazardRatio(*arms, value, lower, upper, level, math.copysign(math.inf, far), None, None, None, problem)


def _equality(whole: _Cells, pieces: list[_Cells]) -> Test:
    told = [piece for piece in pieces if len(piece.d)]
    if len(told) < 2:
        return Test.impossible("fewer than two intervals with an event while both arms are exposed")
    apart = sum(piece.log_likelihood(piece.maximum()) for piece in told)
    return Test.chi_square(max(0.0, 2 * (apart - whole.log_likelihood(whole.maximum()))), len(told) - 1)
