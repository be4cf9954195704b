"""Passwords: which may be chosen, and how they are kept."""

from __future__ import annotations

import re
import secrets
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from trialwright.conduct.refusals import Invalid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["check_password", "new_hasher", "temporary_password"]

SHORTEST, LONGEST = 12, 128
FEWEST_CHARACTERS = 5
"""Different ones; ``aaaabbbbaaaa`` has two."""

LOOKS = str.maketrans("013457@$!|", "oieastasil")
"""Digits and signs written for the letters they look like."""
ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "1234567890")
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of temporary passwords: none that is mistaken for another when read out."""


def check_password(password: str, *, user: str, words: tuple[str, ...] = ()) -> None:
    """Raise Invalid, naming what to change, for a password that is too short or among the first to be guessed.

    Length counts, signs do not (NIST SP 800-63B, 5.1.1.2): at least 12 characters, at most 128; nothing that comes
    down to a common password, the user's name, one of ``words`` (the study's), a row of the keyboard or one pattern
    repeated.

    >>> check_password("four purple otters", user="es06.coordinator")
    >>> check_password("Password12345!", user="es06.coordinator")
    Traceback (most recent call last):
    trialwright.conduct.refusals.Invalid: this password is among the first to be guessed; take four unrelated words
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"a password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}")
    if _guessable(password.lower(), {user.lower(), *(word.lower() for word in words)}):
        raise Invalid("this password is among the first to be guessed; take four unrelated words")


def _guessable(password: str, own: set[str]) -> bool:
    ends = re.compile(r"^[^a-z]+|[^a-z]+$")
    plain = re.sub(r"[^a-z]", "", ends.sub("", password).translate(LOOKS))
    bare = re.sub(r"[^a-z]", "", password)
    known = _common() | {re.sub(r"[^a-z]", "", word) for word in own}
    return (
        len(set(password)) < FEWEST_CHARACTERS
        or plain in known
        or bare in known
        or _is_repeated(password)
        or _is_run(re.sub(r"[^a-z0-9]", "", password))
    )


def _is_repeated(password: str) -> bool:
    """Say whether it is one piece of at most six characters over and over; the piece may break off at the end."""
    return any(password == (password[:n] * len(password))[: len(password)] for n in range(1, 7))


def _is_run(text: str) -> bool:
    """Say whether at most three stretches of keyboard or alphabet, either way, make it up."""
    stretches, rest = 0, text
    while rest:
        rest, stretches = rest[_stretch(rest) :], stretches + 1
    return stretches <= 3


def _stretch(text: str) -> int:
    rows = [part for row in ROWS for part in (row * 2, row[::-1] * 2)]
    return max((n for n in range(1, len(text) + 1) if any(text[:n] in row for row in rows)), default=1)


@cache
def _common() -> frozenset[str]:
    text = files("trialwright.conduct").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def temporary_password() -> str:
    """Return a password to be read out once and changed at the first sign-in: 20 characters, 99 bits.

    >>> len(temporary_password())
    23
    """
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))


def new_hasher() -> PasswordHasher:
    """Return argon2id as RFC 9106 recommends where memory is scarce: 3 passes over 64 MiB, 4 lanes.

    >>> new_hasher().memory_cost
    65536
    """
    from argon2 import PasswordHasher
    from argon2.profiles import RFC_9106_LOW_MEMORY

    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
