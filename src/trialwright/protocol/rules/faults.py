"""Messages of the rule language: where, what was found, what is allowed, what is known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from trialwright.errors import RuleError

__all__ = ["did_you_mean", "fault", "listed", "nearest"]

_FEW, _NEAREST = 12, 3


def fault(text: str, offset: int, message: str) -> RuleError:
    """Return an error that shows the place within the rule.

    >>> print(fault("age >= 18 yr", 10, "unit 'yr' is not known"))
    character 11: unit 'yr' is not known
      age >= 18 yr
                ^
    """
    one_line = "".join(" " if c.isspace() else c for c in text)
    error = RuleError(f"character {offset + 1}: {message}\n  {one_line}\n  {' ' * offset}^")
    error.offset = offset
    return error


def listed(names: Iterable[str]) -> str:
    """Return the names for a message.

    >>> listed([])
    'none'
    """
    return ", ".join(names) or "none"


def nearest(name: str, known: Iterable[str], where: str) -> str:
    """Return the known names, or of more than a dozen up to three that resemble the name and where all of them stand.

    >>> nearest("b", ["a", "b2"], "in the file")
    'a, b2'
    >>> nearest("ecgo", ["ecog", *(f"item_{i}" for i in range(20))], "under variables of the protocol file")
    'nearest: ecog; all 21 stand under variables of the protocol file'
    """
    names = list(known)
    if len(names) <= _FEW:
        return listed(names)
    close = get_close_matches(name, names, n=_NEAREST, cutoff=0.4)
    near = f"nearest: {listed(close)}; " if close else ""
    return f"{near}all {len(names)} stand {where}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint when a known name is close, else nothing.

    >>> did_you_mean("ecgo", ["age", "ecog"])
    " (did you mean 'ecog'?)"
    """
    close = get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
