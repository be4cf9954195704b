"""Kaplan-Meier curves with numbers at risk, censoring ticks, medians, hazard ratio and P value.

The step function runs to the last follow-up of its arm; the legend stands above the axes, where it covers no curve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.figure import Figure, Link, line
from trialwright.report.markup import Content, Markup, svg_text, tag
from trialwright.stats import DAYS_PER_MONTH

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["curve_figure"]

_WIDTH, _PLOT = 640.0, 300.0
_LEFT, _RIGHT = 62.0, 16.0
_DASHES = ("none", "7 4", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class _Arm:
    """What is drawn for one arm."""

    index: int
    label: str
    curve: tuple[tuple[float, float], ...]
    """Day and share still free of the event, from (0, 1)."""
    censored: tuple[float, ...]
    end: float
    at_risk: tuple[Result, ...]
    events: Result | None
    median: Result | None

    def share(self, day: float) -> float:
        return next(share for at, share in reversed(self.curve) if at <= day)


@dataclass(frozen=True)
class _Frame:
    top: float
    last: float
    """Last day of the axis."""

    def x(self, day: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * day / self.last

    def y(self, share: float) -> float:
        return self.top + _PLOT * (1 - share)


def curve_figure(contents: Contents, cut: str, endpoint: str, population: str) -> Figure | None:
    """Return the curves of one endpoint at one cut, or None when no curve was estimated."""
    arms = [_arm(contents, cut, endpoint, population, i) for i in range(len(contents.arms))]
    if not any(len(arm.curve) > 1 or arm.end for arm in arms):
        return None
    title = f"{contents.endpoint_label(endpoint)}, {contents.cut_label(cut)}"
    texts = _comparisons(contents, cut, endpoint, population)
    frame = _Frame(24 + 19.0 * (len(arms) + len(texts)), _axis_end(arms))
    height = frame.y(0) + 66 + 38 * len(arms)
    name = f"{endpoint}-{population}-{cut}".lower()

    def shapes(link: Link) -> Content:
        legend = _legend(arms, texts, link)
        return (
            legend,
            _axes(contents, frame, endpoint),
            [_curve(arm, frame) for arm in arms],
            _risk_table(arms, frame, link),
        )

    return Figure(name, title, f"Kaplan-Meier curves, {contents.population_label(population)}", _WIDTH, height, shapes)


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


def _axis_end(arms: Sequence[_Arm]) -> float:
    step = _step(max(arm.end for arm in arms) / DAYS_PER_MONTH) * DAYS_PER_MONTH
    return max(1, math.ceil(max(arm.end for arm in arms) / step)) * step


def _step(last_month: float) -> int:
    return next((step for step in (1, 2, 3, 6, 12, 24) if last_month / step <= 10), 48)


def _legend(arms: Sequence[_Arm], texts: Sequence[tuple[str, Result, Result | None]], link: Link) -> Content:
    drawn: list[Content] = []
    for i, arm in enumerate(arms):
        y = 22 + 19.0 * i
        drawn.append(line(10, y - 4, 44, y - 4, f"curve arm{i % 4}", stroke_dasharray=_DASHES[i % 4]))
        drawn.append(svg_text(52, y, (tag("tspan", arm.label, cls=f"strong name{i % 4}"), _summary(arm, link))))
    for i, (label, hazard, p) in enumerate(texts):
        drawn.append(svg_text(52, 22 + 19.0 * (len(arms) + i), _comparison(label, hazard, p, link)))
    return drawn


def _summary(arm: _Arm, link: Link) -> Content:
    events = () if arm.events is None else (": ", link(arm.events, printed.estimate(arm.events)), " events")
    return (events, () if arm.median is None else ("; median ", link(arm.median, _median(arm.median))))


def _median(row: Result) -> str:
    limits = f" ({100 * (row.level or 0):g}% CI {printed.interval(row)})" if printed.interval(row) else ""
    return f"{printed.estimate(row)}{'' if row.value is None else ' months'}{limits}"


def _comparison(label: str, hazard: Result, p: Result | None, link: Link) -> Content:
    limits = f" ({100 * (hazard.level or 0):g}% CI {printed.interval(hazard)})" if printed.interval(hazard) else ""
    ratio = (f"{label}: hazard ratio ", link(hazard, printed.estimate(hazard) + limits))
    return (ratio, () if p is None else ("; log-rank P = ", link(p, printed.estimate(p))))


def _axes(contents: Contents, frame: _Frame, endpoint: str) -> Content:
    shares = [(frame.y(k / 4), str(25 * k)) for k in range(5)]
    months = round(frame.last / DAYS_PER_MONTH)
    ticks = [(frame.x(m * DAYS_PER_MONTH), str(m)) for m in range(0, months + 1, _step(months))]
    half = frame.y(0.5)
    middle = frame.y(0.5)
    return (
        line(_LEFT, half, _WIDTH - _RIGHT, half, "guide"),
        line(_LEFT, frame.y(1), _LEFT, frame.y(0), "axis"),
        line(_LEFT, frame.y(0), _WIDTH - _RIGHT, frame.y(0), "axis"),
        [
            (line(_LEFT - 5, y, _LEFT, y, "axis"), svg_text(_LEFT - 9, y + 4, text, text_anchor="end"))
            for y, text in shares
        ],
        [
            (line(x, frame.y(0), x, frame.y(0) + 5, "axis"), svg_text(x, frame.y(0) + 19, text, text_anchor="middle"))
            for x, text in ticks
        ],
        svg_text((_LEFT + _WIDTH - _RIGHT) / 2, frame.y(0) + 37, "Months since randomization", text_anchor="middle"),
        svg_text(
            16,
            middle,
            f"{contents.endpoint_label(endpoint)} (%)",
            text_anchor="middle",
            transform=f"rotate(-90 16 {middle:.1f})",
        ),
    )


def _curve(arm: _Arm, frame: _Frame) -> Content:
    color = f"arm{arm.index % 4}"
    steps = "".join(f"H{frame.x(day):.1f}V{frame.y(share):.1f}" for day, share in arm.curve[1:])
    path = f"M{frame.x(0):.1f} {frame.y(1):.1f}{steps}H{frame.x(arm.end):.1f}"
    ticks = "".join(f"M{frame.x(day):.1f} {frame.y(arm.share(day)) - 5:.1f}v10" for day in arm.censored)
    return (
        tag("path", d=path, cls=f"curve {color}", stroke_dasharray=_DASHES[arm.index % 4]),
        tag("path", d=ticks, cls=f"tick {color}") if ticks else None,
        _median_guide(arm, frame),
    )


def _median_guide(arm: _Arm, frame: _Frame) -> Markup | None:
    if arm.median is None or arm.median.value is None:
        return None
    x = frame.x(arm.median.value)
    return line(x, frame.y(0.5), x, frame.y(0), f"guide arm{arm.index % 4}")


def _risk_table(arms: Sequence[_Arm], frame: _Frame, link: Link) -> Content:
    top = frame.y(0) + 60
    drawn: list[Content] = [svg_text(8, top, "Number at risk", cls="strong")]
    grid = _step(frame.last / DAYS_PER_MONTH)
    for i, arm in enumerate(arms):
        y = top + 18 + 38 * i
        drawn.append(svg_text(8, y, arm.label, cls=f"name{i % 4}"))
        shown = (row for row in arm.at_risk if row.at is not None and row.at <= frame.last and _on_grid(row.at, grid))
        drawn += [
            svg_text(frame.x(row.at or 0), y + 16, link(row, printed.estimate(row)), text_anchor="middle")
            for row in shown
        ]
    return drawn


def _on_grid(day: float, months: int) -> bool:
    """Numbers at risk are kept on whole days nearest to the months of the axis."""
    step = months * DAYS_PER_MONTH
    return abs(day - round(day / step) * step) <= 1
