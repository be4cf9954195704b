"""The schedule of tumor assessments as days from randomization."""

from __future__ import annotations

from trialwright.protocol.visits import Assessments
from trialwright.stats import DAYS_PER_WEEK

__all__ = ["interval_at", "planned_scans"]


def planned_scans(assessments: Assessments, last_day: int) -> list[int]:
    """Return the planned days of all scans after the baseline, from randomization (day 0) up to ``last_day``.

    Every 8 weeks, from week 48 every 12:

    >>> plan = Assessments(criteria="RECIST 1.1", every_weeks=((0, 8), (48, 12)), window_days=7,
    ...                    baseline_within_days=28, until="progression")
    >>> [day // 7 for day in planned_scans(plan, 72 * 7)]
    [8, 16, 24, 32, 40, 48, 60, 72]
    """
    days: list[int] = []
    day = round(interval_at(assessments, 0))
    while day <= last_day:
        days.append(day)
        day += round(interval_at(assessments, day))
    return days


def interval_at(assessments: Assessments, day: float) -> float:
    """Return the days between scans in force from ``day`` after randomization."""
    weeks = [every for start, every in assessments.every_weeks if start * DAYS_PER_WEEK <= day]
    return weeks[-1] * DAYS_PER_WEEK
