"""Whether what is supposed fits what was promised: every name of the scenario against the protocol's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from trialwright.design.scenario import Scenario, Spread
from trialwright.protocol import Protocol, Variable

__all__ = ["check_scenario"]


def check_scenario(protocol: Protocol, scenario: Scenario) -> tuple[str, ...]:
    """Return every way in which the scenario does not fit the protocol; empty when it does."""
    checks = (_study, _arms, _candidates, _variables, _failures, _lesions, _strata, _treatment, _samples)
    return tuple(problem for check in checks for problem in check(protocol, scenario))


def _study(protocol: Protocol, scenario: Scenario) -> Iterator[str]:
    if scenario.study != protocol.identification.id:
        yield f"study: must be {protocol.identification.id!r}; got {scenario.study!r}"
    if scenario.until < scenario.recruitment.opens_on:
        yield f"until: must not come before recruitment.opens_on, {scenario.recruitment.opens_on}; got {scenario.until}"
    for cut in protocol.analysis.cuts:
        if cut.on is not None and cut.on > scenario.until:
            yield f"until: must not come before the cut {cut.id!r} on {cut.on}; got {scenario.until}"
        opens = scenario.recruitment.opens_on
        if cut.on is not None and cut.on <= opens <= scenario.until:
            yield f"recruitment.opens_on: must come before the cut {cut.id!r} on {cut.on}; got {opens}"


def _arms(protocol: Protocol, scenario: Scenario) -> Iterator[str]:
    by_arm: dict[str, Mapping[str, object]] = {
        "progression": scenario.progression,
        "death_before_progression": scenario.death_before_progression,
        "death_after_progression": scenario.death_after_progression,
        "leaving": scenario.leaving,
        "response.share": scenario.response.share,
        "treatment.never": scenario.treatment.never,
        "treatment.stops_for_toxicity": scenario.treatment.stops_for_toxicity,
    }
    for event in scenario.adverse_events:
        by_arm[f"adverse_events.{event.term}.any_grade"] = event.any_grade
        by_arm[f"adverse_events.{event.term}.grade_3_or_higher"] = event.grade_3_or_higher
    arms = sorted(arm.id for arm in protocol.arms)
    return (
        f"{name}: needs the arms {arms}; got {sorted(given)}" for name, given in by_arm.items() if sorted(given) != arms
    )


def _candidates(protocol: Protocol, scenario: Scenario) -> Iterator[str]:
    plan, anchors = scenario.candidates, protocol.eligibility.anchors
    yield from _strangers("candidates.variables", plan.variables, protocol.variables)
    yield from _strangers("candidates.anchors", plan.anchors, anchors)
    yield from (f"candidates.anchors: {anchor} is missing" for anchor in anchors if anchor not in plan.anchors)


def _variables(protocol: Protocol, scenario: Scenario) -> Iterator[str]:
    for name, spread in scenario.candidates.variables.items():
        where = f"candidates.variables.{name}"
        if spread.before is not None:
            yield from _strangers(where, [spread.before], protocol.eligibility.anchors)
        if spread.choice is not None and name in protocol.variables:
            yield from _levels(where, spread, protocol.variables[name])


def _levels(where: str, spread: Spread, variable: Variable) -> Iterator[str]:
    given = list(spread.choice or ())
    if variable.type == "choice":
        yield from _strangers(where, given, variable.levels)
    elif variable.type == "yes/no":
        yield from _strangers(where, given, ["true", "false"])
    elif variable.type == "number":
        yield from (f"{where}: {level!r} must be a number" for level in given if not _is_number(level))
    else:
        yield f"{where}: a variable of type {variable.type} cannot be drawn by choice"


def _failures(protocol: Protocol, scenario: Scenario) -> Iterator[str]:
    criteria = [criterion.id for criterion in protocol.eligibility.criteria]
    for index, failure in enumerate(scenario.candidates.failures):
        where = f"candidates.failures.{index}"
        yield from _strangers(f"{where}.answers", failure.answers, protocol.variables)
        yield from _strangers(f"{where}.unknown", failure.unknown, protocol.variables)
        yield from _strangers(f"{where}.criterion", [failure.criterion] if failure.criterion else [], criteria)


def _lesions(protocol: Protocol, scenario: Scenario) -> Iterator[str]:
    plan = scenario.lesions
    if plan.otherwise not in plan.organs:
        yield f"lesions.otherwise: must be one of lesions.organs, {', '.join(plan.organs)}; got {plan.otherwise!r}"
    for name, spread in scenario.candidates.variables.items():
        if not spread.lesions or name not in protocol.variables:
            continue
        fields = protocol.variables[name].fields
        yield from _strangers("lesions.organ_field", [plan.organ_field], fields)
        yield from _strangers("lesions.measurable_field", [plan.measurable_field], fields)
        if plan.organ_field in fields:
            yield from _strangers("lesions.organs", plan.organs, fields[plan.organ_field].levels)


def _strata(protocol: Protocol, scenario: Scenario) -> Iterator[str]:
    factors = protocol.randomization.strata
    yield from _strangers("prognosis", scenario.prognosis, [factor.id for factor in factors])
    for factor in factors:
        given = scenario.prognosis.get(factor.id, dict.fromkeys(factor.levels))
        if set(given) != set(factor.levels):
            yield f"prognosis.{factor.id}: needs the levels {list(factor.levels)}; got {list(given)}"


def _treatment(protocol: Protocol, scenario: Scenario) -> Iterator[str]:
    interventions = [intervention.id for intervention in protocol.interventions]
    for event in scenario.adverse_events:
        yield from _strangers(f"adverse_events.{event.term}.reduces", event.reduces, interventions)


def _samples(protocol: Protocol, scenario: Scenario) -> Iterator[str]:
    known = [sample.id for sample in protocol.samples]
    yield from _strangers("samples_missed", scenario.samples_missed, known)
    for marker in scenario.markers:
        yield from _strangers(f"markers.{marker.marker}.sample", [marker.sample], known)


def _strangers(where: str, given: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    names = list(known)
    return (
        f"{where}: {name!r} is not in the protocol; known: {', '.join(names)}" for name in given if name not in names
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
