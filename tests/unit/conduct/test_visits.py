"""The plan of a subject follows the protocol, its windows, what was recorded and how late cycles run."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from trial_desk import Desk, asked, candidate, running

from trialwright.conduct import Planned, RecordRow, Withdraw, plan_of

START = date(2024, 3, 1)


@pytest.fixture
def desk() -> Desk:
    desk = running()
    desk.ask(asked(desk, candidate(desk)))
    return desk


def plan(desk: Desk, ahead: int = 90) -> dict[tuple[str, int], Planned]:
    record = desk.state.subjects.records["S1-001"]
    found = plan_of(desk.state, desk.screener.protocol, record, desk.at.date(), ahead)
    assert [one.on for one in found] == sorted(one.on for one in found)
    return {(one.id, one.number): one for one in found}


def record(desk: Desk, table: str, key: dict[str, object], **values: object) -> None:
    desk.ask(RecordRow(subject="S1-001", table=table, key=key, values=values))


def days(found: dict[tuple[str, int], Planned], id: str) -> list[int]:
    return [(one.on - START).days for (name, _), one in found.items() if name == id]


def test_visits_scans_and_samples_are_planned_by_the_protocol(desk: Desk) -> None:
    found = plan(desk)
    assert days(found, "c1d1") == [0]
    assert days(found, "cycle") == [21, 42, 63, 84]
    assert days(found, "assessment") == [0, 42, 84]
    assert days(found, "blood0") == [0]
    assert days(found, "blood15") == []
    record(desk, "doses", {"intervention": "exampletinib", "cycle": 1}, product="tablet", dose=400, unit="mg",
           change="none", started_on="2024-03-01")  # fmt: skip
    assert days(plan(desk), "blood15") == [14]


@pytest.mark.parametrize(("day", "standing"), [(17, "planned"), (18, "due"), (21, "due"), (24, "due"), (25, "overdue")])
def test_a_visit_is_due_within_its_window_and_overdue_after(desk: Desk, day: int, standing: str) -> None:
    desk.wait(days=day)
    visit = plan(desk)["cycle", 1]
    assert visit.standing == standing
    assert visit.window == (START + timedelta(18), START + timedelta(24))


def test_what_is_recorded_is_done_or_missed(desk: Desk) -> None:
    desk.wait(days=50)
    record(desk, "visits", {"visit": "cycle", "number": 1}, visited_on="2024-03-23")
    record(desk, "visits", {"visit": "cycle", "number": 2}, planned_on="2024-04-12")
    record(desk, "assessments", {"evaluator": "investigator", "number": 1}, assessed_on="2024-04-12")
    found = plan(desk)
    assert (found["cycle", 1].standing, found["cycle", 1].done_on) == ("done", date(2024, 3, 23))
    assert found["cycle", 2].standing == "missed"
    assert found["assessment", 1].standing == "done"


def test_a_late_cycle_moves_the_visits_that_come_with_cycles(desk: Desk) -> None:
    desk.wait(days=50)
    for cycle, start in ((1, "2024-03-01"), (2, "2024-03-29")):
        record(desk, "doses", {"intervention": "exampletinib", "cycle": cycle}, product="tablet", dose=400, unit="mg",
               change="none", started_on=start)  # fmt: skip
    found = plan(desk)
    assert days(found, "cycle") == [28, 49, 70, 91, 112, 133]
    assert days(found, "c1d1") == [0]


def test_nothing_is_planned_beyond_the_end(desk: Desk) -> None:
    desk.wait(days=50)
    record(desk, "dispositions", {"ended": "treatment"}, reason="progression", ended_on="2024-04-12")
    found = plan(desk)
    assert days(found, "cycle") == [21, 42]
    assert days(found, "assessment") == [0, 42]
    desk.ask(Withdraw(subject="S1-001", level="study", withdrawn_on=date(2024, 4, 1), reason="moved away"))
    assert days(plan(desk), "cycle") == [21]


def test_before_randomization_only_screening_is_planned() -> None:
    desk = running()
    candidate(desk)
    assert set(plan(desk)) == {("screening", 1)}
