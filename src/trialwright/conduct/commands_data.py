"""What is asked about rows of the trial's tables: record, correct, strike; each held to schema and edit checks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from trialwright.conduct.checks import Fired, Look, fired
from trialwright.conduct.cleaning import check_open
from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_screening import Text
from trialwright.conduct.commands_sites import Short
from trialwright.conduct.eligibility import known_subject
from trialwright.conduct.facts import NewFact
from trialwright.conduct.refusals import Invalid, NotFound, Refused, Stale
from trialwright.conduct.row_values import check_key, check_values, recordable
from trialwright.conduct.rows import RowId

if TYPE_CHECKING:
    from trialwright.conduct.rows import Row
    from trialwright.conduct.state import State
    from trialwright.conduct.subjects import Subject

__all__ = ["CorrectRow", "InvalidFields", "OneRow", "RecordRow", "RecordRows", "StrikeRow"]

Cells = Annotated[dict[Short, JsonValue], Field(max_length=100)]
Whole = Annotated[int, Field(ge=1, le=1_000_000)]
_Beside = tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...]


class InvalidFields(Invalid):
    """Values that cannot be, with the reason by field, so that a form shows each where it belongs."""

    def __init__(self, message: str, fields: Mapping[str, str]) -> None:
        super().__init__(message)
        self.fields = dict(fields)


class OneRow(BaseModel):
    """One row of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)

    table: Short
    key: Cells = Field(default={})
    """Columns that name the row within its subject."""
    values: Cells = Field(default={})
    """The other columns; dates as 2020-01-31."""
    without: Annotated[dict[Short, Short], Field(max_length=100)] = Field(default={})
    """Column: why it is empty (not done, not applicable, asked and unknown, unknown yet)."""


class _RecordedRows(Ask):
    """Rows recorded together: all of them, or none."""

    subject: Short

    @abstractmethod
    def asked_rows(self) -> Sequence[OneRow]:
        """Return the rows."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return a fact ``recorded`` for every row, and what its edit checks found."""
        record = may_change(state, self.subject)
        beside: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = []
        facts: list[NewFact] = []
        numbers = count()
        for row in self.asked_rows():
            table = recordable(row.table)
            key, values = check_key(table, row.key), check_values(table, row.values, row.without)
            values = with_range(state, record, row.table, values)
            _not_there(state, record, row.table, key, tuple(beside))
            look = Look(state, context.screener.protocol, record, row.table, key, values, context.today, tuple(beside))
            found = soft(look)
            body = {"table": row.table, "key": key, "values": values}
            body |= {"without": dict(row.without)} if row.without else {}
            facts.append(NewFact("recorded", body, record.site, record.id))
            facts += asked_by_checks(state, record, look, found, numbers)
            beside.append((row.table, key, values))
        return facts


@offered
class RecordRow(_RecordedRows):
    """Record one row of a table, such as a visit, a dose or an adverse event."""

    action: ClassVar[str] = "record row"
    table: Short
    key: Cells = Field(default={})
    """Columns that name the row within its subject."""
    values: Cells = Field(default={})
    """The other columns; dates as 2020-01-31."""
    without: Annotated[dict[Short, Short], Field(max_length=100)] = Field(default={})
    """Column: why it is empty (not done, not applicable, asked and unknown, unknown yet)."""

    def asked_rows(self) -> Sequence[OneRow]:
        """Return the one row."""
        return (OneRow(table=self.table, key=self.key, values=self.values, without=self.without),)


@offered
class RecordRows(_RecordedRows):
    """Record the rows of one form together, such as a scan with its lesions and measurements."""

    action: ClassVar[str] = "record row"
    rows: Annotated[tuple[OneRow, ...], Field(min_length=1, max_length=500)]

    def asked_rows(self) -> Sequence[OneRow]:
        """Return the rows in the order given; a later one may rest on an earlier one."""
        return self.rows


@offered
class CorrectRow(Ask):
    """Change values of a row: the version that was shown must be the one in force; a changed value needs its reason."""

    action: ClassVar[str] = "correct row"
    subject: Short
    table: Short
    key: Cells = Field(default={})
    version: Whole
    """Version of the row that the page showed."""
    values: Cells
    """Only the columns that change."""
    without: Annotated[dict[Short, Short], Field(max_length=100)] = Field(default={})
    reason: Text | None = None
    """Needed where a value that was there becomes another."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``corrected``, what edit checks found, and queries that it settles."""
        record = may_change(state, self.subject)
        row = shown_row(state, record, self.table, self.key, self.version)
        before = dict(row.now.values or {})
        table = recordable(self.table)
        kept = {name: why for name, why in row.now.without.items() if self.values.get(name) is None}
        values = check_values(table, {**before, **self.values}, {**kept, **self.without})
        changed = {name: old for name, old in before.items() if values[name] != old}
        if not changed and dict(row.now.without) == {**kept, **self.without}:
            raise Invalid("no value is another than before; nothing to correct")
        if self.reason is None and any(old is not None for old in changed.values()):
            names = ", ".join(name for name, old in changed.items() if old is not None)
            raise Invalid(f"say in reason why {names} changes")
        look = Look(state, context.screener.protocol, record, self.table, row.key, values, context.today, corrects=True)
        found = soft(look)
        body = {
            "table": self.table, "key": dict(row.key), "values": values, "old": changed, "reason": self.reason or "",
            "version": self.version + 1,
        }  # fmt: skip
        body |= {"without": without} if (without := {**kept, **self.without}) else {}
        corrected = NewFact("corrected", body, record.site, record.id)
        return [corrected, *_settled(state, record, row, found), *asked_by_checks(state, record, look, found, count())]


