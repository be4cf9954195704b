"""How far the arms can be from their ratio: the exact law of the imbalance of any method."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from trialwright.randomize.chain import Chain, Place, chain
from trialwright.randomize.methods import Counts, Method, one_more
from trialwright.randomize.scheme import Scheme

__all__ = ["Imbalance", "imbalance_of"]


@dataclass(frozen=True)
class Imbalance:
    """The imbalance of one stratum after a number of allocations."""

    law: tuple[tuple[Fraction, float], ...]
    """Largest distance of an arm from its share of the patients, ascending, with its chance."""
    variances: tuple[float, ...]
    """Variance of the number of patients in each arm; those of several strata add up."""

    @property
    def mean(self) -> float:
        """Return the expected largest distance, in patients."""
        return sum(float(distance) * chance for distance, chance in self.law)

    @property
    def largest(self) -> Fraction:
        """Return the largest distance that can occur, in patients."""
        return self.law[-1][0]

    @property
    def standard_deviations(self) -> tuple[float, ...]:
        """Return the standard deviation of the number of patients in each arm."""
        return tuple(map(sqrt, self.variances))


def imbalance_of(plan: Scheme | Method, positions: int) -> tuple[Imbalance, ...]:
    """Return the imbalance of a stratum after 1, 2, ... ``positions`` allocations.

    Exact: the chance of every place of the method together with the numbers in each arm is carried forward; nothing is
    drawn. ValueError for positions below 1, or beyond the end of a list that ends.

    >>> from trialwright.randomize import Scheme
    >>> found = imbalance_of(Scheme.of({"A": 2, "B": 1}, [3]), 3)
    >>> [str(one.largest) for one in found]
    ['2/3', '2/3', '0']
    """
    if type(positions) is not int or positions < 1:
        raise ValueError(f"positions must be a whole number of at least 1; got {positions!r}")
    links = chain(plan)
    none = (0,) * len(links.shares)
    now = {(place, none): float(chance) for place, chance in links.start.items()}
    found = []
    for _ in range(positions):
        now = _next(now, links)
        found.append(_imbalance(now, links.shares))
    return tuple(found)


def _next(now: dict[tuple[Place, Counts], float], links: Chain) -> dict[tuple[Place, Counts], float]:
    after: dict[tuple[Place, Counts], float] = {}
    for (place, counts), chance in now.items():
        for arm, new, step in links.steps(place):
            state = new, one_more(counts, arm)
            after[state] = after.get(state, 0.0) + chance * float(step)
    return after


def _imbalance(now: dict[tuple[Place, Counts], float], shares: tuple[int, ...]) -> Imbalance:
    law: dict[Fraction, float] = {}
    squares, means = [0.0] * len(shares), [0.0] * len(shares)
    for (_, counts), chance in now.items():
        whole = Fraction(sum(counts), sum(shares))
        off = [count - whole * share for count, share in zip(counts, shares, strict=True)]
        distance = max(map(abs, off))
        law[distance] = law.get(distance, 0.0) + chance
        for arm, each in enumerate(off):
            squares[arm] += chance * float(each) ** 2
            means[arm] += chance * float(each)
    variances = (max(0.0, square - mean * mean) for square, mean in zip(squares, means, strict=True))
    return Imbalance(tuple(sorted(law.items())), tuple(variances))
