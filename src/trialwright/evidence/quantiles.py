"""Limits and tails of the distributions a synthesis refers to, over scipy.special."""

from __future__ import annotations

__all__ = ["checked_level", "chi_square_limit", "chi_square_tail", "f_tail", "limit", "normal_limit", "two_sided_p"]


def normal_limit(level: float) -> float:
    """Return z so that a standard normal lies within +-z with probability ``level``.

    >>> round(normal_limit(0.9), 6)
    1.644854
    """
    return limit(level, None)


def checked_level(level: float) -> float:
    """Return a confidence level; ValueError unless it is a share."""
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}. For 95 % limits write level=0.95.")
    return level


def limit(level: float, df: float | None) -> float:
    """Return the same for Student's t with ``df`` degrees of freedom; None is the normal distribution."""
    from scipy.special import ndtri, stdtrit

    upper = (1 + checked_level(level)) / 2
    return float(ndtri(upper) if df is None else stdtrit(df, upper))


def two_sided_p(statistic: float, df: float | None) -> float:
    """Return P(|Z| > statistic), or of Student's t with ``df`` degrees of freedom."""
    from scipy.special import ndtr, stdtr

    return float(2 * (ndtr(-abs(statistic)) if df is None else stdtr(df, -abs(statistic))))


def chi_square_tail(x: float, df: float) -> float:
    """Return P(X > x) for chi-square with ``df`` degrees of freedom."""
    from scipy.special import chdtrc

    return float(chdtrc(df, max(0.0, x)))


def chi_square_limit(df: float, above: float) -> float:
    """Return x so that P(X > x) = ``above`` for chi-square with ``df`` degrees of freedom."""
    from scipy.special import chdtri

    return float(chdtri(df, above))


def f_tail(x: float, df: tuple[float, float]) -> float:
    """Return P(F > x) for the two degrees of freedom."""
    from scipy.special import fdtrc

    return float(fdtrc(*df, max(0.0, x)))
