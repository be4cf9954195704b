"""The flow of participants, drawn, and the criteria that kept patients out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialwright.report.figure import Figure
from trialwright.report.flow import Flow
from trialwright.report.layout import drawn, row, section, table
from trialwright.report.markup import Content, Markup
from trialwright.report.numbers import number

if TYPE_CHECKING:
    from trialwright.report.inputs import Contents

__all__ = ["participants"]


def participants(contents: Contents, flow: Flow, figure: Figure) -> Markup:
    """Return the section of the flow."""
    return section(contents, "flow", "Flow of participants", drawn(contents, figure), _reasons(contents, flow))


def _reasons(contents: Contents, flow: Flow) -> Content:
    short = {criterion.id: criterion.short for criterion in contents.protocol.eligibility.criteria}
    failed = sorted((r for r in flow.criteria if r.value), key=lambda r: (-(r.value or 0), r.item or ""))
    if not failed:
        return None
    rows = [row(f"{r.item} {short.get(r.item or '', '')}", [number(contents, r)]) for r in failed]
    return table("Criteria that kept patients out; a patient may fail more than one", ("Criterion", "Patients"), rows)
