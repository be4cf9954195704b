"""The operating-characteristics card: formulas, simulated rows and what is supposed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from virtual_trial import study

from trialwright.design import ArmRates, Steps, power_schoenfeld
from trialwright.protocol import Protocol
from trialwright.simulate import Card, CardRow, calibrate_bound, design_card, suppositions
from trialwright.simulate.card_runs import UNIT, Run, simulate_runs
from trialwright.simulate.card_variants import variants, without_effect
from trialwright.simulate.planned import as_planned

TRUTH = {"as planned": (0.8097, 0.0295, 0.0232), "allocated 1:1": (0.836, 0.0259, 0.0255)}
"""Power and both error tails of PALMIRA at 127 events from 400,000 to 20 million trials of another program."""
POWER = {
    "scans every 8 weeks (the protocol's)": 0.803,
    "the same, up to 7 days before or after": 0.802,
    "scans every 12 weeks": 0.797,
    "4 equal strata, stratified": 0.790,
    "4 strata, hazards to ×2.2, unstratified": 0.766,
    "4 strata, hazards to ×2.2, stratified": 0.784,
}
BY_EVENTS = {111: 0.7576, 122: 0.7945, 125: 0.8037, 126: 0.8067, 127: 0.8097, 133: 0.8267}
"""Of ten million trials each."""


def make(*, scenario: bool = False, trials: int = 4000, **more: Any) -> Card:
    protocol, supposed = study("palmira")
    rests_on = suppositions(protocol, supposed)
    return design_card(protocol, supposed if scenario else None, rests_on, trials=trials, seed=5, **more)


@pytest.fixture(scope="module")
def card() -> Card:
    return make(trials=20_000, other_trials=20_000, workers=2)


def within(found: Any, truth: float, errors: float = 4.0, of_truth: float = 0.0005) -> bool:
    return bool(abs(found.value - truth) < errors * math.hypot(found.se, of_truth))


@pytest.mark.parametrize(
    ("formula", "events"),
    [("Schoenfeld", 126.87), ("Freedman", 110.95), ("Hsieh-Freedman", 132.80), ("Rubinstein-Gail-Santner", 124.03),
     ("Bernstein-Lagakos", 121.94), ("Lachin-Foulkes", 125.08), ("Average hazard ratio", 126.01)],
)  # fmt: skip
def test_each_formula_stands_beside_the_simulated_truth(card: Card, formula: str, events: float) -> None:
    (row,) = [row for row in card.formulas if row.formula == formula]
    assert row.events == pytest.approx(events, abs=0.005)
    assert row.whole == math.ceil(events)
    assert row.problem is None
    assert row.power is not None and within(row.power, BY_EVENTS[row.whole])
    assert row.upper is not None and row.lower is not None


def test_the_main_row_is_what_palmira_shows(card: Card) -> None:
    for label, (power, upper, lower) in TRUTH.items():
        (row,) = [row for row in card.rows if row.label == label]
        assert row.upper is not None and row.lower is not None
        assert within(row.power, power) and within(row.upper, upper) and within(row.lower, lower), label
    assert card.main.month.mean == pytest.approx(34.28, abs=0.05)
    assert card.main.month.quantiles[0] == pytest.approx(31.9, abs=0.1)
    assert 161 < card.main.enrolled.mean < 163


@pytest.mark.parametrize(("label", "power"), POWER.items())
def test_scans_and_strata_cost_what_they_cost(card: Card, label: str, power: float) -> None:
    (row,) = [row for row in card.rows if row.label == label]
    assert within(row.power, power, of_truth=0.0008)


def test_the_calibrated_bound_holds_the_level(card: Card) -> None:
    made = card.main.calibration
    assert made is not None
    assert made.bound == pytest.approx(2.03, abs=4 * made.se)
    assert within(made.power, 0.791)
    assert made.power.se > math.sqrt(made.power.value * (1 - made.power.value) / card.main.trials)


def test_an_effect_that_begins_late_costs_power_the_later_the_more(card: Card) -> None:
    late = [row.power.value for row in card.rows if row.group == "hazards"]
    assert card.main.power.value > late[0] > late[1]
    assert all(row.calibration is None for row in card.rows if row.group == "hazards")


def test_schoenfelds_curve_meets_its_formula(card: Card) -> None:
    for point in card.curve:
        said = power_schoenfeld(0.59, events=point.events, alpha=0.05, sides=2, ratio=2)
        assert point.formula == said
        # The formula is of the first order: its error falls with the events.
        assert abs(point.simulated.value - said) < 0.01 + 1.5 / point.events
    assert {111, 122, 125, 126, 127, 133} <= {point.events for point in card.curve}


def test_the_course_is_that_of_the_plan(card: Card) -> None:
    at = min(card.course, key=lambda point: abs(point.month - 34.4))
    assert at.events == pytest.approx(127, abs=3)
    assert at.lower < at.events < at.upper
    assert card.course[-1].patients == pytest.approx(198)


def test_what_is_promised_and_what_is_supposed_keep_their_status(card: Card) -> None:
    promised = {each.name: each for each in card.promise}
    assert (promised["events"].text, promised["events"].status) == ("not stated", "unknown")
    assert promised["hazard ratio"].status == "stated"
    assert [(each.name, each.value, each.status) for each in card.suppositions.known] == [
        ("control median", 3.6, "assumed"), ("accrual", 42, "assumed"), ("follow-up", 6, "assumed"),
        ("dropout", 0, "assumed"),
    ]  # fmt: skip


def test_options_come_before_files_and_the_protocol_before_the_scenario() -> None:
    protocol, scenario = study("palmira")
    stated = protocol.model_copy(
        update={"sample_size": protocol.sample_size.model_copy(update={"control_median_months": 5.0})}
    )
    median = suppositions(stated, scenario).control_median
    assert median is not None and median.value == 5.0
    given = suppositions(stated, scenario, control_median=4, accrual=30)
    assert given.control_median is not None and (given.control_median.value, given.control_median.status) == (
        4,
        "option",
    )
    alone = suppositions(protocol, None).accrual
    assert alone is not None and (alone.value, alone.status) == (24, "stated")
    assert suppositions(protocol, None).control_median is None


def test_the_scenario_shows_each_cut_off_with_all_looks_together() -> None:
    found = make(scenario=True, trials=2000, other_trials=1000)
    assert [look.planned_events for look in found.looks] == [155, None]
    assert found.looks[0].trials == 1000
    assert 42 < found.looks[0].month.mean < 47
    assert found.any_look is not None
    assert found.any_look.value >= max(look.upper.value for look in found.looks)


def test_a_protocol_of_another_kind_has_its_own_card() -> None:
    protocol, scenario = study("tiny")
    larger = changed(protocol, patients=120)
    supposed = suppositions(larger, scenario, control_median=6)
    found = design_card(larger, scenario, supposed, trials=2000, other_trials=500, seed=1)
    assert found.ratio == (1, 1)
    assert not any(row.group == "allocation" for row in found.rows)
    assert found.rows[1].label == "scans every 6, then every 12 weeks (the protocol's)"
    assert [row.problem for row in found.formulas if row.formula == "Lachin-Foulkes"] == [
        "needs accrual, follow-up and the control arm's hazard"
    ]
    assert found.level == pytest.approx(0.1)


def test_the_numbers_do_not_depend_on_the_threads_nor_on_other_rows() -> None:
    one, two = (make(trials=700, other_trials=300, workers=workers) for workers in (1, 2))
    assert numbers(one.rows) == numbers(two.rows)
    more = make(trials=900, other_trials=300)
    assert [row.power for row in more.rows if row.group == "strata"] == [
        row.power for row in one.rows if row.group == "strata"
    ]


def numbers(rows: tuple[CardRow, ...]) -> list[Any]:
    return [(row.power, row.upper, row.lower, row.month.mean, row.calibration) for row in rows]


def test_units_of_work_join_to_the_same_trials() -> None:
    plan = as_planned(study("palmira")[0], accrual=42, control_median=3.6)
    told: list[tuple[int, int]] = []
    runs = {"long": Run(plan, UNIT + 500), "short": Run(plan, 500)}
    found = simulate_runs(runs, 9, workers=2, progress=lambda done, of: told.append((done, of)))
    assert found["long"].z.shape == (UNIT + 500, 1)
    assert np.array_equal(found["long"].z[:500], found["short"].z)
    assert told[-1] == (UNIT + 1000, UNIT + 1000)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_without_its_effect_a_trial_has_two_control_arms() -> None:
    plan = as_planned(study("palmira")[0], accrual=42, control_median=3.6, dropout=0.01)
    (one,) = plan.supposed.strata
    changed = replace(
        plan, supposed=replace(plan.supposed, strata=(replace(one, experimental=leaving(one.experimental)),))
    )
    (null,) = without_effect(changed).supposed.strata
    assert null.experimental == null.control == one.control


def leaving(arm: ArmRates) -> ArmRates:
    return replace(arm, dropout=Steps.of(0.5))


def test_a_trial_without_strata_has_no_rows_of_strata() -> None:
    protocol = study("palmira")[0]
    plain = protocol.model_copy(update={"randomization": protocol.randomization.model_copy(update={"strata": ()})})
    plan = as_planned(plain, accrual=42, control_median=3.6)
    assert {each.group for each in variants(plain, plan, 3.6)} == {"planned", "allocation", "scans", "hazards"}


def test_events_beyond_the_patients_are_told_row_by_row() -> None:
    found = make_with(patients=128)
    told = {row.formula: row.problem for row in found.formulas}
    assert told["Hsieh-Freedman"] == "133 events cannot come of 128 patients"
    assert told["Schoenfeld"] is None


def make_with(**changes: Any) -> Card:
    protocol, scenario = study("palmira")
    other = changed(protocol, **changes)
    return design_card(other, None, suppositions(other, scenario), trials=200, other_trials=100, seed=1)


def changed(protocol: Protocol, **changes: Any) -> Protocol:
    return protocol.model_copy(update={"sample_size": protocol.sample_size.model_copy(update=changes)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"patients": 100}, "at least as many patients"), ({"hazard_ratio": 1.0}, "must differ from 1")],
)
def test_what_cannot_be_simulated_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_with(**changes)


def test_the_missing_suppositions_are_named() -> None:
    protocol, _ = study("palmira")
    with pytest.raises(ValueError, match=r"--control-median, in months; or a section planning"):
        design_card(protocol, None, suppositions(protocol, None), trials=100, seed=1)


def test_a_quantile_needs_enough_trials_beyond_it() -> None:
    z = np.linspace(-3, 3, 1001)
    found = calibrate_bound(z, z + 1, 0.025)
    assert found is not None
    assert (z >= found.bound).sum() == 25
    assert found.power.value == pytest.approx((z + 1 >= found.bound).mean())
    assert calibrate_bound(z[:50], z[:50], 0.025) is None
    assert calibrate_bound(np.full(1000, np.nan), z, 0.025) is None


def test_the_error_of_the_quantile_is_that_of_normal_samples() -> None:
    """Stuart and Ord 1994, 10.10: se = sqrt(p (1 - p) / n) / f(q), here of 400 samples of 4,000."""
    chance = np.random.default_rng(1)
    found = [calibrate_bound(chance.normal(size=4000), np.zeros(10), 0.025) for _ in range(400)]
    bounds = np.array([each.bound for each in found if each])
    density = math.exp(-(1.95996**2) / 2) / math.sqrt(2 * math.pi)
    expected = math.sqrt(0.025 * 0.975 / 4000) / density
    assert np.mean([each.se for each in found if each]) == pytest.approx(expected, rel=0.1)
    assert bounds.std() == pytest.approx(expected, rel=0.15)
