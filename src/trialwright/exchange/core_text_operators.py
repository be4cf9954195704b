"""Operators of conformance rules that look at text and sets: patterns, lengths, parts, dates as text, membership.

Patterns are Python's. A missing value matches no pattern, neither way round; it is contained in nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trialwright.exchange.core_dates import is_complete, is_date, is_duration
from trialwright.exchange.core_operators import Operator, absent, flags, listed, plain_values
from trialwright.exchange.core_records import Records
from trialwright.exchange.core_rules import Clause
from trialwright.exchange.core_values import as_text, by_value, constant

if TYPE_CHECKING:
    import polars as pl

__all__ = ["TEXT_OPERATORS"]


def _text_test(test: Callable[[str, Clause], bool], missing: bool = False) -> Operator:
    """Return the operator that puts a question to each text; ``missing`` is the answer for a missing value."""

    def operator(records: Records, clause: Clause) -> pl.Series:
        import polars as pl

        texts = as_text(records.column(clause.target))
        return by_value(texts, lambda text: test(text, clause), pl.Boolean()).fill_null(missing)

    return operator


def _part(kind: str, text: str, clause: Clause) -> str:
    length = int(clause.options[kind])
    return text[:length] if kind == "prefix" else text[-length:]


def _matching(wanted: bool, kind: str | None = None) -> Operator:
    """Patterns are Python's and begin at the start of the text; those of a part are searched for within it."""

    def test(text: str, clause: Clause) -> bool:
        if kind is None:
            return (re.match(clause.against, text) is not None) == wanted
        return (re.search(clause.against, _part(kind, text, clause)) is not None) == wanted

    return _text_test(test)


def _part_equality(kind: str, wanted: bool) -> Operator:
    def operator(records: Records, clause: Clause) -> pl.Series:
        import polars as pl

        domain = clause.against == "DOMAIN" and not records.has("DOMAIN")  # the letters of the domain itself
        other = constant(records.prefix if domain else records.against(clause.against), records.frame.height)
        parts = by_value(as_text(records.column(clause.target)), lambda text: _part(kind, text, clause), pl.String())
        return (parts == as_text(other)).fill_null(False) == wanted

    return operator


def _length(holds: Callable[[Any, Any], Any], missing: bool) -> Operator:
    def operator(records: Records, clause: Clause) -> pl.Series:
        lengths = as_text(records.column(clause.target)).str.len_chars()
        other = constant(records.against(clause.against), len(lengths))
        found: pl.Series = holds(lengths, other if other.dtype.is_numeric() else other.str.len_chars())
        return found.fill_null(missing)

    return operator


def _membership(wanted: bool, fold: bool = False, kind: str | None = None) -> Operator:
    def operator(records: Records, clause: Clause) -> pl.Series:
        import polars as pl

        target = records.column(clause.target)
        if kind:
            target = by_value(as_text(target), lambda text: _part(kind, text, clause), pl.String())
        literal = clause.options.get("value_is_literal", False)
        return _contained(target, records.against(clause.against, literal=literal), fold) == wanted

    return operator


def _contained(target: pl.Series, other: Any, fold: bool) -> pl.Series:
    """Return where a value is among others, of all records or of its own; of a set, where it shares one of them."""
    import polars as pl

    if isinstance(target.dtype, pl.List):
        return _sharing(target, constant(other if isinstance(other, pl.Series) else tuple(listed(other)), len(target)))
    values = _plain(target, fold)
    if isinstance(other, pl.Series) and isinstance(other.dtype, pl.List):
        return _among_its_own(values, other, fold)
    members = (
        other if isinstance(other, pl.Series) else pl.Series(listed(other), dtype=_kind_of(listed(other)), strict=False)
    )
    members = _plain(members, fold).drop_nulls()
    same_kind = members.dtype == values.dtype
    return values.is_in(members.implode()).fill_null(False) if same_kind else flags([False] * len(values))


def _among_its_own(values: pl.Series, sets: pl.Series, fold: bool) -> pl.Series:
    import polars as pl

    inner = _plain(sets.explode(), fold).dtype
    if inner != values.dtype:
        return flags([False] * len(values))
    own = sets.list.eval(pl.element().str.to_lowercase()) if fold else sets.cast(pl.List(inner))
    frame = pl.DataFrame([values.alias("value"), own.alias("own")])
    found = frame.select(pl.col("own").list.contains(pl.col("value")) & pl.col("value").is_not_null())
    return found.to_series().fill_null(False)


def _plain(values: pl.Series, fold: bool) -> pl.Series:
    """Return values so that those that mean the same are the same: numbers of one type, text folded where asked."""
    import polars as pl

    if values.dtype.is_numeric():
        return values.cast(pl.Float64)
    return values.str.to_lowercase() if fold and values.dtype == pl.String else values


