"""Edit checks: named rules over one row and what the subject's other rows say; a hard one refuses, a soft one asks.

They run on the server whenever a row is recorded or corrected; forms show the same limits to the browser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from trialwright.conduct.row_values import typed
from trialwright.records import TABLES

if TYPE_CHECKING:
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject
    from trialwright.protocol import Protocol

__all__ = ["CHECKS", "Check", "Complaint", "Fired", "Look", "check", "fired"]


class Complaint(NamedTuple):
    """What a check has to say about one field."""

    column: str | None
    text: str


@dataclass(frozen=True)
class Look:
    """One row under inspection with what may be known beside it."""

    state: State
    protocol: Protocol
    record: Subject
    table: str
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    today: date
    beside: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = ()
    """Table, key and values of rows recorded in the same command."""
    corrects: bool = False

    @cached_property
    def row(self) -> dict[str, Any]:
        """Return key and values with dates as dates."""
        return typed(TABLES[self.table], {**self.key, **self.values})

    def others(self, table: str) -> list[dict[str, Any]]:
        """Return the subject's other rows of a table with dates as dates, those of this command among them."""
        kept = (row.values for row in self.state.rows.of(self.record.id, table) if not self._is_self(table, row.key))
        new = ({**key, **values} for name, key, values in self.beside if name == table and not self._is_self(name, key))
        return [typed(TABLES[table], row) for row in (*kept, *new)]

    def _is_self(self, table: str, key: Mapping[str, Any]) -> bool:
        return table == self.table and dict(key) == dict(self.key)

    @cached_property
    def randomized_on(self) -> date | None:
        """Return the day of randomization; None before it."""
        from trialwright.conduct.visits import randomized_on

        return randomized_on(self.record)

    @cached_property
    def died_on(self) -> date | None:
        """Return the day of death as recorded."""
        return next((row["died_on"] for row in self.others("deaths")), None)


Finder = Callable[[Look], Iterable[Complaint]]


@dataclass(frozen=True)
class Check:
    """One rule; ``tables`` it applies to, ``says`` in words, and what finds its complaints."""

    name: str
    tables: tuple[str, ...]
    hard: bool
    says: str
    find: Finder = field(repr=False)


class Fired(NamedTuple):
    """A check that had something to say."""

    check: Check
    complaint: Complaint

    @property
    def words(self) -> str:
        """Return name and complaint as one line."""
        where = f"{self.complaint.column}: " if self.complaint.column else ""
        return f"{where}{self.complaint.text} ({self.check.name})"


CHECKS: dict[str, Check] = {}
"""Every edit check by name."""


def check(name: str, *tables: str, hard: bool, says: str) -> Callable[[Finder], Finder]:
    """Function decorator: make a finder an edit check of some tables; without tables, of all."""

    def kept(find: Finder) -> Finder:
        CHECKS[name] = Check(name, tables or tuple(TABLES), hard, says, find)
        return find

    return kept


def fired(look: Look) -> Iterator[Fired]:
    """Yield what the edit checks have to say about a row."""
    import trialwright.conduct.checks_all  # noqa: F401 - importing them fills CHECKS

    for one in CHECKS.values():
        if look.table in one.tables:
            yield from (Fired(one, complaint) for complaint in one.find(look))


HAPPENED = {
    "visits": "visited_on",
    "doses": "started_on",
    "assessments": "assessed_on",
    "lesions": "found_on",
    "measurements": "assessed_on",
    "recorded_responses": "assessed_on",
    "adverse_events": "started_on",
    "laboratory": "sampled_on",
    "samples": "taken_on",
    "biomarkers": "sampled_on",
    "dispositions": "ended_on",
    "therapies": "started_on",
    "contacts": "alive_on",
    "deaths": "died_on",
}
"""The column that says when the thing itself happened."""

_PROCEDURES = ("visits", "doses", "samples")
_MAY_PRECEDE = ("assessments", "lesions", "measurements", "laboratory", "adverse_events")


