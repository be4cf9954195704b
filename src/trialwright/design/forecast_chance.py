"""Chance of the forecasts: counter-based generators, so that the same seed gives the same draws whatever their number.

Philox4x64 (Salmon, Moraes, Dror and Shaw 2011): the key is (seed, purpose), the counter begins at the chunk, so chunk
k can be drawn again alone and a longer run begins with the draws of a shorter one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CHUNK", "Say", "chunks", "generator"]

CHUNK = 1000
"""Draws made at once; each chunk has its own counter."""

Say = Callable[[int, int], None]
"""Told how many of how many draws are done."""


def generator(seed: int, purpose: str, chunk: int = 0) -> np.random.Generator:
    """Return the generator of one chunk of one purpose; ValueError for a seed that is no 64-bit number.

    >>> bool(generator(1, "a").random() == generator(1, "a").random() != generator(1, "b").random())
    True
    """
    import numpy as np

    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must be an integer from 0 to 2**64 - 1; got {seed}")
    word = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "big")
    key, counter = np.array([seed, word], np.uint64), np.array([0, 0, 0, chunk], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def chunks(seed: int, purpose: str, draws: int, say: Say) -> Iterator[tuple[np.random.Generator, int]]:
    """Yield the generator and size of each chunk, saying after each how far the work is.

    >>> [size for _, size in chunks(1, "a", 2500, lambda done, of: None)]
    [1000, 1000, 500]
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1; got {draws}")
    for start in range(0, draws, CHUNK):
        size = min(CHUNK, draws - start)
        yield generator(seed, purpose, start // CHUNK), size
        say(start + size, draws)
