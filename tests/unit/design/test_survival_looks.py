"""A design in whole events: what is printed is the design of the rounded events."""

import math

import pytest

from trialwright.design import (
    ArmRates,
    Futility,
    Spending,
    Stratum,
    SupposedTrial,
    drift_for_power,
    expected_events,
    expected_information,
    group_sequential_power,
    log_rank_mean,
    observed_boundaries,
    pampallona_tsiatis_boundaries,
    planned_looks,
    spending_boundaries,
    survival_looks,
    uniform_accrual,
)

OF = Spending("obrien-fleming")


def bounds(events, sides=1, futility=None):
    fractions = [d / events[-1] for d in events]
    return spending_boundaries(fractions, OF, alpha=0.025 * sides, sides=sides, futility=futility)


def design(events=(76, 127), **more):
    return survival_looks(lambda d: bounds(d, **more), events, hazard_ratio=0.59, ratio=2)


def test_looks_at_76_and_127_events():
    found = design()
    assert [look.upper for look in found.looks] == pytest.approx([2.672699922730, 1.980719180926], abs=1e-11)
    assert found.events == (76, 127) and [look.further_events for look in found.looks] == [76, 51]
    assert [look.lower for look in found.looks] == [None, None]
    # Schoenfeld: HR = exp(-z (1 + r) / sqrt(r d))
    expected = [math.exp(-z * 3 / math.sqrt(2 * d)) for z, d in ((2.672699922730, 76), (1.980719180926, 127))]
    assert [look.hazard_ratio_upper for look in found.looks] == pytest.approx(expected, rel=1e-11)
    assert found.power == pytest.approx(0.7971, abs=5e-5)
    assert math.fsum(look.chance_upper_null for look in found.looks) == pytest.approx(0.025, abs=1e-12)


def test_published_looks_of_monaleesa_7():
    # Im et al. (2019, N Engl J Med 381:307-316): deaths 89 and 192 of 252 planned, P to go below 0.01018 at the second
    looks = survival_looks(bounds, [89, 192, 252], hazard_ratio=0.7, ratio=1).looks
    assert round(looks[1].nominal_p, 5) == 0.01018


def test_published_look_of_pacific():
    # Antonia et al. (2018, N Engl J Med 379:2342-2350): 299 of 491 deaths, two-sided 0.025, so a 99.73 % interval
    plan = spending_boundaries([299 / 491, 1], OF, alpha=0.025, sides=2)
    assert round(plan.nominal[0], 5) == 0.00274
    assert round(100 * (1 - plan.nominal[0]), 2) == 99.73


def test_when_the_events_are_expected():
    arms = Stratum(ArmRates.of(0.59 * math.log(2) / 3.6), ArmRates.of(math.log(2) / 3.6))
    trial = SupposedTrial(uniform_accrual(198, 42), (arms,), ratio=2)
    last = survival_looks(bounds, [76, 127], hazard_ratio=0.59, ratio=2, trial=trial).looks[-1]
    assert last.month == pytest.approx(34.419317, abs=1e-5)
    assert last.patients == pytest.approx(162.2625, abs=1e-3)
    assert expected_events(trial, last.month).events == pytest.approx(127, abs=1e-8)


def test_expected_events_are_those_of_the_boundaries():
    futility = Futility(binding=False, bounds=(0.2, 0.8))
    found, plan = design((40, 80, 127), futility=futility), bounds((40, 80, 127), futility=futility)
    drift = log_rank_mean(0.59, events=127, ratio=2)
    assert found.expected_events == pytest.approx(127 * expected_information(plan, drift), rel=1e-13)
    assert found.expected_events_null == pytest.approx(127 * expected_information(plan, 0.0), rel=1e-13)
    for look in found.looks:
        stops = group_sequential_power(plan, drift)
        assert (look.chance_upper, look.chance_lower) == (stops.above[look.look - 1], stops.below[look.look - 1])
    assert found.looks[0].hazard_ratio_lower == pytest.approx(math.exp(-0.2 * 3 / math.sqrt(80)), rel=1e-13)


