"""What can be said of a protocol's rules without any patient: do they read, and do all their names and types fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.errors import RuleError
from trialwright.protocol.rules.compiled import compile_rule
from trialwright.protocol.rules.reader import read_quantity
from trialwright.protocol.rules.vocabulary import Vocabulary

if TYPE_CHECKING:
    from trialwright.protocol.protocol import Protocol

__all__ = ["Path", "Problem", "RuleText", "check_rules", "rule_texts"]

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where: the path within the protocol (list items by number) and the offset within the rule."""

    path: Path
    message: str
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule of the protocol; ``levels`` are those its value must be among, None for a condition."""

    path: Path
    text: str
    levels: tuple[str, ...] | None = None


def rule_texts(protocol: Protocol) -> Iterator[RuleText]:
    """Yield every rule of a protocol with its place."""
    for i, criterion in enumerate(protocol.eligibility.criteria):
        if criterion.rule is not None:
            yield RuleText(("eligibility", "criteria", i, "rule"), criterion.rule)
    for i, factor in enumerate(protocol.randomization.strata):
        yield RuleText(("randomization", "strata", i, "rule"), factor.rule, factor.levels)
    for i, intervention in enumerate(protocol.interventions):
        for j, choice in enumerate(intervention.choice):
            yield RuleText(("interventions", i, "choice", j, "when"), choice.when)
        for j, dose in enumerate(intervention.start):
            if dose.when is not None:
                yield RuleText(("interventions", i, "start", j, "when"), dose.when)
    for i, sample in enumerate(protocol.samples):
        if sample.consent is not None:
            yield RuleText(("samples", i, "consent"), sample.consent)


def check_rules(protocol: Protocol) -> tuple[Problem, ...]:
    """Return every rule and parameter that cannot be read or typed; none: all of them can be evaluated."""
    vocabulary = Vocabulary.of(protocol)
    return (*_parameters(protocol), *_names(vocabulary), *_rules(protocol, vocabulary))


def _parameters(protocol: Protocol) -> Iterator[Problem]:
    for name, value in protocol.eligibility.parameters.items():
        try:
            if isinstance(value, str):
                read_quantity(value)
        except RuleError as error:
            yield Problem(("eligibility", "parameters", name), str(error), error.offset)


def _names(vocabulary: Vocabulary) -> Iterator[Problem]:
    """A name with two meanings is read as the first of variable, parameter, anchor: nobody should have to know."""
    for name in vocabulary.parameters:
        if name in vocabulary.variables:
            yield Problem(("eligibility", "parameters", name), f"{name!r} is a variable too; rename one of them")
    for i, name in enumerate(vocabulary.anchors):
        if name in vocabulary.variables or name in vocabulary.parameters:
            message = f"{name!r} is a variable or parameter too; rename one of them"
            yield Problem(("eligibility", "anchors", i), message)


def _rules(protocol: Protocol, vocabulary: Vocabulary) -> Iterator[Problem]:
    for rule in rule_texts(protocol):
        try:
            compile_rule(rule.text, vocabulary, rule.levels)
        except RuleError as error:
            yield Problem(rule.path, str(error), error.offset)
