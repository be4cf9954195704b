"""Dates and durations in the text of ISO 8601 as SDTM writes them: complete, partial, or with parts left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

__all__ = ["COMPARISONS", "compare", "is_complete", "is_date", "is_duration", "study_day"]

_PART = re.compile(
    r"(?P<year>\d{4}|-)(-(?P<month>\d\d|-)(-(?P<day>\d\d|-)(T(?P<hour>\d\d|-)(:(?P<minute>\d\d|-)"
    r"(:(?P<second>\d\d|-)(?P<fraction>\.\d+)?)?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?"
)
_UNITS = ("year", "month", "day", "hour", "minute", "second")
_HIGHEST: Mapping[str, tuple[int, int]] = {"month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59)}
_AMOUNT = r"\d+(?:[.,]\d+)?"
_DURATION = re.compile(
    rf"P(?=.)(?:(?P<W>{_AMOUNT}W)|(?P<Y>{_AMOUNT}Y)?(?P<M>{_AMOUNT}M)?(?P<D>{_AMOUNT}D)?"
    rf"(?:T(?=.)(?P<h>{_AMOUNT}H)?(?P<m>{_AMOUNT}M)?(?P<s>{_AMOUNT}S)?)?)"
)


@lru_cache(maxsize=100_000)
def known_parts(text: str) -> tuple[int, ...] | None:
    """Return year, month, day, hour, minute and second as far as they are known; None when the text is no date.

    Fractions of a second and the offset from UTC are left out of account: SDTM compares local times.

    >>> known_parts("2014-01-05T10:30"), known_parts("2014-01"), known_parts("2014-02-30")
    ((2014, 1, 5, 10, 30), (2014, 1), None)
    """
    found = _PART.fullmatch(text)
    if found is None:
        return None
    parts = {unit: found[unit] for unit in _UNITS if found[unit] not in (None, "-")}
    if not all(_possible(unit, int(value)) for unit, value in parts.items()):
        return None
    leading: list[int] = []
    for unit in _UNITS:
        if unit not in parts:
            break
        leading.append(int(parts[unit]))
    return tuple(leading) if len(leading) < 3 or _is_day(*leading[:3]) else None


def _possible(unit: str, value: int) -> bool:
    low, high = _HIGHEST.get(unit, (0, 59 if unit == "second" else 9999))
    return low <= value <= high


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def is_date(text: str) -> bool:
    """Whether text is a date, a partial date, or an interval of two.

    >>> [is_date(text) for text in ("2014-01-05", "2014", "2014---05", "2014-01/2014-02", "5 Jan 2014", "2014-13")]
    [True, True, True, True, False, False]
    """
    parts = text.split("/")
    return len(parts) <= 2 and all(known_parts(part) is not None for part in parts)


def is_complete(text: str) -> bool:
    """Whether text is a date with year, month and day; a time may follow.

    >>> is_complete("2014-01-05T10:30"), is_complete("2014-01")
    (True, False)
    """
    parts = known_parts(text)
    return parts is not None and len(parts) >= 3


def is_duration(text: str, *, negative: bool = False) -> bool:
    """Whether text is a duration such as P3M or PT2H30M; only its smallest part may have a fraction.

    >>> is_duration("P3M"), is_duration("PT0.5H"), is_duration("P1.5DT2H"), is_duration("-P1D"), is_duration("P")
    (True, True, False, False, False)
    """
    if negative:
        text = text.removeprefix("-")
    found = _DURATION.fullmatch(text)
    if found is None:
        return False
    amounts = [amount for amount in found.groups() if amount]
    return bool(amounts) and not any(mark in amount for amount in amounts[:-1] for mark in ".,")


def compare(left: str, right: str) -> tuple[int, bool] | None:
    """Return the sign of left minus right as far as both are known, and whether equality can be told; None for no date.

    Equality can be told when both are days or better, or known equally far: 2014-01 is neither before nor after
    2014-01-05, and not the same. In CORE 0.17 it is both on or before and on or after it; here a finding needs to be
    certain. A date and a time of that day are equal here, and not there.

    >>> compare("2014-02", "2014-01-05"), compare("2014-01", "2014-01-05"), compare("2014-01-05T10:00", "2014-01-05")
    ((1, True), (0, False), (0, True))
    """
    one, other = known_parts(left), known_parts(right)
    if not one or not other:
        return None
    known = min(len(one), len(other))
    sign = (one[:known] > other[:known]) - (one[:known] < other[:known])
    return sign, sign != 0 or known >= 3 or len(one) == len(other)


COMPARISONS: Mapping[str, Callable[[int], bool]] = {
    "date_equal_to": lambda sign: sign == 0,
    "date_not_equal_to": lambda sign: sign != 0,
    "date_greater_than": lambda sign: sign > 0,
    "date_greater_than_or_equal_to": lambda sign: sign >= 0,
    "date_less_than": lambda sign: sign < 0,
    "date_less_than_or_equal_to": lambda sign: sign <= 0,
}


def study_day(text: str, reference: str) -> int | None:
    """Return the study day of a date: 1 on the day of reference, -1 the day before; None unless both are complete.

    SDTMIG 3.4, section 4.4.4: there is no day 0.

    >>> study_day("2014-01-05", "2014-01-05"), study_day("2014-01-04T08:00", "2014-01-05"), study_day("2014", "2014")
    (1, -1, None)
    """
    one, other = known_parts(text), known_parts(reference)
    if one is None or other is None or len(one) < 3 or len(other) < 3:
        return None
    days = (date(*one[:3]) - date(*other[:3])).days
    return days + 1 if days >= 0 else days
