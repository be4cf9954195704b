"""C9: the same figure in two sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from trialwright.evidence.claims import Claim
from trialwright.evidence.claims_file import Claims
from trialwright.evidence.findings import Finding
from trialwright.evidence.printed import Range, rounded

__all__ = ["check_sources"]

SETTLED = "The trial's own report of that cut."
Key = tuple[object, ...]


def check_sources(ledger: Claims) -> Iterator[Finding]:
    """C9: a figure that two sources print is the same, or its reciprocal where they compare the other way round.

    Each later claim of the file is held against the first of another source; a claim marked as contradicted is told
    apart last, so that what is doubted is named and not what it is doubted by.
    """
    shelves: dict[Key, list[Claim]] = defaultdict(list)
    for claim in sorted(ledger.claims, key=lambda each: each.kind != "reported"):
        if claim.number is None:
            continue
        known = shelves[_key(claim)]
        first = next((each for each in known if each.cited != claim.cited), None)
        if first is not None:
            yield _compared(first, claim)
        known.append(claim)


def _key(claim: Claim) -> Key:
    """Return what two claims of one figure share; the two arms of a comparison in either order."""
    at = claim.at_months or (claim.result.at if claim.result else None)
    arms = frozenset(claim.arms_compared) if claim.arms_compared else claim.group
    return claim.cut, claim.measure, claim.named_statistic, at, arms, claim.unit


def _compared(first: Claim, other: Claim) -> Finding:
    turned = first.is_hazard_ratio and first.group != other.group
    told = f"{_printed(first)} in {first.cited}, {_printed(other)} in {other.cited}"
    steps, beside = tuple(_steps(first, other, turned)), (first.id,)
    if _same(first, other, turned):
        how = ": reciprocals, as the other arm is the numerator" if turned else ""
        return Finding(other.id, "C9", "consistent", f"{told}{how}", steps=steps, beside=beside)
    if first.is_hazard_ratio and _same(first, other, not turned):
        text = f"{told}: reciprocals, though both name {other.group}; the direction of one is swapped"
        return Finding(other.id, "C9", "implausible", text, steps=steps, beside=beside, settles=SETTLED)
    text = f"{told}: not both can be the figure of the cut {other.cut}"
    return Finding(other.id, "C9", "implausible", text, steps=steps, beside=beside, settles=SETTLED)


def _same(first: Claim, other: Claim, turned: bool) -> bool:
    pairs = zip(_ranges(first), _ranges(other, turned), strict=True)
    return all(one is None or two is None or one.meets(two) for one, two in pairs)


def _ranges(claim: Claim, turned: bool = False) -> tuple[Range | None, ...]:
    """Return what value and limits stand for; of the reciprocal, if it is turned."""
    places = claim.printed_decimals
    numbers = (claim.number, claim.lower, claim.upper)
    value, lower, upper = (None if x is None else rounded(x, places) for x in numbers)
    return (_inverse(value), _inverse(upper), _inverse(lower)) if turned else (value, lower, upper)


def _inverse(numbers: Range | None) -> Range | None:
    return None if numbers is None or numbers.low <= 0 else Range(1 / numbers.high, 1 / numbers.low)


def _steps(first: Claim, other: Claim, turned: bool) -> Iterator[str]:
    names = ("value", "lower limit", "upper limit")
    for name, one, two in zip(names, _ranges(first), _ranges(other, turned), strict=True):
        if one is not None and two is not None:
            verdict = "meet" if one.meets(two) else "do not meet"
            how = " turned round" if turned else ""
            yield f"{name}: {one.low:g} to {one.high:g} and{how} {two.low:g} to {two.high:g} {verdict}"


def _printed(claim: Claim) -> str:
    from trialwright.evidence.compare import published

    return published(claim)
