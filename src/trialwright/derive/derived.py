"""All derived tables at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.derive.assessed import Assessed, assessed_by_subject
from trialwright.derive.baseline import BASELINE_COLUMNS, baseline
from trialwright.derive.best_response import BEST_RESPONSE_COLUMNS, bests
from trialwright.derive.course import courses
from trialwright.derive.populations import populations
from trialwright.derive.recorded import responses_of
from trialwright.derive.rows import Kind, frame
from trialwright.derive.safety import worst_grades
from trialwright.derive.settings import proofs_of
from trialwright.derive.time_to_event import TIME_COLUMNS, time_plan, times
from trialwright.protocol import Protocol, with_estimands

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
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


def tables(data: TrialData, plan: Plan) -> Derived:
    """Return every derived table of the data, which must be cut already.

    ``plan`` is a protocol, or the settings of data without one, which name no baseline characteristics. An estimand is
    derived as one more endpoint, under its own id (see ``protocol.with_estimands``).

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.records import TrialData
    >>> tables(TrialData.from_rows("", {}, virtual=True), load(study_names()[0])).times.height
    0
    """
    import polars as pl

    if isinstance(plan, Protocol):
        plan = with_estimands(plan)
    responses = pl.concat([responses_of(data, plan, who) for who in plan.assessments.evaluators])
    assessed = {who: assessed_by_subject(responses, who) for who in plan.assessments.evaluators}
    return Derived(
        responses,
        _stacked(BEST_RESPONSE_COLUMNS, _best_responses(data, plan, assessed)),
        _stacked(TIME_COLUMNS, _times(data, plan, responses, assessed)),
        populations(data, plan),
        worst_grades(data, plan),
        baseline(data, plan) if isinstance(plan, Protocol) else frame(BASELINE_COLUMNS, []),
    )


def _best_responses(data: TrialData, protocol: Plan, assessed: _Assessed) -> list[pl.DataFrame]:
    plans = (plan for plan in protocol.endpoints if plan.kind == "response")
    return [bests(data, plan, assessed[plan.evaluator]) for plan in plans]


def _times(data: TrialData, protocol: Plan, responses: pl.DataFrame, assessed: _Assessed) -> list[pl.DataFrame]:
    plans = [time_plan(protocol, plan.id) for plan in protocol.endpoints if plan.kind == "time to event"]
    evaluators = {plan.evaluator for plan in plans}
    found = {who: list(courses(data, responses, who, assessed[who], proofs_of(protocol))) for who in evaluators}
    return [times(found[plan.evaluator], protocol, plan) for plan in plans]


def _stacked(kinds: Mapping[str, Kind], frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    return pl.concat([frame(kinds, []), *frames])
