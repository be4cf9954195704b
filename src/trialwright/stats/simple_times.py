"""What methods without delayed entry and case weights say to event times that have them."""

from __future__ import annotations

from trialwright.stats.event_times import EventTimes


def require_simple(times: EventTimes, method: str) -> None:
    """Raise ValueError when somebody enters late or has a weight, which ``method`` would silently overlook.

    >>> require_simple(EventTimes.of([3, 5], [1, 0]), "a pseudo-value")
    """
    for part, remedy in (("entry", "delayed entry"), ("weight", "case weights")):
        if getattr(times, part) is not None:
            raise ValueError(f"{method} takes no {remedy}; the event times have {part}. Make them without.")
