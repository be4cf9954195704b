"""What ``trialwright derive`` prints: counts by endpoint, findings, and the patients about whom rule sets differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from trialwright.cli.derive_source import Source
    from trialwright.derive import Derived
    from trialwright.records import Finding

__all__ = ["comparison", "listed", "summary"]

SHOWN = 20
"""Findings, and patients of a comparison, that are printed; files hold all."""


def summary(source: Source, derived: Derived) -> Iterator[str]:
    """Yield how many patients there are and what each endpoint found."""
    arms = source.data["allocations"]["arm"].value_counts(sort=True).rows()
    told = ", ".join(f"{arm} {count}" for arm, count in sorted(arms))
    cut = f"data cut-off {source.data.cutoff}" if source.data.cutoff else "data not cut"
    yield f"{source.data['allocations'].height} randomized ({told}); {cut}; rules {source.rules}"
    yield ""
    lost = _lost(source)
    for id, rows in _by_endpoint(derived.times):
        if id in lost:
            yield f"{id}: {lost[id]}"
            continue
        events = rows.filter("event")
        yield f"{id}: {events.height} events of {rows.height} ({_counts(events)})"
        yield f"  censored: {_counts(rows.filter(~rows['event']))}"
    for id, rows in _by_endpoint(derived.best_responses):
        told = f"{rows['success'].sum()} of {rows.height}; best response {_counts(rows, 'best')}"
        yield f"{id}: {lost.get(id, told)}"


def _lost(source: Source) -> dict[str, str]:
    """Return why each endpoint or estimand without its tables has no result."""
    from trialwright.cli.derive_needs import missing_tables
    from trialwright.protocol import Protocol, with_estimands

    plan = with_estimands(source.plan) if isinstance(source.plan, Protocol) else source.plan
    missing = {each.id: missing_tables(each, plan, source.absent) for each in plan.endpoints}
    return {
        id: f"not derivable: table {names[0]} is missing"
        if len(names) == 1
        else f"not derivable: tables {', '.join(names)} are missing"
        for id, names in missing.items()
        if names
    }


def _by_endpoint(rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    return [(str(key[0]), part) for key, part in rows.group_by("endpoint", maintain_order=True)]


def _counts(rows: pl.DataFrame, column: str = "why") -> str:
    counts = rows[column].value_counts().sort("count", column, descending=[True, False]).rows()
    return ", ".join(f"{value} {count}" for value, count in counts) or "none"


def comparison(sides: Mapping[str, pl.DataFrame]) -> Iterator[str]:
    """Yield events by rule set of each endpoint, and the patients whose status or date differs."""
    import polars as pl

    from trialwright.derive import differences

    for endpoint, rows in sides.items():
        found = differences(rows)
        events = rows.group_by("rules", maintain_order=True).agg(pl.col("event").sum()).rows()
        yield ""
        yield f"{endpoint}: events by {', '.join(f'{name} {count}' for name, count in events)}; {found.height} differ"
        names = [name for name, _ in events]
        yield from (f"  {_patient(row, names)}" for row in found.head(SHOWN).iter_rows(named=True))
        if found.height > SHOWN:
            yield f"  and {found.height - SHOWN} more; --out writes all of them"


def _patient(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return one patient, rule sets with the same answer together."""
    answers: dict[str, list[str]] = {}
    for name in names:
        how = "event" if row[f"{name} event"] else "censored"
        told = f"{how} {row[f'{name} ended_on']} day {row[f'{name} days']} by rule {row[f'{name} rule']}"
        answers.setdefault(told, []).append(name)
    return f"{row['subject']}: " + "; ".join(f"{', '.join(who)}: {told}" for told, who in answers.items())


def listed(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the findings: how many by dataset and rule, then the first of them."""
    from collections import Counter

    from trialwright.cli.derive_source import is_missing

    if not findings:
        return
    yield ""
    yield f"{len(findings)} findings in the data"
    first = {(each.dataset, each.rule) for each in findings if is_missing(each)}
    counts = Counter((each.dataset, each.rule) for each in findings).most_common()
    for (dataset, rule), count in sorted(counts, key=lambda told: told[0] not in first):
        yield f"  {count:>6}  {dataset}: {rule}"
    yield ""
    yield from (f"  {finding}" for finding in findings[:SHOWN])
    if len(findings) > SHOWN:
        yield f"  and {len(findings) - SHOWN} more; --out writes all of them"
