"""The answers of one patient: what may be known, and why something is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from trialwright.errors import DataError
from trialwright.protocol.rules.faults import did_you_mean, listed, nearest

if TYPE_CHECKING:
    from trialwright.protocol.eligibility import Variable

__all__ = ["KnownAnswers", "NoValue", "check_anchors", "read_answers", "read_plain_answers"]


_LAST_YEAR: Final = 9900
"""Anchors can be moved ten years forward within the calendar."""


class NoValue(Enum):
    """Why a datum has no value. Only ``UNKNOWN_YET`` is provisional."""

    UNKNOWN_YET = "unknown yet"
    NOT_DONE = "not done"
    NOT_APPLICABLE = "not applicable"
    ASKED_UNKNOWN = "asked and unknown"
    NOT_STATED = "not stated in the protocol"


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """Checked answers: values by variable, and why others have none."""

    values: dict[str, Any]
    without: dict[str, NoValue]


def read_answers(variables: Mapping[str, Variable], answers: Mapping[str, Any]) -> KnownAnswers:
    """Check the answers of a patient against the variables; raise DataError naming variable, expected and found.

    A number is an int or float in the variable's unit, yes/no a bool, a choice its level, a date a ``datetime.date``,
    a set a collection of levels, records a sequence of mappings. None, an absent name and every ``NoValue`` are
    unknown.
    """
    values: dict[str, Any] = {}
    without: dict[str, NoValue] = {}
    for name, answer in answers.items():
        variable = variables.get(name)
        if variable is None:
            raise DataError(f"{name!r} is no variable of the protocol{_known(name, variables)}")
        if answer is None or isinstance(answer, NoValue):
            without[name] = answer or NoValue.UNKNOWN_YET
        elif variable.type == "records":
            values[name] = _records(name, variable, answer, without)
        else:
            values[name] = _CHECKS[variable.type](name, variable, answer)
    return KnownAnswers(values, without)


def read_plain_answers(variables: Mapping[str, Variable], plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers from a file: dates are ISO texts, ``{no_value: not done}`` says why there is none.

    A whole number is the level of a choice or set written with the same digits: ``ecog: 1`` is ``ecog: "1"``.

    >>> read_plain_answers({}, {})
    {}
    """
    return {
        name: _from_plain(name, variables[name], value) if name in variables else value for name, value in plain.items()
    }


def check_anchors(known: Sequence[str], anchors: Mapping[str, Any]) -> None:
    """Refuse anchors the protocol does not have, and what is not a date."""
    for name, day in anchors.items():
        if name not in known:
            raise DataError(f"anchor {name!r} is not known{did_you_mean(name, known)}; known: {listed(known)}")
        if not _is_date(day) or day.year > _LAST_YEAR:
            raise DataError(f"anchor {name} must be a date before the year {_LAST_YEAR + 1}; got {day!r}")


def _known(name: str, variables: Mapping[str, Variable]) -> str:
    return f"{did_you_mean(name, variables)}; known: {nearest(name, variables, 'under variables of the protocol file')}"


def _wrong(name: str, expected: str, found: object) -> DataError:
    return DataError(f"{name}: expected {expected}; found {found!r}")


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _number(name: str, variable: Variable, answer: Any) -> float:
    numeric = isinstance(answer, int | float) and not isinstance(answer, bool)
    if not numeric or not math.isfinite(answer) or abs(answer) > 1e15:
        raise _wrong(name, f"a finite number in {variable.unit}" if variable.unit else "a finite number", answer)
    return float(answer)


def _truth(name: str, variable: Variable, answer: Any) -> bool:
    if not isinstance(answer, bool):
        raise _wrong(name, "True or False", answer)
    return answer


def _choice(name: str, variable: Variable, answer: Any) -> str:
    if not isinstance(answer, str) or answer not in variable.levels:
        hint = did_you_mean(str(answer), variable.levels)
        raise _wrong(name, f"one of {', '.join(variable.levels)}{hint}", answer)
    return answer


def _date(name: str, variable: Variable, answer: Any) -> date:
    if not _is_date(answer):
        raise _wrong(name, "a date", answer)
    return answer  # type: ignore[no-any-return]


def _set(name: str, variable: Variable, answer: Any) -> frozenset[str]:
    collection = isinstance(answer, AbstractSet | Sequence) and not isinstance(answer, str | bytes)
    if not collection or any(item not in variable.levels for item in answer):
        raise _wrong(name, f"a collection of levels among {', '.join(variable.levels)}", answer)
    return frozenset(answer)


def _records(name: str, variable: Variable, answer: Any, without: dict[str, NoValue]) -> tuple[dict[str, Any], ...]:
    if not isinstance(answer, Sequence) or isinstance(answer, str | bytes):
        raise _wrong(name, "a list of records", answer)
    return tuple(_record(f"{name}[{i}]", variable, record, without) for i, record in enumerate(answer, 1))


def _record(name: str, variable: Variable, record: Any, without: dict[str, NoValue]) -> dict[str, Any]:
    if not isinstance(record, Mapping):
        raise _wrong(name, f"a record with the fields {', '.join(variable.fields)}", record)
    values: dict[str, Any] = {}
    for key, answer in record.items():
        field = variable.fields.get(key)
        if field is None:
            raise DataError(f"{name}: {key!r} is no field{_known(key, variable.fields)}")
        if answer is None or isinstance(answer, NoValue):
            without[f"{name}.{key}"] = answer or NoValue.UNKNOWN_YET
        else:
            values[key] = _CHECKS[field.type](f"{name}.{key}", field, answer)
    return values


_CHECKS: Final[dict[str, Callable[[str, Variable, Any], Any]]] = {
    "number": _number,
    "yes/no": _truth,
    "choice": _choice,
    "date": _date,
    "set": _set,
}


def _from_plain(name: str, variable: Variable, plain: Any) -> Any:
    if isinstance(plain, Mapping) and set(plain) == {"no_value"}:
        return _no_value(name, plain["no_value"])
    if variable.type == "date" and isinstance(plain, str):
        return _iso(name, plain)
    if variable.type == "records" and isinstance(plain, Sequence) and not isinstance(plain, str):
        return [read_plain_answers(variable.fields, r) if isinstance(r, Mapping) else r for r in plain]
    if variable.type == "choice":
        return _level(variable, plain)
    if variable.type == "set" and isinstance(plain, Sequence) and not isinstance(plain, str):
        return [_level(variable, each) for each in plain]
    return plain


def _level(variable: Variable, plain: Any) -> Any:
    """Return the level a whole number stands for; what is no such number, or no level, is left to be refused."""
    whole = isinstance(plain, int) and not isinstance(plain, bool)
    return str(plain) if whole and str(plain) in variable.levels else plain


def _no_value(name: str, text: Any) -> NoValue:
    try:
        return NoValue(text)
    except ValueError:
        raise _wrong(name, f"no_value to be one of {', '.join(v.value for v in NoValue)}", text) from None


def _iso(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong(name, "a date such as 2020-01-31", text) from None
