"""Dates of which a part is missing: the days they can mean, the day chosen, and what was imputed.

Never silently: every imputed date says which part was missing (``date_flag``, ``time_flag``) and what bounded it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

__all__ = ["ImputationRule", "Imputed", "impute", "possible_days"]

Choice = Literal["first", "middle", "last"]
Level = Literal["none", "day", "month", "year"]

_FLAGS = {"day": "D", "month": "M", "year": "Y"}
_DEPTH: dict[Level, int] = {"none": 0, "day": 1, "month": 2, "year": 3}
_ISO = re.compile(
    r"(?P<year>\d{4}|-)(?:-(?P<month>\d{2}|-)(?:-(?P<day>\d{2}|-))?)?"
    r"(?:T(?P<hour>\d{2}|-)(?::(?P<minute>\d{2}|-)(?::(?P<second>\d{2}(?:\.\d+)?|-))?)?(?:Z|[+-]\d{2}:\d{2})?)?"
)


@dataclass(frozen=True)
class ImputationRule:
    """How missing parts are filled: with the ``first``, ``middle`` or ``last`` value, up to the highest part.

    ``highest``: the greatest part that may be missing; ``day`` leaves a date without its month unknown. A date
    without a year is always unknown unless ``highest`` is ``year`` and something bounds it. ``middle`` is the 15th
    of a month, and 30 June of a year.

    >>> ImputationRule("first", "month")
    ImputationRule(choice='first', highest='month')
    """

    choice: Choice
    highest: Level

    def __post_init__(self) -> None:
        if self.choice not in ("first", "middle", "last"):
            raise ValueError(f"choice must be first, middle or last; got {self.choice!r}")
        if self.highest not in _DEPTH:
            raise ValueError(f"highest must be one of {', '.join(_DEPTH)}; got {self.highest!r}")


@dataclass(frozen=True)
class Imputed:
    """A day, and how it came about: ``date_flag`` is the greatest imputed part of the date (Y, M, D), else None.

    ``second`` counts from midnight; ``time_flag`` is the greatest imputed part of the time (H, M, S). ``why`` says in
    words what was filled in, or why there is no day.
    """

    on: date | None
    date_flag: str | None
    second: int | None
    time_flag: str | None
    why: str


def possible_days(text: str | None) -> tuple[date, date] | None:
    """Return the first and the last day that an ISO 8601 date, whole or partial, can mean.

    None where there is no text or no year. ValueError for text that is not a date, or a day that does not exist.

    >>> possible_days("2024-02")
    (datetime.date(2024, 2, 1), datetime.date(2024, 2, 29))
    >>> possible_days("2024---05")
    (datetime.date(2024, 1, 5), datetime.date(2024, 12, 5))
    """
    year, month, day = _date_parts(text)
    if year is None:
        return None
    first, last = date(year, month or 1, day or 1), date(year, month or 12, 1)
    return first, last.replace(day=min(day or 31, monthrange(last.year, last.month)[1]))


def impute(
    text: str | None,
    rule: ImputationRule,
    *,
    not_before: Iterable[date | None] = (),
    not_after: Iterable[date | None] = (),
) -> Imputed:
    """Return the day that stands for a partial ISO 8601 date, with flags.

    A bound counts only when it lies among the days that the partial date can mean, and never moves a day that was
    recorded in full: where the record and a bound contradict each other, the record stands. Bounds that are None are
    passed over. ValueError for text that is not a date.

    >>> impute("2024-03", ImputationRule("first", "month"), not_before=[date(2024, 3, 9)])
    Imputed(on=datetime.date(2024, 3, 9), date_flag='D', second=0, time_flag='H', why='day imputed: not before \
2024-03-09')
    >>> impute("2024", ImputationRule("last", "day")).why
    'month not recorded, and the rule imputes at most the day'
    """
    parts = _date_parts(text)
    missing = _missing(parts)
    if _DEPTH[missing] > _DEPTH[rule.highest]:
        allowed = "nothing" if rule.highest == "none" else f"at most the {rule.highest}"
        return Imputed(None, None, None, None, f"{missing} not recorded, and the rule imputes {allowed}")
    bounds = ([d for d in not_before if d], [d for d in not_after if d])
    on, why = _chosen(text, parts, missing, rule.choice, bounds)
    if on is None:
        return Imputed(None, None, None, None, why)
    return Imputed(on, _FLAGS.get(missing), *_time(text or "", rule.choice), why)


def _chosen(
    text: str | None,
    parts: tuple[int | None, ...],
    missing: Level,
    choice: Choice,
    bounds: tuple[list[date], list[date]],
) -> tuple[date | None, str]:
    days = possible_days(text)
    if days is None:
        return _from_bounds(*bounds, choice)
    first, last = days
    if missing == "none":
        return first, "as recorded"
    on = {"first": first, "last": last}.get(choice) or _middle(parts, first, last)
    lower, upper = ([d for d in known if first <= d <= last] for known in bounds)
    if lower and max(lower) > on:
        return _possible(parts, max(lower), forward=True) or on, f"{missing} imputed: not before {max(lower)}"
    if upper and min(upper) < on:
        return _possible(parts, min(upper), forward=False) or on, f"{missing} imputed: not after {min(upper)}"
    return on, f"{missing} imputed: {choice} possible day"


def _possible(parts: tuple[int | None, ...], bound: date, *, forward: bool) -> date | None:
    """Return the bound, or where the day of the month was recorded the nearest such day on its side of the bound."""
    year, _, day = parts
    if day is None or year is None:
        return bound
    days = [date(year, month, day) for month in range(1, 13) if day <= monthrange(year, month)[1]]
    if forward:
        return min((d for d in days if d >= bound), default=None)
    return max((d for d in days if d <= bound), default=None)


def _from_bounds(lower: list[date], upper: list[date], choice: Choice) -> tuple[date | None, str]:
    """Without a year only a bound can give a day: the nearest to the end of time that the rule chooses."""
    if upper and (choice == "last" or not lower):
        return min(upper), f"year imputed: not after {min(upper)}"
    if lower:
        return max(lower), f"year imputed: not before {max(lower)}"
    return None, "year not recorded, and nothing bounds the date"


def _middle(parts: tuple[int | None, ...], first: date, last: date) -> date:
    year, month, day = parts
    assert year is not None
    if month is None:
        return date(year, 6, 30 if day is None else min(day, 30))
    return first.replace(day=min(15, last.day))


def _missing(parts: tuple[int | None, ...]) -> Level:
    year, month, day = parts
    if year is None:
        return "year"
    if month is None:
        return "month"
    return "day" if day is None else "none"


def _date_parts(text: str | None) -> tuple[int | None, int | None, int | None]:
    if not text:
        return None, None, None
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(f"a date must be ISO 8601, whole or partial, such as 2024-03 or 2024---05; got {text!r}")
    year, month, day = (_number(found[part]) for part in ("year", "month", "day"))
    _check(text, year, month, day)
    return year, month, day


def _check(text: str, year: int | None, month: int | None, day: int | None) -> None:
    """Refuse a month or day that does not exist; without a year, 29 February may."""
    longest = monthrange(year or 2000, month)[1] if month is not None and 1 <= month <= 12 else 31
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= longest):
        raise ValueError(f"there is no such day: {text!r}")


def _number(part: str | None) -> int | None:
    return None if part in (None, "-") else int(float(part))


def _time(text: str, choice: Choice) -> tuple[int, str | None]:
    """Return seconds from midnight and the greatest imputed part; an unknown time is first 0:00:00, last 23:59:59."""
    found = _ISO.fullmatch(text)
    parts = [_number(found[part]) if found else None for part in ("hour", "minute", "second")]
    flag = next((name for name, part in zip("HMS", parts, strict=True) if part is None), None)
    filled = {"first": (0, 0, 0), "middle": (12, 30, 30), "last": (23, 59, 59)}[choice]
    hour, minute, second = (given if part is None else part for part, given in zip(parts, filled, strict=True))
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(f"there is no such time: {text!r}")
    return 3600 * hour + 60 * minute + second, flag
