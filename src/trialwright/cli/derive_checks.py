"""What ``trialwright derive`` lists before it derives: data the plan does not know, and what the checks find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trialwright.derive import DerivationSettings
    from trialwright.protocol import Protocol
    from trialwright.records import Finding, TrialData

__all__ = ["data_findings", "name_of"]


def name_of(plan: Protocol | DerivationSettings) -> str:
    """Return the study that a plan is of."""
    from trialwright.derive import DerivationSettings

    return plan.study if isinstance(plan, DerivationSettings) else plan.identification.id


def data_findings(data: TrialData, plan: Protocol | DerivationSettings) -> Iterator[Finding]:
    """Yield what the data themselves show to be wrong, and where they are not of the plan."""
    from trialwright import derive
    from trialwright.protocol import Protocol
    from trialwright.records import Finding

    if data.study and data.study.casefold() != name_of(plan).casefold():
        told = f"the data name study {data.study!r}, the plan {name_of(plan)!r}"
        yield Finding("study", data.study, "study of the plan", told)
    if isinstance(plan, Protocol):
        yield from _strange_arms(data, plan)
        yield from _strange_strata(data, plan)
    yield from _strange_evaluators(data, plan)
    if plan.assessments.responses == "as recorded":
        yield from derive.record_findings(data)
    yield from derive.tumor_checks(data, plan)
    yield from derive.order_findings(data)


def _strange_arms(data: TrialData, plan: Protocol) -> Iterator[Finding]:
    from trialwright.records import Finding

    known = [arm.id for arm in plan.arms]
    for subject, arm in data["allocations"].select("subject", "arm").rows():
        if arm not in known:
            told = f"arm {arm!r} is not in the plan; its arms are {', '.join(known)}"
            yield Finding("allocations", f"allocations {subject}", "arm of the plan", told)


def _strange_strata(data: TrialData, plan: Protocol) -> Iterator[Finding]:
    """A plan without strata says nothing of the factors that the data hold."""
    from trialwright.records import Finding

    known = {factor.id: factor.levels for factor in plan.randomization.strata}
    for subject, factor, level in data["strata"].select("subject", "factor", "level").rows() if known else ():
        told = _strange_level(known, factor, level)
        if told:
            yield Finding("strata", f"strata {subject} / factor {factor}", "stratum of the plan", told)


def _strange_level(known: Mapping[str, tuple[str, ...]], factor: str, level: str) -> str:
    if factor not in known:
        return f"factor {factor!r} is not in the plan; its factors are {', '.join(known)}"
    levels = known[factor]
    return "" if level in levels else f"level {level!r} is not in the plan; its levels are {', '.join(levels)}"


def _strange_evaluators(data: TrialData, plan: Protocol | DerivationSettings) -> Iterator[Finding]:
    from trialwright.records import Finding

    known = set(plan.assessments.evaluators)
    for table in ("assessments", "recorded_responses"):
        for who in sorted(set(data[table]["evaluator"]) - known):
            count = data[table].filter(data[table]["evaluator"] == who).height
            told = f"{count} records of {who!r} count in nothing; the plan knows {', '.join(sorted(known))}"
            yield Finding(table, f"evaluator {who}", "evaluator of the plan", told)
