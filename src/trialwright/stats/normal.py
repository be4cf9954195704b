"""Probabilities of the normal distribution in two to four dimensions, deterministic and to about 1e-12.

The bivariate distribution is Plackett's integral over the correlation (Plackett 1954; Drezner and Wesolowsky 1990),
the trivariate one the single integral of Genz (2004, "Numerical computation of rectangular bivariate and trivariate
normal and t probabilities", Stat Comput 14:251-260, section 3). Both integrands may be steep at an end, above all where
the correlation matrix is singular, as it is for the weights 1, S and 1 - S; so they are summed by the double
exponential rule (Takahasi and Mori 1974), whose points crowd at both ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import product

import numpy as np

from trialwright.stats.arrays import FloatArray
from trialwright.stats.columns import frozen

SAME = 1 - 1e-12
"""Correlations beyond this are one: round-off of a singular matrix, not a difference of two statistics."""
LEAST = 1e-300
FARTHEST_TAIL = 80.0
"""exp(-80 / 2): what lies so much farther out is below 1e-17 of the tail."""
MOST_HALVINGS = 50
MOST_DIMENSIONS = 4


def any_beyond(limit: float, correlation: FloatArray, *, two_sided: bool) -> float:
    """Return P(some |Z_i| > limit), or one-sided P(some Z_i > limit), of up to four standard normals.

    ``correlation`` [m, m] may be singular. The event is split by the first i that exceeds: the sum over i of
    P(Z_i > limit and all before within), each an integral over Z_i of a positive term; so small probabilities keep
    their relative accuracy. Raises ValueError for more than four dimensions.

    >>> f"{any_beyond(1.959963984540054, np.eye(2), two_sided=True):.10f}"
    '0.0975000000'
    """
    m = len(correlation)
    if correlation.shape != (m, m) or not 1 <= m <= MOST_DIMENSIONS:
        raise ValueError(f"correlation must be 1 x 1 to 4 x 4; got shape {correlation.shape}")
    if two_sided and limit <= 0:
        return 1.0
    kept = [i for i in range(m) if not (correlation[i, :i] >= SAME).any()]
    r = np.clip(correlation[np.ix_(kept, kept)], -1.0, 1.0)
    parts = [_first_beyond(limit, r[: i + 1, : i + 1], two_sided) for i in range(len(kept))]
    return min(1.0, sum(parts) * (2 if two_sided else 1))


def bivariate(h: FloatArray, k: FloatArray, r: float) -> FloatArray:
    """Return P(X <= h, Y <= k) [...] for correlation r: Phi(h) Phi(k) plus the integral of the density over r.

    >>> float(np.round(bivariate(np.array(0.0), np.array(0.0), 0.5), 12))
    0.333333333333
    """
    if abs(r) >= SAME:
        below = np.minimum(phi(h), phi(k)) if r > 0 else np.maximum(phi(h) - phi(-k), 0.0)
        return np.asarray(below)
    x, w = double_exponential()
    angle = np.arcsin(r)
    sine, cosine2 = np.sin(angle * x), np.cos(angle * x) ** 2
    h, k = h[..., None], k[..., None]
    density = np.exp(-(h * h + k * k - 2 * h * k * sine) / (2 * cosine2))
    return np.asarray(phi(h[..., 0]) * phi(k[..., 0]) + angle / (2 * np.pi) * (density @ w))


def trivariate(b: FloatArray, r: FloatArray) -> FloatArray:
    """Return P(X <= b) [...] for limits b [..., 3] and correlation r [3, 3].

    Phi(b1) Phi2(b2, b3; r23) plus the integral over t in [0, 1] of the change when r12 and r13 grow as t r12, t r13
    (Genz 2004, eq. 14); r23 is the largest correlation in size, so that the others stay away from one.

    >>> independent = trivariate(np.array([0.0, 0.0, 0.0]), np.eye(3))
    >>> float(np.round(independent, 12))
    0.125
    """
    b, r = _largest_last(b, r)
    r12, r13, r23 = float(r[0, 1]), float(r[0, 2]), float(r[1, 2])
    b1, b2, b3 = np.moveaxis(b, -1, 0)
    if r23 >= SAME:
        return bivariate(b1, np.minimum(b2, b3), r12)
    if r23 <= -SAME:
        return np.maximum(bivariate(b1, b2, r12) - bivariate(b1, -b3, r12), 0.0)
    change = _growth(b1, b2, b3, (r12, r13, r23)) + _growth(b1, b3, b2, (r13, r12, r23))
    return np.asarray(phi(b1) * bivariate(b2, b3, r23) + change / (2 * np.pi))


def phi(z: FloatArray) -> FloatArray:
    """Return the standard normal distribution function, exact in both tails."""
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


@cache
def double_exponential() -> tuple[FloatArray, FloatArray]:
    """Return points [K] and weights [K] of the double exponential rule on [0, 1].

    >>> x, w = double_exponential()
    >>> float(np.round(w @ (1 / np.sqrt(x)), 6))
    2.0
    """
    step = 1 / 16
    t = np.arange(-56, 57) * step
    u = np.pi / 2 * np.sinh(t)
    x = 1 / (1 + np.exp(-2 * u))
    w = step * np.pi / 4 * np.cosh(t) / np.cosh(u) ** 2
    return frozen(x), frozen(w)


def adaptive(f: Callable[[FloatArray], FloatArray], edges: Sequence[float], tolerance: float = 1e-13) -> float:
    """Return the integral of a vectorized f over [edges[0], edges[-1]], halving pieces until their errors vanish.

    A piece is accepted when the 15-point Gauss-Legendre sum agrees with those of its halves, relative to the whole.
    """
    a, b = np.array(edges[:-1]), np.array(edges[1:])
    whole, done = _gauss(f, a, b), 0.0
    for _ in range(MOST_HALVINGS):
        middle = (a + b) / 2
        left, right = _gauss(f, a, middle), _gauss(f, middle, b)
        open_ = np.abs(left + right - whole) > tolerance * (abs(done) + np.abs(left + right).sum()) / 8
        done += float((left + right)[~open_].sum())
        if not open_.any():
            return done
        a, b = np.append(a[open_], middle[open_]), np.append(middle[open_], b[open_])
        whole = np.append(left[open_], right[open_])
    return done + float(whole.sum())  # pieces of 2^-50 of the range: a step of f no halving can resolve


def _gauss(f: Callable[[FloatArray], FloatArray], a: FloatArray, b: FloatArray) -> FloatArray:
    x, w = _legendre()
    half = (b - a) / 2
    points = a[:, None] + half[:, None] * (1 + x)
    return np.asarray(f(points.ravel()).reshape(points.shape) @ w * half)


@cache
def _legendre() -> tuple[FloatArray, FloatArray]:
    x, w = np.polynomial.legendre.leggauss(15)
    return frozen(x), frozen(w)


def _first_beyond(limit: float, r: FloatArray, two_sided: bool) -> float:
    """Return P(Z_m > limit, all before within) for the last of m variables."""
    others, last = r[:-1, :-1], r[:-1, -1]
    if not len(others):
        return float(phi(np.array(-limit)))
    spread = np.sqrt(1 - last**2)
    given = (others - np.outer(last, last)) / np.outer(spread, spread)
    np.fill_diagonal(given, 1.0)

    def tail(x: FloatArray) -> FloatArray:
        centers = x[:, None] * last
        upper = (limit - centers) / spread
        lower = (-limit - centers) / spread if two_sided else None
        density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
        return np.asarray(density * _box(lower, upper, np.clip(given, -1.0, 1.0)))

    start = max(limit, -np.sqrt(FARTHEST_TAIL))
    return adaptive(tail, [float(e) for e in np.linspace(start, np.sqrt(max(limit, 0.0) ** 2 + FARTHEST_TAIL), 5)])


def _box(lower: FloatArray | None, upper: FloatArray, r: FloatArray) -> FloatArray:
    """Return P(lower < X <= upper) [n] for limits [n, m], m up to 3; no lower limits = minus infinity."""
    if lower is None:
        return _below(upper, r)
    total = np.zeros(len(upper))
    for corner in product((False, True), repeat=upper.shape[1]):
        total += (-1) ** sum(corner) * _below(np.where(corner, lower, upper), r)
    return np.maximum(total, 0.0)


def _below(b: FloatArray, r: FloatArray) -> FloatArray:
    if b.shape[1] == 1:
        return phi(b[:, 0])
    return bivariate(b[:, 0], b[:, 1], float(r[0, 1])) if b.shape[1] == 2 else trivariate(b, r)


def _largest_last(b: FloatArray, r: FloatArray) -> tuple[FloatArray, FloatArray]:
    pairs = {abs(float(r[1, 2])): [0, 1, 2], abs(float(r[0, 2])): [1, 0, 2], abs(float(r[0, 1])): [2, 0, 1]}
    order = pairs[max(pairs)]
    return b[..., order], r[np.ix_(order, order)]


def _growth(b1: FloatArray, b2: FloatArray, b3: FloatArray, r: tuple[float, float, float]) -> FloatArray:
    """Return 2 pi times the integral over t of r12 phi2(b1, b2; t r12) Phi(b3 given both)."""
    r12, r13, r23 = r
    t, w = double_exponential()
    free = 1 - (r12 * t) ** 2
    rest = free - (r13 * t) ** 2 - r23**2 + 2 * t * t * r12 * r13 * r23
    b1, b2, b3 = b1[..., None], b2[..., None], b3[..., None]
    density = np.exp(-(b1 * b1 - 2 * r12 * t * b1 * b2 + b2 * b2) / (2 * free)) / np.sqrt(free)
    distance = b3 * free - b1 * t * (r13 - r12 * r23) - b2 * (r23 - r12 * r13 * t * t)
    return np.asarray(r12 * ((density * phi(distance / np.sqrt(np.maximum(free * rest, LEAST)))) @ w))
