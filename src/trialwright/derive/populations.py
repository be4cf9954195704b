"""Who is analyzed: membership of each randomized patient in each population of the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trialwright.derive.rows import columns, frame, source
from trialwright.protocol import Protocol

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = ["POPULATION_COLUMNS", "analysis_set", "members", "populations"]

POPULATION_COLUMNS = {"subject": "text", "population": "text", "member": "yes/no", "why": "text", "source": "text"}

_Answer = tuple[bool, str, str]
"""Member or not, why, and the record that says so."""


def populations(data: TrialData, protocol: Plan) -> pl.DataFrame:
    """Return one row per randomized subject and population of the plan, with whether the subject is a member.

    ``treated`` means any recorded dose of any intervention; ``measurable disease`` a target lesion at baseline by the
    first evaluator of the protocol.
    """
    subjects = _subjects(data)
    answers = {plan.id: _FIND[plan.members](data, protocol) for plan in protocol.populations}
    rows = ((subject, population, *answer(subject)) for population, answer in answers.items() for subject in subjects)
    return frame(POPULATION_COLUMNS, rows)


def members(data: TrialData, protocol: Plan, kind: str) -> tuple[str, ...]:
    """Return the randomized subjects who are of a kind (see ``analysis_set``), in order.

    The same rules as ``populations``, for counts that the plan's populations need not name. ValueError for a kind that
    is not known.
    """
    answer = _finder(kind)(data, protocol)
    return tuple(subject for subject in data["allocations"]["subject"] if answer(subject)[0])


def analysis_set(data: TrialData, plan: Plan, name: str, kinds: Sequence[str]) -> pl.DataFrame:
    """Return who belongs to a set of patients that must be of every kind, such as a per-protocol set.

    Rows and columns as those of ``populations``; ``why`` names every kind that the subject is not of, with its reason.
    Kinds: ``randomized``; ``treated``, any recorded dose; ``measurable disease``, a target lesion at baseline by the
    first evaluator; ``assessed after baseline``, by the same evaluator; ``eligible``, no criterion answered ``not
    met``; ``as allocated``, treated with nothing but the interventions of the arm. ValueError for another kind, or
    where ``as allocated`` is asked of settings without arms.

    >>> from types import SimpleNamespace as Plan
    >>> from trialwright.records import TrialData
    >>> analysis_set(TrialData.from_rows("study", {}, virtual=True), Plan(), "PP", ["eligible", "treated"]).height
    0
    """
    answers = [_finder(kind)(data, plan) for kind in kinds]
    if not answers:
        raise ValueError(f"analysis set {name!r} must name at least one kind; known: {', '.join(_FIND)}")
    rows = ((subject, name, *_together([answer(subject) for answer in answers])) for subject in _subjects(data))
    return frame(POPULATION_COLUMNS, rows)


def _subjects(data: TrialData) -> list[str]:
    subjects: list[str] = data["allocations"]["subject"].to_list()
    return subjects


def _together(answers: Sequence[_Answer]) -> _Answer:
    deciding = [answer for answer in answers if not answer[0]] or list(answers)
    sources = dict.fromkeys(source for _, _, source in deciding)
    return all(met for met, _, _ in answers), "; ".join(why for _, why, _ in deciding), "; ".join(sources)


def _finder(kind: str) -> Callable[[TrialData, Plan], Callable[[str], _Answer]]:
    if kind not in _FIND:
        raise ValueError(f"members {kind!r} are not known; known: {', '.join(_FIND)}")
    return _FIND[kind]


def _randomized(data: TrialData, protocol: Plan) -> Callable[[str], _Answer]:
    return lambda subject: (True, "randomized", source("allocations", subject))


def _treated(data: TrialData, protocol: Plan) -> Callable[[str], _Answer]:
    first: dict[str, str] = {}
    for subject, drug, cycle in zip(*columns(data["doses"], "subject", "intervention", "cycle"), strict=True):
        if subject not in first:
            first[subject] = source("doses", subject, intervention=drug, cycle=cycle)
    return lambda subject: _answer(first.get(subject), "took a dose", "no dose recorded")


def _measurable(data: TrialData, protocol: Plan) -> Callable[[str], _Answer]:
    import polars as pl

    evaluator = protocol.assessments.evaluators[0]
    targets = data["lesions"].filter((pl.col("role") == "target") & (pl.col("evaluator") == evaluator))
    first: dict[str, str] = {}
    for subject, lesion in zip(*columns(targets, "subject", "lesion"), strict=True):
        if subject not in first:
            first[subject] = source("lesions", subject, lesion=lesion)
    return lambda subject: _answer(first.get(subject), "target lesion at baseline", "no target lesion at baseline")


def _assessed(data: TrialData, protocol: Plan) -> Callable[[str], _Answer]:
    import polars as pl

    evaluator = protocol.assessments.evaluators[0]
    done = (pl.col("number") > 0) & pl.col("assessed_on").is_not_null() & (pl.col("evaluator") == evaluator)
    rows = data["assessments"].filter(done).sort("number")
    first: dict[str, str] = {}
    for subject, number in zip(*columns(rows, "subject", "number"), strict=True):
        first.setdefault(subject, source("assessments", subject, number=number))
    return lambda subject: _answer(first.get(subject), "assessed after baseline", "no assessment after baseline")


def _eligible(data: TrialData, protocol: Plan) -> Callable[[str], _Answer]:
    """Find criteria that are not met; what could not be told at screening excludes nobody."""
    import polars as pl

    rows = data["screenings"].filter(pl.col("answer") == "not met")
    failed: dict[str, list[str]] = {}
    for subject, criterion in zip(*columns(rows, "subject", "criterion"), strict=True):
        failed.setdefault(subject, []).append(criterion)

    def answer(subject: str) -> _Answer:
        criteria = failed.get(subject)
        if criteria is None:
            return True, "no criterion answered not met", source("screenings", subject)
        record = source("screenings", subject, criterion=criteria[0])
        return False, f"criteria not met: {', '.join(criteria)}", record

    return answer


def _as_allocated(data: TrialData, protocol: Plan) -> Callable[[str], _Answer]:
    if not isinstance(protocol, Protocol):
        raise ValueError("members 'as allocated' need a protocol with arms; settings without a protocol have none")
    arms = dict(zip(*columns(data["allocations"], "subject", "arm"), strict=True))
    given: dict[str, set[str]] = {}
    for subject, drug in zip(*columns(data["doses"], "subject", "intervention"), strict=True):
        given.setdefault(subject, set()).add(drug)

    def answer(subject: str) -> _Answer:
        drugs = given.get(subject, set())
        if not drugs:
            return False, "no dose recorded", "none"
        if other := sorted(drugs - set(protocol.arm(arms[subject]).interventions)):
            return (
                False,
                f"took {other[0]}, not of arm {arms[subject]}",
                source("doses", subject, intervention=other[0]),
            )
        return True, f"treated as arm {arms[subject]}", source("doses", subject)

    return answer


def _answer(proof: str | None, yes: str, no: str) -> _Answer:
    return (True, yes, proof) if proof else (False, no, "none")


_FIND: dict[str, Callable[[TrialData, Plan], Callable[[str], _Answer]]] = {
    "randomized": _randomized,
    "treated": _treated,
    "measurable disease": _measurable,
    "assessed after baseline": _assessed,
    "eligible": _eligible,
    "as allocated": _as_allocated,
}
