"""Which interval of a share prints as the limits beside it?"""

from __future__ import annotations

from collections.abc import Iterator

from trialwright.evidence.claims import Claim
from trialwright.evidence.counts import NEAR, numerators
from trialwright.evidence.findings import Finding
from trialwright.evidence.printed import interval, rounded

__all__ = ["check_share_limits", "limits_of_share"]

SETTLED = "The number of patients behind the percentage, and the method of its interval."


def limits_of_share(events: int, n: int, level: float) -> dict[str, tuple[float, float]]:
    """Return the limits of a share by method: exact, score, with correction, Jeffreys, mid-P, Agresti-Coull, Wald.

    >>> found = limits_of_share(57, 136, 0.95)
    >>> [round(100 * limit, 1) for limit in found["exact (Clopper-Pearson)"]]
    [33.5, 50.7]
    """
    from trialwright.stats import agresti_coull, clopper_pearson, jeffreys, mid_p, wald, wilson

    methods = {
        "exact (Clopper-Pearson)": clopper_pearson(events, n, level=level),
        "score (Wilson)": wilson(events, n, level=level),
        "score, corrected": wilson(events, n, level=level, corrected=True),
        "Jeffreys": jeffreys(events, n, level=level),
        "mid-P": mid_p(events, n, level=level),
        "Agresti-Coull": agresti_coull(events, n, level=level),
        "Wald": wald(events, n, level=level),
    }
    return {
        name: (found.lower, found.upper)
        for name, found in methods.items()
        if found.lower is not None and found.upper is not None
    }


def check_share_limits(claim: Claim) -> Finding:
    """C6: the limits of a share print as those of its counts by some method, which is named.

    Where the count is not printed, the patients may be a few fewer than took part: those counts are tried too.
    """
    if claim.level is None or claim.number is None or not claim.n:
        return Finding(claim.id, "C6", "not checkable", "limits need a level, and a number of patients")
    tried = tuple(_counts(claim))
    fitting = [(x, n, name) for x, n in tried for name, found in _rows(claim, x, n) if _prints(claim, found)]
    steps = tuple(_shown(claim, x, n) for x, n in tried)
    if fitting:
        told = " or ".join(f"the {name} ones of {x}/{n}" for x, n, name in fitting)
        return Finding(claim.id, "C6", "consistent", f"{interval(claim)} are {told}", steps=steps)
    if not tried:
        return Finding(claim.id, "C6", "not checkable", "no count of the patients prints as the percentage")
    counts = " or ".join(f"{x}/{n}" for x, n in tried)
    text = f"{interval(claim)} are the limits of {counts} by none of seven methods; they may be of a model or in strata"
    return Finding(claim.id, "C6", "note", text, steps=steps, settles=SETTLED)


def _counts(claim: Claim) -> Iterator[tuple[int, int]]:
    n = claim.n or 0
    if claim.events is not None:
        yield claim.events, n
        return
    for fewer in range(min(NEAR + 1, n)):
        found = numerators(claim.number or 0.0, claim.printed_decimals, n - fewer)
        yield from ((x, n - fewer) for x in found)
        if found:
            return


def _rows(claim: Claim, x: int, n: int) -> list[tuple[str, tuple[float, float]]]:
    return list(limits_of_share(x, n, claim.level or 0.95).items())


def _prints(claim: Claim, found: tuple[float, float]) -> bool:
    printed = (claim.lower or 0.0, claim.upper or 0.0)
    ranges = (rounded(each, claim.printed_decimals) for each in printed)
    return all(r.low - 1e-9 <= 100 * x <= r.high + 1e-9 for r, x in zip(ranges, found, strict=True))


def _shown(claim: Claim, x: int, n: int) -> str:
    places = claim.printed_decimals + 1
    told = (f"{name} {100 * low:.{places}f}-{100 * high:.{places}f}" for name, (low, high) in _rows(claim, x, n))
    return f"{x}/{n}: {', '.join(told)}"
