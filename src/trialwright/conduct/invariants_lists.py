"""What must always hold of allocations as places in lists."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from trialwright.conduct.allocation_lists import list_from
from trialwright.conduct.evidence import Broken, Check, Evidence
from trialwright.conduct.facts import canonical
from trialwright.conduct.keys import Keys

__all__ = ["LISTS"]


def one_allocation_each(evidence: Evidence) -> Iterator[Broken]:
    """INV1: one allocation per subject."""
    seen: set[str | None] = set()
    for fact, _ in evidence.of("allocated"):
        if fact.subject in seen:
            yield Broken(fact.seq, "INV1", f"{fact.subject} is allocated a second time")
        seen.add(fact.subject)


def one_subject_each_place(evidence: Evidence) -> Iterator[Broken]:
    """INV2: one subject per list, stratum and position."""
    seen: set[tuple[str, str, int]] = set()
    for fact, body in evidence.of("allocated"):
        place = (body["list"], body["stratum"], body["position"])
        if place in seen:
            yield Broken(fact.seq, "INV2", f"position {place[2]} of {place[1]!r} in list {place[0]!r} is used again")
        seen.add(place)


def places_in_order(evidence: Evidence) -> Iterator[Broken]:
    """INV3: the positions of each list and stratum are 0, 1, 2, ... in the order of the log."""
    following: Counter[tuple[str, str]] = Counter()
    for fact, body in evidence.central:
        where = (body["list"], body["stratum"])
        if body["position"] != following[where]:
            told = f"position {body['position']} of {where[1]!r} was given where {following[where]} was next"
            yield Broken(fact.seq, "INV3", told)
        following[where] = max(following[where], body["position"] + 1)


def arms_replay(evidence: Evidence) -> Iterator[Broken]:
    """INV4: the arm, block and place are those that the list gives at that place; judged where its key is given."""
    keys = Keys(evidence.keys)
    lists = {name: list_from(0, "", body) for name, body in evidence.lists.items() if name in evidence.keys}
    for fact, body in evidence.of("allocated"):
        if body["list"] in lists:
            found = lists[body["list"]]
            if body["position"] >= found.places.get(body["stratum"], 0):
                yield Broken(fact.seq, "INV4", f"{fact.subject} has a position beyond the end of the list")
                continue
            given = found.at(keys, body["stratum"], body["position"])
            if (given.arm, given.block, given.place) != (body["arm"], body["block"], body["place"]):
                yield Broken(fact.seq, "INV4", f"{fact.subject} has not what the list gives at its place")


def blocks_keep_the_ratio(evidence: Evidence) -> Iterator[Broken]:
    """INV5: in every block that is full, because a later one has begun, the arms are exactly in their ratio."""
    blocks: dict[tuple[str, str, int], Counter[str]] = defaultdict(Counter)
    last: dict[tuple[str, str], int] = {}
    ends: dict[tuple[str, str, int], int] = {}
    for fact, body in evidence.central:
        where = (body["list"], body["stratum"])
        blocks[*where, body["block"]][body["arm"]] += 1
        ends[*where, body["block"]] = fact.seq
        last[where] = max(last.get(where, 0), body["block"])
    for (name, stratum, block), arms in blocks.items():
        if block < last[name, stratum] and not _in_ratio(arms, evidence.lists[name]["scheme"]["ratio"]):
            seq = ends[name, stratum, block]
            yield Broken(seq, "INV5", f"block {block} of {stratum!r} in list {name!r} has not the ratio")


def _in_ratio(arms: Counter[str], ratio: dict[str, Any]) -> bool:
    times, rest = divmod(arms.total(), sum(ratio.values()))
    exact = all(type(share) is int for share in ratio.values())  # a float (2/3) drifts
    return exact and rest == 0 and all(arms[arm] == share * times for arm, share in ratio.items())


def nothing_is_told_beforehand(evidence: Evidence) -> Iterator[Broken]:
    """INV13: no key lies in the log, and no fact but an allocation and its own site's mail speaks of an arm."""
    secrets = [key.hex() for key in evidence.keys.values()]
    own = {(fact.key, fact.subject) for fact, _ in evidence.of("allocated")}
    for fact in evidence.facts:
        if any(secret in (fact.text or "") for secret in secrets):
            yield Broken(fact.seq, "INV13", "it holds the key of a list")
    for fact, body in evidence.of("mail queued"):
        about = body.get("about") == "allocation"
        if about and ((fact.key, fact.subject) not in own or body["to"] != f"site:{fact.site}"):
            yield Broken(fact.seq, "INV13", f"it tells somebody else than its site of {fact.subject}")
    for fact, body in evidence.of("list sealed", "list imported", "list activated", "list alarm", "refused"):
        if "arm" in body or any("arm" in row for row in body.values() if isinstance(row, dict)):
            yield Broken(fact.seq, "INV13", "it tells of an arm that is not given yet")


def lists_are_as_activated(evidence: Evidence) -> Iterator[Broken]:
    """INV17: a list has the hash under which it was activated, by another person than its maker."""
    makers = {body["list"]: fact.author for fact, body in evidence.of("list sealed", "list imported")}
    for fact, body in evidence.of("list activated"):
        held = evidence.lists.get(body["list"])
        if held is None or held["sha256"] != body["sha256"]:
            yield Broken(fact.seq, "INV17", f"list {body['list']!r} has another hash than was approved")
        elif makers[body["list"]] == fact.author:
            yield Broken(fact.seq, "INV17", f"list {body['list']!r} was activated by its maker")
    for fact, body in evidence.of("list sealed"):
        promised = {name: value for name, value in body.items() if name != "sha256"}
        if hashlib.sha256(canonical(promised).encode()).hexdigest() != body["sha256"]:
            yield Broken(fact.seq, "INV17", f"list {body['list']!r} is not what its hash was made of")
    for fact, body in evidence.of("list imported"):
        if {stratum: len(rows) for stratum, rows in body["rows"].items()} != body["places"]:
            yield Broken(fact.seq, "INV17", f"list {body['list']!r} has not the rows it promised")


def one_source(evidence: Evidence) -> Iterator[Broken]:
    """INV19: allocations come from the active lists only, and from a later one once those before it are used up."""
    active: list[str] = []
    used: Counter[tuple[str, str]] = Counter()
    lists = evidence.lists
    for fact, body in evidence.of("list activated", "allocated"):
        if fact.kind == "list activated":
            active += [body["list"]] if lists[body["list"]]["purpose"] == "central" else []
        elif not body.get("contingency"):
            stratum = body["stratum"]
            source = next((name for name in active if used[name, stratum] < lists[name]["places"][stratum]), None)
            if body["list"] != source:
                yield Broken(fact.seq, "INV19", f"{fact.subject} was allocated from another list than the active one")
            used[body["list"], stratum] += 1


LISTS: dict[str, Check] = {
    "INV1": one_allocation_each,
    "INV2": one_subject_each_place,
    "INV3": places_in_order,
    "INV4": arms_replay,
    "INV5": blocks_keep_the_ratio,
    "INV13": nothing_is_told_beforehand,
    "INV17": lists_are_as_activated,
    "INV19": one_source,
}