@check("future date", hard=True, says="what happened cannot have happened in the future")
def _future(look: Look) -> Iterator[Complaint]:
    dates = (column.name for column in TABLES[look.table].columns if column.kind == "date")
    for name in dates:
        value = look.row.get(name)
        if value is not None and name != "planned_on" and value > look.today:
            yield Complaint(name, f"{value} lies in the future; today is {look.today}")


def _before_consent(look: Look) -> Iterator[Complaint]:
    when, consents = look.row.get(HAPPENED[look.table]), look.record.consents
    if when is not None and consents and when < consents[0].signed_on:
        yield Complaint(HAPPENED[look.table], f"{when} is before the consent of {consents[0].signed_on}")


check("procedure before consent", *_PROCEDURES, hard=True, says="no procedure of the trial before consent")(
    _before_consent
)
check("before consent", *_MAY_PRECEDE, hard=False, says="findings before consent are asked about")(_before_consent)


@check("after death", hard=True, says="nothing happens to a subject after death")
def _after_death(look: Look) -> Iterator[Complaint]:
    column = HAPPENED.get(look.table)
    when = look.row.get(column) if column else None
    if look.table not in {"deaths", "biomarkers"} and when is not None and look.died_on and when > look.died_on:
        yield Complaint(column, f"{when} is after the death on {look.died_on}")


@check("death before something recorded", "deaths", hard=False, says="the last thing recorded is not after death")
def _death_first(look: Look) -> Iterator[Complaint]:
    later = [
        (row[column], table)
        for table, column in HAPPENED.items()
        if table not in {"deaths", "biomarkers", "dispositions"}
        for row in look.others(table)
        if row[column] is not None and row[column] > look.row["died_on"]
    ]
    if later:
        when, table = max(later)
        yield Complaint("died_on", f"something is recorded after it: {table} on {when}")


_SPANS = {
    "doses": ("started_on", "ended_on"),
    "adverse_events": ("started_on", "ended_on"),
    "therapies": ("started_on", "progressed_on"),
}


@check("end before start", *_SPANS, hard=True, says="nothing ends before it starts")
def _end_before_start(look: Look) -> Iterator[Complaint]:
    first, last = _SPANS[look.table]
    start, end = look.row.get(first), look.row.get(last)
    if start is not None and end is not None and end < start:
        yield Complaint(last, f"{end} is before {start}")


_COUNTED_FROM = {
    ("visits", "number"): 1, ("doses", "cycle"): 1, ("assessments", "number"): 0, ("measurements", "number"): 0,
    ("adverse_events", "number"): 1, ("laboratory", "number"): 1,
}  # fmt: skip


@check("number out of range", hard=True, says="numbers count from 1, assessments from 0, to at most 9999")
def _numbers(look: Look) -> Iterator[Complaint]:
    for (table, column), first in _COUNTED_FROM.items():
        value = look.row.get(column)
        if table == look.table and value is not None and not first <= value <= 9999:
            yield Complaint(column, f"must be from {first} to 9999; got {value}")


_PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+\.\w+|\+?\d[\d ()/-]{7,}\d|\b(?:Mrs|Mr|Ms|Dr|Herr|Frau|Señora?|Signora?|Mme)\.? [A-Z]\w+"
)


@check("looks like a person", hard=False, says="no names, addresses or telephone numbers in trial data")
def _personal(look: Look) -> Iterator[Complaint]:
    free = (c.name for c in TABLES[look.table].columns if c.kind == "text" and not c.values and c.name not in look.key)
    for name in free:
        value = look.row.get(name)
        if isinstance(value, str) and _PERSONAL.search(value.replace("T", " ")) and not _is_date_text(value):
            yield Complaint(name, "this looks like a name, an address or a telephone number; take it out")


def _is_date_text(value: str) -> bool:
    return re.fullmatch(r"\d{4}(-\d{2}){0,2}([T ][\d:]+)?", value) is not None
