"""How much of an error may be spent by which fraction of the information.

Lan and DeMets (1983, Biometrika 70:659-663), Kim and DeMets (1987, Biometrika 74:149-154), Hwang, Shih and DeCani
(1990, Stat Med 9:1439-1445). The same functions spend the type I error and, for futility, the type II error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["Spending"]

Family = Literal["obrien-fleming", "pocock", "kim-demets", "hwang-shih-decani", "user"]
FAMILIES = get_args(Family)
NEEDS = {"kim-demets": "a power greater than 0", "hwang-shih-decani": "a finite number other than 0"}
STEEPEST = 50.0
"""A larger parameter spends all within a few percent of the information."""
NEAREST = {
    "kim-demets": "a straight line is 1, about O'Brien-Fleming 3",
    "hwang-shih-decani": "about O'Brien-Fleming is -4, about Pocock 1; a straight line is kim-demets 1",
}


@dataclass(frozen=True)
class Spending:
    """A spending function: the share of an error spent when a fraction of the information is in.

    ``obrien-fleming`` and ``pocock`` are those of Lan and DeMets; ``kim-demets`` has the power rho as ``parameter``,
    ``hwang-shih-decani`` gamma; ``user`` joins the points (fraction, share of the error) by straight lines from (0, 0).

    >>> round(Spending("obrien-fleming").spent(0.025, 76 / 127), 8)
    0.00376218
    >>> round(Spending.user({0.5: 0.2, 1: 1}).spent(0.025, 0.75), 6)
    0.015
    """

    family: Family
    parameter: float | None = None
    points: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"no spending function is called {self.family!r}; known: {', '.join(FAMILIES)}")
        self._check_parameter()
        if (self.family == "user") != bool(self.points):
            raise ValueError(
                "points go with the family 'user', and it needs them; write Spending.user({0.5: 0.1, 1: 1})"
            )
        if self.points:
            _check_points(self.points)

    @classmethod
    def user(cls, shares: Mapping[float, float]) -> Spending:
        """Return the function through the given shares of the error, by fraction; the last is 1: 1."""
        return cls("user", points=tuple(sorted(shares.items())))

    def spent(self, error: float, fraction: float) -> float:
        """Return what of ``error`` is spent at a fraction of the information; all of it from fraction 1 on."""
        if fraction <= 0:
            return 0.0
        if fraction >= 1:
            return error
        if self.family == "obrien-fleming":
            return _obrien_fleming(error, fraction)
        return error * self._share(fraction)

    def _share(self, t: float) -> float:
        parameter = self.parameter or 0.0
        if self.family == "pocock":
            return math.log1p((math.e - 1) * t)
        if self.family == "kim-demets":
            return float(t**parameter)
        if self.family == "hwang-shih-decani":
            return math.expm1(-parameter * t) / math.expm1(-parameter)
        return _interpolated(self.points, t)

    def _check_parameter(self) -> None:
        needs, value = NEEDS.get(self.family), self.parameter
        if needs is None and value is not None:
            raise ValueError(f"{self.family} takes no parameter; got {value}")
        if needs is not None and (
            value is None or not math.isfinite(value) or value == 0 or (self.family == "kim-demets" and value < 0)
        ):
            raise ValueError(f"{self.family} needs {needs} as parameter; got {value}. {NEAREST[self.family]}.")
        if needs is not None and abs(value or 0.0) > STEEPEST:
            nearest = math.copysign(STEEPEST, value or 0.0)
            raise ValueError(
                f"the parameter of {self.family} must be at most {STEEPEST:g} away from 0; got {value}."
                f" The nearest is {nearest:g}; {NEAREST[self.family]}."
            )


def _obrien_fleming(error: float, t: float) -> float:
    from scipy.special import ndtr, ndtri

    return float(2 * ndtr(ndtri(error / 2) / math.sqrt(t)))


def _check_points(points: tuple[tuple[float, float], ...]) -> None:
    fractions, shares = [t for t, _ in points], [share for _, share in points]
    if not all(0 < t <= 1 for t in fractions) or sorted(set(fractions)) != fractions:
        raise ValueError(f"fractions of a user's spending must rise within (0, 1]; got {fractions}")
    if sorted(shares) != shares or shares[0] < 0 or points[-1] != (1, 1):
        raise ValueError(f"shares must not fall, and must end with 1 at fraction 1; got {dict(points)}")


def _interpolated(points: tuple[tuple[float, float], ...], t: float) -> float:
    before = (0.0, 0.0)
    for point in points:
        if t <= point[0]:
            return before[1] + (point[1] - before[1]) * (t - before[0]) / (point[0] - before[0])
        before = point
    return 1.0
