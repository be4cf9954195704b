"""A model's errors in plain words: what was expected, what was found, what to write."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

__all__ = ["found", "known", "words"]

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text",
    "date_type": "a date written YYYY-MM-DD",
    "date_parsing": "a date written YYYY-MM-DD",
    "date_from_datetime_inexact": "a date written YYYY-MM-DD",
    "date_from_datetime_parsing": "a date written YYYY-MM-DD",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "dict_type": "a mapping of 'name: value' lines",
    "model_type": "a mapping of 'field: value' lines",
    "model_attributes_type": "a mapping of 'field: value' lines",
    "none_required": "nothing",
}
_LIMITS = {
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number of at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "too_short": "at least {min_length} item(s)",
    "too_long": "at most {max_length} item(s)",
    "string_too_short": "a text of at least {min_length} character(s)",
    "string_too_long": "a text of at most {max_length} character(s)",
    "string_pattern_mismatch": "a text of the form {pattern}",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
    "union_tag_invalid": "a {discriminator} among {expected_tags}",
    "union_tag_not_found": "a {discriminator} that says which fields follow",
}


def found(value: object) -> str:
    """Return a value as a reader of the file would name it.

    >>> found(None), found(True), found("x"), found({})
    ('nothing', 'true', "'x'", 'a mapping of nothing')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"a mapping of {', '.join(map(str, value)) or 'nothing'}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}...{text[0]}"


def known(name: str, names: Iterable[str]) -> str:
    """Return ``did you mean ...? known: ...`` for a name that is not among the names.

    >>> known("labl", ["id", "label"])
    "did you mean 'label'? known: id, label"
    """
    from difflib import get_close_matches

    listed = list(names)
    near = get_close_matches(name, listed, n=1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"known: {', '.join(listed) or 'none'}"


def words(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Return one error of a validation in plain words."""
    kind, loc = error["type"], error["loc"]
    if kind == "missing":
        return f"expected the field {str(loc[-1])!r}; found nothing"
    if kind == "extra_forbidden":
        return f"{str(loc[-1])!r} is not a field here; {known(str(loc[-1]), _fields(model, loc[:-1]))}"
    if kind == "value_error":
        return error["msg"].removeprefix("Value error, ")
    expected = expectation(error)
    return f"expected {expected}; found {_given(error)}" if expected else error["msg"]


def expectation(error: ErrorDetails) -> str | None:
    """Return what a value should have been, or None where only the validator's own words say it."""
    kind = error["type"]
    if kind == "union_tag_invalid":
        kind = "literal_error"
        error = {**error, "ctx": {"expected": error["ctx"]["expected_tags"]}}
    if kind in _KINDS:
        return _KINDS[kind]
    limits = {k: f"{v:g}" if isinstance(v, float) else v for k, v in error.get("ctx", {}).items()}
    return _LIMITS[kind].format(**limits) if kind in _LIMITS else None


def _given(error: ErrorDetails) -> str:
    value, kind, context = error["input"], error["type"], error.get("ctx", {})
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f"{found(value)}; put it in quotes"
    if kind == "union_tag_invalid":
        return repr(context["tag"]) + _near(str(context["tag"]), str(context["expected_tags"]))
    if kind in {"literal_error", "enum"} and isinstance(value, str):
        return found(value) + _near(value, str(context["expected"]))
    return found(value)


def _near(value: str, expected: str) -> str:
    from difflib import get_close_matches

    names = {name.casefold(): name for name in re.findall(r"'([^']*)'", expected)}
    near = get_close_matches(value.casefold(), names, n=1)
    return f"; did you mean {names[near[0]]!r}?" if near else ""


def _fields(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Return the names of the fields of the mapping at that place of a model."""
    types_here: list[Any] = [model]
    for step in loc:
        types_here = [below for each in types_here for below in _below(each, step)]
    models = [each for each in types_here if isinstance(each, type) and issubclass(each, BaseModel)]
    return [name for each in models for name in each.model_fields if name != "provenance"]


def _below(annotation: Any, step: str | int) -> list[Any]:
    """Return the types a value may have one step below a type; a step may also be the tag of a union's member."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if step in annotation.model_fields:
            return _members(annotation.model_fields[str(step)].annotation)
        return [annotation] if _is_tag(annotation, step) else []
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {dict, Mapping}:
        return _members(arguments[1])
    return [member for argument in arguments if argument is not Ellipsis for member in _members(argument)]


def _members(annotation: Any) -> list[Any]:
    """Return the members of a union, and a plain type as it is."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        return [member for each in get_args(annotation) for member in _members(each)]
    return [annotation]


def _is_tag(model: type[BaseModel], step: str | int) -> bool:
    literals = (get_args(f.annotation) for f in model.model_fields.values() if get_origin(f.annotation) is Literal)
    return step == model.__name__ or any(step in values for values in literals)
