"""Dates as whole days, and completed calendar months."""

from __future__ import annotations

from datetime import date
from typing import Final

__all__ = ["completed_months", "day_number", "month_reached"]

_EPOCH: Final = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Return days since 1970-01-01.

    >>> day_number(date(1970, 1, 31))
    30
    """
    return day.toordinal() - _EPOCH


def day_of(number: float) -> date:
    """Return the date of a day number."""
    return date.fromordinal(int(number) + _EPOCH)


def completed_months(start: date, end: date) -> int:
    """Return completed calendar months from start to end; negative when end comes first.

    A month is complete on the same day of the month; where that day does not exist (31 January to February), on the
    first day after. The other convention would complete it on the last day of the month.

    >>> completed_months(date(2020, 1, 31), date(2020, 2, 29)), completed_months(date(2020, 1, 31), date(2020, 3, 1))
    (0, 1)
    """
    if end < start:
        return -completed_months(end, start)
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def month_reached(start: date, months: int) -> date | None:
    """Return the first date not before start by which so many months are complete; None beyond the calendar.

    >>> month_reached(date(2020, 1, 31), 1)
    datetime.date(2020, 3, 1)
    """
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    try:
        return date(year, month + 1, start.day)
    except ValueError:
        return _first_of_next(year, month) if 1 <= year < 9999 else None


def _first_of_next(year: int, month: int) -> date:
    return date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
