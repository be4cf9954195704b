"""The maximal procedure: all lists within the tolerated imbalance alike (Berger, Ivanova & Deloria Knoll 2003)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement
from typing import ClassVar

from trialwright.randomize.methods import Counts, Ratio, checked, copies_of, one_more, ratio_of, tolerance

__all__ = ["Maximal"]


@dataclass(frozen=True)
class Maximal:
    """Every list of a given length that stays within the limit and ends in balance is equally likely.

    Berger, Ivanova & Deloria Knoll (2003, Statistics in Medicine 22:3017) for two arms 1:1. For another ratio it is
    applied to one copy for each unit of the ratio, so that the ratio is kept at every place (Kuznetsova & Tymofyeyev
    2012). Lists are counted with whole numbers: no chance is rounded. Build it with :meth:`of`.
    """

    tag: ClassVar[str] = "trialwright maximal 1"
    ratio: Ratio
    tolerated: int
    """Largest difference in allocations between two copies."""
    length: int
    """Places in the list, which ends there."""

    def __post_init__(self) -> None:
        checked(self.ratio)
        tolerance(self.tolerated)
        whole = len(self.copies)
        if type(self.length) is not int or self.length < 1 or self.length % whole:
            raise ValueError(f"length must be a multiple of {whole}, the sum of the ratio; got {self.length!r}")

    @classmethod
    def of(cls, ratio: Mapping[str, int], tolerated: int, length: int) -> Maximal:
        """Return the method; ValueError when the list cannot end in balance.

        >>> plan = Maximal.of({"A": 1, "B": 1}, 2, 4)
        >>> plan.lists, plan.weights((1, 0)), plan.weights((2, 0))
        (6, (1, 2), (0, 1))
        """
        return cls(ratio_of(ratio), tolerated, length)

    @cached_property
    def copies(self) -> tuple[int, ...]:
        """Return one copy for each unit of the ratio."""
        return copies_of(self.ratio)

    @property
    def lists(self) -> int:
        """Return the number of lists of copies, all equally likely."""
        return _lists(len(self.copies), self.tolerated, self.length)[-1][(0,) * len(self.copies)]

    def weights(self, counts: Counts) -> tuple[int, ...]:
        """Return, for each copy, the number of ways in which the list can go on after it."""
        left = self.length - sum(counts)
        if left < 1:
            raise ValueError(f"the list ends after {self.length} places; go on with a list of another name")
        lists = _lists(len(self.copies), self.tolerated, self.length)
        if not lists[left].get(_leads(counts)):
            raise ValueError(f"counts cannot have come from a list that tolerates {self.tolerated}")
        return tuple(lists[left - 1].get(_leads(one_more(counts, copy)), 0) for copy in range(len(counts)))

    def place(self, counts: Counts) -> Counts:
        """Return the counts: the end of the list is near or far."""
        return counts


@lru_cache(maxsize=64)
def _lists(copies: int, tolerated: int, length: int) -> list[dict[Counts, int]]:
    """Return, by places left, in how many ways a list can go on from each set of leads (ascending) to balance."""
    within = [(0, *rest) for rest in combinations_with_replacement(range(tolerated + 1), copies - 1)]
    found = [{(0,) * copies: 1}]
    for _ in range(length):
        found.append({leads: _ways(leads, found[-1]) for leads in within})
    return found


def _ways(leads: Counts, after: dict[Counts, int]) -> int:
    return sum(after.get(_leads(one_more(leads, copy)), 0) for copy in range(len(leads)))


def _leads(counts: Counts) -> Counts:
    fewest = min(counts)
    return tuple(sorted(count - fewest for count in counts))
