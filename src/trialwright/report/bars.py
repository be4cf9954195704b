"""Adverse events as paired bars: any grade pale, grade 3 or higher solid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.figure import Figure, Link, line
from trialwright.report.markup import Content, svg_text, tag

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents
    from trialwright.results import Result

__all__ = ["harms_figure"]

_WIDTH, _LEFT, _RIGHT = 640.0, 190.0, 64.0
_BAR, _GAP = 13.0, 9.0
_MOST = 20

Term = tuple[str, list[tuple["Result | None", "Result | None"]]]


def harms_figure(contents: Contents, cut: str, endpoint: str, population: str, terms: Sequence[str]) -> Figure | None:
    """Return the bars of the most frequent terms, in the order given; None when there are none."""
    found = [_term(contents, cut, endpoint, population, term) for term in terms[:_MOST]]
    if not found:
        return None
    each = len(contents.arms) * _BAR + _GAP
    top = 20.0 + 20 * len(contents.arms)
    return Figure(
        f"{endpoint}-{cut}".lower(),
        f"{contents.endpoint_label(endpoint)}, {contents.cut_label(cut)}",
        f"Share of patients with each of the {len(found)} most frequent terms; pale any grade, solid grade 3 or higher",
        _WIDTH,
        top + each * len(found) + 44,
        lambda link: (
            _axis(top, top + each * len(found)),
            _names(contents),
            [_bars(term, top + 5 + each * i, link) for i, term in enumerate(found)],
        ),
    )


def _term(contents: Contents, cut: str, endpoint: str, population: str, term: str) -> Term:
    def row(statistic: str, arm: str) -> Result | None:
        return contents.first(cut, endpoint, statistic, population=population, group=arm, item=term)

    return term, [(row("any grade", arm), row("grade 3 or higher", arm)) for arm in contents.arms]


def _x(share: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share


def _axis(top: float, bottom: float) -> Content:
    ticks = [(_x(k / 4), str(25 * k)) for k in range(5)]
    title = svg_text(_x(0.5), bottom + 36, "Patients (%)", text_anchor="middle")
    return [
        (line(x, top, x, bottom, "grid"), svg_text(x, bottom + 17, text, text_anchor="middle")) for x, text in ticks
    ], title


def _names(contents: Contents) -> Iterator[Content]:
    for i, arm in enumerate(contents.arms):
        y = 18.0 + 20 * i
        yield tag("rect", x="8", y=f"{y - 11:.1f}", width="16", height="12", cls=f"fill{i % 4}")
        yield tag("rect", x="24", y=f"{y - 11:.1f}", width="16", height="12", cls=f"pale{i % 4}")
        yield svg_text(48, y, f"{contents.group_label(arm)}: grade 3 or higher (solid), any grade (solid and pale)")


def _bars(term: Term, y: float, link: Link) -> Iterator[Content]:
    name, rows = term
    yield svg_text(_LEFT - 8, y + len(rows) * _BAR / 2 + 4, name, text_anchor="end")
    for i, (anything, severe) in enumerate(rows):
        yield _bar(anything, y + i * _BAR, f"pale{i % 4}")
        yield _bar(severe, y + i * _BAR, f"fill{i % 4}")
        if anything is not None and anything.value is not None:
            text = link(anything, printed.percent(anything.value))
            yield svg_text(_x(anything.value) + 5, y + i * _BAR + 10, text, font_size="11")


def _bar(row: Result | None, y: float, cls: str) -> Content:
    if row is None or not row.value:
        return None
    return tag(
        "rect", x=f"{_LEFT:.1f}", y=f"{y:.1f}", width=f"{_x(row.value) - _LEFT:.1f}", height=f"{_BAR - 2:.1f}", cls=cls
    )
