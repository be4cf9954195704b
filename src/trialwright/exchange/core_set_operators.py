"""Operators of conformance rules that look at many records: uniqueness, consistency, order, sets of variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from trialwright.exchange.core_operators import VALUE_OPERATORS, Operator, absent, flags, plain_values
from trialwright.exchange.core_records import Records, Unanswerable, as_text, by_value, constant, shortened
from trialwright.exchange.core_rules import Clause
from trialwright.exchange.core_text_operators import TEXT_OPERATORS

if TYPE_CHECKING:
    import polars as pl

__all__ = ["OPERATORS"]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _present(records: Records, names: list[Any]) -> list[pl.Series]:
    return [records.column(name).alias(str(at)) for at, name in enumerate(names) if records.has(name)]


def _negated(operator: Operator) -> Operator:
    return lambda records, clause: ~operator(records, clause)


def _unique_set(records: Records, clause: Clause) -> pl.Series:
    """Whether a combination of values occurs once; a missing value is a value, a variable not there does not count."""
    import polars as pl

    records.column(clause.target)
    names = dict.fromkeys(map(records.name, [clause.target, *_listed(clause.against)]))
    columns = _present(records, list(names))
    if pattern := clause.options.get("regex"):
        columns = [shortened(column, pattern) for column in columns]
    return pl.select(pl.struct(columns).is_unique()).to_series()


def _unique_relationship(records: Records, clause: Clause) -> pl.Series:
    """Whether each value goes with one value of the other variable, both ways; a missing partner is a partner too."""
    import polars as pl

    others = [records.column(name) for name in _listed(clause.against)]
    one = as_text(records.column(clause.target)).alias("one")
    other = pl.select(pl.concat_str([as_text(each) for each in others], separator="\x1f")).to_series().alias("other")
    pairs = pl.DataFrame([one, other])
    wrong = _many(pairs, "one", "other") | _many(pairs, "other", "one")
    return ~wrong


def _many(pairs: pl.DataFrame, key: str, value: str) -> pl.Series:
    """Return where a key that is there goes with several values, missing ones counted as one."""
    import polars as pl

    return pairs.select(pl.col(key).is_not_null() & (pl.col(value).n_unique().over(key) > 1)).to_series()


def _inconsistent(records: Records, clause: Clause) -> pl.Series:
    """Return where a value differs from the most frequent one of its group; all of the group when several tie."""
    import polars as pl

    groups = _present(records, _listed(clause.against))
    if not groups:
        raise Unanswerable(
            f"{records.dataset.name} has none of {', '.join(map(records.name, _listed(clause.against)))}"
        )
    keys = [group.name for group in groups]
    target = as_text(records.column(clause.target)).alias("target")
    if pattern := clause.options.get("regex"):
        target = shortened(target, pattern)
    counted = pl.DataFrame([*groups, target]).with_columns(pl.len().over([*keys, "target"]).alias("count"))
    counted = counted.with_columns(pl.col("count").max().over(keys).alias("top"))
    leaders = pl.col("target").filter(pl.col("count") == pl.col("top")).n_unique().over(keys)
    several = pl.col("target").n_unique().over(keys) > 1
    return counted.select(several & ((pl.col("count") < pl.col("top")) | (leaders > 1))).to_series()


def _same_values(records: Records, clause: Clause) -> pl.Series:
    values = records.column(clause.target)
    return flags([values.n_unique() == 1] * len(values))


def _multiple_rows(records: Records, clause: Clause) -> pl.Series:
    import polars as pl

    target = records.column(clause.target).alias("target")
    within = [records.column(name).alias(f"w{at}") for at, name in enumerate(_listed(clause.options["within"]))]
    names = [column.name for column in within]
    most = int(clause.against or 1)
    counted = pl.DataFrame([target, *within]).select(pl.len().over(["target", *names]) > most).to_series()
    return counted & ~absent(target)


def _not_multiple_rows(records: Records, clause: Clause) -> pl.Series:
    return ~_multiple_rows(records, clause) & ~absent(records.column(clause.target))


def _in_order(records: Records, within: Any, ordering: Any, **columns: pl.Series) -> pl.DataFrame:
    """Return the columns with their groups and places, sorted within the groups; missing last."""
    import polars as pl

    group = [records.column(name).alias(f"w{at}") for at, name in enumerate(_listed(within))]
    order = [records.column(name).alias(f"o{at}") for at, name in enumerate(_listed(ordering))]
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
    for key in _listed(clause.against):
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


def _enumerated(records: Records, clause: Clause) -> pl.Series:
    """Return where a variable of a numbered row (TSVAL, TSVAL1, TSVAL2) is filled after one that is not."""
    name = records.name(clause.target)
    numbered = [each for each in records.frame.columns if re.fullmatch(rf"{re.escape(name)}\d*", each)]
    numbered.sort(key=lambda each: int(each[len(name) :] or 0))
    answer = flags([False] * records.frame.height)
    for earlier, later in pairwise(numbered):
        answer |= absent(records.frame[earlier]) & ~absent(records.frame[later])
    return answer


def _sets(records: Records, clause: Clause) -> list[tuple[set[Any], set[Any]]]:
    """Return, for each record, the set of the target and the set it is held against."""
    height = records.frame.height
    other = records.against(clause.against)
    if isinstance(other, list):
        other = tuple(other)
    sides = []
    for side in (records.worked_out.get(clause.target, records.column(clause.target)), other):
        column = constant(side, height)
        lists = column.to_list()
        whole = plain_values(value for value in lists if value is not None) if not _is_list(column) else None
        sides.append([plain_values(value or ()) for value in lists] if whole is None else [whole] * height)
    return list(zip(*sides, strict=True))


def _is_list(column: pl.Series) -> bool:
    import polars as pl

    return isinstance(column.dtype, pl.List)


def _contains_all(records: Records, clause: Clause) -> pl.Series:
    return flags([other <= own for own, other in _sets(records, clause)])


def _shared(holds: Any) -> Operator:
    return lambda records, clause: flags([holds(len(own & other)) for own, other in _sets(records, clause)])


def _ordered_subset(records: Records, clause: Clause) -> pl.Series:
    own = constant(records.worked_out.get(clause.target, ()), records.frame.height).to_list()
    other = constant(records.against(clause.against), records.frame.height).to_list()
    return flags([_in_same_order(one, two) for one, two in zip(own, other, strict=True)])


def _in_same_order(own: list[Any], other: list[Any]) -> bool:
    rest = iter(other)
    return all(value in rest for value in own)


OPERATORS: Mapping[str, Operator] = {
    **VALUE_OPERATORS,
    **TEXT_OPERATORS,
    "is_unique_set": _unique_set,
    "is_not_unique_set": _negated(_unique_set),
    "is_unique_relationship": _unique_relationship,
    "is_not_unique_relationship": _negated(_unique_relationship),
    "is_inconsistent_across_dataset": _inconsistent,
    "has_same_values": _same_values,
    "has_different_values": _negated(_same_values),
    "present_on_multiple_rows_within": _multiple_rows,
    "not_present_on_multiple_rows_within": _not_multiple_rows,
    "empty_within_except_last_row": _empty_but_last,
    "non_empty_within_except_last_row": _filled_but_last,
    "has_next_corresponding_record": _next_record,
    "does_not_have_next_corresponding_record": _negated(_next_record),
    "target_is_sorted_by": _sorted_by,
    "target_is_not_sorted_by": _negated(_sorted_by),
    "inconsistent_enumerated_columns": _enumerated,
    "contains_all": _contains_all,
    "not_contains_all": _negated(_contains_all),
    "shares_at_least_one_element_with": _shared(lambda shared: shared >= 1),
    "shares_exactly_one_element_with": _shared(lambda shared: shared == 1),
    "shares_no_elements_with": _shared(lambda shared: shared == 0),
    "is_ordered_subset_of": _ordered_subset,
    "is_not_ordered_subset_of": _negated(_ordered_subset),
}
"""Every operator that can be run, by its name in the rules."""
