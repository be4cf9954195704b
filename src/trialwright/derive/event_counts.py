"""Adverse events counted by organ system and term: each patient once in a row, by worst grade, and every event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from trialwright.derive.rows import columns, frame

if TYPE_CHECKING:
    import polars as pl

__all__ = ["count_adverse_events"]

GRADES = (1, 2, 3, 4, 5)
COUNT_COLUMNS = {
    "level": "text",
    "system": "text",
    "term": "text",
    "group": "text",
    "patients": "integer",
    "events": "integer",
    "of": "integer",
    **{f"grade_{grade}": "integer" for grade in GRADES},
    "no_grade": "integer",
}

_Row = tuple[str, str | None, str | None]
"""Level (any, system, term), system and term; None where the row is over all of them."""


class _Seen(NamedTuple):
    events: int
    worst: Mapping[str, int]
    """Worst grade of each subject, 0 where none is known."""


def count_adverse_events(
    events: pl.DataFrame, groups: Mapping[str, str], also: Iterable[tuple[str, str]] = ()
) -> pl.DataFrame:
    """Return one row per level, system, term and group: ``any`` first, then systems and their terms by name.

    ``events`` has the columns subject, system, term and grade: the rows of ``adverse_events`` that are to count, such
    as the emergent ones. ``groups`` gives every patient of the denominators a group, the groups in the order of their
    first patient. ``patients`` counts each once, ``events`` every event, ``of`` is the size of the group, and
    ``grade_1`` to ``grade_5`` and ``no_grade`` split the patients by worst grade. A system or term seen in one group
    has a row in all; ``also`` names terms, with their system, that have a row though nobody had them. ValueError for an
    event of a patient without a group: filter the events first.

    >>> import polars as pl
    >>> events = pl.DataFrame({"subject": ["01", "01"], "system": ["Gut"] * 2, "term": ["Nausea"] * 2, "grade": [1, 3]})
    >>> counts = count_adverse_events(events, {"01": "new", "02": "old"})
    >>> counts.filter(level="term").select("term", "group", "patients", "events", "of", "grade_1", "grade_3").rows()
    [('Nausea', 'new', 1, 2, 1, 0, 1), ('Nausea', 'old', 0, 0, 1, 0, 0)]
    """
    sizes: dict[str, int] = {}
    for group in groups.values():
        sizes[group] = sizes.get(group, 0) + 1
    seen = _seen(events, groups)
    rows = _rows({row for row, _ in seen}, also)
    nothing = _Seen(0, {})
    return frame(
        COUNT_COLUMNS,
        (
            (*row, group, *_counts(seen.get((row, group), nothing), size))
            for row in rows
            for group, size in sizes.items()
        ),
    )


def _seen(events: pl.DataFrame, groups: Mapping[str, str]) -> dict[tuple[_Row, str], _Seen]:
    number: dict[tuple[_Row, str], int] = defaultdict(int)
    worst: dict[tuple[_Row, str], dict[str, int]] = defaultdict(dict)
    for subject, system, term, grade in zip(*columns(events, "subject", "system", "term", "grade"), strict=True):
        if subject not in groups:
            raise ValueError(f"subject {subject!r} has adverse events and no group; leave its events out, or add it")
        for row in (("any", None, None), ("system", system, None), ("term", system, term)):
            key = (row, groups[subject])
            number[key] += 1
            worst[key][subject] = max(worst[key].get(subject, 0), grade or 0)
    return {key: _Seen(count, worst[key]) for key, count in number.items()}


def _rows(seen: Iterable[_Row], also: Iterable[tuple[str, str]]) -> Iterator[_Row]:
    """Yield the rows in the order of the table."""
    terms = {(system, term) for level, system, term in seen if level == "term"} | set(also)
    yield "any", None, None
    for system in sorted({system or "" for system, _ in terms}):
        yield "system", system, None
        for term in sorted(term or "" for of, term in terms if of == system):
            yield "term", system, term


def _counts(seen: _Seen, size: int) -> tuple[int, ...]:
    """Return the columns from ``patients`` on."""
    grades = list(seen.worst.values())
    split = [sum(grade == each for grade in grades) for each in GRADES]
    return len(grades), seen.events, size, *split, len(grades) - sum(split)
