"""A YAML file as a tree of nodes that know their place, and the words to complain about a place.

YAML 1.2 core values only: true/false, whole numbers, numbers, null. Everything else is text, so that ``NO`` stays
Norway and a date stays a text until the model asks for a date. Infinity and not-a-number are texts too: no quantity
of a trial is either.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from trialwright.errors import DocumentError

__all__ = ["Problem", "Text", "compose", "plain", "read_text", "refuse", "scalar"]

_LONGEST_LINE = 118
_DEEPEST = 60
"""Nesting of values; a protocol has about ten."""


class _Core(yaml.CSafeLoader):
    """The C parser with the resolver of YAML 1.2's core schema (YAML 1.2.2, section 10.3.2)."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the name and type PyYAML asks for
    depth = 0

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        # The C parser recurses without a limit of its own and takes the process down with its stack.
        self.depth += 1
        if self.depth > _DEEPEST:
            raise RecursionError

    def ascend_resolver(self) -> None:
        self.depth -= 1


_TAG = "tag:yaml.org,2002:"
for _name, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Core.add_implicit_resolver(_TAG + _name, re.compile(_pattern), list(_first))


@dataclass(frozen=True)
class Text:
    """A file's name and its text."""

    path: Path
    text: str

    def line(self, number: int) -> str:
        """Return a line by its number, counted from 0, without its end."""
        lines = self.text.splitlines()
        return lines[number] if number < len(lines) else ""


@dataclass(frozen=True)
class Problem:
    """What is wrong at one place of a text; line and column are counted from 0."""

    line: int
    column: int
    field: str
    message: str

    def show(self, text: Text) -> str:
        """Return ``file:line:column: field: message`` with the source line and a caret below."""
        field = f"{self.field}: " if self.field else ""
        head = f"{text.path}:{self.line + 1}:{self.column + 1}: {field}{self.message}"
        return f"{head}\n{_excerpt(text.line(self.line), self.column)}"


def _excerpt(line: str, column: int) -> str:
    start = max(0, column - _LONGEST_LINE // 2) if len(line) > _LONGEST_LINE else 0
    shown = line[start : start + _LONGEST_LINE]
    indent = "".join("\t" if c == "\t" else " " for c in shown[: column - start])
    return f"    {shown}\n    {indent}^"


def refuse(text: Text, problems: list[Problem]) -> DocumentError:
    """Return the error that tells all problems of a file, in the order of its lines."""
    shown = [p.show(text) for p in sorted(problems, key=lambda p: (p.line, p.column))]
    head = [] if len(shown) == 1 else [f"{text.path} has {len(shown)} problems"]
    return DocumentError("\n".join(head + shown))


def read_text(path: Path) -> Text:
    """Read a file of UTF-8 text; raise DocumentError where it cannot be read."""
    try:
        return Text(path, path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DocumentError(
            f"{path}:{line}: must be UTF-8 text; byte {error.object[error.start]:#04x} is not. Save it as UTF-8."
        ) from None
    except (OSError, ValueError) as error:
        raise DocumentError(f"{path}: cannot be read: {_reason(path, error)}") from None


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, IsADirectoryError):
        return "it is a folder; name the file inside it"
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return str(getattr(error, "strerror", None) or error)


def compose(text: Text) -> yaml.Node:
    """Return the root node of a YAML text; raise DocumentError on a fault of syntax or an empty file."""
    try:
        root = _Core(text.text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise refuse(text, [_syntax(error)]) from None
    except yaml.reader.ReaderError as error:
        line = text.text.encode()[: error.position].count(b"\n")  # libyaml counts bytes
        raise DocumentError(f"{text.path}:{line + 1}: not YAML: {error.reason}") from None
    except RecursionError:
        raise DocumentError(f"{text.path}: not usable: values are nested too deeply") from None
    if root is None:
        raise DocumentError(f"{text.path}: is empty; expected a document of 'field: value' lines")
    return root


def _syntax(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    context = f" ({error.context})" if error.context else ""
    message = f"not YAML: {error.problem}{context}"
    return Problem(mark.line if mark else 0, mark.column if mark else 0, "", message)


_READ: dict[str, Any] = {
    "null": lambda text: None,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "int": lambda text: int(text, 0) if text[:2] in {"0x", "0o"} else int(text),
    "float": float,
    "str": str,
}


def scalar(node: yaml.ScalarNode) -> Any:
    """Return the plain value of a scalar; raise ValueError for a tag or number outside the core schema."""
    read = _READ.get(str(node.tag).removeprefix(_TAG))
    if read is None:
        raise ValueError(f"expected a plain value; found the tag {node.tag}")
    try:
        value = read(node.value)
    except (KeyError, ValueError):
        raise ValueError(f"expected what its tag {node.tag} says; found {node.value[:40]!r}") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"expected a finite number; found {node.value}")
    return value


def plain(node: yaml.Node) -> Any:
    """Return the data of a tree as written, nothing stripped (for the JSON Schema's own check)."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)
    return scalar(node)


def marks(text: str, node: yaml.ScalarNode) -> Iterator[tuple[int, int]]:
    """Yield line and column of each character of a scalar that is no blank, in order.

    Blanks are left out because folding changes them; a block's first line (``|`` or ``>``) and the quotes are no text.
    """
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in {"|", ">"}:
        start = text.index("\n", start) + 1
    elif node.style:
        start, end = start + 1, end - 1
    line, column = text.count("\n", 0, start), start - (text.rfind("\n", 0, start) + 1)
    for character in text[start:end]:
        if not character.isspace():
            yield line, column
        line, column = (line + 1, 0) if character == "\n" else (line, column + 1)
