"""Treatment-emergent adverse events: the worst grade of each term in each treated patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.derive.adverse_events import adverse_event_rules, adverse_events
from trialwright.derive.exposure import treatment

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = ["worst_grades"]


def worst_grades(data: TrialData, protocol: Plan) -> pl.DataFrame:
    """Return subject, system, term, grade, started_on, why and source: one row per treated subject and term.

    An event is treatment-emergent when it starts on or after the first dose, and at most
    ``safety.window.days_after_last_dose`` days after the last (see ``adverse_events``, which also lists the events
    without a grade: they have no row here). While the last cycle has no last day and the end of treatment is not
    recorded, treatment goes on and nothing is too late. Of two events of the same grade the earlier is the source.

    >>> from types import SimpleNamespace as Plan
    >>> from trialwright.records import TrialData
    >>> plan = Plan(safety=Plan(window=Plan(days_after_last_dose=30)))
    >>> worst_grades(TrialData.from_rows("study", {}, virtual=True), plan).height
    0
    """
    import polars as pl

    worst_first = emergent_events(data, protocol).sort(
        "subject", "term", "grade", "started_on", "number", descending=[False, False, True, False, False]
    )
    return worst_first.unique(["subject", "term"], keep="first", maintain_order=True).select(
        "subject",
        "system",
        "term",
        "grade",
        "started_on",
        why=pl.lit(f"worst grade {adverse_event_rules(protocol)}"),
        source=pl.format("adverse_events {} / number {}", "subject", "number"),
    )


def emergent_events(data: TrialData, protocol: Plan) -> pl.DataFrame:
    """Return the treatment-emergent adverse events that have a grade; a start that is not known is the first dose."""
    import polars as pl

    events = adverse_events(data, adverse_event_rules(protocol)).rows
    emergent = events.filter(pl.col("emergent") & pl.col("grade").is_not_null())
    doses = treatment(data).select("subject", "first_dose")
    started = pl.coalesce("started_on", "first_dose")
    return emergent.join(doses, on="subject", how="left").with_columns(started_on=started).drop("first_dose")
