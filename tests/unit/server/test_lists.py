"""Lists through the browser and the interface: sealed by one person, activated by another, read by nobody else."""

from __future__ import annotations

import re

import pytest
from pyotp import TOTP

GOOD, PASSPHRASE = "four purple otters", "a passphrase kept apart"


@pytest.fixture
def staffed(world):
    world.person("stat", "statistician")
    world.person("boss", "sponsor")
    world.person("ana", "coordinator", "site:ES06")
    return world


def come(world, user):
    world.clock.on(seconds=30)
    form = {"user": user, "password": GOOD, "code": TOTP(world.secrets[user]).at(world.clock())}
    assert world.client.post("/sign-in", data=form, follow_redirects=False).status_code == 303


def send(world, action, **fields):
    text = world.client.get("/lists").text
    marks = {"csrf": re.search(r'name="csrf" value="([^"]*)"', text)[1], "key": world.key()}
    return world.client.post(action, data={**marks, **fields}, follow_redirects=False)


@pytest.mark.requirement("R12", "R35")
def test_a_list_is_sealed_by_one_and_activated_by_another_who_compares_its_hash(staffed):
    come(staffed, "stat")
    sealing = {"list": "central", "places": "60", "passphrase": PASSPHRASE, "again": PASSPHRASE}
    assert send(staffed, "/lists", **sealing).status_code == 303
    assert send(staffed, "/lists/central/unseal", passphrase="not this passphrase").status_code == 403
    assert send(staffed, "/lists/central/unseal", passphrase=PASSPHRASE).status_code == 303
    sha256 = re.search(r"<dd>([0-9a-f]{64})</dd>", staffed.client.get("/lists").text)[1]
    assert send(staffed, "/lists/central/activate", sha256=sha256, password=GOOD).status_code == 403
    come(staffed, "boss")
    assert send(staffed, "/lists/central/activate", sha256="0" * 64, password=GOOD).status_code == 409
    assert send(staffed, "/lists/central/activate", sha256=sha256, password="wrong").status_code == 403
    assert send(staffed, "/lists/central/activate", sha256=sha256, password=GOOD).status_code == 303
    assert "active, by boss" in staffed.client.get("/lists").text
    told = staffed.get("boss", "/lists").json()[0]
    assert (told["list"], told["unsealed"], told["used"], told["activated_by"]) == ("central", True, 0, "boss")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"passphrase": "short", "again": "short"}, "at least 16 characters"),
        ({"passphrase": PASSPHRASE, "again": "another"}, "same passphrase twice"),
        ({"passphrase": PASSPHRASE, "again": PASSPHRASE, "places": "0"}, "Places"),
        ({"passphrase": PASSPHRASE, "again": PASSPHRASE, "list": "<b>"}, "Name of the list"),
    ],
)
def test_what_cannot_be_sealed_is_told_and_nothing_is_written(staffed, fields, told):
    come(staffed, "stat")
    before = staffed.kinds()
    response = send(staffed, "/lists", **({"list": "central", "places": "60"} | fields))
    assert (response.status_code, told in response.text) == (422, True)
    assert PASSPHRASE not in response.text
    assert staffed.kinds() == before


def test_sites_read_nothing_of_lists(staffed):
    come(staffed, "ana")
    assert staffed.client.get("/lists").status_code == 403
    assert staffed.get("ana", "/lists").status_code == 403


def test_the_interface_unseals_too(staffed):
    come(staffed, "stat")
    send(staffed, "/lists", list="central", places="60", passphrase=PASSPHRASE, again=PASSPHRASE)
    wrong = staffed.post("stat", "/unseal-list", {"list": "central", "passphrase": "not this passphrase"})
    assert wrong.status_code == 403
    assert staffed.post("stat", "/unseal-list", {"list": "central", "passphrase": PASSPHRASE}).json() == {"done": True}
    assert staffed.post("ana", "/unseal-list", {"list": "central", "passphrase": PASSPHRASE}).status_code == 403
    assert list(staffed.office.keys.lists) == ["central"]
