"""What looks wrong in rules that can be read: contradictions, constants, unused names, and the wrong polarity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Final

from trialwright.protocol.rules.columns import evaluate_columns
from trialwright.protocol.rules.compiled import Compiled, compile_rule
from trialwright.protocol.rules.enumeration import boundary_patients
from trialwright.protocol.rules.nodes import And, Not, Or, walk
from trialwright.protocol.rules.printing import show
from trialwright.protocol.rules.static import Path, Problem, rule_texts
from trialwright.protocol.rules.vocabulary import Vocabulary

if TYPE_CHECKING:
    from trialwright.protocol.eligibility import Criterion
    from trialwright.protocol.protocol import Protocol

__all__ = ["rule_warnings"]

_NEGATIVE: Final = re.compile(r"^\s*(no|not|none|never|without|absence|must not|cannot have)\b", re.IGNORECASE)
_REQUIREMENT: Final = re.compile(r"\b(must|required|is to be|are to be|has to|have to|should)\b", re.IGNORECASE)


def rule_warnings(protocol: Protocol) -> tuple[Problem, ...]:
    """Return what looks wrong in the rules of a protocol whose rules all read (``check_rules`` finds nothing)."""
    vocabulary = Vocabulary.of(protocol)
    criteria = [
        (i, criterion, compile_rule(criterion.rule, vocabulary))
        for i, criterion in enumerate(protocol.eligibility.criteria)
        if criterion.rule is not None
    ]
    return (
        *_unused(protocol, vocabulary),
        *_polarity(protocol),
        *(problem for i, _, rule in criteria for problem in _constants(_place(i), rule)),
        *_contradictions(criteria),
    )


def _place(number: int) -> Path:
    return ("eligibility", "criteria", number, "rule")


def _unused(protocol: Protocol, vocabulary: Vocabulary) -> Iterator[Problem]:
    rules = [compile_rule(rule.text, vocabulary, rule.levels) for rule in rule_texts(protocol)]
    variables = {name for rule in rules for name in rule.variables}
    parameters = {name for rule in rules for name in rule.parameters}
    anchors = {name for rule in rules for name in rule.anchors}
    for name, variable in protocol.variables.items():
        if name not in variables and not variable.baseline:
            yield Problem(
                ("variables", name), f"variable {name!r} is used by no rule and is no baseline characteristic"
            )
    for name in protocol.eligibility.parameters:
        if name not in parameters:
            yield Problem(("eligibility", "parameters", name), f"parameter {name!r} is used by no rule")
    for i, name in enumerate(protocol.eligibility.anchors):
        if name not in anchors:
            yield Problem(("eligibility", "anchors", i), f"anchor {name!r} is used by no rule")


def _polarity(protocol: Protocol) -> Iterator[Problem]:
    for i, criterion in enumerate(protocol.eligibility.criteria):
        path = ("eligibility", "criteria", i, "short")
        if criterion.kind == "exclusion" and _NEGATIVE.search(criterion.short):
            message = f"exclusion {criterion.id} begins with a negation; an exclusion says what excludes"
            yield Problem(path, f"{message}: {criterion.short!r}")
        elif criterion.kind == "exclusion" and _REQUIREMENT.search(criterion.short):
            message = f"exclusion {criterion.id} words a requirement; an exclusion says what excludes"
            yield Problem(path, f"{message}: {criterion.short!r}")


def _constants(path: Path, rule: Compiled) -> Iterator[Problem]:
    grid = boundary_patients([rule])
    if not grid.complete:
        return
    states = set(evaluate_columns(rule, grid.frame).tolist())
    if states in ({1}, {-1}):
        yield Problem(path, f"the rule is always {'true' if states == {1} else 'false'}, whatever the patient")
        return
    for part in (part for node in walk(rule.node) if isinstance(node, And | Or) for part in node.parts):
        condition = Compiled(show(part), part, vocabulary=rule.vocabulary)
        constant = set(evaluate_columns(condition, grid.frame).tolist())
        if constant in ({1}, {-1}):
            word = "true" if constant == {1} else "false"
            yield Problem(path, f"the part '{condition.text}' is always {word}, whatever the patient")


def _contradictions(criteria: list[tuple[int, Criterion, Compiled]]) -> Iterator[Problem]:
    for (_, one, first), (i, two, second) in combinations(criteria, 2):
        if set(first.variables) & set(second.variables) and _never_both(_wanted(one, first), _wanted(two, second)):
            message = f"no patient can meet both {one.id} and {two.id}: their rules contradict each other"
            yield Problem(_place(i), message)


def _wanted(criterion: Criterion, rule: Compiled) -> Compiled:
    node = rule.node if criterion.kind == "inclusion" else Not(rule.node)
    return Compiled(rule.text, node, vocabulary=rule.vocabulary)


def _never_both(one: Compiled, two: Compiled) -> bool:
    grid = boundary_patients([one, two])
    if not grid.complete:
        return False
    first, second = evaluate_columns(one, grid.frame) > 0, evaluate_columns(two, grid.frame) > 0
    return bool(first.any() and second.any() and not (first & second).any())
