"""A study as a designed trial: what its protocol and its scenario say of the few things that decide a design."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np

from trialwright.design import (
    ArmRates,
    Piecewise,
    Scenario,
    Steps,
    Stratum,
    SupposedTrial,
    events_schoenfeld,
    uniform_accrual,
)
from trialwright.protocol import Assessments, Cut, Protocol, TimeToEventEndpoint
from trialwright.simulate.designed import Allocating, Comparison, DesignedTrial, Look, Scanning, Trigger
from trialwright.simulate.population import levels
from trialwright.simulate.world import World
from trialwright.stats import DAYS_PER_MONTH, DAYS_PER_WEEK

__all__ = ["as_planned", "designed", "stratum_cells"]

SAMPLE = 20
"""Virtual trials from which the shares of the strata are counted."""
STEP_MONTHS = 1.0
"""Width of the steps that stand for a rising rate of recruitment."""


def designed(protocol: Protocol, scenario: Scenario, *, endpoint: str | None = None, seed: int = 0) -> DesignedTrial:
    """Return a study with two arms as a designed trial in whole days from ``recruitment.opens_on``.

    ``endpoint``: one that counts progression; that of the sample size if not given. ``seed`` draws the sample of
    patients in which the strata are counted. ValueError for a study that cannot be told so.

    Taken over: patients, ratio, blocks and strata; hazards of progression by arm and stratum; the scan schedule with
    its missed scans; the rule for missed visits; the cuts as looks, each with the bound of the sample size's error
    rate, standing alone; the stratified log-rank test. Simplified, against the record-level ``simulate.trial``:

    - recruitment is a Poisson process with the mean rate of sites that open uniformly (steps of a month), after the
      mean time of screening; the sites' rates do not vary;
    - strata have the shares of a sample of 20 trials and are independent of each other patient;
    - death before progression adds to the hazard and is seen at the next scan, not on its day; no event is seen
      between scans because of symptoms;
    - the days by which scans are off plan are uniform with the same standard deviation, not normal;
    - scans that show nothing count as missed; leaving, loss and never being treated are one dropout;
    - nothing ends on the scenario's last day; other anticancer therapy comes after progression only.

    >>> from trialwright.protocol import load, read_document, study_file, study_names
    >>> study = study_names()[0]
    >>> plan = designed(load(study), read_document(study_file(study, "scenario.yaml"), Scenario))
    >>> plan.patients, plan.allocation.ratio, plan.scans.every, plan.looks[0].trigger.events
    (198, (2, 1), (56.0,), 155)
    """
    watched = _endpoint(protocol, endpoint or protocol.sample_size.endpoint)
    experimental, control = _arms(protocol)
    ratio = protocol.randomization.ratio[experimental], protocol.randomization.ratio[control]
    strata = _strata(protocol, scenario, watched, (experimental, control), seed)
    return DesignedTrial(
        supposed=SupposedTrial(_accrual(protocol, scenario), strata, ratio[0] / ratio[1]),
        patients=protocol.design.enrollment,
        allocation=Allocating(ratio, protocol.randomization.block_sizes),
        looks=tuple(_look(protocol, scenario, cut, watched) for cut in protocol.analysis.cuts),
        test=Comparison(stratified=protocol.analysis.stratified),
        scans=_scanning(protocol, scenario, watched),
        entering="poisson",
        grid=1.0,
    )


def as_planned(
    protocol: Protocol,
    *,
    accrual: float,
    control_median: float | None = None,
    hazard_ratio: float | None = None,
    dropout: float = 0.0,
    scanned: bool = False,
) -> DesignedTrial:
    """Return the suppositions of the sample size as a designed trial in months: one look, exponential times, no strata.

    ``accrual``: months of uniform accrual of the planned patients. ``control_median``, ``hazard_ratio``: those of the
    protocol's sample size unless given. ``dropout``: hazard per month in both arms. ``scanned``: events are seen at
    the planned scans. Where the number of events is not stated it is Schoenfeld's (1983), rounded up. ValueError when
    the control median is in neither.

    >>> from trialwright.protocol import load, study_names
    >>> plan = as_planned(load(study_names()[0]), accrual=42, control_median=3.6)
    >>> plan.looks[0].trigger.events, round(plan.looks[0].upper, 4)
    (127, 1.96)
    """
    promised = protocol.sample_size
    median = control_median or promised.control_median_months
    if median is None:
        raise ValueError("control_median must be given in months: the protocol's sample size does not state it")
    experimental, control = _arms(protocol)
    ratio = protocol.randomization.ratio[experimental], protocol.randomization.ratio[control]
    hazard = math.log(2) / median
    effect = promised.hazard_ratio if hazard_ratio is None else hazard_ratio
    arms = Stratum(ArmRates.of(hazard * effect, dropout), ArmRates.of(hazard, dropout))
    return DesignedTrial(
        supposed=SupposedTrial(uniform_accrual(promised.patients, accrual), (arms,), ratio[0] / ratio[1]),
        patients=promised.patients,
        allocation=Allocating(ratio, protocol.randomization.block_sizes),
        looks=(Look(Trigger(events=_events(protocol, ratio[0] / ratio[1])), _bound(protocol)),),
        scans=_in_months(_schedule(protocol.assessments)) if scanned else None,
    )


def _events(protocol: Protocol, ratio: float) -> int:
    plan = protocol.sample_size
    if plan.events is not None:
        return plan.events
    needed = events_schoenfeld(
        plan.hazard_ratio, power=plan.power, alpha=plan.alpha, sides=plan.sides, ratio=ratio
    )  # fmt: skip
    return math.ceil(needed)


def _bound(protocol: Protocol) -> float:
    from scipy.special import ndtri

    return float(ndtri(1 - protocol.sample_size.alpha / protocol.sample_size.sides))


def _endpoint(protocol: Protocol, name: str) -> TimeToEventEndpoint:
    found = protocol.endpoint(name)
    if not isinstance(found, TimeToEventEndpoint) or "progression" not in found.events:
        raise ValueError(f"endpoint must be a time to progression; {name} is none")
    return found


def _arms(protocol: Protocol) -> tuple[str, str]:
    others = [arm.id for arm in protocol.arms if arm.id != protocol.analysis.control]
    if len(others) != 1:
        raise ValueError(f"a designed trial has two arms; the protocol has {len(protocol.arms)}")
    return others[0], protocol.analysis.control


def _strata(
    protocol: Protocol, scenario: Scenario, endpoint: TimeToEventEndpoint, arms: tuple[str, str], seed: int
) -> tuple[Stratum, ...]:
    found = []
    for named, share in stratum_cells(protocol, scenario, seed):
        factor = _multiplier(scenario, named)
        rates = [_rates(scenario, endpoint, arm, factor) for arm in arms]
        found.append(Stratum(rates[0], rates[1], share))
    return tuple(found)


def stratum_cells(protocol: Protocol, scenario: Scenario, seed: int) -> list[tuple[dict[str, str], float]]:
    """Return level by factor, and share, of the strata that the sample holds, in the order of their levels."""
    factors = protocol.randomization.strata
    drawn = levels(World.of(protocol, scenario, seed), np.arange(SAMPLE))
    codes = np.stack([drawn[factor.id] for factor in factors], axis=1) if factors else np.zeros((1, 0), np.int64)
    cells, counts = np.unique(codes, axis=0, return_counts=True)
    named = ({factor.id: factor.levels[code] for factor, code in zip(factors, cell, strict=True)} for cell in cells)
    return [(each, count / len(codes)) for each, count in zip(named, counts.tolist(), strict=True)]


def _multiplier(scenario: Scenario, levels: Mapping[str, str]) -> float:
    return math.prod(effects[levels[factor]] for factor, effects in scenario.prognosis.items())


def _rates(scenario: Scenario, endpoint: TimeToEventEndpoint, arm: str, multiplier: float) -> ArmRates:
    """Return an arm's hazards per day."""
    hazard = _daily(scenario.progression[arm]).times(multiplier)
    if "death" in endpoint.events:
        hazard = _sum(hazard, Steps.of(scenario.death_before_progression[arm] / DAYS_PER_MONTH))
    # Whoever is never treated leaves on the first day.
    never = Steps((0.0, 1.0), (-math.log1p(-scenario.treatment.never[arm]), 0.0))
    lost = Steps.of(scenario.contacts.lost / DAYS_PER_MONTH)
    return ArmRates(hazard, _sum(_daily(scenario.leaving[arm]), lost, never))


