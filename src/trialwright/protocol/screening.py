"""Screening: which criteria a patient meets, which not, and which datum is still missing; stratum and starting doses.

Exclusions are written as what excludes; here every answer is given in the sense of the patient being admissible.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from trialwright.errors import DataError
from trialwright.protocol.rules.answers import KnownAnswers, check_anchors, read_answers
from trialwright.protocol.rules.compiled import Compiled, compile_rule, compile_value
from trialwright.protocol.rules.evaluation import Answer, Deciding, Missing, evaluate_known
from trialwright.protocol.rules.vocabulary import Vocabulary

if TYPE_CHECKING:
    from trialwright.protocol.design import StratificationFactor
    from trialwright.protocol.eligibility import Criterion
    from trialwright.protocol.protocol import Protocol
    from trialwright.protocol.treatments import Intervention

__all__ = [
    "Finding",
    "MissingDatum",
    "Screener",
    "Screening",
    "StartingDose",
    "evaluate_rule",
    "screen",
    "screener",
    "starting_doses",
    "stratum",
]

Answers = Mapping[str, Any] | KnownAnswers
"""Answers as given, or as ``Screener.read`` checked them."""
FindingAnswer = Literal["met", "not met", "cannot tell", "not in source"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one criterion, in the sense of the patient being admissible."""

    criterion: str
    answer: FindingAnswer
    """``not in source``: the criterion has no rule; it never counts as met and never blocks."""
    deciding: tuple[Deciding, ...] = ()
    missing: tuple[Missing, ...] = ()
    valid_until: date | None = None

    @property
    def because(self) -> str:
        """The deciding data with their values, or the data still missing, as a text."""
        if self.missing:
            return "missing: " + _names(self.missing)
        return ", ".join(f"{one.datum} = {_shown(one.value)}" for one in self.deciding)


@dataclass(frozen=True, slots=True)
class MissingDatum:
    """One line of the work-list: a datum, why it has no value, and the criteria that wait for it."""

    missing: Missing
    criteria: tuple[str, ...]


@dataclass(frozen=True)
class Screening:
    """All criteria of one patient."""

    findings: tuple[Finding, ...]

    @property
    def overall(self) -> Literal["eligible", "not eligible", "pending"]:
        """Not eligible with any criterion not met; eligible only if all are met; otherwise pending."""
        answers = {finding.answer for finding in self.findings}
        if "not met" in answers:
            return "not eligible"
        return "pending" if "cannot tell" in answers else "eligible"

    @cached_property
    def work_list(self) -> tuple[MissingDatum, ...]:
        """Missing data that still matter, those that most criteria wait for first."""
        waiting: dict[Missing, list[str]] = {}
        for finding in self.findings:
            for missing in finding.missing:
                waiting.setdefault(missing, []).append(finding.criterion)
        lines = [MissingDatum(missing, tuple(criteria)) for missing, criteria in waiting.items()]
        return tuple(sorted(lines, key=lambda line: -len(line.criteria)))

    @property
    def valid_until(self) -> date | None:
        """First date on which some answer is another one."""
        return min((f.valid_until for f in self.findings if f.valid_until), default=None)

    def of(self, criterion: str) -> Finding:
        """Return the finding of a criterion."""
        for finding in self.findings:
            if finding.criterion == criterion:
                return finding
        known = ", ".join(f.criterion for f in self.findings)
        raise ValueError(f"criterion {criterion!r} is not in the protocol; known: {known}")


@dataclass(frozen=True, slots=True)
class StartingDose:
    """What a patient starts with; None where the protocol does not say, or where data are missing."""

    intervention: str
    product: str | None
    dose: float | None
    unit: str | None
    reason: str
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True)
class _Start:
    """The compiled rules of one intervention."""

    intervention: Intervention
    products: tuple[tuple[Compiled, str], ...]
    doses: tuple[tuple[Compiled | None, float | None], ...]


