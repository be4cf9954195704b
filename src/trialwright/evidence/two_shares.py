"""Can a printed P value be that of a plain test of the two printed shares?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from trialwright.evidence.claims import Claim
from trialwright.evidence.findings import Finding
from trialwright.evidence.printed import rounded

__all__ = ["check_shares", "p_of_two_shares"]

_PLAIN = "Pearson"
SETTLED = "The test behind the P: strata, model, sides; and the patients counted."


def p_of_two_shares(x1: int, n1: int, x2: int, n2: int) -> Mapping[str, float]:
    """Return the P values of the plain tests of two shares, by name; none where a group or an outcome is empty.

    Two-sided: Pearson (1900), with Yates's correction (1934), Fisher's exact test (1934), the likelihood ratio (Wilks
    1938), and Wald's of the difference (over its unpooled standard error) and of the log odds ratio (Woolf 1955);
    and half of Pearson's, which is its one-sided P in the direction observed.

    >>> {name: round(p, 4) for name, p in p_of_two_shares(57, 136, 17, 62).items()}["Pearson"]
    0.0506
    """
    from trialwright.stats import fisher_exact, pearson_chi_square

    tests = {
        _PLAIN: pearson_chi_square(x1, n1, x2, n2),
        "Yates-corrected": pearson_chi_square(x1, n1, x2, n2, corrected=True),
        "Fisher": fisher_exact(x1, n1, x2, n2),
    }
    found = {name: test.p for name, test in tests.items() if test.p is not None}
    if _PLAIN not in found:
        return {}
    cells = (x1, n1 - x1, x2, n2 - x2)
    return found | {
        "likelihood ratio": _likelihood_ratio(x1, n1, x2, n2),
        "unpooled z": _wald(x1 / n1 - x2 / n2, sum(x * (n - x) / n**3 for x, n in ((x1, n1), (x2, n2)))),
        **({"Wald of the odds ratio": _woolf(*cells)} if all(cells) else {}),
        "one-sided Pearson": found[_PLAIN] / 2,
    }


def check_shares(claim: Claim, one: Claim, other: Claim) -> Finding:
    """C6: the P value of two shares prints as that of a plain test of their counts.

    A test in strata or of a model prints another one, so a P value that none of them gives is a note, not a fault.
    """
    if claim.number is None or None in {one.events, one.n, other.events, other.n}:
        raise ValueError(f"claim {claim.id} must print a P value, and {one.id} and {other.id} counts of patients")
    tests = p_of_two_shares(one.events or 0, one.n or 0, other.events or 0, other.n or 0)
    counts = f"{one.events}/{one.n} v {other.events}/{other.n}"
    beside = (one.id, other.id)
    if not tests:
        return Finding(claim.id, "C6", "not checkable", f"{counts}: there is nothing to test", beside=beside)
    places = claim.printed_decimals
    printed = rounded(claim.number, places)
    fitting = [name for name, p in tests.items() if printed.low <= p <= printed.high]
    told = ", ".join(f"{name} {p:.{places + 1}f}" for name, p in tests.items())
    said = f"{counts} gives {told}"
    steps = tuple(f"{name}: P = {p:.5f}" for name, p in tests.items())
    if fitting:
        text = f"{said}; {claim.number:.{places}f} is {' or '.join(fitting)}"
        return Finding(claim.id, "C6", "consistent", text, steps=steps, beside=beside)
    why = f"none prints as {claim.number:.{places}f}; it may be of a test in strata, of a model, or of other patients"
    return Finding(claim.id, "C6", "note", f"{said}; {why}", steps=steps, beside=beside, settles=SETTLED)


def _wald(difference: float, variance: float) -> float:
    return math.erfc(abs(difference) / math.sqrt(2 * variance)) if variance else float(difference == 0)


def _woolf(a: int, b: int, c: int, d: int) -> float:
    return _wald(math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d)


def _likelihood_ratio(x1: int, n1: int, x2: int, n2: int) -> float:
    share = (x1 + x2) / (n1 + n2)
    cells = ((x1, n1 * share), (n1 - x1, n1 * (1 - share)), (x2, n2 * share), (n2 - x2, n2 * (1 - share)))
    statistic = 2 * sum(seen * math.log(seen / expected) for seen, expected in cells if seen)
    return math.erfc(math.sqrt(max(0.0, statistic) / 2))
