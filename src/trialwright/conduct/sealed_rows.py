"""The rows of an imported list, each encrypted with a key of its own, all of one length whatever they say."""

from __future__ import annotations

import hmac
import json
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

from trialwright.randomize import Assignment, Scheme

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["encrypted_rows", "opened_row"]

_ROW = struct.Struct(">HII")
_NONCE = bytes(12)
"""A key that encrypts a single row needs no other nonce."""


def encrypted_rows(rows: Iterable[Assignment], scheme: Scheme, key: bytes) -> dict[str, list[str]]:
    """Return the rows of each stratum, by position, in hex; the arm goes in as its number, so that no length tells it.

    >>> scheme = Scheme.of({"A": 2, "B": 1}, [3])
    >>> hidden = encrypted_rows([Assignment("B", "paper", "all", 0, 0, 0)], scheme, bytes(32))
    >>> row = opened_row(hidden["all"][0], scheme, bytes(32), list_id="paper", stratum="all", position=0)
    >>> len(hidden["all"][0]), row.arm
    (52, 'B')
    """
    hidden: dict[str, list[str]] = {}
    for row in rows:
        plain = _ROW.pack(scheme.arms.index(row.arm), row.block, row.place)
        cipher, about = _of_row(key, row.list_id, row.stratum, row.position)
        hidden.setdefault(row.stratum, []).append(cipher.encrypt(_NONCE, plain, about).hex())
    return hidden


def opened_row(hidden: str, scheme: Scheme, key: bytes, *, list_id: str, stratum: str, position: int) -> Assignment:
    """Return one row; InvalidTag of ``cryptography`` when it is not the one of that place."""
    cipher, about = _of_row(key, list_id, stratum, position)
    arm, block, place = _ROW.unpack(cipher.decrypt(_NONCE, bytes.fromhex(hidden), about))
    return Assignment(scheme.arms[arm], list_id, stratum, position, block, place)


def _of_row(key: bytes, list_id: str, stratum: str, position: int) -> tuple[AESGCM, bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    about = json.dumps(["trialwright list row 1", list_id, stratum, position], ensure_ascii=False).encode()
    return AESGCM(hmac.digest(key, about, "sha256")), about
