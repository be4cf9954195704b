"""Types of the rule language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from trialwright.protocol.rules.units import unit_of

__all__ = [
    "ANY_NUMBER",
    "DATE",
    "TRUTH",
    "Choice",
    "DateType",
    "Number",
    "SetOf",
    "Truth",
    "Type",
    "joined",
    "number_in",
    "same_measure",
]


@dataclass(frozen=True, slots=True)
class Truth:
    """True, false or not known."""

    name = "truth"

    def __str__(self) -> str:
        return "true or false"


@dataclass(frozen=True, slots=True)
class DateType:
    """A calendar day."""

    name = "date"

    def __str__(self) -> str:
        return "a date"


@dataclass(frozen=True, slots=True)
class Number:
    """A number with the dimension of its unit; ``shown`` is the unit for messages."""

    dimension: str
    shown: str = ""
    name = "number"

    def __str__(self) -> str:
        return f"a quantity in {self.shown}" if self.shown else "a number without unit"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some levels."""

    levels: tuple[str, ...]
    name = "choice"

    def __str__(self) -> str:
        return f"one of {', '.join(self.levels)}"


@dataclass(frozen=True, slots=True)
class SetOf:
    """Any subset of some levels."""

    levels: tuple[str, ...]
    name = "set"

    def __str__(self) -> str:
        return f"a set of {', '.join(self.levels)}"


Type = Truth | DateType | Number | Choice | SetOf

TRUTH: Final = Truth()
DATE: Final = DateType()
ANY_NUMBER: Final = Number("any")
"""A parameter without value: it fits every dimension, because nothing is known of it."""


def same_measure(left: Type, right: Type) -> bool:
    """Whether two values can be ordered or added: two dates, or two numbers of one dimension."""
    if isinstance(left, Number) and isinstance(right, Number):
        return left.dimension == right.dimension or "any" in {left.dimension, right.dimension}
    return isinstance(left, DateType) and isinstance(right, DateType)


def joined(left: Type, right: Type) -> Type:
    """Return the type of two values taken together: the dimension that is known, the levels of both."""
    if isinstance(left, Choice) and isinstance(right, Choice):
        return Choice(tuple(dict.fromkeys(left.levels + right.levels)))
    return right if left == ANY_NUMBER else left


def number_in(unit: str | None) -> Number:
    """Return the type of a number in that unit."""
    return Number(unit_of(unit).dimension, unit or "")