@offered
class StrikeRow(Ask):
    """Take a row back that should not be there; every version of it stays in the history."""

    action: ClassVar[str] = "strike row"
    subject: Short
    table: Short
    key: Cells = Field(default={})
    version: Whole
    reason: Text

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``struck``, and the queries that it settles."""
        record = may_change(state, self.subject)
        row = shown_row(state, record, self.table, self.key, self.version)
        if self.table == "lesions":
            _not_measured(state, record, row)
        body = {"table": self.table, "key": dict(row.key), "reason": self.reason, "version": self.version + 1}
        return [NewFact("struck", body, record.site, record.id), *_settled(state, record, row, ())]


def with_range(state: State, record: Subject, table: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return a laboratory result with the normal range of its site on its day, where it was given without one.

    Value and unit stay as entered; a range in another unit is not taken.
    """
    if table != "laboratory" or values["low"] is not None or values["high"] is not None or not values["sampled_on"]:
        return values
    found = state.rows.range_on(record.site, values["test"], date.fromisoformat(values["sampled_on"]))
    if found is None or found.unit != values["unit"]:
        return values
    return {**values, "low": found.low, "high": found.high}


def may_change(state: State, subject: str) -> Subject:
    """Return a subject whose data may be recorded: consent there, nothing frozen or locked."""
    record = known_subject(state, subject)
    check_open(state, record)
    if record.consent is None:
        raise Refused(f"{subject} has not consented; no data are recorded before the consent")
    return record


def shown_row(state: State, record: Subject, table: str, key: Mapping[str, Any], version: int) -> Row:
    """Return a row in force at the version that was shown; Stale tells who changed it since."""
    row = state.rows.find(table, record.id, check_key(recordable(table), key))
    if row is None or row.struck:
        raise NotFound(f"{record.id} has no such row in {table}; record it first")
    if row.now.number != version:
        raise Stale(
            f"{row.now.by} changed this row at {row.now.at}: it is at version {row.now.number}, you saw {version}; "
            "look at it again and repeat your change"
        )
    return row


def soft(look: Look) -> list[Fired]:
    """Return the soft checks that fire; Invalid with every hard one that does."""
    found = list(fired(look))
    hard = [one for one in found if one.check.hard]
    if hard:
        fields = {one.complaint.column: one.complaint.text for one in hard if one.complaint.column}
        raise InvalidFields(f"table {look.table}: " + "; ".join(one.words for one in hard), fields)
    return found


def asked_by_checks(
    state: State, record: Subject, look: Look, found: Sequence[Fired], numbers: count[int]
) -> Iterator[NewFact]:
    """Yield that a check fired and the query it opens, unless the same one is waiting already."""
    waiting = {(q.table, q.key, q.check) for q in state.cleaning.waiting(record.id)}
    key = RowId.of(look.table, record.id, look.key).key
    for one in found:
        column = one.complaint.column
        at = {"table": look.table, "key": dict(look.key), "field": column, "check": one.check.name}
        value = look.values.get(column, look.key.get(column)) if column else None
        yield NewFact("check fired", {**at, "value": value, "text": one.complaint.text}, record.site, record.id)
        if (look.table, key, one.check.name) not in waiting:
            query = {"query": state.cleaning.next_query(next(numbers)), "text": one.complaint.text, "auto": True}
            yield NewFact("query opened", {**query, **at}, record.site, record.id)


def _settled(state: State, record: Subject, row: Row, found: Sequence[Fired]) -> Iterator[NewFact]:
    """Yield the closing of queries of checks that no longer have anything to say about the row."""
    still = {one.check.name for one in found}
    for query in state.cleaning.waiting(record.id):
        if query.check and query.check not in still and (query.table, query.key) == (row.id.table, row.id.key):
            body = {"query": query.id, "text": "the check has nothing to say any more"}
            yield NewFact("query closed", body, record.site, record.id)


def _not_there(state: State, record: Subject, table: str, key: Mapping[str, Any], beside: _Beside) -> None:
    row = state.rows.find(table, record.id, key)
    if row is not None and not row.struck:
        raise Stale(f"{table} {dict(key) or ''} is recorded already, version {row.now.number}; correct that row")
    if any(name == table and other == key for name, other, _ in beside):
        raise Invalid(f"{table} {dict(key) or ''} is given twice; give it once")


def _not_measured(state: State, record: Subject, row: Row) -> None:
    own = (row.key["evaluator"], row.key["lesion"])
    measured = [m for m in state.rows.of(record.id, "measurements") if (m.key["evaluator"], m.key["lesion"]) == own]
    if measured:
        raise Refused(f"lesion {own[1]} is measured at {len(measured)} scans; strike those measurements first")
