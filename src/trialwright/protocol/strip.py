"""Take a document's values and their provenance apart, remembering where each was written.

In any mapping the keys ``status``, ``source`` and ``why`` are the provenance of everything below it. A mapping of
``value`` and such keys only is one annotated value; a mapping of such keys only with ``status: unknown`` is an
unknown value, None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from trialwright.protocol.provenance import RESERVED
from trialwright.protocol.yaml_tree import Problem, scalar

__all__ = ["Loc", "Spot", "Stripped", "strip"]

Loc = tuple[str | int, ...]
"""Keys and indices from the root to a value, as the model sees it."""

_MOST_VALUES = 1_000_000
"""More than any document; aliases of aliases could stand for billions."""


@dataclass(frozen=True)
class Spot:
    """Where a value was written: its key, if it has one, and the value itself."""

    key: yaml.Node | None
    value: yaml.Node


@dataclass
class Stripped:
    """Data without provenance, provenance without data, and the places of both."""

    data: Any = None
    provenance: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[str, Loc] = field(default_factory=dict)
    """Where each provenance was written, by its path."""
    spots: dict[Loc, Spot] = field(default_factory=dict)
    paths: dict[Loc, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Here:
    """A node with its names on the way down."""

    node: yaml.Node
    loc: Loc
    path: str
    key: yaml.Node | None
    above: frozenset[int] = frozenset()

    def below(self, node: yaml.Node, step: str | int, name: str, key: yaml.Node | None) -> _Here:
        path = f"{self.path}.{name}" if self.path else name
        return _Here(node, (*self.loc, step), path, key, self.above | {id(self.node)})


def strip(root: yaml.Node) -> Stripped:
    """Return the parts of a document; faults are in ``problems``, none is raised.

    >>> from trialwright.protocol.yaml_tree import compose, Text
    >>> from pathlib import Path
    >>> parts = strip(compose(Text(Path("x.yaml"), "dose: {value: 8, status: assumed, why: label}")))
    >>> parts.data, parts.provenance
    ({'dose': 8}, {'dose': {'status': 'assumed', 'why': 'label'}})
    """
    parts = Stripped()
    parts.data = _value(parts, _Here(root, (), "", None))
    return parts


def _value(parts: Stripped, here: _Here) -> Any:
    parts.spots[here.loc] = Spot(here.key, here.node)
    parts.paths[here.loc] = here.path
    if id(here.node) in here.above or len(parts.spots) > _MOST_VALUES:
        return _complain(parts, here, here.node, "an alias makes this value endless; write the value out")
    if isinstance(here.node, yaml.MappingNode):
        return _mapping(parts, here, here.node)
    if isinstance(here.node, yaml.SequenceNode):
        return [_item(parts, here, node, index) for index, node in enumerate(here.node.value)]
    assert isinstance(here.node, yaml.ScalarNode)
    try:
        return scalar(here.node)
    except ValueError as error:
        return _complain(parts, here, here.node, str(error))


def _complain(parts: Stripped, here: _Here, node: yaml.Node, message: str) -> None:
    mark = node.start_mark
    parts.problems.append(Problem(mark.line, mark.column, here.path, message))


def _item(parts: Stripped, here: _Here, node: yaml.Node, index: int) -> Any:
    return _value(parts, here.below(node, index, _name(node) or str(index), None))


def _name(node: yaml.Node) -> str | None:
    """Return the id of a list's item, if it has one."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == "id":
            inner = _leaf(value)
            return str(inner.value) if isinstance(inner, yaml.ScalarNode) else None
    return None


def _leaf(node: yaml.Node) -> yaml.Node | None:
    """Return what an annotated value holds, the node itself if it is not annotated, None if it is unknown."""
    if not isinstance(node, yaml.MappingNode):
        return node
    keys: dict[str, yaml.Node] = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if keys.keys() - {"value", *RESERVED}:
        return node
    if "value" in keys:
        return keys["value"]
    status = keys.get("status")
    return None if isinstance(status, yaml.ScalarNode) and status.value == "unknown" else node


def _mapping(parts: Stripped, here: _Here, node: yaml.MappingNode) -> Any:
    pairs = _pairs(parts, here, node)
    own = {name: pairs.pop(name) for name in RESERVED if name in pairs}
    if own:
        _keep_provenance(parts, here, own)
    inner = _leaf(node)
    if inner is None:
        return None
    if inner is not node:
        above = here.above | {id(node)}
        return _value(parts, _Here(inner, here.loc, here.path, here.key, above))
    return {name: _value(parts, here.below(value, name, name, key)) for name, (key, value) in pairs.items()}


def _pairs(parts: Stripped, here: _Here, node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    pairs: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            _complain(parts, here, key, "expected a plain text as key; found a list or mapping")
        elif key.value in pairs:
            first = pairs[key.value][0].start_mark.line + 1
            _complain(parts, here, key, f"key {key.value!r} is given twice, first on line {first}; keep one")
        else:
            pairs[key.value] = (key, value)
    return pairs


def _keep_provenance(parts: Stripped, here: _Here, own: dict[str, tuple[yaml.Node, yaml.Node]]) -> None:
    parts.places[here.path] = here.loc
    parts.provenance[here.path] = {
        name: _value(parts, here.below(value, name, name, key)) for name, (key, value) in own.items()
    }
