"""All derived tables at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.derive.assessed import Assessed, assessed_by_subject
from trialwright.derive.baseline import baseline
from trialwright.derive.best_response import BEST_RESPONSE_COLUMNS, bests
from trialwright.derive.course import courses
from trialwright.derive.populations import populations
from trialwright.derive.recorded import responses_of
from trialwright.derive.rows import Kind, frame
from trialwright.derive.safety import worst_grades
from trialwright.derive.time_to_event import TIME_COLUMNS, time_plan, times
from trialwright.protocol import with_estimands

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["Derived", "tables"]

_Assessed = Mapping[str, Mapping[str, Sequence[Assessed]]]
"""Assessments after baseline by evaluator and subject."""


@dataclass(frozen=True)
class Derived:
    """The derived tables of one trial; each row says why, and from which record."""

    responses: pl.DataFrame
    """Of ``response``, all evaluators."""
    best_responses: pl.DataFrame
    """Of ``best_response``, all response endpoints and estimands."""
    times: pl.DataFrame
    """Of ``time_to_event``, all such endpoints and estimands."""
    populations: pl.DataFrame
    worst_grades: pl.DataFrame
    baseline: pl.DataFrame


def tables(data: TrialData, protocol: Protocol) -> Derived:
    """Return every derived table of the data, which must be cut already.

    An estimand is derived as one more endpoint, under its own id (see ``protocol.with_estimands``).
    """
    import polars as pl

    protocol = with_estimands(protocol)
    responses = pl.concat([responses_of(data, protocol, who) for who in protocol.assessments.evaluators])
    assessed = {who: assessed_by_subject(responses, who) for who in protocol.assessments.evaluators}
    return Derived(
        responses,
        _stacked(BEST_RESPONSE_COLUMNS, _best_responses(data, protocol, assessed)),
        _stacked(TIME_COLUMNS, _times(data, protocol, responses, assessed)),
        populations(data, protocol),
        worst_grades(data, protocol),
        baseline(data, protocol),
    )


def _best_responses(data: TrialData, protocol: Protocol, assessed: _Assessed) -> list[pl.DataFrame]:
    plans = (plan for plan in protocol.endpoints if plan.kind == "response")
    return [bests(data, plan, assessed[plan.evaluator]) for plan in plans]


def _times(data: TrialData, protocol: Protocol, responses: pl.DataFrame, assessed: _Assessed) -> list[pl.DataFrame]:
    plans = [time_plan(protocol, plan.id) for plan in protocol.endpoints if plan.kind == "time to event"]
    evaluators = {plan.evaluator for plan in plans}
    found = {who: list(courses(data, responses, who, assessed[who])) for who in evaluators}
    return [times(found[plan.evaluator], protocol, plan) for plan in plans]


def _stacked(kinds: Mapping[str, Kind], frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    return pl.concat([frame(kinds, []), *frames])