class Screener:
    """The rules of one protocol, compiled once. Callers that screen many patients hold one."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.vocabulary = Vocabulary.of(protocol)
        self._others: dict[tuple[str, tuple[str, ...] | None], Compiled] = {}

    @cached_property
    def criteria(self) -> tuple[tuple[Criterion, Compiled | None], ...]:
        """Each criterion with its rule, as written (an exclusion says what excludes)."""
        return tuple((c, self._compile(c.rule) if c.rule else None) for c in self.protocol.eligibility.criteria)

    @cached_property
    def strata(self) -> tuple[tuple[StratificationFactor, Compiled], ...]:
        """Each stratification factor with its rule."""
        factors = self.protocol.randomization.strata
        return tuple((f, compile_rule(f.rule, self.vocabulary, f.levels)) for f in factors)

    @cached_property
    def starts(self) -> dict[str, _Start]:
        """The rules of each intervention."""
        return {one.id: self._start(one) for one in self.protocol.interventions}

    def screen(self, answers: Answers, anchors: Mapping[str, date], moving: Collection[str] = frozenset()) -> Screening:
        """Answer every criterion for one patient; see ``screen``."""
        known = self.read(answers, anchors)
        stands_for_today = frozenset(moving)
        if stray := stands_for_today - set(self.vocabulary.anchors):
            raise ValueError(f"moving names anchors of the protocol ({_anchors(self)}); got {sorted(stray)[0]!r}")
        return Screening(
            tuple(_finding(criterion, rule, known, anchors, stands_for_today) for criterion, rule in self.criteria)
        )

    def stratum(self, answers: Answers, anchors: Mapping[str, date]) -> dict[str, str]:
        """Return factor -> level of one patient; see ``stratum``."""
        known = self.read(answers, anchors)
        return {factor.id: _level(factor, evaluate_known(rule, known, anchors)) for factor, rule in self.strata}

    def starting_doses(self, arm: str, answers: Answers, anchors: Mapping[str, date]) -> dict[str, StartingDose]:
        """Return what a patient of that arm starts with; see ``starting_doses``."""
        known = self.read(answers, anchors)
        return {one: _starting_dose(self.starts[one], known, anchors) for one in self.protocol.arm(arm).interventions}

    def value(
        self,
        rule: str,
        answers: Answers,
        anchors: Mapping[str, date],
        levels: tuple[str, ...] | None = None,
    ) -> bool | str | None:
        """Return the value of any rule over the protocol's variables; None: cannot tell.

        Given ``levels``, the rule must give one of these; otherwise it is a condition, or a level of any variable.
        """
        return evaluate_known(self._kept(rule, levels), self.read(answers, anchors), anchors).value

    def read(self, answers: Answers, anchors: Mapping[str, date]) -> KnownAnswers:
        """Check answers and anchors once, for several questions about the same patient; checked ones pass."""
        if isinstance(answers, KnownAnswers):
            return answers
        check_anchors(self.vocabulary.anchors, anchors)
        return read_answers(self.vocabulary.variables, answers)

    def _kept(self, text: str, levels: tuple[str, ...] | None) -> Compiled:
        if (text, levels) not in self._others:
            compiled = compile_rule(text, self.vocabulary, levels) if levels else compile_value(text, self.vocabulary)
            self._others[text, levels] = compiled
        return self._others[text, levels]

    def _compile(self, text: str) -> Compiled:
        return compile_rule(text, self.vocabulary)

    def _start(self, one: Intervention) -> _Start:
        products = tuple((self._compile(choice.when), choice.product) for choice in one.choice)
        doses = tuple((self._compile(d.when) if d.when else None, d.dose) for d in one.start)
        return _Start(one, products, doses)


def screen(
    protocol: Protocol,
    answers: Answers,
    anchors: Mapping[str, date],
    moving: Collection[str] = frozenset(),
) -> Screening:
    """Answer every criterion for one patient: met, not met or cannot tell, with reasons.

    ``answers``: variable to value (number, bool, level, date, collection of levels, list of records); an absent
    variable, None or a ``NoValue`` is unknown. ``anchors``: reference dates. ``moving``: anchors that stand for today;
    each finding then says until when it is valid. Raises DataError for an answer of the wrong type.
    """
    return screener(protocol).screen(answers, anchors, moving)


def stratum(protocol: Protocol, answers: Answers, anchors: Mapping[str, date]) -> dict[str, str]:
    """Return the level of each stratification factor; DataError names the missing data where it cannot be told."""
    return screener(protocol).stratum(answers, anchors)


def starting_doses(
    protocol: Protocol, arm: str, answers: Answers, anchors: Mapping[str, date]
) -> dict[str, StartingDose]:
    """Return product and starting dose by intervention of an arm: the first rule that is met."""
    return screener(protocol).starting_doses(arm, answers, anchors)


def evaluate_rule(protocol: Protocol, rule: str, answers: Answers, anchors: Mapping[str, date]) -> bool | str | None:
    """Return whether a condition over the protocol's variables holds; None: cannot tell."""
    return screener(protocol).value(rule, answers, anchors)


