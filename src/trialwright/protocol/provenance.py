"""Where a leaf of a document comes from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Provenance"]


class Provenance(BaseModel):
    """Status, source and reason of one leaf or of everything below one mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Literal["stated", "derived", "assumed", "unknown"] = "stated"
    source: str | None = None
    """Key of the document's list of sources."""
    why: str | None = None
