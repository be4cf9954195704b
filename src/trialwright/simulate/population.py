"""The patients of virtual trials: consent, eligibility as supposed, stratum by the protocol's rules, arm by its scheme."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from trialwright.design import Scenario
from trialwright.protocol import Column, Protocol, Records, columns_of, rule_column, rule_variables, stratum_columns
from trialwright.randomize import Scheme, allocate_many, key_from_seed, scheme
from trialwright.simulate.burden import Burden, draw_burden
from trialwright.simulate.candidates import Drawn, draw_variable, level_index, typed
from trialwright.simulate.chance import Chance
from trialwright.simulate.course import Patients
from trialwright.simulate.recruitment import Arrivals, Enrolled, arrivals, enroll

__all__ = ["Population", "anchor_days", "list_of", "populate"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """Randomized patients with the way they came; patient arrays run trial after trial."""

    trials: Ints
    come: Arrivals
    enrolled: Enrolled
    patients: Patients
    randomized: Ints
    """Day of randomization from ``recruitment.opens_on``, shape (patients,)."""
    burden: Burden
    scheme: Scheme


def populate(protocol: Protocol, scenario: Scenario, seed: int, trials: Ints) -> Population:
    """Draw the patients of each trial up to their allocation."""
    chance, size = Chance(seed), protocol.design.enrollment
    come = arrivals(scenario, len(protocol.sites), size, chance, trials)
    enrolled = enroll(come, size)
    trial, who = np.repeat(trials, size), enrolled.candidate.ravel()
    burden = draw_burden(scenario, chance, trial, who)
    picked = {name: np.take_along_axis(getattr(come, name), enrolled.candidate, axis=1).ravel() for name in _DAYS}
    needed = [
        name
        for factor in protocol.randomization.strata
        for name in rule_variables(protocol, factor.rule, factor.levels)
    ]
    columns = _columns(protocol, scenario, chance, trial, who, anchor_days(scenario, picked), burden, needed)
    factors = stratum_columns(protocol, columns, _since_1970(scenario, anchor_days(scenario, picked)))
    plan = scheme(protocol)
    arm = _allocated(plan, protocol, factors, seed, trials, size)
    until = (scenario.until - scenario.recruitment.opens_on).days
    patients = Patients(
        trial=trial,
        candidate=who,
        arm=arm,
        factors=factors,
        levels={factor.id: factor.levels for factor in protocol.randomization.strata},
        targets=burden.has_targets,
        first_dose=picked["first_dose"] - picked["randomize"],
        horizon=until - picked["randomize"],
    )
    return Population(trials, come, enrolled, patients, picked["randomize"], burden, plan)


_DAYS = ("screened", "randomize", "first_dose")
_ANCHORS = {"screening": "screened", "randomization": "randomize", "first dose": "first_dose"}


def anchor_days(scenario: Scenario, days: dict[str, Ints]) -> dict[str, Ints]:
    """Return the simulated day of each anchor of the protocol's rules."""
    return {anchor: days[_ANCHORS[what]] for anchor, what in scenario.candidates.anchors.items()}


def list_of(protocol: Protocol) -> str:
    """Return the name of the allocation list of a virtual trial."""
    return f"{protocol.identification.id} virtual"


def _columns(
    protocol: Protocol,
    scenario: Scenario,
    chance: Chance,
    trial: Ints,
    who: Ints,
    anchors: dict[str, Ints],
    burden: Burden,
    names: list[str],
) -> dict[str, Column | Records]:
    """Return some variables of many candidates as columns of the rule language, computed ones included."""
    columns: dict[str, Column | Records] = {}
    for name in names:
        spread = scenario.candidates.variables[name]
        if spread.rule:
            inputs = list(rule_variables(protocol, spread.rule, protocol.variables[name].levels or None))
            below = _columns(protocol, scenario, chance, trial, who, anchors, burden, inputs)
            columns[name] = rule_column(protocol, name, spread.rule, below, _since_1970(scenario, anchors))
        elif spread.lesions:
            columns[name] = _lesions(protocol, scenario, name, burden)
        else:
            drawn = draw_variable(name, spread, chance, trial, who, anchors)
            columns[name] = _column(protocol, scenario, name, drawn, len(who))
    return columns


def _allocated(
    plan: Scheme, protocol: Protocol, factors: dict[str, Ints], seed: int, trials: Ints, size: int
) -> Ints:
    stratum = np.zeros(len(trials) * size, np.int64)
    for factor, levels in plan.factors:
        stratum = stratum * len(levels) + factors[factor]
    keys = [key_from_seed(seed, int(trial)) for trial in trials]
    return allocate_many(plan, keys, list_of(protocol), stratum.reshape(len(trials), size)).ravel().astype(np.int64)


def _since_1970(scenario: Scenario, anchors: dict[str, Ints]) -> dict[str, Ints]:
    opens = (scenario.recruitment.opens_on - date(1970, 1, 1)).days
    return {anchor: days + opens for anchor, days in anchors.items()}


def _column(protocol: Protocol, scenario: Scenario, name: str, drawn: Drawn | None, count: int) -> Column | Records:
    variable = protocol.variables[name]
    if drawn is None:
        fixed = typed(variable, scenario.candidates.variables[name].fixed)
        return columns_of({name: variable}, [{name: fixed}] * count)[name]
    if drawn.levels and variable.type == "choice":
        codes = level_index(variable.levels, drawn.levels, f"candidates.variables.{name}")
        return Column(np.array(codes)[drawn.values])
    if drawn.levels:
        number = [float(level) if variable.type == "number" else level == "true" for level in drawn.levels]
        return Column(np.array(number)[drawn.values])
    if variable.type == "date":
        opens = (scenario.recruitment.opens_on - date(1970, 1, 1)).days
        return Column(drawn.values + opens)
    return Column(drawn.values)


def _lesions(protocol: Protocol, scenario: Scenario, name: str, burden: Burden) -> Records:
    plan = scenario.lesions
    organs = protocol.variables[name].fields[plan.organ_field].levels
    codes = np.array(level_index(organs, plan.organs, "lesions.organs"))
    owner, organ = np.nonzero(burden.involved)
    fields = {
        plan.organ_field: Column(codes[organ]),
        plan.measurable_field: Column(burden.measurable[owner, organ]),
    }
    return Records(owner, len(burden.involved), fields)
