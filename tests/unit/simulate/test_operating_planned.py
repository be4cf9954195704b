"""A study as a designed trial: what is taken over, what is refused, and how near it is to the full simulator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from virtual_trial import study

from trialwright import simulate
from trialwright.protocol import Assessments, Protocol
from trialwright.simulate import as_planned, designed, simulate_design
from trialwright.simulate.planned import _schedule


def test_palmira_is_taken_over() -> None:
    plan = designed(*study("palmira"))
    assert (plan.patients, plan.allocation.ratio, plan.grid, plan.entering) == (198, (2, 1), 1.0, "poisson")
    assert [look.trigger.events for look in plan.looks] == [155, None]
    assert plan.looks[1].trigger.time == 1670
    assert plan.scans is not None
    assert (plan.scans.starts, plan.scans.every, plan.scans.gap) == ((0.0,), (56.0,), None)
    assert plan.scans.missed == pytest.approx(0.03)
    assert plan.scans.window == pytest.approx(3 * math.sqrt(3))
    assert sum(stratum.share for stratum in plan.supposed.strata) == pytest.approx(1)
    assert plan.supposed.patients == pytest.approx(198)
    assert plan.test.stratified


def test_strata_carry_their_prognosis() -> None:
    protocol, scenario = study("palmira")
    hazards = {stratum.control.hazard.rates[0] for stratum in designed(protocol, scenario).supposed.strata}
    products = [1.0]
    for effects in scenario.prognosis.values():
        products = [one * factor for one in products for factor in effects.values()]
    death = scenario.death_before_progression["B"]
    expected = {(scenario.progression["B"].hazard[0] * one + death) / simulate_days() for one in products}
    assert {round(hazard, 12) for hazard in hazards} <= {round(hazard, 12) for hazard in expected}


def simulate_days() -> float:
    return 365.25 / 12


@pytest.mark.parametrize(
    ("every_weeks", "starts", "every"),
    [
        (((0, 8),), (0.0,), (56.0,)),
        (((0, 8), (48, 12)), (0.0, 336.0), (56.0, 84.0)),
        (((0, 8), (20, 12)), (0.0, 168.0), (56.0, 84.0)),
        (((0, 8), (1, 4), (2, 12)), (0.0, 56.0), (56.0, 84.0)),
    ],
)
def test_the_schedule_changes_at_the_first_scan_after_a_start(
    every_weeks: tuple[tuple[int, float], ...], starts: tuple[float, ...], every: tuple[float, ...]
) -> None:
    plan = Assessments(
        criteria="RECIST 1.1", every_weeks=every_weeks, window_days=7, baseline_within_days=28, until="progression"
    )
    assert (_schedule(plan).starts, _schedule(plan).every) == (starts, every)


def test_the_sample_size_as_planned() -> None:
    protocol, _ = study("palmira")
    plan = as_planned(protocol, accrual=42, control_median=3.6)
    assert (plan.patients, plan.looks[0].trigger.events) == (198, 127)
    assert plan.looks[0].upper == pytest.approx(1.959963984540054)
    null = as_planned(protocol, accrual=42, control_median=3.6, hazard_ratio=1.0, dropout=0.01)
    assert null.supposed.strata[0].experimental.hazard == null.supposed.strata[0].control.hazard
    assert null.supposed.strata[0].experimental.dropout.rates == (0.01,)
    scanned = as_planned(protocol, accrual=42, control_median=3.6, scanned=True)
    assert scanned.scans is not None
    assert scanned.scans.every[0] == pytest.approx(56 / simulate_days())
    power = [simulate_design(each, 20_000, 1).summary().above_any.value for each in (plan, scanned)]
    assert power == pytest.approx([0.8097, 0.803], abs=0.012)


def test_a_median_that_nobody_states_is_asked_for() -> None:
    with pytest.raises(ValueError, match="control_median must be given in months"):
        as_planned(study("palmira")[0], accrual=42)


def test_endpoints_and_cuts_that_cannot_be_told_are_refused() -> None:
    protocol, scenario = study("palmira")
    with pytest.raises(ValueError, match="endpoint must be a time to progression; ORR is none"):
        designed(protocol, scenario, endpoint="ORR")
    other = next(e.id for e in protocol.endpoints if e.kind == "time to event" and e.id != "PFS")
    cuts = [cut.model_copy(update={"endpoint": other} if cut.events else {}) for cut in protocol.analysis.cuts]
    plain = protocol.model_dump()
    plain["analysis"]["cuts"] = [cut.model_dump() for cut in cuts]
    with pytest.raises(ValueError, match=f"cut first waits for events of {other}, not of PFS"):
        designed(Protocol.model_validate(plain), scenario)


def test_the_lowering_is_near_the_record_level_simulator() -> None:
    """Deaths and symptoms are seen earlier there, so its first cut comes sooner; sites vary, so it varies more."""
    protocol, scenario = study("palmira")
    card = simulate_design(designed(protocol, scenario), 4000, 1, hazard_ratios=True).summary()
    full = simulate.many(protocol, scenario, 200, 1)
    for look, cut in zip(card.looks, protocol.analysis.cuts, strict=True):
        enrolled, spread = full.mean(f"{cut.id}/flow/screened/all/randomized")
        assert abs(look.enrolled.mean - enrolled) < 1 + 4 * spread
        ratios = full.values[f"{cut.id}/PFS/ITT/A v B/hazard ratio"]
        logs = np.log(ratios[np.isfinite(ratios)])
        assert look.log_hazard_ratio is not None
        assert abs(look.log_hazard_ratio.mean - logs.mean()) < 0.03 + 4 * logs.std() / math.sqrt(len(logs))
        z, spread = full.mean(f"{cut.id}/PFS/ITT/A v B/log-rank z")
        assert abs(look.z.mean + z) < 0.15 + 4 * spread
