"""Times to event and response: curves, effect tables, best responses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from trialwright.report import format as printed
from trialwright.report.curves import curve_figure
from trialwright.report.figure import Figure
from trialwright.report.grid import ItemGrid, with_limits
from trialwright.report.layout import drawn, part, section
from trialwright.report.markup import Markup, tag
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
    # One table a cut: with all cuts side by side the last comparison would lie beyond the edge of a screen.
    items = _planned(contents, "time to event")
    tables = [_effect(ItemGrid(contents, item, (cut,))) for item in items for cut in contents.cuts]
    pictures = [drawn(contents, figure) for figure in figures]
    return section(contents, "effects", "Times to event", pictures, tag("div", tables, cls="wide"))


def _effect(grid: ItemGrid) -> Markup:
    ci = _ci(grid.contents)
    rows = [
        grid.row("Patients", "events", lambda r: printed.exact(r.n)),
        grid.row("Events", "events"),
        grid.row("Censored", "censored"),
        *(grid.row(why, "censoring reason", sub=True, item=why) for why in grid.seen("censoring reason", "item")),
        grid.row(f"Median, months {ci}", "median", with_limits),
        *(grid.row(_landmark(at, ci), "rate", with_limits, at=at) for at in sorted(grid.seen("rate", "at"))),
        grid.row(f"Hazard ratio {ci}", "hazard ratio", with_limits),
        grid.row("Log-rank P, two-sided", "log-rank P"),
        None if _among(grid) else grid.row(f"Median follow-up, months {ci}", "follow-up", with_limits),
        *(_supporting(grid, name, statistic, ci) for statistic, name in SUPPORTING.items()),
    ]
    return grid.table(rows, _among(grid) + _conventions(grid))


SUPPORTING = {
    "unstratified hazard ratio": "Hazard ratio, unstratified {ci}",
    "unstratified log-rank P": "Log-rank P, unstratified",
    "restricted mean difference": "Difference of restricted means to {months:.0f} months, months {ci}",
    "restricted mean P": "Restricted means P",
    "MaxCombo P": "MaxCombo P",
    "proportional hazards P": "Proportional hazards P",
    "interval-censored hazard ratio": "Hazard ratio, events between scans {ci}",
    "interval-censored score P": "Score P, events between scans",
    "re-randomization P": "Re-randomization P",
}
"""Analyses beside the planned comparison: statistic and heading."""


def _supporting(grid: ItemGrid, name: str, statistic: str, ci: str) -> Markup | None:
    days = grid.seen(statistic, "at")
    heading = name.format(ci=ci, months=months(days[0]) if days else 0)
    return grid.row(heading, statistic, with_limits)


def _among(grid: ItemGrid) -> str:
    endpoint = grid.contents.protocol.endpoint(grid.item.endpoint)
    return (
        "Responders only: follow-up of so few says little and is left out. "
        if endpoint.kind == "time to event" and endpoint.among == "responders"
        else ""
    )


def _ci(contents: Contents) -> str:
    return f"({100 * contents.protocol.analysis.confidence_level:g}% CI)"


def _landmark(day: float, ci: str) -> str:
    return f"Free of the event at {months(day):.0f} months {ci}"


def _conventions(grid: ItemGrid) -> str:
    notes = [note for name in ("median", "hazard ratio") for note in grid.seen(name, "conventions") if note]
    return "; ".join(dict.fromkeys(_in_words(grid.contents, note) for note in notes))


def _in_words(contents: Contents, note: str) -> str:
    """Return a convention with strata and rules in words instead of their names in a file.

    ``site=a|age=old`` names a stratum by its levels.
    """
    factors = "|".join(re.escape(factor.id) for factor in contents.protocol.randomization.strata)
    levels = re.sub(rf"\b(?:{factors})=([^|,;]+)", lambda found: found[1].replace("_", " "), note) if factors else note
    levels = re.sub(r"(?<=\S)\|(?=\S)", " and ", levels)
    return re.sub(r"\bties: (efron|breslow)\b", lambda found: f"ties: {found[1].capitalize()}", levels)


def response(contents: Contents) -> Markup:
    """Return best responses and the rates of the response endpoints."""
    grids = [ItemGrid(contents, item) for item in _planned(contents, "response")]
    first = {_best(grid): grid for grid in reversed(grids)}
    tables = [_response(grid, best=first[_best(grid)] is grid) for grid in grids]
    return section(contents, "response", "Response", tables, cls="wide")


def _best(grid: ItemGrid) -> tuple[object, ...]:
    """Best responses differ between endpoints by their rules only; equal ones stand in the first table alone."""
    here = (grid.item.endpoint, grid.item.population, "best response")
    found = (r for r in grid.contents.results if (r.endpoint, r.population, r.statistic) == here)
    return (grid.item.population, *((r.cut, r.group, r.item, r.value) for r in found))


def _response(grid: ItemGrid, *, best: bool) -> Markup:
    ci = _ci(grid.contents)
    names = grid.seen("best response", "item") if best else []
    rows = [
        grid.row("Patients", "rate", lambda r: printed.exact(r.n)),
        grid.row("Successes", "rate", printed.count_and_share),
        grid.row(f"{ci[1:-1]} of the share, %", "rate", printed.interval),
        grid.row(f"Difference {ci}", "difference", with_limits),
        grid.row("P of the difference", "difference P"),
        part("Best overall response", len(grid.columns) + 1) if names else None,
        *(grid.row(name, "best response", sub=True, item=name) for name in names),
    ]
    return grid.table(rows, "; ".join(grid.seen("rate", "conventions")))
