"""The fast simulator is held to the slow one: the same trial, number by number and patient by patient.

The record-level simulator writes scans, doses and contacts down and lets the real derivation and analysis find the
course again; the array-level one counts it. Whatever is promised and supposed, they must tell the same story.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from virtual_worlds import censoring, differences, promised, small, study, supposed

from trialwright import simulate
from trialwright.design import Scenario
from trialwright.records import TrialData

NAMES = ["palmira", "tiny"]
QUICK = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
"""A failing trial is small enough to read; looking for a smaller one takes minutes."""
SEEDS = st.integers(0, 2**64 - 1)
SHARES = st.floats(0, 1)

HABITS = st.fixed_dictionaries(
    {
        "jitter_sd_days": st.sampled_from([0.0, 1.5, 4.0, 30.0]),
        "missed": st.floats(0, 0.5),
        "not_evaluable": st.floats(0, 0.5),
        "unscheduled": SHARES,
        "unscheduled_days": st.sampled_from([(0, 0), (1, 14), (5, 60)]),
    }
)
RESPONSES = st.fixed_dictionaries({"complete": SHARES, "second_scan": SHARES})
HAZARDS = st.sampled_from(
    [
        {"from_months": (0,), "hazard": (0.0,)},
        {"from_months": (0,), "hazard": (0.3,)},
        {"from_months": (0, 2, 5), "hazard": (0.0, 0.5, 0.1)},
        {"from_months": (0, 0.5, 9), "hazard": (1.2, 0.0, 0.2)},
    ]
)
RATES = st.sampled_from([0.0, 0.02, 0.4])
TREATMENTS = st.fixed_dictionaries(
    {
        "next_therapy": SHARES,
        "next_therapy_days": st.sampled_from([(0, 0), (1, 45)]),
        "delayed_cycles": SHARES,
    }
)
RULES = st.fixed_dictionaries(
    {
        "missed_visits": st.sampled_from(["censor before", "ignore"]),
        "missed_visits_allowed": st.integers(0, 2),
        "new_therapy": st.sampled_from(["censor before", "ignore"]),
        "without_baseline": st.sampled_from(["censor at origin", "count event"]),
    }
)
SCHEDULES = st.sampled_from([[[0, 8]], [[0, 6], [24, 12]], [[0, 12], [12, 4]], [[0, 4.5]]])


def test_every_number_and_every_patient_of_palmira_agree() -> None:
    assert differences(*study("palmira"), seed=20190405, trials=2) == []


def test_every_number_and_every_patient_of_another_study_agree() -> None:
    assert differences(*study("tiny"), seed=5, trials=8) == []


@settings(QUICK, max_examples=12)
@given(st.sampled_from(NAMES), SEEDS, st.integers(0, 2**31), HABITS, RESPONSES, SCHEDULES, RULES)
def test_scans_and_rules_of_any_kind(
    name: str,
    seed: int,
    number: int,
    habits: dict[str, Any],
    responses: dict[str, Any],
    schedule: list[list[float]],
    rules: dict[str, Any],
) -> None:
    protocol, scenario = study(name)
    protocol = censoring(promised(small(protocol), {"assessments.every_weeks": schedule}), **rules)
    scenario = supposed(supposed(scenario, "scans", **habits), "response", **responses)
    assert differences(protocol, scenario, seed, trials=1, first=number) == []


@settings(QUICK, max_examples=12)
@given(st.sampled_from(NAMES), SEEDS, st.data(), RATES, SHARES, TREATMENTS, RULES)
def test_courses_of_any_kind(
    name: str,
    seed: int,
    data: st.DataObject,
    lost: float,
    never: float,
    treatment: dict[str, Any],
    rules: dict[str, Any],
) -> None:
    protocol, scenario = study(name)
    arms = [arm.id for arm in protocol.arms]
    for section, kinds in {
        "progression": HAZARDS,
        "leaving": HAZARDS,
        "death_before_progression": RATES,
        "death_after_progression": RATES,
    }.items():
        scenario = supposed(scenario, section, **{arm: data.draw(kinds, label=f"{section} {arm}") for arm in arms})
    toxicity = {arm: data.draw(RATES, label=f"toxicity {arm}") for arm in arms}
    scenario = supposed(scenario, "contacts", lost=lost)
    scenario = supposed(
        scenario, "treatment", never=dict.fromkeys(arms, never), stops_for_toxicity=toxicity, **treatment
    )
    assert differences(censoring(small(protocol), **rules), scenario, seed, trials=1) == []


@settings(QUICK, max_examples=8)
@given(st.sampled_from(NAMES), SEEDS, st.sampled_from([0.05, 0.5, 20.0]), st.integers(1, 40))
def test_recruitment_of_any_speed_and_cuts_of_any_number_of_events(
    name: str, seed: int, speed: float, events: int
) -> None:
    """Slow trials are still recruiting at the final cut, and some never see the events of the first."""
    protocol, scenario = study(name)
    pace = {"recruitment.per_site_month": scenario.value("recruitment.per_site_month") * speed}
    assert differences(small(protocol, patients=40, events=events), scenario.with_values(pace), seed, trials=1) == []


@pytest.mark.parametrize("name", NAMES)
def test_without_stratification_of_the_analysis(name: str) -> None:
    protocol, scenario = study(name)
    assert differences(promised(small(protocol), {"analysis.stratified": False}), scenario, seed=2, trials=2) == []


@pytest.mark.parametrize("ties", ["breslow", "exact"])
def test_another_rule_for_ties(ties: str) -> None:
    protocol, scenario = study("tiny")
    assert differences(promised(small(protocol), {"analysis.ties": ties}), scenario, seed=3, trials=2) == []


def test_baseline_variables_of_every_type() -> None:
    protocol, scenario = study("tiny")
    variables = {
        "age": {"choice": {"50": 1, "60.5": 2, "72": 1}},
        "compliant": {"choice": {"true": 1}},
        "sidedness": {"fixed": "left"},
    }
    plain = scenario.model_dump(exclude_unset=True)
    plain["candidates"]["variables"] |= variables
    shown = promised(protocol, {f"variables.{name}.baseline": True for name in ("compliant", "last_chemotherapy")})
    other = Scenario.model_validate(plain)
    assert differences(shown, other, seed=4, trials=2) == []
    found = simulate.many(shown, other, 1, 4).values
    assert found["final/baseline/ITT/all/share/compliant=yes"][0] == 1
    assert found["final/baseline/ITT/all/median/age"][0] in {50, 60.5, 72}


def test_drugs_given_late_in_their_cycle_and_events_long_after_the_last_dose() -> None:
    protocol, scenario = study("tiny")
    days = [protocol.interventions[0].model_dump(), protocol.interventions[1].model_dump()]
    days[0]["cycle"], days[1]["cycle"] = {"days": 21, "dosing_days": (8, 10)}, {"days": 28, "dosing_days": (3, 5)}
    rest = promised(protocol, {"interventions": days, "safety.window.days_after_last_dose": 40})
    toxic = {"new": 0.5, "standard": 0.5}
    busy = supposed(supposed(scenario, "treatment", stops_for_toxicity=toxic), "treatment", delayed_cycles=0.5)
    assert differences(rest, busy, seed=6, trials=4) == []


def replayed(name: str, n: int = 230, seed: int = 8, **options: Any) -> simulate.Replays:
    protocol, scenario = study(name)
    return simulate.many(small(protocol), scenario, n, seed, **options)


def same(one: simulate.Replays, other: simulate.Replays, part: slice = slice(None)) -> bool:
    equal = (np.array_equal(values[part], other.values[key], equal_nan=True) for key, values in one.values.items())
    return set(one.values) == set(other.values) and all(equal)


def backwards(work: Callable[[Any], Any], parts: Iterable[Any]) -> Iterator[Any]:
    """Do the last part first, as an idle machine might."""
    return reversed([work(part) for part in reversed(list(parts))])


def test_results_depend_on_no_executor_and_on_no_other_trial() -> None:
    whole = replayed("tiny")
    with ThreadPoolExecutor(2) as pool:
        assert same(whole, replayed("tiny", map=pool.map))
    assert same(whole, replayed("tiny", map=backwards))
    assert same(whole, replayed("tiny", n=130, first=100), slice(100, 230))
    assert same(whole, replayed("tiny", n=1, first=229), slice(229, 230))


def test_results_depend_on_no_size_of_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = replayed("tiny", n=45)
    monkeypatch.setattr(sys.modules["trialwright.simulate.many"], "CHUNK", 7)
    assert same(whole, replayed("tiny", n=45))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_records_and_another_seed_other_patients(name: str) -> None:
    protocol, scenario = study(name)
    protocol = small(protocol)

    def records(seed: int, number: int = 0) -> TrialData:
        return simulate.trial(protocol, scenario, seed, number)

    assert records(1).hash == records(1).hash
    answers = [records(seed, number)["answers"] for seed, number in ((1, 0), (2, 0), (1, 1))]
    assert not any(one.equals(other) for i, one in enumerate(answers) for other in answers[:i])


@pytest.mark.parametrize("n", [0, -3])
def test_a_number_of_replays_below_one_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match=rf"n must be at least 1 trial; got {n}"):
        replayed("tiny", n=n)


def test_a_mean_is_over_the_trials_in_which_the_number_is_known() -> None:
    replays = simulate.Replays({"x": np.array([1.0, 3.0, np.inf, np.nan]), "y": np.array([np.nan, 1.0])}, 4, 1)
    assert replays.mean("x") == (2.0, 1.0)
    assert all(np.isnan(replays.mean("y")))
