"""Kernel: stratified permuted blocks drawn many times. Importing this module imports numba.

Words come from Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011): key = the seed, counter = (word / 4, stratum,
re-randomization, purpose). No state exists, so chunks and threads change nothing.
"""

# ruff: noqa: PLR0917 - kernels take scalars and arrays, no objects
from __future__ import annotations

from typing import Any

import numpy as np

from trialwright.stats import kernel

Array = Any
PURPOSE = 0x72657261
"""The fourth word of the counter: draws for this purpose share no counter with others."""


@kernel
def fill_allocations(
    seed: Any, first: int, sizes: Array, places: Array, lengths: Array, stratum: Array, position: Array, arms: Array,
) -> None:  # fmt: skip
    """Fill ``arms`` [t, n] of re-randomizations first, first + 1, ...

    ``places`` [sizes, largest size] arms of a block of each of ``sizes`` before it is shuffled; ``lengths`` [strata]
    positions in use; ``stratum`` and ``position`` [n] of each subject.
    """
    drawn = np.empty((len(lengths), lengths.max() + sizes.max()), np.int8)
    words = np.empty(4, np.uint64)
    counter = np.empty(5, np.uint64)
    for t in range(len(arms)):
        for s in range(len(lengths)):
            counter[0], counter[1], counter[2], counter[3] = 0, s, first + t, PURPOSE
            counter[4] = 4
            filled = 0
            while filled < lengths[s]:
                kind = _below(len(sizes), counter, words, seed)
                filled = _block(drawn[s], filled, sizes[kind], places[kind], counter, words, seed)
        for i in range(arms.shape[1]):
            arms[t, i] = drawn[stratum[i], position[i]]


@kernel
def _block(drawn: Array, filled: int, size: int, places: Array, counter: Array, words: Array, seed: Any) -> int:
    """Append a block, shuffled from the last place down (Durstenfeld 1964); return where it ends."""
    for i in range(size):
        drawn[filled + i] = places[i]
    for last in range(size - 1, 0, -1):
        other = _below(last + 1, counter, words, seed)
        drawn[filled + last], drawn[filled + other] = drawn[filled + other], drawn[filled + last]
    return filled + size


@kernel
def _below(bound: int, counter: Array, words: Array, seed: Any) -> int:
    """Return 0 .. bound - 1, all equally likely: words in the last, incomplete stretch of bound are thrown away."""
    limit = np.uint64(0x100000000) - np.uint64(0x100000000) % np.uint64(bound)
    while True:
        if counter[4] == 4:
            philox(counter, seed, words)
            counter[0] += np.uint64(1)
            counter[4] = 0
        word = words[counter[4]]
        counter[4] += np.uint64(1)
        if word < limit:
            return int(word % np.uint64(bound))


@kernel
def philox(counter: Array, seed: Any, words: Array) -> None:
    """Fill the four words of a counter (its first four entries, of 32 bits each)."""
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    c0, c1, c2, c3 = counter[0], counter[1], counter[2], counter[3]
    k0, k1 = np.uint64(seed) & low, np.uint64(seed) >> half
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (b >> half) ^ c1 ^ k0, b & low, (a >> half) ^ c3 ^ k1, a & low
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & low, (k1 + np.uint64(0xBB67AE85)) & low
    words[0], words[1], words[2], words[3] = c0, c1, c2, c3
