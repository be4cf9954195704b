"""How the trial goes: recruitment against its plan, what is overdue, how old queries are; nothing by arm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from trialwright.conduct.visits import Planned, plan_of, randomized_on
from trialwright.stats import DAYS_PER_MONTH

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject
    from trialwright.protocol import Protocol

__all__ = ["Month", "overdue", "recruitment"]


@dataclass(frozen=True)
class Month:
    """Where recruitment stood at the end of a month of the trial."""

    number: int
    """From 1, counted from the day on which the first site could recruit."""
    until: date
    screened: int
    randomized: int
    planned: int | None
    """By a steady pace over the months that the protocol plans; None where it names none."""


def recruitment(state: State, protocol: Protocol, today: date) -> list[Month]:
    """Return screened, randomized and planned patients of the whole trial, month by month; empty before the first."""
    records = state.subjects.records.values()
    screened = sorted(record.screened_on for record in records)
    if not screened:
        return []
    randomized = sorted(day for record in records if (day := randomized_on(record)))
    start = screened[0]
    whole = (today - start).days
    numbers = range(1, max(1, -int(-whole // DAYS_PER_MONTH)) + 1)
    return [
        _month(protocol, number, start, min(today, _end(start, number)), screened, randomized) for number in numbers
    ]


def overdue(
    state: State, protocol: Protocol, records: Iterable[Subject], today: date
) -> list[tuple[Subject, Planned]]:  # fmt: skip
    """Return what is overdue, the longest overdue first."""
    found = [
        (record, one)
        for record in records
        if record.allocated is not None
        for one in plan_of(state, protocol, record, today, ahead=0)
        if one.standing == "overdue"
    ]
    return sorted(found, key=lambda pair: pair[1].window[1])


def _end(start: date, number: int) -> date:
    return date.fromordinal(start.toordinal() + round(number * DAYS_PER_MONTH) - 1)


def _month(  # noqa: PLR0917 - what one line of the table says
    protocol: Protocol, number: int, start: date, until: date, screened: list[date], randomized: list[date]
) -> Month:
    design = protocol.design
    planned = None
    if design.recruitment_months:
        months = ((until - start).days + 1) / DAYS_PER_MONTH
        planned = min(design.enrollment, round(design.enrollment * months / design.recruitment_months))
    return Month(number, until, sum(day <= until for day in screened), sum(day <= until for day in randomized), planned)
