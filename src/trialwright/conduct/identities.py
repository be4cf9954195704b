"""Identities: who a subject is, kept encrypted for the site, in a table of its own outside the log of facts.

The log holds the SHA-256 of the ciphertext only. An identity can therefore be erased, as the law may ask, and the log
still shows that there was one, who entered it and who read it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trialwright.conduct.credentials import own_engine
from trialwright.conduct.refusals import Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

__all__ = ["Identities"]

IDENTITIES = sa.table(
    "identities", sa.column("digest", sa.Text), sa.column("subject", sa.Text), sa.column("ciphertext", sa.LargeBinary)
)
LONGEST = 2000
NONCE = 12


class Identities:
    """Encrypted identities over the journal's database.

    ``key`` has 32 bytes and never lies in the database: AES-256-GCM, bound to the subject, so that one subject's
    ciphertext cannot be shown as another's. ``entropy`` gives random bytes, an argument for the sake of tests.

    >>> import tempfile
    >>> from trialwright.conduct import Journal
    >>> folder = tempfile.TemporaryDirectory()
    >>> url = f"sqlite:///{folder.name}/office.db"
    >>> Journal(url).close()
    >>> identities = Identities(url, bytes(32))
    >>> digest = identities.keep("S1-001", "Eva Example, born 1961-05-04")
    >>> identities.read("S1-001", digest)
    'Eva Example, born 1961-05-04'
    >>> identities.close(); folder.cleanup()
    """

    def __init__(self, url: str, key: bytes, *, entropy: Callable[[int], bytes] = secrets.token_bytes) -> None:
        if len(key) != 32:
            raise Unavailable(f"the key of identities must have 32 bytes; got {len(key)}: give the key file")
        self._engine: Engine = own_engine(url)
        self._key, self._entropy = key, entropy
        self._nonces = hmac.digest(key, b"nonces of identities", "sha256")

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def keep(self, subject: str, text: str, once: str | None = None) -> str:
        """Encrypt and keep who a subject is; return the digest for the log. Invalid when the text is empty or long.

        ``once`` is the key of the act: the same act sent again gives the same digest, so that it is one act.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not text.strip() or len(text) > LONGEST:
            raise Invalid(f"an identity is a text of 1 to {LONGEST} characters; got {len(text)}")
        nonce = self._nonce(subject, text, once)
        ciphertext = nonce + AESGCM(self._key).encrypt(nonce, text.encode(), _bound(subject))
        digest = hashlib.sha256(ciphertext).hexdigest()
        with self._engine.begin() as connection:
            values = {"digest": digest, "subject": subject, "ciphertext": ciphertext}
            if connection.execute(sa.select(IDENTITIES.c.digest).where(IDENTITIES.c.digest == digest)).first() is None:
                connection.execute(sa.insert(IDENTITIES).values(**values))
        return digest

    def _nonce(self, subject: str, text: str, once: str | None) -> bytes:
        """Return a nonce that no other text shares: random, or made of all that is encrypted (RFC 5297)."""
        if once is None:
            return self._entropy(NONCE)
        return hmac.digest(self._nonces, json.dumps([subject, once, text]).encode(), "sha256")[:NONCE]

    def read(self, subject: str, digest: str) -> str:
        """Return who a subject is; NotFound once erased, Unavailable under another key or for another subject."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        with self._engine.connect() as connection:
            found = connection.execute(sa.select(IDENTITIES).where(IDENTITIES.c.digest == digest)).first()
        if found is None:
            raise NotFound(f"no identity of {subject} is kept; it was never entered, or was erased")
        nonce, rest = found.ciphertext[:NONCE], found.ciphertext[NONCE:]
        try:
            return AESGCM(self._key).decrypt(nonce, rest, _bound(subject)).decode()
        except InvalidTag:
            raise Unavailable(f"the identity of {subject} cannot be opened: another key, or changed data") from None

    def erase(self, digest: str) -> bool:
        """Erase an identity for good; say whether there was one."""
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(IDENTITIES).where(IDENTITIES.c.digest == digest)).rowcount == 1


def _bound(subject: str) -> bytes:
    return f"identity of {subject}".encode()
