"""A rule's tree back as text that reads to the same tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from trialwright.protocol.rules import nodes as n

__all__ = ["show"]


def show(node: n.Node) -> str:
    """Return the text of a node, with every level quoted.

    >>> show(n.Compare(n.Datum("ecog", n.Quantity(0).type), "<=", n.Quantity(1.0)))
    'ecog <= 1'
    """
    return _SHOWS[type(node)](node)


def _inner(node: n.Node) -> str:
    text = show(node)
    return f"({text})" if isinstance(node, _COMPOUND) else text


def _number(value: float) -> str:
    text = f"{Decimal(repr(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _quantity(node: n.Quantity) -> str:
    return f"{_number(node.value)} {node.unit}" if node.unit else _number(node.value)


def _quoted(level: str) -> str:
    return f"'{level}'" if '"' in level else f'"{level}"'


def _set(levels: Iterable[str]) -> str:
    return "{" + ", ".join(_quoted(level) for level in levels) + "}"


def _over(name: str) -> Callable[[Any], str]:
    return lambda node: f"{name}({node.records} where {show(node.where)})"


def _extreme(node: n.Extreme) -> str:
    where = f" where {show(node.where)}" if node.where else ""
    return f"{'max' if node.largest else 'min'}({node.records}.{node.field.name}{where})"


def _latest(node: n.Latest) -> str:
    return f"latest({node.records}.{node.field.name}, within = {_quantity(node.window)} before {node.before.name})"


def _joined(word: str, parts: Iterable[n.Node]) -> str:
    return f" {word} ".join(_inner(part) for part in parts)


_COMPOUND: Final = (n.If, n.Or, n.And, n.Not, n.Compare, n.SameLevel, n.OneOf, n.Sum, n.Difference)

_SHOWS: Final[dict[type[n.Node], Callable[[Any], str]]] = {
    n.Quantity: _quantity,
    n.Day: lambda node: f'date("{node.value.isoformat()}")',
    n.Fixed: lambda node: "true" if node.value else "false",
    n.Level: lambda node: _quoted(node.name),
    n.Datum: lambda node: node.name,
    n.Field: lambda node: node.name,
    n.Parameter: lambda node: node.name,
    n.Anchor: lambda node: node.name,
    n.Sum: lambda node: _joined("+", (node.left, node.right)),
    n.Difference: lambda node: _joined("-", (node.left, node.right)),
    n.Days: lambda node: f"days({show(node.start)}, {show(node.end)})",
    n.Months: lambda node: f"months({show(node.start)}, {show(node.end)})",
    n.Count: _over("count"),
    n.Extreme: _extreme,
    n.Latest: _latest,
    n.If: lambda node: f"{_inner(node.then)} if {_inner(node.condition)} else {_inner(node.other)}",
    n.Compare: lambda node: _joined(node.operator, (node.left, node.right)),
    n.SameLevel: lambda node: _joined("==", (node.left, node.right)),
    n.OneOf: lambda node: f"{_inner(node.choice)} in {_set(node.levels)}",
    n.AnyOf: lambda node: f"any_of({show(node.set)}, {_set(node.levels)})",
    n.Not: lambda node: f"not {_inner(node.part)}",
    n.And: lambda node: _joined("and", node.parts),
    n.Or: lambda node: _joined("or", node.parts),
    n.AnyRecord: _over("any"),
    n.AllRecords: _over("all"),
}
