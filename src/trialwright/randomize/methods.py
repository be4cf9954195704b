"""What the methods without fixed blocks share: whole-number chances that depend on what has been allocated.

A method counts *copies*. For n:m there are either two, the arms themselves, or n + m of them, of which n stand for the
one arm and m for the other. A method that treats n + m copies alike gives each of them the chance 1/(n + m) at every
place, before anything is seen, and so keeps the allocation ratio at every place (Kuznetsova & Tymofyeyev 2012).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from trialwright.randomize.draws import wide_below, words
from trialwright.randomize.key import check_key
from trialwright.randomize.scheme import check_ratio

__all__ = [
    "Counts",
    "Draw",
    "Method",
    "Ratio",
    "arms_of",
    "checked",
    "chosen",
    "copies_of",
    "draw",
    "one_more",
    "ratio_of",
    "sequence",
    "tolerance",
]

Counts = tuple[int, ...]
"""How often each copy has been allocated in the stratum."""
Ratio = tuple[tuple[str, int], ...]
"""Arm and its whole-number share, arms ascending."""


class Method(Protocol):
    """A method of allocation within one stratum."""

    @property
    def tag(self) -> str:
        """Return the name and version of the method, which is part of every draw."""

    @property
    def ratio(self) -> Ratio:
        """Return each arm with its whole-number share."""

    @property
    def copies(self) -> tuple[int, ...]:
        """Return the arm, as an index into ``ratio``, that each copy stands for."""

    def weights(self, counts: Counts) -> tuple[int, ...]:
        """Return the chance of each copy at the next place, as whole numbers to be divided by their sum."""

    def place(self, counts: Counts) -> Counts:
        """Return the smallest counts after which every chance to come is the same as after these."""


@dataclass(frozen=True)
class Draw:
    """One allocation with all that is needed, beside the key, to replay it."""

    arm: str
    list_id: str
    stratum: str
    position: int
    """Place within the stratum, from 0: the sum of ``counts``."""
    counts: Counts
    """Allocations of each copy before this one."""
    weights: tuple[int, ...]
    """Chance of each copy times the sum of the weights."""
    uniform: int
    """The whole number drawn, from 0 to the sum of the weights less 1."""
    choice: int
    """The copy it fell on."""


def draw(method: Method, key: bytes, list_id: str, stratum: str, counts: Counts) -> Draw:
    """Return the next allocation of a stratum: a pure function of its arguments.

    ``counts`` are the allocations of each copy so far; their sum is the position. Words come from HMAC-SHA256 of (tag,
    list, stratum, position), see :mod:`trialwright.randomize.draws`. ValueError, never naming an arm, for a wrong
    argument or when the list has ended.

    >>> from trialwright.randomize import BlockUrn
    >>> found = draw(BlockUrn.of({"A": 2, "B": 1}, 2), bytes(32), "example", "all", (2, 0))
    >>> found.position, found.weights
    (2, (2, 2))
    """
    _check(method, key, list_id, stratum, counts)
    weights, position = method.weights(counts), sum(counts)
    uniform = wide_below(sum(weights), words(key, method.tag, list_id, stratum, position))
    choice = chosen(weights, uniform)
    arm = arms_of(method)[method.copies[choice]]
    return Draw(arm, list_id, stratum, position, counts, weights, uniform, choice)


def sequence(method: Method, key: bytes, list_id: str, stratum: str, length: int) -> tuple[Draw, ...]:
    """Return the first ``length`` allocations of a stratum, each drawn from the counts that the earlier ones leave.

    >>> from trialwright.randomize import BigStick
    >>> drawn = sequence(BigStick.of({"A": 1, "B": 1}, 1), bytes(32), "example", "all", 8)
    >>> {each.arm + after.arm for each, after in zip(drawn[::2], drawn[1::2])} <= {"AB", "BA"}
    True
    """
    counts, drawn = (0,) * len(method.copies), []
    for _ in range(length):
        drawn.append(draw(method, key, list_id, stratum, counts))
        counts = one_more(counts, drawn[-1].choice)
    return tuple(drawn)


def chosen(weights: tuple[int, ...], uniform: int) -> int:
    """Return the copy in whose stretch of the weights the number falls."""
    return next(copy for copy, end in enumerate(accumulate(weights)) if uniform < end)


def one_more(counts: Counts, copy: int) -> Counts:
    """Return the counts after one more allocation of this copy."""
    return tuple(number + (index == copy) for index, number in enumerate(counts))


def ratio_of(ratio: Mapping[str, int]) -> Ratio:
    """Return the ratio in canonical order, arms ascending."""
    return tuple(sorted(ratio.items()))


def checked(ratio: Ratio) -> None:
    """ValueError unless there are two arms or more, with whole-number shares of at least 1."""
    check_ratio([share for _, share in ratio], [arm for arm, _ in ratio])
    if len(ratio) < 2:
        raise ValueError(f"ratio must have at least 2 groups; got {len(ratio)}")


def tolerance(tolerated: int) -> None:
    """ValueError unless the tolerated imbalance is a whole number of at least 1."""
    if type(tolerated) is not int or tolerated < 1:
        raise ValueError(f"tolerated must be a whole number of at least 1; got {tolerated!r}")


def copies_of(ratio: Ratio) -> tuple[int, ...]:
    """Return one copy for each unit of the ratio, as an index into it: 2:1 has three, (0, 0, 1)."""
    return tuple(arm for arm, (_, share) in enumerate(ratio) for _ in range(share))


def arms_of(method: Method) -> tuple[str, ...]:
    """Return the arms in the order that ``copies`` numbers them in."""
    return tuple(arm for arm, _ in method.ratio)


def _check(method: Method, key: bytes, list_id: str, stratum: str, counts: Counts) -> None:
    check_key(key)
    for name, text in (("list_id", list_id), ("stratum", stratum)):
        if not isinstance(text, str) or not text:
            raise ValueError(f"{name} must be a text that is not empty; got {text!r}")
    if len(counts) != len(method.copies) or any(type(count) is not int or count < 0 for count in counts):
        raise ValueError(f"counts must be {len(method.copies)} whole numbers from 0, one for each copy")
