"""One patient's derivation in words that a physician can check: facts, responses, and every rule with its answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trialwright.derive.assessed import assessed_by_subject
from trialwright.derive.best_response import bests
from trialwright.derive.course import Course, courses
from trialwright.derive.endings import Asked, asked, decided
from trialwright.derive.intercurrent import Dated
from trialwright.derive.recorded import responses_of
from trialwright.derive.rows import as_date, columns
from trialwright.derive.rule_sets import OWN, rule_set, under
from trialwright.derive.settings import proofs_of
from trialwright.derive.situations import Ending, Situation, days_of_scans
from trialwright.derive.time_to_event import situation, time_plan
from trialwright.errors import DataError
from trialwright.records import TABLES

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.protocol import TimeToEventEndpoint
    from trialwright.records import TrialData

__all__ = ["trace"]


def trace(data: TrialData, plan: Plan, subject: str, rule_sets: Sequence[str] = (OWN,)) -> tuple[str, ...]:
    """Return the lines that tell how each endpoint of one patient came about, with the record behind each.

    First come the dated facts and the response of each assessment, then each response endpoint, then each time to event
    under each rule set: every rule in its order, whether it was in force, whether it applied, and what it would have
    made of the patient if it had been in force, or had not come too late. The data must be cut already. DataError for a
    subject who was not randomized, ValueError for a rule set that is not known.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.records import TrialData
    >>> try:
    ...     trace(TrialData.from_rows("", {}, virtual=True), load(study_names()[0]), "17")
    ... except Exception as error:
    ...     print(error)
    subject '17' was not randomized; the data hold no randomized subject
    """
    for name in rule_sets:
        rule_set(name)
    own = _only(data, subject)
    return tuple(_lines(own, plan, subject, rule_sets))


def _only(data: TrialData, subject: str) -> TrialData:
    """Return the data of one randomized subject."""
    import dataclasses

    import polars as pl

    known = data["allocations"]["subject"]
    if subject not in known:
        shown = f"randomized are {', '.join(known.head(5))}{' ...' if len(known) > 5 else ''}"
        raise DataError(
            f"subject {subject!r} was not randomized; {shown if len(known) else 'the data hold no randomized subject'}"
        )
    tables = {name: data[name].filter(pl.col("subject") == subject) for name in TABLES}
    return dataclasses.replace(data, tables=tables)


def _lines(data: TrialData, plan: Plan, subject: str, rule_sets: Sequence[str]) -> Iterator[str]:
    yield _head(data, subject)
    for evaluator in _evaluators(plan):
        responses = responses_of(data, plan, evaluator)
        yield from ("", f"Assessments by {evaluator}")
        yield from _told_assessments(responses)
        assessed = assessed_by_subject(responses, evaluator)
        (course,) = courses(data, responses, evaluator, assessed, proofs_of(plan))
        yield from ("", "Other dated facts")
        yield from _told_facts(course)
        for endpoint in plan.endpoints:
            if endpoint.kind == "response" and endpoint.evaluator == evaluator:
                yield from ("", *_told_best(bests(data, endpoint, assessed)))
            if endpoint.kind == "time to event" and endpoint.evaluator == evaluator:
                yield from _told_times(course, time_plan(plan, endpoint.id), rule_sets, plan)


def _evaluators(plan: Plan) -> tuple[str, ...]:
    """Return the evaluators who judge an endpoint, in the order of the plan."""
    judges = {each.evaluator for each in plan.endpoints if each.kind in ("response", "time to event")}
    return tuple(evaluator for evaluator in plan.assessments.evaluators if evaluator in judges)


def _head(data: TrialData, subject: str) -> str:
    row = data["allocations"].row(0, named=True)
    cut = f"data cut-off {data.cutoff}" if data.cutoff else "data not cut"
    return f"Subject {subject}: randomized {row['randomized_on']} to {row['arm']}; {cut}"


def _told_assessments(responses: pl.DataFrame) -> Iterator[str]:
    if not responses.height:
        yield "  none"
    names = ("assessed_on", "response_on", "response", "why", "source")
    for on, counted, response, why, record in zip(*columns(responses, *names), strict=True):
        moved = f", counted on {as_date(counted)}" if counted != on else ""
        yield f"  {as_date(on)}  {response or 'baseline'}{moved}: {why} [{record}]"


def _told_facts(course: Course) -> Iterator[str]:
    from_scans = ("progression", "response")
    facts = [event for event in course.events.values() if event.what not in from_scans]
    alive = [] if "death" in course.events else [course.alive._replace(what="last known alive")]
    for fact in sorted([*facts, *alive], key=lambda each: each.on):
        yield f"  {_dated(fact)} [{fact.source}]"


def _dated(fact: Dated) -> str:
    return f"{as_date(fact.on)}  {fact.what}"


def _told_best(best: pl.DataFrame) -> Iterator[str]:
    row = best.row(0, named=True)
    unconfirmed = "" if row["unconfirmed"] == row["best"] else f" (unconfirmed {row['unconfirmed']})"
    success = "success" if row["success"] else "no success"
    yield f"{row['endpoint']}: {success}, best response {row['best']}{unconfirmed}"
    yield f"  {row['why']} [{row['source']}]"


def _told_times(course: Course, own: TimeToEventEndpoint, names: Sequence[str], plan: Plan) -> Iterator[str]:
    """An endpoint that the named sets leave alone is told once, under its own rules."""
    told = {name: under(own, name) for name in names}
    if all(each is own for each in told.values()):
        told = {OWN: own}
    for name, endpoint in told.items():
        yield from ("", *_told_time(course, endpoint, name, plan))


def _told_time(course: Course, endpoint: TimeToEventEndpoint, name: str, plan: Plan) -> Iterator[str]:
    at = situation(course, endpoint, days_of_scans(plan.assessments), plan.assessments.window_days)
    title = f"{endpoint.id}, rules {name}"
    if at is None:
        yield f"{title}: not among the responders"
        return
    answers = asked(at)
    rule, end = decided(answers)
    yield f"{title}: day {end.on - at.origin.on + 1} from {at.origin.what}, {_ended(end)}"
    came = False
    for number, answer in enumerate(answers, 1):
        decides = answer.rule is rule
        yield f"  {number} {answer.rule.condition}: {_answered(answer, decides, came)}: {_reason(answer, at)}"
        came = came or decides


def _answered(answer: Asked, decides: bool, came: bool) -> str:
    """Return whether the rule applied, or would have, and why it did not decide."""
    if decides:
        return "DECIDES"
    if not answer.in_force:
        return "not in force, would apply" if answer.found else "not in force"
    if answer.found is None:
        return "does not apply"
    return "comes too late" if came else "applies"


def _reason(answer: Asked, at: Situation) -> str:
    facts = answer.rule.facts(at)
    return f"{facts} -> {_ended(answer.found)}" if answer.found else facts


def _ended(end: Ending) -> str:
    return f"{'event' if end.event else 'censored'} {as_date(end.on)}: {end.why} [{end.source}]"
