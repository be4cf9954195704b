"""Every name in a protocol must name something in it: cross references and agreement between sections."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from trialwright.protocol.complaints import known
from trialwright.protocol.misfits import Misfit, raise_misfits
from trialwright.protocol.protocol import Protocol

__all__ = ["Loc", "check_references", "misfits", "unknown"]

Loc = tuple[str | int, ...]
_WITH_LANDMARKS = ("time to event", "adverse events")


def check_references(protocol: Protocol) -> None:
    """Raise all problems between the fields of a protocol as one error; see ``misfits``."""
    raise_misfits(misfits(protocol))


def misfits(protocol: Protocol) -> Iterator[Misfit]:
    """Yield what contradicts itself or names what is not there; rules are checked where all names are right."""
    found = [misfit for check in _CHECKS for misfit in check(protocol)]
    yield from found
    if not found:
        yield from _rules(protocol)


def unknown(loc: Loc, what: str, name: str, names: Iterable[str], at_key: bool = False) -> Misfit:
    """Return that a name at a place is none of those known."""
    return Misfit(loc, f"{what} {name!r} is not in this protocol; {known(name, names)}", at_key=at_key)


def _ids(items: Iterable[Any]) -> list[str]:
    return [item.id for item in items]


def _unique_ids(protocol: Protocol) -> Iterator[Misfit]:
    for loc in (
        ("arms",),
        ("interventions",),
        ("randomization", "strata"),
        ("eligibility", "criteria"),
        ("visits",),
        ("samples",),
        ("endpoints",),
        ("estimands",),
        ("analysis", "populations"),
        ("analysis", "cuts"),
        ("analysis", "sensitivity"),
        ("sites",),
        ("open_points",),
    ):
        items: Any = protocol
        for step in loc:
            items = getattr(items, step)
        first: dict[str, int] = {}
        for index, item in enumerate(items):
            if first.setdefault(item.id, index) != index:
                yield Misfit((*loc, index, "id"), f"id {item.id!r} is already the id of item {first[item.id] + 1} here")


def _arms(protocol: Protocol) -> Iterator[Misfit]:
    interventions, arms = _ids(protocol.interventions), _ids(protocol.arms)
    for index, arm in enumerate(protocol.arms):
        for place, name in enumerate(arm.interventions):
            if name not in interventions:
                yield unknown(("arms", index, "interventions", place), "intervention", name, interventions)
    given = {name for arm in protocol.arms for name in arm.interventions}
    for index, name in enumerate(interventions):
        if name not in given:
            yield Misfit(
                ("interventions", index, "id"), f"intervention {name!r} is given in no arm; arms are {', '.join(arms)}"
            )


def _ratio(protocol: Protocol) -> Iterator[Misfit]:
    arms, ratio = _ids(protocol.arms), protocol.randomization.ratio
    for name in ratio:
        if name not in arms:
            yield unknown(("randomization", "ratio", name), "arm", name, arms, at_key=True)
    for name in arms:
        if name not in ratio:
            yield Misfit(("randomization", "ratio"), f"the ratio must name every arm; {name!r} is missing", at_key=True)


def _strata(protocol: Protocol) -> Iterator[Misfit]:
    for index, factor in enumerate(protocol.randomization.strata):
        yield from _repeated(("randomization", "strata", index, "levels"), factor.levels)


def _repeated(loc: Loc, names: Collection[str]) -> Iterator[Misfit]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Misfit(loc, f"{name!r} is listed {count} times; list it once")


def _variables(protocol: Protocol) -> Iterator[Misfit]:
    for name, variable in protocol.variables.items():
        yield from _repeated(("variables", name, "levels"), variable.levels)
        if variable.attestation and variable.type != "yes/no":
            yield Misfit(
                ("variables", name, "type"), f"an attestation is a variable of type yes/no; found {variable.type!r}"
            )


def _eligibility(protocol: Protocol) -> Iterator[Misfit]:
    low, high = protocol.eligibility.minimum_age, protocol.eligibility.maximum_age
    if low is not None and high is not None and high < low:
        yield Misfit(("eligibility", "maximum_age"), f"expected at least the minimum age {low}; found {high}")
    yield from _repeated(("eligibility", "anchors"), protocol.eligibility.anchors)
    first: dict[tuple[str, int], str] = {}
    for index, criterion in enumerate(protocol.eligibility.criteria):
        key = (criterion.kind, criterion.number)
        other = first.setdefault(key, criterion.id)
        if other != criterion.id:
            message = f"{criterion.kind} number {criterion.number} is already the number of criterion {other}"
            yield Misfit(("eligibility", "criteria", index, "number"), message)


def _endpoints(protocol: Protocol) -> Iterator[Misfit]:
    names = _ids(protocol.endpoints)
    evaluators = protocol.assessments.evaluators
    for index, endpoint in enumerate(protocol.endpoints):
        evaluator = getattr(endpoint, "evaluator", None)
        if evaluator is not None and evaluator not in evaluators:
            yield unknown(("endpoints", index, "evaluator"), "evaluator", evaluator, evaluators)
    for index, objective in enumerate(protocol.objectives):
        for place, name in enumerate(objective.endpoints):
            if name not in names:
                yield unknown(("objectives", index, "endpoints", place), "endpoint", name, names)
    if protocol.sample_size.endpoint not in names:
        yield unknown(("sample_size", "endpoint"), "endpoint", protocol.sample_size.endpoint, names)


def _assessments(protocol: Protocol) -> Iterator[Misfit]:
    starts = [start for start, _ in protocol.assessments.every_weeks]
    if starts[0] != 0 or starts != sorted(set(starts)):
        message = f"the first interval must start at week 0 and the others later, in order; found weeks {starts}"
        yield Misfit(("assessments", "every_weeks"), message)


def _samples(protocol: Protocol) -> Iterator[Misfit]:
    for index, visit in enumerate(protocol.visits):
        if visit.repeat_days is not None and visit.repeat_days <= visit.window_days:
            message = f"must be more than the window of {visit.window_days} days; found {visit.repeat_days}"
            yield Misfit(("visits", index, "repeat_days"), message)


def _timed(protocol: Protocol) -> list[str]:
    return [e.id for e in protocol.endpoints if e.kind == "time to event"]


def _analysis(protocol: Protocol) -> Iterator[Misfit]:
    plan, names, timed = protocol.analysis, _ids(protocol.endpoints), _timed(protocol)
    if plan.control not in _ids(protocol.arms):
        yield unknown(("analysis", "control"), "arm", plan.control, _ids(protocol.arms))
    if plan.stratified and not protocol.randomization.strata:
        yield Misfit(("analysis", "stratified"), "a stratified analysis needs strata under randomization; none given")
    if plan.stratum_weights and not plan.stratified:
        yield Misfit(("analysis", "stratum_weights"), "weights of strata belong to a plan with stratified: true")
    for index, cut in enumerate(plan.cuts):
        if cut.endpoint is not None and cut.endpoint not in timed:
            yield unknown(("analysis", "cuts", index, "endpoint"), "time-to-event endpoint", cut.endpoint, timed)
        if cut.events is not None and cut.events > protocol.design.enrollment:
            message = f"must be at most the {protocol.design.enrollment} patients of the trial; found {cut.events}"
            yield Misfit(("analysis", "cuts", index, "events"), message)
    for index, item in enumerate(plan.items):
        if item.endpoint not in names:
            yield unknown(("analysis", "items", index, "endpoint"), "endpoint", item.endpoint, names)
        elif protocol.endpoint(item.endpoint).kind == "not derived":
            message = f"endpoint {item.endpoint!r} is of kind 'not derived' and cannot be analyzed"
            yield Misfit(("analysis", "items", index, "endpoint"), message)
        elif item.at_months and protocol.endpoint(item.endpoint).kind not in _WITH_LANDMARKS:
            message = f"landmarks belong to endpoints of kind {' or '.join(map(repr, _WITH_LANDMARKS))}"
            message += f"; {item.endpoint!r} is none"
            yield Misfit(("analysis", "items", index, "at_months"), message)
        if item.population not in _ids(plan.populations):
            yield unknown(
                ("analysis", "items", index, "population"), "population", item.population, _ids(plan.populations)
            )


def _supporting(protocol: Protocol) -> Iterator[Misfit]:
    timed = _timed(protocol)
    for index, item in enumerate(protocol.analysis.items):
        if item.supporting is not None and not (item.compare and item.endpoint in timed):
            message = f"supporting analyses belong to a time to event that is compared; {item.endpoint!r} is none"
            yield Misfit(("analysis", "items", index, "supporting"), message, at_key=True)


_SECTIONS = tuple(name for name in Protocol.model_fields if name != "provenance")


def _open_points(protocol: Protocol) -> Iterator[Misfit]:
    criteria = _ids(protocol.eligibility.criteria)
    names = [*criteria, *_SECTIONS]
    for index, point in enumerate(protocol.open_points):
        for place, name in enumerate(point.about):
            if name not in criteria and name.split(".")[0] not in _SECTIONS:
                yield unknown(("open_points", index, "about", place), "criterion or section", name, names)


_PLACE = re.compile(r"^(character \d+: )+")
"""Place within the rule; the file's line and column say it better."""


def _rules(protocol: Protocol) -> Iterator[Misfit]:
    """Yield the faults of rules; a parameter that cannot be read is told once, not in each rule that names it."""
    from trialwright.protocol.rules.static import check_rules

    told: set[str] = set()
    for problem in check_rules(protocol):
        message = _PLACE.sub("", problem.message.split("\n")[0])
        if message not in told:
            yield Misfit(problem.path, message, problem.offset)
        if problem.path[:2] == ("eligibility", "parameters"):
            told.add(message)


def _questions(protocol: Protocol) -> Iterator[Misfit]:
    from trialwright.protocol.question_references import misfits as questions

    return questions(protocol)


_CHECKS: tuple[Callable[[Protocol], Iterable[Misfit]], ...] = (
    _unique_ids,
    _arms,
    _ratio,
    _strata,
    _variables,
    _eligibility,
    _endpoints,
    _assessments,
    _samples,
    _analysis,
    _supporting,
    _questions,
    _open_points,
)
