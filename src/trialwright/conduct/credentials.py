"""Credentials: what proves who somebody is, in a table of its own that may change, outside the log of facts."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trialwright.conduct.refusals import Invalid, Unavailable

if TYPE_CHECKING:
    from argon2 import PasswordHasher
    from sqlalchemy.engine import Engine

__all__ = ["Credentials", "Proof", "own_engine"]

CREDENTIALS = sa.table(
    "credentials",
    sa.column("account", sa.Text),
    sa.column("password", sa.Text),
    sa.column("temporary", sa.Boolean),
    sa.column("earlier", sa.Text),
    sa.column("second_factor", sa.LargeBinary),
    sa.column("last_step", sa.BigInteger),
)
REMEMBERED = 12
"""Earlier passwords that may not come back."""
STEP_SECONDS = 30
"""One code of the second factor (RFC 6238)."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a password proved."""

    good: bool
    temporary: bool = False
    has_second_factor: bool = False


class Credentials:
    """Password hashes and second factors; the secrets of the latter are encrypted with the office's key.

    ``url`` is that of the journal, which has made the table; ``key`` has 32 bytes and never lies in the database:
    AES-256-GCM, bound to the user's name.
    """

    def __init__(self, url: str, key: bytes, *, hasher: PasswordHasher | None = None) -> None:
        from trialwright.conduct.passwords import new_hasher

        if len(key) != 32:
            raise Unavailable(f"the office's key must have 32 bytes; got {len(key)}: give the key file made with it")
        self._engine, self._key, self._hasher = own_engine(url), key, hasher or new_hasher()
        self._decoy = self._hasher.hash(secrets.token_hex(16))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def check_unused(self, user: str, password: str) -> None:
        """Raise Invalid when a password is one of the last that the user had."""
        if any(self._verifies(old, password) for old in self._earlier(user)):
            raise Invalid(f"this password was used before; choose one unlike the last {REMEMBERED}")

    def set_password(self, user: str, password: str, *, temporary: bool) -> None:
        """Keep a password; those before it are remembered."""
        values = {
            "password": self._hasher.hash(password),
            "temporary": temporary,
            "earlier": json.dumps(self._earlier(user)[-REMEMBERED:]),
        }
        self._write(user, values)

    def _earlier(self, user: str) -> list[str]:
        row = self._row(user)
        return [*json.loads(row.earlier), row.password] if row is not None and row.password else []

    def prove(self, user: str, password: str) -> Proof:
        """Say what the password proves; an unknown user takes as long as a wrong password."""
        row = self._row(user)
        good = self._verifies(row.password if row is not None and row.password else self._decoy, password)
        if row is None or not row.password or not good:
            return Proof(good=False)
        if self._hasher.check_needs_rehash(row.password):
            self._write(user, {"password": self._hasher.hash(password)})
        return Proof(good=True, temporary=row.temporary, has_second_factor=row.second_factor is not None)

    def set_second_factor(self, user: str, secret: str | None) -> None:
        """Keep the secret of a second factor (base32, RFC 4648), encrypted; None takes it away."""
        self._write(user, {"second_factor": None if secret is None else self._sealed(user, secret), "last_step": 0})

    def has_second_factor(self, user: str) -> bool:
        """Say whether the user has one."""
        row = self._row(user)
        return row is not None and row.second_factor is not None

    def prove_code(self, user: str, code: str, at: Callable[[], float]) -> bool:
        """Say whether a code of the second factor is right now, one step early or late; each is good once."""
        row = self._row(user)
        if row is None or row.second_factor is None:
            return False
        step = matching_step(self._unsealed(user, row.second_factor), code, at())
        if step is None or step <= row.last_step:
            return False
        return self._took(user, step)

    def _took(self, user: str, step: int) -> bool:
        """Mark the step as used; False when somebody was quicker."""
        table = CREDENTIALS
        taken = sa.update(table).where(table.c.account == user, table.c.last_step < step).values(last_step=step)
        with self._engine.begin() as connection:
            return connection.execute(taken).rowcount == 1

    def _verifies(self, known: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

    def _row(self, user: str) -> sa.Row[tuple[object, ...]] | None:
        with self._engine.connect() as connection:
            return connection.execute(sa.select(CREDENTIALS).where(CREDENTIALS.c.account == user)).first()

    def _write(self, user: str, values: dict[str, object]) -> None:
        fresh = {"account": user, "temporary": False, "earlier": "[]", "last_step": 0, **values}
        with self._engine.begin() as connection:
            changed = connection.execute(sa.update(CREDENTIALS).where(CREDENTIALS.c.account == user).values(**values))
            if not changed.rowcount:
                connection.execute(sa.insert(CREDENTIALS).values(**fresh))

    def _sealed(self, user: str, secret: str) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self._key).encrypt(nonce, secret.encode(), user.encode())

    def _unsealed(self, user: str, sealed: bytes) -> str:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._key).decrypt(sealed[:12], sealed[12:], user.encode()).decode()
        except InvalidTag:
            raise Unavailable("the office was started with another key than its second factors; give its own") from None


def own_engine(url: str) -> Engine:
    """A connection of its own: the journal's takes the log for itself whenever it begins."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"))
    return sa.create_engine(parsed, connect_args={"timeout": 10})


def matching_step(secret: str, code: str, at: float) -> int | None:
    """Return the 30-second step whose code this is, looking one to either side of now; None when it is none's.

    >>> from pyotp import TOTP
    >>> secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    >>> matching_step(secret, TOTP(secret).at(3_000), 3_025)
    100
    """
    from pyotp import TOTP
    from pyotp.utils import strings_equal

    now = int(at) // STEP_SECONDS
    totp = TOTP(secret)
    return next((s for s in (now, now - 1, now + 1) if strings_equal(totp.generate_otp(s), code.strip())), None)
