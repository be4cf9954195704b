"""Boundaries of group sequential designs: critical values for z, look by look, and when to give up.

z is positive where the experimental arm is better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from trialwright.design.hazard_ratios import log_rank_mean
from trialwright.design.spending import Spending

__all__ = ["Boundaries", "Futility"]

LARGEST_DRIFT = 20.0
ROUND_OFF = 1e-13
Sides = Literal[1, 2]
Supposing = float | Literal["trend", "flat prior"]
Array = Any


@dataclass(frozen=True)
class Futility:
    """When to stop because the trial will not succeed: exactly one of ``bounds``, ``spending`` and ``chances``.

    ``bounds`` on z, one for each look before the last, -inf where there is none; two-sided they are inner bounds, and
    0 where there is none. With ``spending``, ``beta`` is the whole type II error, so the design has the power 1 - beta;
    a look that is not ``tested`` spends nothing. With ``chances``, one for each look before the last, to stop where
    the chance of success in the end is lower, ``supposing`` a drift, the "trend" seen (conditional power) or a "flat
    prior" (predictive power); 0 where there is none.

    ``binding``: whether the upper bounds are lowered because the trial surely stops here; the type I error then relies
    on it.

    >>> Futility.at_hazard_ratios([1.0], events=[76], ratio=2, binding=False).bounds
    (0.0,)
    """

    binding: bool
    bounds: tuple[float, ...] = ()
    spending: Spending | None = None
    beta: float | None = None
    chances: tuple[float, ...] = ()
    supposing: Supposing | None = None
    tested: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.bounds) + (self.spending is not None) + bool(self.chances) != 1:
            raise ValueError("futility needs either bounds or a spending function or chances, and only one of them")
        if (self.spending is None) != (self.beta is None):
            raise ValueError("a spending function and beta go together: the whole type II error, such as 0.1")
        if self.beta is not None:
            check_error("beta", self.beta, 1.0)
        if any(math.isnan(bound) for bound in self.bounds):
            raise ValueError(f"bounds must be numbers, -inf where there is none; got {self.bounds}")
        self._check_chances()
        if self.tested and self.spending is None:
            raise ValueError(
                "tested goes with a spending function; leave a look out of bounds by -inf, of chances by 0"
            )

    def _check_chances(self) -> None:
        if any(not 0 <= chance < 1 for chance in self.chances):
            raise ValueError(f"chances of success must be in [0, 1), such as 0.1 for 10 %; got {self.chances}")
        if bool(self.chances) != (self.supposing is not None):
            raise ValueError("chances need what they suppose, and only they: a drift, 'trend' or 'flat prior'")
        known = isinstance(self.supposing, int | float) and math.isfinite(self.supposing)
        if self.supposing is not None and not known and self.supposing not in {"trend", "flat prior"}:
            raise ValueError(f"supposing must be a finite drift, 'trend' or 'flat prior'; got {self.supposing!r}")

    @classmethod
    def at_hazard_ratios(
        cls, hazard_ratios: Sequence[float], *, events: Sequence[float], ratio: float, binding: bool
    ) -> Futility:
        """Return futility where the hazard ratio is above these, by the events of each look before the last.

        ``ratio`` is experimental to control; infinity means no futility at that look.
        """
        if len(hazard_ratios) != len(events):
            raise ValueError(
                f"each look before the last needs a hazard ratio and its events; got {list(hazard_ratios)}"
                f" and {list(events)}"
            )
        pairs = zip(hazard_ratios, events, strict=True)
        bounds = (-math.inf if h == math.inf else log_rank_mean(h, events=d, ratio=ratio) for h, d in pairs)
        return cls(binding=binding, bounds=tuple(bounds))


@dataclass(frozen=True)
class Boundaries:
    """Bounds on z at each look: stop for efficacy above ``upper``, for futility (two-sided: for harm) below ``lower``.

    ``information`` [looks]: fractions of the planned information, above 1 if a trial overran; ``upper`` is inf and
    ``lower`` -inf at a look without that test. ``alpha`` is the whole type I error on ``sides`` sides,
    ``alpha_spent`` [looks] what is spent up to each look. ``drift`` is the mean of the final z for which a type II
    error was spent, ``None`` where none was. ``inner`` [looks], with futility on two sides: stop between -inner and
    inner; 0 at a look without that test, empty without any.

    >>> Boundaries((1.0,), (-1.96,), (1.96,), 0.05, 2, True, (0.05,)).inner
    ()
    """

    information: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    alpha: float
    sides: Sides
    binding: bool
    alpha_spent: tuple[float, ...]
    drift: float | None = None
    inner: tuple[float, ...] = ()

    @property
    def nominal(self) -> tuple[float, ...]:
        """The P value to go below at each look, on ``sides`` sides; 0 where there is no test."""
        from scipy.special import ndtr

        return tuple(float(self.sides * ndtr(-bound)) for bound in self.upper)

    @property
    def lower_under_null(self) -> tuple[float, ...]:
        """The lower bounds that the type I error relies on: none for non-binding futility."""
        return self.lower if self.binding or self.sides == 2 else (-math.inf,) * len(self.lower)

    @property
    def inner_under_null(self) -> tuple[float, ...]:
        """The inner bounds that the type I error relies on: none for non-binding futility."""
        return self.inner if self.binding else ()


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
