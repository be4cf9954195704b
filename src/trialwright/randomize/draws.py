"""Chance as a function: the blocks of a list, drawn from a sealed key.

Block ``b`` of a stratum is filled from 16-bit words. The words are the digests

    HMAC-SHA256(key, F(TAG) F(list_id) F(stratum) F(b) F(i)),   i = 0, 1, 2, ...

cut into sixteen big-endian words each (RFC 2104; FIPS 180-4). ``F(x)`` is the UTF-8 text of x (whole numbers in
decimal) after its length in bytes as four big-endian bytes, so that no two different lists of fields give the same
message. There is no state: any block can be drawn alone, on any machine, in any language.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count

from trialwright.randomize.scheme import Scheme

__all__ = ["below", "block", "block_size", "fields", "wide_below", "words"]

TAG = "trialwright allocation 1"
_WORDS = struct.Struct(">16H")
_RANGE = 1 << 16


def block(scheme: Scheme, key: bytes, list_id: str, stratum: str, number: int) -> tuple[int, ...]:
    """Return the block as indices into ``scheme.arms``, in the order of allocation.

    Fisher-Yates from the last place down (Durstenfeld 1964, algorithm 235), so every arrangement is equally likely.
    """
    words = _words(key, fields(TAG, list_id, stratum, number))
    size = _size(scheme, words)
    places = scheme.in_order(size)
    for last in range(size - 1, 0, -1):
        other = below(last + 1, words)
        places[last], places[other] = places[other], places[last]
    return tuple(places)


def block_size(scheme: Scheme, key: bytes, list_id: str, stratum: str, number: int) -> int:
    """Return the number of places of a block without filling it."""
    return _size(scheme, _words(key, fields(TAG, list_id, stratum, number)))


def below(bound: int, words: Iterator[int]) -> int:
    """Return a whole number from 0 to bound - 1, all equally likely, from the first word that can be used.

    A word in the last, incomplete stretch of ``bound`` is thrown away: its remainder would favor small numbers.

    >>> below(3, iter([65535, 7]))
    1
    """
    limit = _RANGE - _RANGE % bound
    for word in words:
        if word < limit:
            return word % bound
    raise ValueError(f"no word below {limit} was left to draw from")


def wide_below(bound: int, words: Iterator[int]) -> int:
    """Return a whole number from 0 to bound - 1, all equally likely, for a bound of any size.

    As many words as the bound needs are read as one number, the first word highest; the last, incomplete stretch is
    thrown away as in :func:`below`, which this equals for bounds up to 65536.

    >>> wide_below(1 << 20, iter([1, 2]))
    65538
    """
    size = max(1, -(-(bound - 1).bit_length() // 16))
    limit = (1 << 16 * size) // bound * bound
    while True:
        number = int.from_bytes(b"".join(next(words).to_bytes(2, "big") for _ in range(size)), "big")
        if number < limit:
            return number % bound


def words(key: bytes, *parts: str | int) -> Iterator[int]:
    """Yield 16-bit words without end for one draw: the parts, beginning with the tag of the method, say which.

    >>> next(words(bytes(32), "example", 0)) == next(words(bytes(32), "example", 1))
    False
    """
    return _words(key, fields(*parts))


def fields(*parts: str | int) -> bytes:
    """Return the parts as bytes, each after its length, so that ("ab", "c") and ("a", "bc") differ."""
    return b"".join(_field(part) for part in parts)


@lru_cache(maxsize=4096, typed=True)  # typed: True and 1 are equal but are not written alike
def _field(part: str | int) -> bytes:
    text = str(part).encode()
    return len(text).to_bytes(4, "big") + text


def _size(scheme: Scheme, words: Iterator[int]) -> int:
    return scheme.block_sizes[below(len(scheme.block_sizes), words)]


def _words(key: bytes, prefix: bytes) -> Iterator[int]:
    for index in count():
        yield from _digest_words(key, prefix + _field(index))


def _digest_words(key: bytes, message: bytes) -> Iterable[int]:
    return _WORDS.unpack(hmac.digest(key, message, "sha256"))
