"""One patient before the rules of one endpoint, and how far apart scans may lie."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trialwright.derive.course import Course
from trialwright.derive.intercurrent import Dated
from trialwright.protocol import Assessments, TimeToEventEndpoint, planned_scans

__all__ = ["Ending", "Situation", "days_of_scans", "gap_limit", "missed_scans"]

HORIZON = 50 * 366
"""Days of planned scans that are laid out; longer than any trial."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a time to event ends, and why; days are whole days since 1970-01-01."""

    on: int
    event: bool
    why: str
    source: str
    known_on: int


@dataclass(frozen=True, slots=True)
class Situation:
    """One patient before the rules of one endpoint."""

    course: Course
    endpoint: TimeToEventEndpoint
    origin: Dated
    event: Dated | None
    """First of the endpoint's events."""
    planned: Sequence[int]
    """Days of the planned scans from randomization, the baseline 0 first."""
    window: int
    adequate: Sequence[Dated]
    """Assessments that show the patient free of an event, by the endpoint's settings."""
    events: Mapping[str, Dated]
    """First of each kind of event, by the endpoint's settings."""

    def last_before_event(self, event: Dated) -> Dated:
        """Return the last adequate assessment up to the event; the scan that is the event does not count.

        A scan on the day of a death still counts.
        """
        return self.last_adequate(event.on + 1)

    def last_adequate(self, before: int | None = None) -> Dated:
        """Return the last adequate assessment, strictly before a day if one is given, at the earliest the origin.

        An assessment that is itself the event does not show the patient free of it.
        """
        shows_event = "PD" if "progression" in self.endpoint.events else None
        days = [
            seen
            for seen in self.adequate
            if seen.what != shows_event and seen.on >= self.origin.on and (before is None or seen.on < before)
        ]
        return max(days, key=lambda seen: seen.on, default=self.origin)


def gap_limit(planned: Sequence[int], last_adequate: int, missed_allowed: int, window: int) -> int:
    """Return the most days that may pass after an adequate assessment without a missed visit too many.

    ``planned`` and ``last_adequate`` are days from randomization. The limit runs to the planned scan
    ``missed_allowed + 1`` after the one nearest to the last adequate assessment, with the window at both ends. Every
    eight weeks, within a week, with one missed visit allowed:

    >>> gap_limit([0, 56, 112, 168, 224], 56, 1, 7)
    126
    """
    after = min(max(bisect_right(planned, last_adequate), 1), len(planned) - 1)
    nearest = after if planned[after] - last_adequate < last_adequate - planned[after - 1] else after - 1
    due = min(nearest + missed_allowed + 1, len(planned) - 1)
    return planned[due] - planned[nearest] + 2 * window


def missed_scans(planned: Sequence[int], last_adequate: int, event: int, window: int) -> list[int]:
    """Return the planned scans whose whole window lies between the last adequate assessment and the event.

    All are days from randomization. Every eight weeks within a week, the last adequate scan in week 8 and the event in
    week 24, only the scan of week 16 was missed:

    >>> missed_scans([0, 56, 112, 168, 224], 56, 168, 7)
    [112]
    """
    return [day for day in planned if day - window > last_adequate and day + window < event]


def days_of_scans(assessments: Assessments) -> list[int]:
    """Return the planned days of all scans from randomization, the baseline 0 first."""
    return [0, *planned_scans(assessments, HORIZON)]
