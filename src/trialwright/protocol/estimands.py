"""From an estimand to the endpoint that measures it: each strategy is a change of the endpoint's rules.

ICH E9(R1) 2019, section A.3.2. For times to event the FDA's tables (2018) handle new therapy and missed visits as
hypothetical, the EMA's appendix 1 (2012) as treatment policy; Rufibach, Stat Med 2019; Siegel et al., Pharm Stat 2024.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from trialwright.protocol.endpoints import ResponseEndpoint, TimeToEventEndpoint
from trialwright.protocol.protocol import Protocol
from trialwright.protocol.questions import Estimand, Stop

__all__ = ["STRATEGIES", "estimand_endpoint", "with_estimands"]

_STOPS: Mapping[str, Literal["censor before", "censor at"]] = {
    "hypothetical": "censor before",
    "while on treatment": "censor at",
}
_MISSED: Mapping[str, str] = {"treatment policy": "ignore", "hypothetical": "censor before"}
_ALL = ("treatment policy", "hypothetical", "composite", "while on treatment")
_SEEN = ("treatment policy", "composite", "while on treatment")

STRATEGIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "time to event": {
        "new therapy": _ALL,
        "clinical progression": _ALL,
        "end of treatment": _ALL,
        "missed visits": tuple(_MISSED),
        "death": ("hypothetical", "composite", "while on treatment"),
    },
    "response": {"new therapy": _SEEN, "clinical progression": _SEEN, "end of treatment": _SEEN},
}
"""The strategies that can be derived, by kind of endpoint and intercurrent event.

After a death nothing can be observed, so no treatment policy covers it. A hypothetical response would have to be
modeled; a response endpoint counts patients who died or missed their visits without response as no success already.
"""


def with_estimands(protocol: Protocol) -> Protocol:
    """Return the protocol with one more endpoint for each estimand, under the estimand's id.

    A protocol that has them already is returned as it is.
    """
    known = {endpoint.id for endpoint in protocol.endpoints}
    new = tuple(estimand_endpoint(protocol, each) for each in protocol.estimands if each.id not in known)
    return protocol.model_copy(update={"endpoints": protocol.endpoints + new}) if new else protocol


def estimand_endpoint(protocol: Protocol, estimand: Estimand) -> TimeToEventEndpoint | ResponseEndpoint:
    """Return the estimand's variable with the rules that its strategies ask for.

    An intercurrent event the estimand does not name is handled as the endpoint says. Raises ValueError for an endpoint
    that is neither a time to event nor a response.
    """
    base = protocol.endpoint(estimand.variable)
    if base.kind == "time to event":
        change = _time_to_event(base, estimand)
    elif base.kind == "response":
        change = {"until": _until(base, estimand)}
    else:
        raise ValueError(
            f"estimand {estimand.id!r}: {base.id!r} must be a time to event or a response; got {base.kind}"
        )
    return base.model_copy(update={"id": estimand.id, "label": estimand.label} | change)


def _time_to_event(base: TimeToEventEndpoint, estimand: Estimand) -> dict[str, Any]:
    events = list(base.events)
    stops = {stop.event: stop for stop in base.censoring.stops}
    if base.censoring.new_therapy == "censor before":
        stops.setdefault("new therapy", Stop(event="new therapy", how="censor before"))
    missed: str = base.censoring.missed_visits
    for each in estimand.intercurrent_events:
        if each.event == "missed visits":
            missed = _MISSED[each.strategy]
            continue
        stops.pop(each.event, None)
        if each.strategy == "composite":
            events.append(each.event)
        elif each.strategy in _STOPS:
            stops[each.event] = Stop(event=each.event, how=_STOPS[each.strategy])
    rules = {"new_therapy": "ignore", "missed_visits": missed, "stops": tuple(stops.values())}
    return {"events": tuple(events), "censoring": base.censoring.model_copy(update=rules)}


def _until(base: ResponseEndpoint, estimand: Estimand) -> tuple[str, ...]:
    """Composite and while on treatment agree here: only what was seen before the event can be a success."""
    named = {each.event: each.strategy != "treatment policy" for each in estimand.intercurrent_events}
    kept = [event for event in base.until if event not in named]
    return (*kept, *(event for event, ends in named.items() if ends))
