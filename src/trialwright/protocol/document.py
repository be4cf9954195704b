"""Read a document into a model, with every fault told at its line and column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from trialwright.protocol.complaints import expectation, found, known, words
from trialwright.protocol.misfits import Misfit
from trialwright.protocol.provenance import Provenance
from trialwright.protocol.strip import Loc, Stripped, strip
from trialwright.protocol.yaml_tree import Problem, Text, compose, marks, read_text, refuse

__all__ = ["read_document"]

M = TypeVar("M", bound=BaseModel)


def read_document(path: str | Path, model: type[M]) -> M:
    """Read a YAML file as a value of a model.

    Provenance (``status``, ``source``, ``why``) is taken out of the data; a model with a field ``provenance`` gets it
    as a mapping from path to Provenance. A path names an item of a list by its id where it has one, else by its index:
    ``arms.A.label``. Where the model has a field ``sources``, every source named must be one of its keys.

    Errors: DocumentError with all problems of the file, each as ``file:line:column: field: what was expected; what
    was found`` with the source line and a caret. Problems of single fields come first; those between fields (a name
    that nothing defines) are told once the fields are right.
    """
    text = read_text(Path(path))
    parts = strip(compose(text))
    problems = [*parts.problems, *_provenance_problems(parts, model, text)]
    try:
        value = model.model_validate_json(json.dumps(_with_provenance(parts, model)), strict=True)
    except ValidationError as error:
        raise refuse(text, problems + _problems(error, parts, model, text)) from None
    if problems:
        raise refuse(text, problems)
    return value


def _with_provenance(parts: Stripped, model: type[BaseModel]) -> Any:
    if "provenance" not in model.model_fields or not isinstance(parts.data, dict):
        return parts.data
    return parts.data | {"provenance": {path: p for path, p in parts.provenance.items() if _is_valid(p)}}


def _is_valid(provenance: dict[str, Any]) -> bool:
    try:
        Provenance.model_validate(provenance, strict=True)
    except ValidationError:
        return False
    return True


def _provenance_problems(parts: Stripped, model: type[BaseModel], text: Text) -> list[Problem]:
    problems = []
    for path, own in parts.provenance.items():
        place = parts.places[path]
        try:
            Provenance.model_validate(own, strict=True)
        except ValidationError as error:
            problems += [_problem(parts, (*place, *e["loc"]), words(e, Provenance)) for e in error.errors()]
        problems += _source_problems(parts, model, place, own.get("source"))
    if "provenance" in model.model_fields and ("provenance",) in parts.spots:
        names = [name for name in model.model_fields if name != "provenance"]
        problems.append(_problem(parts, ("provenance",), f"'provenance' is not a field; {known('', names)}", key=True))
    return problems


def _source_problems(parts: Stripped, model: type[BaseModel], place: Loc, source: object) -> list[Problem]:
    sources = parts.data.get("sources") if isinstance(parts.data, dict) else None
    sources = sources if isinstance(sources, dict) else {}
    if "sources" not in model.model_fields or not isinstance(source, str) or source in sources:
        return []
    return [_problem(parts, (*place, "source"), f"source {source!r} is not under sources; {known(source, sources)}")]


def _problems(error: ValidationError, parts: Stripped, model: type[BaseModel], text: Text) -> list[Problem]:
    problems: dict[tuple[Loc, bool], list[ErrorDetails]] = {}
    between: list[Problem] = []
    for each in error.errors():
        if _is_echo(each):
            continue
        misfits = each.get("ctx", {}).get("misfits")
        if misfits:
            between += [_misfit(parts, each["loc"], misfit, text) for misfit in misfits]
        else:
            problems.setdefault((_written(parts, each["loc"]), each["type"] == "missing"), []).append(each)
    fields = [_field_problem(parts, loc, errors, model) for (loc, _), errors in problems.items()]
    return [p for several in fields for p in several] + between


def _is_echo(error: ErrorDetails) -> bool:
    """Say whether a list is called too short only because some of its items are at fault."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def _field_problem(parts: Stripped, loc: Loc, errors: list[ErrorDetails], model: type[BaseModel]) -> list[Problem]:
    """Return the problems of one place; the alternatives of a union are one problem."""
    expected = [expectation(e) for e in errors]
    if len(errors) > 1 and all(expected) and errors[0]["type"] != "missing":
        choice = " or ".join(dict.fromkeys(str(e) for e in expected))
        return [_problem(parts, loc, f"expected {choice}; found {found(errors[0]['input'])}")]
    return [_problem(parts, _culprit(loc, e), words(e, model), key=e["type"] in _AT_KEY) for e in errors]


_AT_KEY = {"extra_forbidden", "missing", "value_error"}


def _culprit(loc: Loc, error: ErrorDetails) -> Loc:
    return (*loc, error["ctx"]["discriminator"].strip("'")) if error["type"] == "union_tag_invalid" else loc


def _misfit(parts: Stripped, above: Loc, misfit: Misfit, text: Text) -> Problem:
    loc = _written(parts, (*above, *misfit.loc))
    node = parts.spots[loc].value
    if misfit.offset is None or not isinstance(node, yaml.ScalarNode):
        return _problem(parts, loc, misfit.message, key=misfit.at_key)
    solid = sum(not c.isspace() for c in node.value[: misfit.offset])
    places = list(marks(text.text, node)) or [(node.start_mark.line, node.start_mark.column)]
    line, column = places[min(solid, len(places) - 1)]
    return Problem(line, column, parts.paths[loc], misfit.message)


def _written(parts: Stripped, loc: Loc) -> Loc:
    """Return the deepest place of the file on the way to a place of the model.

    The model's steps also name members of unions and keys, and fields that are not in the file.
    """
    here: Loc = ()
    for step in loc:
        for candidate in ((*here, step), (*here, str(step))):
            if candidate in parts.spots:
                here = candidate
                break
    return here


def _problem(parts: Stripped, loc: Loc, message: str, key: bool = False) -> Problem:
    here = _written(parts, loc)
    spot = parts.spots[here]
    mark = (spot.key if key and spot.key else spot.value).start_mark
    return Problem(mark.line, mark.column, parts.paths[here], message)
