"""Treatment as given, samples and biomarkers, in short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.grid import arm_heads, cell, groups_of, with_limits
from trialwright.report.layout import row, section, table
from trialwright.report.markup import Content, Markup, tag

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["course"]

_TITLES = {"exposure": "Exposure", "samples": "Samples", "biomarkers": "Biomarkers"}

Line = tuple[str, str | None, float | None]


def course(contents: Contents) -> Markup:
    """Return exposure, samples and biomarkers at the last cut."""
    tables = [_course(contents, endpoint, title) for endpoint, title in _TITLES.items()]
    return section(contents, "course", "Exposure, samples and biomarkers", tables)


def _course(contents: Contents, endpoint: str, title: str) -> Content:
    cut = contents.last_cut
    rows = [r for r in contents.results if r.cut == cut and r.endpoint == endpoint]
    if not rows:
        return tag("p", f"{title}: the analysis gave no numbers.")
    groups = groups_of(contents, rows)
    lines: dict[Line, dict[str, Result]] = {}
    for r in rows:
        lines.setdefault((r.statistic, r.item, r.at), {})[r.group] = r
    body = [
        row(_words(contents, line), (cell(contents, found.get(group), _shown) for group in groups))
        for line, found in lines.items()
    ]
    return table((tag("b", title), f", {contents.cut_label(cut)}"), arm_heads(contents, cut, groups), body)


def _words(contents: Contents, line: Line) -> str:
    statistic, item, _ = line
    p = contents.protocol
    known = {i.id: i.name for i in p.interventions} | {s.id: s.label for s in p.samples}
    return statistic.capitalize() if item is None else f"{known.get(item, item)}: {statistic}"


def _shown(row: Result) -> Content:
    return printed.count_and_share(row) if printed.kind(row) == "share" else with_limits(row)
