"""Adverse events as paired bars: any grade pale, grade 3 or higher solid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.figure import Figure, Link, line
from trialwright.report.markup import Content, svg_text, tag

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["harms_figure"]

_BAR, _GAP, _LINE = 13.0, 9.0, 20.0
_MOST = 20
_GRADES = "grade 3 or higher (solid), any grade (solid and pale)"

Term = tuple[str, list[tuple["Result | None", "Result | None"]]]


@dataclass(frozen=True)
class _Canvas:
    """Where the bars lie: beside the names of the terms, or below them on a narrow canvas."""

    width: float
    left: float
    right: float
    above: bool

    def x(self, share: float) -> float:
        return self.left + (self.width - self.left - self.right) * share


_WIDE, _NARROW = _Canvas(720.0, 210.0, 64.0, above=False), _Canvas(380.0, 10.0, 58.0, above=True)


def harms_figure(contents: Contents, cut: str, endpoint: str, population: str, terms: Sequence[str]) -> Figure | None:
    """Return the bars of the most frequent terms, in the order given; None when there are none."""
    found = [_term(contents, cut, endpoint, population, term) for term in terms[:_MOST]]
    if not found:
        return None
    wide = Figure(
        f"{endpoint}-{cut}".lower(),
        f"{contents.endpoint_label(endpoint)}, {contents.cut_label(cut)}",
        f"Share of patients with each of the {len(found)} most frequent terms; pale any grade, solid grade 3 or higher",
        *_drawing(contents, found, _WIDE),
    )
    width, height, shapes = _drawing(contents, found, _NARROW)
    return replace(wide, narrow=replace(wide, width=width, height=height, shapes=shapes))


def _drawing(
    contents: Contents, found: Sequence[Term], canvas: _Canvas
) -> tuple[float, float, Callable[[Link], Content]]:
    named = _LINE - 4 if canvas.above else 0.0
    each = len(contents.arms) * _BAR + _GAP + named
    top = _LINE + _LINE * len(contents.arms) * (2 if canvas.above else 1)
    bottom = top + each * len(found)
    return (
        canvas.width,
        bottom + 44,
        lambda link: (
            _axis(canvas, top, bottom),
            _names(contents, canvas),
            [_bars(term, canvas, top + 5 + named + each * i, link) for i, term in enumerate(found)],
        ),
    )


def _term(contents: Contents, cut: str, endpoint: str, population: str, term: str) -> Term:
    def row(statistic: str, arm: str) -> Result | None:
        return contents.first(cut, endpoint, statistic, population=population, group=arm, item=term)

    return term, [(row("any grade", arm), row("grade 3 or higher", arm)) for arm in contents.arms]


def _axis(canvas: _Canvas, top: float, bottom: float) -> Content:
    ticks = [(canvas.x(k / 4), str(25 * k)) for k in range(5)]
    title = svg_text(canvas.x(0.5), bottom + 36, "Patients (%)", text_anchor="middle")
    return [
        (line(x, top, x, bottom, "grid"), svg_text(x, bottom + 17, text, text_anchor="middle")) for x, text in ticks
    ], title


def _names(contents: Contents, canvas: _Canvas) -> Iterator[Content]:
    grades = "grade 3 or higher (solid), any grade (all)" if canvas.above else _GRADES
    for i, arm in enumerate(contents.arms):
        y = 18.0 + _LINE * i * (2 if canvas.above else 1)
        yield tag("rect", x="8", y=f"{y - 11:.1f}", width="16", height="12", cls=f"fill{i % 4}")
        yield tag("rect", x="24", y=f"{y - 11:.1f}", width="16", height="12", cls=f"pale{i % 4}")
        name = contents.group_label(arm)
        texts = [f"{name}:", grades] if canvas.above else [f"{name}: {grades}"]
        yield [svg_text(48, y + _LINE * k * 0.9, text) for k, text in enumerate(texts)]


def _bars(term: Term, canvas: _Canvas, y: float, link: Link) -> Iterator[Content]:
    name, rows = term
    if canvas.above:
        yield svg_text(canvas.left, y - 4, name)
    else:
        yield svg_text(canvas.left - 8, y + len(rows) * _BAR / 2 + 4, name, text_anchor="end")
    for i, (anything, severe) in enumerate(rows):
        yield _bar(canvas, anything, y + i * _BAR, f"pale{i % 4}")
        yield _bar(canvas, severe, y + i * _BAR, f"fill{i % 4}")
        if anything is not None and anything.value is not None:
            text = link(anything, printed.percent(anything.value))
            yield svg_text(canvas.x(anything.value) + 5, y + i * _BAR + 10, text, font_size="12")


def _bar(canvas: _Canvas, row: Result | None, y: float, cls: str) -> Content:
    if row is None or not row.value:
        return None
    width, height = f"{canvas.x(row.value) - canvas.left:.1f}", f"{_BAR - 2:.1f}"
    return tag("rect", x=f"{canvas.left:.1f}", y=f"{y:.1f}", width=width, height=height, cls=cls)
