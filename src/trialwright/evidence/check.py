"""Every check that a ledger's printed figures allow."""

from __future__ import annotations

from collections.abc import Iterator

from trialwright.evidence.claims import Claim
from trialwright.evidence.claims_file import Claims
from trialwright.evidence.counts import check_count
from trialwright.evidence.findings import Finding
from trialwright.evidence.hazard_ratios import Doubt, check_information, check_level, check_p, check_symmetry
from trialwright.evidence.two_shares import check_shares

__all__ = ["check"]


def check(claims: Claims) -> tuple[Finding, ...]:
    """Return what the checks say about each claim, in the order of the ledger.

    A hazard ratio with its interval is held to log symmetry (C1) and to the information of its events or patients
    (C3), with a P value also to that (C2) and to other levels and sides (C10); a percentage of counted patients to
    whole numbers (C5); the P value of two such shares to the plain tests of their counts (C6). A claim printed without
    what a check needs has no finding from it.
    """
    return tuple(finding for claim in claims.claims for finding in _check(claim, claims))


def _check(claim: Claim, ledger: Claims) -> Iterator[Finding]:
    if claim.is_hazard_ratio and isinstance(claim.value, int | float) and claim.lower is not None:
        yield check_symmetry(claim)
        if claim.p is not None:
            yield check_p(claim)
        yield check_information(claim, _fewer_than_half(claim, ledger))
        if claim.p is not None:
            yield check_level(claim)
    if _is_counted(claim):
        yield check_count(claim)
    shares = _shares(claim, ledger)
    if shares is not None:
        yield check_shares(claim, *shares)


def _shares(claim: Claim, ledger: Claims) -> tuple[Claim, Claim] | None:
    """Return the two counted shares that a P value compares, where both are printed."""
    link = claim.result
    if link is None or link.statistic != "difference P" or not isinstance(claim.value, int | float):
        return None
    place = (link.cut, link.endpoint, link.population, link.item)
    found = {
        r.group: c
        for c in ledger.claims
        if (r := c.result) and (r.cut, r.endpoint, r.population, r.item) == place and r.statistic == "rate"
        if c.events is not None and c.n
    }
    one, _, other = link.group.partition(" v ")
    return (found[one], found[other]) if one in found and other in found else None


def _is_counted(claim: Claim) -> bool:
    """Return whether a percentage is of whole patients; a Kaplan-Meier rate, which has a landmark, is not."""
    if claim.unit not in {"percent", "%"} or not isinstance(claim.value, int | float) or not claim.n:
        return False
    return claim.result.at is None if claim.result else claim.events is not None


def _fewer_than_half(claim: Claim, ledger: Claims) -> Doubt | None:
    """Say why fewer than half of the patients can have had the event: its medians lie beyond the median follow-up.

    With follow-up F and event time T independent, P(T <= F) is below one half when the median of T is beyond nearly
    all of F; beyond the median of F it is at least unlikely. Hence a claim is called implausible on this ground, never
    impossible; and a note only where the follow-up was printed for another endpoint, whose own may be longer.
    """
    link = claim.result
    if link is None:
        return None
    here = [(c, c.result) for c in ledger.claims if c.result and c.result.cut == link.cut]
    medians = [c for c, r in here if r.endpoint == link.endpoint and r.statistic == "median"]
    follow_up = [c for c, r in here if r.statistic == "follow-up"]
    for seen in follow_up:
        if medians and all(_longer(median, seen) for median in medians):
            shown = " and ".join(str(median.value) for median in medians)
            why = f"the medians of {shown} lie beyond the median follow-up of {seen.value} {seen.unit}"
            whose = seen.result.endpoint if seen.result else ""
            own = whose == link.endpoint
            return Doubt(why if own else f"{why} printed for {whose}; that for {link.endpoint} may be longer", own)
    return None


def _longer(one: Claim, other: Claim) -> bool:
    if not isinstance(one.value, int | float) or not isinstance(other.value, int | float):
        return False
    return one.unit == other.unit and one.value > other.value
