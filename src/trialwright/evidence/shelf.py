"""The claims of a file, found by what they are a number of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from trialwright.evidence.claims import Claim
from trialwright.evidence.claims_file import Claims

__all__ = ["Place", "Shelf"]

Place = tuple[str, tuple[str, str, str, str]]
"""Cut and measure: endpoint, who assessed it, population, item."""


@dataclass(frozen=True)
class Shelf:
    """The claims of one file by cut, measure and statistic, so that no check searches the whole file."""

    file: Claims

    @cached_property
    def _by_place(self) -> Mapping[tuple[Place, str], tuple[Claim, ...]]:
        found: dict[tuple[Place, str], list[Claim]] = defaultdict(list)
        for claim in self.file.claims:
            found[(claim.cut, claim.measure), claim.named_statistic].append(claim)
        return {key: tuple(claims) for key, claims in found.items()}

    @cached_property
    def _by_cut(self) -> Mapping[tuple[str, str], tuple[Claim, ...]]:
        found: dict[tuple[str, str], list[Claim]] = defaultdict(list)
        for claim in self.file.claims:
            found[claim.cut, claim.named_statistic].append(claim)
        return {key: tuple(claims) for key, claims in found.items()}

    def beside(self, claim: Claim, statistic: str) -> tuple[Claim, ...]:
        """Return the claims of a statistic of the same measure at the same cut."""
        return self._by_place.get(((claim.cut, claim.measure), statistic), ())

    def at_cut(self, cut: str, statistic: str) -> tuple[Claim, ...]:
        """Return the claims of a statistic of any measure at a cut."""
        return self._by_cut.get((cut, statistic), ())

    def earlier(self, claim: Claim, statistic: str) -> tuple[Claim, ...]:
        """Return the claims of a statistic of the same measure and group at earlier cuts, the earliest first."""
        here = self.file.order(claim.cut)
        before = () if here is None else tuple(self.file.cuts)[:here]
        found = (each for cut in before for each in self._by_place.get(((cut, claim.measure), statistic), ()))
        return tuple(each for each in found if each.group == claim.group)

    def events(self, claim: Claim) -> int | None:
        """Return the events behind a claim: printed with it, or for both arms of its measure at its cut."""
        if claim.events is not None:
            return claim.events
        totals = (each for each in self.beside(claim, "events") if each.group == "all")
        return next((int(each.number) for each in totals if each.number is not None), None)

    def fewest_events(self, claim: Claim) -> Claim | None:
        """Return the claim of the most events at an earlier cut: later there cannot be fewer."""
        known = [each for each in self.earlier(claim, claim.named_statistic) if each.events is not None]
        return max(known, key=lambda each: each.events or 0, default=None)
