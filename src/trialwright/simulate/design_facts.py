"""What the rules of design ask about: a protocol's numbers, and what is to be expected of them. ``None``: not known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from trialwright.design import (
    EventNumber,
    Scenario,
    SupposedTrial,
    event_numbers,
    events_schoenfeld,
    expected_events,
    expected_hazard_ratio,
)
from trialwright.protocol import Cut, Protocol
from trialwright.randomize import Scheme, certain_share, guesses, scheme
from trialwright.simulate.calibrated import Calibration
from trialwright.simulate.designed import DesignedTrial
from trialwright.simulate.outcomes import Share
from trialwright.simulate.planned import as_planned, designed
from trialwright.simulate.suppositions import Suppositions
from trialwright.stats import DAYS_PER_MONTH

__all__ = ["Analysis", "DesignFacts", "PlannedLook", "Simulated", "design_facts"]

MOST_POSITIONS = 8
"""Of a stratum's list, for which the exact answer of what a site can know takes a moment only."""
FAR = 1e4
"""Times the accrual after which whoever has an event has had it."""


@dataclass(frozen=True)
class Simulated:
    """The planned design in so many trials: power, both error tails, and the bound that would hold the level."""

    trials: int
    power: Share
    upper: Share
    lower: Share
    calibration: Calibration | None


@dataclass(frozen=True)
class Analysis:
    """When the planned events are expected, from the first entry; times in months."""

    month: float
    """Infinity where they never come."""
    enrolled: float
    """Patients entered by then."""
    accrual: float
    most: float
    """Events there would ever be."""
    by_follow_up: float | None
    """Events by the end of the follow-up supposed."""


@dataclass(frozen=True)
class PlannedLook:
    """A data cut-off of the protocol and the month from opening in which the scenario expects it."""

    label: str
    events: int | None
    month: float
    """Infinity where its events never come; below 0 before the trial opens."""


@dataclass(frozen=True)
class DesignFacts:
    """The numbers that the rules compare. Months are of 365.25/12 days, levels as the protocol writes them."""

    hazard_ratio: float
    power: float
    alpha: float
    sides: int
    ratio: tuple[int, int]
    patients: int
    enrollment: int
    events: int | None
    events_stated: bool
    formulas: tuple[EventNumber, ...]
    formulas_equal: tuple[EventNumber, ...]
    """The same formulas as if allocation were 1:1."""
    block_sizes: tuple[int, ...]
    strata: int
    certain_central: float
    """Share of all allocations that an observer of them all knows beforehand."""
    certain_site: float | None
    """Share of the first allocations of a stratum that a site knows beforehand, which sees its own."""
    sites: int
    scan_weeks: float
    control_median: float | None
    analysis: Analysis | None
    planned: DesignedTrial | None
    unplanned: str
    """Why the planned trial cannot be simulated."""
    supposed: DesignedTrial | None
    """The scenario's trial."""
    unsupposed: str
    """Why there is none."""
    looks: tuple[PlannedLook, ...] | None
    last_month: float | None
    """The last month of the scenario's records."""
    scenario_ratio: float | None
    """Average hazard ratio of the scenario's trial."""
    simulated: Simulated | None


def design_facts(protocol: Protocol, scenario: Scenario | None, supposed: Suppositions) -> DesignFacts:
    """Return what is known of a two-arm protocol; nothing is simulated yet. ValueError with other than two arms."""
    plan, allocation, sites = protocol.sample_size, protocol.randomization, len(protocol.sites)
    ratio = _ratio(protocol)
    events = _events(protocol, ratio[0] / ratio[1])
    planned, unplanned = _planned(protocol, supposed)
    trial, untold = _scenario_trial(protocol, scenario)
    lists = scheme(protocol)
    return DesignFacts(
        hazard_ratio=plan.hazard_ratio, power=plan.power, alpha=plan.alpha, sides=plan.sides, ratio=ratio,
        patients=plan.patients, enrollment=protocol.design.enrollment,
        events=events, events_stated=plan.events is not None,
        formulas=_formulas(protocol, supposed, ratio[0] / ratio[1]), formulas_equal=_formulas(protocol, supposed, 1.0),
        block_sizes=allocation.block_sizes, strata=prod(len(factor.levels) for factor in allocation.strata),
        certain_central=certain_share(lists, plan.patients, [1 / len(lists.strata)] * len(lists.strata)),
        certain_site=_certain_site(lists, sites), sites=sites,
        scan_weeks=protocol.assessments.every_weeks[0][1],
        control_median=supposed.control_median.value if supposed.control_median else None,
        analysis=_analysis(supposed, plan.hazard_ratio, plan.patients, ratio[0] / ratio[1], events),
        planned=planned, unplanned=unplanned, supposed=trial, unsupposed=untold,
        looks=_looks(protocol, scenario, trial), last_month=_last_month(scenario),
        scenario_ratio=_average(trial), simulated=None,
    )  # fmt: skip


