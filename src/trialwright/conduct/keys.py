"""Keys that never lie in the database: the unsealed keys of allocation lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trialwright.conduct.refusals import Unavailable

__all__ = ["Keys"]


@dataclass(frozen=True)
class Keys:
    """Allocation keys by list, held in memory only."""

    lists: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def of_list(self, list_id: str) -> bytes:
        """Return the key of a list; Unavailable when the office was started without it."""
        if list_id not in self.lists:
            raise Unavailable(
                f"the key of list {list_id!r} is not unsealed, so nobody can be randomized; "
                "start the office with its passphrase"
            )
        return self.lists[list_id]
