"""Estimands, subgroups, sensitivity analyses and multiplicity: names that are known, questions that can be answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trialwright.protocol.censoring_reasons import censoring_reasons
from trialwright.protocol.complaints import known
from trialwright.protocol.estimands import STRATEGIES, with_estimands
from trialwright.protocol.misfits import Misfit
from trialwright.protocol.protocol import Protocol
from trialwright.protocol.questions import Estimand, SubgroupFactor
from trialwright.protocol.references import Loc, unknown

__all__ = ["misfits"]

_SUMMARY = {"time to event": "hazard ratio", "response": "difference of proportions"}
_SPLITS = ("number", "yes/no", "choice")


def misfits(protocol: Protocol) -> Iterator[Misfit]:
    """Yield what the questions of a protocol name wrongly or ask in vain; reasons where all else is right."""
    found = [misfit for check in _CHECKS for misfit in check(protocol)]
    yield from found or _reasons(protocol)


def _estimands(protocol: Protocol) -> Iterator[Misfit]:
    for index, estimand in enumerate(protocol.estimands):
        yield from _estimand(protocol, estimand, ("estimands", index))


def _estimand(protocol: Protocol, estimand: Estimand, loc: Loc) -> Iterator[Misfit]:
    endpoints = {e.id: e for e in protocol.endpoints}
    if estimand.id in endpoints:
        yield Misfit((*loc, "id"), f"{estimand.id!r} is already the id of an endpoint; results would share a name")
    yield from _population(protocol, (*loc, "population"), estimand.population)
    yield from _treatment(protocol, estimand, (*loc, "treatment"))
    base = endpoints.get(estimand.variable)
    if base is None:
        yield unknown((*loc, "variable"), "endpoint", estimand.variable, endpoints)
    elif base.kind not in STRATEGIES:
        message = f"an estimand needs a time to event or a response; {base.id!r} is of kind {base.kind!r}"
        yield Misfit((*loc, "variable"), message)
    else:
        if estimand.summary != _SUMMARY[base.kind]:
            message = f"a {base.kind} is summarized by the {_SUMMARY[base.kind]}; found {estimand.summary!r}"
            yield Misfit((*loc, "summary"), message)
        events = base.events if base.kind == "time to event" else ()
        yield from _strategies(estimand, loc, base.kind, events)


def _treatment(protocol: Protocol, estimand: Estimand, loc: Loc) -> Iterator[Misfit]:
    arms, control = [arm.id for arm in protocol.arms], protocol.analysis.control
    for place, arm in enumerate(estimand.treatment):
        if arm not in arms:
            yield unknown((*loc, place), "arm", arm, arms)
    if len(set(estimand.treatment)) < len(estimand.treatment):
        yield Misfit(loc, "an arm is named twice; name each once")
    if control in arms and control not in estimand.treatment:
        yield Misfit(loc, f"the control {control!r} must be among the arms compared; found {list(estimand.treatment)}")


def _strategies(estimand: Estimand, loc: Loc, kind: str, events: tuple[str, ...]) -> Iterator[Misfit]:
    seen: set[str] = set()
    for index, each in enumerate(estimand.intercurrent_events):
        place = (*loc, "intercurrent_events", index)
        if each.event in seen:
            yield Misfit((*place, "event"), f"{each.event!r} has a strategy already; an event has one")
        elif each.event in events:
            yield Misfit((*place, "event"), f"{each.event!r} is an event of the endpoint itself, not intercurrent")
        else:
            yield from _strategy(place, kind, each.event, each.strategy)
        seen.add(each.event)


def _strategy(loc: Loc, kind: str, event: str, strategy: str) -> Iterator[Misfit]:
    allowed = STRATEGIES[kind].get(event, ())
    if strategy == "principal stratum":
        message = (
            f"a principal stratum for {event!r} cannot be derived: whether a patient would have had the event under "
            f"the other treatment is not observed and needs a causal model; {_choice(allowed)}"
        )
        yield Misfit((*loc, "strategy"), message)
    elif not allowed:
        message = f"{event!r} needs no strategy for a {kind}: its rules cover it already; leave it out"
        yield Misfit((*loc, "event"), message)
    elif strategy not in allowed:
        message = f"{strategy!r} cannot be derived for {event!r} of a {kind}; {_choice(allowed)}"
        yield Misfit((*loc, "strategy"), message)


def _choice(allowed: tuple[str, ...]) -> str:
    return f"choose one of: {', '.join(allowed)}" if allowed else "leave the event out"


def _population(protocol: Protocol, loc: Loc, name: str) -> Iterator[Misfit]:
    names = [population.id for population in protocol.analysis.populations]
    if name not in names:
        yield unknown(loc, "population", name, names)


def _times(protocol: Protocol) -> dict[str, set[str]]:
    """Return the events of each time to event, and of each estimand of one."""
    own = {e.id: set[str](e.events) for e in protocol.endpoints if e.kind == "time to event"}
    return own | {e.id: own[e.variable] | _composite(e) for e in protocol.estimands if e.variable in own}


def _composite(estimand: Estimand) -> set[str]:
    return {each.event for each in estimand.intercurrent_events if each.strategy == "composite"}


def _subgroups(protocol: Protocol) -> Iterator[Misfit]:
    times = _times(protocol)
    for index, plan in enumerate(protocol.analysis.subgroups):
        loc: Loc = ("analysis", "subgroups", index)
        if plan.endpoint not in times:
            yield unknown((*loc, "endpoint"), "time-to-event endpoint", plan.endpoint, times)
        yield from _population(protocol, (*loc, "population"), plan.population)
        for place, factor in enumerate(plan.factors):
            yield from _factor(protocol, factor, (*loc, "factors", place))
        names = [factor.stratum or factor.variable for factor in plan.factors]
        yield from _twice((*loc, "factors"), names, "factor")
    plans = [(plan.endpoint, plan.population) for plan in protocol.analysis.subgroups]
    yield from _twice(("analysis", "subgroups"), plans, "endpoint and population")


def _twice(loc: Loc, names: Sequence[object], what: str) -> Iterator[Misfit]:
    """Yield what stands a second time: its results would share their names with those of the first."""
    for place, name in enumerate(names):
        if name in names[:place]:
            shown = " in ".join(map(str, name)) if isinstance(name, tuple) else str(name)
            message = f"{what} {shown!r} stands here twice; results would share a name"
            yield Misfit((*loc, place), message)


def _factor(protocol: Protocol, factor: SubgroupFactor, loc: Loc) -> Iterator[Misfit]:
    strata = [each.id for each in protocol.randomization.strata]
    shown = {n: v for n, v in protocol.variables.items() if v.baseline and v.type in _SPLITS}
    if factor.stratum is not None and factor.stratum not in strata:
        yield unknown((*loc, "stratum"), "stratification factor", factor.stratum, strata)
    if factor.variable is not None and factor.variable not in shown:
        yield unknown((*loc, "variable"), "baseline variable", factor.variable, shown)
        return
    number = factor.variable is not None and shown[factor.variable].type == "number"
    if number != bool(factor.cuts):
        yield Misfit(loc, "a number, and only that, needs cuts between its subgroups", at_key=True)


def _sensitivity(protocol: Protocol) -> Iterator[Misfit]:
    times, arms = _times(protocol), [arm.id for arm in protocol.arms]
    for index, plan in enumerate(protocol.analysis.sensitivity):
        loc: Loc = ("analysis", "sensitivity", index)
        yield from _population(protocol, (*loc, "population"), plan.population)
        if plan.endpoint not in times:
            yield unknown((*loc, "endpoint"), "time-to-event endpoint", plan.endpoint, times)
        elif "death" not in times[plan.endpoint]:
            message = f"{plan.endpoint!r} goes on after death; a course can be imputed only where death ends it"
            yield Misfit((*loc, "endpoint"), message)
        for arm in plan.deltas:
            if arm not in arms:
                yield unknown((*loc, "deltas", arm), "arm", arm, arms, at_key=True)
        control = protocol.analysis.control
        if plan.deltas and control in arms and (control not in plan.deltas or len(plan.deltas) < 2):
            message = f"deltas must name the control {control!r} and an arm compared with it"
            yield Misfit((*loc, "deltas"), message, at_key=True)


def _reasons(protocol: Protocol) -> Iterator[Misfit]:
    """Yield reasons for censoring that the rules of the plan's time to event never give."""
    timed = {e.id: e for e in with_estimands(protocol).endpoints if e.kind == "time to event"}
    for index, plan in enumerate(protocol.analysis.sensitivity):
        loc: Loc = ("analysis", "sensitivity", index, "reasons")
        names = censoring_reasons(timed[plan.endpoint])
        for place, reason in enumerate(plan.reasons):
            if reason not in names:
                message = f"reason {reason!r} never censors {plan.endpoint!r}; {known(reason, names)}"
                yield Misfit((*loc, place), message)
        yield from _twice(loc, plan.reasons, "reason")


