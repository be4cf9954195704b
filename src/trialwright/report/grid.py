"""Tables with one column for each group, or for each cut and group, filled with linked numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trialwright.report import format as printed
from trialwright.report.layout import row, table
from trialwright.report.markup import Content, Markup, tag
from trialwright.report.numbers import number

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisItem
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["ItemGrid", "arm_heads", "cell", "groups_of", "with_limits"]

Show = Callable[["Result"], Content]


@dataclass(frozen=True)
class ItemGrid:
    """One planned analysis: columns are arms and comparisons at every cut, or at those named."""

    contents: Contents
    item: AnalysisItem
    only: tuple[str, ...] = ()
    """The cuts shown; none named shows all."""

    @property
    def cuts(self) -> tuple[str, ...]:
        """Return the cuts shown."""
        return self.only or self.contents.cuts

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Return the arms, everybody and the comparisons, as far as the results have them."""
        rows = [
            r for r in self.contents.results if (r.endpoint, r.population) == (self.item.endpoint, self.item.population)
        ]
        present = {r.group for r in rows}
        return tuple(g for g in (*self.contents.arms, "all", *self.contents.comparisons) if g in present)

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Return the cut and group of each column."""
        return [(cut, group) for cut in self.cuts for group in self.groups]

    def row(
        self, name: str, statistic: str, show: Show = printed.estimate, *, sub: bool = False, **wanted: Any
    ) -> Markup | None:
        """Return one statistic as a row of linked numbers; None where the plan asks for none of them."""
        wanted = {"population": self.item.population} | wanted
        find = self.contents.first
        found = [find(cut, self.item.endpoint, statistic, group=group, **wanted) for cut, group in self.columns]
        if not any(found):
            return None
        return row(name, (cell(self.contents, each, show) for each in found), sub=sub)

    def seen(self, statistic: str, field: str) -> list[Any]:
        """Return the different items or landmarks of one statistic, in order."""
        at = self.item
        rows = (r for c in self.cuts for r in self.contents.rows(c, at.endpoint, statistic, population=at.population))
        return [value for value in dict.fromkeys(getattr(r, field) for r in rows) if value is not None]

    def table(self, rows: Sequence[Markup | None], note: str = "") -> Markup:
        """Return the table with its two rows of heads."""
        title = tag("b", self.contents.endpoint_label(self.item.endpoint))
        caption = (title, f", {self.contents.population_label(self.item.population)}. ", note)
        return table(caption, self._heads(), [each for each in rows if each is not None])

    def _heads(self) -> list[Markup]:
        span = str(len(self.groups))
        cuts = (tag("th", self.contents.cut_label(c), colspan=span, scope="colgroup") for c in self.cuts)
        groups = (tag("th", self.contents.group_label(group), scope="col") for _, group in self.columns)
        return [tag("tr", tag("td", "", rowspan="2"), cuts), tag("tr", groups)]


def cell(contents: Contents, found: Result | None, show: Show = printed.estimate) -> Content:
    """Return a result as a linked number; a dash where the plan asks for none."""
    if found is None:
        return "–"
    text = show(found)
    return number(contents, found, text) if text else "–"


def with_limits(row: Result) -> Content:
    """Return the estimate above its limits."""
    limits = printed.interval(row)
    return (printed.estimate(row), tag("span", f"({limits})", cls="ci") if limits else None)


def groups_of(contents: Contents, rows: Sequence[Result]) -> list[str]:
    """Return the arms that have rows, and everybody last."""
    present = {r.group for r in rows}
    return [group for group in (*contents.arms, "all") if group in present]


def arm_heads(contents: Contents, cut: str, groups: Sequence[str]) -> list[Content]:
    """Return an empty corner and one head for each group with its number of randomized patients."""
    return [tag("td", ""), *(_head(contents, cut, group) for group in groups)]


def _head(contents: Contents, cut: str, group: str) -> Markup:
    size = contents.first(cut, "flow", "randomized" if group == "all" else "allocated", group=group)
    count = () if size is None else (" (N\u00a0=\u00a0", number(contents, size), ")")
    return tag("th", contents.group_label(group), count, scope="col")
