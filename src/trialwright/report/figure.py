"""A figure: drawn once, shown inside the page and written as a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trialwright.report.markup import Content, Markup, svg_text, tag
from trialwright.report.style import figure_css

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["Figure", "Link", "line", "linker", "plain", "standalone", "wrapped"]

Link = Callable[["Result", str], Content]
"""Turns the text of a number into what is drawn: a link inside the page, plain text in a file."""


@dataclass(frozen=True)
class Figure:
    """Shapes on a canvas, with a title and a description for those who cannot see them."""

    name: str
    """File name without ending."""
    title: str
    description: str
    width: float
    height: float
    shapes: Callable[[Link], Content]
    narrow: Figure | None = None
    """The same drawn for the width of a telephone, where the wide one would be too small to read."""

    def inline(self, link: Link, cls: str = "figure") -> Markup:
        """Return the figure for the page, its numbers made by ``link``."""
        return self._svg(self.shapes(link), cls)

    def _svg(self, content: Content, cls: str = "figure", **more: str) -> Markup:
        head = (tag("title", self.title), tag("desc", self.description))
        box = f"0 0 {self.width:g} {self.height:g}"
        label = f"{self.title}. {self.description}"
        return tag("svg", head, content, cls=cls, viewBox=box, role="group", aria_label=label, **more)


def standalone(figure: Figure, notice: str | None, *, titled: bool = False) -> str:
    """Return the figure as an SVG file; the notice stands below it, and the title above it where ``titled``."""
    above, below = 26 if titled else 0, 0 if notice is None else 22
    taller = replace(figure, height=figure.height + above + below)
    heading = svg_text(8, 20, figure.title, cls="strong") if titled else None
    drawn = tag("g", figure.shapes(plain), transform=f"translate(0 {above})") if titled else figure.shapes(plain)
    note = None if notice is None else svg_text(8, taller.height - 8, notice, cls="soft")
    paper = tag("rect", x="0", y="0", width=figure.width, height=taller.height, cls="paper")
    content = (tag("style", Markup(figure_css())), paper, heading, drawn, note)
    size = {"width": f"{figure.width:g}", "height": f"{taller.height:g}", "xmlns": "http://www.w3.org/2000/svg"}
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{taller._svg(content, **size)}\n'


def plain(row: Result, text: str) -> Content:
    """Return the text alone."""
    return text


def linker(contents: Contents) -> Link:
    """Return what makes the numbers of a figure links to their details."""
    return lambda row, text: tag("a", text, href=f"#{contents.anchors[row.key]}", cls="n")


def line(x1: float, y1: float, x2: float, y2: float, cls: str, **more: str) -> Markup:
    """Return a straight line."""
    return tag("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", cls=cls, **more)


def wrapped(text: str, width: int) -> list[str]:
    """Return the text broken into lines of at most ``width`` characters.

    >>> wrapped("not eligible by a criterion", 14)
    ['not eligible', 'by a criterion']
    """
    import textwrap

    return textwrap.wrap(text, width) or [""]
