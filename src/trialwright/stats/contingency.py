"""Tests of independence in a two-by-two table: Pearson's chi-square, plain or with Yates's correction, and Fisher's."""

from __future__ import annotations

from trialwright.stats.counts import NOBODY, degenerate, empty
from trialwright.stats.estimates import Test
from trialwright.stats.noncentral import conditional


def pearson_chi_square(x1: int, n1: int, x2: int, n2: int, *, corrected: bool = False) -> Test:
    """Return the chi-square test of two proportions (Pearson 1900), if wanted with Yates's correction (1934).

    Not possible, with the reason in ``problem``, when a group is empty or all outcomes are alike.

    >>> round(pearson_chi_square(56, 70, 48, 80).statistic, 6)
    7.023411
    """
    problem = degenerate(x1, n1, x2, n2)
    if problem:
        return Test.impossible(problem)
    n, x = n1 + n2, x1 + x2
    distance: float = abs(x1 * (n2 - x2) - x2 * (n1 - x1))
    distance = max(0.0, distance - n / 2) if corrected else distance
    return Test.chi_square(n * distance**2 / (n1 * n2 * x * (n - x)), 1)


def fisher_exact(x1: int, n1: int, x2: int, n2: int) -> Test:
    """Return Fisher's exact two-sided P value: the sum of all tables with these margins no likelier than the observed.

    Probabilities within a relative 1e-7 count as equal, as in R. There is no statistic and no degree of freedom.

    >>> f"{fisher_exact(56, 70, 48, 80).p:.9f}"
    '0.012521130'
    """
    if empty(x1, n1, x2, n2):
        return Test.impossible(NOBODY)
    return Test(None, 0, conditional([(x1, n1, x2, n2)]).p())
