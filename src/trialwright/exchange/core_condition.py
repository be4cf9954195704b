"""Whether a condition holds, record by record, when some of its parts cannot be answered.

A part cannot be answered where a variable that it needs is not there. Such a part settles nothing: an "all" with a part
that never holds is settled without it, and an "any" is answered by its other parts. CORE itself leaves the whole rule
out when one variable is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.exchange.core_records import Records, Unanswerable
from trialwright.exchange.core_rules import Both, Clause, Condition, Either
from trialwright.exchange.core_set_operators import OPERATORS

if TYPE_CHECKING:
    import polars as pl

__all__ = ["holds"]


def holds(condition: Condition, records: Records) -> pl.Series:
    """Return where a condition holds; Unanswerable with the reason when no part of it settles it."""
    if isinstance(condition, Clause):
        return OPERATORS[condition.operator](records, condition)
    if isinstance(condition, Both):
        return _all(condition.conditions, records)
    if isinstance(condition, Either):
        return _any(condition.conditions, records)
    return ~holds(condition.condition, records)


def _all(conditions: tuple[Condition, ...], records: Records) -> pl.Series:
    answer, unknown = None, None
    for condition in conditions:
        try:
            part = holds(condition, records)
        except Unanswerable as reason:
            unknown = unknown or reason
            continue
        answer = part if answer is None else answer & part
        if not answer.any():
            return answer
    if unknown is not None:
        raise unknown
    return _answered(answer)


def _any(conditions: tuple[Condition, ...], records: Records) -> pl.Series:
    answer, unknown = None, None
    for condition in conditions:
        try:
            part = holds(condition, records)
        except Unanswerable as reason:
            unknown = unknown or reason
            continue
        answer = part if answer is None else answer | part
    if answer is None and unknown is not None:
        raise unknown
    return _answered(answer)


def _answered(answer: pl.Series | None) -> pl.Series:
    if answer is None:
        raise Unanswerable("the rule has an empty condition")
    return answer
