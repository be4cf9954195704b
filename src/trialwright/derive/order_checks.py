"""Dates that cannot be: ends before their start, and what happens to a patient who is dead, or was never in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trialwright.records import TABLES, Finding

if TYPE_CHECKING:
    from trialwright.records import TrialData

__all__ = ["order_findings"]

_SPANS = (
    ("doses", "started_on", "ended_on"),
    ("adverse_events", "started_on", "ended_on"),
    ("therapies", "started_on", "progressed_on"),
)
"""Tables, starts and ends."""
_LIVING = ("visits", "doses", "samples", "contacts", "therapies", "laboratory", "biomarkers")
"""Tables whose records only a living patient can have; assessments are looked at with the tumors."""
_AFTER_RANDOMIZATION = ("doses", "therapies", "deaths")
"""Tables whose records cannot be earlier than randomization."""


def order_findings(data: TrialData) -> tuple[Finding, ...]:
    """Return the records whose dates contradict each other, and those of subjects nobody screened or randomized.

    Nothing is left out of the derivation for it: the listing is for whoever can put the data right.

    >>> from datetime import date
    >>> from trialwright.records import TrialData
    >>> dose = {"subject": "01", "intervention": "x", "product": "x", "cycle": 1, "change": "none",
    ...         "started_on": date(2024, 2, 1), "ended_on": date(2024, 1, 1)}
    >>> for finding in order_findings(TrialData.from_rows("", {"doses": [dose]}, virtual=True)):
    ...     print(finding.rule)
    end on or after start
    subject screened or randomized
    """
    found = (*_spans(data), *_after_death(data), *_before_randomization(data), *_strangers(data))
    return tuple(dict.fromkeys(found))


def _spans(data: TrialData) -> Iterator[Finding]:
    import polars as pl

    for table, start, end in _SPANS:
        for row in data[table].filter(pl.col(end) < pl.col(start)).iter_rows(named=True):
            what = f"{end} {row[end]} is before {start} {row[start]}"
            yield Finding(table, _record(table, row), "end on or after start", what)


def _after_death(data: TrialData) -> Iterator[Finding]:
    import polars as pl

    died = data["deaths"].group_by("subject").agg(pl.col("died_on").min())
    for table in _LIVING:
        on = TABLES[table].dated_by[0]
        late = data[table].join(died, on="subject").filter(pl.col(on) > pl.col("died_on"))
        for row in late.iter_rows(named=True):
            what = f"{on} {row[on]} is after the death on {row['died_on']}"
            yield Finding(table, _record(table, row), "nothing after death", what)


def _before_randomization(data: TrialData) -> Iterator[Finding]:
    import polars as pl

    started = data["allocations"].select("subject", "randomized_on")
    for table in _AFTER_RANDOMIZATION:
        on = TABLES[table].dated_by[0]
        early = data[table].join(started, on="subject").filter(pl.col(on) < pl.col("randomized_on"))
        for row in early.iter_rows(named=True):
            what = f"{on} {row[on]} is before randomization on {row['randomized_on']}"
            yield Finding(table, _record(table, row), "on or after randomization", what)


def _strangers(data: TrialData) -> Iterator[Finding]:
    """One finding for each table and subject: the records count in nothing, as there is no such patient."""
    import polars as pl

    known = pl.concat([data["screened"].select("subject"), data["allocations"].select("subject")])
    for table in TABLES:
        strange = data[table].join(known, on="subject", how="anti").group_by("subject").len().sort("subject")
        for subject, count in strange.rows():
            what = f"{count} records of a subject who was neither screened nor randomized; they count in nothing"
            yield Finding(table, f"{table} {subject}", "subject screened or randomized", what)


def _record(table: str, row: dict[str, Any]) -> str:
    keys = [f"{name} {row[name]}" for name in TABLES[table].key if name != "subject"]
    return " / ".join([f"{table} {row['subject']}", *keys])
