"""Figures printed beside a curve, and how many of the data sets print the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np
from numpy.typing import NDArray

__all__ = ["Answer", "Printed"]


@dataclass(frozen=True)
class Printed:
    """A printed number and the numbers that print so."""

    text: str
    low: float
    high: float

    @classmethod
    def of(cls, number: Printed | str | float) -> Printed:
        """Return what a figure as printed stands for: itself, half a unit of its last decimal to either side.

        Give it as text where its last decimal is a zero. ValueError for what is no positive number.

        >>> Printed.of("0.60")
        Printed(text='0.60', low=0.595, high=0.605)
        """
        if isinstance(number, Printed):
            return number
        try:
            exact = Decimal(str(number).strip())
        except InvalidOperation:
            exact = Decimal("nan")
        if not exact.is_finite() or exact <= 0:
            raise ValueError(f"a printed figure must be a number above 0, such as 0.58; got {number!r}")
        exponent = int(exact.as_tuple().exponent)
        half = Decimal(5).scaleb(min(exponent, 0) - 1)
        return cls(str(number).strip(), float(exact - half), float(exact + half))

    @property
    def middle(self) -> float:
        """Return the middle of the range."""
        return (self.low + self.high) / 2

    def holds(self, value: float) -> bool:
        """Return whether a number prints so."""
        return self.low <= value <= self.high

    def times(self, factor: float) -> Printed:
        """Return the same in another unit."""
        return Printed(self.text, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Answer:
    """What the data sets say to one printed figure.

    >>> Answer.to("median", Printed.of("3.6"), np.array([3.5, 3.58, 3.62]))
    Answer(name='median', printed='3.6', low=3.5, high=3.62, met=2, of=3)
    """

    name: str
    printed: str
    low: float
    """Over the data sets; NaN where none of them has the figure, as a median that is not reached."""
    high: float
    met: int
    """How many data sets print the figure."""
    of: int

    @classmethod
    def to(cls, name: str, printed: Printed, values: NDArray[np.float64]) -> Answer:
        """Compare a figure with its value in each data set, NaN where it has none."""
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (math.nan, math.nan)
        met = sum(printed.holds(value) for value in values.tolist())
        return cls(name, printed.text, low, high, met, len(values))
