"""The office from its own machine: people, sites, activation by a second person, copies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from trialwright import protocol
from trialwright.cli import main
from trialwright.cli.commands import app
from trialwright.conduct import Actor, SealList, seal_key
from trialwright.server import open_house, practice

TINY = str(Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml")
PASSPHRASE, GOOD = "a long enough passphrase", "four purple otters"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "tiny"
    with open_house(protocol.load(TINY), folder, environment="training") as house:
        practice(house)
        seal = SealList(list="second", places=30, sealed=seal_key(b"2" * 32, "second", PASSPHRASE, cost=2**14))
        house.office.do(seal, Actor("statistician"), "seal-second")
        house.accounts.set_password("sponsor", GOOD)
    return folder


def said(capsys, *arguments: object) -> str:
    assert main([str(one) for one in arguments]) == 0
    return capsys.readouterr().out


def test_the_access_review_lists_every_account_with_its_roles(made, capsys):
    people = json.loads(said(capsys, "conduct", "users", made, "--json"))
    assert [one["user"] for one in people][:3] == ["administrator", "sponsor", "statistician"]
    assert people[1]["roles"].startswith("sponsor study 20")
    assert "statistician" in said(capsys, "conduct", "users", made / "office.db")


def test_sites_are_listed_open_or_not(made, capsys):
    sites = json.loads(said(capsys, "conduct", "sites", made, "--study", TINY, "--json"))
    assert [(one["site"], one["state"], one["form"]) for one in sites] == [
        ("S1", "open", "1.0"),
        ("S2", "not open", "none"),
    ]


def test_a_password_is_issued_on_the_machine_itself(made, capsys):
    user, password, *_ = said(capsys, "conduct", "issue-password", made, "monitor", "--study", TINY).split()
    assert (user, len(password)) == ("monitor", 23)
    with open_house(protocol.load(TINY), made) as house:
        assert house.accounts.sign_in("monitor", password).only == "password"


def test_a_list_is_activated_by_a_second_person_who_knows_its_hash(made):
    with open_house(protocol.load(TINY), made) as house, house.office.reading() as state:
        sha256 = state.allocations.lists["second"].sha256
    asked = ["conduct", "activate", str(made), "second", "--as", "sponsor", "--study", TINY]
    wrong = CliRunner().invoke(app, asked, input=f"{GOOD}\n\n00000000\n")
    assert "not the first characters of the hash" in str(wrong.exception)
    answers = f"{GOOD}\n\n{sha256[:8]}\n{PASSPHRASE}\n"
    outcome = CliRunner().invoke(app, asked, input=answers)
    told = f"{outcome.output} {outcome.exception}"
    assert "list second is active" in told
    assert PASSPHRASE not in outcome.output
    assert GOOD not in outcome.output


def test_backup_and_restore_keep_every_fact(made, tmp_path, capsys):
    first = said(capsys, "conduct", "backup", made, tmp_path / "copy.db")
    second = said(capsys, "conduct", "restore", tmp_path / "copy.db", tmp_path / "again.db")
    assert first.split()[0] == second.split()[0]
    head = first.split("head sha256 ")[1].split(";")[0]
    assert head in second
    assert main(["conduct", "backup", str(made), str(tmp_path / "copy.db")]) == 2
    assert "never overwrites" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["audit", "odm"])
def test_an_export_is_a_new_folder(made, tmp_path, capsys, form):
    told = said(capsys, "conduct", "export", made, "--to", tmp_path / form, "--form", form, "--study", TINY)
    assert "head sha256" in told
    assert list((tmp_path / form).iterdir())
    assert main(["conduct", "export", str(made), "--to", str(tmp_path / form), "--study", TINY]) == 2


@pytest.mark.requirement("R6")
def test_an_export_from_the_offices_folder_is_written_down_and_one_from_a_copy_leaves_it_alone(made, tmp_path, capsys):
    told = said(capsys, "conduct", "export", made, "--to", tmp_path / "a", "--form", "audit", "--study", TINY)
    seq = int(told.rpartition("written down as fact ")[2])
    with open_house(protocol.load(TINY), made) as house, house.office.reading() as state:
        fact = state.trail.facts[seq - 1]
        assert (fact.kind, fact.body["what"]) == ("exported", "trialwright conduct export audit")
        told = said(capsys, "conduct", "export", made, "--to", tmp_path / "b", "--form", "audit", "--study", TINY)
    assert "written down as fact" in told  # beside a running office, whose mirror takes the fact in
    with open_house(protocol.load(TINY), made) as house, house.office.reading() as state:
        assert (house.office.halted, state.trail.facts[-1].kind) == (None, "exported")
        before = state.seq
    copy = made / "office.db"
    told = said(capsys, "conduct", "export", copy, "--to", tmp_path / "c", "--form", "audit", "--study", TINY)
    assert "not written down" in told
    with open_house(protocol.load(TINY), made) as house, house.office.reading() as state:
        assert state.seq == before


@pytest.mark.requirement("R44")
def test_the_record_of_processing_is_printed(made, capsys):
    told = said(capsys, "conduct", "gdpr-report", made, "--study", TINY)
    assert "What a breach would touch" in told
    sections = json.loads(said(capsys, "conduct", "gdpr-report", made, "--study", TINY, "--json"))
    assert sections["Processing"]["environment"] == "training"
    assert sections["Who may read and write"]["sponsor, study"] == "1 accounts"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["export", "OFFICE", "--to", "x", "--form", "pdf"], "form must be one of archive"),
        (["export", "OFFICE", "--to", "x", "--form", "archive", "--site", "S1"], "leave out --site"),
        (["users", "/nowhere/office.db"], "there is no such database"),
        (["sites", "OFFICE", "--study", "palmira"], "not the protocol of the office"),
    ],
)
def test_what_cannot_be_is_told_with_what_to_do(made, capsys, arguments, told):
    assert main(["conduct", *[str(made) if one == "OFFICE" else one for one in arguments]]) == 2
    assert told in capsys.readouterr().err


def test_serve_refuses_the_open_network_without_tls(tmp_path, capsys):
    assert main(["serve", TINY, "--folder", str(tmp_path / "x"), "--host", "0.0.0.0"]) == 2
    assert "give --certificate" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
