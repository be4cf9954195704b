"""Days inside, months at the door."""

DAYS_PER_WEEK = 7
DAYS_PER_MONTH = 365.25 / 12
"""The one constant that turns days into months; used only when a number is printed or a month is read."""


def months(days: float) -> float:
    """Return a number of days as months of 365.25/12 days.

    >>> round(months(150), 2)
    4.93
    """
    return days / DAYS_PER_MONTH


def days(months: float) -> float:
    """Return a number of months of 365.25/12 days as days.

    >>> days(12)
    365.25
    """
    return months * DAYS_PER_MONTH