def _multiplicity(protocol: Protocol) -> Iterator[Misfit]:
    plan = protocol.analysis.multiplicity
    if plan is None:
        return
    cuts = [cut.id for cut in protocol.analysis.cuts]
    if plan.cut not in cuts:
        yield unknown(("analysis", "multiplicity", "cut"), "data cut-off", plan.cut, cuts)
    arms = [arm.id for arm in protocol.arms if arm.id != protocol.analysis.control]
    compared = _compared(protocol)
    tested = [(each.endpoint, each.population, each.arm) for each in plan.hypotheses]
    yield from _twice(("analysis", "multiplicity", "hypotheses"), tested, "hypothesis")
    for index, each in enumerate(plan.hypotheses):
        loc: Loc = ("analysis", "multiplicity", "hypotheses", index)
        if each.arm not in arms:
            yield unknown((*loc, "arm"), "arm other than the control", each.arm, arms)
        if (each.endpoint, each.population) not in compared:
            known = ", ".join(f"{endpoint} in {population}" for endpoint, population in compared)
            message = f"no comparison of {each.endpoint!r} in {each.population!r} is planned; planned: {known}"
            yield Misfit((*loc, "endpoint"), message)


def _compared(protocol: Protocol) -> list[tuple[str, str]]:
    """Return endpoint and population of everything that is tested between the arms."""
    tested = {e.id for e in protocol.endpoints if e.kind in STRATEGIES}
    items = [(i.endpoint, i.population) for i in protocol.analysis.items if i.compare and i.endpoint in tested]
    return [*items, *((e.id, e.population) for e in protocol.estimands)]


_CHECKS = (_estimands, _subgroups, _sensitivity, _multiplicity)
