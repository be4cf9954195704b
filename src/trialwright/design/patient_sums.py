"""Variances of sums over patients, each adding something at the event and taking something off while at risk.

A patient with time X under observation and D = 1 at an event adds c(X) D - K(X), K being the integral of k. Products
of two such summands follow by parts: E K1(X) K2(X) is the integral of the chance at risk times K1 dK2 + K2 dK1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.design.expected_course import ArmCourse
from trialwright.design.quadrature import Grid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]

__all__ = ["ArmSums", "Summand", "arm_sums", "spreads"]


@dataclass(frozen=True)
class Summand:
    """What a patient adds at an event, and loses per unit of time at risk, at each node of a grid [M]."""

    at_event: Reals
    at_risk: Reals

    def less(self, per_event: float) -> Summand:
        """Return the summand with so much taken off each event."""
        return Summand(self.at_event - per_event, self.at_risk)


@dataclass(frozen=True)
class ArmSums:
    """Expected sums over the patients of one arm of one stratum: of two summands, their squares and their product."""

    patients: float
    means: tuple[float, float]
    squares: tuple[float, float]
    product: float


def arm_sums(grid: Grid, arm: ArmCourse, first: Summand, second: Summand) -> ArmSums:
    """Return the sums over the patients of an arm."""
    both = (first, second)
    lost = [grid.until(one.at_risk) for one in both]

    def mean(i: int) -> float:
        return grid.total(arm.failing * both[i].at_event - arm.risk * both[i].at_risk)

    def product(i: int, j: int) -> float:
        a, b = both[i], both[j]
        at_event = a.at_event * b.at_event - a.at_event * lost[j] - b.at_event * lost[i]
        return grid.total(arm.failing * at_event + arm.risk * (lost[i] * b.at_risk + lost[j] * a.at_risk))

    return ArmSums(arm.patients, (mean(0), mean(1)), (product(0, 0), product(1, 1)), product(0, 1))


def spreads(sums: Sequence[tuple[ArmSums, ArmSums]], *, balanced: bool) -> tuple[float, float, float]:
    """Return the variance of the first sum over all patients, the covariance of both, and the variance of the second.

    Strata are drawn with each patient; arms are too, unless they are ``balanced`` within strata.
    """
    squares = [math.fsum(arm.squares[i] for pair in sums for arm in pair) for i in (0, 1)]
    product = math.fsum(arm.product for pair in sums for arm in pair)
    return (
        squares[0] - _fixed(sums, 0, 0, balanced=balanced),
        product - _fixed(sums, 0, 1, balanced=balanced),
        squares[1] - _fixed(sums, 1, 1, balanced=balanced),
    )


def _fixed(sums: Sequence[tuple[ArmSums, ArmSums]], i: int, j: int, *, balanced: bool) -> float:
    """Return the part of the mean products that does not vary: that of the means, within arms if they are balanced."""
    arms = [arm for pair in sums for arm in pair]
    total = [math.fsum(arm.means[m] for arm in arms) for m in (i, j)]
    whole = total[0] * total[1] / math.fsum(arm.patients for arm in arms)
    if not balanced:
        return whole
    within = math.fsum(arm.means[i] * arm.means[j] / arm.patients for arm in arms)
    between = math.fsum(
        (a.means[i] + b.means[i]) * (a.means[j] + b.means[j]) / (a.patients + b.patients) for a, b in sums
    )
    return within - between + whole
