"""When treated patients are at risk of a treatment-emergent adverse event, and when the first one starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.derive.course import last_alive
from trialwright.derive.exposure import treatment
from trialwright.derive.rows import columns, frame
from trialwright.derive.safety import emergent_events

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["first_adverse_events", "safety_follow_up"]

FOLLOW_UP_COLUMNS = {"subject": "text", "first_dose": "date", "until": "date", "died": "yes/no", "why": "text"}


def safety_follow_up(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    """Return subject, first_dose, until, died and why: one row per treated subject.

    A patient is at risk from the first dose to the end of the window of ``worst_grades``, which is open while
    treatment goes on, and not beyond the death or, without one, the last day known alive: an adverse event after it
    would not have been seen. ``died`` says that the time ended by death.
    """
    deaths = dict(zip(*columns(data["deaths"], "subject", "died_on"), strict=True))
    alive = last_alive(data)
    rows = []
    doses = treatment(data).sort("subject")
    for subject, first, last, ongoing in zip(
        *columns(doses, "subject", "first_dose", "last_dose", "ongoing"), strict=True
    ):
        close = None if ongoing else last + protocol.safety.window.days_after_last_dose
        death = deaths.get(subject)
        rows.append((subject, first, *_end(close, death, max(first, alive[subject].on))))
    return frame(FOLLOW_UP_COLUMNS, rows)


def first_adverse_events(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    """Return subject, term, grade and started_on: the treatment-emergent events, the earliest of each grade and term.

    The first event of a grade or worse is the earliest row of that grade and above.
    """
    import polars as pl

    events = emergent_events(data, protocol).group_by("subject", "term", "grade")
    return events.agg(pl.col("started_on").min()).sort("subject", "term", "grade")


def _end(close: int | None, death: int | None, alive: int) -> tuple[int, bool, str]:
    """Return when being at risk ends, whether by death, and why; a death on the last day of the window counts."""
    seen = alive if death is None else death
    if close is not None and close < seen:
        return close, False, "end of the window after treatment"
    if death is not None:
        return death, True, "death"
    return alive, False, "last known alive"
