"""The operating-characteristics card, and what the linter finds, on the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialwright.cli.simulate_tables import say, screen, show_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from trialwright.simulate import Card, CardRow, Lint, Share, Spread

__all__ = ["show_card", "show_lint"]

GROUPS = {
    "planned": "As planned",
    "allocation": "Allocation",
    "scans": "Events seen at scans",
    "strata": "Strata, the test stratified or not",
    "hazards": "Effect that begins late",
}


def show_card(card: Card) -> None:
    """Print the card; on a narrow screen its tables stand in blocks, every number whole."""
    console = screen()
    _promise(console, card)
    _formulas(console, card)
    _rows(console, card)
    _looks(console, card)
    show_lint(card.lint)


def _promise(console: Console, card: Card) -> None:
    promised = _table(f"{card.acronym}: what the protocol promises", "", "status", left=True)
    for each in card.promise:
        promised.add_row(each.name, each.text, each.status)
    console.print(promised)
    supposed = _table("What is supposed of the trial as planned", "", "status", "why", left=True)
    for known in card.suppositions.known:
        unit = "%" if known.name == "dropout" else f" {known.unit}"
        value = 100 * known.value if known.name == "dropout" else known.value
        supposed.add_row(known.name, f"{value:g}{unit}", known.status, known.why or "")
    console.print(supposed)
    stated = "stated" if card.events_stated else "Schoenfeld's, none being stated"
    say(console, f"Analysis at {card.events} events ({stated}), z at or beyond {card.bound:.4f}.\n")


def _formulas(console: Console, card: Card) -> None:
    table = _table("formula", "events", "patients", "promises", "simulated power", "type I, experimental", "control")
    for row in card.formulas:
        events = "–" if row.events is None else f"{row.events:.2f}"
        patients = "–" if row.patients is None else f"{row.patients:.1f}"
        rates = (_share(row.power), _share(row.upper), _share(row.lower))
        table.add_row(row.formula, events, patients, f"{100 * card.stated_power:g}%", *rates)
    show_table(console, table)
    say(console, f"Simulated with the events rounded up, {card.formula_trials:,} trials each; percent, Monte Carlo")
    say(console, "errors in brackets. Type I: the error towards the experimental, and towards the control arm.")
    for row in card.formulas:
        if row.problem:
            say(console, f"  {row.formula}: {row.problem}")
    say(console, "")


def _rows(console: Console, card: Card) -> None:
    rates = _table(f"At {card.events} events", "power", "type I, exp.", "control", "critical value", "power then")
    times = _table(f"Time of {card.events} events", "month", "5%", "50%", "95%", "enrolled", "trials")
    group = None
    for row in card.rows:
        if row.group != group:
            group = row.group
            rates.add_row(f"[bold]{GROUPS[row.group]}[/bold]")
            times.add_row(f"[bold]{GROUPS[row.group]}[/bold]")
        rates.add_row(f"  {row.label}", *_rates(row))
        times.add_row(f"  {row.label}", *_times(row))
    show_table(console, rates)
    say(
        console,
        f"Critical value: z that would hold {100 * card.level:g}% towards the experimental arm; the power then.\n",
    )
    show_table(console, times)
    say(console, "Months from the first entry: mean and quantiles; enrolled: patients in by then, on average.")
    for row in card.rows:
        if row.unreached.value > 0:
            never = f"{_share(row.unreached)}% never reach {card.events} events and count as no success"
            say(console, f"  {row.label}: {never}")
    say(console, "")


def _rates(row: CardRow) -> Iterator[str]:
    made = row.calibration
    yield from (_share(row.power), _share(row.upper), _share(row.lower))
    yield f"{made.bound:.3f} ({made.se:.3f})" if made else "–"
    yield _share(made.power) if made else "–"


def _times(row: CardRow) -> Iterator[str]:
    low, _, middle, _, high = row.month.quantiles
    yield from ("never" if math.isnan(month) else f"{month:.1f}" for month in (row.month.mean, low, middle, high))
    yield f"{row.enrolled.mean:.0f}"
    yield f"{row.trials:,}"


def _looks(console: Console, card: Card) -> None:
    if card.no_looks:
        say(console, f"The scenario's trial is not shown: {card.no_looks}.\n")
        return
    heads = ("bound", "power", "type I, exp.", "control", "not reached", "month", "enrolled", "events")
    table = _table("The scenario's own trial", *heads)
    for look in card.looks:
        rates = map(_share, (look.power, look.upper, look.lower, look.unreached))
        where = (_spread(look.month), f"{look.enrolled.mean:.0f}", f"{look.events.mean:.0f}")
        table.add_row(look.label, f"{look.bound:.3f}", *rates, *where)
    show_table(console, table)
    if card.any_look is not None and len(card.looks) > 1:
        say(console, f"Type I error of all looks together, towards the experimental arm: {_share(card.any_look)}%;")
        say(console, f"{card.looks[0].trials:,} trials.")
    say(console, "")


def show_lint(found: Lint) -> None:
    """Print findings, and the rules that could not be asked."""
    console = screen()
    for each in found.findings:
        say(console, f"{each.grade}: {each.what} [{each.rule}]")
        say(console, f"  {each.figure}")
        say(console, f"  {each.remedy}")
    for title, lacking in found.unanswered:
        say(console, f"not asked: {title}; it needs {lacking}")
    if not found.findings:
        say(console, "The design linter finds nothing.")


def _share(share: Share | None) -> str:
    return "–" if share is None else f"{100 * share.value:.2f} ({100 * share.se:.2f})"


def _spread(spread: Spread) -> str:
    if not math.isfinite(spread.mean):
        return "never"
    return f"{spread.mean:.1f} ({spread.quantiles[0]:.1f} to {spread.quantiles[-1]:.1f})"


def _table(first: str, *rest: str, left: bool = False) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(pad_edge=False, box=SIMPLE_HEAD)
    table.add_column(first, overflow="fold")
    for head in rest:
        table.add_column(head, justify="left" if left else "right", overflow="fold", no_wrap=not left)
    return table
