"""The sealed key of a list."""

from __future__ import annotations

import hashlib

from trialwright.randomize.draws import fields

__all__ = ["check_key", "commitment", "key_from_seed"]

KEY_BYTES = 32


def commitment(key: bytes) -> str:
    """Return the SHA-256 of the key in hex: published before the first patient, it fixes the list and tells nothing.

    >>> commitment(bytes(32))[:16]
    '66687aadf862bd77'
    """
    return hashlib.sha256(check_key(key)).hexdigest()


def key_from_seed(seed: int, trial: int) -> bytes:
    """Return the key of one virtual trial; never use it for a real one, a seed can be guessed.

    >>> key_from_seed(1, 0) == key_from_seed(1, 0), key_from_seed(1, 0) == key_from_seed(1, 1)
    (True, False)
    """
    return hashlib.sha256(fields("trialwright simulated key 1", int(seed), int(trial))).digest()


def check_key(key: bytes) -> bytes:
    """Return the key itself; ValueError, which never shows the key, when it is not 32 bytes."""
    if not isinstance(key, bytes):
        raise ValueError(f"key must be bytes; got {type(key).__name__}")
    if len(key) != KEY_BYTES:
        raise ValueError(f"key must be {KEY_BYTES} bytes; got {len(key)}")
    return key
