"""One field of the protocol beside the same field of another record of the trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Comparison", "members", "numbers", "row"]

Verdict = Literal["same", "differs", "only in protocol", "only in registry"]


@dataclass(frozen=True)
class Comparison:
    """One field of the protocol beside the same field of the record."""

    field: str
    """Path in the protocol file."""
    protocol: str | None
    registry: str | None
    verdict: Verdict
    note: str = ""


def row(field: str, ours: object, theirs: object, note: str = "") -> Iterator[Comparison]:
    """Yield one comparison, or nothing where neither side has a value."""
    left, right = _text(ours), _text(theirs)
    if left is None and right is None:
        return
    yield Comparison(field, left, right, _verdict(left, right), note)


def _verdict(left: str | None, right: str | None) -> Verdict:
    if right is None:
        return "only in protocol"
    if left is None:
        return "only in registry"
    return "same" if left == right else "differs"


def _text(value: object) -> str | None:
    """Return a value as one line of text; an empty list is no value."""
    if value is None or value in ((), []):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "; ".join(str(item) for item in value)
    return " ".join(str(value).split())


def members(field: str, ours: Iterable[Any], theirs: Iterable[Any]) -> Iterator[Comparison]:
    """Yield one row for each member of either side; repeated members count."""
    left, right = Counter(map(_text, ours)), Counter(map(_text, theirs))
    for member in left | right:
        for copy in range(max(left[member], right[member])):
            yield from row(field, member if copy < left[member] else None, member if copy < right[member] else None)


def numbers(field: str, ours: Iterable[int], theirs: Iterable[int], note: str) -> Iterator[Comparison]:
    """Yield one row for two lists of numbers; numbers that one side has beyond the other's are only in that side."""
    left, right = set(ours), set(theirs)
    if not left | right:
        return
    verdict: Verdict = "differs"
    if left == right:
        verdict = "same"
    elif left > right:
        verdict = "only in protocol"
    elif left < right:
        verdict = "only in registry"
    yield Comparison(field, _ranges(left), _ranges(right), verdict, note)


def _ranges(found: set[int]) -> str | None:
    """Return numbers in short: ``{1, 2, 3, 5}`` as ``1-3, 5``."""
    starts = sorted(n for n in found if n - 1 not in found)
    ends = sorted(n for n in found if n + 1 not in found)
    return ", ".join(f"{a}-{b}" if a < b else str(a) for a, b in zip(starts, ends, strict=True)) or None
