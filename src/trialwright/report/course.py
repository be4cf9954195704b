"""Treatment as given, samples and biomarkers, in short."""

from __future__ import annotations

from collections.abc import Mapping
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
        row(_words(contents, line, found), (_cell(contents, found.get(group), cut, group) for group in groups))
        for line, found in lines.items()
    ]
    return table((tag("b", title), f", {contents.cut_label(cut)}"), arm_heads(contents, cut, groups), body)


def _cell(contents: Contents, found: Result | None, cut: str, group: str) -> Content:
    size = contents.first(cut, "flow", "randomized" if group == "all" else "allocated", group=group)
    return cell(contents, found, lambda row: _shown(row, size))


_SUMMARIES = {"value-median": "median", "relative-dose-intensity": "mean"}
"""Method: what it makes of the values of single patients."""


def _words(contents: Contents, line: Line, found: Mapping[str, Result]) -> str:
    statistic, item, _ = line
    summary = next((_SUMMARIES[row.method] for row in found.values() if row.method in _SUMMARIES), None)
    p = contents.protocol
    known = {i.id: i.name for i in p.interventions} | {s.id: s.label for s in p.samples}
    name = f"{statistic} of a patient ({summary})" if summary else statistic
    return name.capitalize() if item is None else f"{known.get(item, item)}: {name}"


def _shown(row: Result, size: Result | None) -> Content:
    """Return a share with the patients it is of, where they are not all those at the head of the column."""
    if printed.kind(row) != "share":
        return with_limits(row)
    if row.events is None or size is None or row.n is None or row.n == size.value:
        return printed.count_and_share(row)
    return f"{row.events} of {row.n}" + (f" ({printed.percent(row.value)})" if row.events and row.value else "")
