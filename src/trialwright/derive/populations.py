"""Who is analyzed: membership of each randomized patient in each population of the plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from trialwright.derive.rows import columns, frame, source

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = ["POPULATION_COLUMNS", "members", "populations"]

POPULATION_COLUMNS = {"subject": "text", "population": "text", "member": "yes/no", "why": "text", "source": "text"}

_Answer = tuple[bool, str, str]
"""Member or not, why, and the record that says so."""


def populations(data: TrialData, protocol: Plan) -> pl.DataFrame:
    """Return one row per randomized subject and population of the plan, with whether the subject is a member.

    ``treated`` means any recorded dose of any intervention; ``measurable disease`` a target lesion at baseline by the
    first evaluator of the protocol.
    """
    subjects = data["allocations"]["subject"].to_list()
    answers = {plan.id: _FIND[plan.members](data, protocol) for plan in protocol.populations}
    rows = ((subject, population, *answer(subject)) for population, answer in answers.items() for subject in subjects)
    return frame(POPULATION_COLUMNS, rows)


def members(data: TrialData, protocol: Plan, kind: str) -> tuple[str, ...]:
    """Return the randomized subjects who are ``randomized``, ``treated`` or have ``measurable disease``, in order.

    The same rules as ``populations``, for counts that the plan's populations need not name.
    """
    if kind not in _FIND:
        raise ValueError(f"members {kind!r} are not known; known: {', '.join(_FIND)}")
    answer = _FIND[kind](data, protocol)
    return tuple(subject for subject in data["allocations"]["subject"] if answer(subject)[0])


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


def _answer(proof: str | None, yes: str, no: str) -> _Answer:
    return (True, yes, proof) if proof else (False, no, "none")


_FIND: dict[str, Callable[[TrialData, Plan], Callable[[str], _Answer]]] = {
    "randomized": _randomized,
    "treated": _treated,
    "measurable disease": _measurable,
}
