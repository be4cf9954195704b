"""C7: can rates at landmarks, medians and hazard ratio belong to the same curves?

A Kaplan-Meier curve never rises, and is at or below one half from its median on. Under proportional hazards
S1(t) = S0(t)^HR (Cox 1972), so ln S1 / ln S0 over any interval is the hazard ratio; under constant hazards the ratio of
medians is its reciprocal. Where the printed rates say otherwise the ratio is an average and the hazards are not
proportional.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trialwright.evidence.claims import Claim
from trialwright.evidence.findings import Finding
from trialwright.evidence.printed import Range, figure, hazard_ratio, rounded, span
from trialwright.evidence.shelf import Shelf

__all__ = ["check_median_and_rates", "check_ratio_and_rates"]

TIMES = {"months": 1.0, "weeks": 12 * 7 / 365.25, "days": 12 / 365.25, "years": 12.0}
SETTLED = "The curves with their numbers at risk."


@dataclass(frozen=True)
class _Point:
    """A printed rate: months, the share it stands for, and the claim."""

    months: float
    share: Range
    claim: Claim


def check_median_and_rates(median: Claim, shelf: Shelf) -> Finding | None:
    """C7: no rate before the median is below one half, none after it above, and none above an earlier one."""
    months = _months(median)
    points = _points(median, shelf, median.group)
    if months is None or not points:
        return None
    wrong = [*_beyond_half(months, points), *_rising(points)]
    told = ", ".join(f"{figure(p.claim, p.claim.value)} % at {p.months:g} months" for p in points)
    text = f"a median of {figure(median, median.value)} {median.unit} beside {told}"
    beside = tuple(point.claim.id for point in points)
    if wrong:
        steps = tuple(wrong)
        return Finding(
            median.id, "C7", "impossible", f"{text}: {wrong[0]}", steps=steps, beside=beside, settles=SETTLED
        )
    return Finding(median.id, "C7", "consistent", text, beside=beside)


def check_ratio_and_rates(ratio: Claim, shelf: Shelf) -> Finding | None:
    """C7: hazard ratio of each interval between landmarks, and of the medians, beside the printed one."""
    arms = ratio.arms_compared
    if arms is None or ratio.number is None:
        return None
    pieces, medians = tuple(_pieces(ratio, shelf, arms)), _medians(ratio, shelf, arms)
    if not pieces and medians is None:
        return None
    steps, found = tuple(_steps(pieces, medians)), [piece.ratio for piece in pieces]
    beside = tuple(dict.fromkeys(id for piece in pieces for id in piece.claims))
    whole = [*found, medians] if medians else found
    text = f"{figure(ratio, ratio.value)} beside {'; '.join(steps)}"
    if _all_opposite(hazard_ratio(ratio), whole):
        text += ": all on the other side of 1. Is the direction of the ratio right?"
        return Finding(ratio.id, "C7", "implausible", text, steps=steps, beside=beside, settles=SETTLED)
    if any(r.high < 1 for r in found) and any(r.low > 1 for r in found):
        text += ": the hazards cross, so the ratio is an average over time and not one of proportional hazards"
        return Finding(ratio.id, "C7", "note", text, steps=steps, beside=beside, settles=SETTLED)
    return Finding(ratio.id, "C7", "consistent", text, steps=steps, beside=beside)


@dataclass(frozen=True)
class _Piece:
    """Hazard ratio over the time between two landmarks."""

    start: float
    end: float
    ratio: Range
    exact: float
    claims: tuple[str, ...]


def _months(claim: Claim) -> Range | None:
    factor = TIMES.get(claim.unit)
    if claim.number is None or factor is None:
        return None
    printed = rounded(claim.number, claim.printed_decimals)
    return Range(printed.low * factor, printed.high * factor)


def _points(claim: Claim, shelf: Shelf, arm: str) -> tuple[_Point, ...]:
    """Return the Kaplan-Meier rates of an arm beside a claim, the earliest first."""
    rates = (each for each in shelf.beside(claim, "rate") if each.group == arm and each.number is not None)
    found = [_Point(at, _share(each), each) for each in rates if (at := _at(each)) is not None]
    return tuple(sorted(found, key=lambda point: point.months))


def _at(claim: Claim) -> float | None:
    if claim.at_months is not None:
        return claim.at_months
    return claim.result.at * TIMES["days"] if claim.result and claim.result.at is not None else None


def _share(claim: Claim) -> Range:
    printed = rounded(claim.number or 0.0, claim.printed_decimals)
    return Range(max(0.0, printed.low / 100), min(1.0, printed.high / 100))


def _beyond_half(median: Range, points: Sequence[_Point]) -> Iterator[str]:
    for point in points:
        shown = f"{figure(point.claim, point.claim.value)} % at {point.months:g} months"
        if point.months > median.high and point.share.low > 0.5:
            yield f"{shown} is above one half, after the median"
        if point.months < median.low and point.share.high < 0.5:
            yield f"{shown} is below one half, before the median"


def _rising(points: Sequence[_Point]) -> Iterator[str]:
    for before, after in pairwise(points):
        if after.share.low > before.share.high:
            yield f"the curve rises between {before.months:g} and {after.months:g} months"


def _pieces(ratio: Claim, shelf: Shelf, arms: tuple[str, str]) -> Iterator[_Piece]:
    first, second = ({point.months: point for point in _points(ratio, shelf, arm)} for arm in arms)
    start, before = 0.0, (Range(1, 1), Range(1, 1))
    for months in sorted(first.keys() & second.keys()):
        points = first[months], second[months]
        after = points[0].share, points[1].share
        hazards = [_hazard(b, a) for b, a in zip(before, after, strict=True)]
        exact = [_exact(b, a) for b, a in zip(before, after, strict=True)]
        if hazards[1].high > 0 and exact[1] > 0:
            claims = tuple(point.claim.id for point in points)
            yield _Piece(start, months, hazards[0] / hazards[1], exact[0] / exact[1], claims)
        start, before = months, after


def _hazard(before: Range, after: Range) -> Range:
    """Return the cumulative hazards between two rates that print so; never below 0."""
    low = max(0.0, _log(before.low) - _log(after.high))
    return Range(low, max(0.0, _log(before.high) - _log(after.low)))


def _exact(before: Range, after: Range) -> float:
    return _log((before.low + before.high) / 2) - _log((after.low + after.high) / 2)


def _log(share: float) -> float:
    return math.log(share) if share > 0 else -1e3


def _medians(ratio: Claim, shelf: Shelf, arms: tuple[str, str]) -> Range | None:
    """Return the hazard ratios that the medians of two constant hazards have."""
    by_arm = {each.group: _months(each) for each in shelf.beside(ratio, "median") if each.number is not None}
    one, other = by_arm.get(arms[0]), by_arm.get(arms[1])
    return other / one if one is not None and other is not None and one.low > 0 else None


def _steps(pieces: Sequence[_Piece], medians: Range | None) -> Iterator[str]:
    for piece in pieces:
        yield f"months {piece.start:g}-{piece.end:g}: {piece.exact:.2f} ({span(piece.ratio, '.2f')})"
    if medians is not None:
        yield f"by the medians, were hazards constant: {span(medians, '.2f')}"


def _all_opposite(ratio: Range, found: Sequence[Range]) -> bool:
    if not found:
        return False
    above = ratio.low > 1 and all(each.high < 1 for each in found)
    return above or (ratio.high < 1 and all(each.low > 1 for each in found))
