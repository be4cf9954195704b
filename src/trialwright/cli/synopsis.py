"""A protocol, its open points and its checks as lines of text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trialwright.exchange import Comparison
    from trialwright.protocol import Dose, Intervention, Leaf, OpenPoints, Protocol

__all__ = ["columns", "comparison", "open_points", "synopsis"]


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> Iterator[str]:
    """Yield rows as aligned columns; the last column keeps its own width."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield (indent + "  ".join(cells)).rstrip()


def synopsis(protocol: Protocol, digest: str) -> Iterator[str]:
    """Yield the main points of a protocol."""
    named, design = protocol.identification, protocol.design
    yield f"{named.acronym} ({named.nct_id or named.org_study_id or named.id}), version {named.version}"
    yield named.brief_title
    yield (
        f"{protocol.description.disease}; {', '.join(design.phases)}, {design.allocation}, {design.masking} masking; "
        f"{design.enrollment} patients"
    )
    yield from ("", "Arms")
    yield from columns([(arm.id, arm.label) for arm in protocol.arms])
    yield from _treatments(protocol)
    yield from ("", "Allocation", *_allocation(protocol), "", "Eligibility")
    criteria = protocol.eligibility.criteria
    yield from columns([(c.id, c.short if c.rule else f"{c.short} (not in the source)") for c in criteria])
    yield from ("", "Endpoints")
    yield from columns([(e.id, e.level, e.label) for e in protocol.endpoints])
    yield from ("", "Cuts")
    yield from columns(
        [(c.id, c.label, f"on {c.on}" if c.on else f"{c.events} {c.endpoint}") for c in protocol.analysis.cuts]
    )
    countries = Counter(site.country for site in protocol.sites)
    listed = ", ".join(f"{country} {count}" for country, count in sorted(countries.items()))
    yield from ("", f"{len(protocol.sites)} sites in {len(countries)} countries: {listed}", "", f"sha256 {digest}")


def _treatments(protocol: Protocol) -> Iterator[str]:
    for arm in protocol.arms:
        yield from (f"    {arm.id}: {_dosing(protocol.intervention(i))}" for i in arm.interventions)


def _dosing(treatment: Intervention) -> str:
    doses = ", ".join(_dose(start, treatment.unit or "") for start in treatment.start)
    choices = "".join(f"; {choice.product} if {choice.when}" for choice in treatment.choice)
    days = treatment.cycle.dosing_days
    cycle = f"days {days[0]}-{days[1]} of {treatment.cycle.days}" if days else f"cycles of {treatment.cycle.days} days"
    return f"{treatment.name} {doses}, {cycle}{choices}"


def _dose(start: Dose, unit: str) -> str:
    amount = "dose not stated" if start.dose is None else f"{start.dose:g} {unit}".rstrip()
    return f"{amount} if {start.when}" if start.when else amount


def _allocation(protocol: Protocol) -> Iterator[str]:
    plan = protocol.randomization
    ratio = ":".join(str(plan.ratio[arm.id]) for arm in protocol.arms)
    arms, sizes = ":".join(arm.id for arm in protocol.arms), ", ".join(map(str, plan.block_sizes))
    yield f"  {arms} = {ratio}, {plan.method} of {sizes}"
    yield from (f"  by {factor.label}: {', '.join(factor.levels)}" for factor in plan.strata)


def open_points(points: OpenPoints) -> Iterator[str]:
    """Yield what a protocol leaves open: unknown values, assumed values, questions."""
    for status in ("unknown", "assumed"):
        found = [leaf for leaf in points.leaves if leaf.status == status]
        yield f"{status.capitalize()}: {len(found)} values"
        for why, leaves in groupby(found, key=lambda leaf: leaf.why):
            yield from _because(leaves, why)
        yield ""
    yield f"Questions: {len(points.questions)}"
    for point in points.questions:
        yield f"  {point.id} ({', '.join(point.about)}): {point.question}"
        yield f"      meanwhile: {point.decision or 'nothing could be decided'}"


def _because(leaves: Iterable[Leaf], why: str | None) -> Iterator[str]:
    for leaf in leaves:
        yield f"  {leaf.path}" + ("" if leaf.value is None else f" = {_value(leaf.value)}")
    yield f"      why: {why or 'no reason given'}"


def _value(value: object) -> str:
    return ", ".join(map(_value, value)) if isinstance(value, tuple | list) else str(value)


def comparison(rows: Sequence[Comparison]) -> Iterator[str]:
    """Yield the fields of a comparison that are not the same on both sides, and how many are."""
    for verdict in ("differs", "only in registry", "only in protocol"):
        found = [row for row in rows if row.verdict == verdict]
        yield f"{verdict}: {len(found)}"
        for row in found:
            sides = " | ".join(side for side in (row.protocol, row.registry) if side is not None)
            yield f"  {row.field}: {sides}" + (f" ({row.note})" if row.note else "")
    yield f"same: {sum(row.verdict == 'same' for row in rows)}"
