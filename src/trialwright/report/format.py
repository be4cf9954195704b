"""Numbers as they are printed: the only place where a number becomes text.

Months and percentages have one decimal, hazard ratios two, P values four and "<0.0001"; a limit or a median that the
curve does not reach is "not reached"; a count of zero stands without a percentage.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from trialwright.results import Result
from trialwright.stats import months

__all__ = [
    "NOT_ESTIMABLE",
    "NOT_REACHED",
    "amount",
    "count_and_share",
    "estimate",
    "exact",
    "interval",
    "kind",
    "p_value",
    "percent",
    "ratio",
    "time",
    "unit",
]

NOT_REACHED = "not reached"
NOT_ESTIMABLE = "not estimable"
Kind = Literal["time", "share", "ratio", "P", "count", "date", "decision", "number"]

_KIND_BY_STATISTIC: dict[str, Kind] = {
    "hazard ratio": "ratio",
    "follow-up": "time",
    "rate": "share",
    "share": "share",
    "survival": "share",
    "any grade": "share",
    "grade 3 or higher": "share",
    "difference": "share",
    "taken": "share",
    "altered": "share",
    "dose reduced": "share",
    "rejected": "decision",
    "first randomized": "date",
    "last randomized": "date",
}
_KIND_BY_UNIT: dict[str, Kind] = {
    "d": "time",
    "day": "time",
    "days": "time",
    "share": "share",
    "ratio": "ratio",
    "date": "date",
    "patients": "count",
    "subjects": "count",
    "count": "count",
}


def kind(row: Result) -> Kind:
    """Return how a result is printed, from its statistic and unit."""
    if row.statistic == "P" or row.statistic.endswith(" P"):
        return "P"
    if row.statistic.startswith("grade "):
        return "share"
    if row.statistic.endswith(" hazard ratio"):
        return _KIND_BY_STATISTIC["hazard ratio"]
    return _KIND_BY_STATISTIC.get(row.statistic) or _KIND_BY_UNIT.get(row.unit, "number")


def time(days: float) -> str:
    """Return days as months with one decimal.

    >>> time(150)
    '4.9'
    """
    return "∞" if math.isinf(days) else f"{months(days):.1f}"


def percent(share: float) -> str:
    """Return a share as a percentage with one decimal.

    >>> percent(0.4206)
    '42.1%'
    """
    return _minus(f"{100 * share:.1f}%")


def ratio(value: float) -> str:
    """Return a ratio with two decimals.

    >>> ratio(0.8412)
    '0.84'
    """
    return f"{value:.2f}"


def p_value(p: float) -> str:
    """Return a P value with four decimals.

    >>> p_value(0.00004), p_value(0.1492)
    ('<0.0001', '0.1492')
    """
    return "<0.0001" if p < 0.00005 else f"{p:.4f}"


def amount(value: float, decimals: int | None = None) -> str:
    """Return a number with so many decimals, or as short as it is.

    >>> amount(59.0), amount(1.25), amount(-2.0, 1)
    ('59', '1.25', '−2.0')
    """
    return _minus(f"{value:.4g}" if decimals is None and value % 1 else f"{value:.{decimals or 0}f}")


def exact(value: float | None) -> str:
    """Return a number with all its digits, for the list of every number."""
    return "" if value is None else _minus(f"{value:.10g}")


def estimate(row: Result) -> str:
    """Return the value alone, as printed."""
    if row.value is None:
        return _nothing(row)
    return _text(row, row.value)


def interval(row: Result) -> str:
    """Return the limits as printed, or an empty text when the row has none."""
    if row.lower is None and row.upper is None:
        return ""
    low, high = (_nothing(row) if limit is None else _text(row, limit).rstrip("%") for limit in (row.lower, row.upper))
    return f"{low} to {high}"


def count_and_share(row: Result) -> str:
    """Return "events (share)"; a count of zero stands alone."""
    if row.value is None or row.events is None:
        return estimate(row)
    return f"{row.events} ({percent(row.value)})" if row.events else "0"


def _nothing(row: Result) -> str:
    """A time is not reached, as long as there is somebody to reach it."""
    return NOT_REACHED if kind(row) == "time" and row.n != 0 else NOT_ESTIMABLE


def _text(row: Result, value: float) -> str:
    what = kind(row)
    if what == "date":
        return row.conventions or amount(value)
    return _PRINT[what](value)


def unit(text: str) -> str:
    """Return a unit of the protocol in words."""
    return {"y": "years", "mo": "months", "wk": "weeks", "d": "days"}.get(text, text)


def _minus(text: str) -> str:
    return text.replace("-", "−")


_PRINT: dict[Kind, Callable[[float], str]] = {
    "time": time,
    "share": percent,
    "ratio": ratio,
    "P": p_value,
    "count": "{:.0f}".format,
    "decision": lambda value: "rejected" if value else "not rejected",
    "number": amount,
}
