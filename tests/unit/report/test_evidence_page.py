"""The evidence page says what its JSON says, follows every figure to its source, and is the same each time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from trialwright.cli import main
from trialwright.evidence import check, ledger, question


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("evidence") / "rechallenge"
    assert main(["evidence", "report", "rechallenge", "--out", str(to), "--replays", "60", "--seed", "3"]) == 0
    return to


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "evidence.html").read_text()


@pytest.fixture(scope="module")
def values(folder: Path) -> dict:
    return json.loads((folder / "evidence.json").read_text())


def test_it_needs_no_other_file_and_runs_no_script(page: str) -> None:
    assert "<script" not in page
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', page) == []
    assert "default-src &#x27;none&#x27;" in page


def test_every_link_leads_somewhere_on_the_page(page: str) -> None:
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) - set(ids) == set()


def test_every_claim_of_the_ledger_stands_on_the_page_with_its_source(page: str, values: dict) -> None:
    read = ledger("rechallenge")
    assert [claim.id for claim in read.claims if f'id="c-{claim.id}"' not in page] == []
    kept = {claim["id"] for trial in values["claims"].values() for claim in trial["claims"]}
    assert kept == {claim.id for claim in read.claims}


def test_every_finding_is_told_with_its_arithmetic_and_readings(page: str, values: dict) -> None:
    findings = [one for file in ledger("rechallenge").files for one in check(file.claims)]
    assert [(one["claim"], one["check"], one["verdict"]) for one in values["findings"]] == [
        (one.claim, one.check, one.verdict) for one in findings
    ]
    told = [one for one in findings if one.is_finding]
    assert page.count('<div class="finding of-') == len(told)
    assert all(f"{reading.name}: " in page for one in told for reading in one.readings)
    assert "only 198 patients exist" in page


def test_the_pooled_answer_is_that_of_the_pool_command(
    page: str, values: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evidence", "pool", "rechallenge", "--endpoint", "PFS", "--by", "inhibitor", "--json"]) == 0
    assert values["pooled"] == json.loads(capsys.readouterr().out)
    value, lower, upper = values["pooled"]["inferences"][0]["ratio"]
    assert f"{value:.2f} ({lower:.2f} to {upper:.2f})" in page
    assert (
        len(values["pooled"]["sensitivity"])
        == len(re.findall(r"<tr>", page.split('id="sensitivity"')[1].split("</section>", maxsplit=1)[0])) - 1
    )


def test_the_simulated_trials_are_called_virtual_and_placed(page: str, values: dict) -> None:
    assert "Virtual patients" in page
    [rows] = values["published beside simulated"].values()
    ratio = next(row for row in rows if row["claim"] == "palmira-049")
    assert ratio["replayed"]["replays"] == 60
    assert 0 <= ratio["replayed"]["place"] <= 1


def test_open_points_contradictions_and_the_outside_answer_are_shown(page: str, values: dict) -> None:
    asked = question("rechallenge")
    assert page.count("<li>") > len(asked.open)
    assert len(values["contradictions"]) == len(ledger("rechallenge").contradictions)
    assert {claim["value"] for claim in values["outside"]} >= {0.71, 0.61}


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert main(["evidence", "report", "rechallenge", "--out", str(again), "--replays", "60", "--seed", "3"]) == 0
    for name in ("evidence.html", "evidence.json"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_a_folder_is_replaced_only_where_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evidence", "report", "rechallenge", "--out", str(folder), "--replays", "0"]
    assert main(arguments) == 2
    assert "--replace" in capsys.readouterr().err


def test_an_unknown_question_lists_those_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "report", "nothing", "--out", str(tmp_path / "x")]) == 2
    assert "known: rechallenge" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