def test_a_wedge_has_a_bound_and_a_chance_of_its_own():
    found = design((40, 80, 127), sides=2, futility=Futility(binding=True, bounds=(0.0, 0.5)))
    assert [look.inner for look in found.looks][:2] == [None, 0.5]
    assert found.looks[2].inner == found.looks[2].upper
    assert found.looks[0].chance_inner == 0 < found.looks[1].chance_inner_null
    total = math.fsum(k.chance_upper_null + k.chance_lower_null + k.chance_inner_null for k in found.looks)
    assert total == pytest.approx(1, abs=1e-12)


def test_fewest_events_for_a_power():
    found = planned_looks(bounds, [0.6, 1], power=0.8, hazard_ratio=0.59, ratio=2)
    exact = (drift_for_power(bounds([0.6, 1]), 0.8) / math.log(0.59)) ** 2 * 9 / 2
    assert found.events[-1] == math.ceil(exact)
    assert found.power >= 0.8 > survival_looks(bounds, [76, 127], hazard_ratio=0.59, ratio=2).power
    assert found.looks[-1].upper == bounds(found.events).upper[-1]


def test_rounding_that_costs_power_is_paid_for():
    found = planned_looks(bounds, [0.31, 0.62, 1], power=0.9, hazard_ratio=0.3, ratio=1)
    assert found.power >= 0.9
    fewer = [*(round(fraction * (found.events[-1] - 1)) for fraction in (0.31, 0.62)), found.events[-1] - 1]
    assert survival_looks(bounds, fewer, hazard_ratio=0.3, ratio=1).power < 0.9


def test_events_beyond_the_plan_count_as_more_information():
    def observed(events):
        return observed_boundaries(events, 127, OF, alpha=0.025, sides=1, last=True)

    found = survival_looks(observed, [76, 140], hazard_ratio=0.59, ratio=2)
    drift = log_rank_mean(0.59, events=127, ratio=2)
    stops = group_sequential_power(observed([76, 140]), drift)
    assert found.power == pytest.approx(sum(stops.above), abs=1e-14)
    assert found.looks[1].hazard_ratio_upper == pytest.approx(math.exp(-found.looks[1].upper * 3 / math.sqrt(280)))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: design((127, 76)), "In order: 76, 127"),
        (lambda: design((76, 76, 127)), "In order: 76, 127"),
        (
            lambda: survival_looks(lambda d: bounds([0.5, 1]), [76, 127], hazard_ratio=0.6, ratio=2),
            "must be for the fractions",
        ),
        (lambda: design((76.5, 127)), "whole numbers"),
        (lambda: design(()), "whole numbers"),
        (lambda: planned_looks(bounds, [0.6, 1], power=0.8, hazard_ratio=1.2, ratio=2), r"in \(0, 1\)"),
        (lambda: planned_looks(bounds, [0.6, 0.9], power=0.8, hazard_ratio=0.3, ratio=1), "end with 1"),
        (lambda: planned_looks(bounds, [0.01, 1], power=0.8, hazard_ratio=0.3, ratio=1), "fall on .0, "),
        (lambda: planned_looks(bounds, [0.6, 1], power=1.2, hazard_ratio=0.7, ratio=2), "power must be"),
        (lambda: planned_looks(bounds, [0.6, 1], power=0.9, hazard_ratio=0.9999, ratio=2), "more than 1e.07"),
        (
            lambda: pampallona_tsiatis_boundaries([1], 0, alpha=0.3, beta=0.8, sides=1, binding=True),
            "without any",
        ),
        (lambda: pampallona_tsiatis_boundaries([1], 2, alpha=0.3, beta=0.8, sides=1, binding=True), "delta must be"),
        (lambda: Spending("hwang-shih-decani", -1e3), "The nearest is -50"),
        (lambda: Spending("kim-demets", 80.0), "The nearest is 50"),
        (lambda: Spending("hwang-shih-decani", 0.0), "a straight line is kim-demets 1"),
        (lambda: bounds([0.6, 1.2, 1.0]), "must rise"),
        (lambda: spending_boundaries([0.6, 1.2], OF, alpha=0.025, sides=1), "Divided by the last they are 0.5, 1"),
        (lambda: spending_boundaries([0.3, 0.6], OF, alpha=0.025, sides=1), "Add the final look: 0.3, 0.6, 1"),
    ],
)
def test_designs_that_cannot_be(call, said):
    with pytest.raises(ValueError, match=said):
        call()
