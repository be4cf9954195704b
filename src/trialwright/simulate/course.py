"""What nature has in store for each randomized patient, and what the scan schedule lets anyone see of it.

Both simulators start from the same course: the array-level one counts it, the record-level one writes it down as
scans, lesions, doses and visits and lets derivation find it again. Days count from randomization (day 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.design import AdverseEvent, Piecewise, Scenario
from trialwright.protocol import Assessments, planned_scans
from trialwright.simulate.chance import Chance
from trialwright.simulate.hazards import NEVER, day_of, exponential_days, piecewise_days

__all__ = ["Course", "Events", "Patients", "Scans", "draw_course", "draw_events"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

MISSED, EMPTY, READ = 0, 1, 2
"""A planned scan is missed, taken but not evaluable, or read."""


@dataclass(frozen=True)
class Patients:
    """Randomized patients of one or many trials, one after the other; arrays of shape (patients,)."""

    trial: Ints
    candidate: Ints
    arm: Ints
    """Index into the protocol's arms."""
    factors: Mapping[str, Ints]
    """By stratification factor: index of the level."""
    levels: Mapping[str, tuple[str, ...]]
    """By stratification factor: its levels in the protocol's order."""
    targets: Bools
    """Has measurable disease."""
    first_dose: Ints
    horizon: Ints
    """Last day on which anything is recorded."""


@dataclass(frozen=True)
class Scans:
    """Scans after the baseline, shape (patients, scans); day -1 where none was planned before follow-up ended."""

    planned: Ints
    """Planned days, shape (scans,)."""
    day: Ints
    state: Ints
    found: Ints
    """Day of the scan that shows progression, or NEVER; shape (patients,)."""
    unscheduled: Bools
    """That scan was not a planned one."""

    @property
    def read(self) -> Bools:
        """Return which scans were taken and evaluable, the one that shows progression included."""
        return np.asarray(self.state == READ)


@dataclass(frozen=True)
class Course:
    """Arrays of shape (patients,); NEVER where something never happens."""

    progression: Ints
    death: Ints
    leaves: Ints
    """End of tumor assessments without progression."""
    lost: Ints
    """End of all follow-up."""
    treated: Bools
    toxic: Ints
    """Treatment stopped for toxicity."""
    treatment_ends: Ints
    responds_at: Ints
    """Number of the first scan that shows the response (1, 2), or NEVER."""
    complete: Bools
    next_therapy: Ints
    chemotherapy: Bools
    scans: Scans


def draw_course(scenario: Scenario, plan: Assessments, arms: list[str], who: Patients, chance: Chance) -> Course:
    """Draw the course of each patient."""
    u = chance.uniforms("course", who.trial, who.candidate, 12).T
    multiplier = _multiplier(scenario, who)
    progression = day_of(_by_arm(scenario.progression, arms, who.arm, u[0], multiplier))
    before = day_of(exponential_days(u[1], _rate(scenario.death_before_progression, arms, who.arm)))
    after = progression + day_of(exponential_days(u[2], _rate(scenario.death_after_progression, arms, who.arm)))
    death = np.where(before <= progression, before, after)
    treated = u[3] >= _rate(scenario.treatment.never, arms, who.arm)
    leaves = np.where(treated, day_of(_by_arm(scenario.leaving, arms, who.arm, u[4])), 0)
    lost = np.where(treated, day_of(exponential_days(u[5], np.full(len(u[5]), scenario.contacts.lost))), 0)
    toxic = day_of(exponential_days(u[6], _rate(scenario.treatment.stops_for_toxicity, arms, who.arm)))
    scans = _scans(scenario, plan, who, progression, np.minimum(leaves, lost), death, chance)
    ends = np.minimum.reduce([scans.found, death, leaves, lost, who.first_dose + toxic])
    responds = who.targets & (u[7] < _rate(scenario.response.share, arms, who.arm))
    second = u[8] < scenario.response.second_scan
    stop = np.minimum(scans.found, leaves)
    therapy = np.where(
        u[10] < scenario.treatment.next_therapy, stop + _between(u[11], scenario.treatment.next_therapy_days), NEVER
    )
    later = chance.uniforms("therapy", who.trial, who.candidate, 1)[..., 0]
    return Course(
        progression=progression,
        death=death,
        leaves=leaves,
        lost=lost,
        treated=treated & (who.first_dose <= ends) & (who.first_dose <= who.horizon),
        toxic=who.first_dose + toxic,
        treatment_ends=ends,
        responds_at=np.where(responds, 1 + second, NEVER),
        complete=u[9] < scenario.response.complete,
        next_therapy=np.where((stop < NEVER) & (therapy <= np.minimum(death, lost)), therapy, NEVER),
        chemotherapy=later < scenario.treatment.chemotherapy,
        scans=scans,
    )


