"""A figure: drawn once, shown inside the page and written as a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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

    def inline(self, link: Link) -> Markup:
        """Return the figure for the page, its numbers made by ``link``."""
        return self._svg(self.shapes(link))

    def _svg(self, content: Content, **more: str) -> Markup:
        head = (tag("title", self.title), tag("desc", self.description))
        box = f"0 0 {self.width:g} {self.height:g}"
        label = f"{self.title}. {self.description}"
        return tag("svg", head, content, cls="figure", viewBox=box, role="group", aria_label=label, **more)


def standalone(figure: Figure, notice: str | None) -> str:
    """Return the figure as an SVG file; the notice stands below it."""
    extra = 0 if notice is None else 22
    note = None if notice is None else svg_text(8, figure.height + 14, notice, cls="soft")
    taller = Figure(figure.name, figure.title, figure.description, figure.width, figure.height + extra, figure.shapes)
    paper = tag("rect", x="0", y="0", width=figure.width, height=taller.height, cls="paper")
    content = (tag("style", Markup(figure_css())), paper, figure.shapes(plain), note)
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
