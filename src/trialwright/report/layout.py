"""Sections, tables and lists that every part of the page is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from trialwright.report.figure import Figure, linker
from trialwright.report.markup import Content, Markup, tag

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents

__all__ = ["NOTICE", "banner", "drawn", "facts", "part", "row", "section", "table", "tagged"]

_BROAD = 760.0
"""Figures wider than this may take more of the page than its text."""

NOTICE = "Virtual patients – no real patient took part"


def banner(contents: Contents) -> Markup | None:
    """Return the notice that the patients are virtual; None for a real trial."""
    return tag("div", NOTICE, cls="virtual") if contents.virtual else None


def section(contents: Contents, id: str, title: str, *body: Content, cls: str = "") -> Markup:
    """Return a section of the page under its heading, with the notice."""
    heading = tag("h2", title, id=f"{id}-title", cls="first" if id == "synopsis" else None)
    return tag("section", heading, banner(contents), body, id=id, aria_labelledby=f"{id}-title", cls=cls or None)


def table(
    caption: Content, heads: Sequence[Content], body: Iterable[Markup], *, cls: str = "keep", id: str | None = None
) -> Markup:
    """Return a table in a frame that scrolls sideways on a narrow screen; ``heads`` are cells or whole rows."""
    head = (
        heads if heads and isinstance(heads[0], Markup) and heads[0].startswith("<tr") else tag("tr", map(_head, heads))
    )
    made = tag("table", tag("caption", tag("div", caption)), tag("thead", head), tag("tbody", body), cls=cls, id=id)
    return tag("div", made, cls="scroll", tabindex="0", role="region", aria_label="Table, scrolls sideways")


def _head(text: Content) -> Markup:
    if isinstance(text, Markup) and text.startswith(("<th", "<td")):
        return text
    return tag("th", text, scope="col")


def row(
    name: Content, cells: Iterable[Content], *, labels: Sequence[str] = (), sub: bool = False, id: str | None = None
) -> Markup:
    """Return a row; ``labels`` repeat the column heads beside the values where a narrow screen stacks them."""
    made = list(cells)
    names: Sequence[str | None] = labels or [None] * len(made)
    tds = (
        tag("td", cell, data_label=label, cls=None if labels else "v") for cell, label in zip(made, names, strict=True)
    )
    return tag("tr", tag("th", name, scope="row", cls="sub" if sub else None), tds, id=id)


def part(name: Content, columns: int) -> Markup:
    """Return a row that heads the rows below it."""
    return tag("tr", tag("th", name, colspan=str(columns), scope="rowgroup"), cls="part")


def facts(pairs: Iterable[tuple[Content, Content]]) -> Markup:
    """Return a list of names with what they stand for; pairs without content are left out."""
    return tag("dl", ((tag("dt", name), tag("dd", content)) for name, content in pairs if content), cls="facts")


def drawn(contents: Contents, figure: Figure | None) -> Markup | None:
    """Return a figure below its title, numbers linked; what is drawn for a narrow screen is shown there alone."""
    if figure is None:
        return None
    link = linker(contents)
    title = tag("figcaption", tag("b", figure.title), ". ", figure.description, ".")
    cls = "broad" if figure.width > _BROAD else None
    if figure.narrow is None:
        return tag("figure", title, figure.inline(link), cls=cls)
    return tag(
        "figure", title, figure.inline(link, "figure at-desk"), figure.narrow.inline(link, "figure in-hand"), cls=cls
    )


def tagged(status: str) -> Markup:
    """Return a small label such as "assumed"."""
    return tag("span", status, cls="tagged")
