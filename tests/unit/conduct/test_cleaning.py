"""Queries, verification, freeze, signature and lock follow one another, and a change takes back what it touches."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from trial_desk import Desk, asked, candidate, refused, running

from trialwright.conduct import (
    Answer,
    AnswerQuery,
    CloseQuery,
    CorrectRow,
    Freeze,
    Invalid,
    Lock,
    NotFound,
    OpenQuery,
    RecordRow,
    ReopenQuery,
    ReportSeriousEvent,
    ReviewTrail,
    SignCasebook,
    Stale,
    Unfreeze,
    Unlock,
    VerifyRow,
    Withdraw,
    casebook_hash,
    serious_events,
    signature_of,
)

SUBJECT, VISIT = "S1-001", {"visit": "c1d1", "number": 1}
OWN = {"subject": SUBJECT, "table": "visits", "key": VISIT}


@pytest.fixture
def desk() -> Desk:
    desk = running()
    desk.ask(asked(desk, candidate(desk)))
    desk.wait(days=10)
    desk.ask(RecordRow(**OWN, values={"planned_on": "2024-03-01", "visited_on": "2024-03-02"}))
    return desk


def corrected(desk: Desk, version: int, on: str) -> None:
    desk.ask(CorrectRow(**OWN, version=version, values={"visited_on": on}, reason="misread"))


def sign(desk: Desk) -> None:
    digest = casebook_hash(desk.state, desk.state.subjects.records[SUBJECT])
    desk.ask(SignCasebook(subject=SUBJECT, content_hash=digest, meaning="complete and true"), "ivy", "investigator")


def word(kind: Any, text: str = "as in the letter", query: str = "Q1", subject: str = SUBJECT) -> Any:
    return kind(subject=subject, query=query, text=text)


def test_a_query_goes_from_question_to_answer_to_closing_and_back(desk: Desk) -> None:
    ask = OpenQuery(**OWN, field="visited_on", text="the letter says the third")
    assert desk.ask(ask, "mona")[0].body["query"] == "Q1"
    desk.ask(word(AnswerQuery, "the letter is wrong"), "cora")
    desk.ask(word(CloseQuery), "mona")
    with refused("Q1 is closed; it can be answered only when answered or open"):
        desk.ask(word(AnswerQuery), "cora")
    desk.ask(word(ReopenQuery, "see the second page"), "mona")
    query = desk.state.cleaning.queries["Q1"]
    assert [(said.kind, said.by) for said in query.thread] == [
        ("opened", "mona"), ("answered", "cora"), ("closed", "mona"), ("reopened", "mona"),
    ]  # fmt: skip
    assert query.status == "open"
    assert query.opened_at == desk.facts[-4].at
    with refused("Q1 is open; it can be reopened only when answered or closed"):
        desk.ask(word(ReopenQuery), "mona")


def test_a_query_is_about_something_that_is_there(desk: Desk) -> None:
    with refused("has no such row in visits", NotFound):
        desk.ask(OpenQuery(**OWN | {"key": {"visit": "cycle", "number": 1}}, text="why not?"))
    with refused("'when' is no field of visits; known: visit, number", Invalid):
        desk.ask(OpenQuery(**OWN, field="when", text="why not?"))
    with refused("S1-001 has no answer 'moon'", NotFound):
        desk.ask(OpenQuery(subject=SUBJECT, table="answers", key={"variable": "moon"}, text="why not?"))
    assert desk.ask(OpenQuery(subject=SUBJECT, table="answers", key={"variable": "age"}, text="and the birthday?"))
    other = candidate(desk, "S2")
    with refused("S2-001 has no query Q1", NotFound):
        desk.ask(word(AnswerQuery, subject=other))


def test_a_change_takes_verification_back(desk: Desk) -> None:
    desk.ask(VerifyRow(**OWN, version=1))
    row = desk.state.rows.find("visits", SUBJECT, VISIT)
    assert row is not None
    assert desk.state.cleaning.is_verified(row)
    with refused("verified already"):
        desk.ask(VerifyRow(**OWN, version=1))
    corrected(desk, 1, "2024-03-03")
    assert not desk.state.cleaning.is_verified(row)
    with refused("it is at version 2, you saw 1", Stale):
        desk.ask(VerifyRow(**OWN, version=1))


@pytest.mark.requirement("R20")
def test_a_signature_holds_for_what_was_signed(desk: Desk) -> None:
    record = desk.state.subjects.records[SUBJECT]
    sign(desk)
    assert signature_of(desk.state, record) is not None
    with refused("the casebook of S1-001 is signed as it stands"):
        sign(desk)
    corrected(desk, 1, "2024-03-03")
    assert signature_of(desk.state, record) is None
    with refused("the data changed since they were shown", Stale):
        old = desk.state.cleaning.signatures[SUBJECT][0].content_hash
        desk.ask(SignCasebook(subject=SUBJECT, content_hash=old, meaning="complete and true"))
    sign(desk)
    for change in (
        Answer(subject=SUBJECT, answers=[{"variable": "age", "value": 61}], reason="birthday"),
        Withdraw(subject=SUBJECT, level="biopsies", withdrawn_on=date(2024, 3, 9), reason="no more needles"),
    ):
        desk.ask(change)
        assert signature_of(desk.state, record) is None
        sign(desk)


@pytest.mark.parametrize("scope", ["study", "site:S1", f"subject:{SUBJECT}"])
@pytest.mark.requirement("R28")
def test_frozen_data_stay_and_queries_go_on(desk: Desk, scope: str) -> None:
    desk.ask(OpenQuery(**OWN, text="the third?"))
    desk.ask(Freeze(scope=scope, reason="data cut-off"))
    for change in (
        CorrectRow(**OWN, version=1, values={"visited_on": "2024-03-03"}, reason="misread"),
        RecordRow(subject=SUBJECT, table="deaths", values={"cause": "other", "died_on": "2024-03-03"}),
        Answer(subject=SUBJECT, answers=[{"variable": "age", "value": 61}], reason="birthday"),
    ):
        with refused(rf"the data of {SUBJECT} are frozen \({scope}\)"):
            desk.ask(change)
    desk.ask(word(AnswerQuery))
    with refused(f"{scope} is frozen already: data cut-off"):
        desk.ask(Freeze(scope=scope, reason="again"))
    desk.ask(Unfreeze(scope=scope, reason="late report"))
    corrected(desk, 1, "2024-03-03")


@pytest.mark.requirement("R22", "R28")
def test_lock_comes_after_freeze_queries_and_signature(desk: Desk) -> None:
    scope = f"subject:{SUBJECT}"
    lock = Lock(scope=scope, reason="analysis")
    with refused("is not frozen; freeze it first"):
        desk.ask(lock)
    desk.ask(OpenQuery(**OWN, text="the third?"))
    desk.ask(Freeze(scope=scope, reason="data cut-off"))
    with refused("1 queries are not closed, Q1 among them"):
        desk.ask(lock)
    desk.ask(word(AnswerQuery))
    with refused("1 queries are not closed"):
        desk.ask(lock)
    desk.ask(word(CloseQuery))
    with refused("1 casebooks are not signed as they stand, that of S1-001 among them"):
        desk.ask(lock)
    sign(desk)
    desk.ask(lock)
    with refused("is locked; unlock it first"):
        desk.ask(Unfreeze(scope=scope, reason="late report"))
    with refused(r"are locked \(subject:S1-001\); a data manager unlocks them"):
        desk.ask(CorrectRow(**OWN, version=1, values={"visited_on": "2024-03-03"}, reason="misread"))
    desk.ask(Unlock(scope=scope, reason="late report"))
    with refused("are frozen"):
        desk.ask(CorrectRow(**OWN, version=1, values={"visited_on": "2024-03-03"}, reason="misread"))
    desk.ask(Unfreeze(scope=scope, reason="late report"))
    corrected(desk, 1, "2024-03-03")


def test_scopes_are_there(desk: Desk) -> None:
    with refused("site 'S9' is not in the protocol", NotFound):
        desk.ask(Freeze(scope="site:S9", reason="data cut-off"))
    with refused("there is no subject 'S9-001'", NotFound):
        desk.ask(Freeze(scope="subject:S9-001", reason="data cut-off"))
    with refused("study is not locked; locked: nothing"):
        desk.ask(Unlock(scope="study", reason="late report"))
    assert Freeze(scope="site:S1", reason="data cut-off").where == ("S1", None)
    assert Freeze(scope="subject:S1-001", reason="data cut-off").where == (None, "S1-001")


@pytest.mark.requirement("R10")
def test_the_review_of_the_trail_is_on_record(desk: Desk) -> None:
    (fact,) = desk.ask(ReviewTrail(looked_at="corrections at S1", facts=3, note="nothing odd"), "mona")
    assert (fact.body["until"], fact.body["head"]) == (fact.seq - 1, fact.previous)
    assert [(one.by, one.facts) for one in desk.state.cleaning.reviews] == [("mona", 3)]


def event(desk: Desk, *, serious: bool) -> None:
    values = {"system": "blood", "term": "sepsis", "grade": 4, "serious": serious, "started_on": "2024-03-09"}
    desk.ask(RecordRow(subject=SUBJECT, table="adverse_events", key={"number": 1}, values=values))


def test_a_serious_event_is_reported_within_a_day(desk: Desk) -> None:
    event(desk, serious=True)
    known = desk.at
    desk.wait(hours=23)
    assert [(one.standing, one.due_at.isoformat()) for one in serious_events(desk.state, desk.at)] == [
        ("running", "2024-03-12T09:00:00+00:00")
    ]
    desk.wait(hours=2)
    assert serious_events(desk.state, desk.at)[0].standing == "overdue"
    report = ReportSeriousEvent(subject=SUBJECT, number=1, aware_at=known, narrative="sepsis in aplasia")
    desk.ask(report)
    assert serious_events(desk.state, desk.at)[0].standing == "reported late"
    with refused("event 1 was reported at 2024-03-12"):
        desk.ask(report)


def test_only_a_serious_event_is_reported_and_not_before_it_is_known(desk: Desk) -> None:
    event(desk, serious=False)
    report = ReportSeriousEvent(subject=SUBJECT, number=1, aware_at=desk.at, narrative="sepsis in aplasia")
    with refused("has no serious adverse event 1", NotFound):
        desk.ask(report)
    assert serious_events(desk.state, desk.at) == []
    key = {"subject": SUBJECT, "table": "adverse_events", "key": {"number": 1}}
    desk.ask(CorrectRow(**key, version=1, values={"serious": True}, reason="admitted to hospital"))
    late = ReportSeriousEvent(
        subject=SUBJECT, number=1, aware_at=datetime(2024, 4, 1, tzinfo=UTC), narrative="sepsis in aplasia"
    )
    with refused("aware_at must not be in the future", Invalid):
        desk.ask(late)
    desk.ask(report)
    assert serious_events(desk.state, desk.at)[0].standing == "reported"
