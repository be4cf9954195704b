"""The facts that each rule of an ending looks at, in words and with the record behind them."""

from __future__ import annotations

from trialwright.derive.intercurrent import Dated
from trialwright.derive.rows import as_date
from trialwright.derive.situations import Situation, gap_limit, missed_scans

__all__ = ["baseline_facts", "event_facts", "gap_facts", "scans_facts", "stops_facts", "therapy_facts"]


def baseline_facts(situation: Situation) -> str:
    """Return the baseline assessment, or that there is none to measure progression from."""
    baseline = situation.course.baseline
    return _told(baseline) if baseline else "no baseline assessment that measured every target lesion"


def therapy_facts(situation: Situation) -> str:
    """Return the first new therapy beside the event."""
    therapy = situation.course.therapy
    return f"{_told(therapy)}; {event_facts(situation)}" if therapy else "no new anticancer therapy"


def stops_facts(situation: Situation) -> str:
    """Return what came of the things that end the time, beside the event."""
    named = [stop.event for stop in situation.endpoint.censoring.stops]
    came = [_told(situation.events[kind]) for kind in named if kind in situation.events]
    return (
        "; ".join([*came, event_facts(situation)])
        if came
        else f"no {' or '.join(named)}"
        if named
        else "the rules name nothing"
    )


def gap_facts(situation: Situation) -> str:
    """Return how long before the event the patient was last seen, and how long that may be."""
    event = situation.event
    if event is None:
        return "no event"
    last, rules = situation.last_before_event(event), situation.endpoint.censoring
    start, window = situation.course.randomized.on, situation.window
    seen = f"last seen before the event: {_told(last)}"
    if rules.missed_visits_by == "scheduled visits":
        missed = len(missed_scans(situation.planned, last.on - start, event.on - start, window))
        return f"{seen}; {missed} planned scans missed since, {rules.missed_visits_allowed} allowed"
    limit = gap_limit(situation.planned, last.on - start, rules.missed_visits_allowed, window)
    return f"{seen}; event {event.on - last.on} days later, at most {limit} allowed"


def event_facts(situation: Situation) -> str:
    """Return the first of the endpoint's events."""
    return _told(situation.event) if situation.event else "no event"


def scans_facts(situation: Situation) -> str:
    """Return the last time the patient was seen free of the event."""
    if situation.endpoint.censoring.without_event == "last known alive":
        return _told(situation.course.alive)
    return _told(situation.last_adequate())


def _told(fact: Dated) -> str:
    return f"{fact.what} {as_date(fact.on)} [{fact.source}]"
