"""Operators of conformance rules that hold one value against another: presence, equality, order, dates.

Each takes the records and a clause and returns one truth value for each record. Missing values follow CORE
(``resources/schema/rule/Operator.md`` and ``check_operators`` of github.com/cdisc-org/cdisc-rules-engine):
two missing values are neither equal nor unequal, a missing and a present one are unequal; an ordering, a pattern or a
date comparison with a missing value is false; a missing value is contained in nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trialwright.exchange.core_dates import COMPARISONS, compare
from trialwright.exchange.core_records import Records
from trialwright.exchange.core_rules import Clause
from trialwright.exchange.core_values import as_text, canonical, constant

if TYPE_CHECKING:
    import polars as pl

__all__ = ["VALUE_OPERATORS", "Operator", "absent", "flags", "listed", "plain_values"]

Operator = Callable[[Records, Clause], "pl.Series"]


def flags(values: list[bool]) -> pl.Series:
    """Return truth values as a Series."""
    import polars as pl

    return pl.Series(values, dtype=pl.Boolean)


def absent(values: pl.Series) -> pl.Series:
    """Return where a value is missing: null, empty text, or an empty set."""
    import polars as pl

    if values.dtype == pl.String:
        return values.is_null() | (values == "").fill_null(False)
    if isinstance(values.dtype, pl.List):
        return values.is_null() | (values.list.len() == 0).fill_null(False)
    return values.is_null()


def listed(value: Any) -> list[Any]:
    """Return what a rule gives as one name, several or none, as a list."""
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def plain_values(values: Any) -> set[Any]:
    """Return values of a set comparably: whole numbers equal whatever type held them."""
    return {float(value) if isinstance(value, int | float) else value for value in values}


def _exists(records: Records, clause: Clause) -> pl.Series:
    there = records.has(clause.target) or clause.target in records.worked_out
    return flags([there] * records.frame.height)


def _empty(records: Records, clause: Clause) -> pl.Series:
    return absent(records.column(clause.target))


def _pair(records: Records, clause: Clause) -> tuple[pl.Series, pl.Series]:
    target = records.column(clause.target)
    if clause.options.get("value_is_reference"):
        return target, _referenced(records, clause)
    other = records.against(clause.against, records.name(clause.target), clause.options.get("value_is_literal", False))
    return target, constant(other, records.frame.height)


def _referenced(records: Records, clause: Clause) -> pl.Series:
    """Return, for each record, the value of the variable that another variable names."""
    import polars as pl

    names = records.column(clause.against).to_list()
    columns = {name: as_text(records.column(name)).to_list() for name in set(names) if name and records.has(name)}
    return pl.Series([columns[name][i] if name in columns else None for i, name in enumerate(names)], dtype=pl.String)


def _comparable(left: pl.Series, right: pl.Series, clause: Clause, fold: bool) -> tuple[pl.Series, pl.Series]:
    import polars as pl

    if clause.options.get("round_values"):
        left, right = _rounded(left), _rounded(right)
    if clause.options.get("type_insensitive") or clause.options.get("round_values"):
        left, right = canonical(left), canonical(right)
    if fold:
        left, right = as_text(left).str.to_lowercase(), as_text(right).str.to_lowercase()
    if left.dtype.is_numeric() and right.dtype.is_numeric():
        return left.cast(pl.Float64), right.cast(pl.Float64)
    return left, right


def _rounded(values: pl.Series) -> pl.Series:
    import polars as pl

    numbers = values.cast(pl.Float64, strict=False)
    return as_text(numbers.round(0)).fill_null(as_text(values)) if numbers.null_count() < len(numbers) else values


def _equality(wanted: bool, fold: bool) -> Operator:
    def operator(records: Records, clause: Clause) -> pl.Series:
        left, right = _pair(records, clause)
        no_left, no_right = absent(left), absent(right)
        left, right = _comparable(left, right, clause, fold)
        same = (left == right).fill_null(False) if left.dtype == right.dtype else flags([False] * len(left))
        if wanted:
            return same & ~no_left & ~no_right
        return (no_left != no_right) | (~same & ~no_left & ~no_right)

    return operator


def _ordering(holds: Callable[[Any, Any], Any]) -> Operator:
    def operator(records: Records, clause: Clause) -> pl.Series:
        import polars as pl

        left, right = (side.cast(pl.Float64, strict=False) for side in _pair(records, clause))
        found: pl.Series = holds(left, right).fill_null(False)
        return found

    return operator


def _date_ordering(name: str) -> Operator:
    holds = COMPARISONS[name]

    def test(pair: tuple[Any, Any]) -> bool:
        found = compare(str(pair[0]), str(pair[1])) if all(pair) else None
        return found is not None and holds(found[0]) and (found[0] != 0 or found[1])

    def operator(records: Records, clause: Clause) -> pl.Series:
        pairs = list(zip(*(side.to_list() for side in _pair(records, clause)), strict=True))
        known = {pair: test(pair) for pair in set(pairs)}
        return flags([known[pair] for pair in pairs])

    return operator


VALUE_OPERATORS: Mapping[str, Operator] = {
    "exists": _exists,
    "not_exists": lambda records, clause: ~_exists(records, clause),
    "empty": _empty,
    "non_empty": lambda records, clause: ~_empty(records, clause),
    "equal_to": _equality(True, False),
    "not_equal_to": _equality(False, False),
    "equal_to_case_insensitive": _equality(True, True),
    "not_equal_to_case_insensitive": _equality(False, True),
    "less_than": _ordering(lambda left, right: left < right),
    "less_than_or_equal_to": _ordering(lambda left, right: left <= right),
    "greater_than": _ordering(lambda left, right: left > right),
    "greater_than_or_equal_to": _ordering(lambda left, right: left >= right),
    **{name: _date_ordering(name) for name in COMPARISONS},
}
