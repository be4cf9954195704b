"""Each invariant holds of an office that works, and says so of the very fact that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from trial_desk import Desk, asked, candidate, running, seal, sealed_key

from trialwright.conduct import CloseSite, Fact, SetCap
from trialwright.conduct.evidence import Evidence
from trialwright.conduct.facts import GENESIS, canonical, digest_of, sealed
from trialwright.conduct.invariants import INVARIANTS, broken

KEYS = {name: sealed_key(name)[0] for name in ("central", "further")}
Body = dict[str, Any]


@pytest.fixture(scope="module")
def desk() -> Desk:
    """Eighteen patients in two strata at two sites; the first list is used up in one of them."""
    desk = running(places=8)
    desk.fact("office founded", study="tiny", protocol="1.0", protocol_hash="0", environment="live", generation=1)
    desk.ask(SetCap(scope="study", most=30))
    seal(desk, "further", 10)
    for _ in range(6):
        desk.ask(asked(desk, candidate(desk)))
        desk.ask(asked(desk, candidate(desk, "S2")))
        desk.ask(asked(desk, candidate(desk, "S2", lesions=[])))
    return desk


def evidence(desk: Desk, facts: list[Fact] | None = None, **more: Any) -> Evidence:
    return Evidence(desk.facts if facts is None else facts, KEYS, desk.screener, **more)


def chained(facts: list[Fact]) -> list[Fact]:
    """Return the facts sealed anew, as whoever can write to the database could."""
    found, head = [], GENESIS
    for seq, fact in enumerate(facts, 1):
        digest = digest_of(fact.salt, fact.text or "")
        found.append(sealed(replace(fact, seq=seq, previous=head, digest=digest)))
        head = found[-1].hash
    return found


def changed(fact: Fact, **body: Any) -> Fact:
    return replace(fact, text=canonical(fact.body | body))


def place(facts: list[Fact], kind: str, which: int = 0) -> int:
    return [index for index, fact in enumerate(facts) if fact.kind == kind][which]


def test_all_hold_of_an_office_that_works(desk: Desk) -> None:
    acknowledged = {fact.key: [{"arm": fact.body["arm"]}] for fact in desk.facts if fact.kind == "allocated"}
    assert len(acknowledged) == 18
    assert broken(evidence(desk, acknowledged=acknowledged, archive=list(desk.facts))) == []
    assert list(INVARIANTS) == [f"INV{number}" for number in range(1, 21)]


Change = Callable[[list[Fact]], list[Fact]]


def body(kind: str, which: int = 0, **new: Any) -> Change:
    def change(facts: list[Fact]) -> list[Fact]:
        at = place(facts, kind, which)
        return [*facts[:at], changed(facts[at], **new), *facts[at + 1 :]]

    return change


def column(kind: str, which: int = 0, **new: Any) -> Change:
    def change(facts: list[Fact]) -> list[Fact]:
        at = place(facts, kind, which)
        return [*facts[:at], replace(facts[at], **new), *facts[at + 1 :]]

    return change


def without(kind: str, which: int = 0) -> Change:
    return lambda facts: [fact for at, fact in enumerate(facts) if at != place(facts, kind, which)]


def again(kind: str, which: int = 0, **new: Any) -> Change:
    """Copy a fact to the end under a key of its own."""
    return lambda facts: [*facts, replace(changed(facts[place(facts, kind, which)], **new), key="own", part=0)]


def other_arm(facts: list[Fact]) -> list[Fact]:
    at = place(facts, "allocated", 3)
    arm = ({"new", "standard"} - {facts[at].body["arm"]}).pop()
    return [*facts[:at], changed(facts[at], arm=arm), *facts[at + 1 :]]


def moved(kind: str, which: int, before: str, other: int) -> Change:
    def change(facts: list[Fact]) -> list[Fact]:
        fact = replace(facts[place(facts, kind, which)], key="own", part=0)
        rest = [one for at, one in enumerate(facts) if at != place(facts, kind, which)]
        at = place(rest, before, other)
        return [*rest[:at], fact, *rest[at:]]

    return change


def told_early(facts: list[Fact]) -> list[Fact]:
    at = place(facts, "list sealed")
    return [*facts[:at], changed(facts[at], next={"arm": "new"}), *facts[at + 1 :]]


def holding_a_key(facts: list[Fact]) -> list[Fact]:
    at = place(facts, "answered")
    return [*facts[:at], changed(facts[at], note=KEYS["central"].hex()), *facts[at + 1 :]]


def withdrawn_first(facts: list[Fact]) -> list[Fact]:
    at = place(facts, "allocated", 2)
    gone = replace(facts[at], kind="withdrawn", key="own", part=0, text=json.dumps({"level": "study"}))
    return [*facts[:at], gone, *facts[at:]]


@pytest.mark.parametrize(
    ("invariant", "change"),
    [
        ("INV1", again("allocated", 1, position=9)),
        ("INV2", again("allocated", 1)),
        ("INV3", body("allocated", 4, position=7)),
        ("INV3", without("allocated", 1)),
        ("INV4", other_arm),
        ("INV4", body("allocated", 4, position=70)),
        ("INV5", other_arm),
        ("INV7", column("mail queued", 2, request="another")),
        ("INV8", without("site opened")),
        ("INV8", without("consented", 2)),
        ("INV8", without("eligibility signed", 2)),
        ("INV8", body("eligibility signed", 2, content_hash="0")),
        ("INV9", body("answered", 0, value=99)),
        ("INV11", without("mail queued", 3)),
        ("INV11", again("mail queued", 3)),
        ("INV11", body("mail queued", 3, to="site:S9")),
        ("INV12", body("cap set", 0, most=17)),
        ("INV12", body("cap set", 0, scope="country:Austria", most=3)),
        ("INV13", told_early),
        ("INV13", holding_a_key),
        ("INV13", again("mail queued", 3)),
        ("INV14", again("office founded", 0)),
        ("INV15", column("answered", 5, at="2024-03-01T08:00:00.000000Z")),
        ("INV15", column("answered", 5, at="2024-03-01T10:00:00.000000+01:00")),
        ("INV16", body("allocated", 2, stratum="liver=liver")),
        ("INV17", body("list activated", 0, sha256="0" * 64)),
        ("INV17", column("list activated", 0, author="ann")),
        ("INV17", body("list sealed", 0, places={"liver=liver": 9, "liver=no liver": 9})),
        ("INV18", withdrawn_first),
        ("INV19", body("allocated", 2, list="further")),
        ("INV19", moved("list activated", 0, "allocated", 2)),
    ],
)
def test_what_breaks_an_invariant_is_named(desk: Desk, invariant: str, change: Change) -> None:
    """The chain is made anew, so that nothing but the invariant itself can tell."""
    facts = chained(change(list(desk.facts)))
    found = broken(evidence(desk, facts), invariant)
    assert found, f"{invariant} did not notice"
    assert all(one.invariant == invariant and one.seq <= len(facts) for one in found)
    assert not any(arm in one.why.split() for one in found for arm in ("new", "standard"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (body("answered", 2, value=99), "body is not the one that was sealed"),
        (column("answered", 2, author="eve"), "a column is not as it was sealed"),
        (without("answered", 2), "missing, twice or out of order"),
        (lambda facts: [*facts[:4], facts[5], facts[4], *facts[6:]], "missing, twice or out of order"),
        (lambda facts: [*facts, replace(facts[-1], seq=len(facts) + 1)], "a column is not as it was sealed"),
    ],
)
def test_tampering_is_found_at_the_first_fact_concerned(desk: Desk, change: Change, why: str) -> None:
    first = broken(evidence(desk, change(list(desk.facts))), "INV10")[0]
    assert why in first.why


def test_what_clients_were_told_must_be_there_as_told(desk: Desk) -> None:
    fact = next(fact for fact in desk.facts if fact.kind == "allocated")
    other = ({"new", "standard"} - {fact.body["arm"]}).pop()
    lost = broken(evidence(desk, acknowledged={"gone": [{"arm": "new"}]}), "INV6")
    assert "acknowledged and is not in the log" in lost[0].why
    wrong = broken(evidence(desk, acknowledged={fact.key: [{"arm": other}]}), "INV6")
    assert wrong[0].seq == fact.seq
    twice = broken(evidence(desk, acknowledged={fact.key: [{"arm": "new"}, {"arm": "standard"}]}), "INV7")
    assert "answered otherwise" in twice[0].why


def test_an_archive_that_differs_is_found(desk: Desk) -> None:
    shorter = broken(evidence(desk, archive=desk.facts[:-1]), "INV20")
    assert "the archive holds" in shorter[0].why
    other = [*desk.facts[:9], replace(desk.facts[9], author="eve"), *desk.facts[10:]]
    assert broken(evidence(desk, archive=other), "INV20")[0].seq == 10


def test_a_closed_site_is_no_place_to_allocate(desk: Desk) -> None:
    fresh = running()
    subject = candidate(fresh)
    facts = fresh.ask(asked(fresh, subject))
    fresh.ask(CloseSite(site="S1", reason="no staff"))
    closed = fresh.facts.pop()
    fresh.facts.insert(-len(facts), closed)
    assert [one.invariant for one in broken(evidence(fresh, chained(fresh.facts)))] == ["INV8"]


def test_a_ratio_that_is_no_whole_number_is_no_ratio(desk: Desk) -> None:
    facts = list(desk.facts)
    at = place(facts, "list sealed")
    facts[at] = changed(facts[at], scheme=facts[at].body["scheme"] | {"ratio": {"new": 1.0, "standard": 1.0}})
    assert broken(Evidence(chained(facts)), "INV5")