def _daily(rate: Piecewise) -> Steps:
    days = tuple(month * DAYS_PER_MONTH for month in rate.from_months)
    return Steps(days, tuple(hazard / DAYS_PER_MONTH for hazard in rate.hazard))


def _sum(*rates: Steps) -> Steps:
    starts = sorted({start for rate in rates for start in rate.starts})
    return Steps(tuple(starts), tuple(np.sum([rate.at(starts) for rate in rates], axis=0).tolist()))


def _accrual(protocol: Protocol, scenario: Scenario) -> Steps:
    """Return the mean randomizations a day: sites open uniformly, so that the rate rises in a line, then stays."""
    plan, patients = scenario.recruitment, protocol.design.enrollment
    kept = 1 - sum(failure.share for failure in scenario.candidates.failures)
    full = len(protocol.sites) * plan.per_site_month * kept / DAYS_PER_MONTH
    delay = sum(plan.screening_days) / 2
    edges = [k * STEP_MONTHS for k in range(math.ceil(plan.opening_months / STEP_MONTHS))] + [plan.opening_months]
    starts, rates, entered = [0.0] if delay else [], [0.0] if delay else [], 0.0
    for low, high in itertools.pairwise(edges):
        starts.append(delay + low * DAYS_PER_MONTH)
        rates.append(full * (low + high) / 2 / plan.opening_months)
        entered += rates[-1] * (high - low) * DAYS_PER_MONTH
        if entered >= patients:
            return Steps((*starts, delay + high * DAYS_PER_MONTH), (*rates, 0.0))
    opened = delay + plan.opening_months * DAYS_PER_MONTH
    return Steps((*starts, opened, opened + (patients - entered) / full), (*rates, full, 0.0))


