"""What leaves the office: a whole trial in every form, one site's own copy, and an archive that opens without us."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trialwright.conduct import Fact, Journal, Office, seal_key, snapshot, state_as_of
from trialwright.design import Scenario
from trialwright.exchange import EXPORTS, archive, export_office, read_dataset, rows_of_odm
from trialwright.protocol import Protocol, Screener, load, protocol_file, read_document
from trialwright.randomize import key_from_seed
from trialwright.records import TABLES, TrialData
from trialwright.server import Hands, ListToUse, load_trial
from trialwright.simulate import trial

TINY = Path(__file__).parents[1] / "studies" / "tiny" / "protocol.yaml"
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
LIST, KEY = "tiny virtual", key_from_seed(5, 0)
BY_HAND = sorted(set(TABLES) - {"screened", "answers", "screenings", "allocations", "strata"})


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load(str(TINY))


@pytest.fixture(scope="module")
def facts(protocol: Protocol, tmp_path_factory: pytest.TempPathFactory) -> list[Fact]:
    scenario = read_document(TINY.with_name("scenario.yaml"), Scenario)
    url, hands = f"sqlite:///{tmp_path_factory.mktemp('office') / 'office.db'}", Hands(datetime(2000, 1, 1, tzinfo=UTC))
    sealed = ListToUse(LIST, KEY, seal_key(KEY, LIST, "a passphrase of some length", cost=2**14), places=400)
    with Office(Journal(url), Screener(protocol), clock=hands) as office:
        load_trial(office, hands, trial(protocol, scenario, 5), sealed, scenario.candidates.anchors)
    journal = Journal(url)
    with journal.reading() as log:
        written = log.since(0)
    journal.close()
    return written


@pytest.fixture(scope="module")
def truth(facts: list[Fact], protocol: Protocol) -> TrialData:
    return snapshot(state_as_of(facts), protocol, virtual=True)


def test_odm_reads_back_as_the_trial(facts: list[Fact], protocol: Protocol, truth: TrialData, tmp_path: Path) -> None:
    [path] = export_office(facts, protocol, "odm", tmp_path / "odm", created=CREATED)
    rows = rows_of_odm(path.read_bytes())
    read = TrialData.from_rows("tiny", {name: rows.get(name, []) for name in BY_HAND}, virtual=True)
    for name in BY_HAND:
        key = TABLES[name].key
        assert read[name].sort(key).equals(truth[name].sort(key)), name


@pytest.mark.requirement("R28")
def test_csv_carries_the_hash_of_the_snapshot(
    facts: list[Fact], protocol: Protocol, truth: TrialData, tmp_path: Path
) -> None:
    files = export_office(facts, protocol, "csv", tmp_path / "csv", created=CREATED)
    assert sorted(path.stem for path in files) == sorted([*TABLES, "snapshot"])
    assert (tmp_path / "csv" / "snapshot.sha256").read_text().strip() == truth.hash
    with (tmp_path / "csv" / "allocations.csv").open() as file:
        assert [row["arm"] for row in csv.DictReader(file)] == truth["allocations"]["arm"].to_list()


@pytest.mark.parametrize("form", ["dataset-json", "sdtm"])
def test_datasets_are_read_back_with_every_row(
    facts: list[Fact], protocol: Protocol, truth: TrialData, tmp_path: Path, form: str
) -> None:
    files = {path.stem: path for path in export_office(facts, protocol, form, tmp_path / form, created=CREATED)}
    name = "adverse_events" if form == "dataset-json" else "ae"
    assert len(read_dataset(files[name])) == len(truth["adverse_events"])


@pytest.mark.requirement("R27")
@pytest.mark.parametrize("form", sorted(EXPORTS))
def test_a_site_gets_its_own_and_nothing_of_another(
    facts: list[Fact], protocol: Protocol, truth: TrialData, tmp_path: Path, form: str
) -> None:
    mine = truth["screened"]["site"][0]
    others = truth["screened"].filter(truth["screened"]["site"] != mine)["subject"].to_list()
    own = truth["screened"].filter(truth["screened"]["site"] == mine)["subject"].to_list()
    files = export_office(facts, protocol, form, tmp_path / form, created=CREATED, site=mine)
    written = "".join(path.read_text() for path in files)
    assert others
    assert [subject for subject in own if subject in written or subject.lower() in written] != []
    assert [subject for subject in others if subject in written] == []


def test_what_is_not_known_is_refused(facts: list[Fact], protocol: Protocol, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="form must be one of audit, csv"):
        export_office(facts, protocol, "pdf", tmp_path / "a", created=CREATED)
    with pytest.raises(ValueError, match="nowhere"):
        export_office(facts, protocol, "csv", tmp_path / "a", created=CREATED, site="nowhere")
    assert not (tmp_path / "a").exists()


@pytest.fixture(scope="module")
def archived(facts: list[Fact], protocol: Protocol, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("archive") / "tiny"
    archive(facts, protocol, protocol_file(str(TINY)), to, created=CREATED)
    return to


def _python(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    """Run the bare interpreter: no site packages, so nothing of this program."""
    return subprocess.run([sys.executable, "-I", "-S", *arguments], cwd=at, capture_output=True, text=True, check=False)


@pytest.mark.requirement("R40", "R41")
def test_the_archive_verifies_with_nothing_but_python(archived: Path) -> None:
    for file in ("archive.sqlite", "facts.jsonl"):
        found = _python("verifier.py", file, at=archived)
        assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.requirement("R29")
def test_the_archive_replays_every_allocation_with_the_opened_key(archived: Path) -> None:
    (archived / "keys.json").write_text(json.dumps({LIST: KEY.hex()}))
    found = _python("replay_allocations.py", "facts.jsonl", "keys.json", at=archived)
    assert found.returncode == 0, found.stdout + found.stderr
    (archived / "keys.json").write_text(json.dumps({LIST: key_from_seed(6, 0).hex()}))
    assert _python("replay_allocations.py", "facts.jsonl", "keys.json", at=archived).returncode != 0
    (archived / "keys.json").unlink()


@pytest.mark.requirement("R3")
@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE facts SET text = replace(text, '2', '3') WHERE seq = 40",
        "DELETE FROM facts WHERE seq = 40",
        "UPDATE facts SET at = '2001-01-01T00:00:00.000000Z' WHERE seq = 40",
    ],
)
def test_a_changed_archive_is_found_out_at_the_first_bad_fact(archived: Path, tmp_path: Path, tampering: str) -> None:
    shutil.copytree(archived, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy" / "archive.sqlite")) as connection, connection:
        connection.execute(tampering)
    found = _python("verifier.py", "archive.sqlite", at=tmp_path / "copy")
    assert found.returncode != 0
    assert "40" in found.stdout + found.stderr


@pytest.mark.requirement("R41")
def test_sqlite_alone_answers_who_stated_what_and_when(archived: Path, truth: TrialData) -> None:
    subject = truth["allocations"]["subject"][0]
    with closing(sqlite3.connect(archived / "archive.sqlite")) as connection:
        rows = connection.execute("SELECT at, author, role, text FROM facts WHERE subject = ?", [subject]).fetchall()
        counted = connection.execute("SELECT count(*) FROM adverse_events").fetchone()[0]
    assert len(rows) > 5
    assert all(at.endswith("Z") and author and role for at, author, role, _ in rows)
    assert counted == len(truth["adverse_events"])


@pytest.mark.requirement("R19")
def test_each_casebook_shows_the_signatures_with_name_time_and_meaning(archived: Path, facts: list[Fact]) -> None:
    signed = [fact for fact in facts if fact.kind in {"signed", "eligibility signed"}]
    assert signed
    for fact in signed:
        page = (archived / "casebooks" / f"{fact.subject}.html").read_text()
        assert f"Signed by {fact.author} ({fact.role}) on {fact.at} (UTC)" in page
        assert "Virtual patient" in page


def test_the_archive_holds_no_key(archived: Path) -> None:
    held = b"".join(path.read_bytes() for path in archived.rglob("*") if path.is_file())
    assert KEY not in held
    assert KEY.hex().encode() not in held


def test_the_manifest_fits_every_file(archived: Path) -> None:
    found = subprocess.run(["sha256sum", "--quiet", "-c", "MANIFEST.sha256"], cwd=archived, check=False)
    assert found.returncode == 0
    listed = {line.split("  ")[1] for line in (archived / "MANIFEST.sha256").read_text().splitlines()}
    present = {str(path.relative_to(archived)) for path in archived.rglob("*") if path.is_file()}
    assert present - listed == {"MANIFEST.sha256"}
