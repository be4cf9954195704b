"""JSON Schema of a document for editors: the model's schema, widened by the provenance that any value may carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from trialwright.protocol.protocol import Protocol
from trialwright.protocol.provenance import RESERVED

__all__ = ["json_schema"]

Schema = dict[str, Any]

_DEFINITIONS: Schema = {
    "status": {
        "enum": ["stated", "derived", "assumed", "unknown"],
        "description": "Where the values below this mapping come from.",
    },
    "source": {"type": "string", "description": "Key of a source under 'sources'."},
    "why": {"type": "string", "description": "Reason of an assumption or a gap."},
    "unknown": {
        "type": "object",
        "properties": {
            "status": {"const": "unknown"},
            "source": {"$ref": "#/$defs/source"},
            "why": {"$ref": "#/$defs/why"},
        },
        "required": ["status"],
        "additionalProperties": False,
    },
}
_PROVENANCE: Schema = {name: {"$ref": f"#/$defs/{name}"} for name in RESERVED}
_UNKNOWN: Schema = {"$ref": "#/$defs/unknown"}


def json_schema(model: type[BaseModel] = Protocol) -> Schema:
    """Return the JSON Schema (draft 2020-12) of a document as people write it.

    Every mapping also takes ``status``, ``source`` and ``why``; every value may be ``{value: ..., status: ...}``; a
    value that may be absent may be ``{status: unknown, why: ...}``.

    >>> json_schema()["properties"]["arms"]["anyOf"][0]["minItems"]
    2
    """
    schema = model.model_json_schema(mode="validation")
    definitions = {name: _mapping(each) for name, each in schema.pop("$defs", {}).items() if name != "Provenance"}
    schema.get("properties", {}).pop("provenance", None)
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return dialect | _mapping(schema) | {"$defs": definitions | _DEFINITIONS}


def _mapping(schema: Schema) -> Schema:
    """Widen an object with named fields, or with free names, by the keys of provenance."""
    fields = {name: _value(each) for name, each in schema.get("properties", {}).items()}
    others = schema.get("additionalProperties", False)
    patterns = {_other_than_reserved(name): _value(each) for name, each in schema.get("patternProperties", {}).items()}
    widened = schema | {"properties": fields | _PROVENANCE}
    if isinstance(others, Mapping):
        widened["additionalProperties"] = _value(dict(others))
    if patterns:
        widened |= {"patternProperties": patterns, "additionalProperties": False}
    return widened


def _other_than_reserved(pattern: str) -> str:
    return f"^(?!(?:{'|'.join(RESERVED)})$)(?=.*?(?:{pattern}))"


def _value(schema: Schema) -> Schema:
    """Widen the schema of a value by its annotated forms."""
    plain = _inside(schema)
    annotated = {
        "type": "object",
        "properties": {"value": plain} | _PROVENANCE,
        "required": ["value"],
        "additionalProperties": False,
    }
    notes = {key: plain.pop(key) for key in ("description", "default") if key in plain}
    return notes | {"anyOf": [plain, annotated, *([_UNKNOWN] if _may_be_absent(schema) else [])]}


def _inside(schema: Schema) -> Schema:
    """Widen what lies below a value: items of a list, members of a union, fields of an object."""
    inner = dict(schema)
    for key in ("anyOf", "oneOf"):
        if key in inner:
            inner[key] = [_inside(each) for each in inner[key]]
    if "items" in inner:
        inner["items"] = _value(inner["items"])
    if "prefixItems" in inner:
        inner["prefixItems"] = [_value(each) for each in inner["prefixItems"]]
    inner.pop("discriminator", None)  # OpenAPI's word; JSON Schema decides by the const of the field
    return _mapping(inner) if inner.get("type") == "object" else inner


def _may_be_absent(schema: Schema) -> bool:
    return any(each.get("type") == "null" for each in schema.get("anyOf", ()))
