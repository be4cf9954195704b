"""Named rule sets: how a time that scans decide ends without, or in spite of, an event.

``fda``: FDA, "Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics" (2018), appendix 3, table A,
documented progression only. ``fda-stops``: the same table with its rows on the end of treatment. ``ema``: EMA's
guideline on anticancer medicinal products, appendix 1 (CHMP/27994/2008): events count whenever they occur.
``template``: the conventions of the R package admiralonco (1.4). ``protocol``: what the plan itself says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trialwright.protocol import Censoring, Stop, TimeToEventEndpoint

__all__ = ["OWN", "RULE_SETS", "RuleSet", "rule_set", "under"]

OWN = "protocol"
"""Name of the rules that the plan itself gives."""


@dataclass(frozen=True)
class RuleSet:
    """Rules under one name: the values of an endpoint's censoring that it sets, and the events it does not count.

    >>> RULE_SETS["fda"].values["missed_visits"]
    'censor before'
    """

    name: str
    title: str
    source: str
    values: Mapping[str, Any]
    passed_by: tuple[str, ...] = ()
    """Kinds of events that do not count, although the endpoint names them."""


_SEEN: Mapping[str, Any] = {
    "missed_visits_allowed": 1,
    "without_event": "last adequate assessment",
    "adequate": "evaluable",
    "stops": (),
}
_STRICT = {"without_baseline": "censor at origin", "new_therapy": "censor before", "missed_visits": "censor before"}
_COUNTED = {"without_baseline": "count event", "new_therapy": "ignore", "missed_visits": "ignore"}
_ENDS = (
    Stop(event="clinical progression", how="censor before"),
    Stop(event="end of treatment", how="censor before"),
)
_FDA = "FDA, Clinical Trial Endpoints for the Approval of Cancer Drugs and Biologics (2018), appendix 3, table A"

RULE_SETS: Mapping[str, RuleSet] = {
    each.name: each
    for each in (
        RuleSet(OWN, "the rules of the plan itself", "the plan", {}),
        RuleSet("fda", "documented progression only", _FDA, {**_SEEN, **_STRICT}, ("clinical progression",)),
        RuleSet(
            "fda-stops",
            "documented progression only, and none after the end of treatment",
            f"{_FDA}, with its rows on the end of treatment",
            {**_SEEN, **_STRICT, "stops": _ENDS},
            ("clinical progression",),
        ),
        RuleSet(
            "ema",
            "every event counts whenever it occurs",
            "EMA, guideline on the clinical evaluation of anticancer medicinal products, appendix 1",
            {**_SEEN, **_COUNTED},
        ),
        RuleSet(
            "template",
            "every event counts; any assessment, evaluable or not, is one without an event",
            "R package admiralonco 1.4, template of ADTTE",
            {**_SEEN, **_COUNTED, "adequate": "any"},
            ("clinical progression",),
        ),
    )
}
"""Every rule set by name."""


def rule_set(name: str) -> RuleSet:
    """Return a rule set by its name; ValueError with the known names when there is none.

    >>> rule_set("fda").title
    'documented progression only'
    """
    if name not in RULE_SETS:
        raise ValueError(f"rule set {name!r} is not known; known: {', '.join(RULE_SETS)}")
    return RULE_SETS[name]


def under(plan: TimeToEventEndpoint, name: str) -> TimeToEventEndpoint:
    """Return an endpoint under a named rule set.

    The sets speak of scans. An endpoint that runs to the last day known alive (survival), or that ends with treatment
    itself (time to treatment failure), keeps its own rules. How far apart scans may lie, which day of a time point
    counts and how missed scans are counted stays what the plan says.

    >>> from trialwright.protocol import TimeToEventEndpoint
    >>> rules = {"without_baseline": "count event", "new_therapy": "ignore", "missed_visits": "ignore"}
    >>> pfs = TimeToEventEndpoint.model_validate({
    ...     "id": "PFS", "label": "PFS", "level": "primary", "measure": "PFS", "kind": "time to event",
    ...     "events": ["progression", "death"], "censoring": rules | {"without_event": "last adequate assessment"}})
    >>> under(pfs, "fda").censoring.new_therapy
    'censor before'
    """
    chosen = rule_set(name)
    if plan.censoring.without_event != "last adequate assessment" or "end of treatment" in plan.events:
        return plan
    events = tuple(event for event in plan.events if event not in chosen.passed_by) or plan.events
    rules: Censoring = plan.censoring.model_copy(update=dict(chosen.values))
    return plan.model_copy(update={"events": events, "censoring": rules})
