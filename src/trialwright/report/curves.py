"""Kaplan-Meier curves with numbers at risk, censoring ticks, medians, hazard ratio and P value.

The step function runs to the last follow-up of its arm; the legend stands above the axes, where it covers no curve.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.curve_drawing import Axes, CurveArm, axes, beside, curve, dashes, risk_table
from trialwright.report.figure import Figure, Link, line, plain
from trialwright.report.markup import Content, svg_text, tag
from trialwright.stats import DAYS_PER_MONTH

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["curve_figure"]

_WIDTH, _NARROW = 720.0, 380.0
_LINE = 19.0

Entry = tuple["_Arm | None", Content]
"""A line of the legend, and the arm whose curve stands before it."""


@dataclass(frozen=True)
class _Arm:
    """The results drawn for one arm."""

    index: int
    label: str
    curve: tuple[tuple[float, float], ...]
    censored: tuple[float, ...]
    end: float
    at_risk: tuple[Result, ...]
    events: Result | None
    median: Result | None

    def drawn(self, last_month: int, link: Link) -> CurveArm:
        """Return the arm with its numbers at risk as ``link`` writes them, on the months of the axis."""
        step = _step(last_month)
        shown = (row for row in self.at_risk if row.at is not None and row.at <= last_month * DAYS_PER_MONTH)
        at_risk = tuple((r.at or 0.0, link(r, printed.estimate(r))) for r in shown if _on_grid(r.at or 0.0, step))
        median = None if self.median is None else self.median.value
        return CurveArm(self.index, self.label, self.curve, self.censored, self.end, median, at_risk)


def curve_figure(contents: Contents, cut: str, endpoint: str, population: str) -> Figure | None:
    """Return the curves of one endpoint at one cut, or None when no curve was estimated."""
    arms = [_arm(contents, cut, endpoint, population, i) for i in range(len(contents.arms))]
    if not any(len(arm.curve) > 1 or arm.end for arm in arms):
        return None
    title = f"{contents.endpoint_label(endpoint)}, {contents.cut_label(cut)}"
    texts = _comparisons(contents, cut, endpoint, population)
    months = _last_month(arms)
    ticks = tuple((m * DAYS_PER_MONTH, str(m)) for m in range(0, months + 1, _step(months)))
    name = f"{endpoint}-{population}-{cut}".lower()
    description = f"Kaplan-Meier curves, {contents.population_label(population)}"

    def drawing(*, narrow: bool) -> Figure:
        lines = len(_legend(arms, texts, plain, narrow=narrow))
        left = {} if narrow else {"left": beside([arm.label for arm in arms])}
        frame = Axes(24 + _LINE * lines, _NARROW if narrow else _WIDTH, ticks, **left)

        def shapes(link: Link) -> Content:
            drawn = [arm.drawn(months, link) for arm in arms]
            return (
                _stacked(_legend(arms, texts, link, narrow=narrow)),
                axes(frame, "Months since randomization", f"{contents.endpoint_label(endpoint)} (%)"),
                [curve(arm, frame) for arm in drawn],
                risk_table(drawn, frame),
            )

        return Figure(name, title, description, frame.width, frame.height(len(arms)), shapes)

    return replace(drawing(narrow=False), narrow=drawing(narrow=True))


def _arm(contents: Contents, cut: str, endpoint: str, population: str, index: int) -> _Arm:
    group = contents.arms[index]

    def rows(statistic: str) -> list[Result]:
        return contents.rows(cut, endpoint, statistic, population=population, group=group)

    steps = sorted((r.at, r.value) for r in rows("survival") if r.at is not None and r.value is not None)
    censored = tuple(sorted(r.at for r in rows("censored at") if r.at is not None and r.value))
    curve = ((0.0, 1.0), *(step for step in steps if step[0] > 0))
    return _Arm(
        index,
        contents.group_label(group),
        curve,
        censored,
        max((curve[-1][0], *censored)),
        tuple(r for r in rows("at risk") if r.at is not None),
        next(iter(rows("events")), None),
        next(iter(rows("median")), None),
    )


def _comparisons(
    contents: Contents, cut: str, endpoint: str, population: str
) -> list[tuple[str, Result, Result | None]]:
    found = []
    for group in contents.comparisons:
        hazard = contents.first(cut, endpoint, "hazard ratio", population=population, group=group)
        p = contents.first(cut, endpoint, "log-rank P", population=population, group=group)
        if hazard is not None:
            found.append((contents.group_label(group), hazard, p))
    return found


def _last_month(arms: Sequence[_Arm]) -> int:
    """Return the month at the end of the axis: a whole number of steps that reaches the last follow-up."""
    last = max(arm.end for arm in arms) / DAYS_PER_MONTH
    return max(1, math.ceil(last / _step(last))) * _step(last)


def _step(last_month: float) -> int:
    return next((step for step in (1, 2, 3, 6, 12, 24) if last_month / step <= 10), 48)


def _legend(
    arms: Sequence[_Arm], texts: Sequence[tuple[str, Result, Result | None]], link: Link, *, narrow: bool
) -> list[Entry]:
    """Return the lines above the axes: one for each arm and comparison, or several where the canvas is narrow."""
    lines: list[Entry] = []
    for arm in arms:
        name = tag("tspan", arm.label, cls=f"strong name{arm.index % 4}")
        lines += _joined(arm, [name, *_summary(arm, link)], (": ", "; "), narrow=narrow)
    for label, hazard, p in texts:
        lines += _joined(None, [label, *_comparison(hazard, p, link)], (": ", "; "), narrow=narrow)
    return lines


def _joined(arm: _Arm | None, parts: Sequence[Content], between: Sequence[str], *, narrow: bool) -> Iterator[Entry]:
    if narrow:
        yield from ((arm if i == 0 else None, part) for i, part in enumerate(parts))
    else:
        yield arm, [(between[min(i - 1, 1)] if i else "", part) for i, part in enumerate(parts)]


def _stacked(entries: Sequence[Entry]) -> Iterator[Content]:
    for i, (arm, text) in enumerate(entries):
        y = 22 + _LINE * i
        if arm is not None:
            yield line(10, y - 4, 44, y - 4, f"curve arm{arm.index % 4}", stroke_dasharray=dashes(arm.index))
        yield svg_text(52, y, text)


def _summary(arm: _Arm, link: Link) -> Iterator[Content]:
    if arm.events is not None:
        yield link(arm.events, printed.estimate(arm.events)), " events"
    if arm.median is not None:
        yield "median ", link(arm.median, _median(arm.median))


def _median(row: Result) -> str:
    limits = f" ({100 * (row.level or 0):g}% CI {printed.interval(row)})" if printed.interval(row) else ""
    return f"{printed.estimate(row)}{'' if row.value is None else ' months'}{limits}"


def _comparison(hazard: Result, p: Result | None, link: Link) -> Iterator[Content]:
    limits = f" ({100 * (hazard.level or 0):g}% CI {printed.interval(hazard)})" if printed.interval(hazard) else ""
    yield "hazard ratio ", link(hazard, printed.estimate(hazard) + limits)
    if p is not None:
        yield "log-rank P = ", link(p, printed.estimate(p))


def _on_grid(day: float, months: int) -> bool:
    """Numbers at risk are kept on whole days nearest to the months of the axis."""
    step = months * DAYS_PER_MONTH
    return abs(day - round(day / step) * step) <= 1
