"""The course of each randomized patient: every dated fact that can end a time to event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trialwright.derive.assessed import Assessed, first_confirmed, up_to_progression
from trialwright.derive.intercurrent import Dated, after_new_therapy, firsts, intercurrent
from trialwright.derive.partial_dates import ImputationRule, impute
from trialwright.derive.rows import as_date, columns, source

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Censoring, TimeToEventEndpoint
    from trialwright.records import TrialData

__all__ = ["PROOFS", "Course", "adequate_scans", "courses", "last_alive", "scan_events"]


@dataclass(frozen=True, slots=True)
class Course:
    """One patient's dated facts."""

    subject: str
    randomized: Dated
    baseline: Dated | None
    """The baseline assessment, if it measured every target lesion."""
    scans: tuple[Assessed, ...]
    """The evaluator's assessments after baseline."""
    first_days: Mapping[int, int]
    """Day of the earliest scan of each assessment, by its number; an assessment of one day may be left out."""
    adequate: tuple[Dated, ...]
    """Assessments with a response other than NE, on the day that the response counts."""
    events: Mapping[str, Dated]
    """First of each kind of event that an endpoint may name."""
    therapy: Dated | None
    """First anticancer therapy after the trial's treatment."""
    alive: Dated
    """Last day known alive; of a patient who died, the death."""


def courses(
    data: TrialData,
    responses: pl.DataFrame,
    evaluator: str,
    assessed: Mapping[str, Sequence[Assessed]],
    proofs: Sequence[tuple[str, str]] | None = None,
) -> Iterator[Course]:
    """Return the course of every randomized patient, in the order of the allocations.

    ``assessed`` holds the evaluator's assessments after baseline, read from ``responses`` once for all endpoints.

    Life is proved by every dated record of a patient's own doing: contacts, visits, doses, assessments, adverse events,
    samples, another therapy and its progression, and an end of treatment that somebody saw; ``proofs`` names others
    (see ``last_alive``). An end of study is not proof of life: it may be the day a form was signed.
    """
    baselines, first_days = _complete_baselines(responses, evaluator), _first_days(data, evaluator)
    events = {
        "death": firsts(data["deaths"], "died_on", "death", "deaths"),
        "chemotherapy": firsts(_chemotherapy(data), "started_on", "chemotherapy", "therapies"),
        **intercurrent(data),
        **after_new_therapy(data),
    }
    alive = last_alive(data, PROOFS if proofs is None else proofs)
    for subject, day in zip(*columns(data["allocations"], "subject", "randomized_on"), strict=True):
        scans = tuple(assessed.get(subject, ()))
        own = {kind: found[subject] for kind, found in events.items() if subject in found}
        own |= {event.what: event for event in (_progression(scans, _finding), _response(scans, _finding)) if event}
        randomized = Dated(day, "randomization", source("allocations", subject), day)
        last = own.get("death") or alive.get(subject, randomized)
        adequate = tuple(_dated(scan, _finding) for scan in scans if scan.response != "NE")
        last = max(last, randomized, key=lambda proof: proof.on)
        baseline, days = baselines.get(subject), first_days.get(subject, {})
        yield Course(subject, randomized, baseline, scans, days, adequate, own, own.get("new therapy"), last)


def adequate_scans(course: Course, rules: Censoring) -> tuple[Dated, ...]:
    """Return the assessments that show the patient free of an event, on the days that the rules give them."""
    if (rules.adequate, rules.scan_dates) == ("evaluable", "finding"):
        return course.adequate
    day_of = _day_of(course, rules)
    return tuple(_dated(scan, day_of) for scan in course.scans if _ADEQUATE[rules.adequate](scan))


_ADEQUATE: Mapping[str, Callable[[Assessed], bool]] = {
    "evaluable": lambda scan: scan.response != "NE",
    "target known": lambda scan: scan.response != "NE" or scan.target not in (None, "NE"),
    "any": lambda scan: True,
}


def scan_events(course: Course, plan: TimeToEventEndpoint) -> Mapping[str, Dated]:
    """Return the events of the course; progression and response are those of the endpoint's settings."""
    if plan.confirmation_days is None and plan.censoring.scan_dates == "finding":
        return course.events
    day_of = _day_of(course, plan.censoring)
    found = (_progression(course.scans, day_of), _response(course.scans, day_of, plan.confirmation_days))
    others = {kind: event for kind, event in course.events.items() if kind not in ("progression", "response")}
    return others | {event.what: event for event in found if event}


_DayOf = Callable[[Assessed], int]
"""The day on which the response of an assessment counts."""


def _finding(scan: Assessed) -> int:
    return scan.response_on


def _day_of(course: Course, rules: Censoring) -> _DayOf:
    """A finding dated back to an earlier time point keeps its day: no scan of this one is nearer to it."""

    def earliest(scan: Assessed) -> int:
        return min(scan.response_on, course.first_days.get(scan.number, scan.assessed_on))

    def latest(scan: Assessed) -> int:
        first = course.first_days.get(scan.number, scan.assessed_on)
        return scan.assessed_on if scan.response_on >= first else scan.response_on

    return {"finding": _finding, "earliest": earliest, "latest": latest}[rules.scan_dates]


