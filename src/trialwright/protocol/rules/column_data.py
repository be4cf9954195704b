"""The answers of many patients at once: one column per variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trialwright.errors import DataError
from trialwright.protocol.rules.calendar import day_number
from trialwright.protocol.rules.faults import did_you_mean, listed, nearest

if TYPE_CHECKING:
    from trialwright.protocol.eligibility import Variable

__all__ = ["Column", "Records", "check_columns", "columns_of"]

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one variable and which of them are known; what stands where nothing is known does not matter.

    number: float64 in the variable's unit; yes/no: bool; choice: whole codes in the order of the levels; date: whole
    days since 1970-01-01; set: bool matrix ``[n, levels]``. ``known``: bool ``[n]``, or None where all are known.
    """

    values: Array
    known: Array | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """Records of many patients, one below the other: record i belongs to patient ``owner[i]``, of ``n`` patients.

    The records of a patient stand in their own order. ``known``: for which patients the list is known, bool ``[n]``.
    """

    owner: Array
    n: int
    fields: Mapping[str, Column]
    known: Array | None = None


_KINDS: Final = {"number": "iuf", "yes/no": "b", "choice": "iu", "date": "iu", "set": "b"}
_EXPECTED: Final = {
    "number": "numbers",
    "yes/no": "booleans",
    "choice": "whole codes of the levels",
    "date": "whole days since 1970-01-01",
    "set": "a boolean matrix with one column per level",
}


def check_columns(variables: Mapping[str, Variable], columns: Mapping[str, Column | Records]) -> int:
    """Check columns against the variables and return the number of patients; DataError says what is wrong."""
    sizes = {name: _size(name, variables, column) for name, column in columns.items()}
    if len(set(sizes.values())) > 1:
        raise DataError(f"columns must be equally long; got {', '.join(f'{k}: {v}' for k, v in sizes.items())}")
    return next(iter(sizes.values()), 0)


def _size(name: str, variables: Mapping[str, Variable], column: Column | Records) -> int:
    if name not in variables:
        known = nearest(name, variables, "under variables of the protocol file")
        raise DataError(f"{name!r} is no variable{did_you_mean(name, variables)}; known: {known}")
    variable = variables[name]
    if isinstance(column, Records) != (variable.type == "records"):
        raise DataError(f"{name}: a variable of type {variable.type} needs {_class(variable)}")
    if isinstance(column, Records):
        return _check_records(name, variable, column)
    _check_values(name, variable, column)
    return len(column.values)


def _class(variable: Variable) -> str:
    return "Records" if variable.type == "records" else "a Column"


def _check_records(name: str, variable: Variable, records: Records) -> int:
    owner = records.owner
    if owner.dtype.kind not in "iu" or (len(owner) and not 0 <= owner.min() <= owner.max() < records.n):
        raise DataError(f"{name}: owners must be whole numbers from 0 to {records.n - 1}")
    for field, column in records.fields.items():
        if field not in variable.fields:
            raise DataError(f"{name}: {field!r} is no field; known: {listed(variable.fields)}")
        _check_values(f"{name}.{field}", variable.fields[field], column)
        if len(column.values) != len(owner):
            raise DataError(f"{name}.{field}: expected {len(owner)} values, one per record; found {len(column.values)}")
    if records.known is not None and records.known.shape != (records.n,):
        raise DataError(f"{name}: known must have one value per patient ({records.n}); found {records.known.shape}")
    return records.n


def _check_values(name: str, variable: Variable, column: Column) -> None:
    values, known = column.values, column.known
    shape = (len(values), len(variable.levels)) if variable.type == "set" else (len(values),)
    if values.dtype.kind not in _KINDS[variable.type] or values.shape != shape:
        found = f"{values.dtype} {values.shape}"
        raise DataError(f"{name}: expected {_EXPECTED[variable.type]}; found {found}")
    if known is not None and (known.dtype.kind != "b" or known.shape != (len(values),)):
        raise DataError(f"{name}: known must be booleans, one per value; found {known.dtype} {known.shape}")
    if variable.type == "choice":
        _check_codes(name, len(variable.levels), values if known is None else values[known])
    if variable.type == "number" and not np.isfinite(values if known is None else values[known]).all():
        raise DataError(f"{name}: a number that is known must be finite")


def _check_codes(name: str, levels: int, codes: Array) -> None:
    if len(codes) and not 0 <= codes.min() <= codes.max() < levels:
        raise DataError(f"{name}: codes must lie from 0 to {levels - 1}; found {codes.min()} to {codes.max()}")


def columns_of(variables: Mapping[str, Variable], patients: list[Mapping[str, Any]]) -> dict[str, Column | Records]:
    """Return the columns of patients whose answers were read by ``read_answers`` (their values)."""
    return {
        name: _records(name, variable, patients)
        if variable.type == "records"
        else _column(variable, [patient.get(name) for patient in patients])
        for name, variable in variables.items()
    }


def _column(variable: Variable, values: list[Any]) -> Column:
    known = np.array([value is not None for value in values], dtype=bool)
    if variable.type == "set":
        rows = [[level in (value or ()) for level in variable.levels] for value in values]
        return Column(np.array(rows, dtype=bool).reshape(len(values), len(variable.levels)), known)
    dtype = {"number": np.float64, "yes/no": np.bool_}.get(variable.type, np.int64)
    return Column(np.array([_plain(variable, value) for value in values], dtype=dtype), known)


def _plain(variable: Variable, value: Any) -> Any:
    if value is None:
        return 0
    if isinstance(value, date):
        return day_number(value)
    return variable.levels.index(value) if variable.type == "choice" else value


def _records(name: str, variable: Variable, patients: list[Mapping[str, Any]]) -> Records:
    lists = [patient.get(name) for patient in patients]
    owner = np.array([i for i, rows in enumerate(lists) for _ in rows or ()], dtype=np.int64)
    rows = [row for one in lists for row in one or ()]
    fields = {key: _column(field, [row.get(key) for row in rows]) for key, field in variable.fields.items()}
    return Records(owner, len(patients), fields, np.array([one is not None for one in lists], dtype=bool))
