"""Events expected over calendar time with their prediction bands, as an SVG file."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from trialwright.report.figure import Figure, line, standalone
from trialwright.report.markup import Content, Markup, svg_text, tag
from trialwright.report.style import LIGHT

__all__ = ["CountOnDate", "milestone_figure"]

_WIDTH, _TOP, _PLOT, _LEFT, _RIGHT = 720.0, 66.0, 300.0, 62.0, 40.0


@dataclass(frozen=True)
class CountOnDate:
    """The number of events, or of patients, by the end of a date: expected, and limits of one band.

    >>> CountOnDate("2024-01", 0.0, 12.5, 9, 16).expected
    12.5
    """

    label: str
    """What is written below the axis; empty for a date without a label."""
    at: float
    """Place in time, in any unit."""
    expected: float
    lower: float
    upper: float


def milestone_figure(
    events: Sequence[CountOnDate], *, title: str, goal: int, level: float, patients: Sequence[CountOnDate] = ()
) -> str:
    """Return the curve of expected events with its band, and below it in a pale color that of patients, as SVG.

    ``goal`` is the number of events asked for, drawn as a line; ``level`` is that of the band. Colors stand in the file
    without variables, which drawing programs do not read. ValueError with fewer than two dates.

    >>> rows = [CountOnDate("2024", 0, 5, 2, 9), CountOnDate("2025", 12, 20, 15, 26)]
    >>> milestone_figure(rows, title="PFS", goal=18, level=0.95).count("<path")
    2
    """
    if len(events) < 2:
        raise ValueError(f"a curve needs at least two dates; got {len(events)}")
    frame = _Frame.of([*events, *patients], goal)
    band = f"{100 * level:g}% prediction band"
    shapes = (
        _axes(frame, events),
        _curve(frame, patients, 1) if patients else None,
        _curve(frame, events, 0),
        line(_LEFT, frame.y(goal), _WIDTH - _RIGHT, frame.y(goal), "guide"),
        svg_text(_LEFT + 6, frame.y(goal) - 5, f"{goal} events"),
        _legend(band, bool(patients)),
    )
    last = events[-1]
    said = (
        f"By {last.label or 'the last date'} {last.expected:.0f} events are expected,"
        f" {last.lower:g} to {last.upper:g} ({band}); {goal} are asked for."
    )
    svg = standalone(
        Figure("milestones", title, said, _WIDTH, frame.y(0) + 48, lambda _: (_title(title), shapes)), None
    )
    return re.sub(r"var\(--([a-z0-9-]+)\)", lambda found: LIGHT[found[1]], svg)


@dataclass(frozen=True)
class _Frame:
    """Where dates and counts lie on the canvas."""

    first: float
    last: float
    most: float
    step: float

    @classmethod
    def of(cls, rows: Sequence[CountOnDate], goal: int) -> _Frame:
        most = max(goal, *(row.upper for row in rows))
        step = _round_step(most / 5)
        times = [row.at for row in rows]
        return cls(min(times), max(times), step * math.ceil(most / step), step)

    def x(self, at: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (at - self.first) / (self.last - self.first)

    def y(self, count: float) -> float:
        return _TOP + _PLOT * (1 - count / self.most)


def _round_step(least: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least 1 and at least so much."""
    power = 10.0 ** math.floor(math.log10(max(least, 1)))
    return next(each * power for each in (1, 2, 5, 10) if each * power >= least or each == 10)


def _title(title: str) -> Markup:
    return svg_text(10, 20, title, cls="strong")


def _axes(frame: _Frame, rows: Sequence[CountOnDate]) -> Content:
    bottom, right = frame.y(0), _WIDTH - _RIGHT
    counts = [frame.step * k for k in range(round(frame.most / frame.step) + 1)]
    named = [row for row in rows if row.label]
    return (
        line(_LEFT, frame.y(frame.most), _LEFT, bottom, "axis"),
        line(_LEFT, bottom, right, bottom, "axis"),
        [
            (
                line(_LEFT - 5, frame.y(n), _LEFT, frame.y(n), "axis"),
                svg_text(_LEFT - 9, frame.y(n) + 4, f"{n:g}", text_anchor="end"),
            )
            for n in counts
        ],
        [
            (
                line(frame.x(row.at), bottom, frame.x(row.at), bottom + 5, "axis"),
                svg_text(frame.x(row.at), bottom + 20, row.label, text_anchor="middle"),
            )
            for row in named
        ],
        svg_text(
            16, frame.y(frame.most / 2), "Number", text_anchor="middle",
            transform=f"rotate(-90 16 {frame.y(frame.most / 2):.1f})",
        ),
    )  # fmt: skip


def _curve(frame: _Frame, rows: Sequence[CountOnDate], color: int) -> Content:
    up = "L".join(f"{frame.x(row.at):.1f} {frame.y(row.upper):.1f}" for row in rows)
    down = "L".join(f"{frame.x(row.at):.1f} {frame.y(row.lower):.1f}" for row in reversed(rows))
    middle = "L".join(f"{frame.x(row.at):.1f} {frame.y(row.expected):.1f}" for row in rows)
    return (
        tag("path", d=f"M{up}L{down}Z", cls=f"pale{color}", fill_opacity="0.6"),
        tag("path", d=f"M{middle}", cls=f"curve arm{color}"),
    )


def _legend(band: str, patients: bool) -> Content:
    names = ["Events expected", *(["Patients expected"] if patients else [])]
    drawn: list[Content] = []
    for k, name in enumerate(names):
        x = 10.0 + 330 * k
        drawn += [line(x, 40, x + 30, 40, f"curve arm{k}"), svg_text(x + 38, 44, f"{name}, {band}")]
    return drawn
