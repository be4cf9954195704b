"""Adverse events: treated patients by worst grade of each term, and the comparison of the arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from trialwright.analyze.harm_rates import ANY, Harms, rate_ratio_of, risks
from trialwright.analyze.proportions import Compared, difference, limits_of, share_limits
from trialwright.analyze.study import Finding, Group, Place, Study

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisItem

__all__ = ["ANY", "harms"]

SOURCE = "derive.worst_grades"
GRADES = range(1, 6)
SEVERE = 3
KINDS = {"any grade": 1, "grade 3 or higher": SEVERE}
"""Least grade of the events that are compared and timed."""


def harms(study: Study, item: AnalysisItem) -> Iterator[Finding]:
    """Return, for each arm, the share of treated patients with each term by worst grade; ``any`` first, then by name.

    Every term seen in the population has a row in every arm, zero or not. Any grade, and grade 3 or higher, have
    limits, a rate per patient-year, and at the plan's landmarks the risk with death as a competing event. A comparison,
    where the plan asks for one, is of any event and of any event of grade 3 or higher.
    """
    place = Place(study.cut, item.endpoint, item.population)
    *arms, everyone = study.groups(item.population)
    grades, timed = _grades(study, everyone), Harms.of(study)
    for arm in arms:
        for term, worst in grades.items():
            yield from _term(place, arm, term, worst, study)
            for kind, least in KINDS.items():
                yield from risks(timed, place, arm, (term, kind, least), item.at_months)
    if item.compare:
        for experimental, control, both in study.comparisons(arms):
            yield from _compared(place, (experimental, control, both), grades[ANY], timed)


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
    wanted = [(kind, {g for g in GRADES if g >= least}) for kind, least in KINDS.items()]
    for statistic, kept in [*wanted, *((f"grade {grade}", {grade}) for grade in GRADES)]:
        by = Group(arm.name, f"{key}/{statistic}", tuple(s for s, grade in own.items() if grade in kept))
        limits = limits_of(share_limits(len(by), len(arm), study.protocol.analysis)) if statistic in KINDS else {}
        named = f"{window}; limits: {study.protocol.analysis.proportion_interval}" if limits else window
        fields = {"item": term, "method": "worst-grade", "conventions": named}
        yield place.share(arm, statistic, by, SOURCE, **limits | fields)


def _compared(
    place: Place, groups: tuple[Group, Group, Group], worst: Mapping[str, int], timed: Harms
) -> Iterator[Finding]:
    for statistic, least in KINDS.items():
        won = frozenset(subject for subject, grade in worst.items() if grade >= least)
        compared = Compared(place, *groups, won, SOURCE, statistic)
        yield from difference(compared, timed.study.protocol.analysis)
        yield rate_ratio_of(timed, compared, (ANY, statistic, least))
