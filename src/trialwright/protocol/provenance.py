"""Where a leaf of a document comes from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["RESERVED", "Provenance", "inherit"]

RESERVED = ("status", "source", "why")
"""Keys that say where a value comes from, in any mapping of a document."""


class Provenance(BaseModel):
    """Status, source and reason of one leaf or of everything below one mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Literal["stated", "derived", "assumed", "unknown"] = "stated"
    source: str | None = None
    """Key of the document's list of sources."""
    why: str | None = None


def inherit(above: Provenance, own: Provenance | None) -> Provenance:
    """Return what holds for a value, given what holds above it and what it says itself.

    A value that names neither status nor source only adds a reason. A source is inherited; a reason belongs to its
    status and is inherited with the same status only.

    >>> inherit(Provenance(status="assumed", why="label"), Provenance(source="paper"))
    Provenance(status='stated', source='paper', why=None)
    >>> inherit(Provenance(source="paper"), Provenance(status="derived"))
    Provenance(status='derived', source='paper', why=None)
    """
    if own is None:
        return above
    afresh = bool({"status", "source"} & own.model_fields_set)
    status = own.status if afresh else above.status
    why = own.why or (above.why if status == above.status else None)
    return Provenance(status=status, source=own.source or above.source, why=why)
