"""The CONSORT flow diagram, drawn from the proven counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.figure import Figure, Link, line, wrapped
from trialwright.report.flow import ArmFlow, Flow
from trialwright.report.markup import Content, Markup, join, svg_text, tag

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["flow_figure"]

_LINE = 17.0
_PAD = 9.0
_GAP = 30.0
_CHARACTER = 6.7
"""Mean width of a character at the figure's font size, for breaking lines."""

_WORDS = {
    "cannot tell": "Eligibility cannot be told",
    "no dose stated": "No dose stated for them",
    "closed": "Recruitment had closed",
    "screen failure": "Screen failure, reason not stated",
}

Entry = tuple[str, "Result | None", bool]
"""Words, their count if they have one, and whether the line is a heading of the box."""


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    width: float
    entries: tuple[Entry, ...]

    def lines(self) -> list[tuple[str, Result | None, bool]]:
        room = int((self.width - 2 * _PAD) / _CHARACTER)
        found: list[tuple[str, Result | None, bool]] = []
        for words, row, strong in self.entries:
            count = "" if row is None else f" (n\u00a0=\u00a0{printed.estimate(row)})"
            *first, last = wrapped(words + count, room)
            found += [(text, None, strong) for text in first] + [(last, row, strong)]
        return found

    @property
    def height(self) -> float:
        return len(self.lines()) * _LINE + 2 * _PAD

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


def flow_figure(contents: Contents, flow: Flow) -> Figure:
    """Return the flow of one cut as a figure."""
    arms = len(flow.arms)
    wide = _drawing(contents, flow, max(640.0, 300.0 * arms + 20))
    return replace(wide, narrow=_drawing(contents, flow, 190.0 * max(arms, 2)))


def _drawing(contents: Contents, flow: Flow, width: float) -> Figure:
    boxes, lines, height = _layout(contents, flow, width)
    return Figure(
        f"flow-{flow.cut}",
        f"Flow of participants, {contents.cut_label(flow.cut)}",
        f"{printed.estimate(flow.assessed)} assessed, {printed.estimate(flow.randomized)} randomized",
        width,
        height,
        lambda link: (lines, [_draw(box, link) for box in boxes]),
    )


def _layout(contents: Contents, flow: Flow, width: float) -> tuple[list[_Box], Markup, float]:
    top = _Box(width / 2 - 130, 10, 260, (("Assessed for eligibility", flow.assessed, True),))
    out = _Box(width / 2 + 40, top.bottom + 12, width / 2 - 50, _excluded(flow))
    randomized = _Box(width / 2 - 130, out.bottom + 24, 260, (("Randomized", flow.randomized, True),))
    trunk = line(top.middle, top.bottom, top.middle, randomized.y, "axis")
    aside = line(top.middle, out.y + out.height / 2, out.x, out.y + out.height / 2, "axis")
    fork = randomized.bottom + _GAP / 2
    columns = [_column(contents, arm, width, fork + 15) for arm in flow.arms]
    rows = [_aligned([column[k] for column in columns], columns, k) for k in range(3)]
    boxes = [top, out, randomized, *(box for row in rows for box in row)]
    lines = join(trunk, aside, _branches(randomized, rows[0], fork), _stems(rows))
    return boxes, lines, max(box.bottom for box in boxes) + 10


def _excluded(flow: Flow) -> tuple[Entry, ...]:
    """Reasons nobody had are left out; "not eligible" always stands."""
    shown = (row for row in flow.excluded if row.value or row.statistic == "not eligible")
    reasons = ((_WORDS.get(row.statistic, row.statistic.capitalize()), row, False) for row in shown)
    return (("Not randomized", None, True), *reasons)


def _column(contents: Contents, arm: ArmFlow, width: float, y: float) -> list[_Box]:
    of, i = len(contents.arms), contents.arms.index(arm.arm)
    each = (width - 20 - 16 * (of - 1)) / of
    x = 10 + i * (each + 16)
    entries = (
        (
            (f"Allocated to {contents.group_label(arm.arm)}", arm.allocated, True),
            ("Treated", arm.treated, False),
            ("Never treated", arm.never_treated, False),
        ),
        (
            *((f"Discontinued: {row.item}", row, False) for row in arm.discontinued if row.value),
            ("On treatment at the cut-off", arm.on_treatment, False),
        ),
        tuple(
            (f"Analyzed: {contents.population_label(row.item or row.population)}", row, False)
            for row in arm.populations
        ),
    )
    return [_Box(x, y, each, found) for found in entries]


def _aligned(boxes: Sequence[_Box], columns: list[list[_Box]], k: int) -> list[_Box]:
    above = columns[0][0].y + sum(max(column[j].height for column in columns) + _GAP for j in range(k))
    return [_Box(box.x, above, box.width, box.entries) for box in boxes]


def _branches(randomized: _Box, arms: Sequence[_Box], fork: float) -> Markup:
    return join(
        line(randomized.middle, randomized.bottom, randomized.middle, fork, "axis"),
        line(arms[0].middle, fork, arms[-1].middle, fork, "axis"),
        (line(box.middle, fork, box.middle, box.y, "axis") for box in arms),
    )


def _stems(rows: Sequence[Sequence[_Box]]) -> Markup:
    pairs = (pair for upper, lower in pairwise(rows) for pair in zip(upper, lower, strict=True))
    return join(
        line(above.middle, above.bottom, below.middle, below.y, "axis") for above, below in pairs if below.entries
    )


def _draw(box: _Box, link: Link) -> Content:
    if not box.entries:
        return None
    frame = tag(
        "rect", x=f"{box.x:.1f}", y=f"{box.y:.1f}", width=f"{box.width:.1f}", height=f"{box.height:.1f}", cls="box"
    )
    texts = [
        svg_text(
            box.x + _PAD, box.y + _PAD + _LINE * (i + 0.76), _counted(text, row, link), cls="strong" if strong else None
        )
        for i, (text, row, strong) in enumerate(box.lines())
    ]
    return frame, texts


def _counted(text: str, row: Result | None, link: Link) -> Content:
    if row is None:
        return text
    head, mark, tail = text.rpartition("\u00a0")
    return (head + mark, link(row, tail.removesuffix(")")), ")")
