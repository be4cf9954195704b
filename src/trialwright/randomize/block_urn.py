"""The block urn: balls drawn come back as soon as they make up a balanced set (Zhao & Weng 2011)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from trialwright.randomize.methods import Counts, Ratio, checked, ratio_of

__all__ = ["BlockUrn"]


@dataclass(frozen=True)
class BlockUrn:
    """An urn of ``sets`` times the ratio from which balls are drawn without being put back; build it with :meth:`of`.

    Balls of the ratio are put back together once each has been drawn. It keeps the limits of a permuted block of the
    same size and gives away fewer allocations (Zhao & Weng 2011, Contemporary Clinical Trials 32:953). The
    chance of an arm before anything is seen is that of the ratio at every place for 1:1, but not in general for other
    ratios: see :class:`~trialwright.randomize.BigStick` for a method that keeps it.
    """

    tag: ClassVar[str] = "trialwright block urn 1"
    ratio: Ratio
    sets: int
    """Balanced sets in the full urn; the paper's lambda."""

    def __post_init__(self) -> None:
        checked(self.ratio)
        if type(self.sets) is not int or self.sets < 1:
            raise ValueError(f"sets must be a whole number of at least 1; got {self.sets!r}")

    @classmethod
    def of(cls, ratio: Mapping[str, int], sets: int) -> BlockUrn:
        """Return the method; ValueError for a ratio or a number of sets that is not of whole numbers from 1.

        >>> BlockUrn.of({"A": 1, "B": 1}, 2).weights((2, 1))
        (1, 2)
        """
        return cls(ratio_of(ratio), sets)

    @property
    def copies(self) -> tuple[int, ...]:
        """Return the arms themselves: balls of one arm are alike."""
        return tuple(range(len(self.ratio)))

    def weights(self, counts: Counts) -> tuple[int, ...]:
        """Return the balls of each arm in the urn."""
        out = self.place(counts)
        left = tuple(self.sets * share - drawn for (_, share), drawn in zip(self.ratio, out, strict=True))
        if min(left) < 0:
            raise ValueError(f"counts cannot have come from an urn of {self.sets} balanced sets")
        return left

    def place(self, counts: Counts) -> Counts:
        """Return the balls of each arm that are out of the urn."""
        returned = min(drawn // share for drawn, (_, share) in zip(counts, self.ratio, strict=True))
        return tuple(drawn - returned * share for drawn, (_, share) in zip(counts, self.ratio, strict=True))
