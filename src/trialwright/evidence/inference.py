"""An estimate with its limits and test, and the distribution they refer to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from trialwright.evidence.quantiles import limit, two_sided_p

__all__ = ["Inference", "PoolingTest", "infer"]

PoolingTest = Literal["z", "t", "HK", "HK ad hoc"]
"""z: normal limits. t: the same standard error, Student's t with k - p degrees of freedom. HK: Hartung and Knapp's
variance and t. HK ad hoc: the same, its variance never below that of z."""


@dataclass(frozen=True)
class Inference:
    """An estimate with standard error, limits and test, and the distribution they refer to."""

    test: PoolingTest
    estimate: float
    se: float
    lower: float
    upper: float
    level: float
    statistic: float
    df: int | None
    """Degrees of freedom of Student's t; None for the normal distribution."""
    p: float
    """Two-sided, of an effect of 0."""

    @property
    def ratio(self) -> tuple[float, float, float]:
        """Return estimate and limits of a logarithm as a ratio.

        >>> " ".join(f"{end:.2f}" for end in infer("z", -0.17, 0.12, None, 0.95).ratio)
        '0.84 0.67 1.07'
        """
        return math.exp(self.estimate), math.exp(self.lower), math.exp(self.upper)


def infer(test: PoolingTest, estimate: float, se: float, df: int | None, level: float) -> Inference:
    """Return limits and test of an estimate; ``df`` None is the normal distribution.

    >>> f"{infer('z', -0.24, 0.11, None, 0.95).p:.4f}"
    '0.0291'
    """
    half = limit(level, df) * se
    # Studies that agree exactly have no spread at all: Hartung and Knapp's standard error is 0.
    statistic = estimate / se if se > 0 else math.copysign(math.inf, estimate) if estimate else 0.0
    p = two_sided_p(statistic, df)
    return Inference(test, estimate, se, estimate - half, estimate + half, level, statistic, df, p)
