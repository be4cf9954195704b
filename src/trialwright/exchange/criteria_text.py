"""The numbers of the criteria in a registry's block of free text; nothing is renumbered or filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["NumberedList", "numbered_lists"]

Kind = Literal["inclusion", "exclusion"]

_HEADING = re.compile(r"^\s*\W*(inclusion|exclusion)\s+criteria\b", re.IGNORECASE)
_ITEM = re.compile(r"^(?P<indent>\s*)(?P<number>\d{1,3})[.)]\s+\S")
_BULLET = re.compile(r"^\s*[*•-]\s+\S")


@dataclass(frozen=True)
class NumberedList:
    """The item numbers of one list of criteria as the record prints them."""

    kind: Kind
    numbers: tuple[int, ...]
    sub_items: dict[int, tuple[int, ...]]
    """Numbers of the sub-list below an item, by the item's number."""
    bullets: int
    """Items without a number."""

    def oddities(self) -> tuple[str, ...]:
        """Return what is odd about the numbering: a start above 1, a gap, a repetition.

        >>> numbered_lists("Inclusion Criteria:\\n2. Adult\\n4. Consent")[0].oddities()
        ('item 1 is missing', 'item 3 is missing')
        """
        if not self.numbers:
            return ()
        missing = sorted(set(range(1, max(self.numbers) + 1)) - set(self.numbers))
        repeated = sorted({n for n in self.numbers if self.numbers.count(n) > 1})
        return tuple(
            [f"item {n} is missing" for n in missing]
            + [f"item {n} is there {self.numbers.count(n)} times" for n in repeated]
            + ([f"{self.bullets} item(s) have no number"] if self.bullets else [])
        )


def numbered_lists(text: str) -> tuple[NumberedList, ...]:
    """Return the lists of criteria of a block of free text.

    An item further indented than the first of its list belongs to the item before it.

    >>> [(l.kind, l.numbers) for l in numbered_lists("Inclusion Criteria:\\n1. Adult\\nExclusion Criteria:\\n2. Child")]
    [('inclusion', (1,)), ('exclusion', (2,))]
    """
    lists: list[tuple[Kind, list[str]]] = []
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if heading:
            lists.append(("inclusion" if heading[1].lower() == "inclusion" else "exclusion", []))
        elif lists:
            lists[-1][1].append(line)
    return tuple(_numbered(kind, lines) for kind, lines in lists)


def _numbered(kind: Kind, lines: list[str]) -> NumberedList:
    items = [match for match in map(_ITEM.match, lines) if match]
    outer = min((len(item["indent"]) for item in items), default=0)
    numbers: list[int] = []
    below: dict[int, tuple[int, ...]] = {}
    for item in items:
        number = int(item["number"])
        if len(item["indent"]) == outer or not numbers:
            numbers.append(number)
        else:
            below[numbers[-1]] = (*below.get(numbers[-1], ()), number)
    return NumberedList(kind, tuple(numbers), below, sum(bool(_BULLET.match(line)) for line in lines))
