"""From the rows of any table to subjects: each column checked for the part it plays, each dropped row counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trialwright.analyze.table_values import (
    coded,
    few,
    in_order,
    is_missing,
    is_numeric,
    labeled,
    numbers,
    one_label,
    refuse,
)
from trialwright.errors import DataError
from trialwright.stats import EventTimes

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["Columns", "Covariate", "Missing", "Subjects", "subjects"]

Missing = Literal["refuse", "drop"]


@dataclass(frozen=True)
class Columns:
    """Which column plays which part. ``factor(x)`` among the covariates takes a column of numbers as categories."""

    time: str
    event: str
    arm: str
    event_value: str | None = None
    """The value that means event; without it the column holds 0 and 1, or false and true."""
    control: str | None = None
    """The reference arm; without it the first in order."""
    strata: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Covariate:
    """One column of a model: numbers, or 1 for those at a level and 0 for the others."""

    name: str
    term: str
    """The column of the table it comes from."""
    values: NDArray[np.float64]
    """[n]"""


@dataclass(frozen=True, eq=False)
class Subjects:
    """The subjects of a table, ready for analysis, and what became of its rows."""

    columns: Columns
    times: EventTimes
    """By arm, the control first, and by stratum."""
    covariates: tuple[Covariate, ...]
    rows_read: int
    dropped: Mapping[str, int]
    """Rows left out by reason; a row with several reasons is counted under the first."""

    def times_in_words(self, merge: float) -> str:
        """Return how times were taken: whole numbers, or ranks of real numbers with their values."""
        if self.times.values is None:
            return "whole numbers"
        return f"continuous; {f'gaps up to {merge:g}, also over their mean, are ties' if merge else 'exact ties only'}"


def subjects(frame: pl.DataFrame, columns: Columns, *, missing: Missing, merge: float) -> Subjects:
    """Return the subjects of a table.

    Times are numbers, zero or more; the event column has two values; arms, strata and covariates are labels (numbers
    sort as numbers) or, for covariates, numbers. A missing value is null, NaN, or empty text, ``NA``, ``NaN``, a point;
    rows with one in a used column are refused, or dropped and counted by reason. Fractional times at most ``merge``
    apart are one time. DataError names column, row (counted from 1 below the heading) and value of what is refused.

    >>> import polars as pl
    >>> frame = pl.DataFrame({"t": ["5", "8", "NA"], "e": ["1", "0", "1"], "arm": ["A", "B", "B"]})
    >>> found = subjects(frame, Columns("t", "e", "arm"), missing="drop", merge=0.0)
    >>> len(found.times), dict(found.dropped)
    (2, {'t is missing': 1})
    """
    if missing not in ("refuse", "drop"):
        raise ValueError(f"missing must be refuse or drop; got {missing!r}")
    wanted = {name: _column(frame, name) for name in _used(columns)}
    kept, dropped = _complete(wanted, missing)
    known = {name: series.filter(kept) for name, series in wanted.items()}
    rows = np.flatnonzero(kept.to_numpy()) + 1
    arm, arms = _arms(known[columns.arm], columns)
    stratum, strata = _strata([known[name] for name in columns.strata], len(rows))
    times = _event_times(
        _times(known[columns.time], rows), _events(known[columns.event], columns), (arm, arms), (stratum, strata), merge
    )
    covariates = tuple(c for asked in columns.covariates for c in _covariates(known[_plain(asked)], asked, rows))
    return Subjects(columns, times, covariates, frame.height, dropped)


def _plain(covariate: str) -> str:
    inside = covariate.strip()
    return inside[7:-1].strip() if inside.startswith("factor(") and inside.endswith(")") else inside


def _used(columns: Columns) -> dict[str, None]:
    parts = [columns.time, columns.event, columns.arm]
    twice = [name for name in parts if parts.count(name) > 1]
    if twice:
        raise DataError(f"column {twice[0]!r} cannot be two of time, event and arm; name three columns")
    for name in (*columns.strata, *map(_plain, columns.covariates)):
        if name in parts:
            raise DataError(f"column {name!r} is time, event or arm already and cannot be a stratum or covariate too")
    return dict.fromkeys([*parts, *columns.strata, *map(_plain, columns.covariates)])


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    from difflib import get_close_matches

    if name in frame.columns:
        return frame[name]
    folded = {known.casefold(): known for known in frame.columns}
    close = get_close_matches(name.casefold(), folded, n=1)
    meant = f"did you mean {folded[close[0]]!r}? " if close else ""
    shown = ", ".join(frame.columns[:60]) + (f" and {frame.width - 60} more" if frame.width > 60 else "")
    raise DataError(f"no column is called {name!r}; {meant}the columns are: {shown}")


def _complete(columns: Mapping[str, pl.Series], missing: Missing) -> tuple[pl.Series, dict[str, int]]:
    """Return which rows have a value in every column, and how many are left out for which column."""
    import polars as pl

    kept = pl.repeat(True, len(next(iter(columns.values()))), dtype=pl.Boolean, eager=True)
    dropped: dict[str, int] = {}
    for name, series in columns.items():
        empty = is_missing(series) & kept
        if empty.any():
            dropped[f"{name} is missing"] = int(empty.sum())
            kept &= ~empty
    if dropped and missing == "refuse":
        raise DataError(_refusal(dropped, kept))
    if not kept.any():
        raise DataError(f"no row is left to analyze: {_listed(dropped)}")
    return kept, dropped


def _refusal(dropped: Mapping[str, int], kept: pl.Series) -> str:
    first = int((~kept).arg_true()[0]) + 1
    remedy = "Complete them, or add --missing drop if the plan leaves such rows out; they are then counted"
    return f"values are missing, first in row {first}: {_listed(dropped)}. {remedy}"


def _listed(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} in {count} row{'s' * (count > 1)}" for reason, count in dropped.items())


def _times(series: pl.Series, rows: NDArray[Any]) -> NDArray[np.float64]:
    times = numbers(series, rows, "a number of days, weeks, months or years")
    refuse(series, rows, ~np.isfinite(times), "finite: write the time of last contact and no event")
    refuse(series, rows, times < 0, "zero or more: check the dates of start and end")
    return times


def _events(series: pl.Series, columns: Columns) -> NDArray[np.bool_]:
    names = labeled(series)
    found = in_order(names)
    value = columns.event_value
    if len(found) > 2:
        shown = ", ".join(found[:8]) + (", ..." if len(found) > 8 else "")
        raise DataError(
            f"column {series.name!r} must have two values, event and censored; it has {len(found)}: {shown}. Whether "
            f"another way of ending is censoring or a competing event is for the plan: make a column that says so"
        )
    if value is None:
        value = _understood(series.name, found)
    elif one_label(value) not in found and not set(found) <= {"0", "1"}:
        raise DataError(f"no row has {value!r} in column {series.name!r}; it holds {' and '.join(found)}")
    return (names == one_label(value)).to_numpy()


def _understood(name: str, found: Sequence[str]) -> str:
    """Return the value that means event where it speaks for itself; ADaM's CNSR means the opposite of what it holds."""
    if name.casefold() == "cnsr":
        raise DataError(f"column {name!r} is 0 for an event and above 0 for censored by ADaM: say --event-value 0")
    for censored, event in (("0", "1"), ("false", "true"), ("False", "True"), ("FALSE", "TRUE")):
        if set(found) <= {censored, event}:
            return event
    raise DataError(
        f"column {name!r} holds {' and '.join(found)}; say which one means event: --event-value {found[-1]}"
    )


