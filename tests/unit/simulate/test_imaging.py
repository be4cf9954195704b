"""Scans written down as lesions and diameters: RECIST derivation finds the course again, whatever the organs."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from virtual_trial import Virtual, days, study, supposed, virtual

from trialwright import derive
from trialwright.design import Scenario
from trialwright.simulate.course import EMPTY, MISSED
from trialwright.simulate.hazards import NEVER

ORGANS = ["liver", "lung", "lymph node", "peritoneum", "bone"]
SHARES = st.sampled_from([0.0, 0.4, 1.0])
ORGAN = st.fixed_dictionaries({"share": SHARES, "measurable": SHARES, "node": st.booleans()})
BURDENS = st.fixed_dictionaries(
    {
        "organs": st.fixed_dictionaries(dict.fromkeys(ORGANS, ORGAN)),
        "otherwise": st.sampled_from(ORGANS),
        "diameter_mm": st.sampled_from([(10.0, 10.0), (10.0, 15.0), (12.0, 60.0), (90.0, 200.0)]),
    }
)
HABITS = st.fixed_dictionaries({"missed": SHARES, "not_evaluable": SHARES, "unscheduled": SHARES})
RESPONSES = st.fixed_dictionaries({"complete": SHARES, "second_scan": SHARES})


def looks(made: Virtual) -> dict[str, dict[int, dict[str, Any]]]:
    """Return what derivation makes of each scan after the baseline, by subject and day."""
    found: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in derive.response(made.data, made.protocol).iter_rows(named=True):
        if row["number"] > 0:
            found[row["subject"]][days(row["assessed_on"], made.randomized_on[row["subject"]])] = row
    return found


def unlike(made: Virtual) -> list[str]:
    """Return every scan of which derivation makes something else than the course meant."""
    derived, wrong = looks(made), []
    for row, subject in enumerate(made.subjects):
        meant = expected(made, row)
        seen = {day: look["response"] for day, look in derived[subject].items()}
        if seen != meant:
            wrong.append(f"{subject}: {meant} became {seen}")
    return wrong


def expected(made: Virtual, row: int) -> dict[int, str]:
    """Return the response that each scan of a patient is meant to show, by day."""
    course, scans = made.course, made.course.scans
    found, targets = int(scans.found[row]), bool(made.patients.targets[row])
    best = ("CR" if course.complete[row] else "PR") if targets else None
    quiet = "SD" if targets else "NON-CR/NON-PD"
    shown = {}
    for column in (scans.day[row] >= 0).nonzero()[0]:
        state, day = int(scans.state[row, column]), int(scans.day[row, column])
        responded = best if column + 1 >= course.responds_at[row] else None
        if state != MISSED:
            shown[day] = "NE" if state == EMPTY else responded or quiet
    return shown | ({found: "PD"} if found < NEVER else {})


@pytest.mark.parametrize(("name", "seed"), [("palmira", 1), ("tiny", 1), ("tiny", 2)])
def test_derivation_finds_every_scan_as_the_course_meant_it(name: str, seed: int) -> None:
    made = virtual(name, seed)
    assert unlike(made) == []
    shown = {response for row in range(len(made.subjects)) for response in expected(made, row).values()}
    assert {"PD", "SD", "PR", "NE", "NON-CR/NON-PD"} <= shown


@settings(
    deadline=None,
    max_examples=25,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a smaller failing trial takes minutes to find
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.integers(0, 2**32), BURDENS, HABITS, RESPONSES, SHARES)
def test_derivation_finds_the_course_again_whatever_the_organs(
    seed: int, burden: dict[str, Any], habits: dict[str, Any], responses: dict[str, Any], share: float
) -> None:
    protocol, scenario = study("tiny")
    scenario = supposed(supposed(scenario, "lesions", **burden), "scans", **habits)
    scenario = supposed(scenario, "response", share=dict.fromkeys(scenario.response.share, share), **responses)
    assert unlike(Virtual(protocol, scenario, seed)) == []


def test_the_first_response_is_seen_at_the_scan_drawn_for_it() -> None:
    """A response drawn for a scan that shows progression, or that nobody takes, is never seen."""
    made, seen = virtual("tiny", 3), 0
    derived = looks(made)
    for row, subject in enumerate(made.subjects):
        numbers = sorted(look["number"] for look in derived[subject].values() if look["response"] in {"CR", "PR"})
        if numbers:
            seen += 1
            assert numbers[0] >= made.course.responds_at[row]
    assert seen > 3


def complete(scenario: Scenario) -> Scenario:
    arms = scenario.response.share
    return supposed(scenario, "response", share=dict.fromkeys(arms, 1.0), complete=1.0, second_scan=0.0)


def test_complete_responses_empty_every_lesion_and_nodes_become_normal() -> None:
    protocol, scenario = study("tiny")
    made = Virtual(protocol, complete(scenario), seed=4)
    lesions = {(row["subject"], row["lesion"]): row for row in made.rows("lesions")}
    healed = {
        (s, look["number"]) for s, own in looks(made).items() for look in own.values() if look["response"] == "CR"
    }
    assert len({subject for subject, _ in healed}) > 20
    for row in made.rows("measurements"):
        if (row["subject"], row["number"]) in healed:
            lesion = lesions[row["subject"], row["lesion"]]
            assert row["state"] == ("measured" if lesion["role"] == "target" else "absent")
            assert lesion["role"] != "target" or (0 < row["diameter"] < 100 if lesion["node"] else row["diameter"] == 0)


@pytest.mark.parametrize("name", ["palmira", "tiny"])
def test_the_baseline_is_complete_recent_and_measurable(name: str) -> None:
    """Eisenhauer et al. 2009: targets from 10 mm, nodes from 15 mm of short axis, at most five of them."""
    made = virtual(name, 1)
    roles = {(row["subject"], row["lesion"]): row for row in made.rows("lesions")}
    for subject, rows in made.by_subject("measurements", number=0).items():
        targets = [row for row in rows if roles[subject, row["lesion"]]["role"] == "target"]
        assert len(targets) <= 5
        assert (len(targets) > 0) == bool(made.patients.targets[made.subjects.index(subject)])
        for row in targets:
            assert row["diameter"] >= (150 if roles[subject, row["lesion"]]["node"] else 100)
        before = {days(made.randomized_on[subject], row["assessed_on"]) for row in rows}
        assert len(before) == 1 and 0 <= before.pop() <= made.protocol.assessments.baseline_within_days


@pytest.mark.parametrize("name", ["palmira", "tiny"])
def test_scans_keep_to_the_schedule_within_the_window_or_are_unscheduled(name: str) -> None:
    made, unplanned = virtual(name, 1), 0
    planned = {day: number for number, day in enumerate(made.course.scans.planned.tolist(), start=1)}
    assessments = made.by_subject("assessments")
    for row, subject in enumerate(made.subjects):
        rows = [look for look in assessments[subject] if look["number"] > 0]
        assert [look["number"] for look in rows] == list(range(1, len(rows) + 1))
        for look in rows:
            day = days(look["planned_on"], made.randomized_on[subject])
            if planned.get(day) != look["number"]:
                unplanned += 1
                assert made.course.scans.unscheduled[row] and day == made.course.scans.found[row] and look is rows[-1]
            elif look["assessed_on"] is not None:
                assert abs(days(look["assessed_on"], look["planned_on"])) <= made.protocol.assessments.window_days
    assert 0 < unplanned <= made.course.scans.unscheduled.sum()  # one may fall on a planned day by chance
