"""The way back from a number: a link on each, and the appendix it leads to.

Numbers counted from the same subjects stand together under the list of these subjects, so that one click shows the
method, the population, the conventions and the patients, and each list is written once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.markup import Content, Markup, join, tag

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["every_number", "linked", "number", "subjects_word"]

_HEADS = ("As printed", "Exact", "n", "Events", "Population", "Method", "Conventions", "Counted from")
_LINK = re.compile(r'href="#(n\d+)"')


def number(contents: Contents, row: Result, text: Content = None) -> Markup:
    """Return a result as text that links to its details."""
    shown = printed.estimate(row) if text is None else text
    return tag("a", shown, cls="n", href=f"#{contents.anchors[row.key]}")


def linked(body: str) -> frozenset[str]:
    """Return the anchors of all numbers a piece of page links to."""
    return frozenset(_LINK.findall(body))


def subjects_word(contents: Contents) -> str:
    """Return what the people are called: virtual ones never without the word."""
    return "virtual subjects" if contents.virtual else "subjects"


def every_number(contents: Contents, body: str) -> Markup:
    """Return the details of each number shown in ``body``, grouped by the subjects it was counted from."""
    wanted = linked(body)
    rows = [row for row in contents.results if contents.anchors[row.key] in wanted]
    groups: dict[tuple[str, ...], list[Result]] = {}
    for row in rows:
        groups.setdefault(contents.results.subjects.get(row.subjects, ()), []).append(row)
    return join(_group(contents, index, ids, found) for index, (ids, found) in enumerate(groups.items()))


def _group(contents: Contents, index: int, ids: tuple[str, ...], rows: list[Result]) -> Markup:
    return tag(
        "section",
        tag(
            "div", _who(contents, ids, rows), cls="who", tabindex="0", role="region", aria_label="Contributing subjects"
        ),
        tag("div", _table(contents, rows), cls="scroll"),
        cls="set",
        id=f"s{index}",
    )


def _who(contents: Contents, ids: tuple[str, ...], rows: list[Result]) -> Markup:
    if not ids:
        return tag("h3", "No list of subjects: these numbers are not counted from single subjects, or are zero")
    names = sorted({row.subjects for row in rows})
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    title = f"{len(ids)} {subjects_word(contents)}: {', '.join(names[:3])}{more}"
    return join(tag("h3", title), tag("p", " ".join(ids), cls="ids"))


def _table(contents: Contents, rows: Iterable[Result]) -> Markup:
    head = tag("tr", (tag("th", text, scope="col") for text in ("Number", *_HEADS)))
    body = [_row(contents, row) for row in rows]
    return tag("table", tag("thead", head), tag("tbody", body), cls="every")


def _row(contents: Contents, row: Result) -> Markup:
    what = " · ".join(_parts(contents, row))
    level = "" if row.level is None else f" ({100 * row.level:g}% limits)"
    shown = printed.estimate(row) + (f" ({printed.interval(row)})" if printed.interval(row) else "")
    cells = (
        f"{shown}{level}",
        _digits(row),
        printed.exact(row.n),
        printed.exact(row.events),
        contents.population_label(row.population),
        _method(contents, row),
        row.conventions,
        row.source,
    )
    head = tag("th", what, scope="row")
    tds = (tag("td", cell or None, data_label=label) for label, cell in zip(_HEADS, cells, strict=True))
    return tag("tr", head, tds, id=contents.anchors[row.key])


def _parts(contents: Contents, row: Result) -> list[str]:
    landmark = [] if row.at is None else [f"at {printed.exact(row.at)} days"]
    item = [] if row.item is None else [row.item]
    names = [contents.endpoint_label(row.endpoint), row.statistic, *item, *landmark]
    return [*names, contents.group_label(row.group), contents.cut_label(row.cut)]


def _digits(row: Result) -> str:
    if row.value is None:
        return row.problem or ""
    limits = (
        "" if row.lower is None and row.upper is None else f" [{printed.exact(row.lower)}; {printed.exact(row.upper)}]"
    )
    return f"{printed.exact(row.value)}{limits} {row.unit}".rstrip()


def _method(contents: Contents, row: Result) -> Content:
    if not row.method:
        return "counted"
    return tag("a", contents.results.methods[row.method].title, href=f"#m-{row.method}")