def _arms(series: pl.Series, columns: Columns) -> tuple[NDArray[np.int32], list[str]]:
    names = labeled(series)
    found = few(series.name, in_order(names), "arms")
    if len(found) == 1:
        raise DataError(f"column {series.name!r} has one arm only, {found[0]}; a comparison needs two")
    control = found[0] if columns.control is None else one_label(columns.control)
    if control not in found:
        raise DataError(
            f"control {columns.control!r} is no arm of column {series.name!r}; the arms are: {', '.join(found)}"
        )
    order = [control, *(arm for arm in found if arm != control)]
    return coded(names, order), order


def _strata(columns: Sequence[pl.Series], n: int) -> tuple[NDArray[np.int32], list[str]]:
    """Return the stratum of each row and the names of the strata: each combination that occurs."""
    if not columns:
        return np.zeros(n, np.int32), ["all"]
    codes, names = np.zeros(n, np.int64), [""]
    for series in columns:
        own = labeled(series)
        levels = in_order(own)
        codes = codes * len(levels) + coded(own, levels)
        names = [f"{name}, {series.name}={level}".removeprefix(", ") for name in names for level in levels]
        seen, codes = np.unique(codes, return_inverse=True)
        names = [names[code] for code in seen]
    return codes.astype(np.int32), names


def _event_times(
    times: NDArray[np.float64],
    events: NDArray[np.bool_],
    arm: tuple[NDArray[np.int32], list[str]],
    stratum: tuple[NDArray[np.int32], list[str]],
    merge: float,
) -> EventTimes:
    """Return event times; one that is no whole number puts all of them on the path of continuous times."""
    if (times == np.floor(times)).all() and times.max() < 2**31:
        return EventTimes.coded(times.astype(np.int64), events, arm[0], stratum[0], arms=arm[1], strata=stratum[1])
    ranked = EventTimes.from_continuous(
        times,
        events,
        arm[0].tolist(),
        stratum[0].tolist(),
        arms=range(len(arm[1])),
        strata=range(len(stratum[1])),
        tie_tolerance=merge,
    )
    return replace(ranked, arms=tuple(arm[1]), strata=tuple(stratum[1]))


def _covariates(series: pl.Series, asked: str, rows: NDArray[Any]) -> Iterator[Covariate]:
    """Yield a column of numbers as it is, and labels as one column for each level but the first."""
    if asked.strip() == series.name and is_numeric(series, rows):
        values = numbers(series, rows, "a number")
        refuse(series, rows, ~np.isfinite(values), "finite")
        yield Covariate(series.name, series.name, values)
        return
    names = labeled(series)
    for level in few(series.name, in_order(names), "levels")[1:]:
        yield Covariate(f"{series.name}={level}", series.name, (names == level).to_numpy().astype(float))
