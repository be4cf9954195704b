"""Messages of the rule language: where, what was found, what is allowed, what is known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from trialwright.errors import RuleError

__all__ = ["did_you_mean", "fault", "listed"]


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


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint when a known name is close, else nothing.

    >>> did_you_mean("ecgo", ["age", "ecog"])
    " (did you mean 'ecog'?)"
    """
    close = get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
