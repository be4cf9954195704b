"""The flow of participants: who was assessed, allocated, treated, and analyzed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from trialwright.analyze.study import Finding, Group, Place, Study
from trialwright.derive import members

__all__ = ["EXCLUDED", "flow"]

EXCLUDED = ("not eligible", "cannot tell", "no dose stated", "declined", "closed")
UNEXPLAINED = "screen failure"
"""Of data that do not say why; no line where nobody has it."""
"""Outcomes of screening that end without randomization."""
_EPOCH = date(1970, 1, 1).toordinal()


def flow(study: Study) -> Iterator[Finding]:
    """Return the counts of the flow diagram; they add up by arm and in all.

    ``assessed`` are those whose screening had ended by the cut-off; those still waiting for their randomization are
    ``in screening``.
    """
    place = Place(study.cut, "flow", "screened")
    key = f"{study.cut}/flow"
    groups = study.split(f"{key}/randomized", study.arm_of)
    yield from _screening(study, place, groups[-1])
    yield from _places_and_dates(study, place, groups[-1])
    for group in groups:
        yield from _treatment(study, place, group)
        yield from _populations(study, place, group)


def _screening(study: Study, place: Place, randomized: Group) -> Iterator[Finding]:
    screened = study.data["screened"]
    outcome = dict(zip(screened["subject"].to_list(), screened["outcome"].to_list(), strict=True))
    key = f"{study.cut}/flow"
    lost = {
        name: Group("all", f"{key}/{name}", tuple(s for s, o in outcome.items() if o == name and s not in study.arm_of))
        for name in (*EXCLUDED, UNEXPLAINED)
    }
    if not lost[UNEXPLAINED].subjects:
        del lost[UNEXPLAINED]
    out = tuple(subject for group in lost.values() for subject in group.subjects)
    assessed = Group("all", f"{key}/assessed", out + randomized.subjects)
    yield place.count(assessed, "assessed", assessed, "screened")
    for name, group in lost.items():
        yield place.count(assessed, name, group, "screened")
    yield from _criteria(study, place, assessed, lost["not eligible"])
    waiting = tuple(s for s, o in outcome.items() if o == "randomized" and s not in study.arm_of)
    in_screening = Group("all", f"{key}/in screening", waiting)
    yield place.count(in_screening, "in screening", in_screening, "screened")
    yield place.count(assessed, "randomized", randomized, "allocations")


def _criteria(study: Study, place: Place, assessed: Group, failed: Group) -> Iterator[Finding]:
    """Return for each criterion how many of those not eligible it kept out; one patient may fail several."""
    import polars as pl

    answers = study.data["screenings"].filter(pl.col("answer") == "not met")
    kept_out = set(failed.subjects)
    found: dict[str, list[str]] = {criterion.id: [] for criterion in study.protocol.eligibility.criteria}
    for subject, criterion in zip(answers["subject"].to_list(), answers["criterion"].to_list(), strict=True):
        if subject in kept_out:
            found.setdefault(criterion, []).append(subject)
    for criterion, subjects in found.items():
        by = Group("all", f"{failed.key}/{criterion}", tuple(subjects))
        yield place.count(assessed, "not eligible", by, "screenings", item=criterion)


def _places_and_dates(study: Study, place: Place, randomized: Group) -> Iterator[Finding]:
    yield from _places(study, place, randomized)
    days = study.data["allocations"]["randomized_on"].to_list()
    for statistic, day in (("first randomized", min(days)), ("last randomized", max(days))):
        value, iso = float(day.toordinal() - _EPOCH), day.isoformat()
        yield place.found(
            randomized, statistic, value, unit="date", method="date", conventions=iso, source="allocations"
        )


def _places(study: Study, place: Place, randomized: Group) -> Iterator[Finding]:
    screened = study.data["screened"]
    for statistic, column in (("sites", "site"), ("countries", "country")):
        where = dict(zip(screened["subject"].to_list(), screened[column].to_list(), strict=True))
        used = {where[subject] for subject in randomized.subjects if subject in where}
        convention = f"{statistic} with at least one randomized patient"
        fields: dict[str, Any] = {"unit": statistic, "method": "count", "conventions": convention, "source": "screened"}
        yield place.found(randomized, statistic, float(len(used)), **fields)


def _treatment(study: Study, place: Place, group: Group) -> Iterator[Finding]:
    treated = group.only("treated", members(study.data, study.protocol, "treated"))
    reasons = _reasons(study)
    stopped = treated.only("discontinued treatment", reasons)
    yield place.count(group, "allocated", group, "allocations")
    yield place.count(group, "treated", treated, "doses")
    yield place.count(group, "never treated", group.only("never treated", _rest(group, treated)), "doses")
    yield place.count(group, "discontinued treatment", stopped, "dispositions")
    for reason in sorted(set(reasons.values())):
        by = stopped.only(reason, (s for s in stopped.subjects if reasons[s] == reason))
        if reason != "never treated":
            yield place.count(group, "discontinued treatment", by, "dispositions", item=reason)
    yield place.count(group, "on treatment", treated.only("on treatment", _rest(treated, stopped)), "dispositions")


def _reasons(study: Study) -> dict[str, str]:
    """Return why each subject's treatment ended; a treated subject cannot have ended as never treated."""
    import polars as pl

    ended = study.data["dispositions"].filter(pl.col("ended") == "treatment")
    return dict(zip(ended["subject"].to_list(), ended["reason"].to_list(), strict=True))


def _rest(group: Group, part: Group) -> set[str]:
    return set(group.subjects) - set(part.subjects)


def _populations(study: Study, place: Place, group: Group) -> Iterator[Finding]:
    measurable = group.only("measurable", members(study.data, study.protocol, "measurable disease"))
    yield place.count(group, "measurable", measurable, "lesions")
    for population in study.protocol.analysis.populations:
        inside = next(own for own in study.groups(population.id) if own.name == group.name)
        yield place.count(group, "in population", inside, "derive.populations", item=population.id)
