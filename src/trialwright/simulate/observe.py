"""What a data cut-off shows of each course: the same rules as derivation, applied to whole arrays.

Times are those of derivation: days from randomization to the event or censoring, plus 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.derive import days_of_scans, gap_limit
from trialwright.protocol import Censoring, Protocol, ResponseEndpoint, TimeToEventEndpoint
from trialwright.simulate.course import Course, Events, Patients
from trialwright.simulate.hazards import NEVER
from trialwright.stats import DAYS_PER_WEEK

__all__ = ["Observed", "is_replayable", "is_treated", "observe_response", "observe_severe", "observe_time_to_event"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Observed:
    """Time to event at a cut-off; arrays of shape (patients,)."""

    days: Ints
    event: Bools


def is_replayable(endpoint: object) -> bool:
    """Return whether the array-level simulator knows an endpoint: response, or progression and death from the start."""
    if isinstance(endpoint, ResponseEndpoint):
        return _is_plain(endpoint)
    if not isinstance(endpoint, TimeToEventEndpoint):
        return False
    known = {"progression", "death"}
    rules = endpoint.censoring
    quiet = {"last adequate assessment": "progression" in endpoint.events, "last known alive": _counts_therapy(rules)}
    return (
        endpoint.origin == "randomization"
        and endpoint.among == "all"
        and set(endpoint.events) <= known
        and not rules.stops
        and (rules.missed_visits_by, rules.adequate, rules.scan_dates) == ("days", "evaluable", "finding")
        and quiet[rules.without_event]
    )


def _is_plain(endpoint: ResponseEndpoint) -> bool:
    """A virtual scan has one day, comes on time, and shows nothing after a complete response but progression."""
    return (
        endpoint.confirmation_days is None
        and not endpoint.until
        and set(endpoint.success) <= {"CR", "PR"}
        and endpoint.reference == "randomization"
        and endpoint.progression_within_days is None
        and endpoint.after_complete == "as recorded"
    )


def _counts_therapy(rules: Censoring) -> bool:
    return rules.new_therapy == "ignore" and rules.missed_visits == "ignore"


def observe_time_to_event(
    protocol: Protocol, endpoint: TimeToEventEndpoint, course: Course, last_day: Ints
) -> Observed:
    """Return days and event of each patient; ``last_day`` is the cut-off counted from randomization."""
    death = _seen_death(course, last_day)
    progression = np.where(course.scans.found <= last_day, course.scans.found, NEVER)
    event = np.minimum(
        progression if "progression" in endpoint.events else NEVER, death if "death" in endpoint.events else NEVER
    )
    rules = endpoint.censoring
    if rules.without_event == "last known alive":
        alive = np.minimum.reduce([course.lost, last_day, np.where(death < NEVER, death, NEVER)])
        return Observed(np.where(event < NEVER, event, alive) + 1, event < NEVER)
    counts = event < NEVER
    if rules.new_therapy == "censor before":
        counts &= course.next_therapy >= event
    before = last_adequate(course, np.minimum(event - 1, last_day))
    if rules.missed_visits == "censor before":
        counts &= event - before <= _longest_gap(protocol, before, rules.missed_visits_allowed)
    quiet = np.where(event < NEVER, before, last_adequate(course, last_day))
    if rules.new_therapy == "censor before":
        quiet = np.minimum(quiet, last_adequate(course, course.next_therapy - 1))
    return Observed(np.where(counts, event, quiet) + 1, counts)


def last_adequate(course: Course, until: Ints) -> Ints:
    """Return the day of the last evaluable scan without progression up to a day, 0 when there is none."""
    scans = course.scans
    good = scans.read & (scans.day <= until[:, None]) & (scans.day < scans.found[:, None])
    return np.asarray(np.where(good, scans.day, 0).max(axis=1, initial=0))


def _longest_gap(protocol: Protocol, since: Ints, missed_allowed: int) -> Ints:
    """Return derivation's limit after a last adequate scan on each of these days."""
    planned, window = days_of_scans(protocol.assessments), protocol.assessments.window_days
    days = range(int(since.max(initial=0)) + 1)
    return np.array([gap_limit(planned, day, missed_allowed, window) for day in days], np.int64)[since]


def observe_response(endpoint: ResponseEndpoint, course: Course, last_day: Ints) -> Bools:
    """Return who is a success: a response, or lasting disease control where the endpoint counts it."""
    scans = course.scans
    good = scans.read & (scans.day <= last_day[:, None]) & (scans.day < scans.found[:, None])
    number = np.arange(1, scans.day.shape[1] + 1)
    shows = good & (number >= course.responds_at[:, None])
    kinds = np.where(course.complete, "CR" in endpoint.success, "PR" in endpoint.success)
    success = shows.any(axis=1) & kinds
    if endpoint.stable_weeks is not None:
        since = round(endpoint.stable_weeks * DAYS_PER_WEEK) - endpoint.stable_window_days
        success = success | (good & (scans.day >= since)).any(axis=1)
    return np.asarray(success)


def is_treated(who: Patients, course: Course, last_day: Ints) -> Bools:
    """Return who had a first dose by the cut-off."""
    return np.asarray(course.treated & (who.first_dose <= last_day))


def observe_severe(events: Events, last_day: Ints) -> Bools:
    """Return who had the event at grade 3 or higher by the cut-off."""
    return np.asarray((events.onset <= last_day) & (events.grade >= 3))


def _seen_death(course: Course, last_day: Ints) -> Ints:
    return np.where(course.death <= np.minimum(course.lost, last_day), course.death, NEVER)
