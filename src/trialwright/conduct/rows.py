"""Rows of the trial's tables, every version of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from trialwright.conduct.facts import Fact, canonical

__all__ = ["Change", "Range", "Row", "RowId", "Rows", "Version"]


class RowId(NamedTuple):
    """Which row: table, subject, and the rest of its key as canonical JSON.

    >>> RowId.of("visits", "S1-001", {"visit": "c1d1", "number": 1}).key
    '{"number":1,"visit":"c1d1"}'
    """

    table: str
    subject: str
    key: str

    @classmethod
    def of(cls, table: str, subject: str, key: Mapping[str, Any]) -> RowId:
        """Return the name of a row from its key without the subject."""
        return cls(table, subject, canonical(key))


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a row, and who made it."""

    number: int
    """From 1; a page says which one it showed."""
    values: Mapping[str, Any] | None
    """None: struck."""
    without: Mapping[str, str]
    """Column: why it has no value."""
    by: str
    role: str
    at: str
    reason: str
    seq: int


class Change(NamedTuple):
    """One step in the history of a field."""

    version: int
    value: Any
    by: str
    role: str
    at: str
    reason: str
    seq: int


@dataclass
class Row:
    """One row with every version, the first one first."""

    id: RowId
    key: Mapping[str, Any]
    versions: list[Version]

    @property
    def now(self) -> Version:
        """Return the version in force."""
        return self.versions[-1]

    @property
    def struck(self) -> bool:
        """Return whether the row was taken back."""
        return self.now.values is None

    @property
    def values(self) -> dict[str, Any]:
        """Return key and values together, as a row of the table without its subject."""
        return {**self.key, **(self.now.values or {})}


class Range(NamedTuple):
    """Normal range of a test at a site, from a day on; limits are in its unit."""

    start: date
    unit: str
    low: float | None
    high: float | None


@dataclass
class Rows:
    """All rows, by subject and table, and the normal ranges of the sites' laboratories."""

    rows: dict[RowId, Row] = field(default_factory=dict)
    by_subject: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    ranges: dict[tuple[str, str], list[Range]] = field(default_factory=dict)
    """By site and test, in the order of the days from which they hold."""

    def range_on(self, site: str, test: str, day: date | None) -> Range | None:
        """Return the normal range of a test in force at a site on a day; None when none was stated."""
        held = [one for one in self.ranges.get((site, test), ()) if day is not None and one.start <= day]
        return held[-1] if held else None

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        if fact.kind == "range stated" and fact.site is not None:
            stated = Range(date.fromisoformat(body["from"]), body["unit"], body["low"], body["high"])
            held = self.ranges.setdefault((fact.site, body["test"]), [])
            held[:] = sorted([one for one in held if one.start != stated.start] + [stated], key=lambda one: one.start)
            return
        if fact.kind not in {"recorded", "corrected", "struck"} or fact.subject is None:
            return
        id = RowId.of(body["table"], fact.subject, body["key"])
        values = None if fact.kind == "struck" else body["values"]
        row = self.rows.get(id)
        if row is None:
            row = self.rows[id] = Row(id, body["key"], [])
            self.by_subject.setdefault(fact.subject, {}).setdefault(id.table, []).append(row)
        row.versions.append(_version(len(row.versions) + 1, values, fact, body))

    def find(self, table: str, subject: str, key: Mapping[str, Any]) -> Row | None:
        """Return a row by its key, struck or not; None when there never was one."""
        return self.rows.get(RowId.of(table, subject, key))

    def of(self, subject: str, table: str) -> list[Row]:
        """Return the rows of a subject's table in force, in the order in which they were first recorded."""
        return [row for row in self.by_subject.get(subject, {}).get(table, ()) if not row.struck]

    def live(self) -> Iterator[Row]:
        """Return every row in force."""
        return (row for row in self.rows.values() if not row.struck)

    def history(self, id: RowId, column: str) -> list[Change]:
        """Return the steps of one field: each version in which its value is another than before."""
        steps: list[Change] = []
        for version in self.rows[id].versions if id in self.rows else ():
            value = (version.values or {}).get(column)
            if not steps or steps[-1].value != value:
                steps.append(
                    Change(version.number, value, version.by, version.role, version.at, version.reason, version.seq)
                )
        return steps


def _version(number: int, values: Mapping[str, Any] | None, fact: Fact, body: Mapping[str, Any]) -> Version:
    without, reason = body.get("without", {}), body.get("reason", "")
    return Version(number, values, without, fact.author, fact.role, fact.at, reason, fact.seq)
