"""The twenty things that must always hold of a trial office, as checks over its facts."""

from __future__ import annotations

from trialwright.conduct.evidence import Broken, Check, Evidence
from trialwright.conduct.invariants_entry import ENTRY
from trialwright.conduct.invariants_lists import LISTS
from trialwright.conduct.invariants_log import LOG

__all__ = ["INVARIANTS", "broken"]

INVARIANTS: dict[str, Check] = dict(sorted({**LOG, **LISTS, **ENTRY}.items(), key=lambda item: int(item[0][3:])))
"""Check by the number of the invariant, INV1 to INV20."""


def broken(evidence: Evidence, *only: str) -> list[Broken]:
    """Return every way in which the invariants, or ``only`` these, do not hold, the first fact concerned first.

    Nothing means that all hold as far as the evidence goes: without keys no arm is replayed, without the protocol's
    rules no stratum is worked out again, and without what clients were told nobody knows what they lost.

    >>> broken(Evidence([]))
    []
    """
    names = only or tuple(INVARIANTS)
    return sorted(each for name in names for each in INVARIANTS[name](evidence))