def _look(protocol: Protocol, scenario: Scenario, cut: Cut, endpoint: TimeToEventEndpoint) -> Look:
    if cut.on is not None:
        days = (cut.on - scenario.recruitment.opens_on).days
        return Look(Trigger(time=float(days)), _bound(protocol))
    if cut.endpoint != endpoint.id:
        raise ValueError(f"cut {cut.id} waits for events of {cut.endpoint}, not of {endpoint.id}")
    return Look(Trigger(events=cut.events), _bound(protocol))


def _schedule(plan: Assessments) -> Scanning:
    """Return the scans in days; an interval is in force from the first scan at or after its start."""
    starts, every = [0.0], [float(round(plan.every_weeks[0][1] * DAYS_PER_WEEK))]
    for week, interval in plan.every_weeks[1:]:
        steps = math.ceil((week * DAYS_PER_WEEK - starts[-1]) / every[-1])
        if steps > 0:
            starts.append(starts[-1] + steps * every[-1])
            every.append(0.0)
        every[-1] = float(round(interval * DAYS_PER_WEEK))
    return Scanning(tuple(starts), tuple(every))


def _in_months(plan: Scanning) -> Scanning:
    starts, every = (tuple(days / DAYS_PER_MONTH for days in times) for times in (plan.starts, plan.every))
    return Scanning(starts, every)


def _scanning(protocol: Protocol, scenario: Scenario, endpoint: TimeToEventEndpoint) -> Scanning:
    plan, habit, rules = _schedule(protocol.assessments), scenario.scans, endpoint.censoring
    gap = rules.missed_visits_allowed + 1 if rules.missed_visits == "censor before" else None
    window = min(habit.jitter_sd_days * math.sqrt(3), protocol.assessments.window_days)
    return Scanning(plan.starts, plan.every, window, habit.missed + habit.not_evaluable, gap)
