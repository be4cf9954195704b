"""Tables of simulated trials on the terminal."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Column, Table

__all__ = ["say", "screen", "show_designs", "show_numbers", "show_table"]

WIDTH = 120
"""Of what is printed to a file, which has no width of its own."""
LEAST = 60
"""A screen narrower than this gets lines longer than itself."""
LABEL = 24
"""The first column of a table keeps as many characters a line; what is longer goes on in the next line."""
Row = dict[str, Any]
OF_NUMBERS = ("result", "trials", "estimable", "finite", "mean", "mc_error", "q05", "median", "q95")


def show_numbers(rows: list[Row], left_out: int) -> None:
    """Print a line for each number of the plan; above the lines of a point, its values."""
    console, point = screen(), None
    table = _numbers()
    for row in rows:
        values = {name: value for name, value in row.items() if name not in OF_NUMBERS}
        if point is not None and values != point:
            show_table(console, table)
            table = _numbers()
        if values and values != point:
            say(console, ", ".join(f"{name} {value}" for name, value in values.items()))
        point = values
        estimable = f"{100 * row['estimable'] / row['trials']:.1f}%"
        numbers = (short(row[name]) for name in ("mean", "mc_error", "q05", "median", "q95"))
        table.add_row(row["result"], estimable, *numbers)
    show_table(console, table)
    say(
        console, f"{rows[0]['trials']:,} trials; times in days; mean and Monte Carlo error over the trials that reached"
    )
    say(console, f"the number (∞: not reached); quantiles over all. {left_out} more numbers with --json or --out.")


def _numbers() -> Table:
    return _table("result", "estimable", "mean", "MC error", "5%", "50%", "95%")


def show_designs(rows: list[Row]) -> None:
    """Print what each point is; then a line for each with the chances of its trial, and one for each of its looks."""
    console = screen()
    chances = _table("point", "stops above", "stops below", "other tail", "never finished", "duration")
    looks = _table("point, look", "above", "below", "not taken", "time", "5 to 95%", "patients", "events", "HR", "bias")
    for point, row in enumerate(rows, 1):
        values = {name: row[name] for name in takewhile(lambda name: name != "trials", row)}
        words = ", ".join(str(value) if name == "of" else f"{name} {value}" for name, value in values.items())
        names = ("above_any", "below_any", "other_tail", "never_finished")
        say(console, f"{point}: {words}")
        chances.add_row(f"{point}", *(_chance(row, name) for name in names), short(row["duration_mean"]))
        for look in range(1, 1 + sum(name.endswith(" never_reached") for name in row)):
            looks.add_row(f"{point}, {look}", *_look(row, f"look {look} "))
    show_table(console, chances)
    show_table(console, looks)
    say(
        console,
        f"{rows[0]['trials']:,} trials of each point; Monte Carlo errors in brackets. Above: z at or beyond the",
    )
    say(
        console,
        "upper bound, in favor of the experimental arm; other tail: beyond its mirror image. HR: geometric mean",
    )
    say(console, "of the Cox estimates; bias: of its logarithm. Times in days of the scenario, in months as planned.")
    say(
        console,
        "Time, patients, events, HR and bias are averaged over the trials that took the look, whether or not an",
    )
    say(console, "earlier look would have stopped them; HR and bias over those of them with a finite estimate.")


def _look(row: Row, look: str) -> Iterator[str]:
    yield from (_chance(row, look + name) for name in ("above", "below", "never_reached"))
    middle, low, high = (short(row[f"{look}time_{name}"]) for name in ("mean", "q05", "q95"))
    yield middle
    yield f"{low} to {high}"
    yield short(row[f"{look}enrolled_mean"])
    yield short(row[f"{look}events_mean"])
    yield short(math.exp(row[f"{look}log_hazard_ratio_mean"]))
    bias = row[f"{look}bias"]
    yield "–" if bias is None else f"{bias:+.4f} ({row[f'{look}log_hazard_ratio_mc_error']:.4f})"


def _chance(row: Row, name: str) -> str:
    return f"{row[name]:.4f} ({row[f'{name}_mc_error']:.4f})"


def _table(first: str, *rest: str) -> Table:
    from rich.table import Table

    table = Table(pad_edge=False)
    table.add_column(first, overflow="fold")
    for head in rest:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def screen() -> Console:
    """Return the terminal, or where there is none a page of its own width."""
    from rich.console import Console

    return Console(width=max(Console().width, LEAST)) if sys.stdout.isatty() else Console(width=WIDTH)


def show_table(console: Console, table: Table) -> None:
    """Print a table of numbers, in blocks of columns below each other where the screen is too narrow for all.

    The label is repeated in each block. A number is never cut: rich would drop its digits without a word.

    >>> from rich.console import Console
    >>> from rich.table import Table
    >>> table = Table("of", "power", "type I", box=None, pad_edge=False)
    >>> table.add_row("A", "80.88 (0.39)", "2.74 (0.16)")
    >>> show_table(Console(width=20), table)  # doctest: +NORMALIZE_WHITESPACE
    of power
    A  80.88 (0.39)
    of type I
    A  2.74 (0.16)
    """
    label, *rest = table.columns
    if _width(console, _part(table, label, *rest)) <= console.width:
        console.print(_part(table, label, *rest))
        return
    block: list[Column] = []
    for column in rest:
        if block and _width(console, _part(table, label, *block, column)) > console.width:
            console.print(_part(table, label, *block))
            block = []
        block.append(column)
    console.print(_part(table, label, *block))


def _part(table: Table, *columns: Column) -> Table:
    """Return the table with some of its columns only."""
    from rich.table import Table

    part = Table(*(column.copy() for column in columns), box=table.box, pad_edge=table.pad_edge)
    for row in zip(*(column.cells for column in columns), strict=True):
        part.add_row(*row)
    return part


def _width(console: Console, table: Table) -> int:
    """Return the characters a line needs, the label folded as far as it may be."""
    from rich.measure import Measurement

    table.columns[0].max_width = LABEL
    return Measurement.get(console, console.options.update(max_width=10_000), table).maximum


def say(console: Console, text: str) -> None:
    """Print a line as it is."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def short(value: float) -> str:
    """Return a number to four significant digits.

    >>> short(0.123456), short(math.inf), short(math.nan)
    ('0.1235', '∞', 'NE')
    """
    if math.isnan(value):
        return "NE"
    return ("∞" if value > 0 else "−∞") if math.isinf(value) else f"{value:.4g}"
