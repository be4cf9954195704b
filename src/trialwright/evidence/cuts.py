"""C8: what a later data cut-off can and cannot be, after an earlier one."""

from __future__ import annotations

from collections.abc import Iterator

from trialwright.evidence.claims import Claim
from trialwright.evidence.findings import Finding
from trialwright.evidence.information import information
from trialwright.evidence.printed import Range, interval, span
from trialwright.evidence.shelf import Shelf

__all__ = ["check_counts_grow", "check_information_grows"]

SETTLED = "The number of events at each cut, and whether the patients are the same."
GROWING = {"events", "follow-up"}
"""Statistics that only grow from cut to cut; responders and benefit may be read again."""


def check_information_grows(later: Claim, shelf: Shelf) -> Iterator[Finding]:
    """C8: information can grow no more than events, and events no further than the patients.

    With D1 events printed at the earlier cut its information is at most D1, so the growth is at least the later
    4/SE^2 over D1; events can grow to the patients at most.
    """
    for earlier in shelf.earlier(later, "hazard ratio"):
        if None in {earlier.level, later.level, earlier.lower, later.lower} or later.measure != earlier.measure:
            continue
        before, after = information(earlier, earlier.level or 0.95), information(later, later.level or 0.95)
        yield _grown(later, earlier, (before, after), shelf)


def _grown(later: Claim, earlier: Claim, needed: tuple[Range, Range], shelf: Shelf) -> Finding:
    before, after = needed
    events, available = shelf.events(earlier), shelf.events(later) or later.n
    if events is not None:
        before = Range(min(before.low, events), min(before.high, events))
    growth = after / before
    text = (
        f"information grows {span(growth, '.2f')} times from the cut {earlier.cut}, {interval(earlier)}, "
        f"to {later.cut}, {interval(later)}"
    )
    steps: tuple[str, ...] = (
        f"{earlier.cut}: 4 / SE^2 = {span(before, '.1f')}" + (f", at most the {events} events" if events else ""),
        f"{later.cut}: 4 / SE^2 = {span(after, '.1f')}; growth {span(growth, '.2f')}",
    )
    beside = (earlier.id,)
    if growth.high < 1:
        text += "; a later cut of the same patients cannot know less"
        return Finding(later.id, "C8", "implausible", text, steps=steps, beside=beside, settles=SETTLED)
    if events and available and available >= events:
        steps += (f"events: {events}, later at most {available}; growth at most {available / events:.2f}",)
        if growth.low > available / events:
            text += f"; events can grow {available / events:.2f} times at most, from {events} to {available}"
            return Finding(later.id, "C8", "implausible", text, steps=steps, beside=beside, settles=SETTLED)
    return Finding(later.id, "C8", "consistent", text, steps=steps, beside=beside)


def check_counts_grow(later: Claim, shelf: Shelf) -> Iterator[Finding]:
    """C8: events, follow-up and patients with an adverse event do not become fewer."""
    for earlier in shelf.earlier(later, later.named_statistic):
        found = _two_counts(earlier, later)
        if found is not None:
            yield _not_fewer(earlier, later, *found)


def _two_counts(earlier: Claim, later: Claim) -> tuple[float, float] | None:
    """Return what must not fall, where both cuts print it and speak of the same patients."""
    if later.named_statistic in GROWING and earlier.number is not None and later.number is not None:
        return earlier.number, later.number
    same = earlier.n == later.n and later.measure[0] == "AE"
    if same and earlier.events is not None and later.events is not None:
        return earlier.events, later.events
    if later.named_statistic == "hazard ratio" and earlier.events is not None and later.events is not None:
        return earlier.events, later.events
    return None


def _not_fewer(earlier: Claim, later: Claim, before: float, after: float) -> Finding:
    text = f"{before:g} at the cut {earlier.cut}, {after:g} at {later.cut}"
    if after >= before:
        return Finding(later.id, "C8", "consistent", text, beside=(earlier.id,))
    text += ": fewer at the later cut"
    return Finding(later.id, "C8", "implausible", text, beside=(earlier.id,), settles=SETTLED)
