"""What an allocation list is made of: ratio, block sizes and strata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trialwright.protocol import Protocol

__all__ = ["Scheme", "check_ratio", "scheme"]

WIDEST_BLOCK = 1 << 16
"""Draws are 16-bit words, so that no more places than this can be shuffled."""


@dataclass(frozen=True)
class Scheme:
    """Stratified permuted blocks; build it with :meth:`of` or :func:`scheme`.

    Arms and block sizes are kept in ascending order, so that the list does not depend on the order in which a file
    happens to name them. Naming a block size twice doubles its chance.
    """

    ratio: tuple[tuple[str, int], ...]
    """Arm and its whole-number share of a block."""
    block_sizes: tuple[int, ...]
    factors: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Stratification factor and its levels, in the order of the protocol."""

    def __post_init__(self) -> None:
        check_ratio([share for _, share in self.ratio], [arm for arm, _ in self.ratio])
        _check_sizes(self.block_sizes, self.whole)
        _check_factors(self.factors)

    @classmethod
    def of(
        cls,
        ratio: Mapping[str, int],
        block_sizes: Iterable[int],
        factors: Mapping[str, Iterable[str]] | None = None,
    ) -> Scheme:
        """Return the scheme with its parts in canonical order; ValueError when a block cannot hold the ratio.

        >>> Scheme.of({"B": 1, "A": 2}, [6, 3], {"visceral": ["no", "yes"]}).strata
        ('visceral=no', 'visceral=yes')
        """
        levels = tuple((name, tuple(values)) for name, values in (factors or {}).items())
        return cls(tuple(sorted(ratio.items())), tuple(sorted(block_sizes)), levels)

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arms in the order that array results number them in."""
        return tuple(arm for arm, _ in self.ratio)

    @cached_property
    def whole(self) -> int:
        """Return the sum of the ratio: the shortest possible block."""
        return sum(share for _, share in self.ratio)

    @cached_property
    def strata(self) -> tuple[str, ...]:
        """Return the name of every stratum, the last factor changing fastest; without factors there is one, ``all``."""
        names = [name for name, _ in self.factors]
        choices = product(*(levels for _, levels in self.factors))
        return tuple(_name(dict(zip(names, levels, strict=True))) for levels in choices)

    def in_order(self, size: int) -> list[int]:
        """Return the places of a block before they are shuffled, as indices into ``arms``."""
        return [arm for arm, (_, share) in enumerate(self.ratio) for _ in range(share * size // self.whole)]

    def stratum(self, levels: Mapping[str, str]) -> str:
        """Return the name of the stratum with these levels, whatever order they come in.

        >>> Scheme.of({"A": 1, "B": 1}, [2], {"ecog": ["0", "1"], "sex": ["f", "m"]}).stratum({"sex": "m", "ecog": "0"})
        'ecog=0|sex=m'
        """
        known = [name for name, _ in self.factors]
        if set(levels) != set(known):
            raise ValueError(f"levels must be given for exactly these factors: {known}; got {sorted(levels)}")
        return self.known(_name({name: levels[name] for name in known}))

    def known(self, stratum: str) -> str:
        """Return the stratum itself; ValueError listing the known strata when it is not one of the scheme's."""
        if stratum not in self.strata:
            raise ValueError(f"stratum {stratum!r} is not in the scheme; known: {', '.join(self.strata)}")
        return stratum


def scheme(protocol: Protocol) -> Scheme:
    """Return the allocation scheme that a protocol promises."""
    plan = protocol.randomization
    return Scheme.of(plan.ratio, plan.block_sizes, {factor.id: factor.levels for factor in plan.strata})


def _name(levels: Mapping[str, str]) -> str:
    return "|".join(f"{factor}={level}" for factor, level in levels.items()) or "all"


def check_ratio(shares: list[int], arms: list[str]) -> None:
    """ValueError, which names no arm, unless the shares are whole numbers and the arms ascend without repetition."""
    # A ratio held as a float (2/3) drifts from the ratio of a block; bool is an int in Python and is refused too.
    if not shares or any(type(share) is not int or share < 1 for share in shares):
        raise ValueError(f"ratio must be whole numbers of at least 1; got {shares}. For 2:1 write 2 and 1.")
    if arms != sorted(set(arms)):
        raise ValueError("ratio must name every group once, in ascending order; build the scheme with Scheme.of")


def _check_sizes(sizes: tuple[int, ...], whole: int) -> None:
    if not sizes:
        raise ValueError("block_sizes must name at least one size; got none")
    for size in sizes:
        if type(size) is not int or not 1 <= size <= WIDEST_BLOCK or size % whole:
            raise ValueError(
                f"block size must be a multiple of {whole}, the sum of the ratio, up to {WIDEST_BLOCK}; got {size!r}"
            )
    if list(sizes) != sorted(sizes):
        raise ValueError(f"block_sizes must ascend; got {sizes}. Build the scheme with Scheme.of.")


def _check_factors(factors: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    for factor, levels in factors:
        if not levels or len(set(levels)) != len(levels):
            raise ValueError(f"factor {factor!r} must have levels, each named once; got {list(levels)}")
        odd = [name for name in (factor, *levels) if not name or set(name) & set("|=")]
        if odd:
            # Otherwise two different strata could share one name, and so one list.
            raise ValueError(f"names of factors and levels must not be empty or hold '|' or '='; got {odd[0]!r}")
