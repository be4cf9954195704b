"""A whole plan under one rule set."""

from __future__ import annotations

from trialwright.derive.rule_sets import OWN, rule_set, under
from trialwright.derive.settings import DerivationSettings
from trialwright.protocol import Endpoint, Protocol, with_estimands

__all__ = ["with_rules"]


def with_rules(plan: Protocol | DerivationSettings, name: str) -> Protocol | DerivationSettings:
    """Return the plan with every endpoint under a named rule set; ``protocol`` leaves it as it is.

    Estimands keep the rules that their own strategies give. ValueError for a rule set that is not known.

    >>> from trialwright.protocol import load, study_names
    >>> with_rules(load(study_names()[0]), "fda").endpoint("PFS").censoring.missed_visits
    'censor before'
    """
    rule_set(name)
    if name == OWN:
        return plan
    if isinstance(plan, DerivationSettings):
        return plan.model_copy(update={"rules": name})
    own = {estimand.id for estimand in plan.estimands}
    full = with_estimands(plan)
    return full.model_copy(update={"endpoints": tuple(_ruled(each, name, own) for each in full.endpoints)})


def _ruled(endpoint: Endpoint, name: str, own: set[str]) -> Endpoint:
    return under(endpoint, name) if endpoint.kind == "time to event" and endpoint.id not in own else endpoint
