"""What nature has in store for each randomized patient, and what the scan schedule lets anyone see of it.

Both simulators start from the same course: the array-level one counts it, the record-level one writes it down as
scans, lesions, doses and visits and lets derivation find it again. Days count from randomization (day 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialwright.design import AdverseEvent, Piecewise
from trialwright.protocol import Intervention, planned_scans
from trialwright.simulate.hazards import NEVER, day_of, exponential_days, piecewise_days
from trialwright.simulate.recruitment import between
from trialwright.simulate.world import World

__all__ = ["LATE", "Course", "Events", "Patients", "Scans", "draw_course", "draw_events"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

LATE = 7
"""Days by which a delayed cycle starts late."""
MISSED, EMPTY, READ = 0, 1, 2
"""A planned scan is missed, taken but not evaluable, or read."""


@dataclass(frozen=True)
class Patients:
    """Randomized patients of one or many trials, one after the other; arrays of shape (patients,)."""

    trial: Ints
    candidate: Ints
    arm: Ints
    """Index into the scheme's arms."""
    factors: Mapping[str, Ints]
    """By stratification factor: index of the level."""
    targets: Bools
    """Has measurable disease."""
    randomized: Ints
    """Day of randomization from ``recruitment.opens_on``; all other days of a patient count from it."""
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


def draw_course(world: World, who: Patients) -> Course:
    """Draw the course of each patient."""
    plan = world.scenario
    u = world.chance.uniforms("course", who.trial, who.candidate, 13).T
    progression = day_of(_by_arm(world, plan.progression, who.arm, u[0], _multiplier(world, who)))
    before = day_of(exponential_days(u[1], _rate(world, plan.death_before_progression, who.arm)))
    after = progression + day_of(exponential_days(u[2], _rate(world, plan.death_after_progression, who.arm)))
    death = np.where(before <= progression, before, after)
    treated = u[3] >= _rate(world, plan.treatment.never, who.arm)
    leaves = np.where(treated, day_of(_by_arm(world, plan.leaving, who.arm, u[4], np.ones(len(u[4])))), 0)
    lost = np.where(treated, day_of(exponential_days(u[5], np.full(len(u[5]), plan.contacts.lost))), 0)
    toxic = who.first_dose + day_of(exponential_days(u[6], _rate(world, plan.treatment.stops_for_toxicity, who.arm)))
    scans = _scans(world, who, progression, np.minimum.reduce([leaves, lost, death - 1, who.horizon]))
    ends = np.minimum.reduce([scans.found, death, leaves, lost, toxic])
    responds = who.targets & (u[7] < _rate(world, plan.response.share, who.arm))
    stop = np.minimum(scans.found, leaves)
    therapy = stop + between(u[11], plan.treatment.next_therapy_days)
    switches = (u[10] < plan.treatment.next_therapy) & (stop < NEVER) & (therapy <= np.minimum(death, lost))
    return Course(
        progression=progression,
        death=death,
        leaves=leaves,
        lost=lost,
        treated=treated & (who.first_dose <= np.minimum(ends, who.horizon)),
        toxic=toxic,
        treatment_ends=ends,
        responds_at=np.where(responds, 1 + (u[8] < plan.response.second_scan), NEVER),
        complete=u[9] < plan.response.complete,
        next_therapy=np.where(switches, therapy, NEVER),
        chemotherapy=u[12] < plan.treatment.chemotherapy,
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


def draw_events(world: World, event: AdverseEvent, who: Patients, course: Course) -> Events:
    """Draw one term: the worst grade and the onset, on treatment or in the protocol's window after the last dose."""
    u = world.chance.uniforms(f"adverse event {event.term}", who.trial, who.candidate, 5).T
    onset = who.first_dose + np.floor(-np.log(u[1]) * event.onset_days).astype(np.int64)
    severe = u[0] < _rate(world, event.grade_3_or_higher, who.arm)
    occurs = u[0] < _rate(world, event.any_grade, who.arm)
    last = np.minimum.reduce([course.treatment_ends + _window(world, who), course.death - 1, course.lost, who.horizon])
    grade = np.where(severe, np.where(u[2] < event.grade_4, 4, 3), np.where(u[2] < 0.5, 1, 2))
    seen = occurs & course.treated & (onset <= last)
    return Events(np.where(seen, onset, NEVER), grade, severe & (u[3] < event.serious), u[4])


def _window(world: World, who: Patients) -> Ints:
    """Return the days after the end of treatment that surely lie in the protocol's window after the last dose."""
    protocol = world.protocol
    rests = {arm.id: min(_rest(protocol.intervention(name)) for name in arm.interventions) for arm in protocol.arms}
    return protocol.safety.window.days_after_last_dose - _rate(world, rests, who.arm).astype(np.int64)


def _rest(plan: Intervention) -> int:
    """Return the most days that can pass between the last dose of a drug and the end of its treatment."""
    first, final = plan.cycle.dosing_days or (1, plan.cycle.days)
    return plan.cycle.days - final + first - 1 + (LATE if plan.cycle.dosing_days else 0)


def _scans(world: World, who: Patients, progression: Ints, last: Ints) -> Scans:
    """Follow the schedule scan by scan up to each patient's last day, drawing chance only for those still followed."""
    habit, plan = world.scenario.scans, world.protocol.assessments
    planned = np.array(planned_scans(plan, int(who.horizon.max(initial=0))), np.int64)
    day = np.full((len(progression), len(planned)), -1, np.int64)
    state = np.full(day.shape, MISSED, np.int64)
    found = _unscheduled(world, who, progression, last)
    unscheduled = found < NEVER
    for number, target in enumerate(planned):
        at = np.flatnonzero((target - plan.window_days <= last) & (target - plan.window_days < found))
        if not len(at):
            break
        u = world.chance.uniforms("scan", who.trial[at], who.candidate[at], 2, block=number)
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


def _unscheduled(world: World, who: Patients, progression: Ints, last: Ints) -> Ints:
    """Return the day of the scan that symptoms would bring about, or NEVER."""
    u = world.chance.uniforms("unscheduled", who.trial, who.candidate, 2).T
    day = progression + between(u[1], world.scenario.scans.unscheduled_days)
    return np.where((u[0] < world.scenario.scans.unscheduled) & (day <= last), day, NEVER)


def _jitter(uniform: Floats, sd: float, window: int) -> Ints:
    from scipy.special import ndtri

    return np.asarray(np.clip(np.rint(ndtri(uniform) * sd), -window, window), np.int64)


def _multiplier(world: World, who: Patients) -> Floats:
    """Return each patient's hazard ratio of progression from the levels of the stratification factors."""
    product = np.ones(len(who.arm))
    levels = {factor.id: factor.levels for factor in world.protocol.randomization.strata}
    for factor, effects in world.scenario.prognosis.items():
        product = product * np.array([effects[level] for level in levels[factor]])[who.factors[factor]]
    return product


def _by_arm(world: World, hazards: Mapping[str, Piecewise], arm: Ints, uniform: Floats, multiplier: Floats) -> Floats:
    days = np.full(len(arm), np.inf)
    for code, name in enumerate(world.arms):
        at = arm == code
        if any(hazards[name].hazard):
            days[at] = piecewise_days(uniform[at], hazards[name], multiplier[at])
    return days


def _rate(world: World, by_arm: Mapping[str, float], arm: Ints) -> Floats:
    return np.array([by_arm[name] for name in world.arms], np.float64)[arm]
