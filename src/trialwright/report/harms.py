"""Adverse events by worst grade, every term kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.bars import harms_figure
from trialwright.report.figure import Figure
from trialwright.report.grid import cell, with_limits
from trialwright.report.layout import drawn, row, section, table
from trialwright.report.markup import Content, Markup, tag
from trialwright.report.numbers import number

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisItem
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["harms", "harms_figures"]

_SHARES = ("any grade", "grade 3 or higher")
_GRADES = tuple(f"grade {grade}" for grade in range(1, 6))
_EVERYTHING = "any"


def _planned(contents: Contents) -> list[AnalysisItem]:
    return [
        i for i in contents.protocol.analysis.items if contents.protocol.endpoint(i.endpoint).kind == "adverse events"
    ]


def harms_figures(contents: Contents) -> list[Figure]:
    """Return one figure for each planned analysis of adverse events at the last cut."""
    found = [
        harms_figure(contents, contents.last_cut, item.endpoint, item.population, _terms(contents, item)[1:])
        for item in _planned(contents)
    ]
    return [figure for figure in found if figure is not None]


def harms(contents: Contents, figures: list[Figure]) -> Markup:
    """Return the section of adverse events."""
    tables = [(_table(contents, item), _differences(contents, item)) for item in _planned(contents)]
    return section(contents, "harms", "Adverse events", tables, [drawn(contents, figure) for figure in figures])


def _terms(contents: Contents, item: AnalysisItem) -> list[str]:
    """Return "any" and then the terms, the most frequent first, and what has no term of its own last."""
    most: dict[str, float] = {}
    for found in contents.rows(contents.last_cut, item.endpoint, "any grade", population=item.population):
        if found.item is not None:
            most[found.item] = max(most.get(found.item, 0.0), found.value or 0.0)
    return sorted(most, key=lambda term: (term != _EVERYTHING, _is_rest(term), -most[term], term))


def _is_rest(term: str) -> bool:
    """A term for all that has no term of its own stands last: its share says how many terms were left out."""
    return term.lower().startswith(("any other", "other ")) or term.lower() == "other"


def _table(contents: Contents, item: AnalysisItem) -> Markup:
    heads = ("Any grade", *(name.removeprefix("grade ") for name in _GRADES), "≥ 3")
    top = (_arm(contents, item, arm, len(heads)) for arm in contents.arms)
    names = (tag("th", head, scope="col") for _ in contents.arms for head in heads)
    head = [tag("tr", tag("th", "Term", rowspan="2", scope="col"), top), tag("tr", names)]
    body = [row(_name(term), _cells(contents, item, term)) for term in _terms(contents, item)]
    caption = (
        tag("b", contents.endpoint_label(item.endpoint)),
        f", {contents.population_label(item.population)}, {contents.cut_label(contents.last_cut)}. ",
        "Patients by the worst grade of each term; grades 1 to 5 are counts.",
    )
    return table(caption, head, body)


def _differences(contents: Contents, item: AnalysisItem) -> Markup | None:
    cut, wanted = contents.last_cut, {"population": item.population}
    found = contents.rows(cut, item.endpoint, "difference", **wanted)
    if not found:
        return None
    tests = {(p.group, p.item): p for p in contents.rows(cut, item.endpoint, "difference P", **wanted)}
    level = f"{100 * contents.protocol.analysis.confidence_level:g}%"
    rows = [
        row(
            f"{contents.group_label(each.group)}: {each.item}",
            [cell(contents, each, with_limits), cell(contents, tests.get((each.group, each.item)))],
        )
        for each in found
    ]
    return table(
        ("Difference between the arms, ", contents.cut_label(cut)),
        ("Patients with an event", f"Difference ({level} CI)", "P"),
        rows,
    )


def _arm(contents: Contents, item: AnalysisItem, arm: str, columns: int) -> Markup:
    found = _found(contents, item, arm, "any grade", _EVERYTHING)
    size = () if found is None else (" (N = ", number(contents, found, printed.exact(found.n)), ")")
    return tag("th", contents.group_label(arm), size, colspan=str(columns), scope="colgroup")


def _name(term: str) -> str:
    return "Any adverse event" if term == _EVERYTHING else term


def _cells(contents: Contents, item: AnalysisItem, term: str) -> list[Content]:
    return [
        _cell(contents, _found(contents, item, arm, statistic, term))
        for arm in contents.arms
        for statistic in (_SHARES[0], *_GRADES, _SHARES[1])
    ]


def _found(contents: Contents, item: AnalysisItem, arm: str, statistic: str, term: str) -> Result | None:
    return contents.first(contents.last_cut, item.endpoint, statistic, population=item.population, group=arm, item=term)


def _cell(contents: Contents, found: Result | None) -> Content:
    if found is None:
        return "–"
    text = printed.count_and_share(found) if found.statistic in _SHARES else printed.exact(found.events)
    return number(contents, found, text)
