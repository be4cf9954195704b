"""Operators of conformance rules that look at many records: uniqueness, consistency, sets of variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from trialwright.exchange.core_operators import VALUE_OPERATORS, Operator, absent, flags, listed, plain_values
from trialwright.exchange.core_order_operators import ORDER_OPERATORS
from trialwright.exchange.core_records import Records, Unanswerable
from trialwright.exchange.core_rules import Clause
from trialwright.exchange.core_text_operators import TEXT_OPERATORS
from trialwright.exchange.core_values import as_text, constant, shortened

if TYPE_CHECKING:
    import polars as pl

__all__ = ["OPERATORS"]


def _present(records: Records, names: list[Any]) -> list[pl.Series]:
    return [records.column(name).alias(str(at)) for at, name in enumerate(names) if records.has(name)]


def _negated(operator: Operator) -> Operator:
    return lambda records, clause: ~operator(records, clause)


def _unique_set(records: Records, clause: Clause) -> pl.Series:
    """Whether a combination of values occurs once; a missing value is a value, a variable not there does not count."""
    import polars as pl

    records.column(clause.target)
    names = dict.fromkeys(map(records.name, [clause.target, *listed(clause.against)]))
    columns = _present(records, list(names))
    if pattern := clause.options.get("regex"):
        columns = [shortened(column, pattern) for column in columns]
    return pl.select(pl.struct(columns).is_unique()).to_series()


def _unique_relationship(records: Records, clause: Clause) -> pl.Series:
    """Whether each value goes with one value of the other variable, both ways; a missing partner is a partner too."""
    import polars as pl

    others = [records.column(name) for name in listed(clause.against)]
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

    groups = _present(records, listed(clause.against))
    if not groups:
        raise Unanswerable(f"{records.dataset.name} has none of {', '.join(map(records.name, listed(clause.against)))}")
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
    within = [records.column(name).alias(f"w{at}") for at, name in enumerate(listed(clause.options["within"]))]
    names = [column.name for column in within]
    most = int(clause.against or 1)
    counted = pl.DataFrame([target, *within]).select(pl.len().over(["target", *names]) > most).to_series()
    return counted & ~absent(target)


def _not_multiple_rows(records: Records, clause: Clause) -> pl.Series:
    return ~_multiple_rows(records, clause) & ~absent(records.column(clause.target))


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
    **ORDER_OPERATORS,
    "is_unique_set": _unique_set,
    "is_not_unique_set": _negated(_unique_set),
    "is_unique_relationship": _unique_relationship,
    "is_not_unique_relationship": _negated(_unique_relationship),
    "is_inconsistent_across_dataset": _inconsistent,
    "has_same_values": _same_values,
    "has_different_values": _negated(_same_values),
    "present_on_multiple_rows_within": _multiple_rows,
    "not_present_on_multiple_rows_within": _not_multiple_rows,
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
