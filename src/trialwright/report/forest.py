"""Subgroups as a forest: events, medians, hazard ratios on a logarithmic axis, and the test of interaction."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.figure import Figure, Link, line
from trialwright.report.layout import drawn, section
from trialwright.report.markup import Content, Markup, svg_text, tag

if TYPE_CHECKING:
    from trialwright.protocol import SubgroupPlan
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["forest_figures", "subgroups"]

_WIDTH, _ROW, _TOP = 980.0, 22.0, 58.0
_COUNTS, _MEDIANS = (280.0, 430.0), (350.0, 500.0)
_END = 790.0
_NARROW, _TALL = 380.0, 40.0
"""Width of the canvas for a telephone, and the height of its rows: the name above, the interval below."""
_TICKS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_RATIO, _EVENTS, _MEDIAN = "subgroup hazard ratio", "subgroup events", "subgroup median"
_P = "interaction likelihood ratio P"


@dataclass(frozen=True)
class _Line:
    """One line of the forest: a factor with its test, or a subgroup."""

    label: str
    heads: bool
    ratio: Result | None = None
    counts: Sequence[Result | None] = ()
    medians: Sequence[Result | None] = ()
    """By arm, the experimental first."""
    test: Result | None = None


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    left: float
    length: float

    @classmethod
    def of(cls, lines: Sequence[_Line], left: float, length: float) -> _Axis:
        """Return the span of the ticks that hold all estimates and, as far as there are ticks, their limits."""
        rows = [each.ratio for each in lines if each.ratio is not None and each.ratio.value]
        ends = [end for r in rows for end in (r.value, r.lower, r.upper) if end]
        low = max((tick for tick in _TICKS if tick <= min(ends, default=0.5)), default=_TICKS[0])
        high = min((tick for tick in _TICKS if tick >= max(ends, default=2.0)), default=_TICKS[-1])
        return cls(min(low, 0.5), max(high, 2.0), left, length)

    def x(self, ratio: float) -> float:
        inside = min(max(ratio, self.low), self.high)
        return self.left + self.length * math.log(inside / self.low) / math.log(self.high / self.low)

    @property
    def ticks(self) -> list[float]:
        return [tick for tick in _TICKS if self.low <= tick <= self.high]


def subgroups(contents: Contents, figures: Sequence[Figure]) -> Markup:
    """Return the section of the subgroups."""
    note: Content = "The protocol names none."
    if contents.protocol.analysis.subgroups:
        note = (
            "Hazard ratios within the levels of a factor, not stratified; below 1 they favor the first-named arm. P is "
            "that of the interaction by likelihood ratio. Subgroups are many and small: a single one that differs is "
            "what chance alone would show. Levels nobody has are left out. Medians are in "
            "months, with a dash where the curve does not reach them."
        )
    return section(contents, "subgroups", "Subgroups", tag("p", note), [drawn(contents, each) for each in figures])


def forest_figures(contents: Contents) -> list[Figure]:
    """Return a forest for each planned set of subgroups and each comparison at the last cut."""
    plans = contents.protocol.analysis.subgroups
    found = [(plan, group) for plan in plans for group in contents.comparisons]
    return [figure for plan, group in found for figure in _figure(contents, plan, group)]


def _figure(contents: Contents, plan: SubgroupPlan, group: str) -> Iterator[Figure]:
    lines = list(_lines(contents, plan, group))
    if not lines:
        return
    several = len(contents.comparisons) > 1
    label, cut = contents.endpoint_label(plan.endpoint), contents.last_cut
    name = (
        f"subgroups-{plan.endpoint}-{plan.population}{'-' + group.replace(' ', '-') if several else ''}-{cut}".lower()
    )
    title = f"Subgroups, {label}, {contents.cut_label(cut)}"
    said = f"Forest of hazard ratios, {contents.group_label(group)}, {contents.population_label(plan.population)}"
    narrow = Figure(name, title, said, *_in_hand(contents, group, lines))
    yield replace(Figure(name, title, said, *_at_desk(contents, group, lines)), narrow=narrow)


_Drawing = tuple[float, float, Callable[[Link], Content]]


def _at_desk(contents: Contents, group: str, lines: Sequence[_Line]) -> _Drawing:
    """Return width, height and shapes of the forest with all its columns."""
    axis, bottom = _Axis.of(lines, 525, 245), _TOP + _ROW * len(lines) - 8
    return (
        _WIDTH,
        bottom + 56,
        lambda link: (
            _heads(contents, group),
            _scale(contents, axis, group, bottom),
            [_drawn(each, axis, _TOP + _ROW * i, link) for i, each in enumerate(lines)],
        ),
    )


def _in_hand(contents: Contents, group: str, lines: Sequence[_Line]) -> _Drawing:
    """Return the same for a telephone: the name above each interval, medians left out."""
    axis = _Axis.of(lines, 22, 210)
    heights = [_TALL if each.ratio is not None else _ROW + 4 for each in lines]
    tops = list(accumulate(heights, initial=_TOP))
    return (
        _NARROW,
        tops[-1] + 58,
        lambda link: (
            svg_text(8, 18, "Subgroup, and events of patients by arm", cls="strong"),
            svg_text(8, 36, "Hazard ratio, P of interaction; no medians here", cls="soft"),
            _scale(contents, axis, group, tops[-1] - 8),
            [_drawn_narrow(each, axis, y, link) for y, each in zip(tops, lines, strict=False)],
        ),
    )


def _lines(contents: Contents, plan: SubgroupPlan, group: str) -> Iterator[_Line]:
    cut = contents.last_cut
    ratios = contents.rows(cut, plan.endpoint, _RATIO, population=plan.population, group=group)
    factor = ""
    for ratio in ratios:
        item = ratio.item or ""
        name, _, level = item.partition("=")
        if level and name != factor:
            factor = name
            test = contents.first(cut, plan.endpoint, _P, population=plan.population, group=group, item=name)
            yield _Line(_factor_label(contents, name), True, test=test)
        label = level.replace("_", " ") if level else "All patients"
        counts, medians = (_by_arm(contents, plan, group, what, item) for what in (_EVENTS, _MEDIAN))
        yield _Line(label, not level, ratio, counts, medians)


def _by_arm(contents: Contents, plan: SubgroupPlan, group: str, statistic: str, item: str) -> list[Result | None]:
    place = {"population": plan.population, "item": item}
    return [
        contents.first(contents.last_cut, plan.endpoint, statistic, group=arm, **place) for arm in group.split(" v ")
    ]


def _factor_label(contents: Contents, name: str) -> str:
    strata = {factor.id: factor.label for factor in contents.protocol.randomization.strata}
    if name in strata:
        return strata[name]
    return contents.protocol.variables[name].label if name in contents.protocol.variables else name


def _heads(contents: Contents, group: str) -> Content:
    arms = [contents.group_label(arm) for arm in group.split(" v ")]
    places = list(zip(_COUNTS, _MEDIANS, arms, strict=True))
    return (
        svg_text(8, 40, "Subgroup", cls="strong"),
        [(svg_text(median, 22, text, text_anchor="end", cls="strong"),
          svg_text(count, 40, "events / n", text_anchor="end", cls="soft"),
          svg_text(median, 40, "months", text_anchor="end", cls="soft"))
         for count, median, text in places],
        svg_text(_END, 40, "Hazard ratio", cls="strong"),
        svg_text(_WIDTH - 8, 40, "P", text_anchor="end", cls="strong"),
    )  # fmt: skip


def _scale(contents: Contents, axis: _Axis, group: str, bottom: float) -> Content:
    one, other = (contents.group_label(arm) for arm in group.split(" v "))
    ticks = ((axis.x(tick), f"{tick:g}") for tick in axis.ticks)
    narrow = axis.left < axis.length  # no room for a long name on its own side of 1
    low, high = (8.0, axis.x(1)) if narrow else (axis.x(1) - 8, axis.x(1) + 8)
    return (
        line(axis.x(1), _TOP - 14, axis.x(1), bottom, "guide"),
        line(axis.left, bottom, axis.left + axis.length, bottom, "axis"),
        [(line(x, bottom, x, bottom + 5, "axis"), svg_text(x, bottom + 19, text, text_anchor="middle"))
         for x, text in ticks],
        svg_text(low, bottom + 37, f"← {one} better", text_anchor="start" if narrow else "end", cls="soft"),
        svg_text(high, bottom + (55 if narrow else 37), f"{other} better →", cls="soft"),
    )  # fmt: skip


def _drawn(each: _Line, axis: _Axis, y: float, link: Link) -> Iterator[Content]:
    yield svg_text(8 if each.heads else 22, y + 4, each.label, cls="strong" if each.heads else None)
    for x, count in zip(_COUNTS, each.counts, strict=bool(each.counts)):
        if count is not None:
            yield svg_text(x, y + 4, link(count, f"{count.events} / {count.n}"), text_anchor="end")
    for x, median in zip(_MEDIANS, each.medians, strict=bool(each.medians)):
        if median is not None:
            text = "–" if median.value is None else printed.estimate(median)
            yield svg_text(x, y + 4, link(median, text), text_anchor="end")
    if each.test is not None:
        yield svg_text(_WIDTH - 8, y + 4, link(each.test, printed.estimate(each.test)), text_anchor="end")
    if each.ratio is not None:
        yield svg_text(_END, y + 4, link(each.ratio, _limits(each.ratio)))
        yield _mark(each.ratio, axis, y, each.heads)


def _drawn_narrow(each: _Line, axis: _Axis, y: float, link: Link) -> Iterator[Content]:
    right = _NARROW - 8
    yield svg_text(8 if each.heads else 22, y + 4, each.label, cls="strong" if each.heads else None)
    counts = [link(count, f"{count.events} / {count.n}") for count in each.counts if count is not None]
    if counts:
        yield svg_text(right, y + 4, [(" v " if i else "", text) for i, text in enumerate(counts)], text_anchor="end")
    if each.test is not None:
        yield svg_text(right, y + 4, link(each.test, printed.estimate(each.test)), text_anchor="end")
    if each.ratio is not None:
        yield svg_text(right, y + 21, link(each.ratio, _limits(each.ratio)), text_anchor="end")
        yield _mark(each.ratio, axis, y + 17, each.heads)


def _limits(ratio: Result) -> str:
    limits = printed.interval(ratio)
    return f"{printed.estimate(ratio)} ({limits})" if limits else printed.estimate(ratio)


def _mark(ratio: Result, axis: _Axis, y: float, whole: bool) -> Iterator[Content]:
    """A square whose area grows with the events, a diamond for all patients; an arrow where the limit runs on."""
    if ratio.value is None:
        return
    low, high = (end if end is not None else far for end, far in ((ratio.lower, 0.0), (ratio.upper, math.inf)))
    yield line(axis.x(low), y, axis.x(high), y, "axis")
    for end, over, way in ((low, low < axis.low, 6), (high, high > axis.high, -6)):
        if over:
            x = axis.x(end)
            yield tag("path", d=f"M{x + way:.1f} {y - 4:.1f}L{x:.1f} {y:.1f}L{x + way:.1f} {y + 4:.1f}", cls="axis")
    middle, half = axis.x(ratio.value), 6.0 if whole else 2.0 + min(4.0, math.sqrt(ratio.events or 0) / 3)
    if whole:
        points = f"M{middle - half:.1f} {y:.1f}l{half:g} {-half:g}l{half:g} {half:g}l{-half:g} {half:g}z"
        yield tag("path", d=points, cls="fill0")
    else:
        side = f"{2 * half:.1f}"
        yield tag("rect", x=f"{middle - half:.1f}", y=f"{y - half:.1f}", width=side, height=side, cls="fill0")
