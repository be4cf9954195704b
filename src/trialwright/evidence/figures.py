"""C0: can the figure be, whatever else is printed?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from trialwright.evidence.claims import Claim
from trialwright.evidence.findings import Finding, Reading
from trialwright.evidence.printed import figure, interval, rounded

__all__ = ["check_figure"]

SETTLED = "The source itself, read again; then its author or publisher."
PERCENT = {"percent", "%"}


def check_figure(claim: Claim) -> Iterator[Finding]:
    """Yield what is wrong with a figure by itself: outside its interval, or no share."""
    if claim.number is None:
        return
    if _is_outside(claim):
        yield _outside(claim)
    wrong = [x for x in (claim.number, claim.lower, claim.upper) if x is not None and not 0 <= x <= 100]
    if claim.unit in PERCENT and wrong:
        text = f"{', '.join(figure(claim, x) for x in wrong)} % is no share of patients; it must lie within 0 and 100"
        yield Finding(claim.id, "C0", "impossible", text, settles=SETTLED)


def _is_outside(claim: Claim) -> bool:
    if claim.number is None or claim.lower is None or claim.upper is None:
        return False
    places = claim.printed_decimals
    value = rounded(claim.number, places)
    return value.high < rounded(claim.lower, places).low or value.low > rounded(claim.upper, places).high


def _outside(claim: Claim) -> Finding:
    value, lower, upper = claim.number or math.nan, claim.lower or math.nan, claim.upper or math.nan
    turned = claim.is_hazard_ratio and lower <= 1 / value <= upper
    readings = [
        Reading("misprint", "a digit of the estimate or of a limit", "cannot be told", "no arithmetic says which")
    ]
    if turned:
        why = f"1/{figure(claim, value)} = {1 / value:.{claim.printed_decimals}f} lies within {interval(claim)}"
        readings.insert(0, Reading("swapped direction", "the interval is of the other arm over this one", "yes", why))
    text = f"{figure(claim, value)} lies outside its own interval {interval(claim)}"
    return Finding(claim.id, "C0", "impossible", text, readings=tuple(readings), settles=SETTLED)
