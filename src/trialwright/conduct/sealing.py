"""A key under a passphrase: scrypt (Percival 2009; RFC 7914) makes the key that AES-256-GCM encrypts it with."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trialwright.conduct.refusals import Forbidden, Invalid
from trialwright.randomize import commitment

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["PASSPHRASE_AT_LEAST", "SealedKey", "new_key", "open_key", "seal_key"]

PASSPHRASE_AT_LEAST = 16
COST = 2**15
"""Default number of scrypt's rounds: 32 MB and about 0.1 s, once for each start of the office."""

Hex = StringConstraints(pattern=r"^[0-9a-f]*$")


class SealedKey(BaseModel):
    """A key that only its passphrase opens, with the commitment that tells whether it is the right one."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    commitment: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the key."""
    salt: Annotated[str, Hex, Field(min_length=32, max_length=128)]
    nonce: Annotated[str, Hex, Field(min_length=24, max_length=24)]
    ciphertext: Annotated[str, Hex, Field(min_length=96, max_length=96)]
    cost: Annotated[int, Field(ge=2**14, le=2**20)]
    """scrypt's N; r is 8 and p is 1."""


def new_key(entropy: Callable[[int], bytes] = os.urandom) -> bytes:
    """Return 32 random bytes."""
    return entropy(32)


def seal_key(
    key: bytes, list_id: str, passphrase: str, *, entropy: Callable[[int], bytes] = os.urandom, cost: int = COST
) -> SealedKey:
    """Return the key encrypted; ``list_id`` is bound to it, so that it opens under that name only.

    Invalid when the passphrase is shorter than sixteen characters.

    >>> sealed = seal_key(bytes(32), "central", "a long enough passphrase")
    >>> open_key(sealed, "central", "a long enough passphrase") == bytes(32)
    True
    """
    if len(passphrase) < PASSPHRASE_AT_LEAST:
        raise Invalid(f"passphrase must have at least {PASSPHRASE_AT_LEAST} characters; it has {len(passphrase)}")
    salt, nonce, promised = entropy(16), entropy(12), commitment(key)
    encrypted = _cipher(passphrase, salt, cost).encrypt(nonce, key, _bound(list_id, promised))
    return SealedKey(commitment=promised, salt=salt.hex(), nonce=nonce.hex(), ciphertext=encrypted.hex(), cost=cost)


def open_key(sealed: SealedKey, list_id: str, passphrase: str) -> bytes:
    """Return the key; Forbidden, which shows neither, when the passphrase is not that of this list."""
    from cryptography.exceptions import InvalidTag

    cipher = _cipher(passphrase, bytes.fromhex(sealed.salt), sealed.cost)
    try:
        key = cipher.decrypt(
            bytes.fromhex(sealed.nonce), bytes.fromhex(sealed.ciphertext), _bound(list_id, sealed.commitment)
        )
    except InvalidTag:
        raise Forbidden(
            f"the passphrase does not open list {list_id!r}; type it as it was when it was sealed"
        ) from None
    if commitment(key) != sealed.commitment:
        raise Forbidden(f"list {list_id!r} holds another key than it promised; do not use it")
    return key


def _cipher(passphrase: str, salt: bytes, cost: int) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    derived = hashlib.scrypt(passphrase.encode(), salt=salt, n=cost, r=8, p=1, maxmem=1024 * (cost + 64) * 2, dklen=32)
    return AESGCM(derived)


def _bound(list_id: str, promised: str) -> bytes:
    return f"trialwright sealed key 1|{list_id}|{promised}".encode()
