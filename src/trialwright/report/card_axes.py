"""Axes of the card's figures: a rectangle with round numbers on both sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trialwright.report.figure import line
from trialwright.report.markup import Content, Markup, svg_text, tag

__all__ = ["HEIGHT", "WIDTH", "Axes", "band", "curve", "legend"]

WIDTH, HEIGHT = 440.0, 340.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 16.0, 56.0, 50.0


@dataclass(frozen=True)
class Axes:
    """Where values lie on the canvas; both ranges from low to high."""

    x: tuple[float, float]
    y: tuple[float, float]

    def at_x(self, value: float) -> float:
        """Return the place of a value across."""
        low, high = self.x
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)

    def at_y(self, value: float) -> float:
        """Return the place of a value upwards."""
        low, high = self.y
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low))

    def drawn(self, across: str, upwards: str, *, percent: bool = False) -> Content:
        """Return both axes with their numbers and names."""
        bottom, middle = self.at_y(self.y[0]), (TOP + HEIGHT - BOTTOM) / 2
        turned = f"rotate(-90 14 {middle:.1f})"
        return (
            [self._up(value, percent) for value in rounded(*self.y)],
            [self._across(value, bottom) for value in rounded(*self.x)],
            line(LEFT, bottom, WIDTH - RIGHT, bottom, "axis"),
            svg_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, across, text_anchor="middle"),
            svg_text(14, middle, upwards, text_anchor="middle", transform=turned),
        )

    def _up(self, value: float, percent: bool) -> Content:
        y = self.at_y(value)
        words = f"{100 * value:.0f}%" if percent else _plain(value)
        return line(LEFT, y, WIDTH - RIGHT, y, "grid"), svg_text(LEFT - 7, y + 4, words, text_anchor="end")

    def _across(self, value: float, bottom: float) -> Content:
        x = self.at_x(value)
        return line(x, bottom, x, bottom + 5, "axis"), svg_text(x, bottom + 19, _plain(value), text_anchor="middle")


def rounded(low: float, high: float) -> list[float]:
    """Return about five round numbers from low to high.

    >>> rounded(0, 48)
    [0, 10, 20, 30, 40]
    """
    step = 10.0 ** math.floor(math.log10((high - low) / 4))
    step *= next(each for each in (1, 2, 2.5, 5, 10) if (high - low) / (step * each) <= 6)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step if step % 1 else int(k * step) for k in range(first, last + 1)]


def _plain(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def curve(axes: Axes, points: Sequence[tuple[float, float]], cls: str) -> Markup:
    """Return a broken line through points."""
    d = "L".join(f"{axes.at_x(x):.1f} {axes.at_y(y):.1f}" for x, y in points)
    return tag("path", d=f"M{d}", cls=cls)


def band(axes: Axes, points: Sequence[tuple[float, float, float]], cls: str) -> Markup:
    """Return the area between a lower and an upper value over x."""
    up = [f"{axes.at_x(x):.1f} {axes.at_y(high):.1f}" for x, _, high in points]
    down = [f"{axes.at_x(x):.1f} {axes.at_y(low):.1f}" for x, low, _ in reversed(points)]
    return tag("path", d=f"M{'L'.join(up + down)}Z", cls=cls, fill_opacity="0.6")


def legend(names: Sequence[tuple[str, str]]) -> Content:
    """Return lines of a class, each with its name, one below the other above the axes."""
    return [
        (line(LEFT, 12 + 18 * k, LEFT + 24, 12 + 18 * k, cls), svg_text(LEFT + 30, 16 + 18 * k, name))
        for k, (cls, name) in enumerate(names)
    ]
