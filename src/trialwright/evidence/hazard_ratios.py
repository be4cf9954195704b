"""Does a hazard ratio fit its interval, its P value and its number of events?

Every figure is taken as the range of numbers that print so; a check fails only when no choice within the ranges
passes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from trialwright.evidence.claims import Claim
from trialwright.evidence.findings import Finding, Verdict
from trialwright.evidence.printed import Range, hazard_ratio, limits, p_value, standard_error

__all__ = ["Doubt", "check_information", "check_level", "check_p", "check_symmetry", "information"]

LEVELS = (0.90, 0.95, 0.99)


@dataclass(frozen=True)
class Doubt:
    """Why fewer than half of the patients can have had an event."""

    why: str
    own: bool
    """Whether the follow-up it rests on was printed for the same endpoint."""


def check_symmetry(claim: Claim) -> Finding:
    """C1: the limits of a Wald interval lie evenly around the hazard ratio on the log scale, HR = sqrt(L U)."""
    lower, upper = limits(claim)
    center = Range(math.sqrt(lower.low * upper.low), math.sqrt(lower.high * upper.high))
    fits = center.meets(hazard_ratio(claim))
    text = f"the middle of {_interval(claim)} is {_span(center, '.3f')}; printed is {_figure(claim, claim.value)}"
    return Finding(claim.id, "C1", _verdict(fits), text)


def check_p(claim: Claim) -> Finding:
    """C2: z = ln HR / SE gives the printed P, two-sided where the source does not say."""
    if claim.level is None:
        return Finding(claim.id, "C2", "not checkable", "the level of the interval is not printed")
    sides = _sides(claim)
    text = f"{_interval(claim)} read at {claim.level:.0%} gives a {_sided(sides)} P of "
    text += f"{_span(_p(claim, claim.level, sides), '.3g')}; printed is {_printed_p(claim)}"
    other = 3 - sides
    fits = _agrees(claim, claim.level, sides)
    if not fits and _agrees(claim, claim.level, other):
        text += f", which fits a {_sided(other)} P"
    return Finding(claim.id, "C2", _verdict(fits), text)


def check_level(claim: Claim) -> Finding:
    """C10: which of the levels 90, 95, 99 % and of one and two sides make interval and P agree."""
    agreeing = [(level, sides) for level in LEVELS for sides in (2, 1) if _agrees(claim, level, sides)]
    names = [f"{level:.0%} with a {_sided(sides)} P" for level, sides in agreeing]
    # Only a P with its level can contradict: without a level there is nothing printed to set it against.
    if claim.level is None:
        return Finding(claim.id, "C10", "not checkable", f"level not printed; it fits {' or '.join(names) or 'none'}")
    if _agrees(claim, claim.level, _sides(claim)):
        return Finding(
            claim.id, "C10", "consistent", f"fits as printed, {claim.level:.0%} with a {_sided(_sides(claim))} P"
        )
    text = f"interval and P agree at {' or '.join(names)}" if names else "interval and P agree at no usual level"
    return Finding(claim.id, "C10", "inconsistent", text)


def information(claim: Claim, level: float) -> Range:
    """Return the fewest and the most events that the printed interval can stand for.

    A log-rank or Cox hazard ratio of D events has SE >= 2/sqrt(D), whatever the allocation, because each event adds
    p(1-p) <= 1/4 to the information (Cox 1972, J R Stat Soc B 34:187; Schoenfeld 1981). So D >= 4/SE^2.
    """
    error = standard_error(claim, level)
    return Range(4 / error.high**2, 4 / error.low**2 if error.low else math.inf)


def check_information(claim: Claim, fewer_than_half: Doubt | None = None) -> Finding:
    """C3: the interval must not hold more information than its events, or its patients, can give.

    ``fewer_than_half`` says why less than half of the patients can have had an event, where that is known.
    """
    if claim.level is None:
        return Finding(claim.id, "C3", "not checkable", "the level of the interval is not printed")
    needed = information(claim, claim.level)
    available = claim.n if claim.events is None else claim.events
    told = f"{_interval(claim)} at {claim.level:.0%} holds the information of at least {_span(needed, '.0f')} events"
    if available is None:
        return Finding(
            claim.id, "C3", "not checkable", f"{told}; neither events nor patients are printed", _pair(needed)
        )
    verdict, why = _information_verdict(claim, needed, available, fewer_than_half)
    return Finding(claim.id, "C3", verdict, f"{told}; {why}", _pair(needed), available)


def _information_verdict(
    claim: Claim, needed: Range, available: int, fewer_than_half: Doubt | None
) -> tuple[Verdict, str]:
    what = "patients exist" if claim.events is None else "events are printed"
    if needed.low > available:
        return "impossible", f"only {available} {what}"
    if claim.events is None and fewer_than_half and needed.low > available / 2:
        verdict: Verdict = "implausible" if fewer_than_half.own else "note"
        return verdict, f"of {available} patients fewer than half can have had one, because {fewer_than_half.why}"
    return "consistent", f"{available} {what}"


def _agrees(claim: Claim, level: float, sides: int) -> bool:
    if claim.p is None:
        raise ValueError(f"claim {claim.id} must print a P value; it prints none")
    return _p(claim, level, sides).meets(p_value(claim.p))


def _p(claim: Claim, level: float, sides: int) -> Range:
    """Return the P values that hazard ratio and interval allow; one-sided is on the side of the effect."""
    error, ratio = standard_error(claim, level), hazard_ratio(claim)
    effects = sorted((abs(math.log(ratio.low)), abs(math.log(ratio.high))))
    nearest = 0.0 if ratio.low <= 1 <= ratio.high else effects[0]
    farthest = effects[1] / error.low if error.low else math.inf
    return Range(_tail(farthest) * sides, _tail(nearest / error.high) * sides)


def _tail(z: float) -> float:
    return math.erfc(z / math.sqrt(2)) / 2


def _sides(claim: Claim) -> int:
    return (claim.p.sides if claim.p else None) or 2


def _sided(sides: int) -> str:
    return "two-sided" if sides == 2 else "one-sided"


def _verdict(fits: bool) -> Verdict:
    return "consistent" if fits else "inconsistent"


def _figure(claim: Claim, value: object) -> str:
    return f"{value:.{claim.printed_decimals}f}" if isinstance(value, int | float) else str(value)


def _interval(claim: Claim) -> str:
    return f"{_figure(claim, claim.lower)}-{_figure(claim, claim.upper)}"


def _printed_p(claim: Claim) -> str:
    return f"{claim.p.operator} {claim.p.value:g}" if claim.p else "none"


def _span(numbers: Range, form: str) -> str:
    return f"{numbers.low:{form}} to {'any number of' if math.isinf(numbers.high) else format(numbers.high, form)}"


def _pair(numbers: Range) -> tuple[float, float]:
    return numbers.low, numbers.high
