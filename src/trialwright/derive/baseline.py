"""Baseline characteristics as typed values, one row per randomized patient and variable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trialwright.derive.rows import columns, frame, source
from trialwright.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Protocol, Variable
    from trialwright.records import TrialData

__all__ = ["BASELINE_COLUMNS", "baseline"]

BASELINE_COLUMNS = {
    "subject": "text",
    "variable": "text",
    "kind": "text",
    "number": "number",
    "level": "text",
    "source": "text",
}
_SHOWN = ("number", "yes/no", "choice", "date")
_Value = tuple[float | None, str | None]
"""A number, or a level as text; both None when it is not known."""


def baseline(data: TrialData, protocol: Protocol) -> pl.DataFrame:
    """Return one row per randomized subject and baseline variable of the protocol, then per stratification factor.

    ``kind`` is the variable's type, or ``stratum`` for a factor as it was used for allocation. A number stands in
    ``number``; any other value in ``level`` (``yes`` or ``no`` for yes/no, the ISO date for a date). Both are null when
    the value is not known. Variables of type ``set`` and ``records`` have no single value and are left out. Raises
    DataError for an answer that is not of its variable's type.
    """
    subjects = data["allocations"]["subject"].to_list()
    return frame(BASELINE_COLUMNS, [*_variables(data, protocol, subjects), *_factors(data, protocol, subjects)])


def _variables(data: TrialData, protocol: Protocol, subjects: list[str]) -> Iterator[tuple[Any, ...]]:
    shown = {name: v for name, v in protocol.variables.items() if v.baseline and v.type in _SHOWN}
    rows = zip(*columns(data["answers"], "variable", "subject", "value"), strict=True)
    answers = {(name, subject): value for name, subject, value in rows if name in shown}
    for name, variable in shown.items():
        for subject in subjects:
            record = source("answers", subject, variable=name)
            found = _typed(answers.get((name, subject)), variable, record)
            yield (subject, name, variable.type, *found, record)


def _factors(data: TrialData, protocol: Protocol, subjects: list[str]) -> Iterator[tuple[Any, ...]]:
    rows = zip(*columns(data["strata"], "factor", "subject", "level"), strict=True)
    levels = {(factor, subject): level for factor, subject, level in rows}
    for factor in protocol.randomization.strata:
        for subject in subjects:
            level = levels.get((factor.id, subject))
            yield subject, factor.id, "stratum", None, level, source("strata", subject, factor=factor.id)


def _typed(text: str | None, variable: Variable, record: str) -> _Value:
    value = None if text is None else json.loads(text)
    if value is None:
        return None, None
    match variable.type, value:
        case "number", bool():
            pass
        case "number", int() | float():
            return float(value), None
        case "yes/no", bool():
            return None, "yes" if value else "no"
        case "choice", str() if value in variable.levels:
            return None, value
        case "date", str():
            return None, value
    expected = f"one of {', '.join(variable.levels)}" if variable.levels else f"a {variable.type} in JSON"
    raise DataError(f"{record}: the value must be {expected}; got {text}")
