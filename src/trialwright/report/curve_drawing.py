"""The parts every Kaplan-Meier figure is drawn from: axes, step functions with censoring ticks, numbers at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trialwright.report.figure import line
from trialwright.report.markup import Content, Markup, svg_text, tag

__all__ = ["Axes", "CurveArm", "axes", "beside", "curve", "dashes", "risk_table"]

_PLOT = 300.0
_LEFT, _RIGHT = 62.0, 16.0
_LETTER, _LONGEST = 7.0, 26
"""Width of a letter, and the letters of the longest arm that stands beside its numbers."""
_DASHES = ("none", "7 4", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class CurveArm:
    """What is drawn for one arm."""

    index: int
    label: str
    steps: tuple[tuple[float, float], ...]
    """Time and share still free of the event, from (0, 1)."""
    censored: tuple[float, ...]
    end: float
    """Last follow-up."""
    median: float | None
    at_risk: tuple[tuple[float, Content], ...]
    """Time of the axis and the number written there."""

    def share(self, time: float) -> float:
        """Return the share free of the event at a time."""
        return next(share for at, share in reversed(self.steps) if at <= time)


@dataclass(frozen=True)
class Axes:
    """Where times and shares lie on the canvas."""

    top: float
    width: float
    ticks: tuple[tuple[float, str], ...]
    """Times with their labels, from 0 to the end of the axis."""
    left: float = _LEFT
    """Where time 0 lies; left of it stand the shares, and the names of the arms where there is room for them."""

    def x(self, time: float) -> float:
        """Return the place of a time."""
        return self.left + (self.width - self.left - _RIGHT) * time / self.ticks[-1][0]

    def y(self, share: float) -> float:
        """Return the place of a share."""
        return self.top + _PLOT * (1 - share)

    def height(self, arms: int) -> float:
        """Return the height of a canvas that holds the table of numbers at risk as well."""
        return self.y(0) + 66 + self.row * arms

    @property
    def row(self) -> float:
        """Return the height of an arm's numbers at risk: one line where its name stands beside them, else two."""
        return 38.0 if self.left == _LEFT else 19.0


def beside(labels: Sequence[str]) -> float:
    """Return where time 0 lies so that the arms stand beside their numbers at risk; names too long go above them.

    >>> beside(["ET"]) > 62, beside(["an arm with a name of more than thirty letters"])
    (True, 62.0)
    """
    longest = max(map(len, labels), default=0)
    return _LEFT if longest > _LONGEST else max(_LEFT + 8, 30 + _LETTER * longest)


def axes(frame: Axes, across: str, upward: str) -> Content:
    """Return both axes with their labels, and a guide at one half."""
    left, right, middle = frame.left, frame.width - _RIGHT, frame.y(0.5)
    shares = [(frame.y(k / 4), str(25 * k)) for k in range(5)]
    ticks = [(frame.x(at), text) for at, text in frame.ticks]
    return (
        line(left, middle, right, middle, "guide"),
        line(left, frame.y(1), left, frame.y(0), "axis"),
        line(left, frame.y(0), right, frame.y(0), "axis"),
        [
            (line(left - 5, y, left, y, "axis"), svg_text(left - 9, y + 4, text, text_anchor="end"))
            for y, text in shares
        ],
        [
            (line(x, frame.y(0), x, frame.y(0) + 5, "axis"), svg_text(x, frame.y(0) + 19, text, text_anchor="middle"))
            for x, text in ticks
        ],
        svg_text((left + right) / 2, frame.y(0) + 37, across, text_anchor="middle"),
        svg_text(
            left - 46, middle, upward, text_anchor="middle", transform=f"rotate(-90 {left - 46:.1f} {middle:.1f})"
        ),
    )


def curve(arm: CurveArm, frame: Axes) -> Content:
    """Return the steps of an arm to its last follow-up, a tick at each censoring, and a guide from its median."""
    color = f"arm{arm.index % 4}"
    steps = "".join(f"H{frame.x(at):.1f}V{frame.y(share):.1f}" for at, share in arm.steps[1:])
    path = f"M{frame.x(0):.1f} {frame.y(1):.1f}{steps}H{frame.x(arm.end):.1f}"
    ticks = "".join(f"M{frame.x(at):.1f} {frame.y(arm.share(at)) - 5:.1f}v10" for at in arm.censored)
    return (
        tag("path", d=path, cls=f"curve {color}", stroke_dasharray=dashes(arm.index)),
        tag("path", d=ticks, cls=f"tick {color}") if ticks else None,
        _median_guide(arm, frame),
    )


def dashes(index: int) -> str:
    """Return the dashes of an arm; with more than four arms no color comes twice with the same dashes."""
    return _DASHES[(index + index // 4) % 4]


def risk_table(arms: Sequence[CurveArm], frame: Axes) -> Content:
    """Return the numbers at risk below the axis: a line for each arm, below its name where that is too long."""
    top = frame.y(0) + 60
    drawn: list[Content] = [svg_text(8, top, "Number at risk", cls="strong")]
    for i, arm in enumerate(arms):
        y = top + 19 + frame.row * i
        drawn.append(svg_text(8, y, arm.label, cls=f"name{arm.index % 4}"))
        drawn += [svg_text(frame.x(at), y + frame.row - 19, number, text_anchor="middle") for at, number in arm.at_risk]
    return drawn


def _median_guide(arm: CurveArm, frame: Axes) -> Markup | None:
    if arm.median is None:
        return None
    x = frame.x(arm.median)
    return line(x, frame.y(0.5), x, frame.y(0), f"guide arm{arm.index % 4}")
