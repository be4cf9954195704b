"""The typed tree of a rule. Nodes are values: they can be compared, listed and printed.

Numbers and dates are both measures: a number in the base unit of its dimension, a date in days since 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Literal

from trialwright.protocol.rules.types import DATE, TRUTH, Choice, Number, Type, joined, number_in

__all__ = [
    "AllRecords",
    "Anchor",
    "And",
    "AnyOf",
    "AnyRecord",
    "Compare",
    "Count",
    "Datum",
    "Day",
    "Days",
    "Difference",
    "Extreme",
    "Field",
    "Fixed",
    "If",
    "Latest",
    "Level",
    "Months",
    "Node",
    "Not",
    "OneOf",
    "Operator",
    "Or",
    "Parameter",
    "Quantity",
    "SameLevel",
    "Sum",
    "walk",
]

Operator = Literal["==", "!=", "<", "<=", ">", ">="]


class Node:
    """Any part of a rule."""

    __slots__ = ()

    @property
    def type(self) -> Type:
        """The type of its value; most nodes are true or false."""
        return TRUTH


@dataclass(frozen=True, slots=True)
class Quantity(Node):
    """A literal number, as written."""

    value: float
    unit: str | None = None

    @property
    def type(self) -> Number:
        """A number in the unit."""
        return number_in(self.unit)


@dataclass(frozen=True, slots=True)
class Day(Node):
    """A literal date."""

    value: date

    @property
    def type(self) -> Type:
        """A date."""
        return DATE


@dataclass(frozen=True, slots=True)
class Fixed(Node):
    """``true`` or ``false``."""

    value: bool


@dataclass(frozen=True, slots=True)
class Level(Node):
    """A level of a choice with those levels."""

    name: str
    levels: tuple[str, ...]

    @property
    def type(self) -> Choice:
        """The choice it belongs to."""
        return Choice(self.levels)


@dataclass(frozen=True, slots=True)
class Datum(Node):
    """A variable; ``scale`` turns its unit into the base unit."""

    name: str
    kind: Type
    scale: int = 1

    @property
    def type(self) -> Type:
        """The type of the variable."""
        return self.kind


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A field of the record looked at."""

    records: str
    name: str
    kind: Type
    scale: int = 1

    @property
    def type(self) -> Type:
        """The type of the field."""
        return self.kind


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A named limit, in base units; None where the protocol does not know it."""

    name: str
    value: float | None
    kind: Number

    @property
    def type(self) -> Number:
        """A number in its unit."""
        return self.kind


@dataclass(frozen=True, slots=True)
class Anchor(Node):
    """A reference date."""

    name: str

    @property
    def type(self) -> Type:
        """A date."""
        return DATE


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """Left plus right."""

    left: Node
    right: Node

    @property
    def type(self) -> Type:
        """The measure of its parts."""
        return joined(self.left.type, self.right.type)


@dataclass(frozen=True, slots=True)
class Difference(Node):
    """Left minus right."""

    left: Node
    right: Node

    @property
    def type(self) -> Type:
        """The measure of its parts."""
        return joined(self.left.type, self.right.type)


@dataclass(frozen=True, slots=True)
class Days(Node):
    """Whole days from start to end."""

    start: Node
    end: Node

    @property
    def type(self) -> Number:
        """A number of days."""
        return number_in("d")


@dataclass(frozen=True, slots=True)
class Months(Node):
    """Completed calendar months from start to end."""

    start: Node
    end: Node

    @property
    def type(self) -> Number:
        """A number of calendar months."""
        return number_in("mo")


@dataclass(frozen=True, slots=True)
class Count(Node):
    """How many records satisfy a condition."""

    records: str
    where: Node

    @property
    def type(self) -> Number:
        """A number without unit."""
        return number_in(None)


@dataclass(frozen=True, slots=True)
class Extreme(Node):
    """Largest or smallest value of a field."""

    records: str
    field: Field
    where: Node | None
    largest: bool

    @property
    def type(self) -> Type:
        """The type of the field."""
        return self.field.kind


@dataclass(frozen=True, slots=True)
class Latest(Node):
    """Field of the last record dated within some days before a date, both ends included."""

    records: str
    field: Field
    window: Quantity
    before: Anchor

    @property
    def type(self) -> Type:
        """The type of the field."""
        return self.field.kind


@dataclass(frozen=True, slots=True)
class If(Node):
    """One of two values."""

    then: Node
    condition: Node
    other: Node

    @property
    def type(self) -> Type:
        """The type both values share."""
        return joined(self.then.type, self.other.type)


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """Two measures compared."""

    left: Node
    operator: Operator
    right: Node


@dataclass(frozen=True, slots=True)
class SameLevel(Node):
    """Two choices have the same level."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class OneOf(Node):
    """A choice is one of some levels."""

    choice: Node
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Node):
    """A set has at least one of some levels."""

    set: Node
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The contrary."""

    part: Node


@dataclass(frozen=True, slots=True)
class And(Node):
    """All parts hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Some part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyRecord(Node):
    """Some record satisfies a condition."""

    records: str
    where: Node


@dataclass(frozen=True, slots=True)
class AllRecords(Node):
    """Every record satisfies a condition."""

    records: str
    where: Node


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, in the order of the text."""
    yield node
    for part in fields(node):  # type: ignore[arg-type]
        value = getattr(node, part.name)
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Node):
                yield from walk(child)
