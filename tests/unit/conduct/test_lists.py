"""Lists are made by one person and activated by another; what they say is nowhere before it is given."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from pydantic import SecretStr
from trial_desk import PASSPHRASE, Desk, asked, candidate, open_sites, refused, running, seal, sealed_key, shown

from trialwright.conduct import (
    ActivateList,
    EnterContingencyAllocation,
    Forbidden,
    ImportList,
    Invalid,
    NotFound,
    SealList,
    Unavailable,
    new_key,
    open_key,
    seal_key,
)
from trialwright.conduct.sealed_rows import opened_row
from trialwright.randomize import generate_list, list_csv, list_sha256, scheme

BONE = [{"organ": "bone", "measurable": True}]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    open_sites(desk, "S1", "S2")
    return desk


def csv_of(desk: Desk, list_id: str = "paper", places: int = 6, seed: int = 7) -> bytes:
    key, _ = sealed_key(list_id, seed)
    return list_csv(generate_list(scheme(desk.screener.protocol), key, list_id, places))


def imported(content: bytes, list_id: str = "paper", **more: Any) -> ImportList:
    key, held = sealed_key(list_id, 1)
    return ImportList(
        **{"list": list_id, "sealed": held, "content": b64encode(content).decode(), "key": key.hex()} | more
    )


def test_a_key_opens_with_its_passphrase_under_its_name_only() -> None:
    key = new_key(lambda size: bytes(range(size)))
    held = seal_key(key, "central", PASSPHRASE, cost=2**14)
    assert open_key(held, "central", PASSPHRASE) == key
    for name, phrase in (("central", PASSPHRASE + "!"), ("other", PASSPHRASE)):
        with refused("does not open list", Forbidden):
            open_key(held, name, phrase)
    assert key.hex() not in held.model_dump_json()
    with refused("at least 16 characters; it has 5", Invalid):
        seal_key(key, "central", "short")


@pytest.mark.requirement("R12", "R35")
def test_one_person_cannot_both_seal_and_activate(desk: Desk) -> None:
    key, held = sealed_key("central")
    told = desk.reply(SealList(list="central", places=8, sealed=held), "ann")
    desk.keys = desk.keys.with_list("central", key)
    with refused("made by ann; another person must activate it"):
        desk.ask(ActivateList(list="central", sha256=told["sha256"]), "ann")
    assert desk.state.allocations.active == []
    desk.ask(ActivateList(list="central", sha256=told["sha256"]), "bob")
    assert desk.state.allocations.active == ["central"]
    with refused("active already, by bob"):
        desk.ask(ActivateList(list="central", sha256=told["sha256"]), "eve")


@pytest.mark.requirement("R35")
def test_the_hash_approved_must_be_that_of_the_list(desk: Desk) -> None:
    desk.ask(SealList(list="central", places=8, sealed=sealed_key("central")[1]))
    with refused("hash of list 'central' is another one than approved"):
        desk.ask(ActivateList(list="central", sha256="0" * 64), "bob")
    with refused("list 'x' is not known; known: central", NotFound):
        desk.ask(ActivateList(list="x", sha256="0" * 64), "bob")


def test_a_list_whose_key_nobody_can_open_is_not_activated(desk: Desk) -> None:
    told = desk.reply(SealList(list="central", places=8, sealed=sealed_key("central")[1]), "ann")
    with refused("not unsealed", Unavailable):
        desk.ask(ActivateList(list="central", sha256=told["sha256"]), "bob")


def test_names_and_keys_of_lists_are_used_once(desk: Desk) -> None:
    seal(desk)
    with refused("there is a list 'central' already"):
        desk.ask(SealList(list="central", places=8, sealed=sealed_key("central", 1)[1]))
    with refused("key of 'second' is that of list 'central'"):
        desk.ask(SealList(list="second", places=8, sealed=sealed_key("central")[1]))


@pytest.mark.requirement("R35")
def test_the_hash_of_a_sealed_list_covers_its_length(desk: Desk) -> None:
    held = sealed_key("central")[1]
    hashes = {places: SealList(list="central", places=places, sealed=held) for places in (8, 9)}
    decided = [Desk().reply(command)["sha256"] for command in hashes.values()]
    assert decided[0] != decided[1]


def test_an_imported_list_gives_its_arms_in_order(desk: Desk) -> None:
    content = csv_of(desk)
    told = desk.reply(imported(content), "ann")
    assert told["sha256"] == list_sha256(content)
    desk.keys = desk.keys.with_list("paper", sealed_key("paper", 1)[0])
    desk.ask(ActivateList(list="paper", sha256=told["sha256"]), "bob")
    rows = generate_list(scheme(desk.screener.protocol), sealed_key("paper", 7)[0], "paper", 6)
    expected = [row for row in rows if row.stratum == "liver=no liver"]
    for row in expected:
        body = desk.ask(asked(desk, candidate(desk, lesions=BONE)))[0].body
        assert (body["arm"], body["position"], body["block"], body["place"]) == (
            row.arm, row.position, row.block, row.place,
        )  # fmt: skip
    with refused("no place left in stratum 'liver=no liver'"):
        desk.ask(asked(desk, candidate(desk, lesions=BONE)))


@pytest.mark.requirement("R31")
def test_an_imported_list_is_written_down_without_its_arms(desk: Desk) -> None:
    command = imported(csv_of(desk))
    desk.ask(command)
    asked_for = json.dumps(command.request())
    key = sealed_key("paper", 1)[0].hex()
    for text in (desk.facts[-1].text or "", asked_for, repr(command), str(command)):
        assert key not in text
        assert "standard," not in text
        assert ",standard" not in text
    hidden = desk.facts[-1].body["rows"]
    assert len({len(row) for rows in hidden.values() for row in rows}) == 1
    every = [row for rows in hidden.values() for row in rows]
    assert len(set(every)) == len(every)


@pytest.mark.requirement("R39")
def test_a_row_moved_to_another_place_does_not_open(desk: Desk) -> None:
    desk.ask(imported(csv_of(desk)))
    found = desk.state.allocations.lists["paper"]
    rows = found.rows or {}
    with pytest.raises(InvalidTag):
        opened_row(
            rows["liver=liver"][0], found.scheme, sealed_key("paper", 1)[0],
            list_id="paper", stratum="liver=liver", position=1,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: "\n".join(text.split("\n")[:-2]) + "\n", "block"),
        (lambda text: text.replace("standard", "new", 1), "block 0"),
        (lambda text: text.replace("liver=no liver", "spleen=no", 1), "stratum 'spleen=no' is not in the scheme"),
        (lambda text: text.replace("paper,", "other,"), "is of list 'other', not 'paper'"),
        (lambda text: "nonsense", "columns must be"),
    ],
)
def test_a_list_with_wrong_counts_is_refused(desk: Desk, change: Any, why: str) -> None:
    with refused(why, Invalid):
        desk.ask(imported(change(csv_of(desk).decode()).encode()))
    assert desk.state.allocations.lists == {}


@pytest.mark.requirement("R39")
def test_the_same_file_is_not_imported_twice(desk: Desk) -> None:
    content = csv_of(desk)
    desk.ask(imported(content))
    key, held = sealed_key("again", 2)
    with refused("imported already"):
        desk.ask(imported(content, "again", key=key.hex(), sealed=held))


def test_the_key_sent_must_be_the_key_sealed(desk: Desk) -> None:
    with refused("not the commitment", Invalid):
        desk.ask(imported(csv_of(desk), key="00" * 32))
    with refused("key must be 64 hexadecimal digits", Invalid):
        desk.ask(imported(csv_of(desk), key="xy" * 32))
    with refused("content must be the bytes of the file in base64", Invalid):
        desk.ask(imported(csv_of(desk)).model_copy(update={"content": SecretStr("list,stratum")}))


def envelope(desk: Desk, subject: str, position: int, arm: str, **more: Any) -> EnterContingencyAllocation:
    usual: dict[str, Any] = {
        "subject": subject,
        "content_hash": shown(desk, subject),
        "levels": {"liver": "liver"},
        "list": "envelopes",
        "position": position,
        "arm": arm,
        "opened_at": desk.at,
        "opened_by": "pharmacist on call",
        "reason": "network down",
    }
    return EnterContingencyAllocation(**usual | more)


@pytest.mark.requirement("R38")
def test_an_envelope_is_entered_with_its_true_time_and_takes_no_central_place() -> None:
    desk = running()
    seal(desk, "envelopes", 4, purpose="contingency", seed=3)
    subject, opened = candidate(desk), desk.at
    desk.wait(days=2)
    key, _ = sealed_key("envelopes", 3)
    rows = [row for row in generate_list(scheme(desk.screener.protocol), key, "envelopes", 4)
            if row.stratum == "liver=liver"]  # fmt: skip
    right = rows[2].arm
    wrong = ({"new", "standard"} - {right}).pop()
    with refused("says something else; read it again"):
        desk.ask(envelope(desk, subject, 2, wrong, opened_at=opened))
    with refused("must not be in the future", Invalid):
        desk.ask(envelope(desk, subject, 2, right, opened_at=desk.at + timedelta(minutes=1)))
    with refused("position must be below 4", Invalid):
        desk.ask(envelope(desk, subject, 4, right, opened_at=opened))
    with refused("no contingency list in use"):
        desk.ask(envelope(desk, subject, 2, right, opened_at=opened, list="central"))
    with refused("had not consented on 2024-02-01"):
        desk.ask(envelope(desk, subject, 2, right, opened_at=opened.replace(month=2)))
    body = desk.ask(envelope(desk, subject, 2, right, opened_at=opened))[0].body
    assert (body["randomized_on"], body["contingency"]["opened_at"]) == ("2024-03-01", "2024-03-01T09:00:00+00:00")
    assert desk.ask(asked(desk, candidate(desk)))[0].body["position"] == 0
    with refused("envelope 2 of 'liver=liver' was entered for another subject already"):
        desk.ask(envelope(desk, candidate(desk), 2, right, opened_at=desk.at))


def test_a_contingency_list_gives_nothing_by_itself(desk: Desk) -> None:
    seal(desk, "envelopes", 4, purpose="contingency", seed=3)
    with refused("no allocation list is active"):
        desk.ask(asked(desk, candidate(desk)))
