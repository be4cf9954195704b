"""Who gets what: one patient, one patient after another, or many virtual trials at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import TYPE_CHECKING

from trialwright.randomize.draws import block, block_size
from trialwright.randomize.key import check_key
from trialwright.randomize.scheme import Scheme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Allocator", "Assignment", "allocate", "allocate_many"]


@dataclass(frozen=True)
class Assignment:
    """One allocation with all that is needed, beside the key, to replay it."""

    arm: str
    list_id: str
    stratum: str
    position: int
    """Place within the stratum, from 0."""
    block: int
    """Block within the stratum, from 0."""
    place: int
    """Place within the block, from 0."""


def allocate(scheme: Scheme, key: bytes, list_id: str, stratum: str, position: int) -> Assignment:
    """Return the arm at a position of a stratum: a pure function of its arguments, no list is kept anywhere.

    ``position`` is the stored number of the allocation within its stratum, from 0, never a count of members. Two lists
    made with one key must differ in ``list_id``. ValueError, never naming an arm, for a wrong argument.

    >>> scheme = Scheme.of({"A": 2, "B": 1}, [3, 6])
    >>> "".join(allocate(scheme, bytes(32), "example", "all", position).arm for position in range(12))
    'AAAABBAABAAA'
    """
    _check(scheme, key, list_id, stratum, position)
    start = 0
    for number in count():
        size = block_size(scheme, key, list_id, stratum, number)
        if position < start + size:
            place = position - start
            arm = scheme.arms[block(scheme, key, list_id, stratum, number)[place]]
            return Assignment(arm, list_id, stratum, position, number, place)
        start += size
    raise AssertionError("blocks never end")


@dataclass
class Allocator:
    """The same allocations one after another, each block drawn once; for one list of a virtual or replayed trial."""

    scheme: Scheme
    key: bytes = field(repr=False)
    list_id: str
    _blocks: dict[str, list[tuple[int, ...]]] = field(default_factory=dict, repr=False)
    _used: Counter[str] = field(default_factory=Counter, repr=False)

    def next(self, stratum: str) -> Assignment:
        """Return the allocation at the first position of the stratum not yet handed out."""
        assignment = self.at(stratum, self._used[stratum])
        self._used[stratum] += 1
        return assignment

    def at(self, stratum: str, position: int) -> Assignment:
        """Return what :func:`allocate` returns, without drawing a block twice."""
        _check(self.scheme, self.key, self.list_id, stratum, position)
        blocks = self._blocks.setdefault(stratum, [])
        while sum(map(len, blocks)) <= position:
            blocks.append(block(self.scheme, self.key, self.list_id, stratum, len(blocks)))
        ends = accumulate(map(len, blocks))
        number, end = next((number, end) for number, end in enumerate(ends) if position < end)
        place = position - (end - len(blocks[number]))
        arm = self.scheme.arms[blocks[number][place]]
        return Assignment(arm, self.list_id, stratum, position, number, place)


def allocate_many(scheme: Scheme, keys: Sequence[bytes], list_id: str, strata: NDArray[np.integer]) -> NDArray[np.int8]:
    """Return the arms of many virtual trials, equal to those of :func:`allocate` with each trial's key.

    ``strata`` has shape (trials, patients): patients in order of allocation as indices into ``scheme.strata``, -1 for
    an empty place. The answer has the same shape: indices into ``scheme.arms``, -1 where there is no patient.
    """
    import numpy as np

    codes = np.asarray(strata)
    _check_codes(codes, len(keys), len(scheme.strata))
    arms = np.full(codes.shape, -1, dtype=np.int8)
    for trial, key in enumerate(keys):
        check_key(key)
        for code, stratum in enumerate(scheme.strata):
            (patients,) = np.nonzero(codes[trial] == code)
            arms[trial, patients] = _first(scheme, key, list_id, stratum, len(patients))
    return arms


def _first(scheme: Scheme, key: bytes, list_id: str, stratum: str, wanted: int) -> list[int]:
    found: list[int] = []
    for number in count():
        if len(found) >= wanted:
            break
        found.extend(block(scheme, key, list_id, stratum, number))
    return found[:wanted]


def _check(scheme: Scheme, key: bytes, list_id: str, stratum: str, position: int) -> None:
    check_key(key)
    scheme.known(stratum)
    if not list_id:
        raise ValueError("list_id must name the list; got an empty text")
    if type(position) is not int or position < 0:
        raise ValueError(f"position must be a whole number from 0; got {position!r}")


def _check_codes(codes: NDArray[np.integer], trials: int, strata: int) -> None:
    if codes.ndim != 2 or codes.shape[0] != trials:
        raise ValueError(f"strata must have shape ({trials} trials, patients); got {codes.shape}")
    if codes.dtype.kind not in "iu":
        raise ValueError(f"strata must be whole numbers; got {codes.dtype}")
    if codes.size and not -1 <= codes.min() <= codes.max() < strata:
        raise ValueError(f"strata must be -1 to {strata - 1}; got {codes.min()} to {codes.max()}")