@dataclass(frozen=True)
class Events:
    """Adverse events of one term; arrays of shape (patients,)."""

    onset: Ints
    """Day of onset, or NEVER."""
    grade: Ints
    serious: Bools
    reduces: Floats
    """Uniform that decides whether a dose is lowered."""


def draw_events(
    event: AdverseEvent, arms: list[str], window: int, who: Patients, course: Course, chance: Chance
) -> Events:
    """Draw one term: the worst grade and the onset, while on treatment or up to ``window`` days after it."""
    u = chance.uniforms(f"adverse event {event.term}", who.trial, who.candidate, 6).T
    onset = who.first_dose + np.floor(-np.log(u[1]) * event.onset_days).astype(np.int64)
    severe = u[0] < _rate(event.grade_3_or_higher, arms, who.arm)
    occurs = u[0] < _rate(event.any_grade, arms, who.arm)
    last = np.minimum.reduce([course.treatment_ends + window, course.death - 1, course.lost, who.horizon])
    grade = np.where(severe, np.where(u[2] < event.grade_4, 4, 3), np.where(u[2] < 0.5, 1, 2))
    seen = occurs & course.treated & (onset <= last)
    return Events(np.where(seen, onset, NEVER), grade, severe & (u[3] < event.serious), u[4])


def _scans(
    scenario: Scenario, plan: Assessments, who: Patients, progression: Ints, leaves: Ints, death: Ints, chance: Chance
) -> Scans:
    """Follow the schedule scan by scan, drawing chance only for patients still followed."""
    habit = scenario.scans
    planned = np.array(planned_scans(plan, int(who.horizon.max(initial=0))), np.int64)
    day = np.full((len(progression), len(planned)), -1, np.int64)
    state = np.full(day.shape, MISSED, np.int64)
    last = np.minimum.reduce([leaves, death - 1, who.horizon])
    found = _unscheduled(scenario, who, progression, last, chance)
    unscheduled = found < NEVER
    for number, target in enumerate(planned):
        at = np.flatnonzero((target <= last) & (target - plan.window_days < found))
        if not len(at):
            break
        u = chance.uniforms("scan", who.trial[at], who.candidate[at], 2, block=number)
        taken = target + _jitter(u[:, 0], habit.jitter_sd_days, plan.window_days)
        keep = (taken <= last[at]) & (taken < found[at])
        at, taken, look = at[keep], taken[keep], u[keep, 1]
        day[at, number] = taken
        state[at, number] = np.where(
            look < habit.missed, MISSED, np.where(look < habit.missed + habit.not_evaluable, EMPTY, READ)
        )
        shows = (state[at, number] == READ) & (taken >= progression[at])
        found[at[shows]] = taken[shows]
        unscheduled[at[shows]] = False
    return Scans(planned, day, state, found, unscheduled)


def _unscheduled(scenario: Scenario, who: Patients, progression: Ints, last: Ints, chance: Chance) -> Ints:
    """Return the day of the scan that symptoms would bring about, or NEVER."""
    u = chance.uniforms("unscheduled", who.trial, who.candidate, 2).T
    day = progression + _between(u[1], scenario.scans.unscheduled_days)
    return np.where((u[0] < scenario.scans.unscheduled) & (day <= last), day, NEVER)


def _jitter(uniform: Floats, sd: float, window: int) -> Ints:
    from scipy.special import ndtri

    return np.clip(np.rint(ndtri(uniform) * sd), -window, window).astype(np.int64)


def _multiplier(scenario: Scenario, who: Patients) -> Floats:
    """Return each patient's hazard ratio of progression from the levels of the stratification factors."""
    product = np.ones(len(who.arm))
    for factor, effects in scenario.prognosis.items():
        product = product * np.array([effects[level] for level in who.levels[factor]])[who.factors[factor]]
    return product


def _by_arm(
    hazards: Mapping[str, Piecewise], arms: list[str], arm: Ints, uniform: Floats, multiplier: Floats | None = None
) -> Floats:
    days = np.empty(len(arm))
    factor = np.ones(len(arm)) if multiplier is None else multiplier
    for code, name in enumerate(arms):
        at = arm == code
        never = not any(hazards[name].hazard)
        days[at] = np.inf if never else piecewise_days(uniform[at], hazards[name], factor[at])
    return days


def _rate(by_arm: Mapping[str, float], arms: list[str], arm: Ints) -> Floats:
    return np.array([by_arm[name] for name in arms])[arm]


def _between(uniform: Floats, bounds: tuple[int, int]) -> Ints:
    low, high = bounds
    return low + np.floor(uniform * (high - low + 1)).astype(np.int64)
