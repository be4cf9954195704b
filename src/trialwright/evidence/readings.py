"""How can an interval too narrow for its trial have come about?

Levels, sides and events are gone through; nobody is accused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trialwright.evidence.claims import Claim
from trialwright.evidence.findings import Finding, Reading
from trialwright.evidence.hazard_ratios import agrees, p_of, sided
from trialwright.evidence.information import allocation_share, doubt, information
from trialwright.evidence.printed import Range, printed_error, span
from trialwright.evidence.shelf import Shelf

__all__ = ["read"]

LEVELS = (0.80, 0.85, 0.90, 0.95, 0.99)
"""Levels a reader may have been given without being told."""


@dataclass(frozen=True)
class _Room:
    """How many events there can have been."""

    fewest: int
    most: int
    words: str

    def fits(self, events: Range) -> bool:
        return events.low <= self.most and self.fewest <= events.high


def read(claim: Claim, bound: Finding, shelf: Shelf) -> tuple[Reading, ...]:
    """Return the readings A to E of an interval that holds more information than its trial seems to give.

    A as printed; B each other level with each number of sides that agrees with the printed P; C every patient counted
    twice; D another variance or model; E another scale. Events are given from the least any allocation needs
    (4/SE^2) to those that split like the patients (1/(SE^2 p(1-p))).
    """
    if claim.level is None or bound.available is None:
        return ()
    room, others = _room(claim, bound.available, shelf), _others(claim, shelf)
    return (
        _as_printed(claim, claim.level, room),
        *_at_levels(claim, claim.level, room, others),
        _doubled(claim, claim.level, room, others),
        _untold("D", "a robust or weighted variance, a frailty, or adjustment for covariates", _NOT_IN_PRINT),
        _untold("E", "another scale, as a ratio of times read as one of hazards", _scale(claim, room, others)),
    )


_NOT_IN_PRINT = "such an interval may be narrower or wider than that of the events; print does not tell"


def _room(claim: Claim, available: int, shelf: Shelf) -> _Room:
    before = shelf.fewest_events(claim)
    fewest = 0 if before is None or before.events is None else before.events
    printed, fewer = shelf.events(claim), doubt(claim, shelf)
    if printed is not None:
        return _Room(printed, printed, f"{printed} events are printed")
    most = available // 2 if fewer and fewer.own else available
    least = f"{fewest} at the cut {before.cut}" if before else "none known before"
    share = "fewer than half" if most < available else "all"
    return _Room(fewest, most, f"{least}, and at most {most}, {share} of {available} patients")


def _others(claim: Claim, shelf: Shelf) -> tuple[Claim, ...]:
    """Return the other hazard ratios with limits of the same cut and arms, on which a reading also has to fit."""
    ratios = shelf.at_cut(claim.cut, "hazard ratio")
    return tuple(
        each
        for each in ratios
        if each.id != claim.id and each.group == claim.group and each.lower is not None and each.level == claim.level
    )


def _events(claim: Claim, level: float, share: float = 1.0) -> Range:
    """Return the events from the fewest of any allocation to the most of the patients' own, times a share."""
    needed, p = information(claim, level), allocation_share(claim)
    factor = 1.0 if p is None else 1 / (4 * p * (1 - p))
    return Range(share * needed.low, share * needed.high * factor)


def _as_printed(claim: Claim, level: float, room: _Room) -> Reading:
    sides = sorted({claim.p.sides or 2}) if claim.p else []
    p = f", {sided(sides[0])} P" if sides else ""
    events = _events(claim, level)
    what = f"as printed: {level:.0%}{p}, ordinary Cox interval"
    return Reading("A", what, "yes" if room.fits(events) else "no", f"{_told(events)}; {room.words}")


def _at_levels(claim: Claim, level: float, room: _Room, others: Iterable[Claim]) -> Iterator[Reading]:
    """Yield the other levels at which P, where one is printed, agrees on some sides and the events are possible."""
    sides = (2, 1) if claim.p else (2,)
    fitting = [
        (each, side)
        for each in LEVELS
        for side in sides
        if each != level and room.fits(_events(claim, each)) and (claim.p is None or agrees(claim, each, side))
    ]
    for each, side in fitting:
        yield Reading("B", _named(claim, each, side), "yes", _level_why(claim, each, side, others))
    if not fitting:
        yield Reading("B", "another level or one-sided P", "no", f"at no level of {_levels()} do P and events both fit")


def _named(claim: Claim, level: float, sides: int) -> str:
    return f"an interval at {level:.0%}" + (f" and a {sided(sides)} P" if claim.p else "")


def _level_why(claim: Claim, level: float, sides: int, others: Iterable[Claim]) -> str:
    p = f"; {sided(sides)} P {span(p_of(claim, level, sides), '.3f')}, printed {claim.p.value:g}" if claim.p else ""
    about = f", about {_central(claim, level):.0f} split like the patients" if allocation_share(claim) else ""
    return f"{_told(_events(claim, level))}{about}{p}{_elsewhere(others, level)}"


def _doubled(claim: Claim, level: float, room: _Room, others: Iterable[Claim]) -> Reading:
    """C: two rows for each patient and no allowance for it halve the variance."""
    events = _events(claim, level, 0.5)
    possible = Range(max(events.low, room.fewest), min(events.high, room.most))
    fits = possible.low <= possible.high
    only = f", only {span(possible, '.0f')} possible" if fits and possible != events else ""
    why = f"{_told(events)}{only}{_elsewhere(others, level, 0.5)}"
    return Reading("C", "each patient counted twice", "yes" if fits else "no", why)


def _untold(name: str, what: str, why: str) -> Reading:
    return Reading(name, what, "cannot be told", why)


def _scale(claim: Claim, room: _Room, others: Iterable[Claim]) -> str:
    needed = information(claim, claim.level or math.nan)
    factor = math.sqrt(needed.low / room.most) if room.most else math.inf
    text = f"the scale would narrow the interval {factor:.2f} times or more"
    same = [f"{each.measure[0]} {_told(_events(each, each.level or math.nan, 1 / factor**2))}" for each in others]
    return text + (f"; with the same factor {'; '.join(same)}" if same else "; no other ratio of this cut to compare")


def _elsewhere(others: Iterable[Claim], level: float, share: float = 1.0) -> str:
    told = [f"{each.measure[0]} {_told(_events(each, level, share))}" for each in others]
    return f"; read so, {'; '.join(told)}" if told else ""


def _central(claim: Claim, level: float) -> float:
    p, error = allocation_share(claim), printed_error(claim, level)
    return math.nan if p is None or not error else 1 / (error**2 * p * (1 - p))


def _told(events: Range) -> str:
    return f"{span(events, '.0f')} events"


def _levels() -> str:
    return ", ".join(f"{level:.0%}" for level in LEVELS)
