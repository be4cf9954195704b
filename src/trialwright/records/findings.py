"""What is wrong with data and does not stop the work: listed, never dropped without a count."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Finding"]


class Finding(NamedTuple):
    """One thing found wrong in data, where, by which rule, in words.

    >>> print(Finding("lesions", "lesions 17 / lesion T6", "at most 5 targets", "6 targets at baseline"))
    lesions: lesions 17 / lesion T6: at most 5 targets: 6 targets at baseline
    """

    dataset: str
    """Table of TrialData, or file."""
    record: str
    """The record, as ``source`` names it."""
    rule: str
    what: str

    def __str__(self) -> str:
        """Return the finding as one line."""
        return ": ".join(self)
