"""Example patients: documentation of the criteria that runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import Field

from trialwright.errors import DataError
from trialwright.protocol.base import Id, Model
from trialwright.protocol.protocol import Protocol
from trialwright.protocol.rules.answers import read_plain_answers
from trialwright.protocol.rules.evaluation import evaluate
from trialwright.protocol.rules.faults import did_you_mean, listed
from trialwright.protocol.rules.mutants import Mutant, threshold_mutants
from trialwright.protocol.screening import Finding, Screener, admissible

__all__ = ["Base", "Example", "ExampleFailure", "Examples", "SurvivingMutant", "run_examples", "surviving_mutants"]


class Base(Model):
    """A patient who meets every criterion."""

    anchors: dict[Id, date]
    answers: dict[Id, Any]


class Example(Model):
    """The base patient with some answers changed, and the answer expected to one criterion."""

    criterion: Id
    name: str
    answers: dict[Id, Any] = Field(default={})
    unknown: tuple[Id, ...] = ()
    """Variables, or anchors, of which nothing is known."""
    anchors: dict[Id, date] = Field(default={})
    expect: Literal["met", "not met", "cannot tell"]
    """In the sense of the patient being admissible."""
    missing: tuple[str, ...] | None = None
    """Exactly the data that still matter; a variable stands for any field of its records."""


class Examples(Model):
    """The example patients of a protocol."""

    base: Base
    examples: tuple[Example, ...] = Field(min_length=1)


@dataclass(frozen=True)
class ExampleFailure:
    """An example patient who gets another answer than expected."""

    criterion: str
    name: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.criterion}, {self.name}: expected {self.expected}; found {self.found}"


@dataclass(frozen=True)
class SurvivingMutant:
    """A changed threshold that no example patient notices."""

    criterion: str
    change: str

    def __str__(self) -> str:
        return f"{self.criterion}: no example patient notices {self.change}"


def run_examples(protocol: Protocol, examples: Examples) -> tuple[ExampleFailure, ...]:
    """Return the examples that fail; the base patient must meet every criterion. Raises DataError for wrong answers."""
    screener = Screener(protocol)
    base = screener.screen(*_patient(protocol, examples.base, None))
    failures = [
        ExampleFailure(finding.criterion, "base patient", "met", _told(finding))
        for finding in base.findings
        if finding.answer not in {"met", "not in source"}
    ]
    for example in examples.examples:
        failures += _failures(screener, examples.base, example)
    return tuple(failures)


def _failures(screener: Screener, base: Base, example: Example) -> Iterator[ExampleFailure]:
    known = [criterion.id for criterion, _ in screener.criteria]
    if example.criterion not in known:
        hint = f"no such criterion{did_you_mean(example.criterion, known)}; known: {listed(known)}"
        yield ExampleFailure(example.criterion, example.name, example.expect, hint)
        return
    finding = screener.screen(*_patient(screener.protocol, base, example)).of(example.criterion)
    wanted = None if example.missing is None else f"{example.expect}, missing: {', '.join(example.missing)}"
    if finding.answer != example.expect or not _same_missing(finding, example.missing):
        yield ExampleFailure(example.criterion, example.name, wanted or example.expect, _told(finding))


def _same_missing(finding: Finding, expected: tuple[str, ...] | None) -> bool:
    if expected is None:
        return True
    wanted = set(expected)
    return {one.datum if one.datum in wanted else one.variable for one in finding.missing} == wanted


def _told(finding: Finding) -> str:
    return f"{finding.answer} ({finding.because})" if finding.because else finding.answer


def _patient(protocol: Protocol, base: Base, example: Example | None) -> tuple[dict[str, Any], dict[str, date]]:
    unknown = set(example.unknown) if example else set()
    if stray := unknown - {*protocol.variables, *protocol.eligibility.anchors}:
        named = sorted(stray)[0]
        hint = did_you_mean(named, protocol.variables)
        raise DataError(f"example {example.name if example else ''!r}: {named!r} is no variable or anchor{hint}")
    answers = read_plain_answers(protocol.variables, {**base.answers, **(example.answers if example else {})})
    anchors = {**base.anchors, **(example.anchors if example else {})}
    return _without(answers, unknown), _without(anchors, unknown)


def _without(values: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def surviving_mutants(protocol: Protocol, examples: Examples) -> tuple[SurvivingMutant, ...]:
    """Return every change of a threshold that leaves the answers of all examples of its criterion as they are."""
    return tuple(
        SurvivingMutant(criterion.id, mutant.change)
        for criterion, rule in Screener(protocol).criteria
        if rule is not None
        for mutant in threshold_mutants(rule)
        if not any(
            _notices(protocol, examples.base, example, mutant, criterion.kind == "inclusion")
            for example in examples.examples
            if example.criterion == criterion.id
        )
    )


def _notices(protocol: Protocol, base: Base, example: Example, mutant: Mutant, inclusion: bool) -> bool:
    answers, anchors = _patient(protocol, base, example)
    return admissible(evaluate(mutant.rule, answers, anchors), inclusion) != example.expect
