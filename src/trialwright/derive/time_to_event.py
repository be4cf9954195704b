"""Time from an origin to the first of an endpoint's events, with the reason and the record behind every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from trialwright.derive.assessed import assessed_by_subject
from trialwright.derive.course import Course, adequate_scans, courses, scan_events
from trialwright.derive.endings import ending, would_have_fired
from trialwright.derive.intercurrent import Dated
from trialwright.derive.recorded import responses_of
from trialwright.derive.rows import frame
from trialwright.derive.settings import proofs_of
from trialwright.derive.situations import Situation, days_of_scans
from trialwright.derive.time_columns import goes_by_columns, times_by_columns

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.protocol import TimeToEventEndpoint
    from trialwright.records import TrialData

__all__ = ["TIME_COLUMNS", "situation", "time_plan", "time_to_event", "times"]

MANY = 20_000
"""Assessments from which an endpoint that can go by columns does; the rows are the same."""
TIME_COLUMNS = {
    "subject": "text",
    "endpoint": "text",
    "days": "integer",
    "event": "yes/no",
    "origin_on": "date",
    "ended_on": "date",
    "known_on": "date",
    "why": "text",
    "otherwise": "text",
    "source": "text",
}


def time_to_event(
    data: TrialData, protocol: Plan, endpoint: str, responses: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return one row per randomized subject (per responder, where the endpoint is ``among: responders``).

    ``days`` is ``ended_on - origin_on + 1``. ``why`` is the event or the reason for censoring, ``source`` the record
    that gave the date, ``otherwise`` what rules that were not in force or came later would have done, ``known_on`` the
    day from which an event was certain (see ``response``). A responder has CR or PR before progression; confirmation is
    not asked for. Pass ``responses`` (of ``response``) to save deriving them again. Raises ValueError when the endpoint
    is no time to event, or counts from the first response but is not among responders.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.records import TrialData
    >>> time_to_event(TrialData.from_rows("", {}, virtual=True), load(study_names()[0]), "PFS").columns[:4]
    ['subject', 'endpoint', 'days', 'event']
    """
    plan = time_plan(protocol, endpoint)
    if responses is None:
        responses = responses_of(data, protocol, plan.evaluator)
    if len(responses) >= MANY and goes_by_columns(plan):
        return times_by_columns(data, protocol, plan, responses)
    assessed = assessed_by_subject(responses, plan.evaluator)
    return times(courses(data, responses, plan.evaluator, assessed, proofs_of(protocol)), protocol, plan)


def times(found: Iterable[Course], protocol: Plan, plan: TimeToEventEndpoint) -> pl.DataFrame:
    """Return the rows of one endpoint from the courses of the patients."""
    scans = days_of_scans(protocol.assessments)
    situations = (situation(course, plan, scans, protocol.assessments.window_days) for course in found)
    return frame(TIME_COLUMNS, (_row(each) for each in situations if each))


def time_plan(protocol: Plan, endpoint: str) -> TimeToEventEndpoint:
    """Return the plan of a time to event; ValueError when it is none, or starts where not everybody does."""
    plan = protocol.endpoint(endpoint)
    if plan.kind != "time to event":
        raise ValueError(f"endpoint {endpoint!r} must be a time to event; its kind is {plan.kind!r}")
    if plan.origin == "first response" and plan.among != "responders":
        raise ValueError(f"endpoint {endpoint!r} starts at the first response, so it must be among responders")
    return plan


def situation(course: Course, plan: TimeToEventEndpoint, scans: Sequence[int], window: int) -> Situation | None:
    """Return a patient before the rules of an endpoint; None of a patient who is not among those it counts.

    ``scans`` are the planned days of ``days_of_scans``, ``window`` the days a scan may be early or late.
    """
    events = scan_events(course, plan)
    responded = events.get("response")
    if plan.among == "responders" and responded is None:
        return None
    origin = responded if plan.origin == "first response" and responded else course.randomized
    event = min(_events(events, plan, origin), key=lambda found: found.on, default=None)
    return Situation(course, plan, origin, event, scans, window, adequate_scans(course, plan.censoring), events)


def _events(events: Mapping[str, Dated], plan: TimeToEventEndpoint, origin: Dated) -> Iterator[Dated]:
    """Return the endpoint's events in the order the protocol names them, so that the first named wins a tie."""
    found = (events.get(kind) for kind in plan.events)
    return (event for event in found if event is not None and event.on >= origin.on)


def _row(at: Situation) -> tuple[object, ...]:
    end, origin = ending(at), at.origin.on
    return (
        at.course.subject,
        at.endpoint.id,
        end.on - origin + 1,
        end.event,
        origin,
        end.on,
        end.known_on,
        end.why,
        would_have_fired(at, end),
        end.source,
    )
