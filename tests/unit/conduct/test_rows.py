"""Rows keep every version; a correction needs the version shown and a reason; edit checks refuse or ask."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from trial_desk import Desk, asked, candidate, refused, running

from trialwright.conduct import (
    CorrectRow,
    Invalid,
    NotFound,
    RecordRow,
    RecordRows,
    RowId,
    Screen,
    Stale,
    StrikeRow,
)

TODAY = date(2024, 3, 1)
VISIT = {"visit": "c1d1", "number": 1}
SCAN = {"evaluator": "investigator", "number": 0}


@pytest.fixture
def desk() -> Desk:
    desk = running()
    subject = candidate(desk, lesions=[{"organ": "liver", "measurable": True}])
    desk.ask(asked(desk, subject))
    desk.wait(days=60)
    return desk


SUBJECT = "S1-001"


def row(table: str, key: dict[str, Any] | None = None, /, **values: Any) -> RecordRow:
    return RecordRow(subject=SUBJECT, table=table, key=key or {}, values=values)


def visit(**values: Any) -> RecordRow:
    return row("visits", VISIT, **{"planned_on": "2024-03-01", "visited_on": "2024-03-02"} | values)


def correct(table: str, key: dict[str, Any], version: int, why: str | None = "misread", /, **values: Any) -> CorrectRow:
    return CorrectRow(subject=SUBJECT, table=table, key=key, version=version, values=values, reason=why)


def dose(cycle: int = 1, mg: float | None = 400, **values: Any) -> RecordRow:
    arm = "exampletinib" if mg in {400, 300, 200, 500, 350, None} else "comparator"
    key = {"intervention": arm, "cycle": cycle}
    start = date(2024, 3, 1).toordinal() + 21 * (cycle - 1)
    given = {
        "product": "tablet",
        "dose": mg,
        "unit": "mg",
        "change": "none",
        "started_on": str(date.fromordinal(start)),
    }
    return row("doses", key, **given | values)


def on_new(desk: Desk) -> None:
    """Make sure the subject is in the arm with dose levels."""
    record = desk.state.subjects.records[SUBJECT]
    assert record.allocated is not None
    if record.allocated.body["arm"] != "new":
        pytest.fail("the first patient of this list is in the arm with levels")


@pytest.mark.requirement("R1")
def test_a_row_keeps_every_version_with_its_author_and_reason(desk: Desk) -> None:
    desk.ask(visit(), "cora", "coordinator")
    desk.ask(correct("visits", VISIT, 1, visited_on="2024-03-03"), "ivy", "investigator")
    kept = desk.state.rows.find("visits", SUBJECT, VISIT)
    assert kept is not None
    assert kept.values == {**VISIT, "planned_on": "2024-03-01", "visited_on": "2024-03-03"}
    steps = desk.state.rows.history(RowId.of("visits", SUBJECT, VISIT), "visited_on")
    assert [(s.version, s.value, s.by, s.role, s.reason) for s in steps] == [
        (1, "2024-03-02", "cora", "coordinator", ""),
        (2, "2024-03-03", "ivy", "investigator", "misread"),
    ]
    assert len(desk.state.rows.history(RowId.of("visits", SUBJECT, VISIT), "planned_on")) == 1
    assert desk.facts[-1].body["old"] == {"visited_on": "2024-03-02"}


def test_the_order_of_keys_does_not_matter(desk: Desk) -> None:
    desk.ask(row("visits", {"number": 1, "visit": "c1d1"}, visited_on="2024-03-02"))
    with refused(r"visits .* is recorded already, version 1; correct that row", Stale):
        desk.ask(visit())


def test_a_stale_page_is_told_who_was_faster(desk: Desk) -> None:
    desk.ask(visit())
    desk.ask(correct("visits", VISIT, 1, visited_on="2024-03-03"), "ivy")
    with refused("ivy changed this row at .*: it is at version 2, you saw 1", Stale):
        desk.ask(correct("visits", VISIT, 1, visited_on="2024-03-01"))
    with refused("version 2, you saw 7", Stale):
        desk.ask(StrikeRow(subject=SUBJECT, table="visits", key=VISIT, version=7, reason="wrong subject"))


@pytest.mark.requirement("R1", "R43")
def test_a_value_changes_with_a_reason_and_an_empty_one_is_filled_without(desk: Desk) -> None:
    desk.ask(row("adverse_events", {"number": 1}, system="blood", term="anemia", started_on="2024-03-05"))
    desk.ask(correct("adverse_events", {"number": 1}, 1, None, ended_on="2024-03-09"))
    with refused("say in reason why ended_on changes", Invalid):
        desk.ask(correct("adverse_events", {"number": 1}, 2, None, ended_on="2024-03-10"))
    with refused("no value is another than before", Invalid):
        desk.ask(correct("adverse_events", {"number": 1}, 2, ended_on="2024-03-09"))


@pytest.mark.requirement("R1")
def test_a_struck_row_is_gone_from_the_data_and_stays_in_the_history(desk: Desk) -> None:
    desk.ask(visit())
    desk.ask(StrikeRow(subject=SUBJECT, table="visits", key=VISIT, version=1, reason="wrong subject"))
    assert desk.state.rows.of(SUBJECT, "visits") == []
    with refused("has no such row in visits", NotFound):
        desk.ask(correct("visits", VISIT, 2, visited_on="2024-03-03"))
    desk.ask(visit())
    kept = desk.state.rows.find("visits", SUBJECT, VISIT)
    assert kept is not None
    assert [version.values is None for version in kept.versions] == [False, True, False]


@pytest.mark.requirement("R25")
def test_why_a_field_is_empty_is_kept(desk: Desk) -> None:
    lab = {"test": "ANC", "sampled_on": "2024-03-05"}
    ask = RecordRow(subject=SUBJECT, table="laboratory", key={"number": 1}, values=lab, without={"value": "not done"})
    desk.ask(ask)
    kept = desk.state.rows.find("laboratory", SUBJECT, {"number": 1})
    assert kept is not None
    assert kept.now.without == {"value": "not done"}
    desk.ask(correct("laboratory", {"number": 1}, 1, None, value=1.2, unit="10^9/L"))
    assert kept.now.without == {}
    wrong = RecordRow(subject=SUBJECT, table="laboratory", key={"number": 2}, values=lab, without={"value": "lazy"})
    with refused("without.value must be one of not done", Invalid):
        desk.ask(wrong)


@pytest.mark.parametrize(
    ("table", "key", "values", "why"),
    [
        ("moons", {}, {}, "'moons' is no table that is filled in by hand; known: visits, doses"),
        ("allocations", {}, {"arm": "new"}, "'allocations' is no table that is filled in by hand"),
        ("visits", {"visit": "c1d1"}, {}, "number must not be empty"),
        ("visits", VISIT, {"when": "2024-03-01"}, "'when' does not belong in values; known: planned_on, visited_on"),
        ("visits", VISIT, {"visited_on": "1.3.2024"}, "visited_on must be a date such as 2020-01-31"),
        ("visits", VISIT, {"visited_on": "20240301"}, "visited_on must be a date such as 2020-01-31"),
        ("visits", VISIT, {"visited_on": 45000}, "visited_on must be a date"),
        ("visits", {"visit": "c1d1", "number": True}, {}, "number must be a whole number; got True"),
        ("visits", {"visit": "c1d1", "number": 1.5}, {}, "number must be a whole number"),
        ("deaths", {}, {"cause": "old age", "died_on": "2024-03-05"}, "cause must be one of disease, other"),
        ("deaths", {}, {"cause": "disease"}, "died_on must not be empty"),
        ("adverse_events", {"number": 1}, {"system": "x", "term": "a\x00b"}, "without control characters"),
        ("adverse_events", {"number": 1}, {"system": "x", "term": "a" * 2001}, "a text of 1 to 2000 characters"),
        ("adverse_events", {"number": 1}, {"system": "x", "term": "y", "serious": "yes"}, "serious must be true"),
        ("laboratory", {"number": 1}, {"test": "ANC", "value": float("inf")}, "value must be a number"),
    ],
)  # fmt: skip
@pytest.mark.requirement("R24")
def test_what_does_not_fit_its_table_is_refused(
    desk: Desk, table: str, key: dict[str, Any], values: dict[str, Any], why: str
) -> None:
    before = desk.state.seq
    with refused(why):
        desk.ask(row(table, key, **values))
    assert desk.state.seq == before


LESION = {"role": "target", "organ": "liver", "node": False, "found_on": "2024-03-01"}
HARD: list[tuple[str, RecordRow, str]] = [
    ("future date", visit(visited_on="2024-05-01"), "visited_on: 2024-05-01 lies in the future; today is 2024-04-30"),
    ("procedure before consent", visit(visited_on="2024-02-28"), "2024-02-28 is before the consent of 2024-03-01"),
    ("not in the protocol", row("visits", {"visit": "c9d9", "number": 1}), "known: screening, c1d1, cycle"),
    ("not in the protocol", row("samples", {"sample": "hair"}, planned_on="2024-03-01"), "known: blood0, blood15"),
    ("number out of range", row("visits", {"visit": "c1d1", "number": 0}), "must be from 1 to 9999; got 0"),
    ("not in the protocol", dose(1, 50), "intervention: the subject does not receive it; known: exampletinib"),
    ("illegal dose level", dose(1, 350), "350 mg is no level of the protocol; levels: 400, 300, 200"),
    ("illegal dose level", dose(1, 400, unit="g"), "the protocol doses in mg; got g"),
    ("dose before randomization", dose(1, 400, started_on="2024-02-29"), "is before the randomization of 2024-03-01"),
    ("end before start", dose(1, 400, ended_on="2024-02-29"), "ended_on: 2024-02-29 is before 2024-03-01"),
    ("grade out of range", row("adverse_events", {"number": 1}, system="x", term="y", grade=6), "1 to 5; got 6"),
    ("range upside down", row("laboratory", {"number": 1}, test="ANC", value=1, unit="g", low=9, high=1), "is above"),
    ("unknown evaluator", row("assessments", {"evaluator": "me", "number": 0}), "known: investigator"),
    ("unknown lesion", row("measurements", {**SCAN, "lesion": "T1"}, assessed_on="2024-03-01", state="measured"), "T1"),
    ("unknown scan", row("measurements", {**SCAN, "lesion": "T1"}, assessed_on="2024-03-01", state="absent"), "it"),
    ("target after baseline",
     row("lesions", {"evaluator": "investigator", "lesion": "T1"}, **LESION | {"found_on": "2024-03-20"}), "as new"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "command", "why"), HARD, ids=[f"{n} {i}" for i, (n, *_) in enumerate(HARD)])
@pytest.mark.requirement("R24")
def test_a_hard_check_refuses_and_says_which_it_is(desk: Desk, name: str, command: RecordRow, why: str) -> None:
    on_new(desk)
    with refused(rf"{why}.*\({name}\)", Invalid):
        desk.ask(command)
    assert desk.state.rows.of(SUBJECT, command.table) == []


def test_doses_go_down_level_by_level_and_never_up(desk: Desk) -> None:
    on_new(desk)
    desk.ask(dose(1))
    desk.ask(dose(2, 300, change="reduced"))
    with refused("400 after 300: only reductions are allowed", Invalid):
        desk.ask(dose(3, 400, change="increased"))
    assert not desk.state.cleaning.queries


def baseline(*lesions: dict[str, Any]) -> RecordRows:
    rows = [{"table": "assessments", "key": SCAN, "values": {"assessed_on": "2024-03-01"}}]
    for one in lesions:
        key = {"evaluator": "investigator", "lesion": one.pop("lesion")}
        size = one.pop("diameter", None)
        rows.append({"table": "lesions", "key": key, "values": LESION | one})
        seen = {"assessed_on": "2024-03-01", "diameter": size, "state": "measured" if size else "present"}
        rows.append({"table": "measurements", "key": {**SCAN, "lesion": key["lesion"]}, "values": seen})
    return RecordRows(subject=SUBJECT, rows=rows)


def test_a_scan_is_recorded_with_its_lesions_in_one_piece(desk: Desk) -> None:
    facts = desk.ask(baseline({"lesion": "T1", "diameter": 200}, {"lesion": "N1", "role": "non-target"}))
    assert [fact.kind for fact in facts] == ["recorded"] * 5
    with refused(r"at baseline \{.*\} is given twice|given twice|recorded already", Stale):
        desk.ask(baseline({"lesion": "T2", "diameter": 200}))


def test_targets_are_five_and_two_in_an_organ(desk: Desk) -> None:
    three = [{"lesion": f"T{n}", "diameter": 200} for n in range(3)]
    with refused("there are 2 targets there already, at most 2 are followed", Invalid):
        desk.ask(baseline(*three))
    assert desk.state.rows.of(SUBJECT, "lesions") == []
    six = [{"lesion": f"T{n}", "organ": f"organ {n}", "diameter": 200} for n in range(6)]
    with refused("there are 5 targets already, at most 5 are followed", Invalid):
        desk.ask(baseline(*six))


def test_small_targets_and_nodes_are_asked_about(desk: Desk) -> None:
    facts = desk.ask(
        baseline({"lesion": "T1", "diameter": 90}, {"lesion": "T2", "organ": "neck", "node": True, "diameter": 149})
    )
    asked_about = {fact.body["key"]["lesion"]: fact.body["text"] for fact in facts if fact.kind == "query opened"}
    assert asked_about == {
        "T1": "9.0 mm: is below 10 mm: non-target",
        "T2": "14.9 mm: is a node of 10 to below 15 mm: non-target",
    }


def test_a_new_lesion_is_not_at_baseline_and_a_followed_one_keeps_its_kind(desk: Desk) -> None:
    with refused("at the baseline of 2024-03-01: not a new lesion", Invalid):
        desk.ask(baseline({"lesion": "X1", "role": "new"}))
    desk.ask(baseline({"lesion": "T1", "diameter": 200}))
    later = {"evaluator": "investigator", "number": 1}
    rows = [
        {"table": "assessments", "key": later, "values": {"assessed_on": "2024-04-12", "planned_on": "2024-04-12"}},
        {"table": "measurements", "key": {**later, "lesion": "T1"},
         "values": {"assessed_on": "2024-04-12", "diameter": 150, "state": "measured"}},
    ]  # fmt: skip
    desk.ask(RecordRows(subject=SUBJECT, rows=rows))
    own = {"evaluator": "investigator", "lesion": "T1"}
    with refused("T1 is measured at 1 later scans; record another", Invalid):
        desk.ask(correct("lesions", own, 1, organ="lung"))
    with refused("lesion T1 is measured at 2 scans; strike those measurements first"):
        desk.ask(StrikeRow(subject=SUBJECT, table="lesions", key=own, version=1, reason="not a lesion"))
    with refused("scans out of order", Invalid):
        desk.ask(row("assessments", {"evaluator": "investigator", "number": 2}, assessed_on="2024-04-01"))


def test_nothing_happens_after_death(desk: Desk) -> None:
    desk.ask(row("deaths", cause="disease", died_on="2024-03-20"))
    for late in (visit(visited_on="2024-03-21"), row("contacts", {"alive_on": "2024-03-21"})):
        with refused("is after the death on 2024-03-20", Invalid):
            desk.ask(late)


SOFT: list[tuple[str, RecordRow, str]] = [
    ("outside the visit window", visit(visited_on="2024-03-10"), "2024-03-10 is outside 2024-03-01 plus or minus 3"),
    ("grade 5 without death", row("adverse_events", {"number": 1}, system="x", term="y", grade=5), "no death is"),
    ("before consent", row("adverse_events", {"number": 1}, system="x", term="y", started_on="2024-02-01"), "consent"),
    ("value without unit", row("laboratory", {"number": 1}, test="ANC", value=1), "without its unit"),
    ("far outside the range",
     row("laboratory", {"number": 1}, test="ANC", value=900, unit="g", low=1, high=9), "more than ten times"),
    ("sample without reason", row("samples", {"sample": "blood0"}, planned_on="2024-03-01"), "no reason is given"),
    ("baseline too early", row("assessments", SCAN, assessed_on="2024-01-02"), "more than 28 days"),
    ("looks like a person", row("samples", {"sample": "blood0"}, planned_on="2024-03-01", reason="Mrs Vidal"), "name"),
    ("death and end of study disagree",
     row("dispositions", {"ended": "study"}, reason="death", ended_on="2024-03-03"), "no death is recorded"),
    ("several levels at once", dose(2, 200, change="reduced"), "from 400 to 200 skips a level"),
    ("change and dose disagree", dose(2, 300), "'none' is recorded"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "command", "why"), SOFT, ids=[name for name, *_ in SOFT])
def test_a_soft_check_takes_the_row_and_opens_a_query(desk: Desk, name: str, command: RecordRow, why: str) -> None:
    if command.table == "doses":
        desk.ask(dose(1))
    facts = desk.ask(command)
    fired = [fact for fact in facts if fact.kind == "check fired" and fact.body["check"] == name]
    assert facts[0].kind == "recorded"
    assert why in fired[0].body["text"]
    (query,) = [one for one in desk.state.cleaning.waiting(SUBJECT) if one.check == name]
    assert (query.status, query.thread[0].text) == ("open", fired[0].body["text"])


@pytest.mark.requirement("R7")
def test_a_right_value_closes_the_query_of_its_check_and_a_wrong_one_asks_no_second_time(desk: Desk) -> None:
    desk.ask(visit(visited_on="2024-03-10"))
    desk.ask(correct("visits", VISIT, 1, visited_on="2024-03-11"))
    assert [query.id for query in desk.state.cleaning.waiting()] == ["Q1"]
    kinds = [fact.kind for fact in desk.ask(correct("visits", VISIT, 2, visited_on="2024-03-02"))]
    assert kinds == ["corrected", "query closed"]
    assert desk.state.cleaning.queries["Q1"].status == "closed"
    trail = [fact.kind for fact in desk.facts if fact.subject == SUBJECT][-7:]
    assert trail == [
        "recorded", "check fired", "query opened", "corrected", "check fired", "corrected", "query closed",
    ]  # fmt: skip


@pytest.mark.requirement("R23")
def test_no_data_before_consent(desk: Desk) -> None:
    other = desk.reply(Screen(site="S1", screened_on=TODAY))["subject"]
    with refused("has not consented; no data are recorded before the consent"):
        desk.ask(RecordRow(subject=other, table="visits", key=VISIT, values={"visited_on": "2024-03-02"}))
