"""Tables of simulated trials on the terminal."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["show_designs", "show_numbers"]

WIDTH = 120
"""Of what is printed to a file, which has no width of its own."""
Row = dict[str, Any]
OF_NUMBERS = ("result", "trials", "estimable", "finite", "mean", "mc_error", "q05", "median", "q95")


def show_numbers(rows: list[Row], left_out: int) -> None:
    """Print a line for each number of the plan; above the lines of a point, its values."""
    console, point = _console(), None
    table = _numbers()
    for row in rows:
        values = {name: value for name, value in row.items() if name not in OF_NUMBERS}
        if point is not None and values != point:
            console.print(table)
            table = _numbers()
        if values and values != point:
            say(console, ", ".join(f"{name} {value}" for name, value in values.items()))
        point = values
        estimable = f"{100 * row['estimable'] / row['trials']:.1f}%"
        numbers = (short(row[name]) for name in ("mean", "mc_error", "q05", "median", "q95"))
        table.add_row(row["result"], estimable, *numbers)
    console.print(table)
    say(
        console, f"{rows[0]['trials']:,} trials; times in days; mean and Monte Carlo error over the trials that reached"
    )
    say(console, f"the number (∞: not reached); quantiles over all. {left_out} more numbers with --json or --out.")


def _numbers() -> Table:
    return _table("result", "estimable", "mean", "MC error", "5%", "50%", "95%")


def show_designs(rows: list[Row]) -> None:
    """Print a line for each point with the chances of its trial, and one for each of its looks."""
    console = _console()
    chances = _table("point", "stops above", "stops below", "other tail", "never finished", "duration")
    looks = _table("point, look", "above", "below", "not taken", "time", "5 to 95%", "patients", "events", "HR", "bias")
    for point, row in enumerate(rows, 1):
        values = {name: row[name] for name in takewhile(lambda name: name != "trials", row)}
        words = ", ".join(str(value) if name == "of" else f"{name} {value}" for name, value in values.items())
        names = ("above_any", "below_any", "other_tail", "never_finished")
        chances.add_row(f"{point}: {words}", *(_chance(row, name) for name in names), short(row["duration_mean"]))
        for look in range(1, 1 + sum(name.endswith(" never_reached") for name in row)):
            looks.add_row(f"{point}, {look}", *_look(row, f"look {look} "))
    console.print(chances)
    console.print(looks)
    say(
        console,
        f"{rows[0]['trials']:,} trials of each point; Monte Carlo errors in brackets. Above: z at or beyond the",
    )
    say(
        console,
        "upper bound, in favor of the experimental arm; other tail: beyond its mirror image. HR: geometric mean",
    )
    say(console, "of the Cox estimates; bias: of its logarithm. Times in days of the scenario, in months as planned.")


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
        table.add_column(head, justify="right")
    return table


def _console() -> Console:
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=WIDTH)


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
