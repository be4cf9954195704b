"""Lists, positions used, and who got what: folded from facts, never counted from members."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trialwright.conduct.allocation_lists import AllocationList, list_from
from trialwright.conduct.facts import Fact
from trialwright.conduct.refusals import Refused
from trialwright.randomize import Assignment

if TYPE_CHECKING:
    from trialwright.conduct.keys import Keys

__all__ = ["Allocated", "Allocations", "Exhausted"]


class Exhausted(Refused):
    """The list has no place left in a stratum."""


@dataclass(frozen=True, slots=True)
class Allocated:
    """One allocation as it was made."""

    subject: str
    site: str
    seq: int
    at: str
    list: str
    stratum: str
    position: int
    arm: str
    contingency: bool


@dataclass
class Allocations:
    """Every list and every allocation."""

    lists: dict[str, AllocationList] = field(default_factory=dict)
    active: list[str] = field(default_factory=list)
    """The one source of allocations: the first list activated and those that extend it, in that order."""
    used: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Places taken by list and stratum: the position of the next one."""
    envelopes: set[tuple[str, str, int]] = field(default_factory=set)
    """Places of contingency lists that were opened."""
    of: dict[str, Allocated] = field(default_factory=dict)
    """Allocation by subject."""
    at_sites: Counter[str] = field(default_factory=Counter)
    in_strata: Counter[str] = field(default_factory=Counter)
    in_error: dict[str, str] = field(default_factory=dict)
    """Reason by subject randomized in error; the allocation stands."""
    corrected: dict[str, dict[str, str]] = field(default_factory=dict)
    """Levels as corrected later, by subject; the stratum used stands."""
    duplicates: dict[str, str] = field(default_factory=dict)
    """First subject by later subject of the same person."""
    alarms: set[tuple[str, str, str]] = field(default_factory=set)
    """List, stratum and level of the alarms raised."""
    disclosures: list[int] = field(default_factory=list)
    """Sequences of the facts that tell who learned of an allocation without a right to."""

    def apply(self, fact: Fact, body: dict[str, Any]) -> None:
        """Take one fact in."""
        match fact.kind:
            case "list sealed" | "list imported":
                self.lists[body["list"]] = list_from(fact.seq, fact.author, body)
            case "list activated":
                self._activated(body["list"], fact.author)
            case "list alarm":
                self.alarms.add((body["list"], body["stratum"], body["level"]))
            case "allocated":
                self._allocated(fact, body)
            case "randomized in error":
                self.in_error[fact.subject or ""] = body["reason"]
            case "stratum corrected":
                self.corrected[fact.subject or ""] = body["levels"]
            case "duplicate person":
                self.duplicates[fact.subject or ""] = body["other"]
            case "disclosed":
                self.disclosures.append(fact.seq)

    def next(self, keys: Keys, stratum: str) -> Assignment:
        """Return the assignment at the next place of a stratum; Exhausted when no list has one, Refused without any."""
        if not self.active:
            raise Refused("no allocation list is active; a statistician seals one and the sponsor activates it")
        for name in self.active:
            source = self.lists[name]
            if self.used[name, stratum] < source.places.get(stratum, 0):
                return source.at(keys, stratum, self.used[name, stratum])
        raise Exhausted(
            f"the allocation list has no place left in stratum {stratum!r}; nobody can be randomized there until a "
            "further list is sealed and activated"
        )

    def count(self, scope: str, sites: dict[str, str]) -> int:
        """Return the allocations in a scope; ``sites`` gives the country of each site."""
        kind, _, name = scope.partition(":")
        match kind:
            case "study":
                return len(self.of)
            case "country":
                return sum(self.at_sites[site] for site, country in sites.items() if country == name)
            case "site":
                return self.at_sites[name]
            case _:
                return self.in_strata[name]

    def _activated(self, name: str, by: str) -> None:
        self.lists[name] = self.lists[name].activated(by)
        if self.lists[name].purpose == "central":
            self.active.append(name)

    def _allocated(self, fact: Fact, body: dict[str, Any]) -> None:
        subject, site = fact.subject or "", fact.site or ""
        place, contingency = (body["list"], body["stratum"], body["position"]), bool(body.get("contingency"))
        self.of[subject] = Allocated(subject, site, fact.seq, fact.at, *place, body["arm"], contingency)
        self.at_sites[site] += 1
        self.in_strata[body["stratum"]] += 1
        if contingency:
            self.envelopes.add(place)
        else:
            self.used[body["list"], body["stratum"]] = body["position"] + 1
