"""Rows as they come from outside, held to the schema of their table."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from trialwright.conduct.refusals import Invalid, NotFound
from trialwright.records import TABLES, Column, Table

__all__ = ["MADE_BY_THE_OFFICE", "WITHOUT", "check_key", "check_values", "recordable", "typed"]

MADE_BY_THE_OFFICE: Final = frozenset({"allocations", "answers", "screened", "screenings", "strata"})
"""Tables whose rows follow from other facts and are never typed in."""

WITHOUT: Final = ("not done", "not applicable", "asked and unknown", "unknown yet")
"""Why a field may be empty."""

LONGEST = 2000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_EARLIEST = date(1900, 1, 1)


def recordable(name: str) -> Table:
    """Return a table that people fill in; NotFound lists them."""
    if name not in TABLES or name in MADE_BY_THE_OFFICE:
        known = ", ".join(table for table in TABLES if table not in MADE_BY_THE_OFFICE)
        raise NotFound(f"{name!r} is no table that is filled in by hand; known: {known}")
    return TABLES[name]


def key_columns(table: Table) -> tuple[Column, ...]:
    """Return the columns that name a row within its subject."""
    return tuple(column for column in table.columns if column.name in table.key and column.name != "subject")


def value_columns(table: Table) -> tuple[Column, ...]:
    """Return the columns that are no part of the key."""
    return tuple(column for column in table.columns if column.name not in table.key)


def check_key(table: Table, key: Mapping[str, Any]) -> dict[str, Any]:
    """Return the key with every column, in the table's order; Invalid names each fault."""
    return _checked(table, key_columns(table), key, {}, "key")


def check_values(table: Table, values: Mapping[str, Any], without: Mapping[str, str]) -> dict[str, Any]:
    """Return the values with every column, in the table's order; Invalid names each fault.

    A required field may not be empty; another may, and ``without`` may then say why.
    """
    return _checked(table, value_columns(table), values, without, "values")


def typed(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with dates as dates."""
    dates = {column.name for column in table.columns if column.kind == "date"}
    return {
        name: date.fromisoformat(value) if name in dates and isinstance(value, str) else value
        for name, value in values.items()
    }


def _checked(
    table: Table, columns: tuple[Column, ...], given: Mapping[str, Any], without: Mapping[str, str], what: str
) -> dict[str, Any]:
    faults = [*_strays(table, columns, given, what), *_strays(table, columns, without, "without")]
    faults += [
        f"without.{name} must be one of {', '.join(WITHOUT)}; got {why!r}"
        for name, why in without.items()
        if why not in WITHOUT
    ]
    for column in columns:
        faults += _faults(column, given.get(column.name), column.name in without)
    if faults:
        raise Invalid(f"table {table.name}: " + "; ".join(faults))
    return {column.name: _kept(column, given.get(column.name)) for column in columns}


def _strays(table: Table, columns: tuple[Column, ...], given: Mapping[str, Any], what: str) -> Iterator[str]:
    known = [column.name for column in columns]
    for name in given:
        if name not in known:
            yield f"{name!r} does not belong in {what}; known: {', '.join(known) or 'none'}"


def _faults(column: Column, value: Any, excused: bool) -> Iterator[str]:
    if value is None:
        if column.required:
            yield f"{column.name} must not be empty: {column.label}"
        return
    if excused:
        yield f"{column.name} has a value, so that without must not say why it has none"
    expected = _KINDS[column.kind](value)
    if expected:
        yield f"{column.name} must be {expected}; got {_shown(value)}"
    elif column.values and value not in column.values:
        yield f"{column.name} must be one of {', '.join(column.values)}; got {_shown(value)}"


def _kept(column: Column, value: Any) -> Any:
    return float(value) if column.kind == "number" and value is not None else value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return "a text"
    if not value.strip() or len(value) > LONGEST:
        return f"a text of 1 to {LONGEST} characters"
    return "a text without control characters" if _CONTROL.search(value) else None


def _integer(value: Any) -> str | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9
    return None if fits else "a whole number"


def _number(value: Any) -> str | None:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return None if numeric and math.isfinite(value) and abs(value) < 1e12 else "a number"


def _truth(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _date(value: Any) -> str | None:
    expected = "a date such as 2020-01-31, not before 1900"
    try:
        # Only the form with hyphens: fromisoformat also reads 20200131 and 2020-W05-5.
        return None if len(value) == 10 and date.fromisoformat(value) >= _EARLIEST and value[4] == "-" else expected
    except (TypeError, ValueError):
        return expected


_KINDS: Final[dict[str, Callable[[Any], str | None]]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "yes/no": _truth,
    "date": _date,
}
