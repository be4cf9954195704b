"""Published beside rehearsed, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trialwright.report import format as printed
from trialwright.report.published import place_text, printed_claim, replay_text, unit_text

if TYPE_CHECKING:
    from rich.table import Table

    from trialwright.report.inputs import Compared

__all__ = ["published_table"]


def published_table(
    comparison: Sequence[Compared], *, title: str = "Published beside rehearsed (virtual patients)"
) -> Table:
    """Return the comparison as a rich table: one row for each claim.

    "Place" is the share of replays below the published value.
    """
    from rich.table import Table

    table = Table(title=title, title_justify="left", pad_edge=False)
    for name in ("Figure", "Cut"):
        table.add_column(name, overflow="fold")
    for name in ("Published", "Rehearsed", "Replays: mean (5% to 95%)", "Place"):
        table.add_column(name, justify="right")
    for c in comparison:
        found = "not estimable" if c.found is None else printed.amount(c.found, c.decimals) + unit_text(c.unit)
        table.add_row(c.label, c.cut, printed_claim(c), found, replay_text(c), place_text(c))
    return table
