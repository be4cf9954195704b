"""Queries: named lists of terms that stand for one medical concept, standardized or a study's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.derive.rows import columns, frame, source

if TYPE_CHECKING:
    import polars as pl

__all__ = ["EventQuery", "match_queries", "queries_from_rows"]

QUERY_COLUMNS = {
    "subject": "text",
    "number": "integer",
    "query": "text",
    "scope": "text",
    "why": "text",
    "source": "text",
}


@dataclass(frozen=True)
class EventQuery:
    """A named list: ``terms`` with their scope, whole ``systems``, terms ``containing`` a text, but not ``without``.

    ``terms`` maps a term to its scope (narrow or broad), None where the list has no scopes. Upper and lower case do
    not matter.

    >>> EventQuery("Falls", terms={"Fall": "narrow", "Dizziness": "broad"}).match("Gut", "FALL")
    ('narrow', 'term Fall')
    """

    name: str
    terms: Mapping[str, str | None] | None = None
    systems: tuple[str, ...] = ()
    containing: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.terms or self.systems or self.containing):
            raise ValueError(f"query {self.name!r} names nothing: give it terms, systems or a text that terms contain")

    def match(self, system: str, term: str) -> tuple[str | None, str] | None:
        """Return the scope and why an event belongs to the query, None when it does not."""
        known = term.casefold()
        if known in {each.casefold() for each in self.without}:
            return None
        for each, scope in (self.terms or {}).items():
            if each.casefold() == known:
                return scope, f"term {each}"
        if system.casefold() in {each.casefold() for each in self.systems}:
            return None, f"system {system}"
        found = next((text for text in self.containing if text.casefold() in known), None)
        return None if found is None else (None, f"term contains {found}")


def queries_from_rows(rows: Iterable[Mapping[str, str | None]]) -> tuple[EventQuery, ...]:
    """Return the queries of a list with the columns query, term and scope, such as a file of standardized queries.

    Queries stand in the order of their first row. A term that is both narrow and broad is narrow: the broad search
    holds the narrow one. ValueError for a row without a query or a term, or for other scopes that differ.

    >>> rows = [{"query": "Falls", "term": "Fall", "scope": "narrow"},
    ...         {"query": "Falls", "term": "Vertigo", "scope": "broad"}]
    >>> [dict(query.terms) for query in queries_from_rows(rows)]
    [{'Fall': 'narrow', 'Vertigo': 'broad'}]
    """
    terms: dict[str, dict[str, str | None]] = {}
    for place, row in enumerate(rows, 1):
        query, term, scope = (row.get(name) for name in ("query", "term", "scope"))
        if not query or not term:
            raise ValueError(f"row {place} of the queries must have a query and a term; got {query!r} and {term!r}")
        known = terms.setdefault(query, {}).setdefault(term, scope)
        if {known, scope} == {"narrow", "broad"}:
            terms[query][term] = "narrow"
        elif known != scope:
            raise ValueError(f"row {place} of the queries: {term!r} is already in {query!r} as {known}, not {scope}")
    return tuple(EventQuery(name, found) for name, found in terms.items())


def match_queries(events: pl.DataFrame, queries: Sequence[EventQuery]) -> pl.DataFrame:
    """Return one row per adverse event and query that it belongs to: subject, number, query, scope, why and source.

    ``events`` has the columns subject, number, system and term. An event belongs to any number of queries. ValueError
    when two queries have the same name.

    >>> import polars as pl
    >>> events = pl.DataFrame({"subject": ["01"], "number": [4], "system": ["Skin"], "term": ["Rash"]})
    >>> match_queries(events, [EventQuery("Skin events", systems=("Skin",))]).row(0)
    ('01', 4, 'Skin events', None, 'system Skin', 'adverse_events 01 / number 4')
    """
    names = [query.name for query in queries]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two queries are named {doubled!r}; give each its own name")
    return frame(QUERY_COLUMNS, _matched(events, queries))


def _matched(events: pl.DataFrame, queries: Sequence[EventQuery]) -> Iterator[tuple[object, ...]]:
    known: dict[tuple[str, str], list[tuple[str, str | None, str]]] = {}
    for subject, number, system, term in zip(*columns(events, "subject", "number", "system", "term"), strict=True):
        if (system, term) not in known:
            found = ((query.name, query.match(system, term)) for query in queries)
            known[system, term] = [(name, *match) for name, match in found if match is not None]
        for match in known[system, term]:
            yield subject, number, *match, source("adverse_events", subject, number=number)
