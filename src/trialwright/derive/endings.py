"""How a time to event ends: the rules as values, and the order in which they are asked.

After the FDA's guidance "Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics" (2018), tables A to
C, and the EMA's guideline on anticancer medicinal products, appendix 1: which rules are in force is the endpoint's
``censoring``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trialwright.derive.course import Course
from trialwright.derive.intercurrent import Dated
from trialwright.derive.rows import as_date
from trialwright.protocol import Assessments, Censoring, TimeToEventEndpoint, planned_scans

__all__ = [
    "RULES",
    "Asked",
    "Ending",
    "EndingRule",
    "Situation",
    "asked",
    "days_of_scans",
    "decided",
    "ending",
    "gap_limit",
    "missed_scans",
    "would_have_fired",
]

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
    last = _last_before_event(situation, situation.event)
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
    kind = "assessment" if situation.endpoint.censoring.adequate == "any" else "adequate assessment"
    return _censored(last, f"no {kind}" if last is situation.origin else f"last {kind}")


def _censored(at: Dated, why: str) -> Ending:
    return Ending(at.on, False, why, at.source, at.known_on)


def _baseline_told(situation: Situation) -> str:
    baseline = situation.course.baseline
    return f"baseline of {as_date(baseline.on)} measured every target lesion [{baseline.source}]" if baseline else ""


def _therapy_told(situation: Situation) -> str:
    therapy = situation.course.therapy
    if therapy is None:
        return "no new anticancer therapy"
    return f"new therapy of {as_date(therapy.on)} did not come before the event [{therapy.source}]"


def _stops_told(situation: Situation) -> str:
    stops = situation.endpoint.censoring.stops
    named = ", ".join(stop.event for stop in stops)
    return f"none of {named} came before the event" if stops else "the rules name nothing that ends the time"


def _gap_told(situation: Situation) -> str:
    event = situation.event
    if event is None:
        return "no event"
    last, rules = _last_before_event(situation, event), situation.endpoint.censoring
    start, window = situation.course.randomized.on, situation.window
    if rules.missed_visits_by == "scheduled visits":
        missed = len(missed_scans(situation.planned, last.on - start, event.on - start, window))
        return f"{missed} planned scans missed before the event, {rules.missed_visits_allowed} allowed"
    limit = gap_limit(situation.planned, last.on - start, rules.missed_visits_allowed, window)
    return f"event {event.on - last.on} days after {as_date(last.on)} ({last.what}), at most {limit} allowed"


@dataclass(frozen=True)
class EndingRule:
    """One rule: what it is called and asks, when it is in force, what it does, and what it says when it does not."""

    name: str
    question: str
    in_force: Callable[[Censoring], bool]
    apply: Callable[[Situation], Ending | None]
    otherwise: Callable[[Situation], str]


RULES: tuple[EndingRule, ...] = (
    EndingRule(
        "without baseline",
        "is a usable baseline assessment missing?",
        lambda censoring: censoring.without_baseline == "censor at origin",
        _without_baseline,
        _baseline_told,
    ),
    EndingRule(
        "new therapy",
        "did another anticancer therapy begin before the event?",
        lambda censoring: censoring.new_therapy == "censor before",
        _new_therapy,
        _therapy_told,
    ),
    EndingRule(
        "stops",
        "did something else come first that ends the time?",
        lambda censoring: bool(censoring.stops),
        _stops,
        _stops_told,
    ),
    EndingRule(
        "missed visits",
        "were too many assessments missed just before the event?",
        lambda censoring: censoring.missed_visits == "censor before",
        _missed_visits,
        _gap_told,
    ),
    EndingRule("event", "was there an event?", lambda censoring: True, _event, lambda situation: "no event"),
    EndingRule(
        "no event",
        "when was the patient last seen free of it?",
        lambda censoring: True,
        _no_event,
        lambda situation: "",
    ),
)
"""The rules in the order in which they are asked; the first in force that applies decides."""
