"""One endpoint under several rule sets: every patient under each, and the patients about whom they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trialwright.derive.assessed import assessed_by_subject
from trialwright.derive.course import Course, courses
from trialwright.derive.endings import asked, decided, would_have_fired
from trialwright.derive.recorded import responses_of
from trialwright.derive.rows import frame
from trialwright.derive.rule_sets import RULE_SETS, under
from trialwright.derive.settings import proofs_of
from trialwright.derive.situations import days_of_scans
from trialwright.derive.time_to_event import situation, time_plan

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.protocol import TimeToEventEndpoint
    from trialwright.records import TrialData

__all__ = ["SIDE_COLUMNS", "differences", "side_by_side"]

SIDE_COLUMNS = {
    "rules": "text",
    "subject": "text",
    "endpoint": "text",
    "days": "integer",
    "event": "yes/no",
    "origin_on": "date",
    "ended_on": "date",
    "rule": "text",
    "why": "text",
    "otherwise": "text",
    "source": "text",
}


def side_by_side(
    data: TrialData,
    plan: Plan,
    endpoint: str,
    rule_sets: Sequence[str] = tuple(RULE_SETS),
    responses: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return one row per rule set and subject with how the endpoint ends, and which ``rule`` decided.

    ``days`` count both ends. The data must be cut already. Pass ``responses`` to save deriving them again. ValueError
    for an endpoint that is no time to event, and for a rule set that is not known.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.records import TrialData
    >>> side_by_side(TrialData.from_rows("", {}, virtual=True), load(study_names()[0]), "PFS", ("fda", "ema")).height
    0
    """
    own = time_plan(plan, endpoint)
    plans = {name: under(own, name) for name in rule_sets}
    if responses is None:
        responses = responses_of(data, plan, own.evaluator)
    assessed = assessed_by_subject(responses, own.evaluator)
    found = list(courses(data, responses, own.evaluator, assessed, proofs_of(plan)))
    scans, window = days_of_scans(plan.assessments), plan.assessments.window_days
    rows = (row for name, each in plans.items() for row in _rows(name, each, found, scans, window))
    return frame(SIDE_COLUMNS, rows)


def _rows(
    name: str, plan: TimeToEventEndpoint, found: Sequence[Course], scans: Sequence[int], window: int
) -> Iterator[tuple[object, ...]]:
    for course in found:
        at = situation(course, plan, scans, window)
        if at is None:
            continue
        rule, end = decided(asked(at))
        days, otherwise = end.on - at.origin.on + 1, would_have_fired(at, end)
        told = (rule.name, end.why, otherwise, end.source)
        yield name, course.subject, plan.id, days, end.event, at.origin.on, end.on, *told


def differences(sides: pl.DataFrame) -> pl.DataFrame:
    """Return one row per subject whose status or date is not the same under every rule set of ``side_by_side``.

    For each set there are the columns ``<set> event``, ``<set> ended_on``, ``<set> days`` and ``<set> rule``, the rule
    that decided.

    >>> import polars as pl
    >>> from datetime import date
    >>> sides = pl.DataFrame({"rules": ["fda", "ema"] * 2, "subject": ["01", "01", "02", "02"],
    ...     "endpoint": ["PFS"] * 4, "event": [False, True, True, True], "days": [57, 113, 60, 60],
    ...     "ended_on": [date(2024, 2, 26), date(2024, 4, 22), date(2024, 2, 29), date(2024, 2, 29)],
    ...     "rule": ["new therapy", "event", "event", "event"]})
    >>> differences(sides).select("subject", "fda rule", "ema rule").rows()
    [('01', 'new therapy', 'event')]
    """
    import polars as pl

    key, shown = ["subject", "endpoint"], ["event", "ended_on", "days", "rule"]
    differs = pl.struct("event", "ended_on").n_unique().over(key) > 1
    names = sides["rules"].unique(maintain_order=True).to_list()
    found = sides.filter(differs)
    wide = found.select(key).unique(maintain_order=True)
    for name in names:
        own = found.filter(pl.col("rules") == name).select(*key, *(pl.col(c).alias(f"{name} {c}") for c in shown))
        wide = wide.join(own, on=key, how="left", maintain_order="left")
    return wide
