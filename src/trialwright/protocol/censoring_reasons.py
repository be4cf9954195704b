"""The words in which a time to event says why it ended without an event."""

from __future__ import annotations

from collections.abc import Iterator

from trialwright.protocol.endpoints import Censoring, TimeToEventEndpoint

__all__ = ["censoring_reasons"]

_STOPPED = {"new therapy": "new anticancer therapy", "death": "died without the event"}
"""Reasons of stops where they are not the name of what came."""


def censoring_reasons(endpoint: TimeToEventEndpoint) -> tuple[str, ...]:
    """Return every reason for censoring that the rules of an endpoint can give.

    >>> rules = {"without_baseline": "count event", "new_therapy": "censor before", "missed_visits": "ignore"}
    >>> survival = {"id": "OS", "label": "OS", "level": "primary", "measure": "OS", "kind": "time to event"}
    >>> asked = survival | {"events": ["death"], "censoring": rules | {"without_event": "last known alive"}}
    >>> censoring_reasons(TimeToEventEndpoint.model_validate(asked))
    ('new anticancer therapy', 'last known alive')
    """
    return tuple(dict.fromkeys(_reasons(endpoint.censoring, "death" in endpoint.events)))


def _reasons(rules: Censoring, ends_by_death: bool) -> Iterator[str]:
    if rules.without_baseline == "censor at origin":
        yield "no usable baseline assessment"
    if rules.new_therapy == "censor before":
        yield _STOPPED["new therapy"]
    yield from (_STOPPED.get(stop.event, stop.event) for stop in rules.stops)
    if rules.missed_visits == "censor before":
        allowed = rules.missed_visits_allowed
        yield f"more than {allowed} missed assessment{'s' if allowed != 1 else ''} before the event"
    if rules.without_event == "last known alive":
        yield "last known alive"
        if not ends_by_death:
            yield "died without the event"
    else:
        kind = "" if rules.adequate == "any" else "adequate "
        yield f"no {kind}assessment"
        yield f"last {kind}assessment"
