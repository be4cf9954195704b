"""Reading the text of a rule: a small tokenizer, then Python's own expression parser; nothing is ever executed.

The tokenizer rewrites what Python does not know: a quantity ``28 d`` becomes ``(28 @ 'd')``, ``where`` becomes
``, where =`` and ``before`` becomes ``@``. No other use of ``@`` can be written, so the checker knows what it sees.
"""

from __future__ import annotations

import ast
import keyword
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from trialwright.protocol.rules.faults import did_you_mean, fault, listed
from trialwright.protocol.rules.units import UNITS

__all__ = ["Reading", "read_quantity", "read_rule"]

_LONGEST: Final = 20_000
_DEEPEST: Final = 60
_LEVELS: Final = 100
_DIGITS: Final = 15
_WORDS: Final = ("and", "or", "not", "in", "if", "else")

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<text>"[^"\n]*"|'[^'\n]*')
      | (?P<number>[0-9]+(?:\.[0-9]+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<symbol><=|>=|==|!=|[<>=+\-(){},.])""",
    re.VERBOSE,
)
_UNIT: Final = re.compile(
    r"\s*(" + "|".join(re.escape(u) for u in sorted(UNITS, key=len, reverse=True)) + r")(?![A-Za-z0-9_/^])"
)
_WORD: Final = re.compile(r"\s*([A-Za-z_µ/^][A-Za-z0-9_µ/^%]*)")


@dataclass(frozen=True)
class Reading:
    """A parsed rule and the way back from its nodes to the text."""

    text: str
    tree: ast.expr
    starts: tuple[int, ...]
    origins: tuple[int, ...]

    def offset(self, node: ast.AST) -> int:
        """Return where a node begins in the text of the rule."""
        return self.origins[bisect_right(self.starts, getattr(node, "col_offset", 0)) - 1]


@dataclass(frozen=True)
class _Piece:
    code: str
    offset: int


def read_rule(text: str) -> Reading:
    """Parse the text of a rule; raise RuleError with the place of the first fault.

    >>> type(read_rule("age >= 18 y").tree).__name__
    'Compare'
    """
    if len(text) > _LONGEST:
        raise fault(text[:60], 0, f"a rule has at most {_LONGEST} characters; this one has {len(text)}")
    pieces = _pieces(text)
    if not pieces:
        raise fault(text, 0, "a rule must be an expression; it is empty")
    _balanced(text, pieces)
    starts, code = [], ""
    for piece in pieces:
        starts.append(len(code))
        code += piece.code + " "
    origins = tuple(piece.offset for piece in pieces)
    tree = _parsed(text, code, starts, origins)
    if _depth(tree) > _LEVELS:
        raise fault(text, 0, f"the rule is nested too deeply; at most {_LEVELS} operators may stand within each other")
    return Reading(text, tree, tuple(starts), origins)


def read_quantity(text: str) -> tuple[float, str | None]:
    """Return value and unit of a text such as ``1.5 10^9/L``.

    >>> read_quantity("1.5 10^9/L")
    (1.5, '10^9/L')
    """
    sign, bare = (-1.0, text.strip()[1:]) if text.strip().startswith("-") else (1.0, text.strip())
    number = re.match(r"\s*([0-9]+(?:\.[0-9]+)?)", bare)
    unit = number and _UNIT.fullmatch(bare, number.end())
    if number is None or (unit is None and number.end() != len(bare)):
        known = f"known units: {', '.join(UNITS)}"
        raise fault(text, 0, f"a quantity is a number and a unit, such as '1.5 10^9/L'; got {text!r}; {known}")
    return sign * float(number[1]), unit[1] if unit else None


def _pieces(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise fault(text, at, f"{text[at]!r} has no meaning in a rule")
        end = token.end()
        if token.lastgroup == "number":
            code, end = _number(text, token[0], at, end)
            pieces.append(_Piece(code, at))
        elif token.lastgroup != "space":
            pieces.append(_Piece(_code(text, token, pieces), at))
        at = end
    return pieces


def _number(text: str, digits: str, at: int, end: int) -> tuple[str, int]:
    if len(digits) > _DIGITS:
        raise fault(text, at, f"a number has at most {_DIGITS} digits")
    value = repr(float(digits) if "." in digits else int(digits))
    unit = _UNIT.match(text, end)
    if unit:
        return f"({value}@{unit[1]!r})", unit.end()
    word = _WORD.match(text, end)
    if word and word[1] not in (*_WORDS, "where", "before"):
        hint = did_you_mean(word[1], UNITS)
        raise fault(text, word.start(1), f"unit {word[1]!r} is not known{hint}; known units: {', '.join(UNITS)}")
    return value, end


def _code(text: str, token: re.Match[str], before: list[_Piece]) -> str:
    found, at = token[0], token.start()
    if token.lastgroup == "text":
        return ascii(found[1:-1])
    if found == "=" and not (before and before[-1].code == "within"):
        raise fault(text, at, "'=' stands only after 'within'; write '==' to compare")
    if found in {"where", "before"}:
        return {"where": ",where=", "before": "@"}[found]
    if keyword.iskeyword(found) and found not in _WORDS:
        known = {"True": "write true", "False": "write false"}.get(found, "a level of that name must be quoted")
        raise fault(text, at, f"{found!r} is a reserved word; {known}")
    return found


def _balanced(text: str, pieces: list[_Piece]) -> None:
    open_: list[_Piece] = []
    for piece in pieces:
        if piece.code in {"(", "{"}:
            open_.append(piece)
        elif piece.code in {")", "}"} and (not open_ or open_.pop().code + piece.code not in {"()", "{}"}):
            raise fault(text, piece.offset, f"{piece.code!r} closes nothing")
        if len(open_) > _DEEPEST:
            raise fault(text, piece.offset, f"parentheses nest deeper than {_DEEPEST}")
    if open_:
        raise fault(text, open_[-1].offset, f"{open_[-1].code!r} is never closed")


def _parsed(text: str, code: str, starts: list[int], origins: tuple[int, ...]) -> ast.expr:
    try:
        return ast.parse(code, mode="eval").body
    except SyntaxError as error:
        column = (error.offset or 0) - 1
        if column < 0 or column >= len(code.rstrip()):
            raise fault(text, len(text.rstrip()), "the rule ends where a value is expected") from None
        index = min(bisect_right(starts, column) - 1, len(origins) - 1)
        found = _around(text, origins[index])
        allowed = f"a value, a comparison (== != < <= > >=), {listed(_WORDS)}, + or -, or parentheses"
        raise fault(text, origins[index], f"cannot be read from {found!r} on; allowed: {allowed}") from None
    except (RecursionError, MemoryError):
        raise fault(text, 0, "the rule is nested too deeply") from None


def _depth(tree: ast.AST) -> int:
    levels, row = 0, [tree]
    while row:
        levels, row = levels + 1, [child for node in row for child in ast.iter_child_nodes(node)]
    return levels


def _around(text: str, at: int) -> str:
    token = _TOKEN.match(text, at)
    return token[0] if token else text[at:]
