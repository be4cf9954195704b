"""What must always hold of a subject, a site and the caps at the instant of an allocation.

Folded here a second time, in few lines, so that a fault in the office's own fold shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from trialwright.conduct.evidence import Broken, Check, Evidence, Told
from trialwright.protocol import NoValue, read_plain_answers

if TYPE_CHECKING:
    from trialwright.protocol import Screener

__all__ = ["ENTRY"]

UNSIGNS = ("screened", "consented", "answered", "attested", "reference date stated")
"""Kinds of facts after which an earlier signature no longer holds."""
LEAVES = ("study", "study and samples", "all data")
SITES = ("site opened", "site closed", "recruitment closed", "recruitment reopened", "cap set")
SUBJECTS = (*UNSIGNS, "eligibility signed", "screen failed", "withdrawn", "duplicate person", "allocated")


@dataclass
class _Who:
    consented: bool = False
    signed: str | None = None
    gone: str | None = None
    answers: dict[str, list[Any]] = field(default_factory=dict)


@dataclass
class _World:
    """What was true just before each allocation."""

    sites: dict[str, str] = field(default_factory=dict)
    """Country of each open site."""
    countries: dict[str, str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    caps: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    who: dict[str | None, _Who] = field(default_factory=dict)

    def take(self, told: Told) -> None:
        fact, body = told
        match fact.kind:
            case "site opened":
                self.sites[body["site"]] = self.countries[body["site"]] = body["country"]
            case "site closed":
                self.sites.pop(body["site"], None)
            case "recruitment closed":
                self.closed.add(body["scope"])
            case "recruitment reopened":
                self.closed.discard(body["scope"])
            case "cap set":
                self.caps[body["scope"]] = body["most"]
            case "allocated":
                self.counts.update(self.scopes(told))
            case _:
                self._take_subject(told)

    def scopes(self, told: Told) -> list[str]:
        fact, body = told
        country = self.countries.get(fact.site or "", "")
        return ["study", f"country:{country}", f"site:{fact.site}", f"stratum:{body['stratum']}"]

    def _take_subject(self, told: Told) -> None:
        fact, body = told
        who = self.who.setdefault(fact.subject, _Who())
        if fact.kind in UNSIGNS:
            who.signed = None
        match fact.kind:
            case "consented":
                who.consented = True
            case "answered" | "attested":
                who.answers[body["variable"]] = [body.get("flavor", "value"), body.get("value")]
            case "eligibility signed":
                who.signed = body["content_hash"]
            case "screen failed":
                who.gone = "had failed screening"
            case "withdrawn" if body["level"] in LEAVES:
                who.gone = "had withdrawn"
            case "duplicate person":
                who.gone = "was the double of another subject"


def _each(evidence: Evidence) -> Iterator[tuple[Told, _World, _Who]]:
    world = _World()
    for told in evidence.of(*SITES, *SUBJECTS):
        if told[0].kind == "allocated":
            yield told, world, world.who.get(told[0].subject, _Who())
        world.take(told)


def allowed_at_that_instant(evidence: Evidence) -> Iterator[Broken]:
    """INV8: eligibility signed as it stood, consent given, site open."""
    for (fact, body), world, who in _each(evidence):
        if fact.site not in world.sites:
            yield Broken(fact.seq, "INV8", f"{fact.subject} was allocated while site {fact.site} was not open")
        if not who.consented:
            yield Broken(fact.seq, "INV8", f"{fact.subject} was allocated without consent")
        if who.signed is None or who.signed != body.get("content_hash"):
            yield Broken(fact.seq, "INV8", f"{fact.subject} was allocated without a signature under these data")


def inputs_are_the_data(evidence: Evidence) -> Iterator[Broken]:
    """INV9: the answers frozen with an allocation are those of that instant."""
    for (fact, body), _, who in _each(evidence):
        if body["inputs"]["answers"] != who.answers:
            yield Broken(fact.seq, "INV9", f"{fact.subject} was allocated on other answers than were given by then")


def caps_hold(evidence: Evidence) -> Iterator[Broken]:
    """INV12: no cap was passed and nobody allocated where recruitment was closed, but for envelopes opened before."""
    for told, world, _ in _each(evidence):
        fact, body = told
        if body.get("contingency"):
            continue
        for scope in world.scopes(told):
            if world.counts[scope] >= world.caps.get(scope, world.counts[scope] + 1):
                yield Broken(fact.seq, "INV12", f"{fact.subject} passed the cap of {scope}")
            if scope in world.closed:
                yield Broken(fact.seq, "INV12", f"{fact.subject} was allocated while {scope} was closed")


def stratum_is_the_rules(evidence: Evidence) -> Iterator[Broken]:
    """INV16: the levels and the stratum are those that the protocol's rules give for the frozen answers."""
    for fact, body in evidence.of("allocated") if evidence.screener else ():
        levels = _levels(evidence.screener, body["inputs"])  # type: ignore[arg-type]
        name = "|".join(f"{factor}={level}" for factor, level in levels.items()) or "all"
        if levels != body["levels"] or name != body["stratum"]:
            yield Broken(fact.seq, "INV16", f"{fact.subject} was allocated in a stratum that the answers do not give")


def nobody_who_left(evidence: Evidence) -> Iterator[Broken]:
    """INV18: nobody is allocated after withdrawing, failing screening, or being known as a double."""
    for (fact, _), _, who in _each(evidence):
        if who.gone:
            yield Broken(fact.seq, "INV18", f"{fact.subject} was allocated and {who.gone}")


def _levels(screener: Screener, inputs: Mapping[str, Any]) -> dict[str, str]:
    plain = {
        name: value if flavor == "value" else NoValue(flavor) for name, (flavor, value) in inputs["answers"].items()
    }
    anchors = {name: date.fromisoformat(day) for name, day in inputs["anchors"].items()}
    return screener.stratum(read_plain_answers(screener.protocol.variables, plain), anchors)


ENTRY: dict[str, Check] = {
    "INV8": allowed_at_that_instant,
    "INV9": inputs_are_the_data,
    "INV12": caps_hold,
    "INV16": stratum_is_the_rules,
    "INV18": nobody_who_left,
}
