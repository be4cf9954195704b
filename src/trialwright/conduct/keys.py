"""Keys that never lie in the database: those of allocation lists, unsealed, and that of the persons' hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from trialwright.conduct.refusals import Unavailable
from trialwright.randomize import Allocator, Scheme, commitment

__all__ = ["Keys"]


@dataclass(frozen=True)
class Keys:
    """What the process knows and no disk: printing it shows nothing."""

    lists: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Unsealed key of each allocation list, 32 bytes."""
    person: bytes | None = field(default=None, repr=False)
    """Key under which year of birth, sex and initials become a hash that tells one person twice."""
    _allocators: dict[str, Allocator] = field(default_factory=dict, repr=False, compare=False)

    def of_list(self, list_id: str, promised: str) -> bytes:
        """Return the key of a list; Unavailable when the office does not have it, or has another than ``promised``.

        ``promised`` is the commitment that was written down when the list was sealed.
        """
        if list_id not in self.lists:
            raise Unavailable(
                f"the key of list {list_id!r} is not unsealed, so nobody can be randomized; "
                "unseal the list with its passphrase"
            )
        key = self.lists[list_id]
        if commitment(key) != promised:
            raise Unavailable(
                f"the key held for list {list_id!r} is not the one it was sealed with, so nobody can be randomized; "
                "unseal the list again"
            )
        return key

    def allocator(self, list_id: str, promised: str, scheme: Scheme) -> Allocator:
        """Return the list as a function of stratum and position; blocks once drawn are kept in memory."""
        key = self.of_list(list_id, promised)
        kept = self._allocators.get(list_id)
        if kept is None or kept.key != key or kept.scheme != scheme:
            kept = self._allocators[list_id] = Allocator(scheme, key, list_id)
        return kept

    def with_list(self, list_id: str, key: bytes) -> Keys:
        """Return the keys with one list's key more."""
        return replace(self, lists={**self.lists, list_id: key})