def _kind_of(members: list[Any] | pl.Series) -> pl.DataType | None:
    import polars as pl

    if isinstance(members, pl.Series):
        return members.dtype
    known = {type(member) for member in members if member is not None}
    return pl.Float64() if known and known <= {int, float} else None


def _sharing(target: pl.Series, other: pl.Series) -> pl.Series:
    pairs = zip(target.to_list(), other.to_list(), strict=True)
    return flags([bool(plain_values(one or ()) & plain_values(two or ())) for one, two in pairs])


def _containing(wanted: bool, fold: bool = False) -> Operator:
    """Whether a set has a value among it, or a text has another inside."""

    def operator(records: Records, clause: Clause) -> pl.Series:
        target = constant(records.column(clause.target), records.frame.height).to_list()
        literal = clause.options.get("value_is_literal", False)
        other = constant(records.against(clause.against, literal=literal), len(target)).to_list()
        return flags([_inside(value, part, fold) == wanted for value, part in zip(target, other, strict=True)])

    return operator


def _inside(value: Any, part: Any, fold: bool) -> bool:
    if value is None or part is None:
        return False
    if isinstance(value, list):
        return any(_inside_text(item, part, fold, whole=True) for item in value)
    return _inside_text(value, part, fold, whole=False)


def _inside_text(value: Any, part: Any, fold: bool, whole: bool) -> bool:
    one, other = (str(each).casefold() if fold else str(each) for each in (value, part))
    return one == other if whole else other in one


def _equals_part(wanted: bool) -> Operator:
    def operator(records: Records, clause: Clause) -> pl.Series:
        import polars as pl

        other = as_text(constant(records.against(clause.against), records.frame.height))
        parts = by_value(other, lambda text: _first_match(clause.options["regex"], text), pl.String())
        target = as_text(records.column(clause.target))
        same = (target == parts).fill_null(False) & ~absent(target)
        return same == wanted

    return operator


def _first_match(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text)
    return None if found is None else found[1] if found.re.groups else found[0]


def _same_length_parts(text: str, clause: Clause) -> bool:
    parts = text.split(clause.options.get("separator", "/"))
    return len(parts) == 1 or (len(parts) == 2 and len(parts[0]) == len(parts[1]))


TEXT_OPERATORS: Mapping[str, Operator] = {
    "is_complete_date": _text_test(lambda text, _: is_complete(text)),
    "is_incomplete_date": _text_test(lambda text, _: not is_complete(text), missing=True),
    "invalid_date": _text_test(lambda text, _: not is_date(text), missing=True),
    "invalid_duration": _text_test(
        lambda text, clause: not is_duration(text, negative=clause.options.get("negative") is not False), missing=True
    ),
    "matches_regex": _matching(True),
    "not_matches_regex": _matching(False),
    "prefix_matches_regex": _matching(True, "prefix"),
    "not_prefix_matches_regex": _matching(False, "prefix"),
    "suffix_matches_regex": _matching(True, "suffix"),
    "not_suffix_matches_regex": _matching(False, "suffix"),
    "prefix_equal_to": _part_equality("prefix", True),
    "prefix_not_equal_to": _part_equality("prefix", False),
    "suffix_equal_to": _part_equality("suffix", True),
    "suffix_not_equal_to": _part_equality("suffix", False),
    "starts_with": _text_test(lambda text, clause: text.startswith(clause.against)),
    "ends_with": _text_test(lambda text, clause: text.endswith(clause.against)),
    "equals_string_part": _equals_part(True),
    "does_not_equal_string_part": _equals_part(False),
    "longer_than": _length(lambda length, other: length > other, False),
    "longer_than_or_equal_to": _length(lambda length, other: length >= other, False),
    "shorter_than": _length(lambda length, other: length < other, True),
    "shorter_than_or_equal_to": _length(lambda length, other: length <= other, True),
    "has_equal_length": _length(lambda length, other: length == other, False),
    "has_not_equal_length": _length(lambda length, other: length != other, True),
    "split_parts_have_equal_length": _text_test(_same_length_parts, missing=True),
    "split_parts_have_unequal_length": _text_test(lambda text, clause: not _same_length_parts(text, clause)),
    "is_contained_by": _membership(True),
    "is_not_contained_by": _membership(False),
    "is_contained_by_case_insensitive": _membership(True, fold=True),
    "is_not_contained_by_case_insensitive": _membership(False, fold=True),
    "prefix_is_contained_by": _membership(True, kind="prefix"),
    "prefix_is_not_contained_by": _membership(False, kind="prefix"),
    "suffix_is_contained_by": _membership(True, kind="suffix"),
    "suffix_is_not_contained_by": _membership(False, kind="suffix"),
    "contains": _containing(True),
    "does_not_contain": _containing(False),
    "contains_case_insensitive": _containing(True, fold=True),
    "does_not_contain_case_insensitive": _containing(False, fold=True),
}
