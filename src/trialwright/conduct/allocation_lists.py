"""Lists of allocations as the log holds them: what they promise, how long they are, and nothing of what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from trialwright.conduct.sealed_rows import opened_row
from trialwright.randomize import Assignment, Scheme

if TYPE_CHECKING:
    from trialwright.conduct.keys import Keys

__all__ = ["AllocationList", "list_from", "plain_scheme", "scheme_from"]


@dataclass(frozen=True)
class AllocationList:
    """A list under its key; an arm comes out of it only for a place that is being taken."""

    id: str
    purpose: Literal["central", "contingency"]
    """Central lists give arms by themselves; a contingency list was printed into envelopes and is entered later."""
    scheme: Scheme
    commitment: str
    sha256: str
    """Of what the list is made of: the statistician's file, or the promise under which the key was sealed."""
    places: Mapping[str, int]
    """Places by stratum; beyond them the list gives nothing."""
    sealed: Mapping[str, Any]
    sealed_by: str
    sealed_seq: int
    rows: Mapping[str, tuple[str, ...]] | None = None
    """Encrypted rows of an imported list; None where arms are computed."""
    activated_by: str | None = None

    def at(self, keys: Keys, stratum: str, position: int) -> Assignment:
        """Return the assignment of one place; Unavailable without the key, ValueError beyond the end."""
        if not 0 <= position < self.places[stratum]:
            raise ValueError(f"position must be 0 to {self.places[stratum] - 1} in {stratum!r}; got {position}")
        if self.rows is None:
            return keys.allocator(self.id, self.commitment, self.scheme).at(stratum, position)
        key = keys.of_list(self.id, self.commitment)
        hidden = self.rows[stratum][position]
        return opened_row(hidden, self.scheme, key, list_id=self.id, stratum=stratum, position=position)

    def activated(self, by: str) -> AllocationList:
        """Return the list after its activation."""
        return replace(self, activated_by=by)


def plain_scheme(scheme: Scheme) -> dict[str, Any]:
    """Return a scheme as JSON holds it; :func:`scheme_from` reads it back.

    >>> scheme_from(plain_scheme(Scheme.of({"A": 2, "B": 1}, [3, 6]))).arms
    ('A', 'B')
    """
    return {
        "ratio": dict(scheme.ratio),
        "block_sizes": list(scheme.block_sizes),
        "factors": [[name, list(levels)] for name, levels in scheme.factors],
    }


def scheme_from(plain: Mapping[str, Any]) -> Scheme:
    """Return the scheme that :func:`plain_scheme` wrote."""
    return Scheme.of(plain["ratio"], plain["block_sizes"], {name: tuple(levels) for name, levels in plain["factors"]})


def list_from(seq: int, author: str, body: Mapping[str, Any]) -> AllocationList:
    """Return the list that a fact ``list sealed`` or ``list imported`` speaks of."""
    rows = body.get("rows")
    return AllocationList(
        id=body["list"],
        purpose=body["purpose"],
        scheme=scheme_from(body["scheme"]),
        commitment=body["commitment"],
        sha256=body["sha256"],
        places=body["places"],
        sealed=body["sealed"],
        sealed_by=author,
        sealed_seq=seq,
        rows={stratum: tuple(hidden) for stratum, hidden in rows.items()} if rows is not None else None,
    )
