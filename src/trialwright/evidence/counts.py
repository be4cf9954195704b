"""Can a printed percentage come from whole patients?

The GRIM idea (Brown and Heathers 2017, Soc Psychol Personal Sci 8:363) for percentages: some whole number k of n
patients must print as the percentage.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import groupby

from trialwright.evidence.claims import Claim
from trialwright.evidence.claims_file import Claims
from trialwright.evidence.findings import Finding
from trialwright.evidence.printed import rounded

__all__ = ["check_count", "check_denominators", "denominators", "is_share", "numerators"]

NEAR = 3
"""Denominators so near to the printed one are proposed instead."""
SETTLED = "The number of patients behind the percentage, and of those who count."


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


def is_share(claim: Claim) -> bool:
    """Return whether a claim is a percentage of whole patients; a Kaplan-Meier rate, which has a landmark, is not."""
    if claim.unit not in {"percent", "%"} or claim.number is None or not 0 <= claim.number <= 100:
        return False
    return claim.at_months is None and (claim.result is None or claim.result.at is None)


def check_count(claim: Claim) -> Finding:
    """C5: some whole number of the claim's patients prints as its percentage, and it is the number given.

    A percentage that is of no whole number of the patients printed beside it is impossible where the count, or the
    population, says that these are its patients; else they may be all who took part, and it is a note.
    """
    if claim.number is None or not claim.n:
        raise ValueError(f"claim {claim.id} must print a percentage and its patients")
    found = numerators(claim.number, claim.printed_decimals, claim.n)
    shown = f"{claim.number:.{claim.printed_decimals}f} %"
    steps = (_step(claim, claim.n),)
    if not found:
        return _no_count(claim, shown)
    text = f"{found[0]}{f' to {found[-1]}' if len(found) > 1 else ''} of {claim.n} patients is {shown}"
    if claim.events is not None and claim.events not in found:
        return Finding(claim.id, "C5", "implausible", f"{text}, not {claim.events}", steps=steps, settles=SETTLED)
    return Finding(claim.id, "C5", "consistent", text, steps=steps)


def _no_count(claim: Claim, shown: str) -> Finding:
    n, near = claim.n or 0, _near(claim)
    steps = (_step(claim, n), *(_step(claim, each) for each in near if each != n))
    text = f"no whole number of {n} patients is {shown}{_proposed(near)}"
    cut_off = math.floor(n * ((claim.number or 0.0) + 10.0**-claim.printed_decimals) / 100 - 1e-9)
    if 100 * cut_off / n >= (claim.number or 0.0):
        text += f"; {cut_off} are, cut off instead of rounded"
        return Finding(claim.id, "C5", "note", text, steps=steps, settles=SETTLED)
    known = claim.events is not None or claim.result is not None
    return Finding(claim.id, "C5", "impossible" if known else "note", text, steps=steps, settles=SETTLED)


def check_denominators(ledger: Claims) -> Iterator[Finding]:
    """C5 of a table: which numbers of patients fit every percentage of one population and arm.

    Yields, for each printed or derived number of patients of an arm, whether the percentages of its population are of
    so many, and which numbers up to those randomized are.
    """
    shares = [claim for claim in ledger.claims if is_share(claim) and claim.arm is not None]
    tables = groupby(sorted(shares, key=_table), key=_table)
    by_table = {key: tuple(claims) for key, claims in tables}
    for claim in ledger.claims:
        table = by_table.get(_table(claim), ())
        if (
            claim.named_statistic == "patients"
            and claim.number
            and claim.number == int(claim.number)
            and len(table) > 1
        ):
            yield _fits_table(claim, table, _most(ledger, claim))


def _fits_table(claim: Claim, table: tuple[Claim, ...], most: int) -> Finding:
    n, shown = int(claim.number or 0), ", ".join(f"{each.number:g}" for each in table)
    fitting = tuple(k for k in range(max(1, n - NEAR), max(n, most) + 1) if _all_whole(table, k))
    text = f"of {n} patients each of {len(table)} percentages is a whole number"
    steps = (
        f"{shown} %: whole numbers of {', '.join(map(str, fitting)) or 'none'} among {n - NEAR} to {max(n, most)}",
    )
    beside = tuple(each.id for each in table)
    if n in fitting:
        return Finding(claim.id, "C5", "consistent", text, steps=steps, beside=beside)
    text = f"of {n} patients not every one of {len(table)} percentages is a whole number{_proposed(fitting)}"
    return Finding(claim.id, "C5", "implausible", text, steps=steps, beside=beside, settles=SETTLED)


def _all_whole(table: Iterable[Claim], n: int) -> bool:
    return all(numerators(each.number or 0.0, each.printed_decimals, n) for each in table)


def _table(claim: Claim) -> tuple[str, str]:
    return claim.measure[2], claim.arm or ""


def _most(ledger: Claims, claim: Claim) -> int:
    """Return the patients randomized to the claim's arm; those of the claim where that is not printed."""
    published = ledger.allocation.published if ledger.allocation else {}
    return published.get(claim.arm or "", int(claim.number or 0))


def _step(claim: Claim, n: int) -> str:
    """Show the whole numbers around a percentage of n patients."""
    places = claim.printed_decimals
    near = math.floor((claim.number or 0.0) * n / 100)
    shown = (f"{k}/{n} = {100 * k / n:.{places + 1}f} %" for k in (near, near + 1) if k <= n)
    return ", ".join(shown)


def _proposed(fitting: tuple[int, ...]) -> str:
    return f"; it is of {', '.join(map(str, fitting))}" if fitting else ""


def _near(claim: Claim) -> tuple[int, ...]:
    n = claim.n or 0
    return denominators([claim.number or 0.0], claim.printed_decimals, range(n - NEAR, n + NEAR + 1))
