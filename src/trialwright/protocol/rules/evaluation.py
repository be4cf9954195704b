"""Evaluating a rule for one patient: the answer, what decided it, what is missing, until when it holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from trialwright.protocol.rules.answers import KnownAnswers, NoValue, check_anchors, read_answers
from trialwright.protocol.rules.compiled import Compiled
from trialwright.protocol.rules.steps import Patient
from trialwright.protocol.rules.validity import valid_until

__all__ = ["Answer", "Deciding", "Missing", "evaluate", "evaluate_known"]


@dataclass(frozen=True, slots=True)
class Deciding:
    """A datum that decided, as it was given; ``lesions[2].organ`` is a field of the second record."""

    datum: str
    value: Any


@dataclass(frozen=True, slots=True)
class Missing:
    """A datum without value that still matters, and why it has none."""

    datum: str
    reason: NoValue

    @property
    def variable(self) -> str:
        """The variable (or parameter, or anchor) the datum belongs to."""
        return self.datum.split("[")[0].split(".")[0]

    @property
    def final(self) -> bool:
        """Whether waiting does not help."""
        return self.reason is not NoValue.UNKNOWN_YET


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of a rule for a patient; None: cannot tell."""

    value: bool | str | None
    deciding: tuple[Deciding, ...]
    missing: tuple[Missing, ...]
    valid_until: date | None
    """First date on which a moving anchor makes the value another; None: not within ten years."""

    @property
    def result(self) -> Literal["met", "not met", "cannot tell"]:
        """The answer in words; a rule with a level is met once its level is known."""
        if self.value is None:
            return "cannot tell"
        return "not met" if self.value is False else "met"


def evaluate(
    rule: Compiled,
    answers: Mapping[str, Any],
    anchors: Mapping[str, date],
    moving: Collection[str] = frozenset(),
) -> Answer:
    """Evaluate a rule for one patient.

    ``answers``: variable to value, as ``read_answers`` checks them (DataError). ``anchors``: reference dates; one that
    is absent is unknown. ``moving``: the anchors that stand for today, for ``valid_until``.
    """
    check_anchors(rule.vocabulary.anchors, anchors)
    return evaluate_known(rule, read_answers(rule.vocabulary.variables, answers), anchors, frozenset(moving))


def evaluate_known(
    rule: Compiled, known: KnownAnswers, anchors: Mapping[str, date], moving: frozenset[str] = frozenset()
) -> Answer:
    """Evaluate a rule over answers that were checked before."""
    patient = Patient(known.values, anchors)
    value, data, missing = rule.step(patient)
    until = valid_until(rule, patient, value, moving) if moving else None
    deciding = tuple(Deciding(name, _as_given(rule, name, datum)) for name, datum in dict(data).items())
    return Answer(value, deciding, tuple(_missing(rule, known, name) for name in dict.fromkeys(missing)), until)


def _as_given(rule: Compiled, name: str, value: Any) -> Any:
    """A parameter is shown as the protocol writes it, not in base units."""
    return rule.vocabulary.parameters[name] if name in rule.parameters else value


def _missing(rule: Compiled, known: KnownAnswers, name: str) -> Missing:
    if name in rule.parameters:
        return Missing(name, NoValue.NOT_STATED)
    return Missing(name, known.without.get(name, NoValue.UNKNOWN_YET))
