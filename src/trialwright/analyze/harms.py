"""Adverse events: treated patients by worst grade of each term."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from trialwright.analyze.proportions import difference
from trialwright.analyze.study import Finding, Group, Place, Study

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisItem

__all__ = ["ANY", "harms"]

SOURCE = "derive.worst_grades"
ANY = "any"
"""Item of the worst grade over all terms."""
GRADES = range(1, 6)
SEVERE = 3


def harms(study: Study, item: AnalysisItem) -> Iterator[Finding]:
    """Return, for each arm, the share of treated patients with each term by worst grade; ``any`` first, then by name.

    Every term seen in the population has a row in every arm, zero or not. A comparison, where the plan asks for one,
    is of any event and of any event of grade 3 or higher.
    """
    place = Place(study.cut, item.endpoint, item.population)
    *arms, everyone = study.groups(item.population)
    grades = _grades(study, everyone)
    for arm in arms:
        for term, worst in grades.items():
            yield from _term(place, arm, term, worst, study)
    if item.compare:
        for experimental, control, both in study.comparisons(arms):
            yield from _compared(place, (experimental, control, both), grades[ANY], study)


def _grades(study: Study, population: Group) -> dict[str, dict[str, int]]:
    """Return the worst grade of each patient by term, and over all terms."""
    frame = study.derived.worst_grades
    known, worst = set(population.subjects), dict[str, int]()
    found: dict[str, dict[str, int]] = {}
    for subject, term, grade in zip(*(frame[name].to_list() for name in ("subject", "term", "grade")), strict=True):
        if subject in known:
            found.setdefault(term, {})[subject] = grade
            worst[subject] = max(grade, worst.get(subject, 0))
    return {ANY: worst} | {term: found[term] for term in sorted(found)}


def _term(place: Place, arm: Group, term: str, worst: Mapping[str, int], study: Study) -> Iterator[Finding]:
    own = {subject: worst[subject] for subject in arm.subjects if subject in worst}
    key = f"{arm.of_endpoint(place.endpoint).key}/{term}"
    plan = study.protocol.safety
    window = f"treatment-emergent: to {plan.window.days_after_last_dose} days after the last dose; {plan.grading}"
    wanted = [("any grade", set(GRADES)), ("grade 3 or higher", {g for g in GRADES if g >= SEVERE})]
    for statistic, kept in [*wanted, *((f"grade {grade}", {grade}) for grade in GRADES)]:
        by = Group(arm.name, f"{key}/{statistic}", tuple(s for s, grade in own.items() if grade in kept))
        yield place.share(arm, statistic, by, SOURCE, item=term, method="worst-grade", conventions=window)


def _compared(
    place: Place, groups: tuple[Group, Group, Group], worst: Mapping[str, int], study: Study
) -> Iterator[Finding]:
    *arms, both = groups
    for statistic, least in (("any grade", 1), ("grade 3 or higher", SEVERE)):
        one, two = ((sum(worst.get(s, 0) >= least for s in arm.subjects), len(arm)) for arm in arms)
        fields = {"item": statistic, "source": SOURCE}
        yield from difference(place, both, (one, two), study.protocol.analysis.confidence_level, fields)
