"""Two datasets side by side, as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from trialwright.cli.synopsis import columns

if TYPE_CHECKING:
    import polars as pl

    from trialwright.exchange import DatasetComparison

__all__ = ["as_json", "as_text"]


def as_text(found: Sequence[DatasetComparison], alone: Sequence[str], show: int) -> str:
    """Return datasets without a partner, then what differs in each other: variables, attributes, records, values."""
    lines = [line for each in found for line in _dataset(each, show)]
    return "\n".join([*alone, *lines])


def _dataset(found: DatasetComparison, show: int) -> Iterator[str]:
    by = f"by {', '.join(found.keys)}" if found.keys else "by their order"
    yield f"{found.name}: {found.left_records} and {found.right_records} records, {found.matched} paired {by}"
    if found.repeated_keys:
        yield f"  {found.repeated_keys} records repeat a key; they are paired in their order"
    if found.same:
        yield "  nothing differs"
        return
    for side, names in (("the first", found.variables_only_left), ("the second", found.variables_only_right)):
        if names:
            yield f"  variables only in {side}: {', '.join(names)}"
    told = [(each.variable, each.what, repr(each.left), repr(each.right)) for each in found.attributes]
    yield from _table("attributes", ("variable", "what", "first", "second"), told)
    yield from _records("the first", found.only_left, show)
    yield from _records("the second", found.only_right, show)
    yield from _values(found, show)


def _records(side: str, alone: pl.DataFrame, show: int) -> Iterator[str]:
    if len(alone):
        yield f"  records only in {side}: {len(alone)}"
        yield from (f"    record {record}: {key}" for record, key in alone.head(show).iter_rows())
        if len(alone) > show:
            yield f"    and {len(alone) - show} more"


def _values(found: DatasetComparison, show: int) -> Iterator[str]:
    summary = [
        (each.variable, str(each.differing), str(each.compared), _number(each.largest_absolute),
         _number(each.largest_relative))
        for each in found.variables
        if each.differing
    ]  # fmt: skip
    yield from _table("values", ("variable", "differing", "of", "by at most", "share"), summary)
    first = [
        (row["key"], row["variable"], _cell(row["left"]), _cell(row["right"]))
        for row in found.cells.head(show).iter_rows(named=True)
    ]
    yield from _table(f"first of {len(found.cells)} values", ("record", "variable", "first", "second"), first)


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if rows:
        yield f"  {title}:"
        yield from columns([head, *rows], indent="    ")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _cell(value: str | None) -> str:
    return "(missing)" if value is None else value


def as_json(found: Sequence[DatasetComparison], alone: Sequence[str]) -> str:
    """Return every difference."""
    return json.dumps({"datasets": [_as_data(each) for each in found], "alone": list(alone)}, indent=1)


def _as_data(found: DatasetComparison) -> dict[str, Any]:
    return {
        "name": found.name,
        "same": found.same,
        "keys": list(found.keys),
        "records": [found.left_records, found.right_records],
        "paired": found.matched,
        "repeated keys": found.repeated_keys,
        "variables only in the first": list(found.variables_only_left),
        "variables only in the second": list(found.variables_only_right),
        "attributes": [asdict(each) for each in found.attributes],
        "variables": [asdict(each) for each in found.variables],
        "records only in the first": found.only_left.to_dicts(),
        "records only in the second": found.only_right.to_dicts(),
        "values": found.cells.to_dicts(),
    }