def _dated(scan: Assessed, day_of: _DayOf) -> Dated:
    on = day_of(scan)
    return Dated(on, scan.response, scan.source, max(on, scan.known_on))


def _complete_baselines(responses: pl.DataFrame, evaluator: str) -> dict[str, Dated]:
    import polars as pl

    chosen = (pl.col("evaluator") == evaluator) & (pl.col("number") == 0) & pl.col("complete")
    found = columns(responses.filter(chosen), "subject", "assessed_on", "source")
    return {subject: Dated(on, "baseline", record, on) for subject, on, record in zip(*found, strict=True)}


def _first_days(data: TrialData, evaluator: str) -> dict[str, dict[int, int]]:
    """Return the earliest scan of the assessments that took more than one day."""
    import polars as pl

    own = data["measurements"].filter(pl.col("evaluator") == evaluator)
    days = own.group_by("subject", "number").agg(
        first=pl.col("assessed_on").min(), several=pl.col("assessed_on").n_unique() > 1
    )
    found: dict[str, dict[int, int]] = {}
    rows = columns(days.filter("several"), "subject", "number", "first")
    for subject, number, first in zip(*rows, strict=True):
        found.setdefault(subject, {})[number] = first
    return found


def _chemotherapy(data: TrialData) -> pl.DataFrame:
    import polars as pl

    return data["therapies"].filter(pl.col("chemotherapy"))


def _progression(scans: Sequence[Assessed], day_of: _DayOf) -> Dated | None:
    """Return the first progression, known from the first day on which any progression was certain."""
    shown = [scan for scan in scans if scan.response == "PD"]
    if not shown:
        return None
    first = min(shown, key=day_of)
    on = day_of(first)
    return Dated(on, "progression", first.source, max(on, min(scan.known_on for scan in shown)))


def _response(scans: Sequence[Assessed], day_of: _DayOf, confirmation_days: int | None = None) -> Dated | None:
    """Return the first response before progression; with confirmation, it is known from when it was confirmed."""
    found = first_confirmed(up_to_progression(scans), ("CR", "PR"), confirmation_days)
    if found is None:
        return None
    sure = found.known_on if confirmation_days is None else _confirmed_on(scans, found, confirmation_days)
    on = day_of(found)
    return Dated(on, "response", found.source, max(on, sure))


def _confirmed_on(scans: Sequence[Assessed], found: Assessed, days: int) -> int:
    """Return the day of the assessment that confirms a response: the first response late enough."""
    good = ("CR",) if found.response == "CR" else ("CR", "PR")
    late = (scan for scan in scans if scan.response in good and scan.response_on - found.response_on >= days)
    return next(late).known_on


PROOFS = (
    ("contacts", "alive_on"),
    ("visits", "visited_on"),
    ("doses", "started_on"),
    ("doses", "ended_on"),
    ("assessments", "assessed_on"),
    ("measurements", "assessed_on"),
    ("recorded_responses", "assessed_on"),
    ("adverse_events", "started_on"),
    ("samples", "taken_on"),
    ("therapies", "started_on"),
    ("therapies", "progressed_on"),
    ("dispositions", "ended_on"),
)
"""Tables and columns that prove a patient alive, the best proof of one day first; of the dispositions, the ends of
treatment at which somebody saw the patient."""
_UNSEEN = ("never treated", "lost to follow-up", "death")
"""Reasons of an end of treatment that nobody saw a living patient for."""


def last_alive(data: TrialData, proofs: Sequence[tuple[str, str]] = PROOFS) -> dict[str, Dated]:
    """Return the last day on which each patient with a record was alive, with the record that proves it.

    ``proofs`` names tables and columns of dates; of a date as recorded, a missing day or month is read as the first.
    """
    last: dict[str, tuple[int, str, str]] = {}
    for table, column in proofs:
        for subject, on in zip(*_days(_seen_alive(data, table), column), strict=True):
            if on is not None and (subject not in last or on > last[subject][0]):
                last[subject] = (on, table, column)
    return {
        subject: Dated(on, "last known alive", source(table, subject, **{column: as_date(on)}), on)
        for subject, (on, table, column) in last.items()
    }


def _seen_alive(data: TrialData, table: str) -> pl.DataFrame:
    """Return a table, the dispositions without those that prove nothing: an end of study may be the day of a form."""
    import polars as pl

    if table != "dispositions":
        return data[table]
    return data[table].filter((pl.col("ended") == "treatment") & ~pl.col("reason").is_in(_UNSEEN))


def _days(table: pl.DataFrame, column: str) -> list[list[Any]]:
    """Return subjects and days; text is a date as recorded, which may be partial."""
    import polars as pl

    if table.schema[column] != pl.String:
        return columns(table, "subject", column)
    rule = ImputationRule("first", "month")
    days = [None if text is None else impute(text, rule).on for text in table[column]]
    return columns(table.select("subject", pl.Series(column, days, dtype=pl.Date)), "subject", column)
