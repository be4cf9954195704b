"""A second way to the boundaries: the density on a thousand even nodes by Boole's rule, in plain numpy.

It shares nothing with the kernels: other nodes, another root search, every stretch on which paths go on kept as a list.
Boole's rule: Abramowitz and Stegun (1964, 25.4.14).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

Array = Any
NODES = 1001
REACH = 9.0
ROOT_2_PI = math.sqrt(2 * math.pi)


@dataclass(frozen=True)
class Density:
    """Paths that go on at a fraction ``t`` of the information: nodes of S and the chance at each."""

    t: float
    drift: float
    score: Array
    mass: Array

    @classmethod
    def start(cls, drift: float) -> "Density":
        return cls(0.0, drift, np.zeros(1), np.ones(1))

    def above(self, t: float, z: float) -> float:
        """Return the chance that z at the next look lies above this one."""
        gap = t - self.t
        return float(self.mass @ ndtr((self.score + self.drift * gap - z * math.sqrt(t)) / math.sqrt(gap)))

    def below(self, t: float, z: float) -> float:
        gap = t - self.t
        return float(self.mass @ ndtr((z * math.sqrt(t) - self.score - self.drift * gap) / math.sqrt(gap)))

    def onward(self, t: float, *stretches: tuple[float, float]) -> "Density":
        """Return the density at the next look on these stretches of z."""
        parts = [self._stretch(t, *stretch) for stretch in stretches]
        score, mass = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        return Density(t, self.drift, score, mass)

    def _stretch(self, t: float, low: float, high: float) -> tuple[Array, Array]:
        mean, root, gap = self.drift * math.sqrt(t), math.sqrt(t), t - self.t
        low, high = max(low, mean - REACH) * root, min(high, mean + REACH) * root
        if low >= high:
            return np.zeros(0), np.zeros(0)
        y = np.linspace(low, high, NODES)
        weights = np.tile([14.0, 32, 12, 32], NODES // 4 + 1)[:NODES] * 2 / 45 * (y[1] - y[0])
        weights[[0, -1]] /= 2
        away = (y[:, None] - self.score - self.drift * gap) / math.sqrt(gap)
        return y, weights * (np.exp(-(away**2) / 2) @ self.mass) / math.sqrt(gap) / ROOT_2_PI


def root(excess: Any, low: float = -12.0, high: float = 12.0) -> float:
    return float(brentq(excess, low, high, xtol=1e-13, rtol=1e-14))


def upper_bounds(t: list[float], alphas: list[float], lower: list[float], inner: list[float] | None) -> list[float]:
    """Return the bounds that spend ``alphas`` on the upper side; with ``inner`` the paths are symmetric."""
    density, found = Density.start(0.0), []
    for k, now in enumerate(t):
        z = root(lambda z, d=density, k=k: d.above(t[k], z) - alphas[k])
        found.append(z)
        stretches = [(lower[k], z)] if inner is None else [(-z, -inner[k]), (inner[k], z)]
        density = density.onward(now, *stretches)
    return found


def futile_bounds(t: list[float], betas: list[float], upper: list[float], drift: float, *, wedge: bool) -> list[float]:
    """Return the lower or inner bounds before the last look that spend ``betas`` under the drift."""
    density, found = Density.start(drift), []
    for k, now in enumerate(t[:-1]):
        if wedge:
            z = root(lambda c, d=density, k=k: 1 - _outside(d, t[k], c) - betas[k], 0.0, upper[k])
        else:
            z = root(lambda z, d=density, k=k: d.below(t[k], z) - betas[k])
        found.append(z)
        stretches = [(-upper[k], -z), (z, upper[k])] if wedge else [(z, upper[k])]
        density = density.onward(now, *stretches)
    return found


def _outside(density: Density, t: float, c: float) -> float:
    stopped = 1 - float(density.mass.sum())
    return stopped + density.above(t, c) + density.below(t, -c)


def chance_above(t: list[float], lower: list[float], upper: list[float], drift: float) -> float:
    """Return the chance to leave above, at any look."""
    density, total = Density.start(drift), 0.0
    for now, low, high in zip(t, lower, upper, strict=True):
        total += density.above(now, high)
        density = density.onward(now, (low, high))
    return total
