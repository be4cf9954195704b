"""A trial as published beside many simulated ones: where each printed figure lies among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trialwright.report.evidence_claims import to_claim
from trialwright.report.layout import NOTICE, row, table, tagged
from trialwright.report.markup import Content, Markup, join, tag
from trialwright.report.published import place_text, replay_text
from trialwright.report.strip import strip

if TYPE_CHECKING:
    from trialwright.evidence import Compared
    from trialwright.report.evidence_page import EvidenceContents

__all__ = ["replayed"]

_LABELS = ("Published", "Simulated: mean (5% to 95%)", "Place", "Simulated below")


def replayed(contents: EvidenceContents) -> Content:
    """Return a table for each trial that has a protocol and a scenario."""
    if not contents.replays:
        return tag("p", "No trial of this question ships with a protocol and a scenario, or none was asked for.")
    lead = (
        f"Each trial was simulated {contents.replay_count:,} times from its protocol and a scenario calibrated to some "
        "of its published figures. A figure outside the middle nine tenths cannot easily come from such a trial; that "
        "is a statement about the scenario too."
    )
    tables = (_table(trial, rows) for trial, rows in contents.replays.items())
    return join(tag("p", NOTICE, cls="virtual-note"), tag("p", lead), *tables)


def _table(trial: str, rows: Sequence[Compared]) -> Markup:
    caption = "Band: middle nine tenths of the simulated trials; line: their mean; dot: published."
    return table(f"{trial}. {caption}", ("Figure", *_LABELS), _rows(rows), cls="stack")


def _rows(rows: Sequence[Compared]) -> Iterator[Markup]:
    for one in rows:
        if one.replayed is not None and one.replayed.low is not None:
            place = one.replayed.place
            outside = tagged("outside the band") if place is not None and not 0.05 <= place <= 0.95 else None
            cells = (
                to_claim(one.claim.id, one.published),
                replay_text(one),
                _strip(one),
                (place_text(one), " ", outside),
            )
            yield row((one.claim.label, " ", tag("span", one.claim.cut, cls="note")), cells, labels=_LABELS)


def _strip(one: Compared) -> Markup | None:
    found = one.replayed
    if found is None or found.mean is None or found.low is None or not isinstance(one.claim.value, int | float):
        return None
    return strip(one.claim.value, found.mean, found.low, found.high)
