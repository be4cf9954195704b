"""Every act of the office as a form, made from the command itself: what has no page of its own is done here."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic.json_schema import GenerateJsonSchema

from trialwright.conduct import COMMANDS, Ask, NotFound
from trialwright.server.api_commands import kebab
from trialwright.server.browser import Outcome, Page, checked_form, submit_values
from trialwright.server.identity import Who
from trialwright.server.rendering import page, seen

__all__ = ["act_pages", "inputs_of", "words"]

Act = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,60}$")]


@dataclass(frozen=True)
class Input:
    """One input of a form made from a command."""

    name: str
    label: str
    kind: str
    """``text``, ``date``, ``number``, ``password``, ``choice`` or ``json``."""
    hint: str
    required: bool
    choices: tuple[tuple[str, str], ...] = ()
    value: str = ""


def act_pages() -> APIRouter:
    """Return the routes of all acts."""
    router = APIRouter(include_in_schema=False)

    @router.get("/acts")
    async def acts(request: Request, who: Page) -> Response:
        reader = seen(request, who)
        mine = sorted((words(name), kebab(name), one) for name, one in COMMANDS.items() if reader.may(one.action))
        rows = [
            [{"text": label, "link": f"/acts/{address}"}, _first(one), "yes" if one.needs_confirmation else ""]
            for label, address, one in mine
        ]
        return page(request, "acts.html", who, rows=rows)

    @router.get("/acts/{act}")
    async def act_form(request: Request, who: Page, act: Act) -> Response:
        given = {name: text for name, text in request.query_params.items() if "password" not in name}
        return _form(request, who, _command(act), Outcome(given))

    @router.post("/acts/{act}")
    async def act_done(request: Request, who: Page, act: Act) -> Response:
        command = _command(act)
        form = await checked_form(request, who)
        fixed, wrong = _structured(command, form)
        if wrong:
            return _form(request, who, command, Outcome(form, errors=wrong, status=422))
        outcome = await submit_values(request, who, command, {**_plain(command, form), **fixed}, form)
        if outcome.receipt is None:
            return _form(request, who, command, replace(outcome, values={**form, **outcome.values}))
        pairs = [(words(name), _text(value)) for name, value in outcome.receipt.reply.items()]
        return page(request, "any_act_done.html", who, title=words(command.__name__), pairs=pairs)

    return router


def inputs_of(command: type[Ask]) -> list[Input]:
    """Return the inputs of a command's form, in the order of its fields."""
    schema = command.model_json_schema(schema_generator=GenerateJsonSchema)
    shapes = schema.get("$defs", {})
    required = set(schema.get("required", ()))
    return [
        _input(name, _resolved(shape, shapes), name in required) for name, shape in schema.get("properties", {}).items()
    ]


def words(name: str) -> str:
    """Return a name of the program as words.

    >>> words("RecordTraining"), words("trained_on")
    ('Record training', 'Trained on')
    """
    return kebab(name).replace("-", " ").replace("_", " ").capitalize()


def _input(name: str, shape: dict[str, Any], required: bool) -> Input:
    hint = str(shape.get("description", "")).replace("``", "")
    default = shape.get("default")
    value = "" if default is None else _text(default)
    made = Input(name, words(name), "text", hint, required, value=value)
    if "enum" in shape or "const" in shape:
        options = shape.get("enum", [shape.get("const")])
        return replace(made, kind="choice", choices=tuple((str(one), str(one)) for one in options))
    match shape.get("type"), shape.get("format"):
        case "boolean", _:
            return replace(made, kind="choice", choices=(("true", "yes"), ("false", "no")), value=value.lower())
        case (("integer" | "number"), _):
            return replace(made, kind="number")
        case "string", ("date" | "password") as kind:
            return replace(made, kind=kind)
        case "string", _:
            return made
    return replace(made, kind="json")


def _resolved(shape: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    """Return the shape without references, and of "this or null" the this."""
    if "$ref" in shape:
        named = shapes[shape["$ref"].rpartition("/")[2]]
        return _resolved({**named, **{k: v for k, v in shape.items() if k != "$ref"}}, shapes)
    options = [one for one in shape.get("anyOf", ()) if one.get("type") != "null"]
    if len(options) == 1:
        return _resolved({**options[0], **{k: v for k, v in shape.items() if k != "anyOf"}}, shapes)
    return shape


def _structured(command: type[Ask], form: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the fields written as JSON as values, and those that are no JSON."""
    found: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for one in inputs_of(command):
        text = form.get(_posted(one.name), "").strip()
        if one.kind == "json" and text:
            try:
                found[one.name] = json.loads(text)
            except ValueError as error:
                wrong[one.name] = f"This is no JSON: {error}."
    return found, wrong


def _plain(command: type[Ask], form: dict[str, str]) -> dict[str, str]:
    """Return the other fields that are filled."""
    given = {one.name: form.get(_posted(one.name), "") for one in inputs_of(command) if one.kind != "json"}
    return {name: text for name, text in given.items() if text.strip()}


def _posted(name: str) -> str:
    """Return the name under which a form sends a field: ``key`` is that of the request itself."""
    return "of-key" if name == "key" else name


def _form(request: Request, who: Who, command: type[Ask], outcome: Outcome) -> Response:
    inputs = [replace(one, name=_posted(one.name)) for one in inputs_of(command)]
    outcome = replace(outcome, errors={_posted(name): why for name, why in outcome.errors.items()})
    return page(
        request, "any_act.html", who, status=outcome.status, title=words(command.__name__), about=_about(command),
        inputs=inputs, address=f"/acts/{kebab(command.__name__)}", labels={one.name: one.label for one in inputs},
        confirms=command.needs_confirmation, **outcome.shown,
    )  # fmt: skip


def _command(act: str) -> type[Ask]:
    for name, command in COMMANDS.items():
        if kebab(name) == act:
            return command
    raise NotFound(f"there is no act {act!r}; the list of acts names them")


def _first(command: type[Ask]) -> str:
    return (command.__doc__ or "").split("\n")[0]


def _about(command: type[Ask]) -> str:
    return " ".join((command.__doc__ or "").split()).replace("``", "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
