"""Who took part: baseline characteristics by arm. No test of baseline differences is made (CONSORT 2025, item 25)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.grid import arm_heads, cell, groups_of
from trialwright.report.layout import part, row, section, table
from trialwright.report.markup import Content, Markup, join
from trialwright.report.numbers import number

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["baseline"]


def baseline(contents: Contents) -> Markup:
    """Return the section of baseline characteristics at the last cut."""
    cut = contents.last_cut
    rows = [r for r in contents.results if r.cut == cut and r.endpoint == "baseline" and r.item is not None]
    groups = groups_of(contents, rows)
    names = dict.fromkeys(_variable(r) for r in rows)
    body = join(*(_characteristic(contents, name, groups, [r for r in rows if _variable(r) == name]) for name in names))
    caption = ("Patients as randomized, ", contents.cut_label(cut), ". No test of baseline differences is made.")
    made = table(caption, arm_heads(contents, cut, groups), [body])
    return section(contents, "baseline", "Baseline characteristics", made)


def _variable(row: Result) -> str:
    return (row.item or "").partition("=")[0]


def _characteristic(contents: Contents, name: str, groups: Sequence[str], rows: Sequence[Result]) -> Iterator[Content]:
    label, unit = _words(contents, name)
    shares = [r for r in rows if r.statistic == "share"]
    if shares:
        yield part(label, len(groups) + 1)
    for level in dict.fromkeys(r.item for r in shares):
        yield row(_level(level), _across(contents, [r for r in shares if r.item == level], groups), sub=True)
    if any(r.statistic == "median" for r in rows):
        yield row(f"{label}{f', {unit}' if unit else ''}: median (range)", (_range(contents, rows, g) for g in groups))
    missing = [r for r in rows if r.statistic == "missing"]
    if any(r.value for r in missing):
        yield row("not known" if shares else f"{label}: not known", _across(contents, missing, groups), sub=True)


def _words(contents: Contents, name: str) -> tuple[str, str]:
    if name in contents.protocol.variables:
        variable = contents.protocol.variables[name]
        return variable.label, printed.unit(variable.unit or "")
    strata = {factor.id: f"{factor.label}, as randomized" for factor in contents.protocol.randomization.strata}
    return strata.get(name.removesuffix(" (as randomized)"), name), ""


def _level(item: str | None) -> str:
    return (item or "").partition("=")[2].replace("_", " ")


def _across(contents: Contents, rows: Sequence[Result], groups: Sequence[str]) -> Iterator[Content]:
    found = {r.group: r for r in rows}
    return (cell(contents, found.get(group), printed.count_and_share) for group in groups)


def _range(contents: Contents, rows: Sequence[Result], group: str) -> Content:
    found = {r.statistic: r for r in rows if r.group == group}
    if "median" not in found:
        return "–"
    ends = [number(contents, found[end]) for end in ("minimum", "maximum") if end in found]
    return (number(contents, found["median"]), (" (", ends[0], " to ", ends[1], ")") if len(ends) == 2 else ())
