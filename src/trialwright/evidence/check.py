"""Every check that a ledger's printed figures allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trialwright.evidence.allocation_split import check_split
from trialwright.evidence.claims import Claim
from trialwright.evidence.claims_file import Claims
from trialwright.evidence.counts import check_count, check_denominators, is_share
from trialwright.evidence.curves_printed import check_median_and_rates, check_ratio_and_rates
from trialwright.evidence.cuts import check_counts_grow, check_information_grows
from trialwright.evidence.figures import check_figure
from trialwright.evidence.findings import Finding
from trialwright.evidence.hazard_ratios import check_level, check_p, check_symmetry
from trialwright.evidence.information import check_allocation, check_information
from trialwright.evidence.readings import read
from trialwright.evidence.share_limits import check_share_limits
from trialwright.evidence.shelf import Shelf
from trialwright.evidence.sources import check_sources
from trialwright.evidence.two_shares import check_shares

__all__ = ["check"]


def check(claims: Claims) -> tuple[Finding, ...]:
    """Return what the checks say about each claim, in the order of the file.

    ``CHECKS`` names them. Each takes a printed figure as the range of numbers that print so, and shows its arithmetic;
    a claim printed without what a check needs has no finding from it. A figure that cannot be by itself (C0) is held
    against no other.

    >>> from trialwright.evidence import ledger
    >>> found = check(ledger("maintain").of("MAINTAIN").claims)
    >>> [f.check for f in found if f.verdict == "implausible"]
    ['C1', 'C2', 'C9', 'C10']
    """
    shelf = Shelf(claims)
    of_file: dict[str, list[Finding]] = {}
    for finding in (*check_denominators(claims), *check_sources(claims), *check_split(claims)):
        of_file.setdefault(finding.claim, []).append(finding)
    found = []
    for claim in claims.claims:
        own = [*_check(claim, shelf), *of_file.get(claim.id, ())]
        found += sorted(own, key=lambda finding: _ORDER[finding.check])
    return tuple(found)


_ORDER = {name: index for index, name in enumerate(f"C{k}" for k in range(11))} | {"split": 11}


def _check(claim: Claim, shelf: Shelf) -> Iterator[Finding]:
    faults = tuple(check_figure(claim))
    yield from faults
    if faults:
        return
    if claim.is_hazard_ratio and claim.number is not None:
        yield from _ratio(claim, shelf)
    if is_share(claim):
        yield from _share(claim)
    if claim.named_statistic == "median":
        rates = check_median_and_rates(claim, shelf)
        yield from () if rates is None else (rates,)
    yield from check_counts_grow(claim, shelf)
    shares = _shares(claim, shelf)
    if shares is not None:
        yield check_shares(claim, *shares)


def _ratio(claim: Claim, shelf: Shelf) -> Iterator[Finding]:
    if claim.lower is None:
        return
    yield check_symmetry(claim)
    yield from _information(claim, shelf)
    yield from check_information_grows(claim, shelf)
    if claim.p is not None:
        yield check_p(claim)
        yield check_level(claim)
    rates = check_ratio_and_rates(claim, shelf)
    if rates is not None:
        yield rates


def _information(claim: Claim, shelf: Shelf) -> Iterator[Finding]:
    bound = check_information(claim, shelf)
    if bound.verdict in {"implausible", "impossible"}:
        bound = replace(bound, readings=read(claim, bound, shelf))
    yield bound
    allocated = check_allocation(claim, bound)
    if allocated is not None:
        yield allocated


def _share(claim: Claim) -> Iterator[Finding]:
    counted = claim.n and (claim.events is not None or claim.result is not None or claim.lower is not None)
    if counted:
        yield check_count(claim)
    if claim.lower is not None:
        yield check_share_limits(claim)


def _shares(claim: Claim, shelf: Shelf) -> tuple[Claim, Claim] | None:
    """Return the two counted shares that a P value compares, where both are printed."""
    arms = claim.arms_compared
    if claim.named_statistic != "P" or arms is None or claim.number is None:
        return None
    counted = (each for each in shelf.beside(claim, "rate") if is_share(each) and each.events is not None and each.n)
    found = {each.group: each for each in counted}
    return (found[arms[0]], found[arms[1]]) if set(arms) <= found.keys() else None
