"""What must hold of the records of every virtual trial, of any study and any seed."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from virtual_trial import DOSED, Virtual, days, study, supposed, virtual

from trialwright import derive
from trialwright.design import Scenario
from trialwright.errors import DataError, DocumentError
from trialwright.protocol import evaluate_rule, screen, starting_doses, stratum
from trialwright.randomize import allocate, key_from_seed, scheme
from trialwright.simulate import World, trial
from trialwright.simulate.course import LATE
from trialwright.simulate.hazards import NEVER

TRIALS = [("palmira", 1), ("tiny", 1), ("tiny", 2), ("tiny", 3)]


@pytest.fixture(params=TRIALS, ids=lambda pair: f"{pair[0]}-{pair[1]}", scope="module")
def made(request: pytest.FixtureRequest) -> Virtual:
    return virtual(*request.param)


def test_the_trial_is_full_and_virtual(made: Virtual) -> None:
    assert made.data.virtual
    assert made.data.study == made.protocol.identification.id
    assert len(made.subjects) == made.protocol.design.enrollment


# screening


def test_nobody_is_randomized_with_a_criterion_not_met_or_not_known(made: Virtual) -> None:
    answers = {
        subject: Counter(row["answer"] for row in rows) for subject, rows in made.by_subject("screenings").items()
    }
    assert all(found["not met"] == found["cannot tell"] == 0 and found["met"] > 0 for found in answers.values())


def test_screening_again_gives_the_findings_on_record(made: Virtual) -> None:
    findings = made.by_subject("screenings")
    for subject in made.subjects[:20]:
        again = screen(made.protocol, made.answers[subject], made.anchors[subject])
        assert {row["criterion"]: row["answer"] for row in findings[subject]} == {
            finding.criterion: finding.answer for finding in again.findings
        }


def test_everybody_else_has_a_reason_to_be_out(made: Virtual) -> None:
    closed_on = max(made.randomized_on.values())
    supposed_to_fail = {plan.criterion for plan in made.scenario.candidates.failures}
    screenings: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in made.rows("screenings"):
        screenings[row["subject"]].append(row)
    for candidate in made.rows("screened"):
        rows = screenings[candidate["subject"]]
        answers = {row["answer"] for row in rows}
        not_met = {row["criterion"] for row in rows if row["answer"] == "not met"}
        assert candidate["screened_on"] <= closed_on
        match candidate["outcome"]:
            case "randomized":
                assert candidate["subject"] in made.randomized_on
            case "not eligible":
                assert not_met & supposed_to_fail
            case "cannot tell":
                assert "cannot tell" in answers and not not_met
            case "declined":
                assert not rows
            case _:
                assert answers <= {"met", "not in source"}


def test_the_last_patient_closes_the_trial(made: Virtual) -> None:
    """Whoever is eligible and left out would have been randomized on the closing day or later."""
    closed_on = max(made.randomized_on.values())
    last = made.scenario.recruitment.screening_days[1]
    for candidate in made.rows("screened", outcome="closed"):
        assert candidate["screened_on"] + timedelta(days=last) >= closed_on


def test_subjects_count_the_consents_of_their_site(made: Virtual) -> None:
    seen: Counter[str] = Counter()
    for row in made.rows("screened"):
        seen[row["site"]] += 1
        assert row["subject"] == f"{row['site']}-{seen[row['site']]:03}"
        assert row["country"] == made.protocol.site(row["site"]).country


# allocation


def test_strata_are_what_the_rules_say_of_the_answers(made: Virtual) -> None:
    for subject, rows in made.by_subject("strata").items():
        expected = stratum(made.protocol, made.answers[subject], made.anchors[subject])
        assert {row["factor"]: row["level"] for row in rows} == expected
    for row in made.rows("allocations"):
        levels = stratum(made.protocol, made.answers[row["subject"]], made.anchors[row["subject"]])
        assert row["stratum"] == scheme(made.protocol).stratum(levels)


def test_every_allocation_replays_from_the_seed(made: Virtual) -> None:
    plan, key = scheme(made.protocol), key_from_seed(made.seed, made.number)
    name = f"{made.protocol.identification.id} virtual"
    for row in made.rows("allocations"):
        again = allocate(plan, key, name, row["stratum"], row["position"])
        assert (again.arm, again.block) == (row["arm"], row["block"])


def test_allocations_are_in_order_and_leave_no_position_out(made: Virtual) -> None:
    rows = made.rows("allocations")
    assert [row["randomized_on"] for row in rows] == sorted(row["randomized_on"] for row in rows)
    for name in scheme(made.protocol).strata:
        own = [row["position"] for row in rows if row["stratum"] == name]
        assert own == list(range(len(own)))


def test_waits_are_within_what_is_supposed(made: Virtual) -> None:
    first, last = made.scenario.recruitment.screening_days
    consented = {row["subject"]: row["screened_on"] for row in made.rows("screened")}
    waits = [days(on, consented[subject]) for subject, on in made.randomized_on.items()]
    assert first <= min(waits) and max(waits) <= last


# follow-up


def test_nothing_is_recorded_after_death_loss_or_the_end(made: Virtual) -> None:
    died = dict(made.data["deaths"].select("subject", "died_on").iter_rows())
    left = {subject: row["ended_on"] for subject, row in made.ends("study").items()}
    for table, column, subject, day in made.dates():
        assert day <= made.scenario.until, (table, column, subject)
        assert day <= died.get(subject, day), (table, column, subject)
        assert day <= left.get(subject, day), (table, column, subject)
    for table, column, subject, day in made.dates(planned=True):
        assert day <= made.scenario.until, (table, column, subject)
    assert any(died) and any(left)


def test_the_living_are_asked_at_the_agreed_interval_and_at_every_cut(made: Virtual) -> None:
    asked = {subject: [row["alive_on"] for row in rows] for subject, rows in made.by_subject("contacts").items()}
    every, left = made.scenario.contacts.every_days, made.ends("study")
    sweeps = [on for on in derive.cut_dates(made.data, made.protocol).values() if on is not None]
    for subject, start in made.randomized_on.items():
        end = left[subject]["ended_on"] if subject in left else made.scenario.until
        died = subject in left and left[subject]["reason"] == "death"
        last = days(end, start) - died
        regular = {start + timedelta(days=day) for day in range(0, last + 1, every)}
        swept = {on for on in sweeps if start <= on <= start + timedelta(days=last)}
        assert regular | swept <= set(asked[subject])
        assert died or subject not in left or end in asked[subject]


def test_treatment_and_study_end_for_a_reason_on_record(made: Virtual) -> None:
    responses = derive.response(made.data, made.protocol)
    progressed = {
        row["subject"]: row["assessed_on"] for row in responses.iter_rows(named=True) if row["response"] == "PD"
    }
    died = dict(made.data["deaths"].select("subject", "died_on").iter_rows())
    dosed = {row["subject"] for row in made.rows("doses")}
    for subject, row in made.ends("treatment").items():
        assert (row["reason"] == "never treated") == (subject not in dosed)
        if row["reason"] == "progression":
            assert progressed[subject] == row["ended_on"]
        if row["reason"] == "death":
            assert died[subject] == row["ended_on"]
    for subject, row in made.ends("study").items():
        assert (row["reason"] == "death") == (subject in died)
    on_treatment = set(made.subjects) - set(made.ends("treatment"))
    assert not on_treatment & (set(progressed) | set(died))


def test_further_therapy_follows_the_end_of_scans_after_its_wait(made: Virtual) -> None:
    first, last = made.scenario.treatment.next_therapy_days
    rows = {subject: row for row, subject in enumerate(made.subjects)}
    found = made.rows("therapies")
    assert found
    for row in found:
        own = rows[row["subject"]]
        stop = min(int(made.course.scans.found[own]), int(made.course.leaves[own]))
        assert first <= days(row["started_on"], made.randomized_on[row["subject"]]) - stop <= last
        assert row["chemotherapy"] == (row["therapy"] == "chemotherapy")


# treatment


def test_doses_are_levels_of_the_protocol_and_never_rise(made: Virtual) -> None:
    ended = made.ends("treatment")
    arms = dict(made.data["allocations"].select("subject", "arm").iter_rows())
    for subject, rows in made.by_subject("doses").items():
        starts = (
            starting_doses(made.protocol, arms[subject], made.answers[subject], made.anchors[subject]) if rows else {}
        )
        assert set(starts) == {row["intervention"] for row in rows}
        for name, start in starts.items():
            plan = made.protocol.intervention(name)
            own = [row for row in rows if row["intervention"] == name]
            doses = [row["dose"] for row in own]
            assert [row["cycle"] for row in own] == list(range(1, len(own) + 1))
            assert doses[0] == start.dose and {row["product"] for row in own} == {start.product or plan.name}
            if start.dose is not None:
                assert set(doses) <= ({*plan.levels} or {start.dose}) and doses == sorted(doses, reverse=True)
            for before, row in zip([None, *own], own, strict=False):
                lower = before is not None and row["dose"] != before["dose"]
                assert (row["change"] == "reduced") == lower
                assert (
                    row["started_on"]
                    <= row["ended_on"]
                    <= ended.get(subject, {"ended_on": made.scenario.until})["ended_on"]
                )
                if before is not None:
                    wait = days(row["started_on"], before["started_on"]) - plan.cycle.days
                    assert wait in {0, LATE}
                    assert row["change"] != "delayed" or wait == LATE


def test_each_event_that_calls_for_a_lower_dose_lowers_it(made: Virtual) -> None:
    """By one level, at the next cycle, down to the lowest: also when that cycle started late."""
    plan = made.protocol.intervention(DOSED[made.protocol.identification.id])
    doses, drops = made.by_subject("doses", intervention=plan.id), 0
    for row, subject in enumerate(made.subjects):
        calls = sorted(
            int(own.onset[row])
            for event, own in zip(made.scenario.adverse_events, made.events, strict=True)
            if own.onset[row] < NEVER and own.grade[row] >= 3 and own.reduces[row] < event.reduces.get(plan.id, 0)
        )
        for dose in doses[subject]:
            start = days(dose["started_on"], made.randomized_on[subject])
            below = plan.levels.index(dose["dose"]) - plan.levels.index(doses[subject][0]["dose"])
            most = len(plan.levels) - 1 - plan.levels.index(doses[subject][0]["dose"])
            assert below == min(sum(day < start for day in calls), most)
            drops += dose["change"] == "reduced"
    assert drops > 0


def test_treatment_starts_within_the_days_supposed(made: Virtual) -> None:
    first, last = made.scenario.recruitment.first_dose_days
    for subject, rows in made.by_subject("doses").items():
        if rows:
            waited = days(min(row["started_on"] for row in rows), made.randomized_on[subject])
            assert first <= waited <= last


def test_visits_are_within_their_windows(made: Virtual) -> None:
    """A patient who leaves, dies or has not yet consented is seen on the nearest day that there is."""
    windows = {visit.id: visit.window_days for visit in made.protocol.visits}
    consented = {row["subject"]: row["screened_on"] for row in made.rows("screened")}
    found = made.rows("visits")
    assert {row["visit"] for row in found} == set(windows)
    for row in found:
        near = abs(days(row["visited_on"], row["planned_on"])) <= windows[row["visit"]]
        assert near or row["visited_on"] == consented[row["subject"]]


def test_visits_on_treatment_repeat_until_it_ends(made: Virtual) -> None:
    ended = made.ends("treatment")
    for visit in made.protocol.visits:
        if visit.anchor != "randomization" or visit.repeat_days is None:
            continue
        for subject, rows in made.by_subject("visits", visit=visit.id).items():
            planned = [row["planned_on"] for row in rows]
            steps = {days(later, earlier) for earlier, later in pairwise(planned)}
            assert steps <= {visit.repeat_days}
            assert not planned or planned[-1] <= ended.get(subject, {"ended_on": made.scenario.until})["ended_on"]


def test_adverse_events_are_treatment_emergent_and_in_order(made: Virtual) -> None:
    worst = derive.worst_grades(made.data, made.protocol)
    assert len(worst) == len(made.data["adverse_events"]) > 0
    for rows in made.by_subject("adverse_events").values():
        starts = [row["started_on"] for row in rows]
        assert starts == sorted(starts)
        assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
        assert all(row["grade"] in range(1, 5) and row["serious"] <= (row["grade"] >= 3) for row in rows)
        assert all(row["ended_on"] is None or row["ended_on"] >= row["started_on"] for row in rows)


# samples


def test_samples_are_taken_with_consent_or_missing_for_a_reason(made: Virtual) -> None:
    plans = {sample.id: sample for sample in made.protocol.samples}
    for row in made.rows("samples"):
        assert (row["taken_on"] is None) == (row["reason"] is not None)
        rule, subject = plans[row["sample"]].consent, row["subject"]
        if rule is not None:
            agreed = evaluate_rule(made.protocol, rule, made.answers[subject], made.anchors[subject])
            assert (row["reason"] == "no consent or not feasible") == (agreed is not True)
    for sample in plans.values():
        if sample.at == "inclusion":
            assert {row["subject"] for row in made.rows("samples", sample=sample.id)} == set(made.subjects)


def test_markers_are_found_in_samples_that_were_taken(made: Virtual) -> None:
    taken = {(row["subject"], row["sample"]): row["taken_on"] for row in made.rows("samples")}
    wanted = {(marker.sample, marker.marker) for marker in made.scenario.markers}
    found = made.rows("biomarkers")
    assert {(row["sample"], row["marker"]) for row in found} == wanted
    for row in found:
        assert taken[row["subject"], row["sample"]] == row["sampled_on"] is not None


# scenarios that strain the records


def test_a_trial_still_recruiting_at_the_end_records_nothing_after_it() -> None:
    protocol, scenario = study("tiny")
    slow = Virtual(protocol, scenario.with_values({"recruitment.per_site_month": 0.3}), seed=1)
    assert 0 < len(slow.subjects) < protocol.design.enrollment
    assert max(day for _, _, _, day in slow.dates()) <= scenario.until
    assert slow.data["screened"]["screened_on"].max() <= scenario.until
    assert slow.data.cutoff is None


@pytest.mark.parametrize("days_before", [0, 1, 2])
def test_the_last_day_may_be_any_day_around_a_randomization(days_before: int) -> None:
    """Also the day before one: that patient is not yet in the trial."""
    full = virtual("tiny", 1)
    last = full.randomized_on[full.subjects[-1]] - timedelta(days=days_before)
    made = Virtual(full.protocol, full.scenario.model_copy(update={"until": last}), seed=1)
    assert made.subjects == [subject for subject in full.subjects if full.randomized_on[subject] <= last]


def test_a_trial_without_a_patient_by_the_end_is_told() -> None:
    protocol, scenario = study("tiny")
    late = scenario.with_values({"recruitment.per_site_month": 1e-6})
    with pytest.raises(DataError, match="2026-12-31 leaves no patient: the first was randomized on"):
        trial(protocol, late, seed=1)


def test_patients_never_treated_are_randomized_and_gone() -> None:
    protocol, scenario = study("tiny")
    arms = [arm.id for arm in protocol.arms]
    made = Virtual(protocol, supposed(scenario, "treatment", never=dict.fromkeys(arms, 1.0)), seed=1)
    assert made.data["doses"].is_empty() and made.data["adverse_events"].is_empty() and made.data["deaths"].is_empty()
    assert {row["reason"] for row in made.rows("dispositions", ended="treatment")} == {"never treated"}
    assert {row["reason"] for row in made.rows("dispositions", ended="study")} == {"withdrawal"}
    assert {len(rows) for rows in made.by_subject("assessments").values()} == {1}


def test_rules_that_keep_out_more_than_supposed_are_told() -> None:
    protocol, scenario = study("tiny")
    plain = scenario.model_dump(exclude_unset=True)
    plain["candidates"]["variables"]["ecog"] = {"choice": {"0": 1, "4": 9}}
    with pytest.raises(
        DocumentError,
        match=r"fills only \d+ of 60 places: .*\(criterion \w+ not met: \d+, .*\); check candidates.variables",
    ):
        trial(protocol, Scenario.model_validate(plain), seed=1)


def test_a_world_is_that_of_its_scenario() -> None:
    world = World.of(*study("tiny"), 1)
    assert world.on(0) == world.scenario.recruitment.opens_on
    assert world.day_of(world.on(41)) == 41
    assert world.on(world.until) == world.scenario.until
