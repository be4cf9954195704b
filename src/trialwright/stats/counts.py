"""What every method for counts needs: checked counts, the reasons for no answer, and a search for limits."""

from __future__ import annotations

from collections.abc import Callable

NOBODY = "no subject"
ALIKE = "every outcome is the same: nothing to compare"


def check_count(events: int, subjects: int) -> int:
    """Return the number of subjects as an integer; ValueError unless ``events`` is a whole number from 0 to it."""
    if not (0 <= events <= subjects) or events != int(events) or subjects != int(subjects):
        raise ValueError(f"events must be a whole number from 0 to the number of subjects; got {events} of {subjects}")
    return int(subjects)


def check_level(level: float) -> float:
    """Return the confidence level; ValueError unless it is a share."""
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}. For 95 % limits write level=0.95.")
    return level


def empty(x1: int, n1: int, x2: int, n2: int) -> str | None:
    """Return the problem of a comparison with an empty group, after checking the counts."""
    return NOBODY if 0 in (check_count(x1, n1), check_count(x2, n2)) else None


def degenerate(x1: int, n1: int, x2: int, n2: int) -> str | None:
    """Return the problem of a table with an empty group or with outcomes that are all alike."""
    return empty(x1, n1, x2, n2) or (ALIKE if x1 + x2 in (0, n1 + n2) else None)


def boundary(inside: float, outside: float, holds: Callable[[float], bool]) -> float:
    """Return where a condition stops holding on the way from ``inside`` to ``outside``, by bisection.

    The bracket is halved until no double lies between its ends, at most 200 times: neither slope nor tolerance is
    needed, and a condition that holds all the way gives ``outside``.

    >>> abs(boundary(1.0, 2.0, lambda x: x * x < 2) - 2**0.5) < 1e-15
    True
    """
    if holds(outside):
        return outside
    for _ in range(200):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return (inside + outside) / 2
