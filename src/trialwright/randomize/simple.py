"""Simple randomization n:m: every allocation on its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from trialwright.randomize.methods import Counts, Ratio, checked, ratio_of

__all__ = ["Simple"]


@dataclass(frozen=True)
class Simple:
    """Each allocation with the chances of the ratio, whatever came before; build it with :meth:`of`."""

    tag: ClassVar[str] = "trialwright simple 1"
    ratio: Ratio

    def __post_init__(self) -> None:
        checked(self.ratio)

    @classmethod
    def of(cls, ratio: Mapping[str, int]) -> Simple:
        """Return the method; ValueError for a ratio that is not of whole numbers.

        >>> Simple.of({"B": 1, "A": 2}).weights((7, 0))
        (2, 1)
        """
        return cls(ratio_of(ratio))

    @property
    def copies(self) -> tuple[int, ...]:
        """Return the arms themselves: nothing needs more copies than arms."""
        return tuple(range(len(self.ratio)))

    def weights(self, counts: Counts) -> tuple[int, ...]:
        """Return the shares of the ratio."""
        return tuple(share for _, share in self.ratio)

    def place(self, counts: Counts) -> Counts:
        """Return zeros: nothing is remembered."""
        return (0,) * len(counts)
