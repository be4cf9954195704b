"""The big stick: a fair coin until the imbalance reaches a limit (Soares & Wu 1983)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from trialwright.randomize.methods import Counts, Ratio, checked, copies_of, ratio_of, tolerance

__all__ = ["BigStick"]


@dataclass(frozen=True)
class BigStick:
    """All copies alike, save those that lead the least frequent one by the limit; build it with :meth:`of`.

    With two arms 1:1 this is the design of Soares & Wu (1983, Communications in Statistics 12:2017). For another ratio
    it is applied to one copy for each unit of the ratio (Kuznetsova & Tymofyeyev 2012), so that the chance of an arm,
    before anything is seen, is that of the ratio at every place. Limiting the arms directly would not keep it.
    """

    tag: ClassVar[str] = "trialwright big stick 1"
    ratio: Ratio
    tolerated: int
    """Largest difference in allocations between two copies."""

    def __post_init__(self) -> None:
        checked(self.ratio)
        tolerance(self.tolerated)

    @classmethod
    def of(cls, ratio: Mapping[str, int], tolerated: int) -> BigStick:
        """Return the method; ValueError for a ratio or a limit that is not of whole numbers from 1.

        >>> BigStick.of({"A": 1, "B": 1}, 3).weights((5, 2))
        (0, 1)
        """
        return cls(ratio_of(ratio), tolerated)

    @cached_property
    def copies(self) -> tuple[int, ...]:
        """Return one copy for each unit of the ratio."""
        return copies_of(self.ratio)

    def weights(self, counts: Counts) -> tuple[int, ...]:
        """Return 1 for each copy that may come next and 0 for each that has reached the limit."""
        fewest = min(counts)
        if max(counts) - fewest > self.tolerated:
            raise ValueError(f"counts must not differ by more than the tolerated {self.tolerated}")
        return tuple(int(count - fewest < self.tolerated) for count in counts)

    def place(self, counts: Counts) -> Counts:
        """Return by how much each copy leads the least frequent one."""
        return tuple(count - min(counts) for count in counts)
