"""Any method as a chain: where it can stand, and what it gives from there with which chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from trialwright.randomize.methods import Method, one_more
from trialwright.randomize.scheme import Scheme

__all__ = ["Chain", "Place", "chain"]

Place = tuple[int, ...]
"""What the method remembers: what is left of a block, or the counts that still matter."""
Step = tuple[int, Place, Fraction]
"""An arm by its index, the place after it, and the chance of both."""


@dataclass(frozen=True)
class Chain:
    """The places of one stratum, before the first allocation and from each place on."""

    shares: tuple[int, ...]
    """Share of each arm in the ratio."""
    start: Mapping[Place, Fraction]
    steps: Callable[[Place], tuple[Step, ...]]


def chain(plan: Scheme | Method) -> Chain:
    """Return the chain of permuted blocks, whose sizes are drawn as they begin, or of a method that counts.

    >>> from trialwright.randomize import Scheme
    >>> blocks = chain(Scheme.of({"A": 2, "B": 1}, [3]))
    >>> blocks.steps((1, 0))
    ((0, (2, 1), Fraction(1, 1)),)
    """
    return _of_blocks(plan) if isinstance(plan, Scheme) else _of_counts(plan)


def _of_blocks(plan: Scheme) -> Chain:
    shares = tuple(share for _, share in plan.ratio)
    starts = [tuple(share * size // plan.whole for share in shares) for size in plan.block_sizes]
    first = {start: Fraction(starts.count(start), len(starts)) for start in starts}

    @cache
    def steps(place: Place) -> tuple[Step, ...]:
        found: list[Step] = []
        for arm, left in enumerate(place):
            after = tuple(number - (index == arm) for index, number in enumerate(place))
            following = {after: Fraction(1)} if any(after) else first
            if left:
                found += [(arm, new, Fraction(left, sum(place)) * chance) for new, chance in following.items()]
        return tuple(found)

    return Chain(shares, first, steps)


def _of_counts(plan: Method) -> Chain:
    @cache
    def steps(place: Place) -> tuple[Step, ...]:
        weights = plan.weights(place)
        return tuple(
            (plan.copies[copy], plan.place(one_more(place, copy)), Fraction(weight, sum(weights)))
            for copy, weight in enumerate(weights)
            if weight
        )

    return Chain(tuple(share for _, share in plan.ratio), {(0,) * len(plan.copies): Fraction(1)}, steps)
