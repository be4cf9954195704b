"""Times to event and response: curves, effect tables, best responses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from trialwright.report import format as printed
from trialwright.report.curves import curve_figure
from trialwright.report.figure import Figure
from trialwright.report.grid import ItemGrid, with_limits
from trialwright.report.layout import drawn, part, row, section
from trialwright.report.markup import Markup
from trialwright.stats import months

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisItem
    from trialwright.report.inputs import Contents

__all__ = ["curves", "effects", "response"]


def _planned(contents: Contents, kind: Literal["time to event", "response"]) -> list[AnalysisItem]:
    items = contents.protocol.analysis.items
    return [item for item in items if contents.protocol.endpoint(item.endpoint).kind == kind]


def curves(contents: Contents) -> list[Figure]:
    """Return the curves of primary endpoints at every cut, and of overall survival at the last."""
    figures = [
        curve_figure(contents, cut, item.endpoint, item.population)
        for item in _planned(contents, "time to event")
        for cut in _drawn_at(contents, item)
    ]
    return [figure for figure in figures if figure is not None]


def _drawn_at(contents: Contents, item: AnalysisItem) -> tuple[str, ...]:
    endpoint = contents.protocol.endpoint(item.endpoint)
    if endpoint.level == "primary":
        return contents.cuts
    survival = endpoint.kind == "time to event" and endpoint.events == ("death",)
    return (contents.last_cut,) if survival else ()


def effects(contents: Contents, figures: Sequence[Figure]) -> Markup:
    """Return curves and effect tables of all times to event."""
    tables = [_effect(ItemGrid(contents, item)) for item in _planned(contents, "time to event")]
    return section(contents, "effects", "Times to event", [drawn(contents, figure) for figure in figures], tables)


def _effect(grid: ItemGrid) -> Markup:
    ci = _ci(grid.contents)
    rows = [
        row("Patients", grid.cells("events", lambda r: printed.exact(r.n))),
        row("Events", grid.cells("events")),
        row("Censored", grid.cells("censored")),
        *(
            row(why, grid.cells("censoring reason", item=why), sub=True)
            for why in grid.seen("censoring reason", "item")
        ),
        row(f"Median, months {ci}", grid.cells("median", with_limits)),
        *(row(_landmark(at, ci), grid.cells("rate", with_limits, at=at)) for at in sorted(grid.seen("rate", "at"))),
        row(f"Hazard ratio {ci}", grid.cells("hazard ratio", with_limits)),
        row("Log-rank P, two-sided", grid.cells("log-rank P")),
        row(f"Median follow-up, months {ci}", grid.cells("follow-up", with_limits)),
    ]
    return grid.table(rows, _conventions(grid))


def _ci(contents: Contents) -> str:
    return f"({100 * contents.protocol.analysis.confidence_level:g}% CI)"


def _landmark(day: float, ci: str) -> str:
    return f"Free of the event at {months(day):.0f} months {ci}"


def _conventions(grid: ItemGrid) -> str:
    notes = [note for name in ("median", "hazard ratio") for note in grid.seen(name, "conventions") if note]
    return "; ".join(dict.fromkeys(notes))


def response(contents: Contents) -> Markup:
    """Return best responses and the rates of the response endpoints."""
    items = _planned(contents, "response")
    first = {item.population: item for item in reversed(items)}
    tables = [_response(ItemGrid(contents, item), best=first[item.population] is item) for item in items]
    return section(contents, "response", "Response", tables)


def _response(grid: ItemGrid, *, best: bool) -> Markup:
    """Best responses are the same for every endpoint, so they stand in the first table of a population."""
    ci = _ci(grid.contents)
    names = grid.seen("best response", "item") if best else []
    rows = [
        row("Patients", grid.cells("rate", lambda r: printed.exact(r.n))),
        row("Successes", grid.cells("rate", printed.count_and_share)),
        row(f"{ci[1:-1]} of the share, %", grid.cells("rate", printed.interval)),
        row(f"Difference {ci}", grid.cells("difference", with_limits)),
        row("P of the difference", grid.cells("difference P")),
        *([part("Best overall response", len(grid.columns) + 1)] if names else []),
        *(row(name, grid.cells("best response", item=name), sub=True) for name in names),
    ]
    return grid.table(rows)