_KEPT: list[Screener] = []
_KEPT_AT_MOST = 8


def screener(protocol: Protocol) -> Screener:
    """Rules are compiled once per protocol object (frozen); the last few are kept, found by identity."""
    for kept in _KEPT:
        if kept.protocol is protocol:
            return kept
    made = Screener(protocol)
    _KEPT[:] = [made, *_KEPT][:_KEPT_AT_MOST]
    return made


def _anchors(screener: Screener) -> str:
    return ", ".join(screener.vocabulary.anchors)


def _finding(
    criterion: Criterion,
    rule: Compiled | None,
    known: KnownAnswers,
    anchors: Mapping[str, date],
    moving: frozenset[str],
) -> Finding:
    if rule is None:
        return Finding(criterion.id, "not in source")
    answer = evaluate_known(rule, known, anchors, moving)
    return Finding(
        criterion.id,
        admissible(answer, criterion.kind == "inclusion"),
        answer.deciding,
        answer.missing,
        answer.valid_until,
    )


def admissible(answer: Answer, inclusion: bool) -> FindingAnswer:
    """Return an answer in the sense of the patient being admissible."""
    if answer.value is None:
        return "cannot tell"
    return "met" if answer.value is inclusion else "not met"


def _level(factor: StratificationFactor, answer: Answer) -> str:
    if not isinstance(answer.value, str):
        raise DataError(f"stratification factor {factor.id} cannot be told; missing: {_names(answer.missing)}")
    return answer.value


def _names(missing: tuple[Missing, ...]) -> str:
    return ", ".join(f"{one.datum} ({one.reason.value})" for one in missing)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(sorted(value)) or "none" if isinstance(value, frozenset) else str(value)


def _starting_dose(start: _Start, known: KnownAnswers, anchors: Mapping[str, date]) -> StartingDose:
    one = start.intervention
    product, why, lacking = _product(start, known, anchors)
    dose, reason, missing = _dose(start, known, anchors)
    reasons = "; ".join(part for part in (why, reason) if part)
    return StartingDose(one.id, product, dose, one.unit, reasons, tuple(dict.fromkeys(lacking + missing)))


_Found = tuple[Any, str, tuple[Missing, ...]]


def _product(start: _Start, known: KnownAnswers, anchors: Mapping[str, date]) -> _Found:
    if not start.products:
        return start.intervention.name, "", ()
    found, reason, missing = _first_met(start.products, known, anchors)
    return found, reason or "no product is given for such a patient", missing


def _dose(start: _Start, known: KnownAnswers, anchors: Mapping[str, date]) -> _Found:
    dose, reason, missing = _first_met(start.doses, known, anchors)
    if reason is None:
        return None, "no starting dose is given for such a patient", ()
    return dose, reason if dose is not None or missing else _not_stated(reason), missing


def _not_stated(reason: str) -> str:
    return "; ".join(part for part in ("the protocol does not state the dose", reason) if part)


def _first_met(
    rules: tuple[tuple[Compiled | None, Any], ...], known: KnownAnswers, anchors: Mapping[str, date]
) -> tuple[Any, str | None, tuple[Missing, ...]]:
    """The value of the first rule that is met; a rule that cannot be told stops the search."""
    for rule, value in rules:
        if rule is None:
            return value, "", ()
        answer = evaluate_known(rule, known, anchors)
        if answer.value is None:
            return None, f"cannot tell; missing: {_names(answer.missing)}", answer.missing
        if answer.value:
            return value, " ".join(rule.text.split()), ()
    return None, None, ()
