"""Whoever alters the log with all rights over the database is found out, and the first altered record is named."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from trialwright.conduct import Fact, Journal, Mirror, Unavailable
from trialwright.conduct.engines import open_engine
from trialwright.conduct.facts import COLUMNS, GENESIS, canonical, digest_of, sealed
from trialwright.conduct.verify import Anchors, Verdict, verify, verify_facts

SCRIPT = Path(__file__).parents[3] / "src" / "trialwright" / "conduct" / "verifier.py"
FACTS = 12
Tamper = Callable[[sa.Connection], object]


def log(bodies: int = FACTS) -> list[Fact]:
    """A log of notes; the eighth withdraws the body of the third."""
    facts: list[Fact] = []
    for seq in range(1, bodies + 1):
        kind, body = "noted", {"n": seq, "text": f"käse \u2028 {seq}"}
        if seq == 8:
            kind, body = "redacted", {"seq": 3, "reason": "erasure", "remains": {"n": 3}}
        text, salt = canonical(body), f"{seq:032x}"
        facts.append(
            sealed(
                Fact(
                    seq, f"2026-01-{seq:02}T00:00:00.000000Z", "ana", "monitor", f"k{seq}", 0, "r", kind, None, None,
                    text, salt, digest_of(salt, text), facts[-1].hash if facts else GENESIS, "",
                )
            )
        )  # fmt: skip
    return facts


@pytest.fixture
def url(database_url: str) -> str:
    journal = Journal(database_url)
    with journal.transaction() as transaction:
        transaction.append(log())
    journal.close()
    return database_url


@pytest.fixture
def owner(url: str) -> Iterator[sa.Engine]:
    """The owner of the database, who took guard and constraints away."""
    engine = open_engine(url, guarded=False)
    with engine.begin() as connection:
        for statement in _unguard(connection):
            connection.exec_driver_sql(statement)
    yield engine
    engine.dispose()


def _unguard(connection: sa.Connection) -> list[str]:
    plain = "CREATE TABLE facts AS SELECT * FROM kept"
    return ["DROP TABLE allocations", "ALTER TABLE facts RENAME TO kept", plain]


def _again(connection: sa.Connection) -> None:
    """Put the table of allocations back, so that only the log differs."""
    connection.exec_driver_sql(
        "CREATE TABLE allocations (seq bigint, list text, stratum text, position integer, subject text)"
    )


def altered(owner: sa.Engine, *statements: str) -> None:
    with owner.begin() as connection:
        _again(connection)
        for statement in statements:
            connection.exec_driver_sql(statement)


def chain_of(verdict: Verdict) -> list[int]:
    return [problem.seq for problem in verdict.problems if problem.invariant != "guard"]


def test_an_untouched_log_is_good(url: str) -> None:
    verdict = verify(url)
    assert (verdict.problems, verdict.facts, verdict.head) == ((), FACTS, log()[-1].hash)


NAMES = ", ".join(COLUMNS)
FLIPS = {
    name: f"UPDATE facts SET {name} = {name} || 'x' WHERE seq = 5" for name in COLUMNS if name not in {"seq", "part"}
}
FLIPS |= {name: f"UPDATE facts SET {name} = 'x' WHERE seq = 5" for name in ("site", "subject")}
FLIPS |= {"part": "UPDATE facts SET part = 1 WHERE seq = 5", "seq": "UPDATE facts SET seq = 55 WHERE seq = 5"}
FLIPS |= {"text gone": "UPDATE facts SET text = NULL WHERE seq = 5"}
# What was sealed into fact 5 is found at 5; what follows in its place is found where it stands.
FOUND = dict.fromkeys(FLIPS, 5) | {"seq": 6}


@pytest.mark.requirement("R3")
def test_any_column_of_any_record_flipped_is_found_where_it_was_flipped(owner: sa.Engine, url: str) -> None:
    for name, statement in FLIPS.items():
        with owner.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS facts")
            connection.exec_driver_sql("DROP TABLE IF EXISTS allocations")
            connection.exec_driver_sql("CREATE TABLE facts AS SELECT * FROM kept")
        altered(owner, statement)
        verdict = verify(url)
        assert chain_of(verdict)[0] == FOUND[name], (name, verdict.problems)


SWAP = "UPDATE facts SET seq = CASE seq WHEN {0} THEN {1} WHEN {1} THEN {0} ELSE seq END"
COPY = f"INSERT INTO facts ({NAMES}) SELECT {{1}}, {NAMES.removeprefix('seq, ')} FROM facts WHERE seq = {{0}}"
TAMPERED = {
    "delete the first": (["DELETE FROM facts WHERE seq = 1"], 2),
    "delete one": (["DELETE FROM facts WHERE seq = 6"], 7),
    "delete, close the gap": (["DELETE FROM facts WHERE seq = 6", "UPDATE facts SET seq = seq - 1 WHERE seq > 6"], 6),
    "reorder neighbors": ([SWAP.format(4, 5)], 4),
    "reorder far apart": ([SWAP.format(2, 11)], 2),
    "copy to the end": ([COPY.format(4, 13)], 13),
    "copy in place": ([COPY.format(4, 4)], 4),
    "insert between": (["UPDATE facts SET seq = seq + 1 WHERE seq > 6", COPY.format(6, 7)], 7),
    "move a body": (["UPDATE facts SET text = (SELECT text FROM kept WHERE seq = 2), salt = (SELECT salt FROM kept "
                     "WHERE seq = 2) WHERE seq = 9"], 9),
    "redact without a reason": (["UPDATE facts SET text = NULL WHERE seq = 10"], 10),
    "forget the redaction": (["DELETE FROM facts WHERE seq = 8"], 9),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
@pytest.mark.requirement("R3")
def test_rows_deleted_reordered_inserted_or_copied_are_found(owner: sa.Engine, url: str, name: str) -> None:
    statements, first = TAMPERED[name]
    altered(owner, *statements)
    verdict = verify(url)
    assert chain_of(verdict)[0] == first, verdict.problems
    assert not verdict.is_good


def resealed(facts: list[Fact]) -> list[Fact]:
    """The log forged by somebody who seals everything anew."""
    made: list[Fact] = []
    for seq, fact in enumerate(facts, 1):
        digest = fact.digest if fact.text is None else digest_of(fact.salt, fact.text)
        made.append(sealed(replace(fact, seq=seq, digest=digest, previous=made[-1].hash if made else GENESIS)))
    return made


@pytest.mark.requirement("R3")
def test_a_log_sealed_anew_or_cut_off_is_found_by_what_is_known_outside(tmp_path: Path) -> None:
    facts = log()
    mirror = Mirror(tmp_path / "mirror")
    mirror.begin()
    mirror.append(facts)
    forged = resealed([*facts[:4], *facts[5:]])
    for wrong, first in ((forged, 5), (facts[:9], 10)):
        assert verify_facts(wrong).is_good
        found = verify_facts(wrong, Anchors(mirror=mirror.path)).problems[0]
        assert (found.seq, found.invariant) == (first, "mirror")
        assert verify_facts(wrong, Anchors(heads={12: facts[-1].hash})).problems[0].invariant == "head"
    assert verify_facts(facts, Anchors(mirror=mirror.path, heads={12: facts[-1].hash})).is_good
    mirror.close()


@pytest.mark.requirement("R2", "R3")
def test_the_guard_taken_away_and_places_added_are_told(url: str) -> None:
    engine = open_engine(url, guarded=False)
    with engine.begin() as connection:
        sqlite = engine.dialect.name == "sqlite"
        connection.exec_driver_sql(
            "DROP TRIGGER facts_delete" if sqlite else "ALTER TABLE facts DISABLE TRIGGER facts_row"
        )
        connection.exec_driver_sql("INSERT INTO allocations VALUES (4, 'main', 'all', 0, 'S-001')")
    engine.dispose()
    found = [(problem.seq, problem.invariant) for problem in verify(url).problems]
    assert found == [(4, "table"), (0, "guard")]


def test_a_database_without_an_office_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(Unavailable, match="no trial office can be read"):
        verify(f"sqlite:///{tmp_path / 'empty.db'}")


def test_a_forged_fact_of_no_shape_is_told_and_does_not_stop_the_rest() -> None:
    facts = log(2)
    allocated = replace(facts[1], kind="allocated", text='["no", "object"]')
    problems = verify_facts(resealed([facts[0], allocated])).problems
    assert any("cannot be judged" in problem.why for problem in problems)


def _standalone() -> Callable[[list[dict[str, object]]], Iterator[tuple[int, str]]]:
    spec = importlib.util.spec_from_file_location("standalone_verifier", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.problems  # type: ignore[no-any-return]


def _columns(facts: list[Fact]) -> list[dict[str, object]]:
    return [{name: asdict(fact)[name] for name in COLUMNS} for fact in facts]


def test_the_standalone_verifier_comes_to_the_same_verdict_on_every_tampering() -> None:
    problems, facts = _standalone(), log()
    wrong = {
        f"{column} of {seq}": [
            replace(fact, **{column: "x"}) if fact.seq == seq else fact
            for fact in facts  # type: ignore[arg-type]
        ]
        for seq in range(1, FACTS + 1)
        for column in COLUMNS
        if column != "seq"
    }
    wrong |= {f"without {seq}": [fact for fact in facts if fact.seq != seq] for seq in range(1, FACTS + 1)}
    wrong |= {f"{seq} twice": sorted([*facts, facts[seq]], key=lambda fact: fact.seq) for seq in range(FACTS)}
    wrong |= {
        f"body of {fact.seq} gone": [replace(each, text=None) if each is fact else each for each in facts]
        for fact in facts
    }
    wrong |= {
        "untouched": facts,
        "redacted": [replace(facts[2], text=None) if fact.seq == 3 else fact for fact in facts],
    }
    assert len(wrong) > 200
    for name, tampered in wrong.items():
        ours = [problem for problem in verify_facts(tampered).problems if problem.invariant == "INV10"]
        theirs = list(problems(_columns(tampered)))
        first = sorted(theirs)[0][0] if theirs else None
        assert (ours[0].seq if ours else None) == first, name
        good = name in {"untouched", "redacted", "body of 3 gone", "without 12"}
        assert (not theirs) == good, name


def test_the_standalone_verifier_runs_alone_on_sqlite_and_on_json_lines(tmp_path: Path) -> None:
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) <= 60
    database, lines = tmp_path / "archive.sqlite", tmp_path / "facts.jsonl"
    journal = Journal(f"sqlite:///{database}")
    with journal.transaction() as transaction:
        transaction.append(log())
    with journal.reading() as transaction:
        kept = transaction.since(0)
    journal.close()
    lines.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _columns(kept)), encoding="utf-8")
    alone = tmp_path / "verifier.py"
    alone.write_bytes(SCRIPT.read_bytes())
    for file in (database, lines):
        done = subprocess.run([sys.executable, "-I", alone, file], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, f"{FACTS} facts as sealed; last {log()[-1].hash}\n"), done.stderr
    lines.write_text(
        lines.read_text(encoding="utf-8").replace('"author": "ana"', '"author": "eva"', 1), encoding="utf-8"
    )
    done = subprocess.run([sys.executable, "-I", alone, lines], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "fact 1: a column is not as it was sealed\n")
