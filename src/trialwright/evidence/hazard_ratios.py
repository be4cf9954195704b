"""Does a hazard ratio fit its interval and its P value?

Every figure is taken as the range of numbers that print so; a check fails only when no choice within the ranges
passes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from trialwright.evidence.claims import Claim
from trialwright.evidence.findings import Finding, Reading, Verdict
from trialwright.evidence.printed import (
    Range,
    figure,
    hazard_ratio,
    interval,
    limits,
    p_value,
    printed_error,
    quantile,
    span,
    standard_error,
)

__all__ = ["agrees", "check_level", "check_p", "check_symmetry", "p_of", "sided"]

LEVELS = (0.90, 0.95, 0.99)
SETTLED = "The report itself, or another of the same analysis: its limits, its level, the test behind its P."


def check_symmetry(claim: Claim) -> Finding:
    """C1: the limits of a Wald interval lie evenly around the hazard ratio on the log scale, HR = sqrt(L U)."""
    center = _center(claim)
    text = f"the middle of {interval(claim)} is {span(center, '.3f')}; printed is {figure(claim, claim.value)}"
    low, high = f"{figure(claim, claim.lower)}", f"{figure(claim, claim.upper)}"
    steps = (f"sqrt({low} x {high}) = {_middle(claim):.4f}; with rounding {span(center, '.4f')}",)
    if _is_even(claim):
        return Finding(claim.id, "C1", "consistent", text, steps=steps)
    readings = tuple(_uneven(claim))
    return Finding(claim.id, "C1", "implausible", text, steps=steps, readings=readings, settles=SETTLED)


def check_p(claim: Claim) -> Finding:
    """C2: z = ln HR / SE gives the printed P, two-sided where the source does not say."""
    if claim.level is None:
        return Finding(claim.id, "C2", "not checkable", "the level of the interval is not printed")
    sides = _sides(claim)
    found = p_of(claim, claim.level, sides)
    text = f"{interval(claim)} read at {claim.level:.0%} gives a {sided(sides)} P of "
    text += f"{span(found, '.3g')}; printed is {_printed_p(claim)}"
    steps = _p_steps(claim, claim.level, sides)
    if agrees(claim, claim.level, sides):
        return Finding(claim.id, "C2", "consistent", text, steps=steps)
    if agrees(claim, claim.level, 3 - sides):
        text += f", which fits a {sided(3 - sides)} P"
    if agrees(claim, claim.level, 3 - sides) and _is_even(claim):
        return Finding(claim.id, "C2", "note", text, steps=steps, settles=SETTLED)
    return Finding(claim.id, "C2", "implausible", text, steps=steps, readings=tuple(_misfit(claim)), settles=SETTLED)


def check_level(claim: Claim) -> Finding:
    """C10: which of the levels 90, 95, 99 % and of one and two sides make interval and P agree."""
    agreeing = [(level, sides) for level in LEVELS for sides in (2, 1) if agrees(claim, level, sides)]
    names = [f"{level:.0%} with a {sided(sides)} P" for level, sides in agreeing]
    steps = tuple(_combination(claim, level, sides) for level in LEVELS for sides in (2, 1))
    # Only a P with its level can contradict: without a level there is nothing printed to set it against.
    if claim.level is None:
        text = f"level not printed; it fits {' or '.join(names) or 'none'}"
        return Finding(claim.id, "C10", "not checkable", text, steps=steps)
    if agrees(claim, claim.level, _sides(claim)):
        return _as_printed(claim, claim.level, steps)
    text = f"interval and P agree at {' or '.join(names)}" if names else "interval and P agree at no usual level"
    known = (claim.level, 3 - _sides(claim)) in agreeing and _is_even(claim)
    verdict: Verdict = "note" if known else "implausible"
    return Finding(claim.id, "C10", verdict, text, steps=steps, settles=SETTLED)


def _as_printed(claim: Claim, level: float, steps: tuple[str, ...]) -> Finding:
    text = f"fits as printed, {level:.0%} with a {sided(_sides(claim))} P"
    if _sides(claim) == 2 or agrees(claim, level, 2):
        return Finding(claim.id, "C10", "consistent", text, steps=steps)
    text += f": a one-sided P beside a two-sided interval; two-sided it is {span(p_of(claim, level, 2), '.2g')}"
    return Finding(claim.id, "C10", "note", text, steps=steps)


def agrees(claim: Claim, level: float, sides: int) -> bool:
    """Return whether interval, read at a level, and P, read with so many sides, fit each other."""
    if claim.p is None:
        raise ValueError(f"claim {claim.id} must print a P value; it prints none")
    return p_of(claim, level, sides).meets(p_value(claim.p))


def p_of(claim: Claim, level: float, sides: int) -> Range:
    """Return the P values that hazard ratio and interval allow; one-sided is on the side of the effect."""
    return _p_of(hazard_ratio(claim), standard_error(claim, level), sides)


def _p_of(ratio: Range, error: Range, sides: int) -> Range:
    effects = sorted((abs(math.log(ratio.low)), abs(math.log(ratio.high))))
    nearest = 0.0 if ratio.low <= 1 <= ratio.high else effects[0]
    farthest = effects[1] / error.low if error.low else math.inf
    return Range(_tail(farthest) * sides, _tail(nearest / error.high) * sides)


def sided(sides: int) -> str:
    """Return the sides of a P value in words."""
    return "two-sided" if sides == 2 else "one-sided"


def _center(claim: Claim) -> Range:
    lower, upper = limits(claim)
    return Range(math.sqrt(lower.low * upper.low), math.sqrt(lower.high * upper.high))


def _is_even(claim: Claim) -> bool:
    return _center(claim).meets(hazard_ratio(claim))


def _uneven(claim: Claim) -> Iterator[Reading]:
    """Yield which limit would be even with the other, whether P agrees with it, and what else makes limits uneven."""
    ratio, (lower, upper) = hazard_ratio(claim), limits(claim)
    for name, other in (("lower", upper), ("upper", lower)):
        even = Range(ratio.low**2 / other.high, ratio.high**2 / other.low)
        p = _p_with(claim, other)
        fits: Literal["yes", "no", "cannot be told"] = "cannot be told"
        why = f"HR^2 / {figure(claim, claim.upper if name == 'lower' else claim.lower)} is {span(even, '.3f')}"
        if p is not None and claim.p is not None:
            fits = "yes" if p.meets(p_value(claim.p)) else "no"
            why += f"; P {span(p, '.2g')}, printed {_printed_p(claim)}"
        yield Reading("misprint", f"the {name} limit is one of {span(even, '.2f')}", fits, why)
    yield Reading("another interval", "profile likelihood, bootstrap or adjusted for looks", "cannot be told", "uneven")


def _p_with(claim: Claim, limit: Range) -> Range | None:
    """Return the P values that the ratio and one of its limits give; None without a level."""
    if claim.level is None:
        return None
    ratio, z = hazard_ratio(claim), quantile(claim.level)
    widths = [abs(math.log(r) - math.log(x)) / z for r in (ratio.low, ratio.high) for x in (limit.low, limit.high)]
    return _p_of(ratio, Range(0.0 if ratio.meets(limit) else min(widths), max(widths)), _sides(claim))


def _misfit(claim: Claim) -> Iterator[Reading]:
    for level in LEVELS:
        for sides in (2, 1):
            if level != claim.level and agrees(claim, level, sides):
                what = f"{level:.0%} interval with a {sided(sides)} P"
                yield Reading("another level", what, "yes", _combination(claim, level, sides))
    what = "P of a test in strata, of another model, or adjusted for looks"
    yield Reading("another test", what, "cannot be told", "such a P need not follow from the interval")


def _p_steps(claim: Claim, level: float, sides: int) -> tuple[str, ...]:
    error, ratio = printed_error(claim, level), claim.number or math.nan
    low, high = figure(claim, claim.lower), figure(claim, claim.upper)
    if not error:
        return (f"SE: {low} and {high} print alike; with rounding {span(standard_error(claim, level), '.4f')}",)
    z = math.log(ratio) / error
    return (
        f"SE = (ln {high} - ln {low}) / (2 x {quantile(level):.4f}) = {error:.4f}",
        f"z = ln {figure(claim, ratio)} / {error:.4f} = {z:.3f}",
        f"{sided(sides)} P = {_tail(abs(z)) * sides:.4g}; with rounding {span(p_of(claim, level, sides), '.3g')}",
    )


def _combination(claim: Claim, level: float, sides: int) -> str:
    fits = "fits" if agrees(claim, level, sides) else "does not fit"
    return f"{level:.0%}, {sided(sides)}: P {span(p_of(claim, level, sides), '.3g')}, {fits} {_printed_p(claim)}"


def _middle(claim: Claim) -> float:
    return math.sqrt((claim.lower or math.nan) * (claim.upper or math.nan))


def _tail(z: float) -> float:
    return math.erfc(z / math.sqrt(2)) / 2


def _sides(claim: Claim) -> int:
    return (claim.p.sides if claim.p else None) or 2


def _printed_p(claim: Claim) -> str:
    return f"{claim.p.operator} {claim.p.value:g}" if claim.p else "none"
