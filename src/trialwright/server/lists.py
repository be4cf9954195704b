"""Allocation lists as the statistician and the sponsor see them: what was promised, what is used, never what comes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pydantic import BaseModel

if TYPE_CHECKING:
    from trialwright.conduct import Office, State

__all__ = ["ListView", "lists_seen"]


class ListView(BaseModel):
    """One list."""

    list: str
    purpose: str
    sha256: str
    """By which maker and approver know it is the same."""
    commitment: str
    sealed_by: str
    activated_by: str | None
    unsealed: bool
    """Whether this server holds its key, so that it can give arms."""
    places: int
    used: int


def lists_seen(state: State, office: Office) -> list[ListView]:
    """Return the lists of an office, in the order in which they were sealed."""
    used = Counter(one.list for one in state.allocations.of.values())
    return [
        ListView(
            list=one.id,
            purpose=one.purpose,
            sha256=one.sha256,
            commitment=one.commitment,
            sealed_by=one.sealed_by,
            activated_by=one.activated_by,
            unsealed=one.id in office.keys.lists,
            places=sum(one.places.values()),
            used=used[one.id],
        )
        for one in state.allocations.lists.values()
    ]
