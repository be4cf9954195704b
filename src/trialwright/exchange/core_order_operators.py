"""Operators of conformance rules that look at records in an order, within groups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trialwright.exchange.core_operators import Operator, absent, flags, listed
from trialwright.exchange.core_records import Records
from trialwright.exchange.core_rules import Clause
from trialwright.exchange.core_values import as_text, by_value

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ORDER_OPERATORS"]


def _in_order(records: Records, within: Any, ordering: Any, **columns: pl.Series) -> pl.DataFrame:
    """Return the columns with their groups and places, sorted within the groups; missing last."""
    import polars as pl

    group = [records.column(name).alias(f"w{at}") for at, name in enumerate(listed(within))]
    order = [records.column(name).alias(f"o{at}") for at, name in enumerate(listed(ordering))]
    frame = pl.DataFrame([column.alias(name) for name, column in columns.items()] + group + order)
    keys = [column.name for column in [*group, *order]]
    return frame.with_row_index("place").sort(*keys, nulls_last=True, maintain_order=True)


def _back(frame: pl.DataFrame, answer: pl.Expr) -> pl.Series:
    """Return an answer in the order that the records have in the file."""
    return frame.with_columns(answer.alias("answer")).sort("place")["answer"].fill_null(False)


def _groups(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name.startswith("w")]


def _empty_but_last(records: Records, clause: Clause) -> pl.Series:
    import polars as pl

    empty = absent(records.column(clause.target))
    frame = _in_order(records, clause.against, clause.options.get("ordering"), target=empty)
    last = pl.col("place").last().over(_groups(frame)) == pl.col("place")
    return _back(frame, pl.col("target") & ~last)


def _filled_but_last(records: Records, clause: Clause) -> pl.Series:
    import polars as pl

    filled = ~absent(records.column(clause.target))
    frame = _in_order(records, clause.against, clause.options.get("ordering"), target=filled)
    last = pl.col("place").last().over(_groups(frame)) == pl.col("place")
    return _back(frame, pl.col("target") & ~last)


def _next_record(records: Records, clause: Clause) -> pl.Series:
    """Whether a value is that of another variable in the next record of its group; the last has nothing to equal."""
    import polars as pl

    target, other = records.column(clause.target), records.column(clause.against)
    frame = _in_order(records, clause.options["within"], clause.options["ordering"], target=target, other=other)
    groups = _groups(frame)
    last = pl.col("place").last().over(groups) == pl.col("place")
    return _back(frame, last | pl.col("target").eq_missing(pl.col("other").shift(-1).over(groups)))


def _sorted_by(records: Records, clause: Clause) -> pl.Series:
    """Whether no earlier record of the group has a later value; missing values come last unless said otherwise.

    CORE holds the sorted order against the order found and names every record out of place; here it is the record that
    comes too late, by the text of dates.
    """
    answer = flags([True] * records.frame.height)
    for key in listed(clause.against):
        answer &= _sorted_by_one(records, clause, key)
    return answer


def _sorted_by_one(records: Records, clause: Clause, key: Mapping[str, Any]) -> pl.Series:
    import polars as pl

    values = records.column(key["name"])
    ranks = values.rank("dense", descending=key.get("sort_order") == "desc").cast(pl.Int64)
    missing = 0 if key.get("null_position") == "first" else len(values) + 1
    target = _numbered(records.column(clause.target), clause.options.get("regex"))
    ordered = Records(
        records.dataset, records.frame, records.study, records.prefix, {"$order": target}, records.aliases
    )
    frame = _in_order(ordered, clause.options.get("within"), "$order", rank=ranks.fill_null(missing))
    highest = pl.col("rank").cum_max().over(_groups(frame)) if _groups(frame) else pl.col("rank").cum_max()
    return _back(frame, pl.col("rank") >= highest)


def _numbered(values: pl.Series, pattern: str | None) -> pl.Series:
    import polars as pl

    if pattern is None:
        return values

    def number(text: str) -> float | None:
        found = re.match(pattern, text)
        return float(found[1]) if found and found[1].replace(".", "", 1).isdigit() else None

    return by_value(as_text(values), number, pl.Float64())


ORDER_OPERATORS: Mapping[str, Operator] = {
    "empty_within_except_last_row": _empty_but_last,
    "non_empty_within_except_last_row": _filled_but_last,
    "has_next_corresponding_record": _next_record,
    "does_not_have_next_corresponding_record": lambda records, clause: ~_next_record(records, clause),
    "target_is_sorted_by": _sorted_by,
    "target_is_not_sorted_by": lambda records, clause: ~_sorted_by(records, clause),
}
