"""The record-level simulator: virtual patients through the real screening, allocation and schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from trialwright.design import Scenario
from trialwright.protocol import Protocol, stratum
from trialwright.randomize import Allocator, Assignment, key_from_seed
from trialwright.records import TrialData
from trialwright.simulate.burden import Burden
from trialwright.simulate.case import Case, Draws, Journal
from trialwright.simulate.course import Patients, draw_course, draw_events
from trialwright.simulate.cuts import NOT_REACHED, cut_days
from trialwright.simulate.follow_up import write_follow_up
from trialwright.simulate.imaging import write_scans
from trialwright.simulate.recruitment import arrivals
from trialwright.simulate.screening import Candidate, Screened, screen_candidates
from trialwright.simulate.treatment import write_adverse_events, write_doses, write_samples, write_visits
from trialwright.simulate.world import World

__all__ = ["trial"]

WRITERS = (write_scans, write_doses, write_visits, write_adverse_events, write_samples, write_follow_up)


def trial(protocol: Protocol, scenario: Scenario, seed: int, number: int = 0) -> TrialData:
    """Return one virtual trial as complete records up to ``scenario.until``: slow, readable, the reference.

    ``number`` tells apart the trials of one seed; the array-level simulator's trial of that number is the same trial.
    A trial still recruiting on that day has fewer patients. Raises DocumentError when the scenario's screening failures
    leave places empty, DataError when nobody is randomized by that day.
    """
    world, journal = World.of(protocol, scenario, seed), Journal()
    screened = screen_candidates(world, arrivals(world, np.array([number])), number, journal)
    _write_screened(world, screened, journal)
    assigned = _allocate(world, screened.randomized, number, journal)
    patients = _patients(world, screened, assigned, number)
    for case in _cases(world, journal, patients, screened):
        for write in WRITERS:
            write(case)
    whole = TrialData.from_rows(protocol.identification.id, journal.rows, virtual=True)
    # A slow trial goes on after the last day: what comes then is not recorded.
    return replace(whole.cut(scenario.until), cutoff=None)


def _write_screened(world: World, screened: Screened, journal: Journal) -> None:
    randomized = {candidate.index for candidate in screened.randomized}
    for candidate in screened.candidates:
        left = "closed" if candidate.outcome == "eligible" else candidate.outcome
        journal.write(
            "screened",
            subject=candidate.subject,
            site=candidate.site,
            country=world.protocol.site(candidate.site).country,
            screened_on=world.on(candidate.screened),
            outcome="randomized" if candidate.index in randomized else left,
        )


def _allocate(world: World, chosen: Sequence[Candidate], number: int, journal: Journal) -> list[Assignment]:
    """Allocate one patient after another, each in the stratum that the protocol's rules compute."""
    allocator = Allocator(world.scheme, key_from_seed(world.chance.seed, number), world.list_id)
    assigned = []
    for candidate in chosen:
        levels = stratum(world.protocol, candidate.answers, candidate.anchors)
        assignment = allocator.next(world.scheme.stratum(levels))
        on = world.on(candidate.randomize)
        for factor, level in levels.items():
            journal.write("strata", subject=candidate.subject, factor=factor, level=level, randomized_on=on)
        journal.write(
            "allocations",
            subject=candidate.subject,
            stratum=assignment.stratum,
            position=assignment.position,
            block=assignment.block,
            arm=assignment.arm,
            randomized_on=on,
        )
        assigned.append(assignment)
    return assigned


def _patients(world: World, screened: Screened, assigned: Sequence[Assignment], number: int) -> Patients:
    """Return the randomized patients as the course needs them, from what screening and allocation really gave."""
    chosen = screened.randomized
    levels = [stratum(world.protocol, candidate.answers, candidate.anchors) for candidate in chosen]
    index = np.array([candidate.index for candidate in chosen])
    randomized = np.array([candidate.randomize for candidate in chosen])
    return Patients(
        trial=np.full(len(chosen), number),
        candidate=index,
        arm=np.array([world.arms.index(assignment.arm) for assignment in assigned]),
        factors={
            factor.id: np.array([factor.levels.index(own[factor.id]) for own in levels])
            for factor in world.protocol.randomization.strata
        },
        targets=screened.burden.has_targets[index],
        randomized=randomized,
        first_dose=np.array([candidate.first_dose for candidate in chosen]) - randomized,
        horizon=world.until - randomized,
    )


def _cases(world: World, journal: Journal, patients: Patients, screened: Screened) -> Iterator[Case]:
    course = draw_course(world, patients)
    events = tuple(draw_events(world, event, patients, course) for event in world.scenario.adverse_events)
    cuts = [int(cut_days(world, cut, patients, course)[0]) for cut in world.protocol.analysis.cuts]
    draws = Draws(world, patients)
    for row, candidate in enumerate(screened.randomized):
        if patients.horizon[row] < 0:
            continue
        yield Case(
            world=world,
            draws=draws,
            journal=journal,
            patients=patients,
            course=course,
            events=events,
            row=row,
            subject=candidate.subject,
            arm=world.protocol.arm(world.arms[patients.arm[row]]),
            answers=candidate.answers,
            anchors=candidate.anchors,
            screened=candidate.screened - candidate.randomize,
            organs=_organs(world, screened.burden, candidate.index),
            sweeps=tuple(day - candidate.randomize for day in cuts if day != NOT_REACHED),
        )


def _organs(world: World, burden: Burden, index: int) -> tuple[tuple[str, bool], ...]:
    there = zip(world.scenario.lesions.organs, burden.involved[index], burden.measurable[index], strict=True)
    return tuple((organ, bool(measurable)) for organ, involved, measurable in there if involved)
