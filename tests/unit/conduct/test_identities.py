"""Who a subject is lies encrypted outside the log; the log knows that it is there, who entered and who read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from trial_desk import Desk, open_sites, refused, screened

from trialwright.conduct import (
    EraseIdentity,
    Identities,
    Invalid,
    Journal,
    NotFound,
    ReadIdentity,
    RecordIdentity,
    Unavailable,
)

WHO = "Eva Vidal Example, born 4 May 1961, telephone 555 0101"


@pytest.fixture
def url(database_url: str) -> str:
    Journal(database_url).close()
    return database_url


@pytest.fixture
def identities(url: str) -> Iterator[Identities]:
    kept = Identities(url, b"i" * 32)
    yield kept
    kept.close()


def everything(url: str) -> bytes:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT digest, subject, ciphertext FROM identities").fetchall()
    engine.dispose()
    return b" ".join(part.encode() if isinstance(part, str) else bytes(part) for row in rows for part in row)


@pytest.mark.requirement("R42")
def test_what_is_kept_is_read_back_and_not_in_the_database(url: str, identities: Identities) -> None:
    digest = identities.keep("S1-001", WHO)
    assert identities.read("S1-001", digest) == WHO
    assert b"Eva" not in everything(url)
    assert digest.encode() in everything(url)
    assert identities.keep("S1-001", WHO) != digest


def test_it_opens_for_its_subject_under_its_key_only(url: str, identities: Identities) -> None:
    digest = identities.keep("S1-001", WHO)
    with refused("the identity of S1-002 cannot be opened", Unavailable):
        identities.read("S1-002", digest)
    other = Identities(url, b"j" * 32)
    with refused("cannot be opened: another key", Unavailable):
        other.read("S1-001", digest)
    other.close()
    with refused("must have 32 bytes; got 3", Unavailable):
        Identities(url, b"key")


@pytest.mark.requirement("R43")
def test_once_erased_it_is_gone(identities: Identities) -> None:
    digest = identities.keep("S1-001", WHO)
    assert identities.erase(digest)
    assert not identities.erase(digest)
    with refused("never entered, or was erased", NotFound):
        identities.read("S1-001", digest)


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_an_identity_is_a_text_of_some_length(identities: Identities, text: str) -> None:
    with refused("a text of 1 to 2000 characters", Invalid):
        identities.keep("S1-001", text)


def test_the_log_tells_who_entered_read_and_erased_it() -> None:
    desk = Desk()
    open_sites(desk, "S1")
    subject, digest = screened(desk), "a" * 64
    with refused("no identity of S1-001 is on record"):
        desk.ask(ReadIdentity(subject=subject, reason="emergency call"), "cora")
    desk.ask(RecordIdentity(subject=subject, digest=digest), "cora")
    with refused("is on record already"):
        desk.ask(RecordIdentity(subject=subject, digest=digest), "cora")
    desk.ask(ReadIdentity(subject=subject, reason="emergency call"), "ivy")
    desk.ask(EraseIdentity(subject=subject, reason="asked for by the subject"), "ivy")
    assert desk.state.subjects.records[subject].identity is None
    told = [(fact.kind, fact.author) for fact in desk.facts[-3:]]
    assert told == [("identity recorded", "cora"), ("identity read", "ivy"), ("identity erased", "ivy")]


@pytest.mark.requirement("R43")
def test_the_ciphertext_goes_with_the_fact_that_erases_it(url: str, identities: Identities) -> None:
    first, second = identities.keep("S1-001", WHO), identities.keep("S1-001", f"{WHO}, moved")
    other = identities.keep("S1-002", "somebody else")
    desk = Desk()
    open_sites(desk, "S1")
    screened(desk)
    for digest in (first, second):
        desk.ask(RecordIdentity(subject="S1-001", digest=digest), "cora")
    journal = Journal(url)
    with journal.transaction() as log:
        log.append(desk.facts)
    with refused("never entered, or was erased", NotFound):
        identities.read("S1-001", first)
    assert identities.read("S1-001", second) == f"{WHO}, moved"
    with journal.transaction() as log:
        log.append(desk.ask(EraseIdentity(subject="S1-001", reason="asked for by the subject"), "ivy"))
    journal.close()
    with refused("never entered, or was erased", NotFound):
        identities.read("S1-001", second)
    assert identities.read("S1-002", other) == "somebody else"


def test_the_same_act_gives_the_same_ciphertext_and_no_other_does(identities: Identities) -> None:
    digest = identities.keep("S1-001", WHO, "form-1")
    assert identities.keep("S1-001", WHO, "form-1") == digest
    others = {
        identities.keep("S1-001", WHO, "form-2"),
        identities.keep("S1-001", f"{WHO}.", "form-1"),
        identities.keep("S1-002", WHO, "form-1"),
    }
    assert len(others | {digest}) == 4
