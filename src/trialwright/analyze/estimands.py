"""The estimands of the plan: each by its own rules, and where they disagree about the same patients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from trialwright.analyze.effect import effects
from trialwright.analyze.response import responses
from trialwright.analyze.study import Finding, Group, Place, Study
from trialwright.analyze.survival import Survival, survival
from trialwright.derive import discordance
from trialwright.protocol import AnalysisItem

if TYPE_CHECKING:
    from trialwright.protocol import Estimand

__all__ = ["estimand"]

_SHOWN = frozenset({"events", "censored", "censoring reason", "median"})
_TIMES, _RESPONSES = "derive.time_to_event", "derive.best_response"


def estimand(study: Study, wanted: Estimand) -> Iterator[Finding]:
    """Return the numbers of one estimand by arm, its comparison, and the patients it treats otherwise than others do.

    ``study`` must hold the protocol ``with_estimands``. The others are the endpoint itself and the estimands of the
    same endpoint that stand before this one. Rows are listed under the estimand's id; ``differs`` counts patients, its
    item names the other, the change and the reason.
    """
    own = _of_arms(study, wanted.treatment)
    item = AnalysisItem(endpoint=wanted.id, population=wanted.population)
    found = _time_to_event(own, item) if wanted.summary == "hazard ratio" else responses(own, item)
    yield from (finding for finding in found if finding.result.group != "all")
    for other in (wanted.variable, *_before(study, wanted)):
        yield from _differences(own, wanted, other)


def _of_arms(study: Study, arms: tuple[str, ...]) -> Study:
    kept = tuple(arm for arm in study.protocol.arms if arm.id in arms)
    return replace(study, protocol=study.protocol.model_copy(update={"arms": kept}))


def _before(study: Study, wanted: Estimand) -> Iterator[str]:
    for each in study.protocol.estimands:
        if each.id == wanted.id:
            return
        if each.variable == wanted.variable:
            yield each.id


def _time_to_event(study: Study, item: AnalysisItem) -> Iterator[Finding]:
    analysis = Survival.of(study, item)
    yield from (finding for finding in survival(analysis) if finding.result.statistic in _SHOWN)
    yield from effects(analysis)


def _differences(study: Study, wanted: Estimand, other: str) -> Iterator[Finding]:
    times = wanted.summary == "hazard ratio"
    changed = _changed_times(study, wanted.id, other) if times else _changed_responses(study, wanted.id, other)
    place = Place(study.cut, wanted.id, wanted.population)
    source = _TIMES if times else _RESPONSES
    *arms, _ = study.groups(wanted.population)
    kinds = sorted({kind for arm in arms for kind in map(changed.get, arm.subjects) if kind})
    for arm in arms:
        yield _difference(place, arm, changed, f"against {other}", source)
        for kind in kinds:
            matching = {subject: found for subject, found in changed.items() if found == kind}
            yield _difference(place, arm, matching, f"against {other}: {kind}", source)


def _difference(place: Place, arm: Group, changed: dict[str, str], item: str, source: str) -> Finding:
    by = arm.of_endpoint(place.endpoint).only(item, changed)
    return place.count(arm, "differs", by, source, item=item)


def _changed_times(study: Study, one: str, other: str) -> dict[str, str]:
    rows = discordance(study.derived.times, one, other)
    columns = (rows[name].to_list() for name in ("subject", "change", "why"))
    return {subject: f"{change} ({why})" for subject, change, why in zip(*columns, strict=True)}


def _changed_responses(study: Study, one: str, other: str) -> dict[str, str]:
    won: dict[str, dict[str, bool]] = defaultdict(dict)
    frame = study.derived.best_responses
    for subject, endpoint, success in zip(frame["subject"], frame["endpoint"], frame["success"], strict=True):
        won[endpoint][subject] = success
    words = {True: "success, not failure", False: "failure, not success"}
    return {s: words[success] for s, success in won[one].items() if success != won[other][s]}
