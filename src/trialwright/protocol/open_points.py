"""What a protocol leaves open: every assumed or unknown leaf, and whether every leaf can be traced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from trialwright.protocol.protocol import OpenPoint, Protocol
from trialwright.protocol.provenance import Provenance, inherit

__all__ = ["Leaf", "OpenPoints", "check_provenance", "leaves", "open_points", "path_of"]

_NOT_CONTENT = frozenset({"provenance", "sources", "open_points"})
"""Sections that talk about the document itself."""


@dataclass(frozen=True)
class Leaf:
    """One value of a document with the provenance that holds for it, its own or inherited."""

    path: str
    value: Any
    status: str
    source: str | None
    """Key of the document's sources."""
    why: str | None


@dataclass(frozen=True)
class OpenPoints:
    """What a protocol rests on beyond its sources."""

    leaves: tuple[Leaf, ...]
    """Values that are assumed or unknown."""
    questions: tuple[OpenPoint, ...]
    """Questions that the sources leave open."""


def leaves(document: BaseModel) -> tuple[Leaf, ...]:
    """Return every value written in a document that keeps its provenance, in the order of its fields.

    A text, number, date or list of such is one value. Names (``id``) and defaults that the file leaves out are none.
    """
    return tuple(_below(document, "", Provenance(), _provenance(document), _NOT_CONTENT))


def _provenance(document: BaseModel) -> Mapping[str, Provenance]:
    return getattr(document, "provenance", {})


def _below(
    value: Any, path: str, above: Provenance, own: Mapping[str, Provenance], skip: frozenset[str] = frozenset()
) -> Iterator[Leaf]:
    here = inherit(above, own.get(path))
    children = _children(value, skip)
    if children is None:
        yield Leaf(path, value, here.status, here.source, here.why)
        return
    for name, child in children:
        yield from _below(child, f"{path}.{name}" if path else name, here, own)


def _children(value: Any, skip: frozenset[str]) -> list[tuple[str, Any]] | None:
    """Return the named parts of a value, or None for a leaf."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        names = [name for name in fields if name in value.model_fields_set and name not in skip and name != "id"]
        return [(name, getattr(value, name)) for name in names]
    if isinstance(value, Mapping):
        return [(str(name), child) for name, child in value.items()]
    if isinstance(value, tuple | list) and value and all(isinstance(item, BaseModel) for item in value):
        return [(str(getattr(item, "id", index)), item) for index, item in enumerate(value)]
    return None


def open_points(protocol: Protocol) -> OpenPoints:
    """Return the assumed and unknown values of a protocol and the questions it lists."""
    open_ = tuple(leaf for leaf in leaves(protocol) if leaf.status in {"assumed", "unknown"})
    return OpenPoints(open_, protocol.open_points)


def check_provenance(document: BaseModel) -> tuple[str, ...]:
    """Return what cannot be traced: a stated or derived value without source, an open one without reason.

    Also a value that is there although its status is unknown.
    """
    return tuple(finding for leaf in leaves(document) for finding in _findings(leaf))


def _findings(leaf: Leaf) -> Iterator[str]:
    if leaf.status in {"stated", "derived"} and not leaf.source:
        yield f"{leaf.path} is {leaf.status} but names no source"
    if leaf.status in {"assumed", "unknown"} and not leaf.why:
        yield f"{leaf.path} is {leaf.status} but gives no reason (why)"
    if leaf.status == "unknown" and leaf.value is not None:
        yield f"{leaf.path} is unknown but has a value"


def path_of(document: BaseModel, steps: Iterable[str | int]) -> str:
    """Return the path of a value as provenance names it, from its keys and indices.

    A list's item goes by its id where it has one: ``arms.A.label`` for ``("arms", 0, "label")``.
    """
    value: Any = document
    names = []
    for step in steps:
        value = getattr(value, str(step)) if isinstance(value, BaseModel) else value[step]
        names.append(str(getattr(value, "id", step)) if isinstance(step, int) else step)
    return ".".join(names)
