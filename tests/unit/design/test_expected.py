"""Expected events, event numbers and log-rank tests: against quadrature, by hand, and in cases that must agree."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from trialwright.design import (
    ArmRates,
    FixedPlan,
    Steps,
    Stratum,
    SupposedTrial,
    dropout_hazard,
    event_numbers,
    expected_events,
    expected_log_rank,
    time_of_events,
    uniform_accrual,
)
from trialwright.stats import FlemingHarrington

ONE = Stratum(ArmRates.of(0.1), ArmRates.of(0.2))
CONTROL = Steps((0, 3, 8), (0.12, 0.08, 0.05))
ACCRUAL = Steps((0, 3, 6, 24), (8, 16, 24, 0))


def trial(stratum=ONE, ratio=1.0, **more):
    return SupposedTrial(uniform_accrual(90, 12), (stratum,), ratio, **more)


@pytest.mark.parametrize("time", [2, 12.5, 28.6, 60])
@pytest.mark.parametrize("longest", [math.inf, 7.5])
def test_quadrature(time, longest):
    arms = Stratum(ArmRates.of(CONTROL.times(0.7), 0.01), ArmRates.of(CONTROL, Steps((0, 5), (0.02, 0))))
    found = expected_events(SupposedTrial(ACCRUAL, (arms,), 2, longest), time)
    for arm, share, events in (
        (arms.experimental, 2 / 3, found.experimental[0]),
        (arms.control, 1 / 3, found.control[0]),
    ):
        end = min(time, longest)
        edges = sorted({0, end, *(x for x in (3, 5, 8, time - 3, time - 6, time - 24) if 0 < x < end)})

        def density(s, arm=arm):
            staying = math.exp(-float(arm.hazard.until([s])[0]) - float(arm.dropout.until([s])[0]))
            return float(ACCRUAL.until([time - s])[0]) * float(arm.hazard.at([s])[0]) * staying

        pieces = (quad(density, a, b, epsabs=1e-13)[0] for a, b in pairwise(edges))
        assert events == pytest.approx(share * sum(pieces), rel=1e-11)


def test_by_hand():
    # All enter at a constant rate over 12; at 18 a patient has been followed u in (6, 18), uniform.
    chance = 1 - (math.exp(-0.2 * 6) - math.exp(-0.2 * 18)) / (0.2 * 12)
    assert expected_events(trial(), 18).control[0] == pytest.approx(45 * chance, rel=1e-13)
    assert expected_events(trial(), 6).enrolled == 45
    assert expected_events(trial(), 0).events == 0


def test_no_hazard_no_events():
    assert expected_events(trial(Stratum(ArmRates.of(0), ArmRates.of(0, 0.1))), 18).events == 0


def test_nobody_is_followed_longer_than_agreed():
    # After accrual and 6 more, each patient has had 6 of follow-up whenever he came.
    found = expected_events(trial(longest=6), 100)
    assert found.control[0] == pytest.approx(45 * (1 - math.exp(-0.2 * 6)), rel=1e-13)


@given(st.floats(0.1, 89), st.floats(0.01, 2), st.floats(0.2, 3))
def test_time_undoes_events(events, hazard, ratio):
    one = trial(Stratum(ArmRates.of(hazard), ArmRates.of(2 * hazard)), ratio)
    assert expected_events(one, time_of_events(one, events)).events == pytest.approx(events, rel=1e-9)


def test_events_that_never_come_are_refused():
    lossy = trial(Stratum(ArmRates.of(0.1, 0.1), ArmRates.of(0.1, 0.1)))
    with pytest.raises(ValueError, match="events must be at most the 45 that 90 patients ever have; got 46"):
        time_of_events(lossy, 46)


def test_two_equal_strata_are_one():
    halves = (Stratum(ONE.experimental, ONE.control, 0.5),) * 2
    two = SupposedTrial(uniform_accrual(90, 12), halves)
    assert expected_events(two, 18).events == pytest.approx(expected_events(trial(), 18).events, rel=1e-14)
    for stratified in (True, False):
        found = expected_log_rank(two, 18, weight=FlemingHarrington(0, 1), stratified=stratified)
        one = expected_log_rank(trial(), 18, weight=FlemingHarrington(0, 1))
        assert (found.score, found.variance) == pytest.approx((one.score, one.variance), rel=1e-12)


def test_strata_that_matter_pay_for_a_stratified_test():
    strata = tuple(Stratum(ArmRates.of(0.6 * h), ArmRates.of(h), 0.5) for h in (0.05, 0.4))
    two = SupposedTrial(uniform_accrual(200, 12), strata)
    powers = [expected_log_rank(two, 24, stratified=s).power(alpha=0.05, sides=2) for s in (True, False)]
    assert powers[0] > powers[1] + 0.02


def test_no_effect():
    found = expected_log_rank(trial(Stratum(ArmRates.of(0.2), ArmRates.of(0.2))), 18)
    assert found.score == pytest.approx(0, abs=1e-13)
    assert found.average_hazard_ratio == pytest.approx(1)
    assert found.variance == pytest.approx(found.events / 4, rel=1e-12)
    assert found.power(alpha=0.05, sides=2) == pytest.approx(0.025)


@given(st.floats(0.02, 0.3), st.floats(0.3, 3), st.floats(0.3, 3))
def test_arms_exchanged(hazard, hazard_ratio, ratio):
    arms = ArmRates.of(hazard * hazard_ratio, 0.01), ArmRates.of(hazard, 0.02)
    found = expected_log_rank(trial(Stratum(*arms), ratio), 18, weight=FlemingHarrington(0.5, 0))
    turned = expected_log_rank(trial(Stratum(*arms[::-1]), 1 / ratio), 18, weight=FlemingHarrington(0.5, 0))
    assert turned.score == pytest.approx(-found.score, rel=1e-9, abs=1e-12)
    assert turned.variance == pytest.approx(found.variance, rel=1e-9)
    assert turned.average_hazard_ratio == pytest.approx(1 / found.average_hazard_ratio, rel=1e-9)


def test_average_hazard_ratio_of_no_hazard_is_none():
    arms = Stratum(ArmRates.of(Steps((0, 3), (0, 0.1))), ArmRates.of(0.1))
    assert expected_log_rank(trial(arms), 18).average_hazard_ratio is None


PLAN = FixedPlan(accrual=42, follow_up=6, control=Steps.of(math.log(2) / 3.6), dropout=Steps.of(0.01))
ASKED = {"power": 0.8, "alpha": 0.05, "sides": 2, "ratio": 2}


def test_rubinstein_by_hand():
    row = next(r for r in event_numbers(0.59, **ASKED, plan=PLAN) if r.formula == "Rubinstein-Gail-Santner")
    found = PLAN.expected(0.59, ratio=2)
    # Its patients are those for whom 1/d1 + 1/d2 = (log h / z)^2, z = 1.959964 + 0.841621.
    variance = (1 / found.experimental[0] + 1 / found.control[0]) / row.patients
    assert math.sqrt(variance) == pytest.approx(abs(math.log(0.59)) / 2.801585, rel=1e-6)


def test_formulas_meet_near_no_effect_at_one_to_one():
    near = event_numbers(0.98, **ASKED | {"ratio": 1}, plan=PLAN)
    assert [row.events for row in near] == pytest.approx([near[0].events] * len(near), rel=0.002)


def test_a_margin():
    rows = {row.formula: row for row in event_numbers(1.0, **ASKED | {"ratio": 1}, margin=1.3, plan=PLAN)}
    # Schoenfeld: 4 (2.801585 / log 1.3)^2.
    assert rows["Schoenfeld"].events == pytest.approx(4 * (2.801585 / math.log(1.3)) ** 2, rel=1e-6)
    assert rows["Freedman"].events is None
    assert rows["Freedman"].problem == "has no margin other than 1"
    others = [rows[name].events for name in ("Lachin-Foulkes", "Bernstein-Lagakos", "Rubinstein-Gail-Santner")]
    assert others == pytest.approx([rows["Schoenfeld"].events] * 3, rel=0.03)


def test_a_margin_in_lachin_and_foulkes():
    def chance(hazard):  # uniform entry over 12, analysis at 18, nobody leaves
        return 1 - (math.exp(-6 * hazard) - math.exp(-18 * hazard)) / (12 * hazard)

    plan = FixedPlan(accrual=12, follow_up=6, control=Steps.of(0.1))
    found = {row.formula: row for row in event_numbers(0.9, **ASKED, margin=1.3, plan=plan)}["Lachin-Foulkes"]
    # Without an effect 2/3 of the patients have 1.3 times the hazard of the others, and the mean hazard is what it is.
    control = (2 * 0.09 + 0.1) / (2 * 1.3 + 1)
    null = 1.5 / chance(1.3 * control) + 3 / chance(control)
    alternative = 1.5 / chance(0.09) + 3 / chance(0.1)
    patients = ((1.959964 * math.sqrt(null) + 0.841621 * math.sqrt(alternative)) / math.log(0.9 / 1.3)) ** 2
    assert found.patients == pytest.approx(patients, rel=1e-6)


def test_without_a_plan_formulas_say_what_they_need():
    rows = event_numbers(0.59, **ASKED)
    assert [row.problem for row in rows[:3]] == [None] * 3
    assert {row.problem for row in rows[3:]} == {"needs accrual, follow-up and the control arm's hazard"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Steps((0, 3), (1,)), "starts and rates must be as many"),
        (lambda: Steps((1,), (1,)), "starts must begin at 0"),
        (lambda: Steps((0,), (-1,)), "rates must be finite and at least 0"),
        (lambda: SupposedTrial(Steps.of(5), (ONE,)), "accrual must bring patients and end"),
        (
            lambda: SupposedTrial(ACCRUAL, (Stratum(ONE.experimental, ONE.control, 0.5),)),
            "must be above 0 and add to 1",
        ),
        (lambda: trial(ratio=0), "ratio must be a finite number greater than 0; got 0"),
        (lambda: trial(longest=0), "longest must be greater than 0; got 0"),
        (lambda: uniform_accrual(0, 12), "patients must be a finite number greater than 0; got 0"),
        (lambda: dropout_hazard(2, within=12), "probability must be in"),
        (lambda: dropout_hazard(0.02, within=0), "within must be a finite number greater than 0"),
        (lambda: expected_events(trial(), -1), "time must be a finite number of at least 0; got -1"),
        (lambda: time_of_events(trial(), 0), "events must be a finite number greater than 0; got 0"),
        (lambda: expected_log_rank(trial(), 0), "time must be a finite number greater than 0; got 0"),
        (lambda: expected_log_rank(trial(), 18, margin=0), "margin must be a finite number greater than 0; got 0"),
        (lambda: expected_log_rank(trial(Stratum(ArmRates.of(0), ArmRates.of(0))), 18), "none are by 18"),
        (lambda: expected_log_rank(trial(), 18).power(alpha=0.05, sides=3), "sides must be 1 or 2; got 3"),
        (lambda: FixedPlan(12, -1, Steps.of(1)), "follow_up must be a finite number of at least 0; got -1"),
        (lambda: event_numbers(1.3, **ASKED, margin=1.3), "hazard_ratio must differ from 1.3"),
        (lambda: event_numbers(1.0, **ASKED, margin=0), "margin must be a finite number greater than 0; got 0"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
