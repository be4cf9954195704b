"""How a time to event ends: the rules as values, and the order in which they are asked.

After the FDA's guidance "Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics" (2018), tables A to
C, and the EMA's guideline on anticancer medicinal products, appendix 1: which rules are in force is the endpoint's
``censoring``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trialwright.derive.course import Course
from trialwright.derive.intercurrent import Dated
from trialwright.derive.rows import as_date
from trialwright.protocol import Assessments, Censoring, TimeToEventEndpoint, planned_scans

__all__ = ["RULES", "Ending", "EndingRule", "Situation", "days_of_scans", "ending", "gap_limit", "would_have_fired"]

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

    def last_adequate(self, before: int | None = None) -> Dated:
        """Return the last adequate assessment, strictly before a day if one is given, at the earliest the origin.

        An assessment that is itself the event does not show the patient free of it.
        """
        shows_event = "PD" if "progression" in self.endpoint.events else None
        days = [
            seen
            for seen in self.course.adequate
            if seen.what != shows_event and seen.on >= self.origin.on and (before is None or seen.on < before)
        ]
        return max(days, key=lambda seen: seen.on, default=self.origin)


def ending(situation: Situation) -> Ending:
    """Return how the time ends: by the first rule in force that applies."""
    for rule in RULES:
        if rule.in_force(situation.endpoint.censoring):
            found = rule.apply(situation)
            if found:
                return found
    raise AssertionError("the last rule always applies")


def would_have_fired(situation: Situation, chosen: Ending) -> str:
    """Return what the rules that were not in force, or came too late, would have made of the patient."""
    found = (rule.apply(situation) for rule in RULES[:-1])
    return "; ".join(f"{other.why} {as_date(other.on)}" for other in found if other and other != chosen)


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


def days_of_scans(assessments: Assessments) -> list[int]:
    """Return the planned days of all scans from randomization, the baseline 0 first."""
    return [0, *planned_scans(assessments, HORIZON)]


def _without_baseline(situation: Situation) -> Ending | None:
    if situation.course.has_baseline:
        return None
    return _censored(situation.origin, "no usable baseline assessment")


def _new_therapy(situation: Situation) -> Ending | None:
    therapy, event = situation.course.therapy, situation.event
    if therapy is None or (event is not None and event.on <= therapy.on):
        return None
    if situation.endpoint.censoring.without_event == "last known alive":
        eve = max(therapy.on - 1, situation.origin.on)
        return Ending(eve, False, "new anticancer therapy", therapy.source, eve)
    return _censored(situation.last_adequate(therapy.on), "new anticancer therapy")


_STOPPED = {"new therapy": "new anticancer therapy", "death": "died without the event"}
"""Reasons of stops where they are not the name of what came."""


def _stops(situation: Situation) -> Ending | None:
    """The first of the endpoint's stops that comes before the event; on the same day the event counts."""
    events, event = situation.course.events, situation.event
    came = [(events[stop.event], stop) for stop in situation.endpoint.censoring.stops if stop.event in events]
    first = min(came, key=lambda found: found[0].on, default=None)
    if first is None or (event is not None and event.on <= first[0].on):
        return None
    dated, stop = first
    why = _STOPPED.get(stop.event, stop.event)
    if stop.how == "censor at":
        return Ending(max(dated.on, situation.origin.on), False, why, dated.source, dated.known_on)
    if situation.endpoint.censoring.without_event == "last known alive":
        eve = max(dated.on - 1, situation.origin.on)
        return Ending(eve, False, why, dated.source, eve)
    return _censored(situation.last_adequate(dated.on), why)


def _missed_visits(situation: Situation) -> Ending | None:
    if situation.event is None:
        return None
    last = _last_before_event(situation, situation.event)
    allowed = situation.endpoint.censoring.missed_visits_allowed
    seen_on = last.on - situation.course.randomized.on
    if situation.event.on - last.on <= gap_limit(situation.planned, seen_on, allowed, situation.window):
        return None
    return _censored(last, f"more than {allowed} missed assessment{'s' if allowed != 1 else ''} before the event")


def _last_before_event(situation: Situation, event: Dated) -> Dated:
    """A scan on the day of a death still counts; the scan that is the event was left out already."""
    return situation.last_adequate(event.on + 1)


def _event(situation: Situation) -> Ending | None:
    event = situation.event
    return event and Ending(event.on, True, event.what, event.source, event.known_on)


def _no_event(situation: Situation) -> Ending:
    if situation.endpoint.censoring.without_event == "last known alive":
        alive = max(situation.course.alive, situation.origin, key=lambda dated: dated.on)
        return _censored(alive, "died without the event" if alive.what == "death" else "last known alive")
    last = situation.last_adequate()
    if last is situation.origin:
        return _censored(last, "no adequate assessment")
    return _censored(last, "last adequate assessment")


def _censored(at: Dated, why: str) -> Ending:
    return Ending(at.on, False, why, at.source, at.known_on)


@dataclass(frozen=True)
class EndingRule:
    """One rule: what it is called, when it is in force, and what it does."""

    name: str
    in_force: Callable[[Censoring], bool]
    apply: Callable[[Situation], Ending | None]


RULES: tuple[EndingRule, ...] = (
    EndingRule(
        "without baseline", lambda censoring: censoring.without_baseline == "censor at origin", _without_baseline
    ),
    EndingRule("new therapy", lambda censoring: censoring.new_therapy == "censor before", _new_therapy),
    EndingRule("stops", lambda censoring: bool(censoring.stops), _stops),
    EndingRule("missed visits", lambda censoring: censoring.missed_visits == "censor before", _missed_visits),
    EndingRule("event", lambda censoring: True, _event),
    EndingRule("no event", lambda censoring: True, _no_event),
)
"""The rules in the order in which they are asked; the first in force that applies decides."""
