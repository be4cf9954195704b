"""Rules with one threshold changed by the smallest step: each must change the answer of some example patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any, Final

from trialwright.protocol.rules import nodes as n
from trialwright.protocol.rules.compiled import Compiled
from trialwright.protocol.rules.printing import show
from trialwright.protocol.rules.reader import read_quantity
from trialwright.protocol.rules.units import tidy, unit_of

__all__ = ["Mutant", "threshold_mutants"]

_TURNED: Final[dict[str, n.Operator]] = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}

Parameters = Mapping[str, float | str | None]


@dataclass(frozen=True)
class Mutant:
    """A changed rule and what was changed."""

    change: str
    rule: Compiled


def threshold_mutants(rule: Compiled) -> tuple[Mutant, ...]:
    """Return the rule with every limit one step up and down, and every comparison strict or not.

    The step is one unit of the last digit written: 56 d becomes 55 d and 57 d, 1.5 becomes 1.4 and 1.6.
    """
    changes = _variants(rule.node, rule.vocabulary.parameters)
    return tuple(Mutant(change, replace(rule, text=f"{rule.text} [{change}]", node=node)) for change, node in changes)


def _variants(node: n.Node, parameters: Parameters) -> Iterator[tuple[str, n.Node]]:
    yield from _own(node, parameters)
    for part in fields(node):  # type: ignore[arg-type]
        for change, value in _changed(getattr(node, part.name), parameters):
            yield change, replace(node, **{part.name: value})  # type: ignore[type-var]


def _changed(value: Any, parameters: Parameters) -> Iterator[tuple[str, Any]]:
    if isinstance(value, n.Node):
        yield from _variants(value, parameters)
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            for change, other in _changed(item, parameters):
                yield change, (*value[:place], other, *value[place + 1 :])


def _own(node: n.Node, parameters: Parameters) -> Iterator[tuple[str, n.Node]]:
    if isinstance(node, n.Compare) and node.operator in _TURNED:
        turned = replace(node, operator=_TURNED[node.operator])
        yield f"{show(node)} -> {show(turned)}", turned
    elif isinstance(node, n.Quantity):
        for step in (-_step(node.value), _step(node.value)):
            moved = replace(node, value=tidy(node.value + step))
            yield f"{show(node)} -> {show(moved)}", moved
    elif isinstance(node, n.Parameter) and node.value is not None:
        yield from _moved_parameter(node, parameters[node.name])


def _moved_parameter(node: n.Parameter, written: float | str | None) -> Iterator[tuple[str, n.Node]]:
    value, unit = read_quantity(written) if isinstance(written, str) else (float(written or 0), None)
    for step in (-_step(value), _step(value)):
        moved = tidy(value + step)
        changed = replace(node, value=tidy(moved * unit_of(unit).scale))
        yield f"{node.name} {show(n.Quantity(value, unit))} -> {show(n.Quantity(moved, unit))}", changed


def _step(value: float) -> float:
    """One unit of the last digit: 1 for a whole number."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return float(Decimal(1).scaleb(min(int(exponent), 0)))
