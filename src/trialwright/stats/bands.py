"""Simultaneous confidence bands of a survival curve.

With sigma^2 the Greenwood variance of log S and a = n sigma^2 / (1 + n sigma^2), sqrt(n)(S_n - S) / S is close to a
Brownian bridge W at a, divided by 1 - a. Hall and Wellner (1980) bound |W|, which puts (1 + n sigma^2) / sqrt(n) in
place of sigma in every transform of a pointwise interval; equal precision (Nair 1984) bounds |W(a)| / sqrt(a(1 - a)),
which keeps sigma. Transforms: Borgan and Liestol 1990. The critical values are computed, not tabulated:

Hall-Wellner: the bridge seen at aL and aU with Brownian motion killed at +-h between them, by eigenfunctions,
    P = sqrt(2 pi) / h sum over odd k of A_k(aL) A_k(1 - aU) exp(-k^2 pi^2 (aU - aL) / (8 h^2)),
    A_k(v) = integral over (-h, h) of cos(k pi u / (2 h)) times the normal density of variance v;
from 0 to 1 it is Kolmogorov's distribution.
Equal precision: W(a) / sqrt(a(1 - a)) is a stationary Ornstein-Uhlenbeck process in log(a / (1 - a)) / 2, so
    P = sum c_k^2 exp(-lambda_k L),   L = log(aU (1 - aL) / (aL (1 - aU))) / 2,
with eigenvalues of -g'' + (z^2 / 4 - 1 / 2) g, g(+-e) = 0, by Galerkin's method in Legendre polynomials (Shen 1994).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.curve import Curve
from trialwright.stats.estimates import two_sided_z
from trialwright.stats.intervals import Interval, survival_limits

BandKind = Literal["Hall-Wellner", "equal precision"]
TERMS = 100
NODES = 240
FUNCTIONS = 60
WIDEST = 40.0


@dataclass(frozen=True, eq=False)
class Band:
    """A band that holds the whole survival function between two days with the stated probability."""

    arm: str
    kind: BandKind
    days: FloatArray
    """[T] the days of the curve."""
    lower: FloatArray
    """[T]; NaN outside ``first`` .. ``last``."""
    upper: FloatArray
    first: float | None
    last: float | None
    critical: float | None
    """Value that takes the place of the normal quantile."""
    level: float
    interval: Interval
    problem: str | None = None


def confidence_band(
    curve: Curve,
    kind: BandKind,
    *,
    level: float | None = None,
    interval: Interval | None = None,
    between: tuple[float, float] | None = None,
) -> Band:
    """Return the band of a Kaplan-Meier curve from the first to the last day with an event and survival above 0.

    ``between`` narrows it to the days of two times, which gives a narrower band; level and interval are those of the
    curve unless given. Not for delayed entry, where n is not the size of the first risk set (ValueError).

    >>> from trialwright.stats import EventTimes, kaplan_meier
    >>> curve = kaplan_meier(EventTimes.of([2, 4, 6, 9, 11, 12], [1, 1, 1, 1, 0, 0]))["all"]
    >>> band = confidence_band(curve, "Hall-Wellner")
    >>> [round(float(x), 4) for x in (band.critical, band.lower[1], band.upper[1])]
    [1.34, 0.0465, 0.9478]
    """
    if kind not in get_args(BandKind):
        raise ValueError(f"kind must be one of {', '.join(get_args(BandKind))}; got {kind!r}")
    if curve.entered is not None:
        raise ValueError("a band needs subjects followed from the start; this curve has delayed entry")
    level, interval = curve.level if level is None else level, curve.interval if interval is None else interval
    two_sided_z(level)
    nothing = np.full(len(curve.days), np.nan)
    inside = _inside(curve, between)
    if not inside.any():
        problem = "no day with an event and survival above 0 in the range"
        return Band(curve.arm, kind, curve.days, nothing, nothing, None, None, None, level, interval, problem)
    n, sigma = curve.subjects, np.where(inside, curve.se, np.nan) / curve.survival
    a = n * sigma[inside] ** 2 / (1 + n * sigma[inside] ** 2)
    if kind == "Hall-Wellner":
        critical, scale = hall_wellner_critical(a[0], a[-1], level), (1 + n * sigma**2) / np.sqrt(n)
    else:
        critical, scale = equal_precision_critical(a[0], a[-1], level), sigma
    lower, upper = survival_limits(curve.survival, scale, critical, interval)
    first, last = curve.days[inside][[0, -1]].tolist()
    return Band(curve.arm, kind, curve.days, lower, upper, first, last, critical, level, interval)


def hall_wellner_critical(a_lower: float, a_upper: float, level: float) -> float:
    """Return h so that a Brownian bridge stays within +-h between two times with probability ``level``.

    >>> round(hall_wellner_critical(0.0, 1.0, 0.95), 6)
    1.358099
    """
    _check(0 <= a_lower <= a_upper <= 1, "0 <= a_lower <= a_upper <= 1", a_lower, a_upper)
    if a_lower == a_upper:
        return two_sided_z(level) * float(np.sqrt(a_lower * (1 - a_lower)))
    return _root(lambda h: _bridge_within(h, a_lower, a_upper), level)


def equal_precision_critical(a_lower: float, a_upper: float, level: float) -> float:
    """Return e so that a standardized Brownian bridge stays within +-e between two times with probability ``level``.

    Printed tables and SAS use Nair's approximation for far boundaries: at 0.1, 0.6 and 95 % 2.8826; exact is 2.8873.

    >>> round(equal_precision_critical(0.1, 0.9, 0.95), 4)
    3.052
    """
    _check(0 < a_lower <= a_upper < 1, "0 < a_lower <= a_upper < 1", a_lower, a_upper)
    length = np.log(a_upper * (1 - a_lower) / (a_lower * (1 - a_upper))) / 2
    if length == 0:
        return two_sided_z(level)
    return _root(lambda e: _standardized_within(e, length), level)


def _check(holds: bool, rule: str, a_lower: float, a_upper: float) -> None:
    if not holds:
        raise ValueError(f"times must obey {rule}; got {a_lower} and {a_upper}")


def _inside(curve: Curve, between: tuple[float, float] | None) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    happened = np.flatnonzero((curve.events > 0) & (curve.survival > 0))
    inside = np.zeros(len(curve.days), bool)
    if len(happened):
        inside[happened[0] : happened[-1] + 1] = True
    if between is not None:
        inside &= (curve.days >= between[0]) & (curve.days <= between[1])
    return inside


def _root(probability: Callable[[float], float], level: float) -> float:
    """Return where an increasing function reaches the level: halving, then secants that stay in the bracket."""
    low, high = 1e-3, 1.0
    while probability(high) < level and high < WIDEST:
        low, high = high, 2 * high
    below, above = probability(low) - level, probability(high) - level
    for _ in range(200):
        middle = high - above * (high - low) / (above - below)
        near = probability(middle) - level
        if abs(near) < 1e-13 or high - low < 1e-13 * high:
            return middle
        # a regula falsi that halves the weight of an end that stays (Dowell and Jarratt 1971)
        if near < 0:
            low, below, above = middle, near, above / 2
        else:
            high, above, below = middle, near, below / 2
    return (low + high) / 2


def _bridge_within(h: float, a_lower: float, a_upper: float) -> float:
    k = np.arange(1.0, 2 * TERMS, 2)
    decay = np.exp(-((k * np.pi / h) ** 2) * (a_upper - a_lower) / 8)
    total = (_normal_cosines(h, a_lower, k) * _normal_cosines(h, 1 - a_upper, k) * decay).sum()
    return float(np.sqrt(2 * np.pi) / h * total)


def _normal_cosines(h: float, variance: float, k: FloatArray) -> FloatArray:
    """Return the integral of cos(k pi u / 2h) over (-h, h) under the normal density of mean 0."""
    if variance == 0:
        return np.ones(len(k))
    reach = min(h, 10 * np.sqrt(variance))
    nodes, weights = _nodes()
    u = reach * nodes
    density = np.exp(-(u**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    cosines: FloatArray = np.cos(np.outer(k * np.pi / (2 * h), u)) @ (reach * weights * density)
    return cosines


def _standardized_within(e: float, length: float) -> float:
    nodes, weights = _nodes()
    z, scaled = e * nodes, e * weights
    values, slopes = _functions()
    slopes = slopes / e
    mass = (values * scaled) @ values.T
    energy = (slopes * scaled) @ slopes.T + (values * (scaled * (z**2 / 4 - 0.5))) @ values.T
    lower = np.linalg.inv(np.linalg.cholesky(mass))
    rates, vectors = np.linalg.eigh(lower @ energy @ lower.T)
    root_density = np.exp(-(z**2) / 4) / (2 * np.pi) ** 0.25
    start = vectors.T @ lower @ (values @ (scaled * root_density))
    return float(start**2 @ np.exp(-rates * length))


@cache
def _functions() -> tuple[FloatArray, FloatArray]:
    """Return even polynomials that vanish at -1 and 1, P_j - P_(j+2), and their slopes, [functions, nodes]."""
    legendre = np.polynomial.legendre
    identity = np.eye(2 * FUNCTIONS + 1)
    coefficients = (identity[: 2 * FUNCTIONS : 2] - identity[2 : 2 * FUNCTIONS + 1 : 2]).T
    values: FloatArray = legendre.legval(_nodes()[0], coefficients)
    slopes: FloatArray = legendre.legval(_nodes()[0], legendre.legder(coefficients))
    return values, slopes


@cache
def _nodes() -> tuple[FloatArray, FloatArray]:
    """Return Gauss-Legendre nodes and weights on (-1, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return nodes, weights
