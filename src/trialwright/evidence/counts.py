"""Can a printed percentage come from whole patients?

The GRIM idea (Brown and Heathers 2017, Soc Psychol Personal Sci 8:363) for percentages: some whole number k of n
patients must print as the percentage.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from trialwright.evidence.claims import Claim
from trialwright.evidence.findings import Finding
from trialwright.evidence.printed import rounded

__all__ = ["check_count", "denominators", "numerators"]

NEAR = 3
"""Denominators so near to the printed one are proposed instead."""


def numerators(percentage: float, decimals: int, n: int) -> range:
    """Return the whole numbers k for which k/n prints as the percentage.

    >>> list(numerators(47.4, 1, 135)), list(numerators(47.4, 1, 136))
    ([64], [])
    """
    # A half may be rounded either way, and 0.25 % of n is not exact in binary: the edges are widened by 1e-9.
    printed = rounded(percentage, decimals)
    first = math.ceil(n * printed.low / 100 - 1e-9)
    last = math.floor(n * printed.high / 100 + 1e-9)
    return range(max(0, first), min(n, last) + 1)


def denominators(percentages: Iterable[float], decimals: int, candidates: Iterable[int]) -> tuple[int, ...]:
    """Return the candidates of which every percentage of a table is a whole number of patients.

    >>> denominators([10.0, 8.3], 1, range(59, 63))
    (60,)
    """
    wanted = tuple(percentages)
    return tuple(n for n in candidates if n > 0 and all(numerators(each, decimals, n) for each in wanted))


def check_count(claim: Claim) -> Finding:
    """C5: some whole number of the claim's patients prints as its percentage, and it is the number given."""
    if not isinstance(claim.value, int | float) or not claim.n:
        raise ValueError(f"claim {claim.id} must print a percentage and its patients")
    shown = f"{claim.value:.{claim.printed_decimals}f} %"
    found = numerators(claim.value, claim.printed_decimals, claim.n)
    if not found:
        return Finding(claim.id, "C5", "impossible", f"no whole number of {claim.n} patients is {shown}{_near(claim)}")
    text = f"{found[0]}{f' to {found[-1]}' if len(found) > 1 else ''} of {claim.n} patients is {shown}"
    if claim.events is not None and claim.events not in found:
        return Finding(claim.id, "C5", "inconsistent", f"{text}, not {claim.events}")
    return Finding(claim.id, "C5", "consistent", text)


def _near(claim: Claim) -> str:
    n = claim.n or 0
    value = claim.value if isinstance(claim.value, int | float) else math.nan
    fitting = denominators([value], claim.printed_decimals, range(n - NEAR, n + NEAR + 1))
    return f"; it is of {', '.join(map(str, fitting))}" if fitting else ""
