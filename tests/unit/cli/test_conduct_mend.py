"""An older state restored: the office says so, and two commands lead on, one of them with a person and a reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import typer
from trial_desk import TINY

from trialwright import protocol
from trialwright.cli import main
from trialwright.conduct import Actor, RegisterUser, Unavailable, backup
from trialwright.server import House, open_house, practice

GOOD = "seven green kettles"
SYSTEM = Actor("system")


def register(house: House, *users: str) -> None:
    for user in users:
        house.office.do(RegisterUser(user=user, name=user, organization="Unit"), SYSTEM, f"register-{user}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database is an older backup: three accounts are in the mirror only."""
    folder = tmp_path_factory.mktemp("office") / "tiny"
    with open_house(protocol.load(TINY), folder, environment="training") as house:
        practice(house)
        for user in ("administrator", "sponsor"):
            house.accounts.set_password(user, GOOD)
        url = house.url
        backup(url, folder / "older.db")
        register(house, "new-1", "new-2", "new-3")
    for ending in ("", "-wal", "-shm"):
        folder.joinpath(f"office.db{ending}").unlink(missing_ok=True)
    (folder / "older.db").rename(folder / "office.db")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "tiny"))


def answered(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr(typer, "prompt", lambda text, **_: password if text.startswith("Password") else "")


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = main(["conduct", *map(str, arguments), "--study", str(TINY)])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_what_is_missing_is_put_back_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_house(protocol.load(TINY), folder) as house, pytest.raises(Unavailable, match="older state restored; 3"):
        register(house, "another")
    code, out = told(capsys, "reconcile", folder)
    assert (code, out.startswith("3 facts put back; ")) == (0, True)
    code, out = told(capsys, "reconcile", folder)
    assert (code, "there is nothing to put back" in out) == (0, True)
    with open_house(protocol.load(TINY), folder) as house:
        register(house, "another")
        with house.office.reading() as state:
            assert {"new-1", "new-2", "new-3", "another"} <= set(state.people.accounts)


def test_an_administrator_goes_on_without_them(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, "another password")
    asked = ("new-generation", folder, "--as", "administrator", "--reason", "the mirror's disk is suspect")
    code, out = told(capsys, *asked)
    assert (code, "user, password or code is wrong" in out) == (2, True)
    answered(monkeypatch, GOOD)
    code, out = told(capsys, "new-generation", folder, "--as", "sponsor", "--reason", "no")
    assert (code, "may not begin generation" in out) == (2, True)
    with open_house(protocol.load(TINY), folder) as house:
        assert house.office.halted is not None
    code, out = told(capsys, *asked)
    assert (code, out.startswith("generation 2 begun; ")) == (0, True)
    with open_house(protocol.load(TINY), folder) as house:
        assert house.office.halted is None
        register(house, "new-1")
    assert (folder / "office.mirror.generation-1").read_text().count("new-3") >= 1
