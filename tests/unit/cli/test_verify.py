"""``trialwright verify`` says whether a log is as it was written, the first record that is not, and what it left."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from trial_desk import PASSPHRASE, TINY, Desk, asked, candidate, running

from trialwright.cli import main
from trialwright.conduct import Journal, Mirror


@pytest.fixture(scope="module")
def desk() -> Desk:
    desk = running(places=9)
    for _ in range(5):
        desk.ask(asked(desk, candidate(desk)))
    return desk


@pytest.fixture
def office(desk: Desk, tmp_path: Path) -> Path:
    journal = Journal(f"sqlite:///{tmp_path / 'office.db'}")
    with journal.transaction() as log:
        log.append(desk.facts)
    journal.close()
    mirror = Mirror(tmp_path / "mirror")
    mirror.begin()
    mirror.append(desk.facts)
    mirror.close()
    (tmp_path / "passphrase.txt").write_text(PASSPHRASE + "\n")
    return tmp_path / "office.db"


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["verify", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def everything(office: Path, desk: Desk) -> list[object]:
    head = f"{desk.facts[-1].seq}:{desk.facts[-1].hash}"
    passphrase = f"central={office.with_name('passphrase.txt')}"
    return [
        office, "--mirror", office.with_name("mirror"), "--head", head, "--passphrase-file", passphrase,
        "--study", TINY,
    ]  # fmt: skip


def altered(office: Path, *statements: str) -> None:
    with closing(sqlite3.connect(office)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, again in triggers:
            connection.execute(again)
        connection.commit()


def test_a_sound_office_is_told_so_with_what_was_not_judged(
    office: Path, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = told(capsys, office)
    assert code == 0
    assert out.splitlines() == [
        f"{len(desk.facts)} facts; the last is {desk.facts[-1].hash}",
        "every fact is as it was sealed, and what must always hold of an office holds",
        "not judged: facts cut off at the end (no --mirror, no --head)",
        "not judged: arms (no --passphrase-file)",
        "not judged: strata (no --study)",
    ]
    code, out, _ = told(capsys, *everything(office, desk))
    assert (code, "not judged" in out) == (0, False)


def test_an_altered_record_is_named_and_ends_with_one(
    office: Path, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    seq = next(fact.seq for fact in desk.facts if fact.kind == "allocated")
    altered(office, f"UPDATE facts SET author = 'eva' WHERE seq >= {seq}")
    code, out, err = told(capsys, office)
    assert (code, f"fact {seq}: a column is not as it was sealed (INV10)" in out) == (1, True)
    assert f"the first bad record is fact {seq}: a column" in err
    code, out, _ = told(capsys, office, "--json")
    said = json.loads(out)
    assert (code, said["good"], said["problems"][0]["seq"]) == (1, False, seq)


def test_facts_cut_off_at_the_end_are_found_by_the_mirror_or_the_printed_head(
    office: Path, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    last = max(fact.seq for fact in desk.facts if fact.kind == "allocated")
    altered(office, f"DELETE FROM allocations WHERE seq >= {last}", f"DELETE FROM facts WHERE seq >= {last}")
    assert told(capsys, office)[0] == 0
    code, out, _ = told(capsys, office, "--mirror", office.with_name("mirror"))
    assert (code, f"fact {last}: the log does not hold what the mirror holds (mirror)" in out) == (1, True)
    code, out, _ = told(capsys, office, "--head", f"{desk.facts[-1].seq}:{desk.facts[-1].hash}")
    assert (code, "what was printed or sent" in out) == (1, True)


@pytest.mark.parametrize(
    "arguments, why",
    [
        (["nowhere.db"], "there is no such database"),
        (["office.db", "--head", "7"], "must be SEQ:HASH"),
        (["office.db", "--mirror", "nowhere"], "there is no such file"),
        (["office.db", "--passphrase-file", "central=nowhere"], "must be LIST=FILE"),
        (["office.db", "--passphrase-file", "other=passphrase.txt"], "no list 'other' is in the log; known: central"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(
    office: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], why: str
) -> None:
    monkeypatch.chdir(office.parent)
    code, _, err = told(capsys, *arguments)
    assert code == 2
    assert why in " ".join(err.split())