def _ratio(protocol: Protocol) -> tuple[int, int]:
    control = protocol.analysis.control
    others = [arm.id for arm in protocol.arms if arm.id != control]
    if len(others) != 1:
        raise ValueError(f"a design of two arms is asked for; the protocol has {len(protocol.arms)}")
    return protocol.randomization.ratio[others[0]], protocol.randomization.ratio[control]


def _events(protocol: Protocol, ratio: float) -> int | None:
    plan = protocol.sample_size
    if plan.events is not None or plan.hazard_ratio == 1:
        return plan.events
    needed = events_schoenfeld(plan.hazard_ratio, power=plan.power, alpha=plan.alpha, sides=plan.sides, ratio=ratio)
    return math.ceil(needed)


def _formulas(protocol: Protocol, supposed: Suppositions, ratio: float) -> tuple[EventNumber, ...]:
    plan = protocol.sample_size
    if plan.hazard_ratio == 1:
        return ()
    return event_numbers(
        plan.hazard_ratio, power=plan.power, alpha=plan.alpha, sides=plan.sides, ratio=ratio, plan=supposed.fixed_plan()
    )


def _planned(protocol: Protocol, supposed: Suppositions) -> tuple[DesignedTrial | None, str]:
    missing = [name for name in ("control_median", "accrual") if getattr(supposed, name) is None]
    if missing:
        options = " and ".join(f"--{name.replace('_', '-')}" for name in missing)
        return None, f"the planned trial needs {options}, in months; or a section planning in the scenario file"
    assert supposed.control_median and supposed.accrual
    median, accrual = supposed.control_median.value, supposed.accrual.value
    try:
        found = as_planned(protocol, accrual=accrual, control_median=median, dropout=supposed.dropout_rate)
    except ValueError as error:
        return None, str(error)
    return found, ""


def _analysis(
    supposed: Suppositions, hazard_ratio: float, patients: int, ratio: float, events: int | None
) -> Analysis | None:
    course = supposed.fixed_plan()
    if supposed.accrual is None or supposed.control_median is None or events is None:
        return None
    from trialwright.design import FixedPlan, Steps

    accrual, hazard = supposed.accrual.value, math.log(2) / supposed.control_median.value
    plan = FixedPlan(accrual, 0.0, Steps.of(hazard), Steps.of(supposed.dropout_rate))
    trial = plan.trial(hazard_ratio, ratio=ratio, patients=patients)
    month = _month(trial, events)
    enrolled = expected_events(trial, month).enrolled if math.isfinite(month) else float(patients)
    by_end = None if course is None else expected_events(trial, course.time).events
    return Analysis(month, enrolled, accrual, expected_events(trial, accrual * FAR).events, by_end)


def _month(trial: SupposedTrial, events: float) -> float:
    """Return when so many events are expected, infinity where never.

    Halving to a millionth of the unit: the root finders of SciPy take longer to import than the whole search.
    """
    low, high = 0.0, trial.accrual.starts[-1]
    while expected_events(trial, high).events < events:
        low, high = high, 2 * high
        if high > FAR * trial.accrual.starts[-1]:
            return math.inf
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if expected_events(trial, middle).events < events else (low, middle)
    return high


def _certain_site(lists: Scheme, sites: int) -> float | None:
    if sites < 1:
        return None
    positions = min(max(lists.block_sizes), MOST_POSITIONS)
    try:
        return guesses(lists, positions, seen=Fraction(1, sites)).certain_share
    except ValueError:
        return None


def _scenario_trial(protocol: Protocol, scenario: Scenario | None) -> tuple[DesignedTrial | None, str]:
    if scenario is None:
        return None, "no scenario"
    try:
        return designed(protocol, scenario), ""
    except ValueError as error:
        return None, str(error)


def _looks(
    protocol: Protocol, scenario: Scenario | None, trial: DesignedTrial | None
) -> tuple[PlannedLook, ...] | None:
    if scenario is None or trial is None:
        return None
    return tuple(
        PlannedLook(cut.label, cut.events, _look_month(cut, scenario, trial)) for cut in protocol.analysis.cuts
    )


def _look_month(cut: Cut, scenario: Scenario, trial: DesignedTrial) -> float:
    """Events are seen half an interval between scans after they happen, on average."""
    if cut.on is not None:
        return (cut.on - scenario.recruitment.opens_on).days / DAYS_PER_MONTH
    assert cut.events is not None
    seen = trial.scans.every[0] / 2 if trial.scans else 0.0
    return (_month(trial.supposed, cut.events) + seen) / DAYS_PER_MONTH


def _last_month(scenario: Scenario | None) -> float | None:
    return (scenario.until - scenario.recruitment.opens_on).days / DAYS_PER_MONTH if scenario else None


def _average(trial: DesignedTrial | None) -> float | None:
    if trial is None:
        return None
    try:
        return expected_hazard_ratio(trial.supposed, trial.supposed.accrual.starts[-1]).average
    except ValueError:
        return None
