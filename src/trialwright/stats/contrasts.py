"""A comparison of two arms in one number: with limits, a test against no difference, and the scale both are made on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from trialwright.stats.estimates import normal_tail, two_sided_z

Scale = Literal["plain", "log"]


@dataclass(frozen=True)
class Contrast:
    """A difference (scale plain, no difference = 0) or a ratio (scale log, no difference = 1) with Wald limits."""

    value: float | None
    lower: float | None
    upper: float | None
    level: float
    """Confidence level of the limits."""
    se: float | None
    """Standard error, of the logarithm on the scale log."""
    z: float | None
    p: float | None
    """Two-sided."""
    scale: Scale
    problem: str | None = None

    @classmethod
    def difference(cls, value: float, se: float, level: float) -> Contrast:
        """Return a difference with limits value -+ z se.

        >>> round(Contrast.difference(2.0, 1.0, 0.95).p, 6)
        0.0455
        """
        half = two_sided_z(level) * se
        if not se > 0:
            return cls(value, None, None, level, None, None, None, "plain", NO_SPREAD)
        z = value / se
        return cls(value, value - half, value + half, level, se, z, 2 * normal_tail(-abs(z)), "plain")

    @classmethod
    def ratio(cls, value: float, se_log: float, level: float) -> Contrast:
        """Return a ratio with limits value exp(-+ z se).

        >>> ratio = Contrast.ratio(2.0, 0.5, 0.95)
        >>> round(ratio.lower, 6), round(ratio.z, 6)
        (0.750636, 1.386294)
        """
        half = two_sided_z(level) * se_log
        if not se_log > 0:
            return cls(value, None, None, level, None, None, None, "log", NO_SPREAD)
        z = math.log(value) / se_log
        lower, upper = value * math.exp(-half), value * math.exp(half)
        return cls(value, lower, upper, level, se_log, z, 2 * normal_tail(-abs(z)), "log")

    @classmethod
    def impossible(cls, scale: Scale, level: float, problem: str, value: float | None = None) -> Contrast:
        """Return the contrast that the data do not allow; a value without limits may be known."""
        two_sided_z(level)
        return cls(value, None, None, level, None, None, None, scale, problem)


NO_SPREAD = "no standard error: the data show no variation"
