"""How a time to event ends: the rules as values, and the order in which they are asked.

After the FDA's guidance "Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics" (2018), tables A to
C, and the EMA's guideline on anticancer medicinal products, appendix 1: which rules are in force is the endpoint's
``censoring``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trialwright.derive.ending_facts import (
    baseline_facts,
    event_facts,
    gap_facts,
    scans_facts,
    stops_facts,
    therapy_facts,
)
from trialwright.derive.intercurrent import Dated
from trialwright.derive.rows import as_date
from trialwright.derive.situations import Ending, Situation, gap_limit, missed_scans
from trialwright.protocol import Censoring

__all__ = ["RULES", "Asked", "EndingRule", "asked", "decided", "ending", "would_have_fired"]


def ending(situation: Situation) -> Ending:
    """Return how the time ends: by the first rule in force that applies."""
    for rule in RULES:
        if rule.in_force(situation.endpoint.censoring):
            found = rule.apply(situation)
            if found:
                return found
    raise AssertionError("the last rule always applies")


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule asked about one patient: whether it is in force, and what it makes of the patient if it applies."""

    rule: EndingRule
    in_force: bool
    found: Ending | None


def asked(situation: Situation) -> tuple[Asked, ...]:
    """Return every rule in its order with its answer, those too that are not in force or came too late."""
    rules = situation.endpoint.censoring
    return tuple(Asked(rule, rule.in_force(rules), rule.apply(situation)) for rule in RULES)


def decided(answers: Sequence[Asked]) -> tuple[EndingRule, Ending]:
    """Return the rule that decides, and how the time ends by it."""
    return next((each.rule, each.found) for each in answers if each.in_force and each.found)


def would_have_fired(situation: Situation, chosen: Ending) -> str:
    """Return what the rules that were not in force, or came too late, would have made of the patient."""
    found = (rule.apply(situation) for rule in RULES[:-1])
    return "; ".join(f"{other.why} {as_date(other.on)}" for other in found if other and other != chosen)


def _without_baseline(situation: Situation) -> Ending | None:
    if situation.course.baseline:
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
    events, event = situation.events, situation.event
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
    last = situation.last_before_event(situation.event)
    allowed = situation.endpoint.censoring.missed_visits_allowed
    if not _missed_too_many(situation, last, situation.event):
        return None
    return _censored(last, f"more than {allowed} missed assessment{'s' if allowed != 1 else ''} before the event")


def _missed_too_many(situation: Situation, last: Dated, event: Dated) -> bool:
    start, rules = situation.course.randomized.on, situation.endpoint.censoring
    planned, allowed, window = situation.planned, rules.missed_visits_allowed, situation.window
    if rules.missed_visits_by == "scheduled visits":
        return len(missed_scans(planned, last.on - start, event.on - start, window)) > allowed
    return event.on - last.on > gap_limit(planned, last.on - start, allowed, window)


def _event(situation: Situation) -> Ending | None:
    event = situation.event
    return event and Ending(event.on, True, event.what, event.source, event.known_on)


def _no_event(situation: Situation) -> Ending:
    if situation.endpoint.censoring.without_event == "last known alive":
        alive = max(situation.course.alive, situation.origin, key=lambda dated: dated.on)
        return _censored(alive, "died without the event" if alive.what == "death" else "last known alive")
    last = situation.last_adequate()
    kind = "assessment" if situation.endpoint.censoring.adequate == "any" else "adequate assessment"
    return _censored(last, f"no {kind}" if last is situation.origin else f"last {kind}")


def _censored(at: Dated, why: str) -> Ending:
    return Ending(at.on, False, why, at.source, at.known_on)


@dataclass(frozen=True)
class EndingRule:
    """One rule: its name, what it applies to, when it is in force, what it does, and the facts it looks at."""

    name: str
    condition: str
    in_force: Callable[[Censoring], bool]
    apply: Callable[[Situation], Ending | None]
    facts: Callable[[Situation], str]


RULES: tuple[EndingRule, ...] = (
    EndingRule(
        "without baseline",
        "no usable baseline assessment",
        lambda censoring: censoring.without_baseline == "censor at origin",
        _without_baseline,
        baseline_facts,
    ),
    EndingRule(
        "new therapy",
        "another anticancer therapy before the event",
        lambda censoring: censoring.new_therapy == "censor before",
        _new_therapy,
        therapy_facts,
    ),
    EndingRule(
        "stops",
        "something else that ends the time",
        lambda censoring: bool(censoring.stops),
        _stops,
        stops_facts,
    ),
    EndingRule(
        "missed visits",
        "too many assessments missed before the event",
        lambda censoring: censoring.missed_visits == "censor before",
        _missed_visits,
        gap_facts,
    ),
    EndingRule("event", "an event", lambda censoring: True, _event, event_facts),
    EndingRule(
        "no event",
        "without an event",
        lambda censoring: True,
        _no_event,
        scans_facts,
    ),
)
"""The rules in the order in which they are asked; the first in force that applies decides."""
