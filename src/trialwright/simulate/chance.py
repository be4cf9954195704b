"""Chance as an argument: counter-based uniforms that know their trial, their purpose and their patient.

Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): four 32-bit words are
a fixed function of a key (the seed) and a counter (patient, block, trial, purpose). No state exists, so the order of
work, chunks and threads cannot matter, and any patient of any virtual trial can be drawn again alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chance", "philox"]

Words = NDArray[np.uint64]
Index = NDArray[np.int64]

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Return the four 32-bit words of Philox4x32-10 for each counter; all arrays of one shape, values below 2**32.

    The first of the generator's published known answers:

    >>> zero = np.zeros(1, np.uint64)
    >>> [hex(int(word[0])) for word in philox((zero, zero, zero, zero), (0, 0))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high, low = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (
            (low >> _HALF) ^ c1 ^ np.uint64(k0),
            low & _LOW,
            (high >> _HALF) ^ c3 ^ np.uint64(k1),
            high & _LOW,
        )
        k0, k1 = (k0 + _W0) & 0xFFFFFFFF, (k1 + _W1) & 0xFFFFFFFF
    return c0, c1, c2, c3


@dataclass(frozen=True)
class Chance:
    """The uniforms of one seed."""

    seed: int

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"seed must be an integer from 0 to 2**64 - 1; got {self.seed}")

    def uniforms(self, purpose: str, trial: Index, who: Index, count: int, *, block: int = 0) -> NDArray[np.float64]:
        """Return ``count`` uniforms in the open interval (0, 1) for each pair of trial and patient (or site).

        ``trial`` and ``who`` broadcast against each other; the result has their shape and a last axis of ``count``.
        ``block`` continues a purpose: block 1 holds the four uniforms after those of block 0, and so on.

        >>> trial, who = np.array([7]), np.array([0, 1])
        >>> both = Chance(1).uniforms("scan", trial, who, 4)
        >>> bool((Chance(1).uniforms("scan", trial, who[1:], 4) == both[1:]).all())
        True
        """
        trial, who = np.broadcast_arrays(trial, who)
        blocks = np.arange(block, block - (-count // 4), dtype=np.uint64)
        zero = np.zeros((*who.shape, len(blocks)), np.uint64)
        counter = (
            zero + who.astype(np.uint64)[..., None],
            zero + blocks,
            zero + trial.astype(np.uint64)[..., None],
            zero + np.uint64(_purpose(purpose)),
        )
        words = philox(counter, (self.seed & 0xFFFFFFFF, self.seed >> 32))
        uniform = (np.stack(words, axis=-1).astype(np.float64) + 0.5) * 2.0**-32
        return uniform.reshape(*who.shape, 4 * len(blocks))[..., :count]


@cache
def _purpose(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
