"""Nothing that anybody can read says what the next patient gets: not the database, its mirror, an answer or a log."""

from __future__ import annotations

import json
import logging
import zlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from allocation_world import KEY, World, rules
from trial_desk import PASSPHRASE, Desk, asked, candidate, open_sites, sealed_key

from trialwright.conduct import ActivateList, ImportList, Journal, Refused, unseal
from trialwright.conduct.commands import Actor
from trialwright.randomize import generate_list, list_csv, scheme

FILE_KEY, SEALED = sealed_key("paper", 1)
"""The key that an imported list is encrypted with."""


@pytest.fixture
def world(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    caplog.set_level(logging.DEBUG)
    world = World(tmp_path, mirror=tmp_path / "office.mirror")
    world.start()
    yield world
    world.stop()


def everything(world: World, caplog: pytest.LogCaptureFixture) -> bytes:
    """Return all bytes on disk and all that was said."""
    files = sorted(path for path in world.folder.iterdir() if path.is_file())
    assert len(files) >= 2
    said = "\n".join([*world.texts, *caplog.messages])
    return b"\n".join([*(path.read_bytes() for path in files), said.encode()])


@pytest.mark.requirement("R31")
def test_no_key_and_no_passphrase_lies_anywhere(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.open()
    for subject in world.patients(3):
        world.ask(world.request(subject), f"key {subject}")
    unseal(world.offices[0], "central", PASSPHRASE, actor=Actor("system"), key="unsealing", at=world.now)
    with suppress(Refused):
        unseal(world.offices[0], "central", PASSPHRASE + "?", actor=Actor("system"), key="wrong", at=world.now)
    found = everything(world, caplog)
    for secret in (KEY, KEY.hex().encode(), b64encode(KEY), PASSPHRASE.encode()):
        assert secret not in found
    assert b"allocated" in found
    assert b"list unsealed" in found


@pytest.mark.requirement("R31")
def test_no_row_of_an_imported_list_lies_anywhere(world: World, caplog: pytest.LogCaptureFixture) -> None:
    rows = generate_list(scheme(world.screener.protocol), sealed_key("paper", 2)[0], "paper", 30)
    content = list_csv(rows)
    command = ImportList(list="paper", sealed=SEALED, content=b64encode(content).decode(), key=FILE_KEY.hex())
    world.texts.append(json.dumps(world.do(command)))
    world.texts.append(repr(command))
    found = everything(world, caplog)
    for line in content.decode().splitlines()[1:]:
        assert line.encode() not in found
    for secret in (FILE_KEY, FILE_KEY.hex().encode(), b64encode(content)[:60]):
        assert secret not in found
    body = next(fact.body for fact in world.facts() if fact.kind == "list imported")
    cipher = b"".join(bytes.fromhex(row) for hidden in body["rows"].values() for row in hidden)
    assert len(zlib.compress(cipher, 9)) >= len(cipher), "ciphertext that can be compressed has a pattern"


@pytest.mark.requirement("R31")
def test_a_refused_list_is_refused_without_its_rows(world: World, caplog: pytest.LogCaptureFixture) -> None:
    content = list_csv(generate_list(scheme(world.screener.protocol), sealed_key("paper", 2)[0], "paper", 6))
    spoilt = b64encode(content.replace(b"standard", b"new", 1)).decode()
    with pytest.raises(Refused) as refusal:
        world.do(ImportList(list="paper", sealed=SEALED, content=spoilt, key=FILE_KEY.hex()))
    assert "list cannot be used" in str(refusal.value)
    assert not {"new", "standard"} & set(str(refusal.value).replace("'", " ").split())
    assert spoilt[:60].encode() not in everything(world, caplog)


def test_an_office_started_again_allocates_once_the_list_is_unsealed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.start()
    world.open()
    (subject,) = world.patients(1)
    request = world.request(subject)
    world.stop()
    from trialwright.conduct import Office

    with Office(Journal(world.url), rules(), clock=world.clock) as office:
        world.offices = [office]
        assert world.ask(request, "too early") is None
        assert "not unsealed" in world.texts[-1]
        unseal(office, "central", PASSPHRASE, actor=Actor("system"), key="unsealing", at=world.now)
        assert world.ask(request, f"key {subject}") is not None
    world.offices = []
    assert world.judge() == []


@pytest.mark.requirement("R35")
def test_a_list_is_put_into_force_by_two_persons() -> None:
    desk = Desk()
    open_sites(desk, "S1")
    key, held = sealed_key("central")
    from trialwright.conduct import SealList

    told = desk.reply(SealList(list="central", places=4, sealed=held), "ann")
    desk.keys = desk.keys.with_list("central", key)
    with pytest.raises(Refused, match="another person must activate it"):
        desk.ask(ActivateList(list="central", sha256=told["sha256"]), "ann")
    with pytest.raises(Refused, match="no allocation list is active"):
        desk.ask(asked(desk, candidate(desk)))
    desk.ask(ActivateList(list="central", sha256=told["sha256"]), "bob")
    assert desk.ask(asked(desk, candidate(desk)))[0].kind == "allocated"
