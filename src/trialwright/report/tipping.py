"""Sensitivity to censoring: the map of deltas on which the conclusion holds, and the numbers beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from trialwright.report import format as printed
from trialwright.report.figure import Figure, line
from trialwright.report.grid import cell, with_limits
from trialwright.report.layout import drawn, row, section, table
from trialwright.report.markup import Content, Markup, join, svg_text, tag
from trialwright.report.promised import said

if TYPE_CHECKING:
    from trialwright.protocol import SensitivityPlan
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["sensitivity", "tipping_figures"]

_LEFT = 78.0
_RATIO, _P = "imputed hazard ratio", "imputed log-rank P"


class _Canvas(NamedTuple):
    """Width of the drawing, side of the map, height of what stands above it, lines of the legend."""

    width: float
    side: float
    top: float
    stacked: bool


_WIDE, _NARROW = _Canvas(640.0, 340.0, 58.0, stacked=False), _Canvas(380.0, 284.0, 98.0, stacked=True)


class _Cell(NamedTuple):
    """One combination of deltas."""

    experimental: float
    control: float
    ratio: Result
    p: Result | None


def sensitivity(contents: Contents, figures: Sequence[Figure]) -> Markup:
    """Return the section of the sensitivity analyses."""
    plans = contents.protocol.analysis.sensitivity
    if not plans:
        return section(contents, "sensitivity", "Sensitivity to censoring", tag("p", "The protocol names none."))
    note = (
        "Kaplan-Meier curves and hazard ratios suppose that those censored would have fared like those still followed. "
        "Here their course up to the data cut-off is imputed under other suppositions: with the hazard of their own "
        "arm times a factor delta, or with that of the control."
    )
    pictures = [drawn(contents, each) for each in figures]
    return section(contents, "sensitivity", "Sensitivity to censoring", tag("p", note), _table(contents), pictures)


def _table(contents: Contents) -> Markup:
    ci = f"({100 * contents.protocol.analysis.confidence_level:g}% CI)"
    heads = ("Comparison", "Imputed, by arm", f"Hazard ratio {ci}", "Log-rank P", "Decision tips at delta")
    plans = contents.protocol.analysis.sensitivity
    rows = (
        row(said(f"analysis.sensitivity.{plan.id}", plan.label), _numbers(contents, plan, group))
        for plan in plans
        for group in contents.comparisons
    )
    caption = (
        tag("b", "Sensitivity analyses"), ", ", contents.cut_label(contents.last_cut), ". Of a map, the combination "
        "nearest to deltas of 1; the decision tips at the nearest delta of the first-named arm at which the log-rank "
        "test decides otherwise.",
    )  # fmt: skip
    return table(caption, ("Analysis", *heads), rows)


def _numbers(contents: Contents, plan: SensitivityPlan, group: str) -> Iterator[Content]:
    cut, place = contents.last_cut, {"population": plan.population, "group": group}
    cells = _cells(contents, plan, group)
    middle = min(cells, key=_distance, default=None)
    plain = contents.first(cut, plan.endpoint, _RATIO, item=plan.id, **place)
    p = contents.first(cut, plan.endpoint, _P, item=plan.id, **place)
    yield contents.group_label(group)
    yield _imputed(contents, plan, group)
    yield cell(contents, plain if middle is None else middle.ratio, with_limits)
    yield cell(contents, p if middle is None else middle.p)
    yield cell(contents, contents.first(cut, plan.endpoint, "tipping delta", item=plan.id, **place), _tips)


def _tips(found: Result) -> str:
    return printed.estimate(found) if found.value is not None else "nowhere on the map"


def _imputed(contents: Contents, plan: SensitivityPlan, group: str) -> Content:
    experimental, control = group.split(" v ")
    items = ((experimental, plan.id), (control, f"{plan.id}: beside {experimental}"))
    found = (
        contents.first(contents.last_cut, plan.endpoint, "imputed", population=plan.population, group=arm, item=item)
        for arm, item in items
    )
    one, two = (cell(contents, each) for each in found)
    return (one, " and ", two)


def _distance(found: _Cell) -> float:
    return max(found.experimental, 1 / found.experimental) * max(found.control, 1 / found.control)


def _cells(contents: Contents, plan: SensitivityPlan, group: str) -> list[_Cell]:
    cut, place = contents.last_cut, {"population": plan.population, "group": group}
    experimental, control = map(re.escape, group.split(" v "))
    pattern = re.compile(rf"{re.escape(plan.id)}: delta {experimental} (\S+), {control} (\S+)")
    p_values = {r.item: r for r in contents.rows(cut, plan.endpoint, _P, **place)}
    return [
        _Cell(float(found[1]), float(found[2]), r, p_values.get(r.item))
        for r in contents.rows(cut, plan.endpoint, _RATIO, **place)
        if (found := pattern.fullmatch(r.item or ""))
    ]


def tipping_figures(contents: Contents) -> list[Figure]:
    """Return a map for each planned analysis of several deltas and each comparison at the last cut."""
    plans = contents.protocol.analysis.sensitivity
    found = [(plan, group) for plan in plans for group in contents.comparisons]
    return [figure for plan, group in found for figure in _figure(contents, plan, group)]


def _figure(contents: Contents, plan: SensitivityPlan, group: str) -> Iterator[Figure]:
    cells = _cells(contents, plan, group)
    across, up = sorted({c.control for c in cells}), sorted({c.experimental for c in cells})
    if len(across) < 2 or len(up) < 2:
        return
    several = len(contents.comparisons) > 1
    cut = contents.last_cut
    alpha = 1 - contents.protocol.analysis.confidence_level
    name = (
        f"{plan.id}-{plan.endpoint}-{plan.population}{'-' + group.replace(' ', '-') if several else ''}-{cut}".lower()
    )
    drawn = {canvas: _drawing(contents, group, cells, alpha, canvas) for canvas in (_WIDE, _NARROW)}
    wide = Figure(
        name,
        f"{plan.label}: {contents.endpoint_label(plan.endpoint)}, {contents.cut_label(cut)}",
        f"Map of the log-rank decision over the deltas of both arms, {contents.group_label(group)}",
        _WIDE.width,
        _WIDE.top + _WIDE.side + 62,
        lambda _: drawn[_WIDE],
    )
    height = _NARROW.top + _NARROW.side + 62
    yield replace(wide, narrow=replace(wide, width=_NARROW.width, height=height, shapes=lambda _: drawn[_NARROW]))


def _drawing(contents: Contents, group: str, cells: Sequence[_Cell], alpha: float, canvas: _Canvas) -> Content:
    x = _scale(sorted({c.control for c in cells}), _LEFT, canvas.side)
    y = _scale(sorted({c.experimental for c in cells}, reverse=True), canvas.top, canvas.side)
    squares = (_square(contents, group, c, alpha, (x[c.control], y[c.experimental])) for c in cells)
    return join(_legend(contents, group, alpha, canvas), squares, _axes(contents, group, canvas, x, y))


_Span = tuple[float, float]


def _scale(deltas: Sequence[float], start: float, length: float) -> Mapping[float, _Span]:
    """Return where the squares of each delta begin and how long they are; deltas are in equal ratios."""
    size = length / len(deltas)
    return {delta: (start + size * place, size) for place, delta in enumerate(deltas)}


def _colors(contents: Contents, group: str) -> tuple[str, str]:
    one, two = (contents.arms.index(arm) % 4 for arm in group.split(" v "))
    return f"pale{one}", f"pale{two}"


def _square(contents: Contents, group: str, found: _Cell, alpha: float, at: tuple[_Span, _Span]) -> Markup:
    (x, width), (y, height) = at
    p = None if found.p is None else found.p.value
    favors = _colors(contents, group)[0 if (found.ratio.value or 1) < 1 else 1]
    cls = "paper" if p is None else favors if p <= alpha else "range"
    words = [f"{contents.group_label(arm)} {delta:g}" for arm, delta in
             zip(group.split(" v "), (found.experimental, found.control), strict=True)]  # fmt: skip
    numbers = f"hazard ratio {printed.estimate(found.ratio)}, P {'not estimable' if p is None else printed.p_value(p)}"
    shape = tag("rect", x=f"{x:.2f}", y=f"{y:.2f}", width=f"{width:.2f}", height=f"{height:.2f}", cls=cls)
    return tag("g", tag("title", f"delta {', '.join(words)}: {numbers}"), shape)


def _legend(contents: Contents, group: str, alpha: float, canvas: _Canvas) -> Iterator[Content]:
    one, two = (contents.group_label(arm) for arm in group.split(" v "))
    texts = zip(
        (*_colors(contents, group), "range"), (f"{one} better", f"{two} better", "no difference shown"), strict=True
    )
    for place, (cls, text) in enumerate(texts):
        x, y = (8.0, 12 + 20.0 * place) if canvas.stacked else (8 + 200.0 * place, 12.0)
        yield tag("rect", x=f"{x:.1f}", y=f"{y:.1f}", width="14", height="14", cls=cls)
        yield svg_text(x + 20, y + 12, text)
    yield svg_text(8, canvas.top - 12, f"Log-rank test at two-sided {100 * alpha:.3g}%", cls="soft", font_size="12")


_Spans = Mapping[float, _Span]


def _axes(contents: Contents, group: str, canvas: _Canvas, x: _Spans, y: _Spans) -> Iterator[Content]:
    one, two = (contents.group_label(arm) for arm in group.split(" v "))
    bottom = canvas.top + canvas.side
    for delta in _shown(sorted(x)):
        middle = x[delta][0] + x[delta][1] / 2
        yield line(middle, bottom, middle, bottom + 5, "axis")
        yield svg_text(middle, bottom + 19, f"{delta:.2g}", text_anchor="middle")
    for delta in _shown(sorted(y)):
        middle = y[delta][0] + y[delta][1] / 2
        yield line(_LEFT - 5, middle, _LEFT, middle, "axis")
        yield svg_text(_LEFT - 9, middle + 4, f"{delta:.2g}", text_anchor="end")
    title = f"Hazard after censoring, times delta: {two}"
    yield svg_text((canvas.width + 30) / 2 if canvas.stacked else _LEFT + canvas.side / 2, bottom + 39, title,
                   text_anchor="middle")  # fmt: skip
    middle = canvas.top + canvas.side / 2
    yield svg_text(16, middle, f"times delta: {one}", text_anchor="middle", transform=f"rotate(-90 16 {middle:.1f})")
    if 1.0 in x and 1.0 in y:
        centre = (x[1.0][0] + x[1.0][1] / 2, y[1.0][0] + y[1.0][1] / 2)
        yield tag("circle", cx=f"{centre[0]:.1f}", cy=f"{centre[1]:.1f}", r="4", cls="place")


def _shown(deltas: Sequence[float]) -> list[float]:
    """Return about five of the deltas, both ends and the middle among them."""
    step = max(1, (len(deltas) - 1) // 4)
    return [*deltas[::step]]
