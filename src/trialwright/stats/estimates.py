"""The shapes of an answer: an estimate with limits, and a test."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A number with its limits. None means not estimable, and ``problem`` then says why."""

    value: float | None
    lower: float | None
    upper: float | None
    level: float
    """Confidence level of the limits."""
    se: float | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Test:
    """A chi-square statistic with its degrees of freedom and two-sided P value, or the problem that prevents it."""

    __test__ = False  # pytest must not collect this class

    statistic: float | None
    df: int
    p: float | None
    problem: str | None = None

    @classmethod
    def chi_square(cls, statistic: float, df: int) -> Test:
        """Return the test of a statistic that is chi-square under the null hypothesis.

        >>> round(Test.chi_square(3.841458820694124, 1).p, 12)
        0.05
        """
        return cls(statistic, df, chi_square_tail(statistic, df))

    @classmethod
    def impossible(cls, problem: str) -> Test:
        """Return the test that the data do not allow."""
        return cls(None, 0, None, problem)


def number(value: float) -> float | None:
    """Return a float, or None for NaN."""
    return None if math.isnan(value) else float(value)


def normal_quantile(p: float) -> float:
    """Return the quantile of the standard normal distribution (Wichura 1988, AS 241)."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


def two_sided_z(level: float) -> float:
    """Return z so that a standard normal lies within +-z with probability ``level``.

    >>> round(two_sided_z(0.95), 6)
    1.959964
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}. For 95 % limits write level=0.95.")
    return -normal_quantile((1 - level) / 2)


def normal_tail(z: float) -> float:
    """Return P(Z <= z) of the standard normal distribution, exact in both tails."""
    return math.erfc(-z / math.sqrt(2)) / 2


def chi_square_tail(x: float, df: int) -> float:
    """Return P(X > x) for whole degrees of freedom (Abramowitz and Stegun 1964, 26.4.4 and 26.4.5).

    >>> round(chi_square_tail(5.991464547107979, 2), 12)
    0.05
    """
    half = x / 2
    if df % 2 == 0:
        term, total = math.exp(-half), 0.0
        for i in range(df // 2):
            total += term
            term *= half / (i + 1)
        return total
    total = math.erfc(math.sqrt(half))
    term = math.sqrt(half) * math.exp(-half) / math.gamma(1.5)
    for i in range(df // 2):
        total += term
        term *= half / (i + 1.5)
    return total
