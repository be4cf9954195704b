"""Running conformance rules over the datasets of a study: what was found, and what could not be checked and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trialwright.exchange.core_condition import holds
from trialwright.exchange.core_operations import unsupported, work_out
from trialwright.exchange.core_records import RECORD, Records, Unanswerable, as_written, joined, of_dataset
from trialwright.exchange.core_rules import Match, Rule, clauses
from trialwright.exchange.core_scope import in_scope
from trialwright.exchange.core_set_operators import OPERATORS
from trialwright.exchange.core_tables import TABLES
from trialwright.exchange.core_values import as_text
from trialwright.exchange.datasets import Dataset
from trialwright.exchange.findings import DatasetFinding

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Conformance", "Outcome", "check_conformance"]

Values = tuple[tuple[str, str | None], ...]
Answer = Literal["found", "clean", "unanswerable", "out of scope", "unsupported"]
Beside = dict[tuple[str, tuple[Match, ...]], Records | Unanswerable]
STUDY = "study"
"""The dataset that a finding names when it is about which datasets there are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one rule fared with one dataset; ``why`` says what an unanswerable or unsupported rule lacks.

    >>> Outcome("CORE-000356", "", "unsupported", "operation required_variables needs the CDISC Library").findings
    0
    """

    rule: str
    dataset: str
    answer: Answer
    why: str = ""
    findings: int = 0


@dataclass(frozen=True)
class Conformance:
    """What conformance rules found in a study.

    >>> found = Conformance((), (Outcome("CORE-000001", "IE", "clean"), Outcome("CORE-000002", "", "out of scope")))
    >>> found.answers()
    {'CORE-000001': 'clean', 'CORE-000002': 'out of scope'}
    """

    findings: tuple[DatasetFinding, ...]
    outcomes: tuple[Outcome, ...]

    def answers(self) -> dict[str, Answer]:
        """Return one answer for each rule: the first that some dataset gave, in the order of ``Answer``."""
        order: tuple[Answer, ...] = ("found", "clean", "unanswerable", "out of scope", "unsupported")
        given: dict[str, set[Answer]] = {}
        for outcome in self.outcomes:
            given.setdefault(outcome.rule, set()).add(outcome.answer)
        return {rule: next(answer for answer in order if answer in found) for rule, found in given.items()}

    def reasons(self) -> dict[str, tuple[str, ...]]:
        """Return why each rule that no dataset answered could not be checked."""
        answers = self.answers()
        reasons: dict[str, dict[str, None]] = {}
        for outcome in self.outcomes:
            if answers[outcome.rule] in ("unanswerable", "unsupported", "out of scope"):
                reasons.setdefault(outcome.rule, {}).update({outcome.why: None} if outcome.why else {})
        return {rule: tuple(why) for rule, why in reasons.items()}


def check_conformance(study: Mapping[str, Dataset], rules: Iterable[Rule]) -> Conformance:
    """Return what rules find in the datasets of a study, by their names; every rule has an outcome.

    A rule is not answered where a variable or dataset that it needs is not there, and not supported where it needs what
    is not public; each says so. Findings come by rule, dataset and record.

    >>> import polars as pl
    >>> from trialwright.exchange import Variable
    >>> from trialwright.exchange.core_rules import Clause
    >>> serious = Variable("AESER", "Serious Event", "text")
    >>> ae = Dataset("AE", "Adverse Events", (serious,), pl.DataFrame({"AESER": ["X"]}))
    >>> rule = Rule("R1", "Record Data", "AESER is not Y or N", Clause("is_not_contained_by", "--SER", ["Y", "N"]),
    ...             "Record", "error", {"Include": ["AE"]}, {})
    >>> [finding.what for finding in check_conformance({"AE": ae}, [rule]).findings]
    ['AESER is not Y or N']
    """
    study = {name: as_written(dataset) for name, dataset in study.items()}
    beside: Beside = {}
    findings: list[DatasetFinding] = []
    outcomes: list[Outcome] = []
    for rule in rules:
        for outcome, found in _run(rule, study, beside):
            outcomes.append(outcome)
            findings += found
    return Conformance(tuple(findings), tuple(outcomes))


def _run(rule: Rule, study: Mapping[str, Dataset], beside: Beside) -> Iterator[tuple[Outcome, list[DatasetFinding]]]:
    why = _unsupported(rule)
    if why is not None:
        yield Outcome(rule.id, "", "unsupported", why), []
        return
    if rule.kind == "Domain Presence Check" and not rule.operations:
        yield _answer(rule, _study_as_dataset(study), study, beside)
        return
    about = [dataset for dataset in study.values() if in_scope(rule, dataset)]
    for dataset in about:
        yield _answer(rule, dataset, study, beside)
    if not about:
        yield Outcome(rule.id, "", "out of scope", "the study has no dataset that it is about"), []


def _unsupported(rule: Rule) -> str | None:
    for operation in rule.operations:
        if why := unsupported(operation["operator"]):
            return why
    if rule.kind not in TABLES:
        return f"{rule.kind} is not supported"
    for clause in clauses(rule.condition):
        if clause.operator not in OPERATORS:
            return f"operator {clause.operator} is not supported"
    through = any(match.dataset == "RELREC" and not match.child for match in rule.matches)
    return "joining records through RELREC is not supported" if through else None


def _study_as_dataset(study: Mapping[str, Dataset]) -> Dataset:
    import polars as pl

    return Dataset(STUDY, "", (), pl.DataFrame())


def _answer(
    rule: Rule, dataset: Dataset, study: Mapping[str, Dataset], beside: Beside
) -> tuple[Outcome, list[DatasetFinding]]:
    from polars.exceptions import PolarsError

    try:
        records = work_out(_records(rule, dataset, study, beside), rule.operations)
        findings = [
            finding
            for table in TABLES[rule.kind](records)
            for finding in _findings(rule, table, holds(rule.condition, table))
        ]
    except Unanswerable as reason:
        return Outcome(rule.id, dataset.name, "unanswerable", str(reason)), []
    except (re.error, PolarsError) as fault:  # the rule does not fit the values: it is told, and the others go on
        told = " ".join(str(fault).split())[:120]
        return Outcome(rule.id, dataset.name, "unanswerable", f"{dataset.name}: the rule cannot be applied: {told}"), []
    return Outcome(rule.id, dataset.name, "found" if findings else "clean", findings=len(findings)), findings


def _records(rule: Rule, dataset: Dataset, study: Mapping[str, Dataset], beside: Beside) -> Records:
    """Return the records with their partners; the same join serves many rules."""
    key = (dataset.name, rule.matches)
    if key not in beside:
        try:
            beside[key] = joined(of_dataset(dataset, study), rule.matches)
        except Unanswerable as reason:
            beside[key] = reason
    found = beside[key]
    if isinstance(found, Unanswerable):
        raise found
    return found


def _findings(rule: Rule, records: Records, wrong: pl.Series) -> list[DatasetFinding]:
    where = wrong.arg_true().to_list()
    if not where:
        return []
    if rule.sensitivity == "Dataset":
        constants = [name for name in rule.shown if name in records.worked_out]
        return [_finding(rule, records, (None, None, None, _shown(records, constants, where[:1])[0]))]
    names = list(dict.fromkeys([*(rule.shown or _targets(rule)), *rule.grouped_by]))
    cells = (_cells(records, name, where) for name in (RECORD, "USUBJID", "--SEQ"))
    # A record with several partners in another dataset is found once for each set of values.
    found = dict.fromkeys(zip(*cells, _shown(records, names, where), strict=True))
    findings = [_finding(rule, records, each) for each in found]
    return _one_for_each_group(findings, rule, records) if rule.sensitivity == "Group" else findings


def _finding(rule: Rule, records: Records, cells: tuple[str | None, str | None, str | None, Values]) -> DatasetFinding:
    row, subject, sequence, values = cells
    record = None if row is None else int(row)
    return DatasetFinding(records.dataset.name, record, rule.id, rule.message, subject, sequence, values, rule.severity)


def _one_for_each_group(findings: Iterable[DatasetFinding], rule: Rule, records: Records) -> list[DatasetFinding]:
    names = {records.name(name) for name in rule.grouped_by}
    groups: dict[Values, DatasetFinding] = {}
    for finding in findings:
        groups.setdefault(tuple(pair for pair in finding.values if pair[0] in names), finding)
    return list(groups.values())


def _targets(rule: Rule) -> list[str]:
    return list(dict.fromkeys(clause.target for clause in clauses(rule.condition)))


def _cells(records: Records, name: str, where: Sequence[int]) -> list[str | None]:
    import polars as pl

    if not records.has(name) and name not in records.worked_out:
        return [None] * len(where)
    column = records.column(name).gather(list(where))
    if isinstance(column.dtype, pl.List):
        return [None if value is None else ", ".join(str(each) for each in value) for value in column.to_list()]
    return as_text(column).to_list()


def _shown(records: Records, names: Sequence[str], where: Sequence[int]) -> list[Values]:
    there = [name for name in names if records.has(name) or name in records.worked_out]
    labels = [records.name(name) for name in there]
    columns = [_cells(records, name, where) for name in there]
    if not columns:
        return [()] * len(where)
    return [tuple(zip(labels, values, strict=True)) for values in zip(*columns, strict=True)]
