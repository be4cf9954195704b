"""The days of the data cut-offs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from trialwright.derive.time_to_event import time_to_event

if TYPE_CHECKING:
    from trialwright.protocol import Cut, Protocol
    from trialwright.records import TrialData

__all__ = ["cut_dates"]


def cut_dates(data: TrialData, protocol: Protocol) -> dict[str, date | None]:
    """Return the day of each cut of the plan: its own date, or the day its n-th event was observed.

    An event counts from the day it was certain (``known_on`` of ``time_to_event``), so that a cut made on that day
    holds n events. None: fewer events than n were observed, the cut is not reached.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.records import TrialData
    >>> nobody, plan = TrialData.from_rows("", {}, virtual=True), load(study_names()[0])
    >>> all(day is None for cut, day in cut_dates(nobody, plan).items() if cut != plan.analysis.cuts[-1].id)
    True
    """
    return {cut.id: cut.on or _event_day(data, protocol, cut) for cut in protocol.analysis.cuts}


def _event_day(data: TrialData, protocol: Protocol, cut: Cut) -> date | None:
    import polars as pl

    if cut.endpoint is None or cut.events is None:
        raise ValueError(f"cut {cut.id!r} must have a date, or an endpoint with its number of events")
    times = time_to_event(data, protocol, cut.endpoint)
    days: list[date] = sorted(times.filter(pl.col("event"))["known_on"].to_list())
    return days[cut.events - 1] if len(days) >= cut.events else None
