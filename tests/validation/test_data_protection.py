"""What is kept of a person, what a copy of the database shows, and what a signature holds on to."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from trial_desk import PASSPHRASE, Desk, asked, candidate, running, sealed_key
from whole_trial import Trial, whole_trial

from trialwright import conduct
from trialwright.conduct import COMMANDS, Journal, Mirror, casebook_hash, record_of_processing, signature_of, verify
from trialwright.conduct.commands_screening import Person
from trialwright.conduct.engines import open_engine
from trialwright.protocol import Variable
from trialwright.records import TABLES

GOLDEN = Path(__file__).with_name("record_of_processing.txt")
NAMES_A_PERSON = re.compile(
    r"(first|last|family|given|full|sur|maiden)_?name|^name$|mail|phone|fax|address|street|postcode|zip|birth_?(date|day)"
    r"|date_of_birth|passport|insurance|social_security|photo"
)


@pytest.fixture(scope="module")
def trial() -> Trial:
    return whole_trial()


@pytest.mark.requirement("R42")
def test_no_table_of_a_trial_has_a_column_that_names_a_person() -> None:
    columns = {f"{name}.{column.name}" for name, table in TABLES.items() for column in table.columns}
    assert [name for name in sorted(columns) if NAMES_A_PERSON.search(name.partition(".")[2])] == []


@pytest.mark.requirement("R42")
def test_no_question_about_a_patient_asks_for_a_name() -> None:
    about = {name: one for name, one in COMMANDS.items() if "subject" in one.model_fields or name == "Screen"}
    found = {f"{name}.{field}" for name, one in about.items() for field in one.model_fields}
    found |= {f"Person.{field}" for field in Person.model_fields}
    assert [name for name in sorted(found) if NAMES_A_PERSON.search(name.partition(".")[2])] == []
    assert set(Person.model_fields) == {"birth_year", "sex", "initials"}
    assert Variable.model_fields


@pytest.mark.requirement("R42")
@pytest.mark.parametrize("column", ["birth_date", "email", "phone", "surname", "home_address"])
def test_the_lint_knows_such_a_column(column: str) -> None:
    assert NAMES_A_PERSON.search(column)


@pytest.mark.requirement("R42")
def test_free_text_that_names_a_person_raises_a_query(trial: Trial) -> None:
    fired = [fact.body for fact in trial.state.trail.facts if fact.kind == "check fired"]
    personal = [body for body in fired if body["check"] == "looks like a person"]
    assert [body["value"] for body in personal] == ["Mrs Miller called"]
    opened = [fact.body for fact in trial.state.trail.facts if fact.kind == "query opened"]
    assert any("looks like a name" in body["text"] for body in opened)


@pytest.mark.requirement("R42")
def test_year_of_birth_sex_and_initials_are_in_no_fact(trial: Trial) -> None:
    first = next(fact for fact in trial.state.trail.facts if fact.kind == "screened")
    assert len(first.body["person"]) == 64
    assert not any(word in str(first.text) for word in ("1961", "female", "EV"))
    plain = hashlib.sha256(b"1961|female|EV").hexdigest()
    assert first.body["person"] != plain


@pytest.mark.requirement("R20")
def test_a_signature_moved_to_another_casebook_is_none(trial: Trial) -> None:
    signed = next(fact for fact in trial.state.trail.facts if fact.kind == "signed")
    first = trial.state.subjects.records[str(signed.subject)]
    other = next(
        one for one in trial.state.subjects.records.values() if one.allocated is not None and one.id != first.id
    )
    desk = Desk()
    desk.state = trial.state
    desk.fact("signed", other.site, other.id, **signed.body | {"scope": f"subject:{other.id}"})
    assert casebook_hash(desk.state, other) != signed.body["content_hash"]
    assert signature_of(desk.state, other) is None


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("change", ["subject = 'S2-001'", "text = replace(text, 'meaning', 'meanings')"])
def test_a_signature_moved_in_the_database_is_found(tmp_path: Path, change: str) -> None:
    trial, url = whole_trial(), f"sqlite:///{tmp_path / 'office.db'}"
    _written(trial.draft.written, url)
    engine = open_engine(url, guarded=False)
    with engine.begin() as connection:
        (seq,) = connection.execute(sa.text("SELECT seq FROM facts WHERE kind = 'signed'")).one()
        connection.execute(sa.text("DROP TRIGGER facts_update"))
        connection.execute(sa.text(f"UPDATE facts SET {change} WHERE kind = 'signed'"))
    engine.dispose()
    found = verify(url)
    assert not found.is_good
    assert min(one.seq for one in found.problems if one.seq) == seq


@pytest.mark.requirement("R31")
def test_a_dump_of_the_database_holds_no_arm_to_come(database_url: str, tmp_path: Path) -> None:
    desk = running()
    content = _imported(desk)
    for _ in range(3):
        desk.ask(asked(desk, candidate(desk)))
    _written(desk.facts, database_url)
    mirror = Mirror(tmp_path / "mirror")
    mirror.begin()
    mirror.append(desk.facts)
    mirror.close()
    kept = f"{_dump(database_url)}\n{(tmp_path / 'mirror').read_text()}"
    assert "S1-003" in kept
    for name, number in (("central", 0), ("paper", 7)):
        key, _ = sealed_key(name, number)
        for form in (key.hex(), b64encode(key).decode(), repr(key)[2:-1]):
            assert form not in kept, name
    assert PASSPHRASE not in kept
    assert content[:200].decode() not in kept
    telling = [fact.kind for fact in _facts(database_url) if {"arm", "position"} & _names(fact.body)]
    assert telling == ["allocated"] * 3


def _facts(url: str) -> list[conduct.Fact]:
    journal = Journal(url)
    with journal.reading() as log:
        facts = log.since(0)
    journal.close()
    return facts


def _names(value: Any) -> set[str]:
    """Return every name in a JSON value, however deep."""
    if isinstance(value, dict):
        return set(value) | {name for each in value.values() for name in _names(each)}
    return {name for each in value for name in _names(each)} if isinstance(value, list) else set()


@pytest.mark.requirement("R44")
def test_the_record_of_processing_names_what_where_who_and_what_a_breach_touches() -> None:
    desk = running()
    desk.fact("office founded", study="tiny", protocol="1.0", protocol_hash="0", environment="live", generation=1)
    desk.fact("user registered", user="ivy", name="Ivy", organization="Hospital")
    desk.fact(
        "role granted", grant="grant-1", user="ivy", role="investigator", scope="site:S1", sites=["S1"], to=None,
        **{"from": "2024-01-02"},
    )  # fmt: skip
    subject = candidate(desk)
    desk.fact("identity recorded", "S1", subject, digest="d" * 64)
    desk.fact("recorded", "S1", subject, table="contacts", key={"alive_on": "2024-03-01"}, values={})
    sections = record_of_processing(desk.state, desk.screener.protocol)
    sections["Processing"].pop("state described")
    told = "\n".join(f"{title}: {item}: {text}" for title, items in sections.items() for item, text in items.items())
    assert f"{told}\n" == GOLDEN.read_text("utf-8")


@pytest.mark.requirement("R44")
def test_what_the_record_says_of_encryption_is_so() -> None:
    key, held = sealed_key("central")
    assert key.hex() not in held.model_dump_json()
    assert {"salt", "nonce", "ciphertext"} <= set(held.model_dump())
    assert conduct.new_hasher().type.name == "ID"


def _imported(desk: Desk) -> bytes:
    from trialwright.conduct import ImportList
    from trialwright.randomize import generate_list, list_csv, scheme

    key, held = sealed_key("paper", 7)
    content = list_csv(generate_list(scheme(desk.screener.protocol), key, "paper", 6))
    desk.ask(ImportList(list="paper", sealed=held, content=b64encode(content).decode(), key=key.hex()), "ann")
    return content


def _written(facts: list[conduct.Fact], url: str) -> None:
    journal = Journal(url)
    with journal.transaction() as log:
        log.append(facts)
    journal.close()


def _dump(url: str) -> str:
    """Return every cell of every table as text."""
    engine, tables = open_engine(url, guarded=False), sa.MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        rows = [row for table in tables.sorted_tables for row in connection.execute(sa.select(table))]
    engine.dispose()
    return "\n".join(str(cell) for row in rows for cell in row)
