"""The patients of virtual trials: consent, eligibility as supposed, stratum and arm as the protocol says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.protocol import Column, Records, columns_of, rule_column, rule_variables, stratum_columns
from trialwright.randomize import allocate_many, key_from_seed
from trialwright.simulate.burden import Burden, draw_burden
from trialwright.simulate.candidates import Drawn, draw_variable, level_index, typed
from trialwright.simulate.course import Patients
from trialwright.simulate.recruitment import Arrivals, Enrolled, arrivals, enroll
from trialwright.simulate.world import Candidates, World

__all__ = ["Population", "levels", "populate"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """Randomized patients with the way they came; patient arrays run trial after trial."""

    trials: Ints
    come: Arrivals
    enrolled: Enrolled
    candidates: Candidates
    patients: Patients


def populate(world: World, trials: Ints) -> Population:
    """Draw the patients of each trial up to their allocation."""
    come = arrivals(world, trials)
    enrolled = enroll(come, world.patients)
    candidates = enrolled.candidates(world, come, trials)
    burden = draw_burden(candidates)
    factors = _factors(candidates, burden)
    randomized = candidates.days["randomize"]
    patients = Patients(
        trial=candidates.trial,
        candidate=candidates.who,
        arm=_allocated(world, factors, trials),
        factors=factors,
        targets=burden.has_targets,
        randomized=randomized,
        first_dose=candidates.days["first_dose"] - randomized,
        horizon=world.until - randomized,
    )
    return Population(trials, come, enrolled, candidates, patients)


def levels(world: World, trials: Ints) -> dict[str, Ints]:
    """Return the level of each stratification factor of the patients of each trial, which no allocation changes."""
    come = arrivals(world, trials)
    candidates = enroll(come, world.patients).candidates(world, come, trials)
    return _factors(candidates, draw_burden(candidates))


def _factors(candidates: Candidates, burden: Burden) -> dict[str, Ints]:
    """Return the level of each stratification factor, by the protocol's rules."""
    protocol = candidates.world.protocol
    plans = protocol.randomization.strata
    needed = (name for plan in plans for name in rule_variables(protocol, plan.rule, plan.levels))
    return stratum_columns(protocol, _columns(candidates, burden, needed), _anchors(candidates))


def _columns(candidates: Candidates, burden: Burden, names: Iterable[str]) -> dict[str, Column | Records]:
    """Return some variables as columns of the rule language, computed ones included."""
    return {name: _variable(candidates, burden, name) for name in names}


def _variable(candidates: Candidates, burden: Burden, name: str) -> Column | Records:
    world = candidates.world
    spread = world.scenario.candidates.variables[name]
    if spread.rule:
        inputs = rule_variables(world.protocol, spread.rule, world.protocol.variables[name].levels or None)
        return rule_column(
            world.protocol, name, spread.rule, _columns(candidates, burden, inputs), _anchors(candidates)
        )
    if spread.lesions:
        return _lesions(world, name, burden)
    return _column(candidates, name, draw_variable(name, candidates))


def _column(candidates: Candidates, name: str, drawn: Drawn | None) -> Column | Records:
    world = candidates.world
    variable = world.protocol.variables[name]
    if drawn is None:
        fixed = typed(variable, world.scenario.candidates.variables[name].fixed)
        return columns_of({name: variable}, [{name: fixed}] * len(candidates))[name]
    if drawn.levels and variable.type == "choice":
        codes = level_index(variable.levels, drawn.levels, f"candidates.variables.{name}")
        return Column(np.array(codes)[drawn.values])
    if drawn.levels:
        numbers = [float(level) if variable.type == "number" else level == "true" for level in drawn.levels]
        return Column(np.array(numbers)[drawn.values])
    return Column(drawn.values + world.since_1970 if variable.type == "date" else drawn.values)


def _lesions(world: World, name: str, burden: Burden) -> Records:
    plan = world.scenario.lesions
    organs = world.protocol.variables[name].fields[plan.organ_field].levels
    codes = np.array(level_index(organs, plan.organs, "lesions.organs"))
    owner, organ = np.nonzero(burden.involved)
    fields = {
        plan.organ_field: Column(codes[organ]),
        plan.measurable_field: Column(burden.measurable[owner, organ]),
    }
    return Records(owner, len(burden.involved), fields)


def _anchors(candidates: Candidates) -> dict[str, Ints]:
    return {name: days + candidates.world.since_1970 for name, days in candidates.anchors.items()}


def _allocated(world: World, factors: Mapping[str, Ints], trials: Ints) -> Ints:
    stratum = np.zeros((len(trials), world.patients), np.int64)
    for factor, levels in world.scheme.factors:
        stratum = stratum * len(levels) + factors[factor].reshape(stratum.shape)
    keys = [key_from_seed(world.chance.seed, int(trial)) for trial in trials]
    return allocate_many(world.scheme, keys, world.list_id, stratum).ravel().astype(np.int64)
