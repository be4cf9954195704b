"""Published beside rehearsed, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trialwright.report.published import place_text, published_text, replay_text, shown_text

if TYPE_CHECKING:
    from rich.table import Table

    from trialwright.evidence import Compared

__all__ = ["published_table"]


def published_table(
    comparison: Sequence[Compared], *, title: str = "Published beside rehearsed (virtual patients)"
) -> Table:
    """Return the comparison as a rich table: one row for each claim.

    "Below" is the share of replays below the published value.
    """
    from rich.table import Table

    table = Table(title=title, title_justify="left", pad_edge=False)
    for name in ("Figure", "Cut"):
        table.add_column(name, overflow="fold")
    for name in ("Published", "Rehearsed", "Replays: mean, of P median (5% to 95%)", "Below"):
        table.add_column(name, justify="right")
    for c in comparison:
        table.add_row(c.claim.label, c.claim.cut, published_text(c), shown_text(c), replay_text(c), place_text(c))
    return table
