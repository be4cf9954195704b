"""A rule ready to be evaluated."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from trialwright.protocol.rules.checker import Checker
from trialwright.protocol.rules.nodes import (
    AllRecords,
    Anchor,
    AnyRecord,
    Count,
    Datum,
    Extreme,
    If,
    Latest,
    Node,
    Parameter,
    walk,
)
from trialwright.protocol.rules.reader import read_rule
from trialwright.protocol.rules.types import Choice
from trialwright.protocol.rules.vocabulary import Vocabulary

if TYPE_CHECKING:
    from trialwright.protocol.rules.steps import Step
    from trialwright.protocol.rules.validity import Keeper

__all__ = ["Compiled", "compile_rule", "compile_value"]

_OVER_RECORDS = (AnyRecord, AllRecords, Count, Extreme, Latest)


@dataclass(frozen=True)
class Compiled:
    """A typed rule: its text, its tree, and, for a rule whose value is a level, the levels."""

    text: str
    node: Node
    levels: tuple[str, ...] | None = None
    vocabulary: Vocabulary = field(repr=False, compare=False, kw_only=True)

    @property
    def type(self) -> str:
        """Kind of its value: ``truth``, ``choice``, ``number`` or ``date``."""
        return self.node.type.name

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Variables the rule looks at, in the order of the text."""
        nodes = walk(self.node)
        names = (n.records if isinstance(n, _OVER_RECORDS) else n.name for n in nodes if isinstance(n, _NAMED))
        return tuple(dict.fromkeys(names))

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Parameters the rule looks at."""
        return tuple(dict.fromkeys(n.name for n in walk(self.node) if isinstance(n, Parameter)))

    @cached_property
    def anchors(self) -> frozenset[str]:
        """Anchors the rule looks at."""
        return frozenset(n.name for n in walk(self.node) if isinstance(n, Anchor))

    @cached_property
    def step(self) -> Step:
        """The interpreter of the rule, built once."""
        from trialwright.protocol.rules.interpreter import interpreter

        return interpreter(self.node)

    @cached_property
    def keeper(self) -> Keeper:
        """For how many days the rule keeps its value, built once."""
        from trialwright.protocol.rules.validity import keeper

        return keeper(self.node)


_NAMED = (Datum, *_OVER_RECORDS)


def compile_rule(text: str, vocabulary: Vocabulary, levels: tuple[str, ...] | None = None) -> Compiled:
    """Read, check and type a rule; ``levels`` says that its value must be one of these, else it must be a condition.

    Raises RuleError with the offset of the fault within the text.

    >>> compile_rule("entry >= date('2020-01-01')", Vocabulary({}, {}, ("entry",))).type
    'truth'
    """
    reading = read_rule(text)
    check = Checker(reading, vocabulary)
    node = check.truth(reading.tree) if levels is None else check.node(reading.tree, levels)
    if levels is not None:
        _require_levels(check, node, levels)
    return Compiled(text, node, levels, vocabulary=vocabulary)


def compile_value(text: str, vocabulary: Vocabulary) -> Compiled:
    """Read a rule that computes a datum: a condition, or a level of any variable."""
    reading = read_rule(text)
    check = Checker(reading, vocabulary)
    levels = tuple(dict.fromkeys(level for v in vocabulary.variables.values() for level in v.levels))
    node = check.node(reading.tree, levels)
    if node.type.name not in {"truth", "choice"}:
        check.fail(reading.tree, f"the value must be a condition or a level; found {node.type}")
    return Compiled(text, node, levels, vocabulary=vocabulary)


def _require_levels(check: Checker, node: Node, levels: tuple[str, ...]) -> None:
    if isinstance(node, If):
        _require_levels(check, node.then, levels)
        _require_levels(check, node.other, levels)
    elif not isinstance(node.type, Choice):
        check.fail(check.reading.tree, f"the value must be one of {', '.join(levels)}; found {node.type}")
    elif stray := [level for level in node.type.levels if level not in levels]:
        check.fail(check.reading.tree, f"{stray[0]!r} is not among the levels {', '.join(levels)}")
