"""Boundaries of group sequential designs: critical values for z, look by look, and when to give up.

z is positive where the experimental arm is better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from trialwright.design.spending import Spending

__all__ = ["Boundaries", "Futility"]

LARGEST_DRIFT = 20.0
ROUND_OFF = 1e-13
Sides = Literal[1, 2]
Array = Any


@dataclass(frozen=True)
class Futility:
    """When to stop because the trial will not succeed: by ``bounds`` on z, or by ``spending`` the type II error.

    ``bounds``: one for each look before the last, -inf where there is none. With ``spending``, ``beta`` is the whole
    type II error, so the design has the power 1 - beta. ``binding``: whether the upper bounds are lowered because the
    trial surely stops here; the type I error then relies on it.
    """

    binding: bool
    bounds: tuple[float, ...] = ()
    spending: Spending | None = None
    beta: float | None = None

    def __post_init__(self) -> None:
        if bool(self.bounds) == (self.spending is not None):
            raise ValueError("futility needs either bounds or a spending function, not both")
        if (self.spending is None) != (self.beta is None):
            raise ValueError("a spending function and beta go together: the whole type II error, such as 0.1")
        if self.beta is not None:
            check_error("beta", self.beta, 1.0)
        if any(math.isnan(bound) for bound in self.bounds):
            raise ValueError(f"bounds must be numbers, -inf where there is none; got {self.bounds}")


@dataclass(frozen=True)
class Boundaries:
    """Bounds on z at each look: stop for efficacy above ``upper``, for futility (two-sided: for harm) below ``lower``.

    ``information`` [looks]: fractions of the planned information, above 1 if a trial overran; ``upper`` is inf and
    ``lower`` -inf at a look without that test. ``alpha`` is the whole type I error on ``sides`` sides,
    ``alpha_spent`` [looks] what is spent up to each look. ``drift`` is the mean of the final z for which a type II
    error was spent, ``None`` where none was.
    """

    information: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    alpha: float
    sides: Sides
    binding: bool
    alpha_spent: tuple[float, ...]
    drift: float | None = None

    @property
    def nominal(self) -> tuple[float, ...]:
        """The P value to go below at each look, on ``sides`` sides; 0 where there is no test."""
        from scipy.special import ndtr

        return tuple(float(self.sides * ndtr(-bound)) for bound in self.upper)

    @property
    def lower_under_null(self) -> tuple[float, ...]:
        """The lower bounds that the type I error relies on: none for non-binding futility."""
        return self.lower if self.binding or self.sides == 2 else (-math.inf,) * len(self.lower)


def floats(values: Array) -> tuple[float, ...]:
    """Return an array as a tuple of plain numbers."""
    return tuple(float(value) for value in values)


def check_level(alpha: float, sides: int) -> None:
    """Raise ValueError unless alpha is a type I error on one or two sides."""
    if sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2; got {sides}")
    check_error("alpha", alpha, 0.5 * sides)


def check_error(name: str, value: float, most: float) -> None:
    """Raise ValueError unless 0 < value < most."""
    if not 0 < value < most:
        raise ValueError(f"{name} must be in (0, {most:g}); got {value}. For 2.5 % write 0.025.")
